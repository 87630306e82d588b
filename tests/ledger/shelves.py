"""Shelves with prices, night by night, against a truth of their own: what each copy is worth and where it stands."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from catalog_sync.ledger.moves import moved
from catalog_sync.ledger.posting import movements
from catalog_sync.model import Holdings, RecordKey, StockMovement
from tests.ledger.district import holds, item, klass

FIRST = date(2024, 2, 2)
ACT = date(2023, 12, 1)
Place = tuple[str, date, str]  # column, day, category


@dataclass(frozen=True)
class Copy:
    """`name` tells the same copy from night to night; the exports don't say it. `price`: rubles, "" for none."""

    name: str
    number: str = ""
    price: str = ""
    came: date | None = None
    went: date | None = None


Shelf = Mapping[str, Sequence[Copy]]  # by card


def night_day(night: int) -> date:
    return FIRST + timedelta(30 * night)


def books_of(nights: Sequence[Shelf], classes: Sequence[Mapping[str, str]]) -> list[StockMovement]:
    """All lines of the ledger after these exports, a night each. `classes`: category by card, else textbook."""
    posted = defaultdict[RecordKey, list[StockMovement]](list)
    before: dict[str, tuple[Holdings, str]] = {}
    for night, shelf in enumerate(nights):
        after = {card: (_holdings(copies), classes[night].get(card, "textbook")) for card, copies in shelf.items()}
        news = list[StockMovement]()
        for card in sorted(before | after):
            old, new = before.get(card), after.get(card)
            key = RecordKey("s", card)
            news += movements(
                "s", key, old and old[0], new and new[0], old and klass(old[1]), new and klass(new[1]),
                first_load=not night, run=night, day=night_day(night), posted=tuple(posted[key]),
            )  # fmt: skip
        for line in [*news, *(moved(news, {key: tuple(lines) for key, lines in posted.items()}) if night else ())]:
            posted[line.record].append(line)
        before = after
    return [line for lines in posted.values() for line in lines]


def _holdings(copies: Sequence[Copy]) -> Holdings:
    """Numbered copies one by one, others by what they have in common."""
    alike = Counter(copy if copy.number else replace(copy, name="") for copy in copies)
    return holds(*(
        item(one.number, copies=count, came=one.came, went=one.went, price=one.price) for one, count in alike.items()
    ))  # fmt: skip


def said(lines: Sequence[StockMovement]) -> dict[Place, tuple[int, int]]:
    """Copies and kopecks as the books say."""
    copies, kopecks = Counter[Place](), Counter[Place]()
    for line in lines:
        place = (line.column.value, line.day, line.category.value)
        copies[place] += line.copies
        kopecks[place] += line.kopecks or 0
    return _both(copies, kopecks)


def _both(copies: Counter[Place], kopecks: Counter[Place]) -> dict[Place, tuple[int, int]]:
    return {place: (copies[place], kopecks[place]) for place in copies if copies[place] or kopecks[place]}


def truth(nights: Sequence[Shelf], classes: Sequence[Mapping[str, str]]) -> dict[Place, tuple[int, int]]:
    """The same as it is: a copy is worth the last price that was said of it, where it came and where it left."""
    came, left, price, card_of, kind = {}, dict[str, date | None](), Counter[str](), {}, {}
    for night, shelf in enumerate(nights):
        kind |= {card: classes[night].get(card, "textbook") for card in shelf}
        there = {copy.name: (card, copy) for card, copies in shelf.items() for copy in copies}
        for name, (card, copy) in there.items():
            card_of[name], left[name] = card, copy.went
            price[name] = round(float(copy.price) * 100) if copy.price else price[name]
            first = came.get(name, (night_day(night), "acquired" if night else "initial"))
            came[name] = (copy.came, "acquired") if copy.came else first
        left |= {name: left[name] or night_day(night) for name in came.keys() - there.keys()}
    copies, kopecks = Counter[Place](), Counter[Place]()
    for name, (day, column) in came.items():
        moves = [(day, column, 1)] + [(gone, "withdrawn", -1) for gone in [left[name]] if gone]
        for when, where, sign in moves:
            copies[where, when, kind[card_of[name]]] += sign
            kopecks[where, when, kind[card_of[name]]] += sign * price[name]
    return _both(copies, kopecks)
