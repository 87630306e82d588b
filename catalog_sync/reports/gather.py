"""Reading what each report is made from. Every function here asks the store, then calls the pure report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection, select

from catalog_sync.errors import BadRecord
from catalog_sync.marc.reading import to_bib
from catalog_sync.model import BibRecord, EKind
from catalog_sync.reports import (
    cataloguing,
    eregister,
    exchange,
    facts,
    forms,
    ksu,
    memo,
    monitoring,
    oo2,
    replenishment,
    roadmap,
    textbooks,
)
from catalog_sync.reports.facts import ELECTRONIC, Facts
from catalog_sync.reports.memo_rules import Background
from catalog_sync.reports.model import Report
from catalog_sync.reports.period import Period
from catalog_sync.store import (
    acts,
    catalogue_state,
    coverage,
    drill,
    eresources,
    figures,
    kept,
    licences,
    manual,
    provision,
    records,
    registry,
    staff,
    usage,
)
from catalog_sync.store.figures import Selection
from catalog_sync.store.provision import Line
from catalog_sync.store.rollups import DISTRICT
from catalog_sync.store.tables import record

SAMPLE = 50  # records of a base looked at for completeness: ±7 % at nine of ten
EXITS = ("withdrawn", "expired")
COLUMNS = ("initial", "acquired", *EXITS)
FIRST_DAY = date(1, 1, 1)
LISTED = 2_000  # titles of the individual register on one page of a report


@dataclass(frozen=True, slots=True)
class Asked:
    """One order for a report."""

    connection: Connection
    period: Period
    library: str
    today: date
    organisation: str = ""  # the body whose paper it is


def load(asked: Asked) -> Facts:
    """The figures of the period; Refused for a library that is none."""
    found = facts.load(asked.connection, asked.period, asked.today)
    if asked.library:
        facts.library_of(found, asked.library)
    return found


def _manual(asked: Asked, found: Facts) -> dict[str, dict[str, float]]:
    codes = [one.library.code for one in found.freshness]
    return manual.at(asked.connection, codes, asked.period.end, asked.period.start)


def _latest_manual(asked: Asked, found: Facts) -> dict[str, dict[str, float]]:
    return manual.at(asked.connection, [one.library.code for one in found.freshness], asked.period.end)


def _extras(connection: Connection) -> replenishment.Extras:
    return replenishment.Extras(catalogue_state.open_links(connection), catalogue_state.dated_share(connection))


def make_oo2(asked: Asked) -> Report:
    found = load(asked)
    typed = _manual(asked, found)
    stated = [code for code, values in typed.items() if any(name.startswith("ksu_") for name in values)]
    unsure = acts.unsure(asked.connection, stated, asked.period.start, asked.period.end) if stated else {}
    return oo2.make(found, forms.form_at("oo2", asked.period.end), typed, asked.library, unsure)


def make_replenishment(asked: Asked) -> Report:
    return replenishment.make(load(asked), _extras(asked.connection), asked.library)


def make_memo(asked: Asked) -> Report:
    connection, found = asked.connection, load(asked)
    before = facts.load(connection, asked.period.year_before, asked.today)
    count, editions = catalogue_state.catalogue_totals(connection)
    schools = {one.library.code for one in found.schools}  # what a partner loses is no loss of the schools
    register = [one for one in licences.register(connection) if one.library in schools]
    needs = provision.lines(connection, asked.today)
    extras = _extras(connection)
    background = Background(
        before, extras, count, editions, register, asked.organisation, provision=textbooks.summary(needs), needs=needs
    )  # fmt: skip
    return memo.make(found, background)


def make_ksu(asked: Asked) -> Report:
    return _ksu(asked, textbooks_only=False)


def make_ksu_textbooks(asked: Asked) -> Report:
    return _ksu(asked, textbooks_only=True)


def _ksu(asked: Asked, textbooks_only: bool) -> Report:
    connection, period = asked.connection, asked.period
    found = load(asked)
    categories = ksu.kinds(textbooks_only).categories
    came, went = (
        acts.acts(connection, asked.library, columns, period.start, period.end, categories)
        for columns in (("acquired",), EXITS)
    )

    def numbered(columns: tuple[str, ...], since: date) -> int:
        """The number of the period's first act, where the book begins on `since`."""
        before = period.start - timedelta(1)
        return acts.count_between(connection, asked.library, columns, since, before, categories) + 1

    def moved(columns: tuple[str, ...], start: date, end: date) -> acts.Act:
        return acts.content(connection, asked.library, columns, start, end, categories)

    quarters = [
        (step, moved(("acquired",), step.start, step.end), ksu.summed([], [moved(EXITS, step.start, step.end)]))
        for step in ksu.quarters_of(period)
        if step.start <= asked.today  # a quarter that has not begun is no zero
    ]
    book = ksu.Book(
        facts.library_of(found, asked.library), period, came, went,
        numbered(("acquired",), date(period.start.year, 1, 1)), numbered(EXITS, FIRST_DAY),
        moved(COLUMNS, FIRST_DAY, period.start - timedelta(1)), moved(("initial",), period.start, period.end), quarters,
        ksu.balance_of(found, asked.library, textbooks_only), categories,
    )  # fmt: skip
    return ksu.make(book, asked.today, textbooks_only)


