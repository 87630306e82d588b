"""Textbook provision: what the classes of each school need, what its stock has, what the federal list admits.

A need is matched to books by ISBN, by the ISBN of its number in the federal list, or by class, author and title.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, and_, func, select

from catalog_sync.facets import facets
from catalog_sync.model import BibRecord, Carrier, Category
from catalog_sync.store import unions
from catalog_sync.store.database import chunks
from catalog_sync.store.ledger_tables import (
    ais_row,
    fpu_entry,
    ledger_member,
    stock_movement,
    stock_position,
    textbook_need,
)
from catalog_sync.text import fold, in_order, skeleton

SCHOOL_YEAR_BEGINS = 8  # needs of the next school year are entered from summer on


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a textbook is named by a need, the federal list or АИС «Учебник»."""

    title: str
    authors: str = ""
    grade: str = ""
    isbn: str = ""
    fpu: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One textbook of one class of one school. Copies are counted on the day of the report."""

    library: str
    year: int
    grade: int
    subject: str
    wanted: Wanted
    publisher: str
    pupils: int
    needed: int
    have: int
    fit: int
    electronic: int
    ordered: int
    fit_known: bool
    per_pupil: float = 1.0
    valid_until: date | None = None  # the last day the federal list lets it be used; None: in force, or no list
    clusters: tuple[str, ...] = ()  # the editions of the library's stock that were counted
    shared: bool = False  # other lines of the library need these editions too: the copies are this line's share

    @property
    def missing(self) -> int:
        return max(0, self.needed - self.fit)

    @property
    def surplus(self) -> int:
        return max(0, self.fit - self.needed)

    @property
    def spare(self) -> int:
        """What can be handed over: printed copies beyond the need."""
        return min(self.surplus, self.have - self.electronic)

    @property
    def covered(self) -> int:
        """min(needed, fit): a surplus of one book never hides the lack of another."""
        return min(self.needed, self.fit)


@dataclass(frozen=True, slots=True)
class Stocked:
    """A textbook of a library's stock, with what it can be found by."""

    cluster: str
    bib: BibRecord
    printed: int
    electronic: int
    isbns: frozenset[str]
    grades: frozenset[int]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The textbooks of one library, by ISBN and by class."""

    books: Sequence[Stocked] = ()
    by_isbn: Mapping[str, Sequence[Stocked]] = field(default_factory=dict)

    def find(self, wanted: Wanted, isbns: Iterable[str]) -> list[Stocked]:
        """Books that are this one: by any ISBN, else by class, author and title."""
        found = {book.cluster: book for isbn in isbns if isbn for book in self.by_isbn.get(isbn, ())}
        return list(found.values()) or [book for book in self.books if is_same(wanted, book)]


def is_same(wanted: Wanted, book: Stocked) -> bool:
    """Whether a description without ISBN names this book: its class, one of its authors, the words of its title."""
    grades = grades_of(wanted.grade)
    if grades and book.grades and not grades & book.grades:
        return False
    title = set(words_of(wanted.title)) - _NOISE
    if not title or not title <= set(words_of(f"{book.bib.title} {book.bib.subtitle}")):
        return False
    surnames = {word for word in words_of(wanted.authors) if len(word) > 2}
    named = words_of(" ".join([book.bib.responsibility, *(agent.name for agent in book.bib.agents)]))
    return not surnames or bool(surnames & set(named))


_NOISE = frozenset(
    _w for _w in ["учебник", "для", "общеобразовательных", "организаций", "класс", "класса", "базовый", "уровень"]
)


def words_of(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]{2,}", fold(text))


def grades_of(text: str) -> set[int]:
    """«5», «10-11», «10–11 кл.» as classes."""
    numbers = [int(n) for n in re.findall(r"\d+", text) if 1 <= int(n) <= 11]
    if len(numbers) == 2 and re.search(r"\d\s*[-–—]\s*\d", text):
        return set(range(numbers[0], numbers[1] + 1))
    return set(numbers)


def isbn13(typed: str) -> str:
    """The 13 digits of a valid ISBN as typed, or "" (ISO 2108)."""
    digits = re.sub(r"[^0-9Xx]", "", typed).upper()
    if len(digits) == 10 and digits[:9].isdigit():
        if sum(n * (10 if d == "X" else int(d)) for n, d in zip(range(10, 0, -1), digits, strict=True)) % 11:
            return ""
        digits = "978" + digits[:9]
        return digits + str(-sum(int(d) * (1, 3)[i % 2] for i, d in enumerate(digits)) % 10)
    if len(digits) == 13 and digits.isdigit():
        return digits if sum(int(d) * (1, 3)[i % 2] for i, d in enumerate(digits)) % 10 == 0 else ""
    return ""


def shelves(connection: Connection, libraries: Sequence[str] = ()) -> dict[str, Shelf]:
    """The textbooks and study aids each library has now."""
    there = stock_position.c
    kinds = (Category.TEXTBOOK.value, Category.STUDY_AID.value)
    query = (
        select(there.library, there.carrier, ledger_member.c.cluster, func.sum(there.copies).label("copies"))
        .join_from(stock_position, ledger_member, ledger_member.c.record == there.record)
        .where(there.category.in_(kinds), there.copies > 0)
        .group_by(there.library, there.carrier, ledger_member.c.cluster)
    )
    if libraries:
        query = query.where(there.library.in_(libraries))
    held: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for row in connection.execute(query):
        held[row.library][row.cluster][row.carrier == Carrier.ELECTRONIC.value] += int(row.copies)
    clusters = sorted({cluster for books in held.values() for cluster in books})
    bibs = {u.cluster: u.bib for some in chunks(clusters) for u in unions.load(connection, list(some))}
    known = {cluster: (_isbns(bib), frozenset(facets(bib).grades)) for cluster, bib in bibs.items()}
    return {
        library: _shelf([Stocked(c, bibs[c], n[0], n[1], *known[c]) for c, n in books.items() if c in bibs])
        for library, books in held.items()
    }


def _shelf(books: list[Stocked]) -> Shelf:
    by_isbn: dict[str, list[Stocked]] = defaultdict(list)
    for book in books:
        for isbn in book.isbns:
            by_isbn[isbn].append(book)
    return Shelf(books, by_isbn)


def _isbns(bib: BibRecord) -> frozenset[str]:
    return frozenset(isbn.normal for isbn in bib.isbns if isbn.normal and not isbn.of_host)


def lines(connection: Connection, today: date, libraries: Sequence[str] = ()) -> list[Line]:
    """Needs of the latest school year each school has stated against its stock, school by school, class by class.

    A copy is counted once: a book that several classes need is shared out to them.
    """
    columns = textbook_need.c
    last = today.year + (today.month >= SCHOOL_YEAR_BEGINS)
    stated = select(columns.library, func.max(columns.year).label("year")).where(columns.year <= last)
    if libraries:
        stated = stated.where(columns.library.in_(libraries))
    latest = stated.group_by(columns.library).subquery()
    query = (
        select(textbook_need)
        .join(latest, and_(latest.c.library == columns.library, latest.c.year == columns.year))
        .order_by(columns.library, columns.grade, columns.subject, columns.fpu)  # at last books of one subject
    )
    needs = sorted(connection.execute(query), key=lambda need: in_order(need.library))
    if not needs:
        return []
    federal = {row.number: row for row in connection.execute(select(fpu_entry))}
    stock = shelves(connection, libraries)
    found = []
    for library, of_one in groupby(needs, key=lambda need: need.library):
        shelf = stock.get(library, Shelf())
        found += _shared_out([_claim(_stated(need, bool(federal)), shelf, federal, today) for need in of_one])
    return found


def _stated(need: Any, fit_known: bool) -> Line:
    """A need, before it is known what there is of its book."""
    return Line(
        need.library, need.year, need.grade, need.subject,
        Wanted(need.title, need.authors, str(need.grade), need.isbn, need.fpu), need.publisher, need.pupils,
        _needed(need.pupils, need.per_pupil), 0, 0, 0, need.ordered, fit_known, need.per_pupil,
    )  # fmt: skip


def _needed(pupils: int, per_pupil: float) -> int:
    """Rounded up, of the norm as it was typed: 50 × 1.1 is 55, and a little more in binary."""
    return math.ceil(pupils * Decimal(str(per_pupil)))


def idle(connection: Connection, today: date, stated: Sequence[Line]) -> list[Line]:
    """Books some school lacks, standing at schools that have stated their needs and name no such book: all surplus.

    A school that has stated nothing may need every book it has: nothing of it is offered.
    """
    lacking = {identity(line): line for line in stated if line.missing}
    named: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    used: dict[str, set[str]] = defaultdict(set)
    for line in stated:
        named[line.library].add(identity(line))
        used[line.library].update(line.clusters)
    federal = {row.number: row for row in connection.execute(select(fpu_entry))}
    stock = shelves(connection, sorted(named))
    found = []
    for library in sorted(named):
        for book, line in lacking.items():
            if book not in named[library]:
                bare = replace(line, library=library, pupils=0, needed=0, ordered=0)
                (counted,) = _shared_out([_claim(bare, stock.get(library, Shelf()), federal, today)])
                if counted.fit and not used[library] & set(counted.clusters):
                    used[library].update(counted.clusters)
                    found.append(counted)
    return found


@dataclass(frozen=True, slots=True)
class _Claim:
    """A line with the books of the shelf that are its own, and whether they may still be used."""

    line: Line
    books: Sequence[Stocked]
    admitted: bool


def _claim(line: Line, shelf: Shelf, federal: Mapping[str, Any], today: date) -> _Claim:
    entry = federal.get(line.wanted.fpu)
    books = shelf.find(line.wanted, (line.wanted.isbn, entry.isbn if entry else ""))
    until = entry.valid_until if entry else None
    admitted = not federal or (entry is not None and (until is None or until >= today))
    clusters = tuple(sorted(book.cluster for book in books))
    return _Claim(replace(line, valid_until=until, clusters=clusters), books, admitted)


def _shared_out(claims: Sequence[_Claim]) -> list[Line]:
    """The lines of one library with what its shelf has for them.

    What several of them need goes first to those that may use it, and of these to the lower classes, as much as they
    need; what is then left, to the first of them.
    """
    wanted_by = Counter(book.cluster for claim in claims for book in claim.books)
    left = {book.cluster: [book.printed, book.electronic] for claim in claims for book in claim.books}
    got = [[0, 0] for _ in claims]
    order = sorted(range(len(claims)), key=lambda place: (not claims[place].admitted, place))
    for is_need in (True, False):
        for place in order:
            for book in sorted(claims[place].books, key=lambda book: wanted_by[book.cluster]):
                for kind, there in enumerate(left[book.cluster]):
                    most = max(0, claims[place].line.needed - sum(got[place])) if is_need else there
                    got[place][kind] += min(there, most)
                    left[book.cluster][kind] -= min(there, most)
    return [
        replace(
            claim.line, have=sum(copies), fit=sum(copies) if claim.admitted else 0, electronic=copies[1],
            shared=any(wanted_by[book.cluster] > 1 for book in claim.books),
        )
        for claim, copies in zip(claims, got, strict=True)
    ]  # fmt: skip


def identity(line: Line) -> tuple[str, ...]:
    """What makes two schools' needs the same book: № ФПУ, else ISBN, else class, title and authors."""
    wanted = line.wanted
    if wanted.fpu:
        return ("fpu", wanted.fpu, str(line.grade))
    if wanted.isbn:
        return ("isbn", wanted.isbn)
    return ("title", str(line.grade), skeleton(wanted.title), skeleton(wanted.authors))


