"""Which libraries have fresh data: missing is not zero."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from catalog_sync.model import Library
from catalog_sync.store import registry
from catalog_sync.store.ledger_tables import stock_movement
from catalog_sync.store.tables import run, source

ZONE = "district_zone"  # the option of an engine that says whose calendar dates are of (see system.open_system)
FRESH_DAYS = 30  # «данные не старше 30 дней» (8.1): older ones say nothing about the end of a period


@dataclass(frozen=True, slots=True)
class Freshness:
    """When a library last told us about its stock; None: never."""

    library: Library
    last: date | None
    first: date | None

    def covers(self, end: date, today: date, fresh_days: int = FRESH_DAYS) -> bool:
        """Whether its data say something about the end of a period: they came at most `fresh_days` before it."""
        return self.last is not None and self.last >= min(end, today) - timedelta(fresh_days)


def freshness(connection: Connection, zone: ZoneInfo | None = None) -> list[Freshness]:
    """All libraries in the order of codes. An export or an act typed by hand counts, a held run does not.

    Days are of `zone`, without one of the district's calendar.
    """
    zone = zone or connection.get_execution_options().get(ZONE) or ZoneInfo("UTC")
    published = (
        select(source.c.library, func.min(run.c.published), func.max(run.c.published))
        .join_from(run, source, source.c.code == run.c.source)
        .where(run.c.state == "published")
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
    nothing = (None, None)
    found = sorted(registry.libraries(connection), key=lambda library: library.code)
    return [
        Freshness(library, seen.get(library.code, nothing)[1], seen.get(library.code, nothing)[0]) for library in found
    ]