def _held(asked: Asked, found: Facts) -> list[eregister.Held]:
    names = {one.library.code: one.library.name for one in found.freshness}
    chosen = licences.register(asked.connection, [asked.library] if asked.library else ())
    return [
        eregister.Held(one, names.get(one.library, one.library), *licences.catalogued_counts(asked.connection, one))
        for one in chosen
    ]


def make_eregister(asked: Asked) -> Report:
    found = load(asked)
    selection = Selection((asked.library or DISTRICT,), ekinds=(EKind.LOCAL.value, EKind.LICENSED.value))
    question = drill.Question(selection, "state", "copies", asked.period.start, asked.period.end)
    page = drill.page(asked.connection, question, limit=LISTED)
    library = facts.library_of(found, asked.library) if asked.library else None
    held = [one for one in _held(asked, found) if one.licence.starts <= asked.period.end]
    return eregister.register(held, page.rows, bool(page.next), asked.period, asked.today, library)


def make_forecast(asked: Asked) -> Report:
    found = load(asked)
    codes = [asked.library] if asked.library else [one.library.code for one in found.schools]
    until = max(asked.period.end, asked.today)
    held = [one for one in _held(asked, found) if one.licence.library in codes]
    made = eregister.forecast(held, until, asked.today, found.copies(codes, ELECTRONIC).closing)
    name = facts.library_of(found, asked.library).name if asked.library else ""
    return replace(made, library=asked.library, library_name=name)


def make_quarterly(asked: Asked) -> Report:
    found = load(asked)
    count, editions = catalogue_state.catalogue_totals(asked.connection)
    schools = {one.library.code for one in found.schools}
    shared = sum(one.shared for one in catalogue_state.sources(asked.connection) if one.library in schools)
    links = catalogue_state.open_links(asked.connection).get(DISTRICT, 0)
    due = kept.on_time(asked.connection, _due(asked))
    done = sum(made is not None and made <= day for _, day, made in due)
    uses = usage.counted(asked.connection, asked.period.start, asked.period.end)
    open_ones, zone = eresources.open_ones(asked.connection), coverage.zone_of(asked.connection)
    state = monitoring.State(
        count, editions, shared, links, (done, len(due)), _connected(asked), sum(_borrowed(asked).values()),
        sum(uses.get(what, 0) for what in usage.ASKED), uses.get("record", 0), usage.first_day(asked.connection),
        (sum(one.works for one in open_ones), len(open_ones)),
        max((one.checked.astimezone(zone).date() for one in open_ones if one.checked), default=None),
    )  # fmt: skip
    typed = _manual(asked, found)
    for code, values in _latest_manual(asked, found).items():  # КСУ is told once a year, and is asked every quarter
        typed.setdefault(code, {}).update({name: values[name] for name in ("ksu_stock",) if name in values})
    return monitoring.quarterly(found, roadmap.stages(), state, typed, asked.organisation)


