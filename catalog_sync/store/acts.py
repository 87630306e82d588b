"""Movements of one library as accounting sees them: one line per accompanying document or act, with its content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, and_, case, func, select

from catalog_sync.errors import BadRecord
from catalog_sync.ledger.heirs import HANDED
from catalog_sync.ledger.items import COUNTED_LESS, GONE, RUN
from catalog_sync.marc.reading import marc_record
from catalog_sync.model import BibRecord, Dialect, SourceRecord
from catalog_sync.store import ledger, records, unions
from catalog_sync.store.database import chunks
from catalog_sync.store.ledger_tables import licence, stock_movement

# КСУ of a school library (Хабаровск): 2 | 3, 4, 5 | 6/8 and 9, of them 74 | 84 | preschool and classes 1–2
GROUPS = ("natural", "applied", "social", "pedagogy", "fiction", "young")
# Letters of the big tables of ББК (РГБ) stand for the figures of the school tables: Ч is 74–79, Ш is 80–84 …
_LETTERS = {**dict.fromkeys("БВГДЕ", "2"), **dict.fromkeys("ЖЗИКЛМНО", "3"), "П": "4", "Р": "5",
            **dict.fromkeys("СТУФХЦЧШЩЭЮ", "6"), "Я": "9", "А": "6"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Act:
    """What one document brought or took away. `copies` is positive in both directions."""

    day: date
    document: str
    reason: str
    column: str
    copies: int
    kopecks: int | None
    carriers: Counter[str] = field(default_factory=Counter)
    groups: Counter[str] = field(default_factory=Counter)
    grades: Counter[str] = field(default_factory=Counter)
    supplier: str = ""  # источник поступления, as the records name it; several are joined


def acts(
    connection: Connection, library: str, columns: Sequence[str], start: date, end: date, categories: Sequence[str]
) -> list[Act]:
    """Acts of a period in the order of days: one for each day, document, reason and direction."""
    move = stock_movement.c
    query = (
        select(stock_movement)
        .where(move.library == library, move.day.between(start, end), move.column.in_(columns))
        .where(move.category.in_(categories))
        .order_by(move.number)
    )
    rows = connection.execute(query).all()
    ids = {row.record for row in rows}
    books, suppliers = _books(connection, ids), _suppliers(connection, ids)
    found = []
    for key, some in _by_act(connection, rows).items():
        made = _act(key, some, books)
        if made.copies:
            named = dict.fromkeys(suppliers[row.record] for row in some if row.record in suppliers)
            found.append(replace(made, supplier="; ".join(named)))
    return found


def content(
    connection: Connection, library: str, columns: Sequence[str], start: date, end: date, categories: Sequence[str]
) -> Act:
    """Everything the lines of a period say together, by carrier and content. Signed: what left counts below zero."""
    move = stock_movement.c
    query = (
        select(
            move.record, move.category, move.carrier, func.sum(move.copies).label("copies"),
            func.sum(move.kopecks).label("kopecks"),
        )
        .where(move.library == library, move.day.between(start, end), move.column.in_(columns))
        .where(move.category.in_(categories))
        .group_by(move.record, move.category, move.carrier)
    )  # fmt: skip
    rows = [row for row in connection.execute(query) if row.copies or row.kopecks]
    known = [int(row.kopecks) for row in rows if row.kopecks is not None]
    made = Act(end, "", "", "", int(sum(row.copies for row in rows)), sum(known) if known else None)
    _count(made, rows, _books(connection, {row.record for row in rows}), 1)
    return made


@dataclass(frozen=True, slots=True)
class Counted:
    """A line, or all lines of one record, in one column of КСУ. `copies` is as the report shows it."""

    record: int
    library: str
    copies: int
    kopecks: int | None
    day: date | None
    document: str
    reason: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines of КСУ. `column`: a carrier, a group of GROUPS, «grade:1–4», or "" for all of them."""

    columns: Sequence[str]
    start: date
    end: date
    categories: Sequence[str]
    column: str = ""
    document: str | None = None  # None: any
    reason: str | None = None


def lines(connection: Connection, library: str, asked: Filter) -> list[Counted]:
    """What one figure of КСУ counts: the lines of a movement, or the records of a state (all columns asked)."""
    move = stock_movement.c
    query = (
        select(stock_movement)
        .where(move.library == library, move.day.between(asked.start, asked.end), move.column.in_(asked.columns))
        .where(move.category.in_(asked.categories))
        .order_by(move.day, move.number)
    )
    rows = _of_asked(connection, connection.execute(query).all(), asked)
    books = _books(connection, {row.record for row in rows}) if asked.column else {}
    chosen = [row for row in rows if _stands_in(asked.column, row, books.get(row.record))]
    sign = -1 if set(asked.columns) <= {"withdrawn", "expired"} else 1
    return [
        Counted(row.record, row.library, sign * row.copies, None if row.kopecks is None else sign * row.kopecks,
                row.day, row.document, row.reason)
        for row in chosen
    ]  # fmt: skip


