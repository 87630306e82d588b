"""«Число → книги»: the rows of the ledger a figure counts, page by page, in a stable order.

Pages are cut by class and then by key, never by offset: the hundredth page costs what the first costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, tuple_

from catalog_sync.errors import Refused
from catalog_sync.model import RecordKey
from catalog_sync.store import cursors, ledger, licences, unions
from catalog_sync.store.figures import CLASSES, Horizon, Selection, balances, once
from catalog_sync.store.ledger_tables import (
    ledger_member,
    stock_movement,
    stock_position,
    stock_rollup,
    title_movement,
)
from catalog_sync.store.rollups import DISTRICT, schools
from catalog_sync.store.tables import union_record
from catalog_sync.store.titles import PACKAGE

Cell = tuple[str, str, str]
ANY: Cell = ("", "", "")  # editions are not cut by class: one may stand under two
MEASURES = ("state", "initial", "acquired", "withdrawn", "expired", "left")  # left = withdrawn and expired («выбыло»)
EXITS = {"withdrawn": ("withdrawn",), "expired": ("expired",), "left": ("withdrawn", "expired")}


@dataclass(frozen=True, slots=True)
class Counted:
    """One row behind a figure; the `copies` of all its rows add up to it, so what left is positive here.

    For a state `day` is the first day the copies were there; `number` is the ledger's.
    """

    library: str
    record: RecordKey | None
    cluster: str
    copies: int
    day: date | None
    category: str
    carrier: str
    ekind: str
    kind: str = ""
    basis: str = ""
    document: str = ""
    reason: str = ""
    inventory: str = ""
    kopecks: int | None = None
    number: int = 0
    run: int | None = None
    title: str = ""
    responsibility: str = ""
    year: str = ""
    rule: str = ""  # why it is in this class


@dataclass(frozen=True, slots=True)
class Page:
    rows: tuple[Counted, ...]
    next: str  # cursor of the next page, "" at the end


@dataclass(frozen=True, slots=True)
class Question:
    """Which rows: of one scope, of a measure, in a period (a state is taken at its end)."""

    selection: Selection
    measure: str  # of MEASURES
    unit: str  # copies | titles | editions (titles without repetition over libraries)
    start: date
    end: date
    clusters: tuple[str, ...] = ()  # only these editions; empty means all
    basis: str = ""  # only copies whose date comes from here (`run`: the day of the export); titles have none
    document: str = ""  # only copies of this act or invoice; titles have none
    before: int = 0  # only editions published before this year
    at: Horizon | None = None  # as the ledgers stood at a snapshot

    @property
    def is_narrowed(self) -> bool:
        """Whether it asks what no roll-up knows."""
        return bool(self.clusters or self.basis or self.document or self.before)


def page(connection: Connection, question: Question, *, cursor: str = "", limit: int = 50) -> Page:
    """The next `limit` rows behind a figure. Raises Refused for a cursor that is not ours."""
    if question.unit == "editions" and question.measure != "state":
        raise Refused("названия без повторов считаются только для состояния")
    cells = [ANY] if question.unit == "editions" else _cells(connection, question.selection)
    at, key = cursors.read(cursor)
    read = _READERS[question.unit, question.measure == "state"]
    found: list[Counted] = []
    while at < len(cells) and len(found) < limit:
        rows, key = read(connection, question, cells[at], key, limit - len(found))
        found += rows
        if len(found) < limit:
            at, key = at + 1, None
    more = cursors.write(at, key) if at < len(cells) and len(found) >= limit else ""
    return Page(tuple(_described(connection, found)), more)


def total(connection: Connection, question: Question) -> int:
    """The figure itself: what the copies of all its rows add up to."""
    if question.unit == "editions":
        return once(connection, _held_titles(question))
    if question.is_narrowed:
        return _total_of_lines(connection, question)
    found = balances(connection, question.selection, question.start, question.end, at=question.at)
    balance = found.total()[question.unit == "titles"]
    return int(getattr(balance, "closing" if question.measure == "state" else question.measure))


def _total_of_lines(connection: Connection, question: Question) -> int:
    """As `total` for some editions or a basis: roll-ups know neither, so the lines are summed."""
    titles = question.unit == "titles"
    columns = title_movement.c if titles else stock_movement.c
    amount = title_movement.c.titles if titles else stock_movement.c.copies
    scopes = question.selection.scopes if titles else _libraries(connection, question.selection)
    query = select(func.sum(amount)).where(
        columns.scope.in_(scopes) if titles else columns.library.in_(scopes),
        *question.selection.admits(columns),
        *_narrowed(columns, question),
        columns.day <= question.end,
    )
    if question.measure != "state":
        query = query.where(columns.day >= question.start, columns.column.in_(_columns(question)))
    return _sign(question) * int(connection.execute(query).scalar() or 0)


def _narrowed(columns: Any, question: Question) -> list[ColumnElement[bool]]:
    """The question's editions, basis, document and horizon, as far as a table knows them."""
    named = (("basis", question.basis), ("document", question.document))
    found = [columns[name] == value for name, value in named if value and name in columns]
    if question.at and "number" in columns:
        last = question.at.title_movement if "cluster" in columns else question.at.movement
        found.append(columns.number <= last)
    if question.clusters and "cluster" in columns:
        found.append(columns.cluster.in_(question.clusters))
    elif question.clusters:
        chosen = select(ledger_member.c.record).where(ledger_member.c.cluster.in_(question.clusters))
        found.append(columns.record.in_(chosen))
    return [*found, _published_before(columns, question.before)] if question.before else found


