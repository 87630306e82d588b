"""Copies that change records: what leaves one record and comes to another in the same run has only moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from msgspec.structs import replace

from catalog_sync.ledger_items import (
    ARRIVALS,
    BY_HAND,
    GONE,
    RUN,
    by_number,
    cell,
    merged,
    net,
    numbers_in,
    price_of,
    worth,
)
from catalog_sync.model import EKind, MovementKind, RecordKey, StockMovement

MOVED = "экземпляры теперь в другой записи"


def moved(
    lines: Sequence[StockMovement], books: Mapping[RecordKey, Sequence[StockMovement]],
    gone: Collection[RecordKey] = (),
) -> list[StockMovement]:  # fmt: skip
    """Corrections beside `lines`, the news of some runs, that make exits and arrivals of the same copies one move.

    A school that joins two cards of one edition, or whose new program counts records anew, neither lost nor got a book;
    without this its books stood twice in all the years before. A copy with a number is known by it, a group without
    numbers by day of registration, size and class; the groups of several days of one card, and those of several cards
    joined in one, by their sum. `books`: what stood of the records that copies leave, and of those that are `gone`. The
    sum of every record stays.
    """
    exits = [line for line in lines if line.reason == GONE and line.copies < 0 and line.ekind is not EKind.LICENSED]
    written_off = _WrittenOff({key: books[key] for key in gone if key in books})
    if not exits and not written_off:
        return []
    arrivals, came = _Arrivals([line for line in lines if line.kind in ARRIVALS and line.copies > 0]), _Books(books)
    told = list(written_off.told_anew(lines, arrivals, came))
    found, groups = list[_Part](), list[tuple[_Pile, _Came]]()
    for line in exits:
        found += arrivals.of_numbers(line, came.of(line)) if line.inventory else ()
    for pile in _piles(line for line in exits if not line.inventory):
        its = came.of(pile.line)
        parts = arrivals.of_group(pile, its)
        found += parts
        groups += [] if parts else [(pile, its)]
    found += arrivals.joined(groups)
    return merged([*told, *(line for part in found for line in _carried(part))])


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
        self.copies -= copies if self.copies > 0 else -copies
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
            for number in _numbers(line)
        }

    def has(self, arrivals: Sequence[StockMovement]) -> bool:
        """Whether all of these can have stood there."""
        left = list(self._left)
        return all(self._taken(arrival, arrival.copies, left) for arrival in arrivals)

    def room(self, arrival: StockMovement, prices: Collection[int | None] | None = None) -> int:
        """How many copies of the day of an arrival stand there, at one of the prices where asked."""
        return sum(
            copies for place, copies in enumerate(self._left)
            if self._is_like(place, arrival) and (prices is None or price_of(self._standing[place]) in prices)
        )  # fmt: skip

    def _is_like(self, place: int, arrival: StockMovement) -> bool:
        line = self._standing[place]
        return line.basis == RUN if arrival.basis == RUN else line.day == arrival.day and line.basis != RUN

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
            count = min(copies, left[place])
            if count > 0 and self._is_like(place, arrival):
                found.append((place, count))
                copies -= count
        if copies:
            return []
        for place, count in found:
            left[place] -= count
        return [(self._standing[place], count) for place, count in found]


class _Books:
    """What stood of each record in each class."""

    def __init__(self, books: Mapping[RecordKey, Sequence[StockMovement]]) -> None:
        self._books = books
        self._came: dict[tuple[object, ...], _Came] = {}

    def of(self, left: StockMovement) -> _Came:
        key = (left.record, *cell(left))
        if key not in self._came:
            self._came[key] = _Came(left, self._books.get(left.record, ()))
        return self._came[key]


class _WrittenOff:
    """What records that are gone had long written off, by act: a database names that for ever, and where its cards are
    numbered anew tells it anew."""

    def __init__(self, gone: Mapping[RecordKey, Sequence[StockMovement]]) -> None:
        self._exits: dict[tuple[object, ...], list[StockMovement]] = {}
        for lines in gone.values():
            for line in net(lines, finely=True):
                if line.column is MovementKind.WITHDRAWN and line.basis not in (RUN, BY_HAND):
                    for number, copies in by_number(line):
                        one = replace(line, copies=copies, kopecks=worth(copies, price_of(line)), inventory=number)
                        self._exits.setdefault(_act_of(one), []).append(one)

    def __bool__(self) -> bool:
        return bool(self._exits)

    def told_anew(
        self, lines: Sequence[StockMovement], arrivals: _Arrivals, came: _Books
    ) -> Iterator[StockMovement]:
        """Take the history of such copies off the record that is gone, for the other one now tells it."""
        for line in lines if self else ():
            if line.kind is not MovementKind.WITHDRAWN or line.basis == RUN:
                continue
            for number, copies in by_number(line):
                exits = self._exits.get(_act_of(replace(line, inventory=number)), [])
                exit_ = next((one for one in exits if one.copies == copies), None)
                again = arrivals.gone_again(line, number, exit_, came.of(exit_)) if exit_ else []
                if exit_ and again:
                    exits.remove(exit_)
                    price = price_of(exit_)
                    note = {"kind": MovementKind.CORRECTION, "run": line.run, "inventory": number, "reason": MOVED}
                    yield replace(exit_, of=exit_.column, copies=-copies, kopecks=worth(-copies, price), **note)
                    for one in again:
                        yield from (replace(half, **note) for half in _carried_back(one, price))


class _Again(NamedTuple):
    """Copies of an exit in the record that tells them anew, and where they stood in the one that did before."""

    arrival: StockMovement
    stood: StockMovement
    copies: int


def _carried_back(again: _Again, price: int | None) -> Iterator[StockMovement]:
    arrival, stood, count = again
    off, on = worth(-count, price), worth(count, price)
    yield replace(stood, of=stood.column, copies=-count, kopecks=off)
    if _as_it_came(arrival) is not arrival:  # it has come when it came to the former record
        yield replace(arrival, of=arrival.column, copies=-count, kopecks=off)
        yield replace(arrival, of=stood.column, day=stood.day, basis=RUN, copies=count, kopecks=on)


def _as_it_came(arrival: StockMovement) -> StockMovement:
    """Of a copy first seen when it was gone, an undated one: the day it is said to have come on is that of its act."""
    is_undated = arrival.kind is MovementKind.INITIAL and arrival.basis != RUN
    return replace(arrival, basis=RUN) if is_undated else arrival


def _act_of(line: StockMovement) -> tuple[object, ...]:
    return (*cell(line), line.day, line.document, line.inventory)


class _Arrivals:
    """Copies that came, found by number or as a group."""

    def __init__(self, lines: Sequence[StockMovement]) -> None:
        self._numbers = {(line.library, line.run, number): line for line in lines for number in _numbers(line)}
        self._groups: dict[tuple[object, ...], dict[RecordKey, list[_Pile]]] = {}
        for pile in _piles(line for line in lines if not line.inventory):
            line = pile.line
            self._groups.setdefault((*cell(line), line.run), {}).setdefault(line.record, []).append(pile)

    def of_numbers(self, left: StockMovement, came: _Came) -> Iterator[_Part]:
        """The arrivals of the numbers that left."""
        for number in _numbers(left):
            arrival = self._numbers.pop((left.library, left.run, number), None)
            if arrival is None or arrival.record == left.record:
                continue
            for stood, _ in came.take(arrival, 1, (price_of(left),), number):
                yield _Part(left, arrival, stood, [(price_of(left), price_of(arrival))], number)

    def gone_again(self, told: StockMovement, number: str, left: StockMovement, came: _Came) -> list[_Again]:
        """The copies of an exit that another record tells with their arrival, which is then of no other."""
        prices, copies = (price_of(left),), -left.copies
        if number:
            key = (told.library, told.run, number)
            arrival = self._numbers.get(key)
            if arrival is None or arrival.record != told.record:
                return []
            del self._numbers[key]
            return [_Again(arrival, *place) for place in came.take(_as_it_came(arrival), copies, prices, number)]
        piles = self._groups.get((*cell(told), told.run), {}).get(told.record, [])
        room, plan = dict[date, int](), list[tuple[_Pile, int]]()
        for pile in sorted(piles, key=lambda pile: not came.room(_as_it_came(pile.line), prices)):
            day = pile.line.day
            count = min(copies, pile.copies, room.setdefault(day, came.room(_as_it_came(pile.line))))
            room[day] -= count
            copies -= count
            plan += [(pile, count)] if count else []
        if copies:
            return []
        found = []
        for pile, count in plan:
            found += [_Again(pile.line, *place) for place in came.take(_as_it_came(pile.line), count, prices)]
            pile.take(count, *prices)
        piles[:] = [pile for pile in piles if pile.copies]
        return found

    def of_group(self, left: _Pile, came: _Came) -> list[_Part]:
        """The groups of one other record that a group without numbers is now: one as large as it, or all together."""
        for piles in self._elsewhere(left.line):
            for some in (*([pile] for pile in piles), piles):
                if sum(pile.copies for pile in some) == -left.copies and came.has([_whole(pile) for pile in some]):
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
                if len(parts) < 2 or -sum(left.copies for left, _ in parts) != pile.copies:
                    continue
                for left, came in parts:
                    yield from _part(left, pile, -left.copies, came)
                waiting = [one for one in waiting if one not in parts]

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


def _numbers(line: StockMovement) -> list[str]:
    """Inventory numbers, where each is of one copy."""
    numbers = numbers_in(line)
    return numbers if len(numbers) == abs(line.copies) else []
