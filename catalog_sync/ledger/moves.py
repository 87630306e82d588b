"""Copies that change records: what leaves one record and comes to another in the same run has only moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from catalog_sync.ledger.items import ARRIVALS, GONE, RUN, cell, each_number, merged, net, price_of, worth
from catalog_sync.model import EKind, MovementKind, RecordKey, StockMovement

MOVED = "экземпляры теперь в другой записи"
SameBook = Callable[[RecordKey, RecordKey], bool]  # whether two records may describe the same book


def moved(
    lines: Sequence[StockMovement], books: Mapping[RecordKey, Sequence[StockMovement]],
    same_book: SameBook = lambda _one, _other: True,
) -> list[StockMovement]:  # fmt: skip
    """Corrections beside `lines`, the news of some runs, that make exits and arrivals of the same copies one move.

    A school that joins two cards of one edition, or whose new program counts records anew, neither lost nor got a book;
    without this its books stood twice in all the years before. A copy with a number is known by it, a group without
    numbers by day of registration, size and class; the groups of several days of one card, and those of several cards
    joined in one, by their sum, where the records may describe the same book. `books`: what stood of the records that
    copies leave. The sum of every record stays.
    """
    exits = [line for line in lines if line.reason == GONE and line.copies < 0 and line.ekind is not EKind.LICENSED]
    if not exits:
        return []
    arrivals = _Arrivals([line for line in lines if line.kind in ARRIVALS and line.copies > 0], same_book)
    came = {(line.record, cell(line)): _Came(line, books.get(line.record, ())) for line in exits}
    found, groups = list[_Part](), list[tuple[_Pile, _Came]]()
    for line in exits:
        found += arrivals.of_numbers(line, came[line.record, cell(line)]) if line.inventory else ()
    for pile in _piles(line for line in exits if not line.inventory):
        its = came[pile.line.record, cell(pile.line)]
        parts = arrivals.of_group(pile, its)
        found += parts
        groups += [] if parts else [(pile, its)]
    found += arrivals.joined(groups)
    return merged(line for part in found for line in _carried(part))


class _Pile:
    """Copies without numbers that came, or left, together: lines that differ in their price alone."""

    def __init__(self, lines: Sequence[StockMovement]) -> None:
        self.line = lines[0]
        self.copies = sum(line.copies for line in lines)
        self._prices = Counter[int | None]()
        for line in lines:
            self._prices[price_of(line)] += abs(line.copies)

    @property
    def prices(self) -> set[int | None]:
        return set(self._prices.elements())

    def take(self, copies: int, *first: int | None) -> list[int | None]:
        """The prices of so many of them, those `first` ones before others, then from the lowest up."""
        prices = sorted(self._prices.elements(), key=lambda price: (price not in first, price is not None, price or 0))
        self._prices.subtract(prices[:copies])
        return prices[:copies]


def _piles(lines: Iterable[StockMovement]) -> list[_Pile]:
    piles: dict[tuple[object, ...], list[StockMovement]] = {}
    for line in lines:
        place = (line.record, *cell(line), line.run, line.day, line.kind, line.basis, line.document)
        piles.setdefault(place, []).append(line)
    return [_Pile(some) for some in piles.values()]


class _Part(NamedTuple):
    """Copies of an exit that are those of an arrival: as what they stood in the books, and the prices of each."""

    left: StockMovement
    arrival: StockMovement
    stood: StockMovement
    prices: Sequence[tuple[int | None, int | None]]  # of the one that left, of the one that came
    number: str = ""


def _carried(part: _Part) -> Iterator[StockMovement]:
    """The exit is none, what stood on its day leaves the one record, and stands on that day in the other.

    A price that the other record does not say is the one the copy had.
    """
    left, arrival, stood = part.left, part.arrival, part.stood
    note = {"kind": MovementKind.CORRECTION, "run": left.run, "inventory": part.number, "reason": MOVED}
    for (was, said), copies in Counter(part.prices).items():
        now = was if said is None else said
        yield replace(left, of=MovementKind.WITHDRAWN, copies=copies, kopecks=worth(copies, was), **note)
        yield replace(stood, of=stood.column, copies=-copies, kopecks=worth(-copies, was), **note)
        if arrival.basis == RUN or now != said:  # an undated copy has come when it came to the former record
            day, column = (stood.day, stood.column) if arrival.basis == RUN else (arrival.day, arrival.column)
            yield replace(arrival, of=arrival.column, copies=-copies, kopecks=worth(-copies, said), **note)
            yield replace(arrival, of=column, day=day, copies=copies, kopecks=worth(copies, now), **note)


class _Came:
    """What stood in the books of the copies that a line takes off: on which days they had come."""

    def __init__(self, left: StockMovement, posted: Sequence[StockMovement]) -> None:
        fine = net(posted, finely=True)
        self._standing = [line for line in fine if line.column in ARRIVALS and cell(line) == cell(left)]
        self._left = [line.copies for line in self._standing]
        self._days = {
            number: (line.day, line.column)
            for line in posted
            if line.column in ARRIVALS and line.copies > 0
            for number in each_number(line)
        }

    def has(self, arrivals: Sequence[StockMovement]) -> bool:
        """Whether all of these can have stood there."""
        left = list(self._left)
        return all(self._taken(arrival, arrival.copies, left) for arrival in arrivals)

    def take(
        self, arrival: StockMovement, copies: int, prices: Collection[int | None], number: str = ""
    ) -> list[tuple[StockMovement, int]]:
        return self._taken(arrival, copies, self._left, prices, number)

    def _taken(
        self, arrival: StockMovement, copies: int, left: list[int], prices: Collection[int | None] = (),
        number: str = "",
    ) -> list[tuple[StockMovement, int]]:  # fmt: skip
        """As what so many copies of an arrival stood, no longer in `left`; first as what came with their number, or at
        one of the prices.

        Undated ones may have come on several days. Nothing where not all of them stood there.
        """
        day = self._days.get(number)

        def unlike(place: int) -> tuple[bool, bool]:
            line = self._standing[place]
            return (line.day, line.column) != day, price_of(line) not in prices

        found = []
        for place in sorted(range(len(left)), key=unlike):
            line, count = self._standing[place], min(copies, left[place])
            same = line.basis == RUN if arrival.basis == RUN else line.day == arrival.day and line.basis != RUN
            if same and count > 0:
                found.append((place, count))
                copies -= count
        if copies:
            return []
        for place, count in found:
            left[place] -= count
        return [(self._standing[place], count) for place, count in found]


class _Arrivals:
    """Copies that came, found by number or as a group."""

    def __init__(self, lines: Sequence[StockMovement], same_book: SameBook) -> None:
        self._same_book = same_book
        self._numbers = {(line.library, line.run, number): line for line in lines for number in each_number(line)}
        self._groups: dict[tuple[object, ...], dict[RecordKey, list[_Pile]]] = {}
        for pile in _piles(line for line in lines if not line.inventory):
            line = pile.line
            self._groups.setdefault((*cell(line), line.run), {}).setdefault(line.record, []).append(pile)

    def of_numbers(self, left: StockMovement, came: _Came) -> Iterator[_Part]:
        """The arrivals of the numbers that left."""
        for number in each_number(left):
            arrival = self._numbers.pop((left.library, left.run, number), None)
            if arrival is None or arrival.record == left.record:
                continue
            for stood, _ in came.take(arrival, 1, (price_of(left),), number):
                yield _Part(left, arrival, stood, [(price_of(left), price_of(arrival))], number)

    def of_group(self, left: _Pile, came: _Came) -> list[_Part]:
        """The groups of one other record that a group without numbers is now: one as large as it, or all together."""
        for piles in self._elsewhere(left.line):
            for some in (*([pile] for pile in piles), list(piles)):  # what is found leaves `piles`
                is_size = sum(pile.copies for pile in some) == -left.copies
                if is_size and came.has([_whole(pile) for pile in some]) and self._is_same_book(left, piles[0]):
                    return self._parts(left, some, came)
        return []

    def _parts(self, left: _Pile, piles: Sequence[_Pile], came: _Came) -> list[_Part]:
        found = [part for pile in piles for part in _part(left, pile, pile.copies, came)]
        for pile in piles:
            self._groups[*cell(pile.line), pile.line.run][pile.line.record].remove(pile)
        return found

    def joined(self, exits: Sequence[tuple[_Pile, _Came]]) -> Iterator[_Part]:
        """Groups of several records that are one group now."""
        waiting = list(exits)
        for piles in [some for groups in self._groups.values() for some in groups.values()]:
            for pile in piles:
                line = pile.line
                parts = [
                    (left, came) for left, came in waiting
                    if (*cell(left.line), left.line.run) == (*cell(line), line.run) and left.line.record != line.record
                    and came.has([replace(line, copies=-left.copies)])
                ]  # fmt: skip
                if len(parts) < 2 or -sum(left.copies for left, _ in parts) < pile.copies:
                    continue
                parts = [(left, came) for left, came in parts if self._is_same_book(left, pile)]
                if len(parts) < 2 or -sum(left.copies for left, _ in parts) != pile.copies:
                    continue
                for left, came in parts:
                    yield from _part(left, pile, -left.copies, came)
                waiting = [one for one in waiting if one not in parts]

    def _is_same_book(self, left: _Pile, arrived: _Pile) -> bool:
        return self._same_book(left.line.record, arrived.line.record)

    def _elsewhere(self, left: StockMovement) -> Iterator[list[_Pile]]:
        groups = self._groups.get((*cell(left), left.run), {})
        return (piles for record, piles in groups.items() if piles and record != left.record)


def _whole(pile: _Pile) -> StockMovement:
    """All of a pile as one line."""
    return replace(pile.line, copies=pile.copies)


def _part(left: _Pile, arrived: _Pile, copies: int, came: _Came) -> Iterator[_Part]:
    for stood, count in came.take(arrived.line, copies, left.prices):
        was = left.take(count, price_of(stood))
        yield _Part(left.line, arrived.line, stood, list(zip(was, arrived.take(count, *was), strict=True)))
