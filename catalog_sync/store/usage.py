"""How often the catalogue was asked: a number for each day and kind. Whose request it was is nowhere kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, func, select

from catalog_sync.store.database import insertion
from catalog_sync.store.staff_tables import usage

# what → how a report calls it
KINDS = {
    "search": "поиск на сайте каталога",
    "record": "открыто карточек изданий",
    "api": "поиск через API",
    "sru": "поиск по SRU",
}
ASKED = ("search", "api", "sru")  # questions put to the catalogue; a card opened is a view


def add(connection: Connection, counts: Mapping[tuple[date, str], int]) -> None:
    """Add counts of (day, what) to those of the day; several processes add to one row."""
    rows = [{"day": day, "what": what, "count": count} for (day, what), count in sorted(counts.items()) if count]
    if not rows:
        return
    statement = insertion(connection, usage)
    grown = {"count": usage.c.count + statement.excluded.count}
    connection.execute(statement.on_conflict_do_update(index_elements=["day", "what"], set_=grown), rows)


def counted(connection: Connection, start: date, end: date) -> dict[str, int]:
    """What → count in [start, end]."""
    query = select(usage.c.what, func.sum(usage.c.count)).where(usage.c.day.between(start, end)).group_by(usage.c.what)
    return {what: int(count) for what, count in connection.execute(query)}


def by_day(connection: Connection, start: date, end: date, kinds: tuple[str, ...]) -> list[tuple[date, str, int]]:
    """(day, what, count) in [start, end], oldest first."""
    row = usage.c
    query = select(row.day, row.what, row.count).where(row.day.between(start, end), row.what.in_(kinds))
    return [(day, what, int(count)) for day, what, count in connection.execute(query.order_by(row.day, row.what))]


def first_day(connection: Connection) -> date | None:
    """Since when requests are counted; None: not yet."""
    return connection.execute(select(func.min(usage.c.day))).scalar()
