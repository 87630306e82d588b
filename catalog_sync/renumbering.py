"""Which records of an export are those that were published under other numbers: the base was installed anew.

A number is all a school's system says of who a record is. Where many change, or some are given to other books, a record
is known by what it says and by its copies. Nothing is guessed: of two that nothing tells apart neither is handed on.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import NamedTuple

Pair = tuple[str, str]  # numbers of one record: before and now


class Card(NamedTuple):
    """What a record is known by: digests of what it says of its edition and of what the library has, and numbers."""

    said: bytes
    copies: bytes
    inventory: frozenset[str]

    def has_copies_of(self, other: Card) -> bool:
        """Whether these may be the same copies: a number of both, or, where neither names any, the same all told."""
        if self.inventory or other.inventory:
            return not self.inventory.isdisjoint(other.inventory)
        return self.copies == other.copies


class Renumbering:
    """Records whose numbers are gone (`before`) and records under numbers that were not theirs (`now`), by number.

    Paired step by step, the surest first; who is paired is out of question for the steps behind.
    """

    def __init__(self, before: Mapping[str, Card], now: Mapping[str, Card]) -> None:
        self.before, self.now = dict(before), dict(now)
        self.pairs: list[Pair] = []
        self.same_copies = 0  # pairs that have them

    def take(self, pairs: Iterable[Pair]) -> None:
        for was, is_ in pairs:
            former, heir = self.before.pop(was), self.now.pop(is_)
            if was != is_:
                self.same_copies += heir.has_copies_of(former)
                self.pairs.append((was, is_))

    def take_only_ones(self, mark: Callable[[Card], Hashable]) -> None:
        """Pair where one record before and one now have a mark, and no other has it."""
        before, now = _by(mark, self.before), _by(mark, self.now)
        self.take([(some[0], now[m][0]) for m, some in before.items() if len(some) == len(now.get(m, ())) == 1])

    def with_inventory(self) -> list[Pair]:
        """Pairs with numbers of copies that no other record has: they may be one record, described otherwise."""
        before, now = _by_number(self.before), _by_number(self.now)
        shared = {(was, now[number]) for number, was in before.items() if number in now}
        formers, heirs = Counter(was for was, _ in shared), Counter(is_ for _, is_ in shared)
        return sorted(pair for pair in shared if formers[pair[0]] == heirs[pair[1]] == 1)

    def bunches(self) -> list[tuple[list[str], list[str]]]:
        """Records before and now that say the same, and are more than one on a side; by number.

        Of those the ones whose number stayed are who they were.
        """
        both = self.before.keys() & self.now.keys()
        stayed = [number for number in both if self.before[number].said == self.now[number].said]
        self.take((number, number) for number in stayed)
        now = _by(said, self.now)
        return [(formers, now[mark]) for mark, formers in _by(said, self.before).items() if mark in now]


def said_and_copies(card: Card) -> Hashable:
    return card.said, card.copies


def said(card: Card) -> Hashable:
    return card.said


def _by(mark: Callable[[Card], Hashable], cards: Mapping[str, Card]) -> dict[Hashable, list[str]]:
    found: dict[Hashable, list[str]] = defaultdict(list)
    for number in sorted(cards):
        found[mark(cards[number])].append(number)
    return found


def _by_number(cards: Mapping[str, Card]) -> dict[str, str]:
    """Numbers of copies of one record alone → that record."""
    count = Counter(copy for card in cards.values() for copy in card.inventory)
    return {copy: number for number, card in cards.items() for copy in card.inventory if count[copy] == 1}
