"""What the copies of one number are worth that came and went, and those whose price is another now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from catalog_sync.ledger_items import kopecks, postings
from catalog_sync.model import Item, MovementKind

Place = tuple[MovementKind, date | None]
_Prices = Counter[int | None]


class Worth:
    """Prices on each day before and after; which of copies that are alike is the dearer one nobody knows: the mean."""

    def __init__(self, before: Sequence[Item], after: Sequence[Item], today: date) -> None:
        self._before, self._after = _by_place(before, today), _by_place(after, today)
        self._documents: dict[Place, set[str]] = {}
        for posting in postings(after, today):
            self._documents.setdefault((posting.kind, posting.day), set()).add(posting.document)

    def document(self, place: Place) -> str:
        """The one document that all copies of a day came or went by; "" where they are several."""
        said = self._documents.get(place, set())
        return next(iter(said)) if len(said) == 1 else ""

    def lost(self, kind: MovementKind, day: date | None, copies: int) -> int | None:
        """The value of so many copies that no longer stand on this day."""
        return _mean(self._less(self._before, self._after, (kind, day)), copies)

    def gained(self, kind: MovementKind, day: date | None, copies: int) -> int | None:
        """The value of so many copies that were not there before."""
        return _mean(self._less(self._after, self._before, (kind, day)), copies)

    def repriced(self) -> Iterator[tuple[Place, int, int | None, int]]:
        """Copies that stand where they stood at another price: how many, the value they had and the value they have."""
        for place in sorted(self._before.keys() & self._after.keys(), key=repr):
            old, new = self._less(self._before, self._after, place), self._less(self._after, self._before, place)
            copies = min(old.total(), new.total())
            was, now = _mean(old, copies), _mean(new, copies)
            if now is not None and was != now:
                yield place, copies, was, now

    def _less(self, some: dict[Place, _Prices], others: dict[Place, _Prices], place: Place) -> _Prices:
        return some.get(place, _Prices()) - others.get(place, _Prices())


def _by_place(items: Iterable[Item], today: date) -> dict[Place, _Prices]:
    found: dict[Place, _Prices] = {}
    for item in items:
        for posting, copies in postings([item], today).items():
            found.setdefault((posting.kind, posting.day), _Prices())[kopecks(item.price)] += copies
    return found


def _mean(prices: _Prices, copies: int) -> int | None:
    """The value of so many of these copies; None where none has a price."""
    known = [(price, count) for price, count in prices.items() if price is not None]
    return round(sum(price * count for price, count in known) * copies / prices.total()) if known else None
