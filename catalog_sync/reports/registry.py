"""The reports by name: what exists, and making one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Engine

from catalog_sync.errors import Refused
from catalog_sync.reports import facts, forms, memo, oo2, period, replenishment
from catalog_sync.reports.model import Report
from catalog_sync.store import catalogue_state, licences, manual
from catalog_sync.store.database import reading


@dataclass(frozen=True, slots=True)
class Asked:
    """One order for a report."""

    connection: Connection
    period: period.Period
    library: str
    today: date
    organisation: str = ""  # the body whose paper it is


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


def _extras(connection: Connection) -> replenishment.Extras:
    return replenishment.Extras(catalogue_state.open_links(connection), catalogue_state.dated_share(connection))


def _replenishment(asked: Asked) -> Report:
    found = facts.load(asked.connection, asked.period, asked.today)
    if asked.library:
        facts.library_of(found, asked.library)
    return replenishment.make(found, _extras(asked.connection), asked.library)


def _memo(asked: Asked) -> Report:
    found = facts.load(asked.connection, asked.period, asked.today)
    before = facts.load(asked.connection, asked.period.previous, asked.today)
    records, editions = catalogue_state.catalogue_totals(asked.connection)
    ending = licences.register(asked.connection)
    background = memo.Background(before, _extras(asked.connection), records, editions, ending, asked.organisation)
    return memo.make(found, background)


REPORTS: dict[str, Entry] = {
    "oo2": Entry("Форма ОО-2, подразделы 2.6 и 2.7", _oo2),
    "replenishment": Entry("Пополнение фондов (п. 5.4)", _replenishment),
    "memo": Entry("Аналитическая справка (п. 5.4)", _memo),
}


def names() -> list[tuple[str, str]]:
    """(name, title) of every report, in the order of the page."""
    return [(name, entry.title) for name, entry in REPORTS.items()]


def entry(name: str) -> Entry:
    """The entry of a report; Refused with the names there are."""
    if name not in REPORTS:
        raise Refused(f"отчёт {name!r}: такого нет; есть {', '.join(REPORTS)}")
    return REPORTS[name]


def make(
    engine: Engine, name: str, *, library: str = "", period: str = "", today: date, organisation: str = ""
) -> Report:
    """Make a report out of one consistent view of the database. Raises Refused in words for the librarian.

    `organisation`: settings.district.organisation, the body in whose name papers are written.
    """
    with reading(engine) as connection:
        return make_in(connection, name, library=library, asked_period=period, today=today, organisation=organisation)


def make_in(
    connection: Connection, name: str, *, library: str = "", asked_period: str = "", today: date, organisation: str = ""
) -> Report:
    """As `make`, inside a transaction that is already open."""
    found = entry(name)
    if found.needs_library and not library:
        raise Refused(f"отчёт {name}: составляется по одной библиотеке, укажите её код")
    return found.make(Asked(connection, period.parse(asked_period, today), library, today, organisation))
