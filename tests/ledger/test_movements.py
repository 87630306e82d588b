"""What a change of holdings means to the ledger."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from catalog_sync.ledger.items import kopecks
from catalog_sync.ledger.posting import movements, reversal
from catalog_sync.model import Holdings, MovementKind, RecordKey, StockMovement
from tests.ledger.district import holds, item, klass

KEY = RecordKey("s", "1")
TODAY = date(2026, 11, 20)
PAST = date(2019, 9, 1)


def moved(before, after, was=None, now=None, *, first=False, day=TODAY, posted=()) -> list[StockMovement]:
    was = was or (klass() if before else None)
    now = now or (klass() if after else None)
    return movements("s", KEY, before, after, was, now, first_load=first, run=1, day=day, posted=posted)


def short(lines) -> list[tuple]:
    return [(line.kind.value, line.day, line.copies) for line in lines]


def test_a_copy_with_a_registration_date_was_acquired_then_even_in_a_first_load():
    lines = moved(None, holds(item("17", came=PAST)), first=True)
    assert short(lines) == [("acquired", PAST, 1)]
    assert lines[0].basis == "INV.REGDATE"
    assert lines[0].inventory == "17"


def test_a_copy_without_a_date_is_first_reflection_in_a_first_load_and_acquired_later():
    assert short(moved(None, holds(item("17")), first=True)) == [("initial", TODAY, 1)]
    later = moved(None, holds(item("17")))
    assert short(later) == [("acquired", TODAY, 1)]
    assert later[0].basis == "run"


@pytest.mark.parametrize("absurd", [date(204, 9, 1), date(2126, 1, 1)])
def test_an_absurd_registration_date_is_no_date(absurd):
    assert short(moved(None, holds(item("17", came=absurd)), first=True)) == [("initial", TODAY, 1)]


def test_a_withdrawn_copy_leaves_on_the_day_of_its_act():
    went = date(2026, 3, 1)
    before = holds(item("17", came=PAST))
    after = holds(item("17", came=PAST, went=went, withdrawal_act="5", withdrawal_reason="ветхость"))
    (line,) = moved(before, after)
    assert (line.kind, line.day, line.copies, line.document, line.reason) == ("withdrawn", went, -1, "5", "ветхость")


def test_a_copy_that_vanishes_was_withdrawn_on_the_day_of_the_run():
    lines = moved(holds(item("17", came=PAST), item("18", came=PAST)), holds(item("17", came=PAST)))
    assert short(lines) == [("withdrawn", TODAY, -1)]
    assert lines[0].inventory == "18"


def test_a_record_that_is_gone_withdraws_all_its_copies():
    assert short(moved(holds(item(copies=30, came=PAST)), None)) == [("withdrawn", TODAY, -30)]


def standing(*exports: Holdings | None, first: bool = True) -> dict[tuple[str, date], int]:
    """What the books say by column and day after exports of one night each; the first is of TODAY."""
    posted: list[StockMovement] = []
    for night, (before, after) in enumerate(pairwise([None, *exports])):
        day = TODAY + timedelta(night)
        posted += moved(before, after, klass(), klass(), first=first and not night, day=day, posted=posted)
    sums: Counter[tuple[str, date]] = Counter()
    for line in posted:
        sums[line.column.value, line.day] += line.copies
    return {place: copies for place, copies in sums.items() if copies}


GROUP = item(copies=30, came=PAST)


@pytest.mark.parametrize(
    ("whole", "short_of_it"),
    [
        (holds(item("17", came=PAST), item("18", came=PAST)), None),
        (holds(item("17", came=PAST), item("18", came=PAST)), holds(item("17", came=PAST))),
        (holds(item("17"), item("18")), None),
        (holds(item("17"), item("18")), holds(item("18"))),
        (holds(GROUP), None),
        (holds(GROUP), holds(item(copies=25, came=PAST))),
        (holds(item(copies=30)), None),
        (Holdings(received=30, withdrawn=5, basis="990"), None),
    ],
)
def test_what_an_export_left_out_once_never_left(whole, short_of_it):
    assert standing(whole, short_of_it, whole) == standing(whole)
    assert standing(whole, short_of_it, whole, short_of_it, whole) == standing(whole)


def test_what_comes_beside_a_copy_that_is_back_is_new():
    after = holds(item("17", came=PAST), item("19", came=PAST))
    assert standing(holds(item("17", came=PAST)), None, after) == {("acquired", PAST): 2}


def test_another_copy_of_the_same_day_is_not_the_one_that_left():
    before, after = holds(item("17", came=PAST), item("18")), holds(item("18"), item("19", came=PAST))
    left = standing(before, holds(item("18")), after)
    assert (left["acquired", PAST], left["withdrawn", TODAY + timedelta(1)]) == (2, -1)


def test_more_copies_of_the_day_of_those_still_there_are_not_others_that_left():
    group, more = item(copies=3, came=PAST), item(copies=5, came=PAST)
    others = item(copies=2, came=date(2020, 9, 1))
    night = TODAY + timedelta(1)
    assert standing(holds(group, others), holds(group), holds(more)) == {
        ("acquired", PAST): 5, ("acquired", date(2020, 9, 1)): 2, ("withdrawn", night): -2,
    }  # fmt: skip


def test_undated_copies_beside_others_may_be_new_ones():
    night = TODAY + timedelta(1)
    assert standing(holds(item(copies=30)), holds(item(copies=25)), holds(item(copies=30))) == {
        ("initial", TODAY): 30, ("withdrawn", night): -5, ("acquired", night + timedelta(1)): 5,
    }  # fmt: skip


def test_what_is_back_in_another_class_stood_in_it_all_the_time():
    books = holds(item("17", came=PAST))
    posted = moved(None, books, now=klass("fiction"), first=True)
    posted += moved(books, None, klass("fiction"), posted=posted)
    posted += moved(None, books, now=klass("textbook"), posted=posted)
    sums: Counter[tuple[str, date]] = Counter()
    for line in posted:
        sums[line.category.value, line.day] += line.copies
    assert {place: copies for place, copies in sums.items() if copies} == {("textbook", PAST): 1}


def test_a_copy_that_is_back_with_an_act_left_on_the_day_of_the_act():
    went = date(2026, 3, 1)
    books, written_off = holds(item("17", came=PAST)), holds(item("17", came=PAST, went=went))
    assert standing(books, None, written_off) == {("acquired", PAST): 1, ("withdrawn", went): -1}


@pytest.mark.parametrize("number", ["17", ""])
def test_what_was_written_off_before_an_export_left_the_record_out_does_not_come_and_go_again(number):
    went = date(2026, 3, 1)
    gone = item(number, copies=1 if number else 5, came=PAST, went=went, withdrawal_act="12")
    books = holds(item("16", came=PAST), gone)
    assert standing(holds(item("16", came=PAST), replace(gone, withdrawn=None)), books, None, books) == {
        ("acquired", PAST): 1 + gone.copies, ("withdrawn", went): -gone.copies,
    }  # fmt: skip
    undated = replace(gone, registered=None)
    assert standing(undated_books := holds(undated), None, undated_books) == standing(undated_books)


def test_the_value_of_a_delivery_is_that_of_its_copies_with_a_price():
    some = [item("1", came=PAST, price="100"), item("2", came=PAST), item("3", came=PAST, price="50")]
    lines = moved(None, holds(*some))
    assert (sum(line.copies for line in lines), sum(line.kopecks or 0 for line in lines)) == (3, 15000)


def test_a_group_without_numbers_that_splits_into_kept_and_withdrawn_only_withdraws():
    before = holds(item(copies=30, came=PAST))
    after = holds(item(copies=25, came=PAST), item(copies=5, came=PAST, went=date(2026, 5, 1)))
    assert short(moved(before, after)) == [("withdrawn", date(2026, 5, 1), -5)]


def test_a_new_delivery_beside_a_group_is_acquired_on_its_date():
    before = holds(item(copies=30, came=PAST))
    after = holds(item(copies=30, came=PAST), item(copies=40, came=date(2026, 8, 20), ksu_number="12"))
    (line,) = moved(before, after)
    assert (line.kind, line.day, line.copies, line.document) == ("acquired", date(2026, 8, 20), 40, "12")


def test_a_corrected_registration_date_moves_the_past_and_is_no_growth():
    lines = moved(holds(item("17", came=PAST)), holds(item("17", came=date(2020, 9, 1))))
    assert short(lines) == [("correction", PAST, -1), ("correction", date(2020, 9, 1), 1)]
    assert {line.column for line in lines} == {MovementKind.ACQUIRED}


def test_a_date_learnt_later_takes_the_first_reflection_back_where_it_stands():
    loaded = date(2024, 2, 2)
    first = moved(None, holds(item("17")), first=True, day=loaded)
    lines = moved(holds(item("17")), holds(item("17", came=PAST)), posted=first)
    assert [(line.column.value, line.day, line.copies) for line in lines] == [
        ("acquired", PAST, 1),
        ("initial", loaded, -1),
    ]


@pytest.mark.parametrize(
    ("dated", "undated"),
    [
        ([item("17", came=PAST), item("18", came=date(2020, 9, 1))], [item("17"), item("18")]),
        ([item(copies=10, came=PAST), item(copies=20, came=date(2020, 9, 1))], [item(copies=30)]),
    ],
)
def test_a_day_once_said_is_not_forgotten_with_an_export_that_names_none(dated, undated):
    """The rows of a database name the day of each copy, an ISO 2709 export of the same base none."""
    told, silent = holds(*dated), holds(*undated)
    corrected = holds(*[replace(one, registered=date(2018, 9, 1)) for one in dated])
    assert standing(told, silent) == standing(told, silent, told) == standing(told)
    assert standing(told, silent, corrected) == standing(told, corrected)


def test_a_group_whose_days_can_no_longer_be_told_apart_only_grows_and_shrinks():
    """990 names the days of two deliveries, not how many copies of each are left."""
    before, more = holds(item(copies=30, came=PAST)), holds(item(copies=50))
    two = holds(item(copies=10, came=PAST), item(copies=20, came=date(2020, 9, 1)))
    night = TODAY + timedelta(1)
    assert standing(before, more) == {("acquired", PAST): 30, ("acquired", night): 20}
    assert standing(two, holds(item(copies=25))) == standing(two) | {("withdrawn", night): -5}


def test_dates_learnt_of_several_deliveries_at_once_take_each_where_it_stands():
    one, two = item(copies=4, ksu_number="1"), item(copies=3, ksu_number="2")
    both = [replace(one, registered=PAST), replace(two, registered=date(2020, 9, 1))]
    assert standing(holds(one), holds(one, two), holds(*both)) == {
        ("acquired", PAST): 4, ("acquired", date(2020, 9, 1)): 3,
    }  # fmt: skip


def test_a_date_learnt_of_a_numbered_copy_is_taken_where_that_number_stands():
    first, later = item("1"), item("2")
    assert standing(holds(first), holds(first, later), holds(replace(first, registered=PAST), later)) == {
        ("acquired", PAST): 1, ("acquired", TODAY + timedelta(1)): 1,
    }  # fmt: skip


@pytest.mark.parametrize(("now", "change"), [(25, -5), (40, 10)])
def test_a_group_that_gets_its_day_and_shrinks_or_grows_in_one_night_is_the_same_group(now, change):
    night = TODAY + timedelta(1)
    place = ("withdrawn", night) if change < 0 else ("acquired", PAST)
    expected = Counter({("acquired", PAST): 30 if change > 0 else 25, ("initial", TODAY): max(0, -change)})
    expected[place] += change
    found = standing(holds(item(copies=30)), holds(item(copies=now, came=PAST)))
    assert found == {key: copies for key, copies in expected.items() if copies}


def test_a_number_the_books_have_met_is_back_and_no_other_one_retyped():
    night = TODAY + timedelta(1)
    left = standing(holds(item("17"), item("18")), holds(item("17")), holds(item("18")))
    assert left == {("initial", TODAY): 2, ("withdrawn", night + timedelta(1)): -1}


def test_a_retyped_document_number_moves_nothing():
    before = holds(item("17", came=PAST, ksu_number="1"))
    assert moved(before, holds(item("17", came=PAST, ksu_number="1/2"))) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([item("17", came=PAST)], [item("0017", came=PAST)]),
        ([item(copies=3, came=PAST)], [item("1", came=PAST), item("2", came=PAST), item("3", came=PAST)]),
        ([item("1", came=PAST), item("2", came=PAST)], [item(copies=2, came=PAST)]),
        ([item(copies=3, came=PAST)], [item("1", came=PAST), item(copies=2, came=PAST)]),
        ([item("1", came=PAST), item(copies=2, came=PAST)], [item(copies=3, came=PAST)]),
        ([item(copies=1, came=PAST), item(copies=2)], [item("1", came=PAST), item(copies=2)]),
        ([item("17")], [item("0017")]),
        ([item(copies=3)], [item("1"), item(copies=2)]),
        ([item("1"), item("2")], [item(copies=2)]),
    ],
)
def test_numbers_retyped_given_or_taken_off_move_nothing(before, after):
    assert moved(holds(*before), holds(*after)) == []


def test_a_group_that_gets_numbers_keeps_what_is_left_of_it_and_what_is_new():
    numbered = [item("1", came=PAST), item("2", came=PAST, went=date(2026, 3, 1)), item("4", came=date(2026, 9, 1))]
    assert short(moved(holds(item(copies=3, came=PAST)), holds(*numbered))) == [
        ("withdrawn", date(2026, 3, 1), -1), ("acquired", date(2026, 9, 1), 1), ("withdrawn", TODAY, -1),
    ]  # fmt: skip


def test_an_undone_withdrawal_is_a_correction_of_withdrawals():
    went = date(2026, 3, 1)
    (line,) = moved(holds(item("17", came=PAST, went=went)), holds(item("17", came=PAST)))
    assert (line.kind, line.column, line.day, line.copies) == ("correction", "withdrawn", went, 1)


def test_a_changed_class_moves_the_whole_history_by_corrections():
    before = holds(item("17", came=PAST), item("18", came=date(2021, 9, 1)))
    posted = moved(None, before, first=True)
    lines = moved(before, before, klass("fiction"), klass("textbook"), posted=posted)
    assert sorted((line.category.value, line.day.year, line.copies) for line in lines) == [
        ("fiction", 2019, -1), ("fiction", 2021, -1), ("textbook", 2019, 1), ("textbook", 2021, 1),
    ]  # fmt: skip
    assert {line.kind for line in lines} == {MovementKind.CORRECTION}


def test_books_that_stand_in_another_class_follow_the_record_at_its_next_change():
    before = holds(item("17", came=PAST))
    posted = moved(None, before, now=klass("other"), first=True)
    lines = moved(before, None, klass("fiction"), klass("fiction"), posted=posted)
    sums = {}
    for line in [*posted, *lines]:
        sums[line.category.value] = sums.get(line.category.value, 0) + line.copies
    assert sums == {"other": 0, "fiction": 0}


def test_an_open_link_is_no_stock_and_a_local_file_is_one_copy():
    assert moved(None, Holdings(), now=klass("other", "electronic", "open_link")) == []
    assert short(moved(None, Holdings(), now=klass("other", "electronic", "local"))) == [("acquired", TODAY, 1)]
    assert moved(None, Holdings()) == []


def test_counters_alone_move_by_their_growth():
    def counted(received, withdrawn):
        return Holdings(received=received, withdrawn=withdrawn, basis="990")

    assert short(moved(None, counted(30, 5), first=True)) == [("initial", TODAY, 25)]
    assert short(moved(counted(30, 5), counted(50, 8))) == [("acquired", TODAY, 20), ("withdrawn", TODAY, -3)]
    assert short(moved(counted(30, 5), counted(28, 5))) == [("correction", TODAY, -2)]


def test_copies_of_a_record_that_had_none_came_on_their_day_of_registration():
    after = holds(item("17", came=PAST), item(copies=30, came=date(2026, 8, 20)))
    all_gone = Holdings(received=30, withdrawn=30, basis="990")
    for before in (holds(), all_gone):  # catalogued before the books came, or all written off since
        assert short(moved(before, after)) == [("acquired", PAST, 1), ("acquired", date(2026, 8, 20), 30)]


def test_an_export_that_no_longer_counts_what_has_all_left_moves_nothing():
    counted = Holdings(received=30, withdrawn=30, basis="990")
    assert moved(counted, Holdings()) == moved(Holdings(), counted) == []


def test_a_copy_first_seen_when_already_gone_adds_nothing_to_today():
    lines = moved(None, holds(item("9", came=PAST, went=date(2022, 1, 1))), first=True)
    assert sum(line.copies for line in lines) == 0
    assert short(moved(None, holds(item("9", went=date(2022, 1, 1))))) == [
        ("initial", date(2022, 1, 1), 1), ("withdrawn", date(2022, 1, 1), -1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("125.50", 12550), ("125-5", 12550), ("1 250,00 р.", 125000), ("16 к.", 16), ("б. ц.", None), ("", None),
     ("4607012345678", None), ("99999999999999999999.00", None), ("12 р. 50 к.", 1250), ("12р50к", 1250),
     ("5 р 5 к", 505), ("12 руб., 50 коп.", 1250), ("50к", 50), ("12–50", 1250), ("1.200,00", 120000),
     ("1,200.00", 120000), ("1\u202f200,00", 120000), ("250 р. 2023 г.", 25000), ("250 р. 2 экз.", 25000),
     ("275.0000", 27500)],
)  # fmt: skip
def test_prices_as_people_type_them(typed, expected):
    assert kopecks(typed) == expected


days = st.dates(date(2018, 1, 1), TODAY)
items = st.builds(
    item,
    st.sampled_from(["", "1", "2", "3"]),
    copies=st.integers(1, 4),
    came=st.none() | days,
    went=st.none() | days,
    price=st.sampled_from(["", "10.00"]),
)
holdings = st.lists(items, max_size=5).map(lambda some: holds(*some))
classes = st.builds(
    klass, st.sampled_from(["fiction", "textbook"]), st.sampled_from(["print", "electronic"]), st.just("")
)


@given(st.lists(st.tuples(holdings, classes), min_size=1, max_size=6))
def test_the_ledger_always_says_what_the_library_holds(history):
    posted: list[StockMovement] = []
    steps = [(None, None), *history]
    for number, ((before, was), (after, now)) in enumerate(pairwise(steps)):
        posted += movements(
            "s", KEY, before, after, was, now, first_load=number == 0, run=number, day=TODAY, posted=posted
        )
        assert sum(line.copies for line in posted) == after.copies
        cells = {(line.category, line.carrier) for line in posted}
        for cell in cells:
            total = sum(line.copies for line in posted if (line.category, line.carrier) == cell)
            assert total == (after.copies if cell == (now.category, now.carrier) else 0)


@given(holdings, classes)
def test_a_reversal_leaves_nothing(held, now):
    lines = movements("s", KEY, None, held, None, now, first_load=False, run=1, day=TODAY)
    back = [reversal(line, run=2, reason="откат", number=1) for line in lines]
    sums: dict[tuple, int] = {}
    for line in [*lines, *back]:
        sums[line.day, line.column] = sums.get((line.day, line.column), 0) + line.copies
    assert not any(sums.values())
