"""Copies without a date in the books: they stand on the days of the runs that brought them or saw them leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property

from catalog_sync.ledger_items import ARRIVALS, RUN, net, numbers_in
from catalog_sync.model import MovementKind, StockMovement

_EXITS = (MovementKind.WITHDRAWN, MovementKind.EXPIRED)


class Undated:
    """The undated lines of a record's books, of which every copy is found once in a run."""

    def __init__(self, posted: Sequence[StockMovement]) -> None:
        self._posted = posted

    def take(self, kind: MovementKind, copies: int, number: str) -> Iterator[tuple[StockMovement, int]]:
        """The lines in which so many copies stand, the last first; before all others those of the number, or, without
        one, those of copies that have none."""
        columns = ARRIVALS if kind is MovementKind.ACQUIRED else _EXITS
        places = [place for place, line in enumerate(self._standing) if line.column in columns]
        for is_own in (True, False):
            for place in places:
                line = self._standing[place]
                own = self._own[line.day, line.column, number] if is_own else copies
                count = min(copies, own, self._left[place])
                if count > 0:
                    copies -= count
                    self._left[place] -= count
                    self._own[line.day, line.column, number] -= count
                    yield line, count

    @cached_property
    def _standing(self) -> list[StockMovement]:
        return [line for line in reversed(net(self._posted)) if line.basis == RUN]

    @cached_property
    def _left(self) -> list[int]:
        return [abs(line.copies) for line in self._standing]

    @cached_property
    def _own(self) -> Counter[tuple[object, ...]]:
        """Copies by day, column and number, those without one under ""."""
        found = Counter[tuple[object, ...]]()
        for line in self._posted:
            if line.basis == RUN:
                named = numbers_in(line) or [""]
                copies = line.copies if line.column in ARRIVALS else -line.copies
                for number in named:
                    found[line.day, line.column, number] += copies // len(named)
        return found
