"""Copies that leave one record and come to another in one run have moved: the years before say what they said."""

from __future__ import annotations

from collections import Counter
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from catalog_sync.ledger.moves import moved
from catalog_sync.ledger.posting import movements
from catalog_sync.model import Holdings, RecordKey, StockMovement
from tests.ledger.district import holds, item, klass

FIRST, TODAY = date(2024, 2, 2), date(2026, 11, 20)
PAST, LATER = date(2019, 9, 1), date(2021, 9, 1)
Shelf = dict[str, Holdings]


def book_of(before: Shelf, after: Shelf, *, cell=None) -> list[StockMovement]:
    """All lines of a source after its first load and one run more."""
    cell = cell or klass("textbook")
    posted = {
        RecordKey("s", number): movements(
            "s", RecordKey("s", number), None, held, None, cell, first_load=True, run=1, day=FIRST
        )
        for number, held in before.items()
    }
    news: list[StockMovement] = []
    for number in before | after:
        key, old, new = RecordKey("s", number), before.get(number), after.get(number)
        was, now = cell if old else None, cell if new else None
        news += movements("s", key, old, new, was, now, first_load=False, run=2, day=TODAY, posted=posted.get(key, ()))
    return [line for lines in posted.values() for line in lines] + news + list(moved(news, posted))


def standing(lines: list[StockMovement], *, by_record: bool = False) -> dict[tuple[object, ...], int]:
    sums: Counter[tuple[object, ...]] = Counter()
    for line in lines:
        where = (line.record.local_id,) if by_record else ()
        sums[*where, line.column.value, line.day] += line.copies
    return {place: copies for place, copies in sums.items() if copies}


def test_records_numbered_anew_neither_lose_nor_bring_books():
    shelf = {
        "A": holds(item(copies=30, came=PAST)),
        "B": holds(item("17", came=PAST), item("18", came=LATER)),
        "C": holds(item("19")),
    }
    anew = {f"X{number}": held for number, held in shelf.items()}
    assert standing(book_of(shelf, anew)) == standing(book_of(shelf, shelf)) == {
        ("acquired", PAST): 31, ("acquired", LATER): 1, ("initial", FIRST): 1,
    }  # fmt: skip
    assert all(place[0].startswith("X") for place in standing(book_of(shelf, anew), by_record=True))


def test_copies_of_a_second_card_move_to_the_first():
    before = {"A": holds(item("17", came=PAST)), "B": holds(item("18", came=LATER))}
    after = {"A": holds(item("17", came=PAST), item("18", came=LATER))}
    assert standing(book_of(before, after), by_record=True) == {
        ("A", "acquired", PAST): 1, ("A", "acquired", LATER): 1,
    }  # fmt: skip


def test_a_card_of_numbered_copies_and_groups_moves_whole():
    card = holds(item("17", came=PAST), item("18"), item(copies=5, came=PAST), item(copies=3, came=LATER))
    assert standing(book_of({"A": card}, {"B": card}), by_record=True) == {
        ("B", "acquired", PAST): 6, ("B", "acquired", LATER): 3, ("B", "initial", FIRST): 1,
    }  # fmt: skip


def test_groups_of_several_cards_joined_in_one_are_its_group():
    before = {name: holds(item(copies=count, came=PAST)) for name, count in (("A", 20), ("B", 10), ("C", 5))}
    assert standing(book_of(before, {"A": holds(item(copies=35, came=PAST))}), by_record=True) == {
        ("A", "acquired", PAST): 35
    }  # fmt: skip


def test_an_undated_copy_takes_along_the_day_it_came_on():
    """Of the two without a date on a card one was there from the first, the other came later; this one moves."""
    first, second = holds(item("1")), holds(item("1"), item("2"))
    key, other, cell = RecordKey("s", "A"), RecordKey("s", "B"), klass("textbook")
    came = {"run": 1, "day": FIRST, "first_load": True}
    posted = movements("s", key, None, first, None, cell, **came)
    posted += movements("s", key, first, second, cell, cell, first_load=False, run=2, day=LATER, posted=posted)
    news = movements("s", key, second, first, cell, cell, first_load=False, run=3, day=TODAY, posted=posted)
    news += movements("s", other, None, holds(item("2")), None, cell, first_load=False, run=3, day=TODAY)
    lines = [*posted, *news, *moved(news, {key: posted})]
    assert standing(lines, by_record=True) == {("A", "initial", FIRST): 1, ("B", "acquired", LATER): 1}


def test_what_leaves_without_coming_elsewhere_has_left():
    before = {"A": holds(item(copies=30, came=PAST)), "B": holds(item("17", came=PAST), item("18", came=PAST))}
    after = {"X": holds(item(copies=25, came=PAST)), "Y": holds(item("18", came=PAST), item("20", came=PAST))}
    assert standing(book_of(before, after)) == {
        ("acquired", PAST): 30 + 2 + 25 + 1, ("withdrawn", TODAY): -31,
    }  # fmt: skip


def test_a_copy_of_another_day_is_another_copy():
    lines = book_of({"A": holds(item(copies=30, came=PAST))}, {"X": holds(item(copies=30, came=LATER))})
    assert standing(lines) == {("acquired", PAST): 30, ("acquired", LATER): 30, ("withdrawn", TODAY): -30}


copies = st.builds(
    item, st.sampled_from(["", "1", "2", "3"]), copies=st.integers(1, 3), came=st.sampled_from([None, PAST, LATER])
)
shelves = st.dictionaries(st.sampled_from("ABXY"), st.lists(copies, max_size=3).map(lambda some: holds(*some)))


@given(shelves, shelves)
def test_every_record_still_has_in_the_books_what_its_library_holds(before, after):
    sums: Counter[str] = Counter()
    for line in book_of(before, after):
        sums[line.record.local_id] += line.copies
    assert {number: n for number, n in sums.items() if n} == {k: h.copies for k, h in after.items() if h.copies}


@given(shelves, shelves)
def test_nothing_ever_stood_below_nought(before, after):
    balance: Counter[date] = Counter()
    for line in book_of(before, after):
        balance[line.day] += line.copies
    total = 0
    for day in sorted(balance):
        total += balance[day]
        assert total >= 0


def test_groups_that_one_card_has_taken_over_are_not_taken_for_those_of_another_as_well():
    both = (item(copies=1, came=PAST), item(copies=2, came=LATER))
    before = {"A": holds(*both), "B": holds(item(copies=2, came=LATER))}
    assert standing(book_of(before, {"X": holds(*both)})) == {
        ("acquired", PAST): 1, ("acquired", LATER): 4, ("withdrawn", TODAY): -2,
    }  # fmt: skip
