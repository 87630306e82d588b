"""The reports by name: what exists, and making one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Engine

from catalog_sync.errors import Refused
from catalog_sync.reports import facts, forms, oo2, period
from catalog_sync.reports.model import Report
from catalog_sync.store import manual
from catalog_sync.store.database import reading


@dataclass(frozen=True, slots=True)
class Asked:
    """One order for a report."""

    connection: Connection
    period: period.Period
    library: str
    today: date


@dataclass(frozen=True, slots=True)
class Entry:
    title: str
    make: Callable[[Asked], Report]
    public: bool = True
    needs_library: bool = False


def _oo2(asked: Asked) -> Report:
    found = facts.load(asked.connection, asked.period, asked.today)
    if asked.library:
        facts.library_of(found, asked.library)
    codes = [one.library.code for one in found.freshness]
    values = manual.at(asked.connection, codes, asked.period.end, asked.period.start)
    return oo2.make(found, forms.form_at("oo2", asked.period.end), values, asked.library)


REPORTS: dict[str, Entry] = {
    "oo2": Entry("Форма ОО-2, подразделы 2.6 и 2.7", _oo2),
}


def names() -> list[tuple[str, str]]:
    """(name, title) of every report, in the order of the page."""
    return [(name, entry.title) for name, entry in REPORTS.items()]


def entry(name: str) -> Entry:
    """The entry of a report; Refused with the names there are."""
    if name not in REPORTS:
        raise Refused(f"отчёт {name!r}: такого нет; есть {', '.join(REPORTS)}")
    return REPORTS[name]


def make(engine: Engine, name: str, *, library: str = "", period: str = "", today: date) -> Report:
    """Make a report out of one consistent view of the database. Raises Refused in words for the librarian."""
    with reading(engine) as connection:
        return make_in(connection, name, library=library, asked_period=period, today=today)


def make_in(connection: Connection, name: str, *, library: str = "", asked_period: str = "", today: date) -> Report:
    """As `make`, inside a transaction that is already open."""
    found = entry(name)
    if found.needs_library and not library:
        raise Refused(f"отчёт {name}: составляется по одной библиотеке, укажите её код")
    return found.make(Asked(connection, period.parse(asked_period, today), library, today))