def prices(connection: Connection, library: str, clusters: Sequence[str]) -> set[int]:
    """Kopecks of one copy, as the deliveries of these editions to a library say; empty where none names a price.

    Of a price that was mended the new one: the lines at the former one cancel each other out.
    """
    move = stock_movement.c
    chosen = select(ledger_member.c.record).where(ledger_member.c.cluster.in_(clusters))
    query = select(move.kopecks, move.copies).where(
        move.library == library, move.record.in_(chosen), move.column.in_(("initial", "acquired")),
        move.kopecks.is_not(None),
    )  # fmt: skip
    came = Counter[int]()
    for kopecks, copies in connection.execute(query):
        came[round(kopecks / copies)] += copies
    return {price for price, copies in came.items() if copies > 0}


@dataclass(frozen=True, slots=True)
class Pair:
    """A textbook as АИС «Учебник» and as the catalogue have it; None: not there."""

    title: str
    grade: str
    isbn: str
    ais: int | None
    catalogue: int | None
    clusters: tuple[str, ...] = ()


def reconcile(connection: Connection, library: str) -> list[Pair]:
    """АИС against the catalogue: first what differs, then what АИС has not, then what agrees."""
    shelf = shelves(connection, [library]).get(library, Shelf())
    seen: set[str] = set()
    pairs = []
    for row in connection.execute(select(ais_row).where(ais_row.c.library == library).order_by(ais_row.c.line)):
        books = shelf.find(Wanted(row.title, row.authors, row.grade, row.isbn, row.fpu), [row.isbn])
        seen |= {book.cluster for book in books}
        ours = sum(book.printed + book.electronic for book in books) if books else None
        found = tuple(book.cluster for book in books)
        pairs.append(Pair(row.title, row.grade, row.isbn, row.copies, ours, found))
    for book in shelf.books:
        if book.cluster not in seen:
            grade = ", ".join(str(g) for g in sorted(book.grades))
            isbn, copies = next(iter(sorted(book.isbns)), ""), book.printed + book.electronic
            pairs.append(Pair(book.bib.title, grade, isbn, None, copies, (book.cluster,)))
    return sorted(pairs, key=_place)


def _place(pair: Pair) -> tuple[bool, bool, str, list[int], str]:
    """Books of one title stand by class: the database gives them in an order of its own."""
    return pair.ais == pair.catalogue, pair.ais is None, pair.title, sorted(grades_of(pair.grade)), pair.isbn