def _published_before(columns: Any, year: int) -> ColumnElement[bool]:
    """Whether a line is of an edition of before a year: asked line by line, a page needs few of them."""
    made, of_record = union_record.c, ledger_member.c
    old = select(made.year).where(made.year < year)
    if "cluster" in columns:
        return old.where(made.cluster == columns.cluster).exists()
    return old.join(ledger_member, of_record.cluster == made.cluster).where(of_record.record == columns.record).exists()


def _cells(connection: Connection, selection: Selection) -> list[Cell]:
    """The classes that occur, in a stable order: the roll-up knows them."""
    columns = stock_rollup.c
    query = (
        select(columns.category, columns.carrier, columns.ekind)
        .where(columns.grain == "T", columns.scope.in_(selection.scopes), *selection.admits(columns))
        .distinct()
    )
    return sorted((row[0], row[1], row[2]) for row in connection.execute(query))


def _of_cell(columns: Any, cell: Cell) -> list[ColumnElement[bool]]:
    return [columns[name] == value for name, value in zip(CLASSES, cell, strict=True)]


def _libraries(connection: Connection, selection: Selection) -> list[str]:
    wanted = set(selection.scopes) - {DISTRICT}
    if DISTRICT in selection.scopes:
        wanted |= schools(connection)
    return sorted(wanted)


def _after(columns: Sequence[Any], key: list[Any] | None, count: int) -> list[ColumnElement[bool]]:
    if key is None:
        return []
    if len(key) != count:
        raise Refused("страница: отметка от другого списка, начните с первой страницы")
    values = [date.fromisoformat(v) if c.type.python_type is date else v for c, v in zip(columns, key, strict=True)]
    return [tuple_(*columns) > tuple_(*values)] if count > 1 else [columns[0] > values[0]]


# --- Copies ----------------------------------------------------------------------------------------------------------


