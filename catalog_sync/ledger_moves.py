"""Copies that change records: what leaves one record and comes to another in the same run has only moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from catalog_sync.ledger_items import GONE, RUN, net
from catalog_sync.model import EKind, MovementKind, RecordKey, StockMovement

MOVED = "экземпляры теперь в другой записи"
_ARRIVALS = (MovementKind.INITIAL, MovementKind.ACQUIRED)


def moved(
    lines: Sequence[StockMovement], books: Mapping[RecordKey, Sequence[StockMovement]]
) -> Iterator[StockMovement]:
    """Corrections beside `lines`, the news of some runs, that make exits and arrivals of the same copies one move.

    A school that joins two cards of one edition, or whose new program counts records anew, neither lost nor got a book;
    without this its books stood twice in all the years before. A copy with a number is known by it, a group without
    numbers by day of registration, size and class. `books`: what stood of the records that copies leave. The sum of
    every record stays.
    """
    exits = [line for line in lines if line.reason == GONE and line.copies < 0 and line.ekind is not EKind.LICENSED]
    if not exits:
        return
    arrivals = _Arrivals([line for line in lines if line.kind in _ARRIVALS and line.copies > 0])
    for line in exits:
        came = _Came(line, books.get(line.record, ()))
        for arrival, numbers, copies in arrivals.of(line, came):
            yield from _carried(line, arrival, came.take(arrival, copies), numbers, copies)


def _carried(
    left: StockMovement, arrival: StockMovement, stood: StockMovement, numbers: str, copies: int
) -> Iterator[StockMovement]:
    """The exit is none, what stood on its day leaves the one record, and stands on that day in the other."""
    value = None if left.kopecks is None else round(left.kopecks * copies / left.copies)
    note = {"kind": MovementKind.CORRECTION, "run": left.run, "inventory": numbers, "reason": MOVED}
    yield replace(left, of=MovementKind.WITHDRAWN, copies=copies, kopecks=value, **note)
    yield replace(stood, of=stood.column, copies=-copies, kopecks=None if value is None else -value, **note)
    if arrival.basis == RUN:  # an undated copy has come when it came to the former record
        yield replace(arrival, of=arrival.column, copies=-copies, kopecks=None, **note)
        yield replace(arrival, of=stood.column, day=stood.day, copies=copies, kopecks=None, **note)


class _Came:
    """What stood in the books of the copies that a line takes off: on which days they had come."""

    def __init__(self, left: StockMovement, posted: Sequence[StockMovement]) -> None:
        cell = _cell(left)
        self._standing = [line for line in net(posted) if line.column in _ARRIVALS and _cell(line) == cell]
        self._left = [line.copies for line in self._standing]

    def has(self, arrival: StockMovement, copies: int) -> bool:
        return self._place(arrival, copies) is not None

    def take(self, arrival: StockMovement, copies: int) -> StockMovement:
        place = self._place(arrival, copies)
        assert place is not None
        self._left[place] -= copies
        return self._standing[place]

    def _place(self, arrival: StockMovement, copies: int) -> int | None:
        for place, line in enumerate(self._standing):
            same = line.basis == RUN if arrival.basis == RUN else line.day == arrival.day and line.basis != RUN
            if same and self._left[place] >= copies:
                return place
        return None


class _Arrivals:
    """Copies that came, found by number or as a group."""

    def __init__(self, lines: Sequence[StockMovement]) -> None:
        self._lines = lines
        self._free = [True] * len(lines)
        self._numbers: dict[tuple[object, ...], int] = {}
        self._groups: dict[tuple[object, ...], list[int]] = {}
        for place, line in enumerate(lines):
            for number in _numbers(line):
                self._numbers[line.library, line.run, number] = place
            if not line.inventory:
                self._groups.setdefault((*_cell(line), line.run, line.copies), []).append(place)

    def of(self, left: StockMovement, came: _Came) -> Iterator[tuple[StockMovement, str, int]]:
        """The arrivals of the copies that left, with their numbers and how many they are."""
        if not left.inventory:
            for place in self._groups.get((*_cell(left), left.run, -left.copies), ()):
                arrival = self._lines[place]
                if self._free[place] and arrival.record != left.record and came.has(arrival, -left.copies):
                    self._free[place] = False
                    yield arrival, "", -left.copies
                    return
        places: dict[int, list[str]] = {}
        for number in _numbers(left):
            place = self._numbers.pop((left.library, left.run, number), -1)
            if place >= 0 and self._lines[place].record != left.record:
                places.setdefault(place, []).append(number)
        for place, numbers in places.items():
            if came.has(self._lines[place], len(numbers)):
                yield self._lines[place], ", ".join(numbers), len(numbers)


def _numbers(line: StockMovement) -> list[str]:
    """Inventory numbers, where each is of one copy."""
    numbers = line.inventory.split(", ") if line.inventory else []
    return numbers if len(numbers) == abs(line.copies) else []


def _cell(line: StockMovement) -> tuple[object, ...]:
    return line.library, line.category, line.carrier, line.ekind
