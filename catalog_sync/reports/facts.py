"""What reports are made from: the libraries, their freshness, and the balances of a period. Loaded once, then pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from catalog_sync.errors import Refused
from catalog_sync.model import Carrier, Category, EKind, Library
from catalog_sync.reports.model import Cell, Coverage, Drill
from catalog_sync.reports.period import Period
from catalog_sync.store import coverage
from catalog_sync.store.coverage import Freshness
from catalog_sync.store.figures import Balance, Figures, Horizon, Selection, balances, unique_titles
from catalog_sync.store.figures import Cell as FigureCell
from catalog_sync.store.rollups import DISTRICT


@dataclass(frozen=True, slots=True)
class Kinds:
    """Which classes a column counts; empty means all."""

    categories: tuple[str, ...] = ()
    carriers: tuple[str, ...] = ()
    ekinds: tuple[str, ...] = ()

    def admits(self, cell: FigureCell) -> bool:
        return (
            (not self.categories or cell.category in self.categories)
            and (not self.carriers or cell.carrier in self.carriers)
            and (not self.ekinds or cell.ekind in self.ekinds)
        )


ALL = Kinds()
TEXTBOOKS = Kinds(categories=(Category.TEXTBOOK.value,))
STUDY_AIDS = Kinds(categories=(Category.STUDY_AID.value,))
BESIDE_LEARNING = Kinds(categories=(Category.FICTION.value, Category.REFERENCE.value, Category.OTHER.value))
LEARNING = Kinds(categories=(Category.TEXTBOOK.value, Category.STUDY_AID.value))  # учебная: строки 02 + 03
FICTION = Kinds(categories=(Category.FICTION.value,))
REFERENCE = Kinds(categories=(Category.REFERENCE.value,))
OTHER = Kinds(categories=(Category.OTHER.value,))
PRINTED = Kinds(carriers=(Carrier.PRINT.value,))
AUDIOVISUAL = Kinds(carriers=(Carrier.AUDIOVISUAL.value,))
MICROFORMS = Kinds(carriers=(Carrier.MICROFORM.value,))
ELECTRONIC = Kinds(carriers=(Carrier.ELECTRONIC.value,))
LOCAL = Kinds(carriers=(Carrier.ELECTRONIC.value,), ekinds=(EKind.LOCAL.value,))
LICENSED = Kinds(carriers=(Carrier.ELECTRONIC.value,), ekinds=(EKind.LICENSED.value,))
PHYSICAL = Kinds(carriers=(Carrier.ELECTRONIC.value,), ekinds=(EKind.PHYSICAL.value, EKind.NONE.value))
MAIN_STOCK = Kinds(categories=(Category.FICTION.value, Category.REFERENCE.value, Category.OTHER.value,
                               Category.STUDY_AID.value))  # fmt: skip  # основной фонд: всё, кроме учебников


@dataclass(frozen=True, slots=True)
class Facts:
    """Balances of `period` for every library and for the district, and who stands behind them."""

    period: Period
    today: date
    freshness: tuple[Freshness, ...]
    figures: Figures
    scopes: Mapping[str, Figures]  # the same by scope: a report of 400 schools asks thousands of times
    unique: Callable[[Sequence[str], Kinds], int]

    @property
    def as_of(self) -> date:
        """The day the state is of: the end of the period, or today while it still runs."""
        return min(self.period.end, self.today)

    @property
    def schools(self) -> list[Freshness]:
        return [one for one in self.freshness if one.library.kind == "school" and one.was_open(self.period.start)]

    def has_data(self, one: Freshness) -> bool:
        return one.covers(self.period.end, self.today)

    @property
    def with_data(self) -> list[Freshness]:
        return [one for one in self.schools if self.has_data(one)]

    def coverage(self) -> Coverage:
        missing = [one.library for one in self.schools if not self.has_data(one)]
        names, codes = tuple(library.name for library in missing), tuple(library.code for library in missing)
        return Coverage(len(self.schools) - len(missing), len(self.schools), names, codes)

    def copies(self, scopes: str | Iterable[str], kinds: Kinds = ALL) -> Balance:
        """Copies of one scope, or the sum over several libraries."""
        wanted = (scopes,) if isinstance(scopes, str) else set(scopes)
        return sum((_sum(self.scopes[scope].copies, kinds) for scope in wanted if scope in self.scopes), Balance())

    def titles(self, scope: str, kinds: Kinds = ALL) -> Balance:
        """Titles of one scope: they do not add up over libraries."""
        return _sum(self.scopes[scope].titles, kinds) if scope in self.scopes else Balance()

    def drill(self, scope: str, measure: str, kinds: Kinds = ALL, unit: str = "copies", basis: str = "") -> str:
        """The query of the rows behind a field or property of Balance; an opening is the state of the day before.

        A figure of the district sums the schools with data, so do its rows; of titles only the state is known then,
        each edition once.
        """
        if scope == DISTRICT and len(self.with_data) < len(self.schools):
            scope = ",".join(one.library.code for one in self.with_data)
            unit = "editions" if unit == "titles" else unit
            if unit == "editions" and _MEASURES.get(measure, measure) != "state":
                return ""
        if not scope:
            return ""
        start, end = self.period.start, self.period.end
        if measure == "opening":
            start = end = start - timedelta(1)
        made = Drill(
            scope, start, end, _MEASURES.get(measure, measure), unit,  # type: ignore[arg-type]
            kinds.categories, kinds.carriers, kinds.ekinds, basis=basis,
        )  # fmt: skip
        return made.query

    def drill_sum(self, codes: Sequence[str], measure: str, kinds: Kinds = ALL) -> str:
        """The query behind a sum of titles over schools, in which an edition counts once for each school."""
        return self.drill(",".join(codes), measure, kinds, "titles")

    def cell(self, scope: str, measure: str, kinds: Kinds = ALL, unit: str = "copies") -> Cell:
        """A number with the way to its books; `measure` is a field or property of Balance."""
        balance = self.copies(scope, kinds) if unit == "copies" else self.titles(scope, kinds)
        return Cell(getattr(balance, measure), self.drill(scope, measure, kinds, unit))


_MEASURES = {"closing": "state", "opening": "state"}  # fields of Balance that are states


def load(connection: Connection, period: Period, today: date, *, at: Horizon | None = None) -> Facts:
    """Everything the reports of a period need of the ledger. `at`: as the ledgers stood at a snapshot."""
    fresh = tuple(coverage.freshness(connection))
    scopes = (DISTRICT, *(one.library.code for one in fresh))
    figures = balances(connection, Selection(scopes=scopes), period.start, period.end, at=at)

    def unique(codes: Sequence[str], kinds: Kinds) -> int:
        counted = {one.library.code for one in fresh if one.library.kind == "school" and one.was_open(period.start)}
        if counted == set(codes):
            return figures.total(lambda cell: cell.scope == DISTRICT and kinds.admits(cell))[1].closing
        selection = Selection(tuple(codes), kinds.categories, kinds.carriers, kinds.ekinds)
        return unique_titles(connection, selection, period.end)

    return Facts(period, today, fresh, figures, by_scope(figures), unique)


def by_scope(figures: Figures) -> dict[str, Figures]:
    """The figures of each scope by themselves."""
    copies: dict[str, dict[FigureCell, Balance]] = defaultdict(dict)
    titles: dict[str, dict[FigureCell, Balance]] = defaultdict(dict)
    for into, half in ((copies, figures.copies), (titles, figures.titles)):
        for cell, balance in half.items():
            into[cell.scope][cell] = balance
    return {scope: Figures(copies[scope], titles[scope]) for scope in {*copies, *titles}}


def _sum(half: Mapping[FigureCell, Balance], kinds: Kinds) -> Balance:
    return sum((balance for cell, balance in half.items() if kinds.admits(cell)), Balance())


def library_of(facts: Facts, code: str) -> Library:
    """The library of a code; Refused with the codes that exist."""
    for one in facts.freshness:
        if one.library.code == code:
            return one.library
    known = ", ".join(one.library.code for one in facts.freshness[:10])
    raise Refused(f"библиотека {code!r}: такой нет; есть {known or 'пока ни одной'}")