def _of_asked(connection: Connection, rows: Sequence[Any], asked: Filter) -> Sequence[Any]:
    if asked.document is None and asked.reason is None:
        return rows
    acts = ((document, reason, some) for (_, document, reason, _), some in _by_act(connection, rows).items())
    chosen = [
        row for document, reason, some in acts
        if asked.document in (None, document) and asked.reason in (None, reason) for row in some
    ]  # fmt: skip
    return sorted(chosen, key=lambda row: (row.day, row.number))


def _stands_in(column: str, row: Any, book: BibRecord | None) -> bool:
    """Whether a line is counted in a column of КСУ, by the rules of `_count`."""
    if column.startswith("grade:"):
        return level_of(book) == column.removeprefix("grade:")
    if column in GROUPS:
        return column in content_groups(book, row.category)
    if column == "print":
        return row.carrier in ("print", "microform")
    return column in ("", row.carrier)


def late(connection: Connection, libraries: Sequence[str], start: date, end: date) -> list[Counted]:
    """Lines of a period the ledger learnt of after its end, signed (Unsure.late)."""
    move = stock_movement.c
    query = (
        select(stock_movement)
        .where(move.library.in_(libraries), move.day.between(start, end), move.recorded > end)
        .order_by(move.library, move.number)
    )
    return [
        Counted(row.record, row.library, row.copies, row.kopecks, row.day, row.document, row.reason)
        for row in connection.execute(query)
    ]


@dataclass(frozen=True, slots=True)
class Unsure:
    """Copies of a period whose day is not a document's, or that the ledger learnt of after it. `late` is signed."""

    initial: int = 0
    undated: int = 0
    vanished: int = 0
    late: int = 0


def unsure(connection: Connection, libraries: Sequence[str], start: date, end: date) -> dict[str, Unsure]:
    """For each library, what a comparison of a period with КСУ should begin with."""
    move = stock_movement.c

    def copies(*conditions: Any) -> Any:
        return func.coalesce(func.sum(case((and_(*conditions), move.copies), else_=0)), 0)

    query = (
        select(
            move.library,
            copies(move.column == "initial").label("initial"),
            copies(move.column == "acquired", move.basis == RUN).label("undated"),
            copies(move.column == "withdrawn", move.basis == RUN).label("vanished"),
            copies(move.recorded > end).label("late"),
        )
        .where(move.library.in_(libraries), move.day.between(start, end))
        .group_by(move.library)
    )
    return {
        row.library: Unsure(int(row.initial), int(row.undated), -int(row.vanished), int(row.late))
        for row in connection.execute(query)
    }


def count_between(
    connection: Connection, library: str, columns: Sequence[str], start: date, end: date, categories: Sequence[str]
) -> int:
    """How many acts `acts` lists of [start, end]: those of a later period are numbered on from there."""
    move = stock_movement.c
    query = select(*(move[name] for name in _OF_ACT)).where(
        move.library == library, move.day.between(start, end), move.column.in_(columns), move.category.in_(categories)
    )
    by_act = _by_act(connection, connection.execute(query).all())
    return sum(1 for some in by_act.values() if sum(row.copies for row in some))


_OF_ACT = (
    "number", "record", "day", "document", "kind", "column", "reason", "basis", "inventory", "corrects", "copies",
)  # fmt: skip
_ActKey = tuple[date, str, str, str]  # day, document, reason and direction: what lines of one act have in common


def _by_act(connection: Connection, rows: Sequence[Any]) -> dict[_ActKey, list[Any]]:
    """The lines of each act, in the order of days.

    Corrections belong to the act they correct; their own reason is not the act's. An exit that no document names is
    that of the day's export, and so is what takes it back.
    """
    corrections = {row.record for row in rows if row.kind == "correction" and row.column in _EXITS}
    exits, of_acts = _exits(connection, corrections), _exits_of_acts(rows)
    for row in rows:
        if row.reason == HANDED and row.column in _EXITS:  # the act that wrote them off stands with the former record
            exits.setdefault(row.record, of_acts.get((row.day, row.document), []))
    found: dict[_ActKey, list[Any]] = {}
    for row in rows:
        is_own = row.kind != "correction"
        reason = str(row.reason) if is_own else _reason_corrected(row, exits.get(row.record, ()))
        found.setdefault((row.day, row.document, reason, row.column), []).append(row)
    return dict(sorted(found.items()))


_EXITS = ("withdrawn", "expired")


