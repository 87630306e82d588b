"""Libraries and sources: who takes part, and how each base is read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from catalog_sync.errors import Refused
from catalog_sync.model import Dialect, Library, Source
from catalog_sync.store import outbox
from catalog_sync.store import tables as t
from catalog_sync.store.database import refuse_long, upsert
from catalog_sync.store.ledger_check import library_kind_changed

CODE = re.compile(r"(?![-.])[^\s:/\\?#]{1,64}")  # it goes into file names, addresses and SOURCE:ID
OF_SOURCE, OF_LIBRARY = "код источника", "код библиотеки"
TAKEN = frozenset({"licence"})  # licence:12 is the key of a package without records (store.ledger)
CODES_SHOWN = 12  # of the sources there are, to whoever mistyped one
# Asked of every source of a night: a statement made once is compiled once.
_IS_ASKED = t.source.c.code == bindparam("asked")
_SOURCE = select(t.source).where(_IS_ASKED)
_BOOKMARK = select(t.source.c.bookmark).where(_IS_ASKED)
_PUBLISHED = select(t.source.c.published_run).where(_IS_ASKED)
_SAVE = update(t.source).where(_IS_ASKED)


def libraries(connection: Connection) -> list[Library]:
    """All libraries, by name."""
    rows = connection.execute(select(t.library).order_by(t.library.c.name)).mappings()
    return [Library(**row) for row in rows]


def find_library(connection: Connection, code: str) -> Library | None:
    row = connection.execute(select(t.library).where(t.library.c.code == code)).mappings().first()
    return Library(**row) if row else None


def save_libraries(
    connection: Connection, values: Iterable[Library], *, today: date | None = None, now: datetime | None = None
) -> None:
    """Insert or replace libraries. A school that becomes a partner, or the other way round, leaves or joins the
    district's figures at once; the correction is recorded on `today`. The records of what a renamed library holds
    say its name: they are announced as changed at `now`. Both are needed only where there is such a change.
    """
    new = list(values)
    for value in new:
        refuse_long(t.library, asdict(value))
    before = {library.code: library for library in libraries(connection)}
    upsert(connection, t.library, [asdict(value) for value in new])
    for value in new:
        was = before.get(value.code, value)
        if was.kind != value.kind:
            if today is None:
                raise ValueError(f"{value.code}: expected the day on which its kind changes, came None")
            library_kind_changed(connection, value.code, recorded=today)
        if was.name != value.name:
            if now is None:
                raise ValueError(f"{value.code}: expected the moment at which its name changes, came None")
            outbox.announce_held_by(connection, value.code, now)


def sources(connection: Connection, *, active_only: bool = False) -> list[Source]:
    """All sources, by code."""
    query = select(t.source).order_by(t.source.c.code)
    if active_only:
        query = query.where(t.source.c.active)
    return [_source(row) for row in connection.execute(query).mappings()]


def find_source(connection: Connection, code: str) -> Source | None:
    row = connection.execute(_SOURCE, {"asked": code}).mappings().first()
    return _source(row) if row else None


def get_source(connection: Connection, code: str) -> Source:
    """The source, or Refused that lists the codes there are."""
    found = find_source(connection, code)
    if found is None:
        codes = [s.code for s in sources(connection)]
        more = f" и ещё {len(codes) - CODES_SHOWN}" if len(codes) > CODES_SHOWN else ""
        raise Refused(f"нет источника {code!r}; есть: {', '.join(codes[:CODES_SHOWN]) or 'пока ни одного'}{more}")
    return found


def save_sources(connection: Connection, values: Iterable[Source]) -> None:
    """Insert or replace sources; bookmark and published run of a known source stay. Raises Refused."""
    rows = [_row(value) for value in values]
    known = {source.code for source in sources(connection)}
    for row in rows:
        refuse_long(t.source, row)
        if row["code"] not in known:
            refuse_code(row["code"])
    upsert(connection, t.source, rows)


def refuse_code(code: str, of: str = OF_SOURCE) -> None:
    """Raises Refused for what can't be the code of a new source, or of a new library (`OF_LIBRARY`)."""
    if of == OF_SOURCE and code in TAKEN:
        raise Refused(f"{of} {code!r} занят: так каталог называет договоры на электронные издания")
    if not CODE.fullmatch(code):
        raise Refused(f"{of} {code!r}: нужно до 64 знаков без пробелов, двоеточий и косых черт, например school-07")


def bookmark(connection: Connection, code: str) -> str:
    return connection.execute(_BOOKMARK, {"asked": code}).scalar() or ""


def published_run(connection: Connection, code: str) -> int | None:
    """Number of the run whose records are the source's published state; None before the first."""
    return connection.execute(_PUBLISHED, {"asked": code}).scalar()


def set_published(connection: Connection, code: str, run: int | None, mark: str) -> None:
    connection.execute(_SAVE, {"asked": code, "published_run": run, "bookmark": mark})


def set_active(connection: Connection, code: str, active: bool) -> None:
    connection.execute(_SAVE, {"asked": code, "active": active})


def library_of(connection: Connection) -> dict[str, str]:
    """Source code → library code, for all sources."""
    rows = connection.execute(select(t.source.c.code, t.source.c.library))
    return {row.code: row.library for row in rows}


def _source(row: Any) -> Source:
    values: dict[str, Any] = {name: row[name] for name in Source.__dataclass_fields__}
    return Source(**values | {"dialect": Dialect(row["dialect"])})


def _row(source: Source) -> dict[str, Any]:
    return {**asdict(source), "dialect": source.dialect.value, "settings": dict(source.settings)}
