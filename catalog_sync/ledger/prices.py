"""Prices that an export has stopped saying, and the books know.

A price once said is not taken back by an export that names none, as when a school changes from the rows of its database
to plain records: the copies are worth what they were, and take that along when they leave. So it is with days of
registration (`dates`). An export that names another price corrects it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from msgspec.structs import replace

from catalog_sync.ledger.items import ARRIVALS, BY_HAND, RUN, by_number, dates, kopecks, price_of
from catalog_sync.ledger.worth import Price
from catalog_sync.model import Holdings, Item, StockMovement

_Kind = tuple[str, date | None, Price]  # number, day of registration, price


def with_known_prices(old: Holdings, posted: Sequence[StockMovement], today: date) -> Holdings:
    """The holdings of before, their copies without a price at the one the books have for them."""
    if not any(_is_bare(item) for item in old.items) or all(line.kopecks is None for line in posted):
        return old
    books, gone = Counter[_Kind](), Counter[_Kind]()
    for line in posted:
        if line.basis != BY_HAND:
            for name, copies in by_number(line):
                if line.column in ARRIVALS:
                    books[name, None if line.basis == RUN else line.day, price_of(line)] += copies
                elif line.basis == RUN:  # those that a day names are still among the holdings
                    gone[name, None, price_of(line)] -= copies
    for (name, _, price), copies in gone.items():
        there = _at(books, price)
        _take(books, copies, [kind for kind in there if kind[0] == name] + [kind for kind in there if kind[0] != name])
    return replace(old, items=tuple(_priced(old.items, books, today)))


def as_before(after: Sequence[Item], before: Sequence[Item], today: date) -> Sequence[Item]:
    """The copies of one number, those without a price at the one that the same copies had before."""
    if not any(_is_bare(item) for item in after) or all(_is_bare(item) for item in before):
        return after
    were = Counter[_Kind]()
    for item in before:
        were[item.inventory_number, dates(item, today)[0], kopecks(item.price)] += item.copies
    same = bool(after[0].inventory_number) or sum(i.copies for i in before) == sum(i.copies for i in after)
    return list(_priced(after, were, today, other_days=same))


def _priced(
    items: Sequence[Item], known: Counter[_Kind], today: date, *, other_days: bool = False
) -> Iterator[Item]:
    """`items` in their order, the bare ones at a price of `known` that none of the others says."""
    for item in items:
        price = kopecks(item.price)
        if price is not None:
            _take(known, item.copies, _like(item, _at(known, price), today))
    for item in items:
        left = item.copies
        if _is_bare(item):
            there = [kind for kind in known if other_days or kind[1] == dates(item, today)[0]]
            for count, price in _take(known, left, _like(item, there, today)):
                left -= count
                yield replace(item, copies=count, price="" if price is None else f"{price // 100}.{price % 100:02}")
        if left:
            yield replace(item, copies=left)


def _is_bare(item: Item) -> bool:
    return kopecks(item.price) is None


def _at(known: Counter[_Kind], price: Price) -> list[_Kind]:
    return [kind for kind in known if kind[2] == price]


def _like(item: Item, kinds: Iterable[_Kind], today: date) -> list[_Kind]:
    """Those of the item's number and day first, of these the ones whose price nobody knows."""
    number, day = item.inventory_number, dates(item, today)[0]
    return sorted(kinds, key=lambda kind: (kind[0] != number, kind[1] != day, kind[2] is not None, kind[2] or 0))


def _take(known: Counter[_Kind], copies: int, kinds: Iterable[_Kind]) -> list[tuple[int, Price]]:
    """So many copies of these kinds, which are then no longer there, by price."""
    found = []
    for kind in kinds:
        count = min(copies, known[kind])
        if count > 0:
            copies -= count
            known[kind] -= count
            found.append((count, kind[2]))
    return found