def _exits(connection: Connection, ids: set[int]) -> dict[int, list[Any]]:
    """What left of these records, in whatever library and class it stands now."""
    move = stock_movement.c
    found: dict[int, list[Any]] = {}
    for some in chunks(sorted(ids)):
        query = select(move.record, move.number, move.day, move.document, move.reason, move.inventory).where(
            move.record.in_(some), move.column.in_(_EXITS), move.kind != "correction"
        )
        for row in connection.execute(query.order_by(move.number)):
            found.setdefault(row.record, []).append(row)
    return found


def _exits_of_acts(rows: Sequence[Any]) -> dict[tuple[date, str], list[Any]]:
    """By day and document."""
    found: dict[tuple[date, str], list[Any]] = {}
    for row in rows:
        if row.column in _EXITS and row.kind != "correction":
            found.setdefault((row.day, row.document), []).append(row)
    return found


def _reason_corrected(row: Any, exits: Sequence[Any]) -> str:
    """The reason of the exit that a correction names, or of the likeliest one of its document."""
    if row.column not in _EXITS or row.reason == COUNTED_LESS:
        return ""
    named = set(row.inventory.split(", "))
    like = [
        ((one.number == row.corrects, bool(named.intersection(one.inventory.split(", "))), one.day == row.day), one)
        for one in exits if one.number == row.corrects or one.document == row.document
    ]  # fmt: skip
    if like:
        return str(max(like, key=itemgetter(0))[1].reason)
    return GONE if row.basis == RUN else ""


def _act(key: _ActKey, rows: Sequence[Any], books: dict[int, BibRecord]) -> Act:
    sign = 1 if key[3] in ("acquired", "initial") else -1
    made = Act(*key, sign * sum(row.copies for row in rows), _money(rows, sign))
    _count(made, rows, books, sign)
    return made


def _count(made: Act, rows: Sequence[Any], books: dict[int, BibRecord], sign: int) -> None:
    """Share the copies of the rows out to the columns of КСУ."""
    for row in rows:
        copies = sign * int(row.copies)
        made.carriers[row.carrier] += copies
        book = books.get(row.record)
        for group in content_groups(book, row.category):
            made.groups[group] += copies
        made.grades[level_of(book)] += copies


def _money(rows: Sequence[Any], sign: int) -> int | None:
    known = [row.kopecks for row in rows if row.kopecks is not None]
    return sign * sum(known) if known else None


def _books(connection: Connection, records: set[int]) -> dict[int, BibRecord]:
    clusters = ledger.editions(connection, records)
    bibs: dict[str, BibRecord] = {}
    for few in chunks(sorted(set(clusters.values()))):
        bibs |= {union.cluster: union.bib for union in unions.load(connection, list(few))}
    return {number: bibs[cluster] for number, cluster in clusters.items() if cluster in bibs}


def _suppliers(connection: Connection, ids: set[int]) -> dict[int, str]:
    """Record → 901 $a «источник поступления» of МАРК-SQL, contract → its platform; other formats have no field."""
    contracts = select(licence.c.number, licence.c.platform).where(
        licence.c.number.in_([-number for number in ids if number < 0]), licence.c.platform != ""
    )
    found = {-number: platform for number, platform in connection.execute(contracts)}
    for some in chunks(sorted(number for number in ids if number >= 0)):
        for number, record in records.load(connection, list(some)):
            if record.dialect is Dialect.MARCSQL and (name := _supplier(record)):
                found[number] = name
    return found


def _supplier(record: SourceRecord) -> str:
    try:
        fields = marc_record(record).fields
    except BadRecord:
        return ""
    return next((name for field_ in fields if field_.tag == "901" and (name := field_.first("a").strip())), "")


def content_groups(book: BibRecord | None, category: str) -> Iterator[str]:
    """The columns of КСУ a book is counted in: by its ББК, fiction also by its category."""
    index = next((bbk.strip() for bbk in book.bbk if bbk.strip()), "") if book else ""
    digits = index[:2]
    main = _LETTERS.get(index[:1].upper(), index[:1])
    if digits == "84" or category == "fiction":
        yield "fiction"
    elif main == "2":
        yield "natural"
    elif main in ("3", "4", "5"):
        yield "applied"
    elif main in ("6", "7", "8", "9"):
        yield "social"
    if digits == "74" or index[:2].upper() == "Ч4":
        yield "pedagogy"
    if book and book.audience[:1] and _is_young(book):
        yield "young"


def _is_young(book: BibRecord) -> bool:
    """Preschool and the first classes: 100$a/17 b, c; 008/22 a, b."""
    return book.audience[:1].lower() in ("bc" if book.dialect.is_unimarc_family else "ab")


def level_of(book: BibRecord | None) -> str:
    """1–4, 5–9 or 10–11 by the class named in the description; "" where none is."""
    from catalog_sync.facets import facets

    grades = facets(book).grades if book else ()
    if not grades:
        return ""
    last = max(grades)
    return "1–4" if last <= 4 else "5–9" if last <= 9 else "10–11"
