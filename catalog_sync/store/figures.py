"""Reading the ledger: state at a date and movement in a period, for copies and for titles, out of the roll-ups.

`balances` answers every report and the statistics endpoint. With `horizon` it answers as the ledger stood at some line
(what a snapshot remembers), from the lines themselves: slower, and only `check` and snapshots ask for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, case, func, select, union_all

from catalog_sync.store.ledger_tables import ledger_member, stock_movement, stock_rollup, title_movement
from catalog_sync.store.rollups import ALL_TIME, DISTRICT, MEASURES, TITLE_MEASURES, schools
from catalog_sync.store.tables import union_record

LAST_DAY = date(9999, 12, 31)
CLASSES = ("category", "carrier", "ekind")


@dataclass(frozen=True, slots=True)
class Selection:
    """What to count. Empty sets mean everything; `scopes` are library codes, or DISTRICT for all schools at once."""

    scopes: tuple[str, ...] = (DISTRICT,)
    categories: tuple[str, ...] = ()
    carriers: tuple[str, ...] = ()
    ekinds: tuple[str, ...] = ()

    def admits(self, columns: Any) -> list[Any]:
        """Conditions on the class columns of a table."""
        pairs = ((columns.category, self.categories), (columns.carrier, self.carriers), (columns.ekind, self.ekinds))
        return [column.in_(values) for column, values in pairs if values]


@dataclass(frozen=True, slots=True)
class Balance:
    """State before, movement inside, state after: `closing = opening + initial + acquired − withdrawn − expired`.

    Everything is positive when it moves in its own direction. `initial` is the first reflection of what a school had
    before we knew of it: part of the state, never growth.
    """

    opening: int = 0
    initial: int = 0
    acquired: int = 0
    withdrawn: int = 0  # without expired licences
    expired: int = 0

    @property
    def closing(self) -> int:
        return self.opening + self.initial + self.acquired - self.withdrawn - self.expired

    @property
    def left(self) -> int:
        """Everything that left the stock (графа «выбыло»): withdrawn and expired."""
        return self.withdrawn + self.expired

    @property
    def base(self) -> int:
        """What growth is measured from: the state before, and what was there but not yet reflected."""
        return self.opening + self.initial

    @property
    def growth(self) -> float | None:
        """Growth as a share of the base; None where there was nothing to grow from."""
        return (self.closing - self.base) / self.base if self.base else None

    def __add__(self, other: Balance) -> Balance:
        return Balance(
            self.opening + other.opening,
            self.initial + other.initial,
            self.acquired + other.acquired,
            self.withdrawn + other.withdrawn,
            self.expired + other.expired,
        )

    def __sub__(self, other: Balance) -> Balance:
        return Balance(
            self.opening - other.opening,
            self.initial - other.initial,
            self.acquired - other.acquired,
            self.withdrawn - other.withdrawn,
            self.expired - other.expired,
        )


class Cell(NamedTuple):
    """One cell of the finest division: a scope and a class."""

    scope: str
    category: str
    carrier: str
    ekind: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Balances of copies and titles by cell. Sums over cells are sums of copies; titles add up inside one scope."""

    copies: Mapping[Cell, Balance] = field(default_factory=dict)
    titles: Mapping[Cell, Balance] = field(default_factory=dict)

    def total(self, admits: Callable[[Cell], bool] = lambda cell: True) -> tuple[Balance, Balance]:
        """Copies and titles of the cells admitted."""
        copies = sum((b for cell, b in self.copies.items() if admits(cell)), Balance())
        titles = sum((b for cell, b in self.titles.items() if admits(cell)), Balance())
        return copies, titles


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far the two ledgers were written when something was frozen: their last numbers."""

    movement: int
    title_movement: int


def horizon(connection: Connection) -> Horizon:
    """The last lines of the ledgers now."""
    first = connection.execute(select(func.max(stock_movement.c.number))).scalar()
    second = connection.execute(select(func.max(title_movement.c.number))).scalar()
    return Horizon(first or 0, second or 0)


def pieces(start: date, end: date) -> Iterator[tuple[str, date, date]]:
    """The fewest whole years, quarters and days that make up [start, end]: (grain, first start, last start)."""
    if start > end:
        return
    first_quarter, after_quarters = _quarter_from(start), _quarter_start(end + timedelta(1)) if end < LAST_DAY else None
    last_quarter = after_quarters or LAST_DAY
    if first_quarter > end or first_quarter >= last_quarter:
        yield "D", start, end
        return
    if start < first_quarter:
        yield "D", start, first_quarter - timedelta(1)
    yield from _quarters_and_years(first_quarter, last_quarter)
    if after_quarters and after_quarters <= end:
        yield "D", after_quarters, end


def _quarters_and_years(first: date, after: date) -> Iterator[tuple[str, date, date]]:
    """Whole quarters from `first` up to (not including) `after`, joined to years where they can be."""
    first_year = first if first.month == 1 else date(first.year + 1, 1, 1)
    last_year = date(after.year, 1, 1)
    if after == LAST_DAY:
        last_year = LAST_DAY
    if first_year >= last_year:
        yield "Q", first, after - timedelta(1)
        return
    if first < first_year:
        yield "Q", first, first_year - timedelta(1)
    yield "Y", first_year, last_year - timedelta(1)
    if last_year < after:
        yield "Q", last_year, after - timedelta(1)


def _quarter_start(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def _quarter_from(day: date) -> date:
    """The first quarter that begins on this day or later."""
    start = _quarter_start(day)
    if start == day:
        return start
    return date(start.year + (start.month == 10), (start.month + 2) % 12 + 1, 1)


# --- Balances --------------------------------------------------------------------------------------------------------


def balances(
    connection: Connection, selection: Selection, start: date, end: date, *, at: Horizon | None = None
) -> Figures:
    """Balances of [start, end] by cell. `at`: as the ledgers stood there, read from their lines."""
    if start > end:
        raise ValueError(f"a period begins before it ends, came {start}…{end}")
    if at is not None:
        return _from_lines(connection, selection, start, end, at)
    inside = _sums(connection, selection, list(pieces(start, end)))
    later = _sums(connection, selection, list(pieces(end + timedelta(1), LAST_DAY))) if end < LAST_DAY else {}
    ever = _sums(connection, selection, [("T", ALL_TIME, ALL_TIME)])
    copies, titles = {}, {}
    for cell, total in ever.items():
        within, after = inside.get(cell, _NOTHING), later.get(cell, _NOTHING)
        copies[cell] = _balance(total[:4], within[:4], after[:4])
        titles[cell] = _balance(total[4:], within[4:], after[4:])
    return Figures(copies, titles)


def series(connection: Connection, selection: Selection, spans: Sequence[tuple[date, date]]) -> Iterator[Figures]:
    """Balances of spans that follow each other without a gap: each opens as the one before it closed.

    A span costs one question to the roll-ups, and a year of days two together.
    """
    if not spans:
        return
    before = balances(connection, selection, *spans[0])
    yield before
    rest = spans[1:]
    by_days = bool(rest) and all(start == end for start, end in rest)
    days = _day_sums(connection, selection, rest[0][0], rest[-1][1]) if by_days else {}
    for start, end in rest:
        inside = days.get(start, {}) if by_days else _sums(connection, selection, list(pieces(start, end)))
        halves = (
            {cell: _following(balance, inside.get(cell, _NOTHING)[part]) for cell, balance in half.items()}
            for half, part in ((before.copies, slice(4)), (before.titles, slice(4, 8)))
        )
        before = Figures(*halves)
        yield before


def _following(before: Balance, within: Sequence[int]) -> Balance:
    return Balance(before.closing, within[0], within[1], -within[2], -within[3])


def _day_sums(
    connection: Connection, selection: Selection, first: date, last: date
) -> dict[date, dict[Cell, tuple[int, ...]]]:
    """What moved on each day, by cell."""
    columns = stock_rollup.c
    names = [columns[name] for name in ("start", "scope", *CLASSES, *MEASURES, *TITLE_MEASURES)]
    query = select(*names).where(
        columns.grain == "D", columns.scope.in_(selection.scopes), columns.start.between(first, last),
        *selection.admits(columns),
    )  # fmt: skip
    found: dict[date, dict[Cell, tuple[int, ...]]] = {}
    for row in connection.execute(query):
        found.setdefault(row[0], {})[Cell(*row[1:5])] = tuple(int(value) for value in row[5:])
    return found


_NOTHING = (0,) * 8


def _balance(total: Sequence[int], within: Sequence[int], after: Sequence[int]) -> Balance:
    """Sums are signed (an exit is negative) in the order initial, acquired, withdrawn, expired."""
    opening = sum(total) - sum(within) - sum(after)
    return Balance(opening, within[0], within[1], -within[2], -within[3])


def _sums(
    connection: Connection, selection: Selection, periods: Sequence[tuple[str, date, date]]
) -> dict[Cell, tuple[int, ...]]:
    if not periods:
        return {}
    parts = [_period_sums(selection, *period) for period in periods]
    found: dict[Cell, tuple[int, ...]] = {}
    for row in connection.execute(union_all(*parts) if len(parts) > 1 else parts[0]):
        cell = Cell(*row[:4])
        sums = tuple(int(value) for value in row[4:])
        there = found.get(cell)
        found[cell] = tuple(a + b for a, b in zip(there, sums, strict=True)) if there else sums
    return found


def _period_sums(selection: Selection, grain: str, first: date, last: date) -> Select[Any]:
    columns = stock_rollup.c
    cell = [columns[name] for name in ("scope", *CLASSES)]
    measures = [func.sum(columns[name]) for name in (*MEASURES, *TITLE_MEASURES)]
    return (
        select(*cell, *measures)
        .where(columns.grain == grain, columns.scope.in_(selection.scopes), columns.start.between(first, last))
        .where(*selection.admits(columns))
        .group_by(*cell)
    )


def _from_lines(connection: Connection, selection: Selection, start: date, end: date, at: Horizon) -> Figures:
    counted = schools(connection)
    move, line = stock_movement.c, title_movement.c
    found: list[dict[Cell, list[list[int]]]] = [{}, {}]
    stock = _line_sums(move, move.library, move.copies, start, end, at.movement).where(*selection.admits(move))
    for before, library, *cell, column, copies in connection.execute(stock):
        for scope in (library, DISTRICT) if library in counted else (library,):
            if scope in selection.scopes:
                _tally(found[0], Cell(scope, *cell), before, column, copies)
    heads = _line_sums(line, line.scope, line.titles, start, end, at.title_movement).where(*selection.admits(line))
    for before, scope, *cell, column, count in connection.execute(heads.where(line.scope.in_(selection.scopes))):
        _tally(found[1], Cell(scope, *cell), before, column, count)
    copies, titles = ({cell: _line_balance(sums) for cell, sums in half.items()} for half in found)
    return Figures(copies, titles)


def _line_sums(columns: Any, scope: Any, measure: Any, start: date, end: date, last: int) -> Select[Any]:
    before = (columns.day < start).label("before")
    names = (before, scope, columns.category, columns.carrier, columns.ekind, columns.column)
    return select(*names, func.sum(measure)).where(columns.number <= last, columns.day <= end).group_by(*names)


def _tally(found: dict[Cell, list[list[int]]], cell: Cell, before: bool, column: str, value: int) -> None:
    sums = found.setdefault(cell, [[0] * 4, [0] * 4])
    sums[0 if before else 1][MEASURES.index(column)] += int(value)


def _line_balance(sums: list[list[int]]) -> Balance:
    before, within = sums
    return Balance(sum(before), within[0], within[1], -within[2], -within[3])


def ages(connection: Connection, before: int, day: date) -> dict[str, tuple[int, int]]:
    """Library → copies on a day of editions published before a year, and of all editions whose year is known."""
    move, made = stock_movement.c, union_record.c
    query = (
        select(move.library, func.sum(case((made.year < before, move.copies), else_=0)), func.sum(move.copies))
        .join_from(stock_movement, ledger_member, ledger_member.c.record == move.record)
        .join(union_record, made.cluster == ledger_member.c.cluster)
        .where(move.day <= day, made.year.is_not(None))
        .group_by(move.library)
    )
    return {library: (int(old), int(known)) for library, old, known in connection.execute(query)}


def unique_titles(connection: Connection, selection: Selection, day: date) -> int:
    """Titles held on a day by at least one of several libraries, each once (slower than the district's roll-up)."""
    line = title_movement.c
    held = (
        select(line.cluster, func.sum(line.titles).label("titles"))
        .where(line.scope.in_(selection.scopes), line.day <= day, *selection.admits(line))
        .group_by(line.scope, line.cluster)
        .having(func.sum(line.titles) > 0)
    )
    return once(connection, held)


def once(connection: Connection, held: Select[Any]) -> int:
    """Titles of `held` (cluster, titles; a row for each scope), each edition once: a package is as many as it names."""
    some = held.subquery()
    each = select(func.max(some.c.titles).label("titles")).group_by(some.c.cluster).subquery()
    return int(connection.execute(select(func.sum(each.c.titles))).scalar() or 0)
