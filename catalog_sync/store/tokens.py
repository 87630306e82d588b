"""Keys of the API for the region and other systems: only a digest is kept, the key itself is shown once."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, or_, select

from catalog_sync.errors import Refused
from catalog_sync.store import leases
from catalog_sync.store.database import write_if_free
from catalog_sync.store.ledger_tables import api_token

USED_EVERY = timedelta(hours=1)  # the last use is a hint, not an audit: it is not written on every request


def issue(connection: Connection, name: str, *, now: datetime, until: datetime | None = None) -> str:
    """A new key; keep it, it can't be shown again."""
    if not name.strip():
        raise Refused("ключ API: ожидалось имя того, кому он выдан")
    token = "cs_" + secrets.token_urlsafe(32)
    number = leases.next_number(connection, api_token)
    values = {"number": number, "digest": _digest(token), "name": name.strip(), "created": now, "until": until}
    connection.execute(api_token.insert().values(**values))
    return token


def revoke(connection: Connection, number: int, *, now: datetime) -> None:
    """Take a key back. Raises Refused where there is none in force."""
    done = connection.execute(
        api_token.update().where(api_token.c.number == number, api_token.c.revoked.is_(None)).values(revoked=now)
    )
    if not done.rowcount:
        raise Refused(f"ключ API № {number}: такого действующего ключа нет")


def issued(connection: Connection) -> list[Any]:
    """Rows of all keys ever given, by number; the keys themselves are not there."""
    return list(connection.execute(select(api_token).order_by(api_token.c.number)))


def holder(connection: Connection, token: str, *, now: datetime) -> tuple[int, str, datetime | None] | None:
    """(number, name, last use) of a key in force; None for any other text."""
    columns = api_token.c
    query = select(columns.number, columns.name, columns.used).where(
        columns.digest == _digest(token), columns.revoked.is_(None), or_(columns.until.is_(None), columns.until > now)
    )
    row = connection.execute(query).first()
    return (row.number, row.name, row.used) if row else None


def note_use(engine: Engine, number: int, used: datetime | None, now: datetime) -> None:
    """Remember that a key was used, at most once an hour."""
    if used is None or now - used > USED_EVERY:
        change = api_token.update().where(api_token.c.number == number).values(used=now)
        write_if_free(engine, lambda connection: connection.execute(change))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8")).hexdigest()
