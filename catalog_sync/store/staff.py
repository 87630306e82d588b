"""Staff accounts and what the staff pages ask the database; no HTTP here."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from threading import Lock
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, Connection, Engine, delete, func, insert, select, update

from catalog_sync.errors import Refused
from catalog_sync.store.database import reading, refuse_long, upsert, write_if_free, writing
from catalog_sync.store.staff_tables import borrowed, error_report, login_failure, staff_user

ROLES = ("librarian", "methodologist", "administrator")  # each may do what those before it may
LOGIN = r"[\w.@-]+"
LOGIN_TRIES = 5  # failures of one name before it has to wait
ADDRESS_TRIES = 20  # of one address: a staff room behind one router has several people
TRY_WINDOW = timedelta(minutes=15)
SHORTEST_PASSWORD = 10  # characters; NIST SP 800-63B asks for 8, ours open a district's catalogue
_hasher = PasswordHasher()  # argon2id with the library's defaults (RFC 9106, low-memory profile)
_one_at_a_time = Lock()  # a guess takes 64 MB; and thirty at once would all come before the first is counted


@cache
def _nobody() -> str:
    """An unknown name costs as much time as a known one."""
    return _hasher.hash("nobody has this password")


@dataclass(frozen=True, slots=True)
class User:
    login: str
    name: str
    role: str
    library: str | None
    active: bool
    stamp: str

    def may(self, role: str) -> bool:
        """Whether this person has the rights of `role`."""
        return ROLES.index(self.role) >= ROLES.index(role)


def find_user(connection: Connection, login: str) -> User | None:
    row = connection.execute(select(staff_user).where(staff_user.c.login == login)).first()
    return _user(row) if row else None


def users(connection: Connection) -> list[User]:
    return [_user(row) for row in connection.execute(select(staff_user).order_by(staff_user.c.login))]


def _user(row: Any) -> User:
    return User(row.login, row.name, row.role, row.library, row.active, row.stamp)


def save_user(connection: Connection, user: User, password: str | None, now: datetime) -> None:
    """Insert or change an account; a new password, role or library ends the sessions opened before."""
    if user.role not in ROLES:
        raise Refused(f"роль: возможны {', '.join(ROLES)}, а стоит {user.role!r}")
    if password is not None and len(password) < SHORTEST_PASSWORD:
        raise Refused(f"пароль: нужно не меньше {SHORTEST_PASSWORD} знаков")
    old = connection.execute(select(staff_user).where(staff_user.c.login == user.login)).first()
    if old is None:
        refuse_login(user.login)
    if old is None and password is None:
        raise Refused("новому сотруднику нужен пароль")
    if old is not None and old.role == "administrator" and not (user.active and user.role == "administrator"):
        _refuse_last_administrator(connection, user.login)
    hashed = _hasher.hash(password) if password is not None else old.password  # type: ignore[union-attr]
    row = {
        "login": user.login, "name": user.name, "role": user.role, "library": user.library or None,
        "password": hashed, "active": user.active, "created": old.created if old else now,
        "stamp": secrets.token_hex(8),
    }  # fmt: skip
    refuse_long(staff_user, row)
    upsert(connection, staff_user, [row])


def refuse_login(login: str) -> None:
    """Raises Refused for a name that could not be typed on the page, or stand in the address of its own."""
    if not re.fullmatch(LOGIN, login):
        raise Refused(f"имя для входа: буквы, цифры и знаки . @ _ - без пробелов, а указано {login!r}")


def _refuse_last_administrator(connection: Connection, login: str) -> None:
    columns = staff_user.c
    others = select(func.count()).where(columns.role == "administrator", columns.active, columns.login != login)
    if not connection.execute(others).scalar():
        raise Refused("это последний администратор: сначала назначьте другого")


def log_in(engine: Engine, login: str, password: str, address: str, now: datetime) -> User | None:
    """The person, or None where name or password are wrong. Raises Refused when tried too often.

    Who knows the password need not wait for a publication to end.
    """
    with _one_at_a_time:
        with reading(engine) as connection:
            refuse_guessing(connection, login, address, now)
            row = connection.execute(select(staff_user).where(staff_user.c.login == login)).first()
            failed = connection.execute(select(login_failure).where(login_failure.c.login == login).limit(1)).first()
        right = _right(row.password if row else _nobody(), password)
    if right and row is not None and row.active:
        if failed is not None:
            forget = delete(login_failure).where(login_failure.c.login == login)
            write_if_free(engine, lambda connection: connection.execute(forget))
        return _user(row)
    with writing(engine) as connection:
        connection.execute(delete(login_failure).where(~_lately(now)))
        connection.execute(insert(login_failure).values(login=login[:64], address=address[:64], when=now))
    return None


def _right(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def _lately(now: datetime) -> ColumnElement[bool]:
    """A failure of the last minutes; not one that is yet to come, as it seems where the clock was set back."""
    return login_failure.c.when.between(now - TRY_WINDOW, now + TRY_WINDOW)


def refuse_guessing(connection: Connection, login: str, address: str, now: datetime) -> None:
    for column, value, most in (("login", login, LOGIN_TRIES), ("address", address, ADDRESS_TRIES)):
        tries = select(func.count()).select_from(login_failure)
        query = tries.where(login_failure.c[column] == value[:64], _lately(now))
        if (connection.execute(query).scalar() or 0) >= most:
            minutes = int(TRY_WINDOW.total_seconds() // 60)
            raise Refused(f"слишком много неудачных попыток: подождите {minutes} минут")


# --- readers' words, borrowed records -----------------------------------------------------------------------


def keep_error_report(engine: Engine, cluster: str, text: str, now: datetime) -> None:
    with writing(engine) as connection:
        connection.execute(insert(error_report).values(cluster=cluster, text=text, when=now, done_by=""))


def error_reports(connection: Connection, *, done: bool = False) -> list[Any]:
    condition = error_report.c.done.is_not(None) if done else error_report.c.done.is_(None)
    return list(connection.execute(select(error_report).where(condition).order_by(error_report.c.number.desc())))


def settle_error_report(connection: Connection, number: int, who: str, now: datetime) -> None:
    connection.execute(update(error_report).where(error_report.c.number == number).values(done=now, done_by=who))


def note_borrowed(connection: Connection, library: str, origin: str, dialect: str, who: str, now: datetime) -> None:
    """Count a record taken home."""
    values = {"library": library, "origin": origin, "dialect": dialect, "who": who, "when": now}
    connection.execute(insert(borrowed).values(**values))


def borrowed_by_library(
    connection: Connection, since: datetime | None = None, until: datetime | None = None
) -> dict[str, int]:
    """How many records each library took ready-made; in [since, until), where they are given."""
    query = select(borrowed.c.library, func.count()).group_by(borrowed.c.library)
    query = query.where(borrowed.c.when >= since) if since else query
    query = query.where(borrowed.c.when < until) if until else query
    return {row[0]: row[1] for row in connection.execute(query)}


def borrowed_rows(connection: Connection, libraries: Sequence[str], since: datetime, until: datetime) -> list[Any]:
    """Records taken ready-made in [since, until) by some libraries, or by all: library, origin, dialect, when."""
    query = select(borrowed).where(borrowed.c.when >= since, borrowed.c.when < until).order_by(borrowed.c.number)
    return list(connection.execute(query.where(borrowed.c.library.in_(libraries)) if libraries else query))
