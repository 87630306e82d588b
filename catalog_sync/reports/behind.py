"""«Число → книги» for figures no ledger holds: records of the catalogue, schools, needs, figures typed, days of use.

A figure of the ledger opens the page of its movements (store.drill); every other one opens a list of this module. The
amounts of a list add up to the figure, whichever page of it one looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection

from catalog_sync.errors import Refused
from catalog_sync.model import Dialect
from catalog_sync.reports import ksu_lines, roadmap
from catalog_sync.reports.model import Drill, Entry
from catalog_sync.reports.textbooks import state_of
from catalog_sync.store import (
    catalogue_rows,
    coverage,
    cursors,
    eresources,
    kept,
    ledger,
    licences,
    manual,
    provision,
    registry,
    staff,
    unions,
    usage,
)
from catalog_sync.store.catalogue_rows import Scope
from catalog_sync.store.coverage import Freshness
from catalog_sync.store.figures import Selection, balances
from catalog_sync.text import in_order


@dataclass(frozen=True, slots=True)
class Asked:
    """Which list. What `name`, `measure` and `part` mean depends on it: see LISTS."""

    of: str
    libraries: tuple[str, ...]
    start: date
    end: date
    today: date
    name: str = ""
    measure: str = ""
    part: str = ""
    document: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of entries; `total` is the figure, `next` the cursor of the next page, "" at the end."""

    total: float
    entries: tuple[Entry, ...]
    next: str


