"""Copies of a record as dated postings: what the dates and prices typed in the libraries can be trusted to say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from msgspec.structs import replace

from catalog_sync.model import Holdings, Item, MovementKind, StockMovement
from catalog_sync.remembering import remembering

RUN = "run"  # basis of a line whose day is that of the run: the data name none
BY_HAND = "акт"  # basis of a line that somebody typed
GONE = "нет в новой выгрузке"  # reason of an exit that no document names
PRICE_WAS, PRICE_NOW = "прежняя цена", "цена уточнена в источнике"  # reasons of the two corrections of a price
COUNTED_LESS = "счётчик в источнике уменьшен"  # reason of a correction, not of an exit
ARRIVALS = (MovementKind.INITIAL, MovementKind.ACQUIRED)  # columns in which a copy stands that came
EARLIEST = date(1900, 1, 1)  # an earlier registration date is a slip of the hand («год 0204»)


PRICE_DIGITS = 7  # of rubles: a longer number is a barcode or an ISBN in the wrong place
_PRICE = re.compile(
    r"""(\d[\d ]*(?:[.,]\d{3}(?=[.,]\d))*)  # rubles; points between thousands where another one follows
    (?: [.,=\-–—](\d{1,2}) | \s*р[а-яё]*[.,]*\s*(\d{1,2})(?=\s*(?:к|$)) )?
    \s*(к(?![а-яё])|коп)?""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Posting:
    """Copies that came or went on a day; no day means that the source does not say when."""

    kind: MovementKind
    day: date | None
    document: str = ""
    reason: str = ""


@remembering
def kopecks(price: str) -> int | None:
    """A price as typed («125.50», «12-50», «1 200,00», «12 р. 50 к.», «16 к.») in kopecks; None where there is none."""
    found = _PRICE.search(" ".join(price.split()))
    if not found:
        return None
    rubles, fraction, named, unit = found.groups()
    digits = re.sub(r"\D", "", rubles).lstrip("0")
    if len(digits) > PRICE_DIGITS:
        return None
    whole = int(digits or "0")
    if unit and not (fraction or named):
        return whole
    return whole * 100 + int(named or (fraction or "0").ljust(2, "0"))


def item_key(item: Item) -> str:
    """Identity of a copy inside its record; copies kept without inventory numbers share the empty one."""
    return item.inventory_number or item.barcode


def postings(items: Iterable[Item], day: date) -> Counter[Posting]:
    found: Counter[Posting] = Counter()
    for item in items:
        came, went = dates(item, day)
        found[Posting(MovementKind.ACQUIRED, came, item.ksu_number)] += item.copies
        if item.withdrawn is not None:
            found[Posting(MovementKind.WITHDRAWN, went, item.withdrawal_act, item.withdrawal_reason)] += item.copies
    return found


def dates(item: Item, day: date) -> tuple[date | None, date | None]:
    """Registration and withdrawal dates that can be true: not in the future, not before 1900, in this order."""
    came = item.registered if item.registered and EARLIEST <= item.registered <= day else None
    went = item.withdrawn if item.withdrawn and EARLIEST <= item.withdrawn <= day else None
    if came and went and went < came:
        came = went
    return came, went


def by_key(holdings: Holdings | None) -> dict[str, list[Item]]:
    grouped: dict[str, list[Item]] = {}
    for item in holdings.items if holdings else ():
        grouped.setdefault(item_key(item), []).append(item)
    return grouped


_Free = dict[date, dict[int | None, list[str]]]  # keys by day of registration and price


