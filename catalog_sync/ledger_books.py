"""The copies of a record as its books have them: by the line they came or left by, their number and their price."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from msgspec.structs import replace

from catalog_sync.ledger_items import ARRIVALS, BY_HAND, RUN, by_number, cell, price_of, says, worth
from catalog_sync.model import MovementKind, StockMovement


@dataclass(slots=True)
class _Stack:
    """Copies that are alike: they stand in one place, at one price, under one number or without any."""

    line: StockMovement
    number: str
    price: int | None
    copies: int = 0  # not signed


class Books:
    """Every copy is found once: who asks again is told of others."""

    def __init__(self, posted: Sequence[StockMovement]) -> None:
        self._posted = posted

    def undated(
        self, columns: Collection[MovementKind], copies: int, number: str, price: int | None,
        of: tuple[object, ...] = (),
    ) -> Iterator[StockMovement]:
        """So many copies that came or left without a date, where they stand, those of the last run first.

        Before all others come those of the number (or, without one, those that have none), and of these the ones at
        this price. `of`: the library and class they must stand in.
        """
        those = [stack for stack in self._stacks if stack.line.basis == RUN and stack.line.column in columns]
        those = [stack for stack in those if not of or cell(stack.line) == of]
        for stack in sorted(those, key=lambda stack: (stack.number != number, stack.price != price)):
            count = min(copies, stack.copies)
            if count > 0:
                copies -= count
                stack.copies -= count
                signed = count if stack.line.column in ARRIVALS else -count
                yield replace(stack.line, copies=signed, kopecks=worth(signed, stack.price), inventory=stack.number)

    @cached_property
    def _stacks(self) -> list[_Stack]:
        """All there are, the last first."""
        found: dict[tuple[object, ...], _Stack] = {}
        for line in self._posted:
            if line.basis == BY_HAND:
                continue
            place, price = (line.day, line.column, *cell(line), says(line)), price_of(line)
            for number, copies in by_number(line):
                stack = found.setdefault((*place, number, price), _Stack(line, number, price))
                stack.copies += copies if line.column in ARRIVALS else -copies
        return sorted(found.values(), key=lambda stack: (stack.line.day, stack.line.column), reverse=True)
