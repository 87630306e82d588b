"""The copies of a record as its books have them: by the line they came or left by, their number and their price."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from msgspec.structs import replace

from catalog_sync.ledger.items import ARRIVALS, BY_HAND, RUN, by_number, cell, price_of, says, worth
from catalog_sync.model import MovementKind, StockMovement


@dataclass(slots=True)
class _Stack:
    """Copies that are alike: they stand in one place, at one price."""

    line: StockMovement
    price: int | None
    copies: int = 0  # not signed


class Books:
    """Every copy is found once: who asks again is told of others."""

    def __init__(self, posted: Sequence[StockMovement]) -> None:
        self._posted = posted

    def there(
        self, columns: Collection[MovementKind], day: date | None, copies: int, number: str, price: int | None,
        document: str = "", of: tuple[object, ...] = (),
    ) -> Iterator[StockMovement]:  # fmt: skip
        """So many copies that stand on a day; without one, those that came or left undated, of the last run first.

        Before all others come those of the number (or, without one, those that have none), then those of the document,
        then the ones at this price. `of`: the library and class they must stand in.
        """
        for others in (False, True):
            for stack in self._alike(columns, day, number, price, document, of, others) if copies else ():
                count = min(copies, stack.copies)
                if count > 0:
                    copies -= count
                    stack.copies -= count
                    signed = count if stack.line.column in ARRIVALS else -count
                    yield replace(stack.line, copies=signed, kopecks=worth(signed, stack.price), inventory=number)

    def _alike(
        self, columns: Collection[MovementKind], day: date | None, number: str, price: int | None, document: str,
        of: tuple[object, ...], others: bool,
    ) -> list[_Stack]:  # fmt: skip
        """The stacks of the number, or all others, that are in the right place; the likeliest first."""
        some = self._stacks.get(number, []) if not others else [
            stack for other, stacks in self._stacks.items() if other != number for stack in stacks
        ]  # fmt: skip
        those = [
            stack for stack in some
            if stack.line.column in columns and (not of or cell(stack.line) == of)
            and (stack.line.basis == RUN if day is None else stack.line.day == day and stack.line.basis != RUN)
        ]  # fmt: skip
        last_first = sorted(those, key=lambda stack: (stack.line.day, stack.line.column), reverse=True)
        return sorted(last_first, key=lambda stack: (stack.line.document != document, stack.price != price))

    @cached_property
    def _stacks(self) -> dict[str, list[_Stack]]:
        """All there are, by number."""
        found: dict[tuple[object, ...], _Stack] = {}
        for line in self._posted:
            if line.basis == BY_HAND:
                continue
            place, price = (line.day, line.column, *cell(line), says(line), line.document), price_of(line)
            for number, copies in by_number(line):
                stack = found.setdefault((number, *place, price), _Stack(line, price))
                stack.copies += copies if line.column in ARRIVALS else -copies
        stacks: dict[str, list[_Stack]] = {}
        for key, stack in found.items():
            stacks.setdefault(str(key[0]), []).append(stack)
        return stacks