def renumbered(before: dict[str, list[Item]], after: dict[str, list[Item]]) -> dict[str, list[Item]]:
    """`before`, its copies under the keys that `after` has for them.

    A number retyped, given to some or all copies of a group or taken off them, makes no other copies: of one day of
    registration those that a key has too many are those that another has too few, rather at their own price than at
    another, and rather still there than written off. A number that would be left without a copy keeps its own: its day
    was mended.
    """
    kept = set[str]()
    while True:
        less, more = _by_day(before, kept), _by_day(after, kept)
        less, more = less - more, more - less
        gave = {key for key, _ in less}
        found, empty = _renumbered(before, after, less, more)
        mended = gave & empty - {""}
        if not mended:
            return found
        kept |= mended


def _renumbered(
    before: dict[str, list[Item]], after: dict[str, list[Item]],
    less: Counter[tuple[str, date | None]], more: Counter[tuple[str, date | None]],
) -> tuple[dict[str, list[Item]], set[str]]:  # fmt: skip
    """`before` with the copies of `less` under keys of `more`, and the keys that are still too few."""
    free: _Free = {}
    new = ((key, item) for key, items in after.items() for item in items if item.registered)
    for key, item in sorted(new, key=lambda pair: pair[1].withdrawn is None) if less and more else ():
        copies = min(item.copies, more[key, item.registered])
        more[key, item.registered] -= copies
        prices = free.setdefault(item.registered or EARLIEST, {})
        prices.setdefault(kopecks(item.price), []).extend([key] * copies)
    found: dict[str, list[Item]] = {}
    for key, items in before.items():
        for item in items if free else ():
            for here, copies in Counter(_places(key, item, less, free)).items():
                found.setdefault(here, []).append(replace(item, copies=copies))
    return found or before, {key for prices in free.values() for keys in prices.values() for key in keys}


def _by_day(items: dict[str, list[Item]], kept: set[str]) -> Counter[tuple[str, date | None]]:
    """Copies of each key that is not `kept` by day of registration."""
    found = Counter[tuple[str, date | None]]()
    for key, some in items.items():
        for item in some:
            if item.registered and key not in kept:
                found[key, item.registered] += item.copies
    return found


def _places(key: str, item: Item, less: Counter[tuple[str, date | None]], free: _Free) -> Iterator[str]:
    """The key of each copy of an item: its own, or of those it has too many the last free one of their day."""
    day = item.registered if item.withdrawn is None else None
    prices = free.get(day, {}) if day else {}
    for _ in range(item.copies):
        places = less[key, day] > 0 and (prices.get(kopecks(item.price)) or next(filter(None, prices.values()), None))
        if places:
            less[key, day] -= 1
            yield places.pop()
        else:
            yield key


def numbers_in(line: StockMovement) -> list[str]:
    """The inventory numbers a line names."""
    return line.inventory.split(", ") if line.inventory else []


def each_number(line: StockMovement) -> list[str]:
    """The inventory numbers of a line, where each is of one copy."""
    numbers = numbers_in(line)
    return numbers if len(numbers) == abs(line.copies) else []