def _copies_held(
    connection: Connection, question: Question, cell: Cell, key: list[Any] | None, limit: int
) -> tuple[list[Counted], list[Any] | None]:
    """Records with copies on the last day: those that ever had some, in order, until enough of them had some then."""
    there, move = stock_position.c, stock_movement.c
    libraries = _libraries(connection, question.selection)
    candidates = select(there.record, there.library).where(*_of_cell(there, cell), *_in(there, libraries))
    candidates = candidates.where(*_narrowed(there, question))
    found: list[Counted] = []
    batch = max(limit * 2, 100)
    while len(found) < limit:
        order = candidates.where(*_after([there.record], key, 1)).order_by(there.record).limit(batch)
        records = [row.record for row in connection.execute(order)]
        if not records:
            return found, None
        sums = (
            select(
                move.record,
                move.library,
                func.sum(move.copies).label("copies"),
                func.min(move.day).label("day"),
                func.min(move.basis).label("first"),
                func.max(move.basis).label("last"),
            )
            .where(move.record.in_(records), move.day <= question.end, *_of_cell(move, cell))
            .where(*_narrowed(move, question))
            .group_by(move.record, move.library)
            .having(func.sum(move.copies) > 0)
            .order_by(move.record)
        )
        for row in connection.execute(sums):
            if len(found) == limit:
                return found, key
            basis = ", ".join(dict.fromkeys((row.first, row.last)))
            found.append(_counted(row.library, row.record, row.copies, row.day, cell, basis=basis))
            key = [row.record]
        key = key if len(found) == limit else [records[-1]]
    return found, key


def _columns(question: Question) -> tuple[str, ...]:
    return EXITS.get(question.measure, (question.measure,))


def _sign(question: Question) -> int:
    return -1 if question.measure in EXITS else 1


def _in(columns: Any, libraries: list[str]) -> list[ColumnElement[bool]]:
    """Limit to some libraries, unless they are all there are (then the condition only costs)."""
    return [columns.library == libraries[0]] if len(libraries) == 1 else [columns.library.in_(libraries)]


def _copies_moved(
    connection: Connection, question: Question, cell: Cell, key: list[Any] | None, limit: int
) -> tuple[list[Counted], list[Any] | None]:
    move = stock_movement.c
    libraries = _libraries(connection, question.selection)
    query = (
        select(stock_movement)
        .where(*_of_cell(move, cell), move.day.between(question.start, question.end))
        .where(move.column.in_(_columns(question)), *_in(move, libraries), *_narrowed(move, question))
        .where(*_after([move.day, move.number], key, 2))
        .order_by(move.day, move.number)
        .limit(limit)
    )
    rows, sign = connection.execute(query).all(), _sign(question)
    found = [
        _counted(
            row.library, row.record, sign * row.copies, row.day, cell, kind=row.kind, basis=row.basis,
            document=row.document, reason=row.reason, inventory=row.inventory,
            kopecks=None if row.kopecks is None else sign * row.kopecks, number=row.number, run=row.run,
        )
        for row in rows
    ]  # fmt: skip
    return found, [rows[-1].day.isoformat(), rows[-1].number] if len(rows) == limit else None


# --- Titles ----------------------------------------------------------------------------------------------------------


