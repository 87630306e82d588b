"""Rubles against a truth that knows no ledger: plays of one cause each, and long ones of everything."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import count

import pytest

from catalog_sync.ledger.items import by_number
from catalog_sync.model import Category, MovementKind
from tests.ledger.shelves import ACT, Copy, Shelf, books_of, said, truth

D1, D2, D3 = date(2019, 9, 1), date(2021, 9, 1), date(2022, 9, 1)


def group(names: str, price: str = "", came: date | None = D1, **more: object) -> list[Copy]:
    """Copies without numbers, one for each letter."""
    return [Copy(name, "", price, came, **more) for name in names]  # type: ignore[arg-type]


def one(number: str, price: str = "", came: date | None = D1, **more: object) -> Copy:
    return Copy(more.pop("name", number), number, price, came, **more)  # type: ignore[arg-type]


PLAYS: dict[str, list[list[Copy] | Shelf]] = {
    "a price typed later": [[one("17")], [one("17", "250")]],
    "a price mended": [[one("17", "100")], [one("17", "250")]],
    "undated, of two nights, priced": [group("ab", "", None), group("abcd", "", None), group("abcd", "50", None)],
    "undated numbers of two nights": [
        [one("1", "", None)], [one("1", "", None), one("2", "", None)], [one("1", "300", None), one("2", "50", None)]],
    "undated copies of two prices, the first mended": [
        group("a", "100", None), group("a", "100", None) + group("b", "300", None),
        group("a", "120", None) + group("b", "300", None)],
    "a group split between prices": [group("abcd", "100"), group("ab", "100") + group("cd", "300")],
    "of a split group one leaves": [
        group("abcd", "100"), group("ab", "100") + group("cd", "300"), group("ab", "100") + group("c", "300")],
    "one leaves in the night the others' price is mended": [group("abcd", "100"), group("abc", "250")],
    "one leaves, then the others' price is mended": [group("abcd", "100"), group("abc", "100"), group("abc", "200")],
    "a part written off by an act": [group("abcd", "100"), group("abc", "100") + group("d", "100", went=ACT)],
    "the price of one written off mended": [
        group("abc", "100") + group("d", "100", went=ACT), group("abc", "100") + group("d", "200", went=ACT)],
    "the act names another price": [[one("17", "100")], [one("17", "250", went=ACT)]],
    "the act names no price": [group("abcd", "100"), group("abc", "100") + group("d", went=ACT)],
    "the act is cancelled, the price is another": [[one("17", "100", went=ACT)], [one("17", "250")]],
    "an export stops saying the price": [[one("17", "100")], [one("17")]],
    "a copy leaves when its price is no longer said": [group("abcd", "100"), group("abcd"), group("ab")],
    "an act when the price is no longer said": [[one("17", "100")], [one("17")], [one("17", went=ACT)]],
    "another price after none": [[one("17", "100")], [one("17")], [one("17", "250")]],
    "another date after the price is no longer said": [[one("17", "70")], [one("17")], [one("17", "", D2)]],
    "another date and no price": [[one("17", "70")], [one("17", "", D2)]],
    "another date and another price": [group("abc", "70"), group("abc", "100", D2)],
    "a date and a price learnt": [[one("17", "", None)], [one("17", "100")]],
    "days mended, one of them to what another had": [
        [one("1", "70", D1), one("2", "90", D2)], [one("1", "70", ACT), one("2", "90", D1)]],
    "days mended in a row": [
        [one("1", "70", D1), one("2", "90", D2), one("3", "50", D3)],
        [one("1", "70", ACT), one("2", "90", D1), one("3", "50", D2)]],
    "numbers pushed on by one": [
        [one("1", "70", D1), one("2", "90", D2)], [one("2", "70", D1, name="1"), one("3", "90", D2, name="2")]],
    "back at another price": [group("abc", "100"), {}, group("abc", "250")],
    "back without a price": [[one("17", "100")], {}, [one("17")]],
    "back with the price it had not": [[one("17")], {}, [one("17", "100")]],
    "undated and back at another price": [group("abc", "100", None), {}, group("abc", "250", None)],
    "of two prices one back": [
        [one("17", "100"), one("18", "300"), one("19", "7")], [one("19", "7")], [one("19", "7"), one("18", "300")]],
    "of groups of one day one back": [group("ab", "100") + group("cde", "300"), {}, group("ab", "100")],
    "numbers given, prices too": [group("ab", "70"), [one("1", "70", name="a"), one("2", "90", name="b")]],
    "numbers given, prices no longer said": [
        group("ab", "70"), [one("1", name="a"), one("2", name="b")], [one("1", name="a")]],
    "retyped beside some without a price": [
        [one("1", "70"), one("2")], [one("8", "70", name="1"), one("9", name="2")]],
    "moved at another price": [{"A": [one("17", "100")]}, {"B": [one("17", "250")]}],
    "moved without the price": [{"A": [one("17", "100")]}, {"B": [one("17")]}],
    "moved with a price it had not": [{"A": [one("17")]}, {"B": [one("17", "100")]}],
    "of two one moves, at another price": [{"A": [one("17", "100"), one("18", "300")]}, {"B": [one("17", "120")]}],
    "moved apart without prices": [
        {"A": [one("17", "100"), one("18", "300")]}, {"B": [one("17")], "C": [one("18")]}],
    "a group moved at another price": [{"A": group("abc", "100")}, {"B": group("abc", "250")}],
    "groups of two days moved without prices": [
        {"A": group("abc", "100") + group("de", "300", D2)}, {"B": group("abc") + group("de", "", D2)}],
    "a group of two prices moved": [
        {"A": group("abc", "100") + group("de", "300")}, {"B": group("abc", "100") + group("de", "300")}],
    "undated and moved at another price": [{"A": group("abc", "100", None)}, {"B": group("abc", "250", None)}],
    "undated of two nights moved": [
        {"A": group("ab", "100", None)}, {"A": group("ab", "100", None) + group("c", "70", None)},
        {"B": group("ab", "100", None) + group("c", "70", None)}],
    "cards joined, the price is another": [
        {"A": group("abc", "100"), "B": group("de", "300")}, {"C": group("abcde", "180")}],
    "cards joined without prices": [{"A": group("abc", "100"), "B": group("de", "300")}, {"C": group("abcde")}],
}  # fmt: skip


@pytest.mark.parametrize("play", PLAYS.values(), ids=PLAYS.keys())
def test_rubles_after_one_cause(play: list[list[Copy] | Shelf]) -> None:
    nights = [night if isinstance(night, dict) else {"A": night} for night in play]
    classes = [{}] * len(nights)
    assert said(books_of(nights, classes)) == truth(nights, classes)


def test_rubles_of_a_class_that_changes_and_is_what_it_was() -> None:
    nights = [{"A": group("ab", price, None)} for price in ("", "100", "100", "250", "250")]
    classes = [{"A": name} for name in ("textbook", "textbook", "fiction", "fiction", "textbook")]
    assert said(books_of(nights, classes)) == truth(nights, classes)


def test_copies_with_and_without_numbers_written_off_in_one_act_keep_apart_when_their_class_changes() -> None:
    gone = [*group("ab", "100", went=ACT), one("17", "100", D2, went=ACT), one("18", "100", D2, went=ACT)]
    nights: list[Shelf] = [{"A": [replace(copy, went=None) for copy in gone]}, {"A": gone}, {"A": gone}]
    classes = [{}, {}, {"A": "fiction"}]
    books = books_of(nights, classes)
    assert said(books) == truth(nights, classes)
    standing = [line for line in books if line.category is Category.FICTION and line.column is MovementKind.WITHDRAWN]
    numbers = Counter(pair for line in standing for pair in by_number(line))
    assert numbers == {("", -2): 1, ("17", -1): 1, ("18", -1): 1}  # each is known again by its number


class Play:
    """Nights of three cards; each event is an ordinary one. Days of deliveries are all different: copies of one day
    without numbers are the same to anyone."""

    def __init__(self, seed: int) -> None:
        self.rng, self.last = random.Random(seed), count(1)
        self.cards: dict[str, list[Copy]] = {card: self.batch() for card in "ABC"}
        self.classes, self.new_cards = dict.fromkeys("ABCDEFGH", "textbook"), iter("DEFGH")
        self.missing = ""

    def nights(self, number: int) -> Iterator[tuple[Shelf, dict[str, str]]]:
        yield dict(self.cards), dict(self.classes)
        events: list[Callable[[str], None]] = [
            self.deliver, self.lose, self.lose_some, self.write_off, self.move, self.move_card, self.reprice,
            self.reprice_one, self.forget_prices, self.redate, self.retype, self.miss, self.reclassify,
        ]  # fmt: skip
        for _ in range(number - 1):
            if self.missing:
                self.missing = ""
            else:
                self.rng.choice(events)(self.rng.choice(sorted(self.cards)))
            yield {card: some for card, some in self.cards.items() if card != self.missing}, dict(self.classes)

    def batch(self) -> list[Copy]:
        is_numbered, price = self.rng.random() < 0.5, self.rng.choice(["100", "250", "33.33", ""])
        day = self.rng.choice([None, D1 + timedelta(next(self.last))])
        made = [str(next(self.last)) for _ in range(self.rng.randrange(1, 4))]
        return [Copy(name, name if is_numbered else "", price, day) for name in made]

    def there(self, card: str) -> list[Copy]:
        return [copy for copy in self.cards[card] if not copy.went]

    def change(self, card: str, some: Callable[[Copy], bool], **to: object) -> None:
        self.cards[card] = [replace(c, **to) if not c.went and some(c) else c for c in self.cards[card]]  # type: ignore[arg-type]

    def deliver(self, card: str) -> None:
        self.cards[card] = self.cards[card] + self.batch()

    def lose(self, card: str) -> None:
        self.cards[card] = [copy for copy in self.cards[card] if copy.went]

    def lose_some(self, card: str) -> None:
        self.cards[card] = [copy for copy in self.cards[card] if copy.went or self.rng.random() < 0.5]

    def write_off(self, card: str) -> None:
        self.change(card, lambda copy: copy.came is not None and self.rng.random() < 0.5, went=ACT)

    def move(self, card: str) -> None:
        other = self.rng.choice(sorted(self.cards))
        some = [copy for copy in self.there(card) if copy.number] if other != card else []
        self.cards[card] = [copy for copy in self.cards[card] if copy not in some]
        self.cards[other] = self.cards[other] + some

    def move_card(self, card: str) -> None:
        """To another number. What a former number has written off is handed over elsewhere (ledger.heirs)."""
        if self.there(card) == self.cards[card] and (other := next(self.new_cards, "")):
            self.cards[other], self.classes[other] = self.cards.pop(card), self.classes[card]

    def reprice(self, card: str) -> None:
        self.change(card, lambda _: True, price=self.rng.choice(["100", "300", "66.67"]))

    def reprice_one(self, card: str) -> None:
        if some := [copy for copy in self.there(card) if copy.number]:
            self.change(card, self.rng.choice(some).__eq__, price="77")

    def forget_prices(self, card: str) -> None:
        self.change(card, lambda copy: copy.number != "", price="")

    def redate(self, card: str) -> None:
        self.change(card, lambda copy: copy.number != "", came=self.rng.choice([D1, D2]))

    def retype(self, card: str) -> None:
        for copy in self.there(card):
            if copy.came:
                self.change(card, copy.__eq__, number=str(next(self.last)))

    def miss(self, card: str) -> None:
        self.missing = card

    def reclassify(self, card: str) -> None:
        self.classes[card] = "fiction" if self.classes[card] == "textbook" else "textbook"


@pytest.mark.parametrize("seeds", [range(300), pytest.param(range(300, 6000), marks=pytest.mark.slow)])
def test_rubles_of_long_plays(seeds: range) -> None:
    for seed in seeds:
        shelves, classes = zip(*Play(seed).nights(8), strict=True)
        assert (seed, said(books_of(shelves, classes))) == (seed, truth(shelves, classes))
