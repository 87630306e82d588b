"""Copies that change records: what leaves one record and comes to another in the same run has only moved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from catalog_sync.ledger_items import ARRIVALS, GONE, RUN, cell, negative, net, numbers_in, share
from catalog_sync.model import EKind, MovementKind, RecordKey, StockMovement

MOVED = "экземпляры теперь в другой записи"


def moved(
    lines: Sequence[StockMovement], books: Mapping[RecordKey, Sequence[StockMovement]]
) -> Iterator[StockMovement]:
    """Corrections beside `lines`, the news of some runs, that make exits and arrivals of the same copies one move.

    A school that joins two cards of one edition, or whose new program counts records anew, neither lost nor got a book;
    without this its books stood twice in all the years before. A copy with a number is known by it, a group without
    numbers by day of registration, size and class; the groups of several days of one card, and those of several cards
    joined in one, by their sum. `books`: what stood of the records that copies leave. The sum of every record stays.
    """
    exits = [line for line in lines if line.reason == GONE and line.copies < 0 and line.ekind is not EKind.LICENSED]
    if not exits:
        return
    arrivals = _Arrivals([line for line in lines if line.kind in ARRIVALS and line.copies > 0])
    groups = []
    for line in exits:
        came = _Came(line, books.get(line.record, ()))
        if line.inventory:
            yield from _carried_all(line, arrivals.of_numbers(line, came))
        elif found := arrivals.of_group(line, came):
            yield from _carried_all(line, found)
        else:
            groups.append((line, came))
    for line, part in arrivals.joined(groups):
        yield from _carried_all(line, [part])


class _Part(NamedTuple):
    """Copies of an exit that are those of an arrival: as what they stood in the books, and their numbers."""

    arrival: StockMovement
    stood: StockMovement
    copies: int
    numbers: str = ""


def _carried_all(left: StockMovement, parts: Iterable[_Part]) -> Iterator[StockMovement]:
    for part in parts:
        yield from _carried(left, part)


def _carried(left: StockMovement, part: _Part) -> Iterator[StockMovement]:
    """The exit is none, what stood on its day leaves the one record, and stands on that day in the other."""
    arrival, stood, copies, numbers = part
    price = share(arrival.kopecks, copies, arrival.copies)
    # These are of one day, an exit is of all days.
    value = share(stood.kopecks, copies, stood.copies) if price is None else price
    note = {"kind": MovementKind.CORRECTION, "run": left.run, "inventory": numbers, "reason": MOVED}
    yield replace(left, of=MovementKind.WITHDRAWN, copies=copies, kopecks=value, **note)
    yield replace(stood, of=stood.column, copies=-copies, kopecks=negative(value), **note)
    if arrival.basis == RUN:  # an undated copy has come when it came to the former record
        yield replace(arrival, of=arrival.column, copies=-copies, kopecks=negative(price), **note)
        yield replace(arrival, of=stood.column, day=stood.day, copies=copies, kopecks=price, **note)


class _Came:
    """What stood in the books of the copies that a line takes off: on which days they had come."""

    def __init__(self, left: StockMovement, posted: Sequence[StockMovement]) -> None:
        self._standing = [line for line in net(posted) if line.column in ARRIVALS and cell(line) == cell(left)]
        self._left = [line.copies for line in self._standing]
        self._days = {
            number: (line.day, line.column)
            for line in posted
            if line.column in ARRIVALS and line.copies > 0
            for number in _numbers(line)
        }

    def has(self, arrivals: Sequence[StockMovement]) -> bool:
        """Whether all of these can have stood there."""
        left = list(self._left)
        return all(self._taken(arrival, arrival.copies, left) is not None for arrival in arrivals)

    def take(self, arrival: StockMovement, copies: int, number: str = "") -> StockMovement | None:
        return self._taken(arrival, copies, self._left, number)

    def _taken(self, arrival: StockMovement, copies: int, left: list[int], number: str = "") -> StockMovement | None:
        """What so many copies of an arrival stood as, no longer in `left`; first as what came with their number."""
        day = self._days.get(number)
        places = sorted(range(len(left)), key=lambda at: (self._standing[at].day, self._standing[at].column) != day)
        for place in places:
            line = self._standing[place]
            same = line.basis == RUN if arrival.basis == RUN else line.day == arrival.day and line.basis != RUN
            if same and left[place] >= copies:
                left[place] -= copies
                return line
        return None


class _Arrivals:
    """Copies that came, found by number or as a group."""

    def __init__(self, lines: Sequence[StockMovement]) -> None:
        self._numbers: dict[tuple[object, ...], StockMovement] = {}
        self._groups: dict[tuple[object, ...], dict[RecordKey, list[StockMovement]]] = {}
        for line in lines:
            for number in _numbers(line):
                self._numbers[line.library, line.run, number] = line
            if not line.inventory:
                self._groups.setdefault((*cell(line), line.run), {}).setdefault(line.record, []).append(line)

    def of_numbers(self, left: StockMovement, came: _Came) -> list[_Part]:
        """The arrivals of the numbers that left."""
        found: dict[tuple[int, int], list[tuple[StockMovement, StockMovement, str]]] = {}
        for number in _numbers(left):
            arrival = self._numbers.pop((left.library, left.run, number), None)
            if arrival is None or arrival.record == left.record:
                continue
            if stood := came.take(arrival, 1, number):
                found.setdefault((id(arrival), id(stood)), []).append((arrival, stood, number))
        return [_Part(*some[0][:2], len(some), ", ".join(number for *_, number in some)) for some in found.values()]

    def of_group(self, left: StockMovement, came: _Came) -> list[_Part]:
        """The groups of one other record that a group without numbers is now: one as large as it, or all together."""
        for lines in self._elsewhere(left):
            for some in (*([line] for line in lines), lines):
                if sum(line.copies for line in some) == -left.copies and came.has(some):
                    return self._parts(some, came)
        return []

    def _parts(self, lines: Sequence[StockMovement], came: _Came) -> list[_Part]:
        found = [_Part(line, stood, line.copies) for line in lines if (stood := came.take(line, line.copies))]
        for line in lines:
            self._groups[*cell(line), line.run][line.record].remove(line)
        return found

    def joined(self, exits: Sequence[tuple[StockMovement, _Came]]) -> Iterator[tuple[StockMovement, _Part]]:
        """Groups of several records that are one group now."""
        waiting = list(exits)
        for lines in [some for groups in self._groups.values() for some in groups.values()]:
            for arrival in lines:
                parts = [
                    (left, came) for left, came in waiting
                    if (*cell(left), left.run) == (*cell(arrival), arrival.run) and left.record != arrival.record
                    and came.has([replace(arrival, copies=-left.copies)])
                ]  # fmt: skip
                if len(parts) < 2 or -sum(left.copies for left, _ in parts) != arrival.copies:
                    continue
                for left, came in parts:
                    if stood := came.take(arrival, -left.copies):
                        yield left, _Part(arrival, stood, -left.copies)
                waiting = [one for one in waiting if one not in parts]

    def _elsewhere(self, left: StockMovement) -> Iterator[list[StockMovement]]:
        groups = self._groups.get((*cell(left), left.run), {})
        return (lines for record, lines in groups.items() if lines and record != left.record)


def _numbers(line: StockMovement) -> list[str]:
    """Inventory numbers, where each is of one copy."""
    numbers = numbers_in(line)
    return numbers if len(numbers) == abs(line.copies) else []