def _titles_held(
    connection: Connection, question: Question, cell: Cell, key: list[Any] | None, limit: int
) -> tuple[list[Counted], list[Any] | None]:
    line = title_movement.c
    query = (
        select(line.cluster, line.scope, func.sum(line.titles).label("titles"), func.min(line.day).label("day"))
        .where(line.scope.in_(question.selection.scopes), *_of_cell(line, cell), line.day <= question.end)
        .where(*_after([line.cluster, line.scope], key, 2), *_narrowed(line, question))
        .group_by(line.cluster, line.scope)
        .having(func.sum(line.titles) > 0)
        .order_by(line.cluster, line.scope)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    found = [_counted(row.scope, None, row.titles, row.day, cell, cluster=row.cluster) for row in rows]
    return found, [rows[-1].cluster, rows[-1].scope] if len(rows) == limit else None


def _editions_held(
    connection: Connection, question: Question, _cell: Cell, key: list[Any] | None, limit: int
) -> tuple[list[Counted], list[Any] | None]:
    """Every edition once, however many of the libraries hold it and under whatever class."""
    held = _held_titles(question).subquery()
    names = [func.min(held.c[name]).label(name) for name in ("scope", "day", *CLASSES)]
    query = select(held.c.cluster, func.max(held.c.titles).label("titles"), *names)
    query = query.where(*_after([held.c.cluster], key, 1))
    rows = connection.execute(query.group_by(held.c.cluster).order_by(held.c.cluster).limit(limit)).all()
    found = [
        _counted(row.scope, None, row.titles, row.day, (row.category, row.carrier, row.ekind), cluster=row.cluster)
        for row in rows
    ]
    return found, [rows[-1].cluster] if len(rows) == limit else None


def _held_titles(question: Question) -> Select[Any]:
    """(cluster, scope, titles, day and class) of each edition each scope holds at the end."""
    line = title_movement.c
    classes = [func.min(line[name]).label(name) for name in CLASSES]
    return (
        select(
            line.cluster, line.scope, func.sum(line.titles).label("titles"), func.min(line.day).label("day"), *classes
        )
        .where(line.scope.in_(question.selection.scopes), line.day <= question.end)
        .where(*question.selection.admits(line), *_narrowed(line, question))
        .group_by(line.cluster, line.scope)
        .having(func.sum(line.titles) > 0)
    )


def _titles_moved(
    connection: Connection, question: Question, cell: Cell, key: list[Any] | None, limit: int
) -> tuple[list[Counted], list[Any] | None]:
    line = title_movement.c
    query = (
        select(title_movement)
        .where(line.scope.in_(question.selection.scopes), *_of_cell(line, cell), line.column.in_(_columns(question)))
        .where(line.day.between(question.start, question.end), *_after([line.cluster, line.number], key, 2))
        .where(*_narrowed(line, question))
        .order_by(line.cluster, line.number)
        .limit(limit)
    )
    rows, sign = connection.execute(query).all(), _sign(question)
    found = [
        _counted(
            row.scope, None, sign * row.titles, row.day, cell, cluster=row.cluster, reason=row.cause, number=row.number
        )
        for row in rows
    ]  # fmt: skip
    return found, [rows[-1].cluster, rows[-1].number] if len(rows) == limit else None


_READERS = {
    ("copies", True): _copies_held,
    ("copies", False): _copies_moved,
    ("titles", True): _titles_held,
    ("titles", False): _titles_moved,
    ("editions", True): _editions_held,
}


# --- Words -----------------------------------------------------------------------------------------------------------


def _counted(library: str, record: int | None, copies: int, day: date, cell: Cell, **more: Any) -> Counted:
    more.setdefault("cluster", "" if record is None else f"#{record}")
    return Counted(
        library=library, record=None, copies=int(copies), day=day, category=cell[0], carrier=cell[1], ekind=cell[2],
        **more,
    )  # fmt: skip


def _described(connection: Connection, rows: list[Counted]) -> list[Counted]:
    """Put in the keys, the editions and their titles: one query each for the page."""
    ids = {int(row.cluster[1:]) for row in rows if row.cluster.startswith("#")}
    keys = ledger.keys_of(connection, ids)
    clusters = ledger.editions(connection, ids)
    found = []
    for row in rows:
        number = int(row.cluster[1:]) if row.cluster.startswith("#") else 0
        found.append(replace(row, record=keys.get(number), cluster=clusters.get(number, "")) if number else row)
    wanted = sorted({row.cluster for row in found if row.cluster})
    bibs = {union.cluster: union for union in unions.load(connection, wanted)}
    return [_with_title(connection, row, bibs.get(row.cluster)) for row in found]


def _contract_of(row: Counted) -> int:
    """Number of the contract where the row is a package without records, else 0."""
    if row.record and row.record.source == ledger.LICENCES:
        return int(row.record.local_id)
    return int(row.cluster.removeprefix(PACKAGE)) if row.cluster.startswith(PACKAGE) else 0


def _with_title(connection: Connection, row: Counted, union: Any) -> Counted:
    if number := _contract_of(row):
        one = licences.get(connection, number)
        return replace(row, title=one.name, rule=f"пакет без записей: считается по договору {one.contract}".rstrip())
    if union is None:
        return row
    bib, classified = union.bib, union.classified
    rule = f"{classified.category_reason}; {classified.carrier_reason}" if classified else ""
    title = f"{bib.title} : {bib.subtitle}" if bib.subtitle else bib.title
    return replace(row, title=title, responsibility=bib.responsibility, year=bib.year_text or bib.year_coded, rule=rule)
