"""Copies that come back: an export left them out once, so the books saw them leave, and the next one has them again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from msgspec.structs import replace

from catalog_sync.ledger_items import ARRIVALS, BY_HAND, RUN, cell, dates, net, numbers_in, share
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
        for day_of, copies in away.back(line, whole) if line.kind in ARRIVALS and left > 0 else ():
            left -= copies
            value = share(line.kopecks, copies, line.copies)
            yield replace(
                line, kind=MovementKind.CORRECTION, of=MovementKind.WITHDRAWN, day=day_of, copies=copies, basis=RUN,
                kopecks=value, document="", reason=BACK,
            )  # fmt: skip
        if left == line.copies:
            yield line
        elif left:
            yield replace(line, copies=left, kopecks=share(line.kopecks, left, line.copies))


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
        standing = net(posted)
        self._exits = [line for line in standing if _is_exit(line) and line.copies < 0]
        self._left = [-line.copies for line in self._exits]
        self._came = Counter[object]()
        for line in standing:
            if line.column in ARRIVALS:
                self._came[_when(line)] += line.copies
        for item in there:  # which has not been away: what comes beside it on the same day is new
            self._came[dates(item, today)[0]] -= item.copies
        self._numbers, self._numberless = _missing(line for line in posted if _is_exit(line))

    def back(self, line: StockMovement, whole: bool) -> Iterator[tuple[object, int]]:
        """Days of the exits that an arrival takes back, the last first, and the copies of each."""
        wanted = min(line.copies, self._came[_when(line)], self._of_number(line, whole))
        for place in reversed(range(len(self._exits))):
            exit_ = self._exits[place]
            copies = min(wanted, self._left[place])
            if copies > 0 and cell(exit_) == cell(line):
                wanted -= copies
                self._left[place] -= copies
                self._came[_when(line)] -= copies
                yield exit_.day, copies

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
