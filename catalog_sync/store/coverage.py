"""Which libraries have fresh data: missing is not zero."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, exists, func, or_, select

from catalog_sync.model import Library
from catalog_sync.store import registry
from catalog_sync.store.ledger_tables import stock_movement, stock_rollup
from catalog_sync.store.rollups import MEASURES
from catalog_sync.store.tables import library, record, run, source
from catalog_sync.text import in_order

ZONE = "district_zone"  # the option of an engine that says whose calendar dates are of (see system.open_system)
FRESH_DAYS = 30  # «данные не старше 30 дней» (8.1): older ones say nothing about the end of a period


@dataclass(frozen=True, slots=True)
class Freshness:
    """When a library last told us about its stock; None: never."""

    library: Library
    last: date | None
    first: date | None
    since: date | None = None  # the earliest day its books speak of; copies without dates speak of the first export
    closed: date | None = None  # the day its last base was closed: nothing is to be told of it since

    def was_open(self, start: date) -> bool:
        """Whether it was a library of a period that begins so: one closed before is no school without data."""
        return self.closed is None or self.closed >= start

    def covers(self, end: date, today: date, fresh_days: int = FRESH_DAYS) -> bool:
        """Whether its data say something about the end of a period: they came at most `fresh_days` before it, and the
        books begin before it ends. What a school connected later had then, undated, nobody knows: that is no zero."""
        gone = self.closed is not None and self.closed <= end  # and so has nothing, which is known
        if self.last is None or (self.last < min(end, today) - timedelta(fresh_days) and not gone):
            return False
        return self.since is None or self.since <= end


def zone_of(connection: Connection) -> ZoneInfo:
    """Whose calendar the days of papers are of; UTC where nobody has said."""
    found: ZoneInfo | None = connection.get_execution_options().get(ZONE)
    return found or ZoneInfo("UTC")


def freshness(connection: Connection, zone: ZoneInfo | None = None) -> list[Freshness]:
    """All libraries in the order of codes. An export or an act typed by hand counts, a held run does not.

    Days are of `zone`, without one of the district's calendar.
    """
    zone = zone or zone_of(connection)
    published = (
        select(source.c.library, func.min(run.c.published), func.max(run.c.published))
        .join_from(run, source, source.c.code == run.c.source)
        # A run that read nothing and changed something read kept bytes anew: no news from the school.
        .where(run.c.state == "published", (run.c.read > 0) | (run.c.changed == 0))
        .group_by(source.c.library)
    )
    seen = {
        code: (first.astimezone(zone).date(), last.astimezone(zone).date())
        for code, first, last in connection.execute(published)
        if last is not None
    }
    by_hand = (
        select(stock_movement.c.library, func.min(stock_movement.c.recorded), func.max(stock_movement.c.recorded))
        .where(stock_movement.c.run.is_(None), stock_movement.c.who != "", stock_movement.c.kind != "correction")
        .group_by(stock_movement.c.library)
    )
    for code, first, last in connection.execute(by_hand):
        there = seen.get(code, (first, last))
        seen[code] = (min(there[0], first), max(there[1], last))
    since, shut = _since(connection), closed(connection)
    found = [_of(library, seen.get(library.code), since) for library in _by_code(connection)]
    return [replace(one, closed=one.last) if one.library.code in shut else one for one in found]


def closed(connection: Connection) -> set[str]:
    """Libraries whose every base is paused and holds no record any more (`source close`). One that never had any is
    not closed: it has not begun."""
    other = source.alias()
    active = exists().where(other.c.library == source.c.library, other.c.active)
    living = exists().where(
        other.c.library == source.c.library, record.c.source == other.c.code, record.c.deleted.is_(False)
    )
    begun = exists().where(run.c.source == source.c.code, run.c.state == "published")
    return set(connection.execute(select(source.c.library).where(~active, ~living, begun)).scalars())


def _by_code(connection: Connection) -> list[Library]:
    return sorted(registry.libraries(connection), key=lambda library: in_order(library.code))


def _of(library: Library, seen: tuple[date, date] | None, since: dict[str, date]) -> Freshness:
    if seen is None:
        return Freshness(library, None, None)
    return Freshness(library, seen[1], seen[0], min(seen[0], since.get(library.code, seen[0])))


def _since(connection: Connection) -> dict[str, date]:
    """The first day on which something moved, and was not taken back since, by library."""
    row = stock_rollup.c
    moved = or_(*(row[name] != 0 for name in MEASURES))
    # Asked library by library, each is a look into the key of the table; of all together every day would be read.
    first = select(func.min(row.start)).where(row.grain == "D", row.scope == library.c.code, moved).scalar_subquery()
    return {code: day for code, day in connection.execute(select(library.c.code, first)) if day is not None}
