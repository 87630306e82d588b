"""News of runs for the ledger, and what of it is no news: copies that another record of the library had before.

Gathers what a publication tells record by record, and asks the books of others only where a run may bring them again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

from msgspec.structs import replace
from sqlalchemy import Connection

from catalog_sync.ledger import heirs, moves
from catalog_sync.ledger.items import ARRIVALS, GONE, RUN, each_number
from catalog_sync.model import HarvestRun, MovementKind, RecordKey, StockMovement
from catalog_sync.same_base import of_that_base
from catalog_sync.same_books import SameBooks
from catalog_sync.store import ledger as stock
from catalog_sync.store import records, registry

# Of a base: where more of it than that comes anew, it may have stood in the books before, under records long gone, and
# where more goes at once, its records may come under other numbers. So much comes seldom, and a library has many books.
MANY = 0.1
Books = dict[RecordKey, tuple[StockMovement, ...]]


class HandingOver:
    """What one publication tells the ledger. `first`: numbers of runs before which their source had nothing;
    `renumbered`: by run how many records stood under other numbers."""

    def __init__(
        self, connection: Connection, runs: Sequence[HarvestRun], first: Collection[int], renumbered: Mapping[int, int]
    ) -> None:
        self._connection = connection
        self._renumbered = renumbered
        self._books = SameBooks(connection)
        self._library = registry.library_of(connection)
        self._runs = {run.source: run for run in runs}
        self._gone: Books = {}  # records whose copies others may bring
        self._departed: dict[str, Books] = {}  # by library those that were gone before
        self._renewed = [run.number for run in runs if self._is_much(run.counts.gone, run)]
        for run in runs:
            if run.number in first or self._is_much(run.counts.new, run):
                self._read_departed(self._library[run.source])
        self._may_inherit = {library for library, books in self._departed.items() if books}
        self._closing: dict[str, int] = {}  # by source that is closed, the run in which it was
        self._posted: Books = {}  # of records that copies leave
        self._news: list[StockMovement] = []
        self._told: list[StockMovement] = []  # news of copies that came
        self._strangers: set[RecordKey] = set()  # records of them that were not there before

    def take(
        self, key: RecordKey, lines: list[StockMovement], posted: Books, *, was_there: bool, is_there: bool
    ) -> list[StockMovement]:
        """What of the news of a record is told to the ledger at once; the rest is when all is gathered."""
        if key not in posted and self._library_of(key) not in self._may_inherit:
            return lines  # a first load has lost nothing
        if not is_there and posted.get(key):
            self._gone[key] = (*posted[key], *lines)
        if any(line.copies < 0 for line in lines):
            self._posted[key] = posted.get(key, ())
        if any(line.kind in ARRIVALS for line in lines):
            self._told += lines
            if not was_there:
                self._strangers.add(key)
            return []
        self._news += lines
        return lines

    def settle(self, today: date) -> None:
        """Tell the ledger what was kept back, with what hands books over from record to record."""
        there = list(self._standing())
        gone = self._all_gone() if self._told or there else {}
        if not gone:
            self._append(self._told, [*self._news, *self._told], {}, today)
            return
        runs = {source: run.number for source, run in self._runs.items()}
        renewed = {*self._renewed, *self._closing.values()}
        strangers = self._strangers.union(line.record for line in there)
        night = heirs.Night(runs, renewed, renewed.union(runs.values()), strangers)
        self._books.know({line.record for line in (*self._told, *there)})
        handed = heirs.inherited([*self._told, *there], gone, self._books, night)
        stock.follow_heirs(self._connection, handed.heirs)
        told, rest = list[StockMovement](), list[StockMovement]()
        for line in self._told:
            again, left = handed.taken.split(line)
            told += _as_known(line, again, left)
            rest += [left] if left else []
        rest += [left for line in self._news if (left := handed.taken.split(line)[1])]
        of_each: Books = {}
        for line in handed.corrections:
            of_each[line.record] = (*of_each.get(line.record, ()), line)
        self._append([*told, *handed.corrections], rest, of_each, today)

    def _append(
        self, lines: Sequence[StockMovement], news: Sequence[StockMovement], handed: Books, today: date
    ) -> None:
        books = {key: (*posted, *handed.get(key, ())) for key, posted in self._posted.items()}
        moved = moves.moved(news, books, self._books)
        stock.append(self._connection, [*lines, *moved], recorded=today)

    def _all_gone(self) -> Books:
        for source, count in Counter(key.source for key in self._strangers).items():
            if self._is_much(count, self._runs[source]):
                self._read_departed(self._library[source])
        found: Books = {}
        for books in self._departed.values():
            self._closing |= self._closed(books)
            for key, lines in books.items():
                if key not in self._strangers:
                    # Of a base that lives on, copies without numbers that left it long ago are not those that come now.
                    is_closed = key.source in self._closing
                    found[key] = tuple(line for line in lines if is_closed or each_number(line))
        return found | self._gone

    def _closed(self, books: Books) -> dict[str, int]:
        """Sources of which nothing is left, with the run in which the last of it went."""
        last: dict[str, int] = {}
        for key, lines in books.items():
            lost = (line.run or 0 for line in lines if line.reason == GONE)
            last[key.source] = max(last.get(key.source, 0), *lost, 0)
        return {source: run for source, run in last.items() if not records.live_count(self._connection, source)}

    def _read_departed(self, library: str) -> None:
        if library not in self._departed:
            self._departed[library] = stock.of_records_gone(self._connection, library)

    def _standing(self) -> Iterator[StockMovement]:
        """Where a source loses everything, the books of other sources that tell of its base."""
        for run in self._runs.values():
            if self._gone and run.counts.gone and not run.counts.new and not _base(self._connection, run):
                there = stock.of_records_there(self._connection, self._library[run.source])
                self._books.know(there.keys())
                lost = {key: lines for key, lines in self._gone.items() if key.source == run.source}
                books = of_that_base(lost, there, self._books)
                yield from (line for lines in books.values() for line in lines)

    def _is_much(self, count: int, run: HarvestRun) -> bool:
        """Whether, with those under other numbers, so many records are much of the base that stays as it was."""
        renumbered = self._renumbered.get(run.number, 0)
        return count + renumbered > MANY * (_base(self._connection, run) - renumbered)

    def _library_of(self, key: RecordKey) -> str:
        return self._library.get(key.source, "")


def _base(connection: Connection, run: HarvestRun) -> int:
    """How many records a run left where they were, or found changed."""
    if run.incremental:
        return records.live_count(connection, run.source) - run.counts.new
    return run.counts.changed + run.counts.unchanged


def _as_known(
    line: StockMovement, again: StockMovement | None, left: StockMovement | None
) -> Iterator[StockMovement]:
    """An exit by an act that the books have already is a correction beside those that take it off the former record."""
    if again is None or line.kind is not MovementKind.WITHDRAWN or line.basis == RUN:
        yield line
        return
    yield replace(again, kind=MovementKind.CORRECTION, of=line.kind, reason=heirs.HANDED)
    if left:
        yield left