def _due(asked: Asked) -> list[tuple[str, date]]:
    """Reports due in the period, from the day the first school was connected."""
    since, until = max(asked.period.start, _connected(asked)) - timedelta(1), min(asked.period.end, asked.today)
    return [(duty.code, day) for day, duty in roadmap.due(since, until)]


def _connected(asked: Asked) -> date:
    """The day the first library was connected."""
    return min((one.first for one in coverage.freshness(asked.connection) if one.first), default=asked.today)


def make_rollout(asked: Asked) -> Report:
    found = load(asked)
    return monitoring.rollout(found, roadmap.stages(), _latest_manual(asked, found))


def make_libraries(asked: Asked) -> Report:
    found = load(asked)
    typed = _manual(asked, found)
    if asked.today <= asked.period.end:  # the year still runs: what the schools said last stands for it
        typed = _latest_manual(asked, found)
    ages = figures.ages(asked.connection, monitoring.old_before(found), asked.period.end)
    return monitoring.libraries(found, typed, {code: monitoring.Aged(*pair) for code, pair in ages.items()})


def make_cataloguing(asked: Asked) -> Report:
    connection = asked.connection
    names = {one.code: one.name for one in registry.libraries(connection)}
    found = [one for one in catalogue_state.sources(connection) if asked.library in ("", one.library)]
    qualities = {one.source: cataloguing.quality(_sample(connection, one.source)) for one in found}
    taken = _borrowed(asked)
    chosen = {code: count for code, count in taken.items() if asked.library in ("", code)}
    made = cataloguing.make(found, qualities, names, chosen, asked.period, asked.today)
    return replace(made, library=asked.library, library_name=names.get(asked.library, ""))


def _borrowed(asked: Asked) -> dict[str, int]:
    """Records taken ready-made in the period, by library."""
    zone = coverage.zone_of(asked.connection)
    since, until = (
        datetime.combine(day, time.min, zone) for day in (asked.period.start, asked.period.end + timedelta(1))
    )
    return staff.borrowed_by_library(asked.connection, since, until)


def _sample(connection: Connection, source: str) -> list[BibRecord]:
    """Records spread over a base: every n-th by id, so that the newest and the oldest are both seen."""
    columns = record.c
    ids: Sequence[int] = (
        connection.execute(select(columns.id).where(columns.source == source, columns.deleted.is_(False)))
        .scalars()
        .all()
    )
    step = max(1, len(ids) // SAMPLE)
    found = []
    for _, kept_record in records.load(connection, sorted(ids)[::step][:SAMPLE]):
        try:
            found.append(to_bib(kept_record))
        except BadRecord:  # it is counted among those with remarks; its fields can't be looked at
            continue
    return found


def make_textbooks(asked: Asked) -> Report:
    found = load(asked)
    offers = _offers(asked)
    lines = [line for line in offers if line.needed]
    library = facts.library_of(found, asked.library) if asked.library else None
    libraries = {one.library.code: one.library for one in found.freshness}
    exchanged = exchange.covered_by(exchange.transfers(offers, libraries))
    chosen = [line for line in lines if asked.library in ("", line.library)]
    return textbooks.provision_report(chosen, exchanged, asked.period, asked.today, libraries, library)


def make_exchange(asked: Asked) -> Report:
    found = load(asked)
    libraries = {one.library.code: one.library for one in found.freshness}

    def prices(one: exchange.Transfer) -> set[int]:
        return provision.prices(asked.connection, one.giver, one.given.clusters)

    return exchange.exchange_report(_offers(asked), asked.period, asked.today, libraries, asked.library, prices)


def _offers(asked: Asked) -> list[Line]:
    """The needs of all schools, and the books of those that need them not."""
    lines = provision.lines(asked.connection, asked.today)
    return [*lines, *provision.idle(asked.connection, asked.today, lines)]


def make_reconciliation(asked: Asked) -> Report:
    found = load(asked)
    names = {one.library.code: one.library.name for one in found.freshness}
    pairs = provision.reconcile(asked.connection, asked.library)
    return textbooks.reconciliation_report(pairs, asked.period, asked.today, names[asked.library], asked.library)
