"""Who is who under other numbers: by words and copies, by inventory numbers, and never by a guess."""

from __future__ import annotations

from catalog_sync.renumbering import Card, Renumbering, said, said_and_copies


def card(words: str, *inventory: str, copies: str = "") -> Card:
    return Card(words.encode(), (copies or " ".join(inventory)).encode(), frozenset(inventory))


def test_words_and_copies_are_asked_before_words_alone() -> None:
    found = Renumbering({"a": card("сказки", "1"), "b": card("сказки", "2")},
                        {"y": card("сказки", "2"), "z": card("сказки", "3")})  # fmt: skip
    found.take_only_ones(said_and_copies)
    assert found.pairs == [("b", "y")]
    found.take_only_ones(said)
    assert found.pairs == [("b", "y"), ("a", "z")]
    assert found.same_copies == 1


def test_of_records_alike_nobody_is_paired_by_what_they_say() -> None:
    found = Renumbering({"a": card("сказки"), "b": card("сказки")}, {"y": card("сказки"), "z": card("сказки")})
    found.take_only_ones(said_and_copies)
    found.take_only_ones(said)
    assert found.pairs == []
    assert found.bunches() == [(["a", "b"], ["y", "z"])]


def test_a_number_that_all_copies_have_joins_nothing() -> None:
    before = {"a": card("нос", "б/н", "1"), "b": card("вий", "б/н", "2"), "c": card("чайка", "б/н")}
    now = {"x": card("нос и другие", "б/н", "1"), "y": card("вий : повесть", "б/н", "2"), "z": card("муму", "б/н")}
    assert Renumbering(before, now).with_inventory() == [("a", "x"), ("b", "y")]


def test_copies_of_two_cards_on_one_say_of_neither_that_it_is_the_one() -> None:
    found = Renumbering({"a": card("нос", "1"), "b": card("нос.", "2")}, {"z": card("нос : повесть", "1", "2")})
    assert found.with_inventory() == []


def test_of_records_alike_those_whose_numbers_stayed_are_who_they_were() -> None:
    found = Renumbering({"a": card("сказки"), "b": card("сказки")}, {"b": card("сказки"), "z": card("сказки")})
    assert found.bunches() == [(["a"], ["z"])]
    assert found.pairs == []


def test_groups_without_numbers_are_the_same_copies_where_all_told_of_them_is() -> None:
    found = Renumbering({"a": card("алгебра", copies="30"), "b": card("химия", copies="25")},
                        {"x": card("алгебра", copies="30"), "y": card("химия", copies="5")})  # fmt: skip
    found.take_only_ones(said)
    assert found.same_copies == 1
