"""When a run is held: the numbers, and the sentence a librarian reads."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_sync.guard import Difference, reasons_to_hold, unreadable
from catalog_sync.model import RunCounts
from catalog_sync.settings import Guard


def difference(before: int, *, read: int = 0, incremental: bool = False, **counts: int) -> Difference:
    return Difference(before, RunCounts(read=read, **counts), incremental)


def test_what_could_not_be_read_is_told_with_the_first_reason() -> None:
    found = Difference(0, RunCounts(read=3, set_aside=3), fault="нет справочника")
    [reason] = reasons_to_hold(found, Guard())
    assert reason == "не удалось прочесть 3 из 3 записей (100 %), первую вот почему: нет справочника"


def test_a_whole_export_of_which_nothing_can_be_read_is_none_and_changes_alone_are_held() -> None:
    whole = Difference(5, RunCounts(read=3, set_aside=3), fault="нет справочника")
    assert "первую вот почему: нет справочника" in unreadable(whole, Guard())
    assert unreadable(replace(whole, incremental=True), Guard()) == ""
    assert unreadable(replace(whole, counts=RunCounts(read=3, set_aside=2)), Guard()) == ""
    assert unreadable(Difference(5, RunCounts(gone=5), truncated="файл оборван"), Guard()) == "файл оборван"
    assert unreadable(Difference(5, RunCounts(gone=5)), Guard()) == ""
    assert reasons_to_hold(Difference(5, RunCounts(gone=5)), Guard()) != []


def test_a_share_of_nothing_holds_a_run_at_any_loss_and_breaks_none() -> None:
    strict = Guard(gone_share=0.0)
    assert reasons_to_hold(difference(500, read=500, unchanged=500), strict) == []
    assert reasons_to_hold(difference(500, read=479, unchanged=479, gone=21), strict) != []


def test_a_usual_night_passes() -> None:
    assert reasons_to_hold(difference(5000, read=5010, new=25, changed=200, unchanged=4785, gone=15), Guard()) == []


def test_the_first_export_passes_whatever_its_size() -> None:
    assert reasons_to_hold(difference(0, read=3, new=3), Guard()) == []


@pytest.mark.parametrize(
    ("before", "gone"),
    [(5000, 600), (5000, 501), (5000, 5000), (150, 30), (210, 22), (30, 20), (12, 12), (12, 7), (4, 3), (1, 1)],
)
def test_a_large_loss_is_held_in_large_and_small_schools(before: int, gone: int) -> None:
    reasons = reasons_to_hold(difference(before, read=before - gone, unchanged=before - gone, gone=gone), Guard())
    assert len(reasons) == 1
    assert str(before) in reasons[0]


@pytest.mark.parametrize(("before", "gone"), [(5000, 500), (210, 20), (150, 15), (30, 2), (12, 6), (12, 2)])
def test_writing_off_a_few_books_is_no_alarm(before: int, gone: int) -> None:
    assert reasons_to_hold(difference(before, read=before - gone, unchanged=before - gone, gone=gone), Guard()) == []


def test_an_incremental_export_is_never_missing_anything() -> None:
    assert reasons_to_hold(difference(5000, read=3, changed=3, incremental=True), Guard()) == []


def test_many_unreadable_records_are_held_and_one_is_not() -> None:
    assert reasons_to_hold(difference(100, read=100, unchanged=99, set_aside=1), Guard()) == []
    (reason,) = reasons_to_hold(difference(100, read=100, unchanged=60, set_aside=40), Guard())
    assert "40 из 100" in reason


def test_a_file_of_nothing_but_junk_is_held_even_the_first_time() -> None:
    assert reasons_to_hold(difference(0, read=2, set_aside=2), Guard())


@pytest.mark.parametrize("before", [0, 400])
def test_a_base_read_in_the_wrong_format_is_held_even_the_first_time(before: int) -> None:
    found = RunCounts(read=400, new=400 - before, changed=before)
    [reason] = reasons_to_hold(Difference(before, found, untitled=390), Guard(changed_number=1000))
    assert "390 из 400" in reason
    assert "dialect" in reason
    assert reasons_to_hold(Difference(before, found, untitled=12), Guard(changed_number=1000)) == []


def test_renumbering_says_so() -> None:
    reasons = reasons_to_hold(difference(400, read=400, new=390, unchanged=10, gone=390), Guard())
    assert any("номера записей" in reason for reason in reasons)


@pytest.mark.parametrize(("same_copies", "words"), [(390, "сменилась нумерация"), (20, "другой базы или школы")])
def test_the_same_books_under_other_numbers_are_told_as_such_once(same_copies: int, words: str) -> None:
    found = Difference(400, RunCounts(read=400, changed=395, unchanged=3, gone=2), renumbered=390,
                       same_copies=same_copies)  # fmt: skip
    [reason] = reasons_to_hold(found, Guard())
    assert reason.startswith("номера записей (001) другие у 390 из 400, книги те же")
    assert words in reason


def test_a_card_entered_anew_is_no_alarm() -> None:
    night = Difference(400, RunCounts(read=400, changed=20, unchanged=379, gone=1), renumbered=2, same_copies=2)
    assert reasons_to_hold(night, Guard()) == []


@given(before=st.integers(1, 10_000), gone=st.integers(0, 10_000), new=st.integers(0, 500))
def test_losing_everything_is_always_held(before: int, gone: int, new: int) -> None:
    everything = difference(before, read=new, new=new, gone=before)
    assert reasons_to_hold(everything, Guard())
    nothing = difference(before, read=before + new, new=new, unchanged=before)
    assert reasons_to_hold(nothing, Guard()) == []
