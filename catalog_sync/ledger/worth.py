"""At which prices the copies of one number came and went, and those whose price is another now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from catalog_sync.ledger.items import kopecks, postings
from catalog_sync.model import Item, MovementKind

Place = tuple[MovementKind, date | None]
Price = int | None  # kopecks of one copy; None where nobody knows
_Prices = Counter[Price]


class Worth:
    """Prices on each day before and after.

    Which of copies that are alike left, where the others' prices were mended in the same night, nobody knows: the
    cheapest of them.
    """

    def __init__(self, before: Sequence[Item], after: Sequence[Item], today: date) -> None:
        old, new = _by_place(before, today), _by_place(after, today)
        self._less = {place: prices - new.get(place, _Prices()) for place, prices in old.items()}
        self._more = {place: prices - old.get(place, _Prices()) for place, prices in new.items()}

    def lost(self, kind: MovementKind, day: date | None, copies: int) -> Iterator[tuple[int, Price]]:
        """So many copies that no longer stand on this day, by price."""
        return _taken(self._less.get((kind, day), _Prices()), copies)

    def gained(self, kind: MovementKind, day: date | None, copies: int) -> Iterator[tuple[int, Price]]:
        """So many copies that were not there before, by price."""
        return _taken(self._more.get((kind, day), _Prices()), copies)

    def repriced(self) -> Iterator[tuple[Place, int, Price, int]]:
        """Copies that stand where they stood, at another price: how many, the price they had and the one they have.

        Those are left which neither came nor went (`gained`, `lost`).
        """
        for place in sorted(self._less.keys() & self._more.keys(), key=repr):
            pairs = zip(_each(self._less[place]), _each(self._more[place]), strict=False)
            for (was, now), copies in Counter(pairs).items():
                if now is not None:
                    yield place, copies, was, now


def _taken(prices: _Prices, copies: int) -> Iterator[tuple[int, Price]]:
    """The first `copies` of them, which are then no longer there."""
    found = Counter(_each(prices)[:copies])
    prices -= found
    return ((count, price) for price, count in found.items())


def _each(prices: _Prices) -> list[Price]:
    """The price of every copy, the unknown ones first, then from the lowest up."""
    return sorted(prices.elements(), key=lambda price: (price is not None, price or 0))


def _by_place(items: Iterable[Item], today: date) -> dict[Place, _Prices]:
    found: dict[Place, _Prices] = {}
    for item in items:
        for posting, copies in postings([item], today).items():
            found.setdefault((posting.kind, posting.day), _Prices())[kopecks(item.price)] += copies
    return found
