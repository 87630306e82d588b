"""Several exports of changes that come in one night: the later one is the school's last word."""

from __future__ import annotations

import pytest

from catalog_sync import pipeline
from catalog_sync.marc.reading import marc_record
from catalog_sync.marc.writing import to_iso2709
from catalog_sync.model import FetchedFile, HarvestRun, MarcRecord, RecordKey, RunState
from catalog_sync.store import records
from catalog_sync.store.database import reading
from tests.exports import book, mrc
from tests.pipeline.conftest import District


def deleted(number: str) -> bytes:
    """The record of a deletion: leader/05 = d."""
    record = book(number)
    return to_iso2709(MarcRecord(record.leader[:5] + "d" + record.leader[6:], record.fields))


def night(district: District, *exports: bytes) -> HarvestRun:
    files = [FetchedFile(f"changes-{n}.mrc", data, complete=False) for n, data in enumerate(exports, 1)]
    return pipeline.run_source(district.system, "s1", files, incremental=True)


def title(district: District, number: str) -> str:
    """What is published under a number; "" where nothing is."""
    with reading(district.system.engine) as connection:
        found = records.find(connection, RecordKey("s1", number))
    if found is None or found[1].deleted:
        return ""
    return next(f for f in marc_record(found[1]).fields if f.tag == "200").first("a")


@pytest.fixture
def school(sqlite_district: District) -> District:
    sqlite_district.source("s1", incremental=True)
    sqlite_district.load("s1", [book("1", "Муму"), book("2", "Ася")], incremental=True)
    return sqlite_district


def test_a_record_that_was_corrected_twice_says_what_it_said_last(school: District) -> None:
    run = night(school, mrc([book("1", "Муму, рассказ")]), mrc([book("1", "Муму и другие рассказы")]))
    assert run.state is RunState.PUBLISHED
    assert title(school, "1") == "Муму и другие рассказы"
    assert (run.counts.read, run.counts.changed, run.counts.set_aside) == (2, 1, 0)


def test_a_new_record_that_was_corrected_at_once_is_new_as_corrected(school: District) -> None:
    run = night(school, mrc([book("3", "Рудин")]), mrc([book("3", "Рудин : роман")]))
    assert title(school, "3") == "Рудин : роман"
    assert (run.counts.new, run.counts.changed) == (1, 0)


def test_a_correction_that_was_taken_back_changes_nothing(school: District) -> None:
    run = night(school, mrc([book("1", "Муму, рассказ")]), mrc([book("1", "Муму")]))
    assert title(school, "1") == "Муму"
    assert (run.counts.changed, run.counts.unchanged) == (0, 1)


def test_a_record_deleted_and_typed_again_is_there(school: District) -> None:
    run = night(school, deleted("1"), mrc([book("1", "Муму, рассказ")]))
    assert title(school, "1") == "Муму, рассказ"
    assert (run.counts.gone, run.counts.changed) == (0, 1)


def test_a_record_deleted_and_brought_back_as_it_was_is_there(school: District) -> None:
    run = night(school, deleted("1"), mrc([book("1", "Муму")]))
    assert title(school, "1") == "Муму"
    assert (run.counts.gone, run.counts.changed) == (0, 0)


def test_a_record_corrected_and_then_deleted_is_gone(school: District) -> None:
    run = night(school, mrc([book("1", "Муму, рассказ")]), deleted("1"))
    assert title(school, "1") == ""
    assert (run.counts.gone, run.counts.changed) == (1, 0)


def test_a_new_record_deleted_at_once_never_was_there(school: District) -> None:
    run = night(school, mrc([book("3", "Рудин")]), deleted("3"))
    assert title(school, "3") == ""
    assert (run.counts.new, run.counts.gone) == (0, 0)


def test_a_correction_that_cannot_be_read_leaves_the_one_before(school: District) -> None:
    authority = to_iso2709(MarcRecord("00000nz a2200000   450 ", book("1").fields))
    run = night(school, mrc([book("1", "Муму, рассказ")]), authority)
    assert title(school, "1") == "Муму, рассказ"
    assert run.counts.set_aside == 1


def test_a_server_that_tells_of_a_deletion_after_the_record_has_the_last_word(school: District) -> None:
    files = [
        FetchedFile("page-1", mrc([book("1", "Муму, рассказ")]), "iso2709", complete=False),
        FetchedFile("page-2", b"", "iso2709", complete=False, deleted=("1",)),
    ]
    run = pipeline.run_source(school.system, "s1", files, incremental=True)
    assert title(school, "1") == ""
    assert (run.counts.gone, run.counts.changed) == (1, 0)


def test_what_a_whole_export_holds_is_there_although_it_tells_of_its_deletion_too(sqlite_district: District) -> None:
    sqlite_district.source("s1")
    sqlite_district.load("s1", [book("1", "Муму"), book("2", "Ася")])
    data = deleted("1") + mrc([book("1", "Муму, рассказ"), book("2", "Ася")])
    run = sqlite_district.load_bytes("s1", data)
    assert title(sqlite_district, "1") == "Муму, рассказ"
    assert (run.counts.gone, run.counts.changed, run.counts.new) == (0, 1, 0)