Read = Callable[[Connection, Asked], Sequence[Entry]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One list and how it is read. A list of the catalogue is read page by page."""

    read: Read | None = None
    records: str = ""  # the question of store.catalogue_rows
    staff_only: bool = False  # accounting, or what was wrong with somebody's records
    names: tuple[str, ...] = ()  # what `name` may be; empty: not asked
    staff_names: tuple[str, ...] = ()  # those of them that stand in papers of the staff alone

    def is_for_staff(self, asked: Asked) -> bool:
        return self.staff_only or asked.name in self.staff_names


def page(connection: Connection, asked: Asked, cursor: str = "", limit: int = 50) -> Listing:
    """One page of a list. Raises Refused for a list, a name or a cursor that is none."""
    kind = kind_of(asked)
    at, _ = cursors.read(cursor)
    if kind.records:
        return _records(connection, kind.records, asked, at, limit)
    found = kind.read(connection, asked) if kind.read else ()
    more = cursors.write(at + limit, None) if at + limit < len(found) else ""
    shown = _titled(connection, found[at : at + limit])
    return Listing(round(sum(entry.amount for entry in found), 2), tuple(shown), more)


def _titled(connection: Connection, entries: Sequence[Entry]) -> list[Entry]:
    """The entries of records with their titles and editions."""
    keys = [entry.record for entry in entries if entry.record]
    ids = ledger.ids_of(connection, keys, strict=False)
    clusters = ledger.editions(connection, set(ids.values()))
    titles = {one.cluster: one.bib.title for one in unions.load(connection, sorted(set(clusters.values())))}
    found = []
    for entry in entries:
        edition = clusters.get(ids.get(entry.record, 0), "") if entry.record else entry.cluster
        found.append(replace(entry, what=titles.get(edition, entry.what), cluster=edition))
    return found


def kind_of(asked: Asked) -> Kind:
    kind = LISTS.get(asked.of)
    if kind is None:
        raise Refused(f"of: ожидалось {', '.join(LISTS)}, пришло {asked.of!r}")
    if kind.names and asked.name not in kind.names:
        raise Refused(f"name: ожидалось {', '.join(kind.names)}, пришло {asked.name!r}")
    return kind


def _records(connection: Connection, question: str, asked: Asked, after: int, limit: int) -> Listing:
    scope = Scope(asked.libraries, asked.part)
    rows = catalogue_rows.page(connection, question, scope, after, limit)
    entries = [
        Entry(row.library, row.title or (str(row.record) if row.record else f"№ {row.id} в файле"), 1, None,
              row.note, row.record, row.cluster)
        for row in rows
    ]  # fmt: skip
    more = cursors.write(rows[-1].id, None) if len(rows) == limit else ""
    return Listing(catalogue_rows.total(connection, question, scope), tuple(entries), more)


# --- Schools and reports ---------------------------------------------------------------------------------------------


def _schools(connection: Connection, asked: Asked) -> list[Entry]:
    """Schools in a state by the end of the period; `part` is a stage of the roll-out."""
    schools = _open_schools(connection, asked.start)
    schools = [one for one in schools if not asked.libraries or one.library.code in asked.libraries]
    if asked.part:
        schools = [one for one in schools if str(one.library.stage) == asked.part]
    if asked.name == "catalogued":
        codes = tuple(one.library.code for one in schools)
        there: dict[str, int] = {}
        for cell, balance in balances(connection, Selection(codes), asked.start, asked.end).copies.items():
            there[cell.scope] = there.get(cell.scope, 0) + balance.closing
        schools = [one for one in schools if there.get(one.library.code, 0) > 0]
    else:
        schools = [one for one in schools if _is(one, asked)]
    return [Entry(one.library.code, one.library.name, 1, one.first, _told(one)) for one in schools]


def _open_schools(connection: Connection, start: date) -> list[Freshness]:
    """The schools of the reports of a period that begins so."""
    return [one for one in coverage.freshness(connection) if one.library.kind == "school" and one.was_open(start)]


def _is(one: Freshness, asked: Asked) -> bool:
    if asked.name == "connected":
        return one.first is not None and one.first <= asked.end
    if asked.name == "fresh":
        return one.covers(asked.end, asked.today)
    due = {stage.number: stage.due for stage in roadmap.stages()}
    if asked.name == "planned":
        return one.library.stage in due and due[one.library.stage] <= asked.end
    return one.library.stage in due  # staged


def _told(one: Freshness) -> str:
    return f"последняя выгрузка {one.last:%d.%m.%Y}" if one.last else "выгрузок не было"


def _reports(connection: Connection, asked: Asked) -> list[Entry]:
    """Reports due in the period; those that were made by their day count."""
    due = [(duty.code, day) for day, duty in roadmap.due(asked.start - timedelta(1), min(asked.end, asked.today))]
    titles = {duty.code: duty.title for duty in roadmap.duties()}
    found = []
    for code, day, made in kept.on_time(connection, due):
        in_time = made is not None and made <= day
        if in_time or asked.name == "due":
            found.append(Entry("", titles[code], 1, day, f"составлен {made:%d.%m.%Y}" if made else "не составлен"))
    return found


def _pupils(connection: Connection, asked: Asked) -> list[Entry]:
    return [
        Entry(one.code, one.name, one.pupils, None, "из карточки библиотеки")
        for one in sorted(registry.libraries(connection), key=lambda one: in_order(one.code))
        if one.pupils and (one.code in asked.libraries or (not asked.libraries and one.kind == "school"))
    ]


def _typed(connection: Connection, asked: Asked) -> list[Entry]:
    """Figures people typed, the latest of each library; `measure` latest: however long before the period."""
    codes = asked.libraries or tuple(one.library.code for one in _open_schools(connection, asked.start))
    since = None if asked.measure == "latest" else asked.start
    rows = manual.typed(connection, codes, asked.end, since, asked.name)
    return [Entry(row.library, manual.NAMES[row.name], row.value, row.day, "введено вручную") for row in rows]


def _uses(connection: Connection, asked: Asked) -> list[Entry]:
    kinds = ("record",) if asked.name == "record" else usage.ASKED
    days = usage.by_day(connection, asked.start, asked.end, kinds)
    return [Entry("", usage.KINDS[what], count, day, "счётчик сайта") for day, what, count in days]


def _links(connection: Connection, asked: Asked) -> list[Entry]:
    found = [one for one in eresources.open_ones(connection) if asked.name == "open" or one.works]
    zone = coverage.zone_of(connection)
    return [
        Entry("", one.title, 1, one.checked.astimezone(zone).date() if one.checked else None,
              one.check_fault or ("отвечает" if one.checked else "ещё не проверялась"), None, one.cluster)
        for one in found
    ]  # fmt: skip


def _borrowed(connection: Connection, asked: Asked) -> list[Entry]:
    zone = coverage.zone_of(connection)
    since, until = (datetime.combine(day, time.min, zone) for day in (asked.start, asked.end + timedelta(1)))
    rows = staff.borrowed_rows(connection, asked.libraries, since, until)
    return [
        Entry(row.library, row.origin, 1, row.when.astimezone(zone).date(),
              f"взята в формате {Dialect(row.dialect).label}", None, "" if ":" in row.origin else row.origin)
        for row in rows
    ]  # fmt: skip


# --- Textbooks and contracts -----------------------------------------------------------------------------------------

NEEDS = ("needed", "have", "fit", "missing", "surplus", "ordered", "covered")


def _provision(connection: Connection, asked: Asked) -> list[Entry]:
    """Needs book by book; each opens the copies it counts."""
    lines = provision.lines(connection, asked.today, asked.libraries)
    return [
        Entry(line.library, f"{line.grade} кл., {line.subject}: {line.wanted.authors} {line.wanted.title}".strip(),
              getattr(line, asked.name), None, f"нужно {line.needed}, годных {line.fit}",
              rows=state_of(line, asked.today))
        for line in lines
        if line.needed and getattr(line, asked.name)
    ]  # fmt: skip


def _contracts(connection: Connection, asked: Asked) -> list[Entry]:
    """The register of contracts, as far as they have begun; or only those that end in the period."""
    found = []
    for one in licences.register(connection, asked.libraries):
        amounts = _amounts(connection, one)
        ends_here = asked.start <= one.ends <= asked.end
        if one.closed is None and (ends_here if asked.measure == "ending" else one.starts <= asked.end):
            query = Drill(one.library, asked.today, asked.today, clusters=(f"licence:{one.number}",)).query
            has_rows = asked.name == "copies" and not one.source and amounts["copies"] > 0 and one.starts <= asked.today
            found.append(Entry(one.library, f"{one.name} {one.contract}".strip(), amounts[asked.name], one.ends,
                               "по договору", rows=query if has_rows else ""))  # fmt: skip
    return [entry for entry in found if entry.amount]


def _amounts(connection: Connection, one: licences.Licence) -> dict[str, float]:
    """What a contract counts, by the `name` of a list of contracts."""
    titles, copies = licences.catalogued_counts(connection, one)
    return {
        "titles": titles, "copies": copies, "databases": int(one.is_database), "rubles": (one.kopecks or 0) / 100,
    }  # fmt: skip


def _contract(connection: Connection, asked: Asked) -> list[Entry]:
    """What one contract counts: the records of its source that are in stock, else its own numbers."""
    try:
        one = licences.get(connection, int(asked.part))
    except ValueError:
        raise Refused(f"part: ожидался номер договора, пришло {asked.part!r}") from None
    why = f"договор {one.contract}".strip()
    if not one.source or asked.name == "rubles":
        return [Entry(one.library, one.name, _amounts(connection, one)[asked.name], one.starts, why)]
    return [
        Entry(line.library, str(line.record), 1 if asked.name == "titles" else -line.copies, one.starts, why,
              line.record)
        for line in licences.catalogued(connection, one)
    ]  # fmt: skip


def _ksu(connection: Connection, asked: Asked) -> list[Entry]:
    return ksu_lines.read(
        connection, asked.libraries, asked.start, asked.end, measure=asked.measure, column=asked.name,
        book=asked.part, document=asked.document, reason=asked.reason,
    )  # fmt: skip


def _late(connection: Connection, asked: Asked) -> list[Entry]:
    return ksu_lines.late(connection, asked.libraries, asked.start, asked.end)


LISTS: dict[str, Kind] = {
    **{name: Kind(records=name) for name in catalogue_rows.QUESTIONS},
    "schools": Kind(_schools, names=("connected", "fresh", "planned", "staged", "catalogued")),
    "reports": Kind(_reports, names=("due", "on-time")),
    "pupils": Kind(_pupils),
    "typed": Kind(_typed, names=tuple(manual.NAMES)),
    "uses": Kind(_uses, names=("asked", "record")),
    "links": Kind(_links, names=("open", "working")),
    "borrowed": Kind(_borrowed),
    "provision": Kind(_provision, names=NEEDS),
    "contracts": Kind(_contracts, names=("titles", "copies", "databases", "rubles"), staff_names=("rubles",)),
    "contract": Kind(_contract, names=("titles", "copies", "rubles"), staff_names=("rubles",)),
    "late": Kind(_late),
    "ksu": Kind(_ksu, staff_only=True),
}  # fmt: skip


def without_details(listing: Listing, asked: Asked) -> Listing:
    """What a reader who is none of the staff sees: not what was wrong with a school's records, nor its documents."""
    if asked.of not in ("warned", "set-aside", "late"):
        return listing
    return replace(listing, entries=tuple(replace(entry, why="") for entry in listing.entries))
