"""Days of registration that an export has stopped saying, and the books know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from msgspec.structs import replace

from catalog_sync.ledger.items import ARRIVALS, BY_HAND, RUN, item_key, numbers_in
from catalog_sync.model import Holdings, Item, StockMovement


def with_known_days(
    old: Holdings, new: Holdings, posted: Sequence[StockMovement]
) -> tuple[Holdings, Holdings]:
    """Both holdings, their undated copies with the days the books have for them.

    A day once said is not taken back by an export that names none, as when a school changes from the rows of its
    database to plain records, or when a 990 names two days and no longer the copies of each: nothing came anew that
    night. An export that names another day corrects it as before.
    """
    if all(item.registered for holdings in (old, new) for item in holdings.items):
        return old, new
    old = _of_books(old, new, posted)
    return old, _of_copies(new, old)


def _of_books(old: Holdings, new: Holdings, posted: Sequence[StockMovement]) -> Holdings:
    """The holdings of before, as dated as the books are: by number; what the new ones name again; and else as many as
    did not come undated."""
    if all(item.registered for item in old.items):
        return old
    by_number, free, undated = _arrivals(posted, {item.inventory_number for item in old.items})
    items = list[Item]()
    for item in old.items:
        day = by_number.get(item.inventory_number)
        items.append(replace(item, registered=day) if day and item.registered is None and item.copies == 1 else item)
    for item in items:
        if item.registered:
            free[item.registered] -= item.copies
    items = list(_named_again(items, new, free))
    forgotten = sum(item.copies for item in items if item.registered is None) - undated
    return replace(old, items=tuple(_dated(items, free, forgotten)))


def _named_again(items: Sequence[Item], new: Holdings, free: Counter[date]) -> Iterator[Item]:
    """`items`, the undated ones with the days that the new holdings have for their number and the books do too."""
    named = _days_by_key(new.items, items)
    for item in items:
        days = named.get(item_key(item), Counter())
        known = Counter({day: min(copies, free[day]) for day, copies in days.items()})
        for part in _dated([item], known, item.copies):
            if item.registered is None and part.registered:
                days[part.registered] -= part.copies
                free[part.registered] -= part.copies
            yield part


def _days_by_key(items: Sequence[Item], less: Sequence[Item]) -> dict[str, Counter[date]]:
    """Copies by day of registration of each number, less those of other items."""
    found: dict[str, Counter[date]] = {}
    for sign, some in ((1, items), (-1, less)):
        for item in some:
            if item.registered:
                found.setdefault(item_key(item), Counter())[item.registered] += sign * item.copies
    return found


def _of_copies(new: Holdings, old: Holdings) -> Holdings:
    """The new holdings, with the days that the same copies had before."""
    free = _days_by_key(old.items, new.items)
    forgotten = Counter[str]()  # of each number, those beyond the copies that were undated before
    for sign, holdings in ((1, new), (-1, old)):
        for item in holdings.items:
            forgotten[item_key(item)] += 0 if item.registered else sign * item.copies
    items = list[Item]()
    for item in new.items:
        key = item_key(item)
        parts = list(_dated([item], free.get(key, Counter()), forgotten[key]))
        forgotten[key] -= sum(part.copies for part in parts if part.registered and not item.registered)
        items += parts
    return replace(new, items=tuple(items))


def _dated(items: Sequence[Item], free: Counter[date], most: int) -> Iterator[Item]:
    """`items`, at most so many undated copies of them with a free day, the last first."""
    for item in items:
        left = item.copies
        for day in sorted((day for day, copies in free.items() if copies > 0), reverse=True):
            copies = min(left, free[day], most) if item.registered is None else 0
            if copies > 0:
                free[day] -= copies
                left, most = left - copies, most - copies
                yield replace(item, copies=copies, registered=day)
        if left:
            yield replace(item, copies=left)


def _arrivals(posted: Sequence[StockMovement], there: set[str]) -> tuple[dict[str, date], Counter[date], int]:
    """Day of registration by number, copies by day of registration, and copies `there` that came without one."""
    numbers: dict[str, Counter[date]] = {}
    days, undated = Counter[date](), 0
    for line in posted:
        if line.column not in ARRIVALS or line.basis == BY_HAND:
            continue
        named = numbers_in(line)
        if line.basis == RUN:
            left = sum(number not in there for number in named)  # numbered copies that are gone
            undated += line.copies - (left if line.copies > 0 else -left)
            continue
        days[line.day] += line.copies
        for number in named:
            numbers.setdefault(number, Counter())[line.day] += 1 if line.copies > 0 else -1
    latest = {number: max(of_one, key=lambda day: (of_one[day], day)) for number, of_one in numbers.items()}
    return {number: day for number, day in latest.items() if numbers[number][day] > 0}, days, undated
