"""Reports made on their dates and kept: bytes, digest, and who had no data that day."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from catalog_sync.store import leases
from catalog_sync.store.coverage import zone_of
from catalog_sync.store.ledger_tables import kept_report


@dataclass(frozen=True, slots=True)
class Kept:
    number: int
    name: str
    library: str
    period: str
    due: date | None
    schedule: str
    made: datetime
    snapshot: int | None
    format: str
    digest: str
    missing: tuple[str, ...]
    mailed: datetime | None


def keep(
    connection: Connection, *, name: str, period: str, format: str, data: bytes, made: datetime,
    library: str = "", due: date | None = None, schedule: str = "", snapshot: int | None = None,
    missing: Sequence[str] = (),
) -> int:  # fmt: skip
    """Keep a report; returns its number. Nothing kept is ever replaced."""
    number = leases.next_number(connection, kept_report)
    values: dict[str, Any] = {"number": number, "name": name, "library": library, "period": period, "due": due}
    values |= {"schedule": schedule, "made": made, "snapshot": snapshot, "format": format, "data": data}
    values |= {"digest": hashlib.sha256(data).hexdigest(), "missing": list(missing)}
    connection.execute(kept_report.insert().values(**values))
    return number


def listed(connection: Connection, limit: int = 200) -> list[Kept]:
    """The newest first, without their bytes."""
    columns = [column for column in kept_report.c if column.name != "data"]
    query = select(*columns).order_by(kept_report.c.number.desc()).limit(limit)
    return [_kept(row) for row in connection.execute(query)]


def file(connection: Connection, number: int) -> tuple[Kept, bytes] | None:
    row = connection.execute(select(kept_report).where(kept_report.c.number == number)).first()
    return (_kept(row), row.data) if row else None


def is_made(connection: Connection, schedule: str, due: date) -> bool:
    """Whether the report of a date is there already: jobs may ask twice."""
    query = select(kept_report.c.number).where(kept_report.c.schedule == schedule, kept_report.c.due == due)
    return connection.execute(query.limit(1)).first() is not None


def unmailed(connection: Connection, since: datetime) -> list[tuple[Kept, bytes]]:
    """Reports of the schedule made since then whose letter has not gone, in the order they were made."""
    row = kept_report.c
    query = select(kept_report).where(row.mailed.is_(None), row.schedule != "", row.made >= since).order_by(row.number)
    return [(_kept(found), found.data) for found in connection.execute(query)]


def mark_mailed(connection: Connection, numbers: Sequence[int], when: datetime) -> None:
    connection.execute(update(kept_report).where(kept_report.c.number.in_(numbers)).values(mailed=when))


def on_time(connection: Connection, due: Iterable[tuple[str, date]]) -> list[tuple[str, date, date | None]]:
    """(schedule, due day, the day of the district's calendar it was first made on, or None) of some reports."""
    rows = connection.execute(select(kept_report.c.schedule, kept_report.c.due, func.min(kept_report.c.made)).group_by(
        kept_report.c.schedule, kept_report.c.due))  # fmt: skip
    zone = zone_of(connection)  # made just after midnight there, it is still the day before in UTC
    made = {(code, day): first.astimezone(zone).date() for code, day, first in rows}
    return [(code, day, made.get((code, day))) for code, day in due]


def _kept(row: Any) -> Kept:
    values = {name: getattr(row, name) for name in Kept.__dataclass_fields__}
    return Kept(**{**values, "missing": tuple(row.missing)})