def by_number(line: StockMovement) -> Iterator[tuple[str, int]]:
    """The copies of each number a line names, signed; all of them under "" where it does not tell."""
    named = numbers_in(line)
    if named and line.copies % len(named) == 0:
        yield from ((number, line.copies // len(named)) for number in named)
    else:
        yield "", line.copies


def cell(line: StockMovement) -> tuple[object, ...]:
    """The library and class a line stands in."""
    return line.library, line.category, line.carrier, line.ekind


def worth(copies: int, price: int | None) -> int | None:
    """The value of so many copies, signed as they are; None where nobody knows their price."""
    return None if price is None else copies * price


def price_of(line: StockMovement) -> int | None:
    """Kopecks of one of the copies of a line."""
    return None if line.kopecks is None else round(line.kopecks / line.copies)


def negative(value: int | None) -> int | None:
    """A value that is taken off; None where nobody knows it."""
    return None if value is None else -value


def sum_known(values: Iterable[int | None]) -> int | None:
    """The sum of the values that are known; None where none is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _of_kind(postings: Counter[Posting], kind: MovementKind) -> dict[Posting, int]:
    return {posting: copies for posting, copies in postings.items() if posting.kind is kind}


def changed_postings(
    old: Counter[Posting], new: Counter[Posting], kind: MovementKind
) -> tuple[list[tuple[Posting, int]], list[tuple[Posting, int]]]:
    """Postings of one kind that went and that came; where only a document's number was retyped, neither."""
    removed, added = _of_kind(old - new, kind), _of_kind(new - old, kind)
    for gone, there in removed.items():
        for came in added:
            if came.day == gone.day:
                both = min(there, added[came])
                there -= both
                added[came] -= both
        removed[gone] = there
    return _in_order(removed), _in_order(added)


def _in_order(postings: dict[Posting, int]) -> list[tuple[Posting, int]]:
    found = [(posting, copies) for posting, copies in postings.items() if copies > 0]
    return sorted(found, key=lambda pair: (pair[0].day or date.max, pair[0].document, pair[0].reason))


def taken(postings: list[tuple[Posting, int]], copies: int) -> Iterator[tuple[Posting, int]]:
    """The first `copies` copies of the list."""
    for posting, count in postings:
        if copies <= 0:
            return
        yield posting, min(count, copies)
        copies -= count


def merged(lines: Iterable[StockMovement]) -> list[StockMovement]:
    """Lines equal in everything but copies and inventory numbers become one; empty ones go.

    Copies with numbers and those without stay apart: by their numbers they are known again in another record. So do
    copies at several prices: one that leaves takes its own along.
    """
    lines = list(lines)
    if len(lines) < 2:
        return [line for line in lines if line.copies]
    sums: dict[tuple[object, ...], list[StockMovement]] = {}
    for line in lines:
        sums.setdefault(_but_sums(line), []).append(line)
    found = []
    for parts in sums.values():
        line = parts[0]
        copies = sum(part.copies for part in parts)
        value = sum_known(part.kopecks for part in parts)
        numbers = ", ".join(part.inventory for part in parts if part.inventory)
        if copies:
            found.append(replace(line, copies=copies, kopecks=value, inventory=numbers))
    return sorted(found, key=lambda line: (line.day, line.kind, line.of or "", line.document, line.copies))


def _but_sums(line: StockMovement) -> tuple[object, ...]:
    return (
        line.library, line.record, line.day, line.kind, line.category, line.carrier, line.ekind, line.basis, line.run,
        line.document, line.corrects, line.of, line.reason, line.inventory != "", price_of(line),
    )  # fmt: skip


def says(line: StockMovement) -> str:
    """Who says the day: the run, an act typed by hand, or the data, in whatever field."""
    return line.basis if line.basis in (RUN, BY_HAND) else ""


def net(posted: Sequence[StockMovement], *, finely: bool = False) -> list[StockMovement]:
    """What stands in the books: lines summed by library, day, column, class and who says the day; `finely`: and by
    document, price, and whether the copies have numbers. Nothing that cancels out."""
    sums: dict[tuple[object, ...], StockMovement] = {}
    numbers: dict[tuple[object, ...], Counter[str]] = {}
    for line in posted:
        more = (line.document, price_of(line), line.inventory != "") if finely else ()
        key = (*cell(line), line.day, line.column, says(line), *more)
        if line.inventory:
            named = numbers.setdefault(key, Counter())
            for number in numbers_in(line):
                named[number] += 1 if line.copies > 0 else -1
        there = sums.get(key)
        if there is None:
            sums[key] = replace(line, kind=line.column)
        else:
            value = sum_known((there.kopecks, line.kopecks))
            sums[key] = replace(there, copies=there.copies + line.copies, kopecks=value)
    standing = [
        replace(line, inventory=", ".join(number for number, count in numbers[key].items() if count * line.copies > 0))
        if key in numbers else line
        for key, line in sums.items() if line.copies
    ]  # fmt: skip
    return sorted(standing, key=lambda line: (line.day, line.column))
