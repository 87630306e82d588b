"""Money goes where the copies go: КСУ adds up rubles by the same days, columns and classes."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest

from catalog_sync.ledger.items import RUN
from catalog_sync.ledger.moves import moved
from catalog_sync.ledger.posting import movements
from catalog_sync.model import Classified, Holdings, RecordKey, StockMovement
from tests.ledger.district import holds, item, klass

FIRST, PAST, LATER = date(2024, 2, 2), date(2019, 9, 1), date(2021, 9, 1)
KEY = RecordKey("s", "A")
Night = tuple[Holdings, Classified] | Holdings


def book(*nights: Night) -> list[StockMovement]:
    """All lines of a record after these exports, a night each."""
    posted: list[StockMovement] = []
    told = [night if isinstance(night, tuple) else (night, klass()) for night in nights]
    for number, ((before, was), (after, now)) in enumerate(pairwise([(None, None), *told])):
        posted += movements(
            "s", KEY, before, after, was, now, first_load=not number, run=number, day=FIRST + timedelta(number),
            posted=posted,
        )  # fmt: skip
    return posted


def rubles(lines: list[StockMovement]) -> dict[tuple[object, ...], int]:
    sums: Counter[tuple[object, ...]] = Counter()
    for line in lines:
        sums[line.category.value, line.column.value, line.day] += line.kopecks or 0
    return {place: kopecks // 100 for place, kopecks in sums.items() if kopecks}


def of_fiction(**places: int) -> dict[tuple[object, ...], int]:
    days = {"acquired": PAST, "later": LATER, "initial": FIRST, "withdrawn": FIRST + timedelta(1)}
    columns = {"later": "acquired"}
    return {("fiction", columns.get(name, name), days[name]): value for name, value in places.items()}


priced = item("17", came=PAST, price="100")


@pytest.mark.parametrize(
    ("nights", "expected"),
    [
        ([holds(priced), holds(item("17", came=LATER, price="100"))], of_fiction(later=100)),
        ([holds(item("17", price="100")), holds(priced)], of_fiction(acquired=100)),
        ([holds(item("17", came=PAST)), holds(priced)], of_fiction(acquired=100)),
        ([holds(priced), holds(item("17", came=PAST, price="250"))], of_fiction(acquired=250)),
        ([holds(item("17")), holds(item("17", price="250"))], of_fiction(initial=250)),
        ([holds(priced, item("18", came=PAST)), holds()], of_fiction(acquired=100, withdrawn=-100)),
        (
            [holds(item(copies=3, came=PAST, price="100"), item(copies=2, came=LATER, price="300")),
             holds(item(copies=2, came=PAST, price="100"), item(copies=1, came=LATER, price="300"))],
            of_fiction(acquired=300, later=600, withdrawn=-400),
        ),
        (
            [holds(item(copies=3, came=PAST, price="100")),
             holds(item(copies=3, came=PAST, price="100"), item(copies=2, came=PAST, price="300"))],
            of_fiction(acquired=900),
        ),
    ],
    ids=["date corrected", "date learnt", "price typed later", "price mended", "undated price typed later",
         "all gone", "some gone of two prices", "more of the same day at another price"],
)  # fmt: skip
def test_rubles_stand_where_the_copies_stand(nights, expected):
    assert rubles(book(*nights)) == expected


def test_rubles_change_the_class_with_their_books():
    books = holds(priced, item("18", came=PAST, price="50"))
    more = holds(*books.items, item("19", came=PAST, price="30"))
    lines = book((books, klass()), (more, klass()), (more, klass("textbook")))
    assert rubles(lines) == {("textbook", "acquired", PAST): 180}


def test_rubles_of_an_undated_copy_move_with_it_to_the_other_card():
    posted = book(holds(item("17", price="100")))
    other = RecordKey("s", "B")
    news = movements("s", KEY, holds(item("17", price="100")), None, klass(), None, first_load=False, run=9, day=LATER)
    news += movements(
        "s", other, None, holds(item("17", price="100")), None, klass(), first_load=False, run=9, day=LATER
    )
    lines = [*posted, *news, *moved(news, {KEY: posted})]
    assert rubles(lines) == of_fiction(initial=100)
    assert rubles([line for line in lines if line.record == other]) == of_fiction(initial=100)


def test_a_price_typed_later_is_that_of_the_document_the_copies_came_by():
    nights = [holds(item("17", came=PAST, ksu_number="5", price=price)) for price in ("", "100")]
    assert {(line.document, line.copies, line.kopecks) for line in book(*nights)} == {
        ("5", 1, None), ("5", -1, None), ("5", 1, 10000),
    }  # fmt: skip


def test_undated_copies_keep_a_price_typed_later_when_their_class_changes():
    bare, typed = holds(item(copies=3)), holds(item(copies=3, price="100"))
    lines = book((bare, klass()), (typed, klass()), (typed, klass("textbook")))
    assert rubles(lines) == {("textbook", "initial", FIRST): 300}


def test_a_price_stays_with_its_books_though_the_source_keeps_them_in_another_field_now():
    nights = [(holds(priced, basis="910"), klass()), (holds(item("17", came=PAST, price="250")), klass())]
    assert rubles(book(*nights, (nights[1][0], klass("textbook")))) == {("textbook", "acquired", PAST): 250}


def test_undated_copies_with_and_without_numbers_are_priced_each_where_they_stand():
    group, more = item(copies=2), item("17")
    now = holds(item(copies=2, price="250"), item("17", price="100"))
    lines = book(holds(group), holds(group, more), now)
    assert rubles(lines) == {("fiction", "initial", FIRST): 500, ("fiction", "acquired", FIRST + timedelta(1)): 100}


def test_copies_whose_date_was_learnt_are_no_longer_undated_in_the_books():
    lines = book(holds(item("17")), holds(item("17", came=PAST)))
    assert sum(line.copies for line in lines if line.basis == RUN) == 0
