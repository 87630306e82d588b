"""Copies that come back: an export left them out once, so the books saw them leave, and the next one has them again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from msgspec.structs import replace

from catalog_sync.ledger.books import Books
from catalog_sync.ledger.items import (
    ARRIVALS,
    BY_HAND,
    PRICE_NOW,
    PRICE_WAS,
    RUN,
    cell,
    dates,
    negative,
    net,
    numbers_in,
    price_of,
    worth,
)  # fmt: skip
from catalog_sync.model import Item, MovementKind, StockMovement

BACK = "снова в выгрузке"


def without_returns(
    lines: Iterable[StockMovement], posted: Sequence[StockMovement], before: Iterable[Item] | None, day: date
) -> Iterator[StockMovement]:
    """`lines` with the exits of copies that are back taken off their own day, in place of a second arrival.

    Acquired once more on the day of registration, a copy would stand twice in every figure between that day and the day
    it was missing. It is the same copy where the books have one of that day and, if it is numbered, saw that number
    leave. One without a date is known by its number, or by the record, where all of that was away (`before` is None).
    """
    if not posted:  # the books know nothing of the record: a first load asks this of every one
        yield from lines
        return
    whole, away = before is None, _Away(posted, [item for item in before or () if item.withdrawn is None], day)
    for line in lines:
        left = line.copies
        for exit_ in away.back(line, whole) if line.kind in ARRIVALS and left > 0 else ():
            left += exit_.copies
            yield replace(
                line, kind=MovementKind.CORRECTION, of=MovementKind.WITHDRAWN, day=exit_.day, copies=-exit_.copies,
                basis=RUN, kopecks=negative(exit_.kopecks), document="", reason=BACK,
            )  # fmt: skip
            yield from away.repriced(line, -exit_.copies, price_of(exit_))
        if left == line.copies:
            yield line
        elif left:
            yield replace(line, copies=left, kopecks=worth(left, price_of(line)))


def unknown(items: Sequence[Item], posted: Sequence[StockMovement], day: date) -> tuple[Item, ...]:
    """`items` of a record that was away, without those written off whose coming and going the books have.

    A database names what it has written off for ever: told anew of a record that one export left out, each would have
    come and gone a second time, in years long reported.
    """
    gone = _gone_for_good(posted)
    found = []
    for item in items:
        went = dates(item, day)[1] if item.withdrawn is not None else None
        known = min(gone[went, item.inventory_number], item.copies) if went else 0
        if known:
            gone[went, item.inventory_number] -= known
            item = replace(item, copies=item.copies - known)
        if item.copies:
            found.append(item)
    return tuple(found)


def _gone_for_good(posted: Sequence[StockMovement]) -> Counter[tuple[date | None, str]]:
    """How many copies of each number left on a day that an act names."""
    gone = Counter[tuple[date | None, str]]()
    for line in posted:
        if line.column is MovementKind.WITHDRAWN and line.basis not in (RUN, BY_HAND):
            numbers = line.inventory.split(", ")
            for number in numbers:
                gone[line.day, number] -= line.copies if len(numbers) == 1 else line.copies // abs(line.copies)
    return gone


class _Away:
    """Of a record's lines those that say which copies are missing, and on which days the missing ones had come."""

    def __init__(self, posted: Sequence[StockMovement], there: Iterable[Item], today: date) -> None:
        self._books = Books(posted)
        self._came = Counter[object]()
        for line in net(posted):
            if line.column in ARRIVALS:
                self._came[_when(line)] += line.copies
        for item in there:  # which has not been away: what comes beside it on the same day is new
            self._came[dates(item, today)[0]] -= item.copies
        self._numbers, self._numberless = _missing(line for line in posted if _is_exit(line))

    def back(self, line: StockMovement, whole: bool) -> Iterator[StockMovement]:
        """The exits that an arrival takes back, the last first."""
        wanted = min(line.copies, self._came[_when(line)], self._of_number(line, whole))
        if wanted > 0:
            left = (MovementKind.WITHDRAWN,)
            for exit_ in self._books.there(left, None, wanted, line.inventory, price_of(line), of=cell(line)):
                self._came[_when(line)] += exit_.copies
                yield exit_

    def repriced(self, line: StockMovement, copies: int, was: int | None) -> Iterator[StockMovement]:
        """Copies that are back at another price: it is what they were worth all the time."""
        now = price_of(line)
        if now is None or now == was:
            return
        day = None if line.basis == RUN else line.day  # without one they stand on the day of the run that brought them
        there = self._books.there(ARRIVALS, day, copies, line.inventory, was, line.document, cell(line))
        for stood in there:
            note = replace(stood, kind=MovementKind.CORRECTION, of=stood.column, run=line.run)
            yield replace(note, copies=-stood.copies, kopecks=worth(-stood.copies, was), reason=PRICE_WAS)
            yield replace(note, kopecks=worth(stood.copies, now), reason=PRICE_NOW)

    def _of_number(self, line: StockMovement, whole: bool) -> int:
        if line.inventory:
            return line.copies if self._numbers[line.inventory] > 0 else 0
        return self._numberless if whole or line.basis != RUN else 0


def _is_exit(line: StockMovement) -> bool:
    return line.column is MovementKind.WITHDRAWN and line.basis == RUN


def _when(line: StockMovement) -> object:
    """The day a copy is known to have come on; the day of a run says nothing of it."""
    return None if line.basis == RUN else line.day


def _missing(exits: Iterable[StockMovement]) -> tuple[Counter[str], int]:
    """How often each number left and did not come back, and how many copies without one."""
    numbers, numberless = Counter[str](), 0
    for line in exits:
        sign = 1 if line.copies < 0 else -1
        named = numbers_in(line)
        for number in named:
            numbers[number] += sign
        numberless += -line.copies - sign * len(named)
    return numbers, numberless
