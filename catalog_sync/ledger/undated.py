"""Copies of which no export and no book names a day: which of them are the same ones in the next export.

Where a day of registration tells, `items.renumbered` and `changes` know them by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from catalog_sync.ledger.items import item_key, numbers_in
from catalog_sync.model import Holdings, Item, StockMovement


def retyped(old: Holdings, new: Holdings, posted: Sequence[StockMovement]) -> Holdings:
    """The old holdings with the numbers that undated copies have now.

    As with dated ones a number retyped, given to copies that were only counted, or taken off them makes no other
    copies. A number that the books have met is that of another copy, which is back.
    """
    less, more = _undated(old), _undated(new)
    less, more = less - more, more - less
    met = {number for line in posted for number in numbers_in(line)} if less and more else set()
    free = [key for key, copies in more.items() if key not in met for _ in range(copies)]
    if not less or not free:
        return old
    return replace(old, items=tuple(_renamed(old.items, less, free)))


def _renamed(items: Sequence[Item], less: Counter[str], free: list[str]) -> Iterator[Item]:
    for item in items:
        key = item_key(item)
        count = min(item.copies, less[key], len(free)) if _is_undated(item) else 0
        less[key] -= count
        named, free[:count] = free[:count], []
        yield from (replace(item, copies=n, inventory_number=name, barcode="") for name, n in Counter(named).items())
        if count < item.copies:
            yield replace(item, copies=item.copies - count)


def dated_first(old: Holdings, new: Holdings | None) -> list[Holdings]:
    """What stood between: the copies of a group whose days are said now are dated first, and then some come or leave.

    A group that got its days and shrank in one night would else have come anew as large as it is, and left as large as
    it was. Empty where nothing of the kind happened.
    """
    if new is None:
        return []
    days = Counter[object]()
    for sign, holdings in ((1, new), (-1, old)):
        for item in holdings.items:
            if not item_key(item):
                days[item.registered] += sign * item.copies
    left = -days.pop(None, 0)
    more = +days
    if left <= 0 or not more or left == more.total():
        return []
    items = list[Item]()
    for item in old.items:
        for day in list(more) if _is_undated(item) and not item_key(item) else ():
            count = min(item.copies, more[day], left)
            if count > 0:
                left, more[day] = left - count, more[day] - count
                items.append(replace(item, copies=count, registered=day))
                item = replace(item, copies=item.copies - count)
        items += [item] if item.copies else []
    return [replace(old, items=tuple(items))]


def _undated(holdings: Holdings) -> Counter[str]:
    """Copies without a day of registration by key."""
    found = Counter[str]()
    for item in holdings.items:
        found[item_key(item)] += item.copies if _is_undated(item) else 0
    return found


def _is_undated(item: Item) -> bool:
    return item.registered is None and item.withdrawn is None
