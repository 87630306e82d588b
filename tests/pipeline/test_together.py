"""Sources harvested at once are published together, and what befalls one of them stays with it."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import OperationalError

from catalog_sync import pipeline, publishing, upkeep
from catalog_sync.errors import SourceUnavailable
from catalog_sync.model import FetchedFile, HarvestRun, RunState
from catalog_sync.store import clusters, leases, records, runs
from catalog_sync.store.database import reading
from tests.exports import book, mrc, shelf
from tests.pipeline.conftest import District

CODES = ("a", "b", "c")


def file(data: bytes) -> list[FetchedFile]:
    return [FetchedFile("export.mrc", data, format="")]


def unreachable() -> Iterator[FetchedFile]:
    raise SourceUnavailable("b: сервер не отвечает")
    yield


def together(district: District, exports: dict[str, object]) -> dict[str, HarvestRun | Exception]:
    told: dict[str, HarvestRun | Exception] = {}
    pipeline.run_together(district.system, exports.items(), told.__setitem__)  # type: ignore[arg-type]
    return told


def state(end: HarvestRun | Exception) -> object:
    return end.state if isinstance(end, HarvestRun) else type(end)


def free_and_empty(district: District, code: str) -> bool:
    """Nobody holds the source, and nothing of it is staged."""
    with reading(district.system.engine) as connection:
        held = leases.holder_of(connection, f"source:{code}", district.clock())
        [last] = runs.latest(connection, source=code, limit=1)
        return not held and not records.staged(connection, last.number, "new")


@pytest.fixture
def schools(district: District) -> District:
    for code in CODES:
        district.source(code)
    return district


def test_together_gives_what_one_by_one_gives(schools: District) -> None:
    exports = {code: mrc(shelf(30 + 5 * n, start=3 * n)) for n, code in enumerate(CODES)}
    told = together(schools, {code: file(data) for code, data in exports.items()})
    counts = {code: run.counts for code, run in told.items() if isinstance(run, HarvestRun)}
    at_once, of = schools.digest(), schools.clusters()
    for code in CODES:
        with reading(schools.system.engine) as connection:
            [run] = runs.latest(connection, source=code, limit=1)
        pipeline.roll_back(schools.system, run.number, who="проверка")
    one_by_one = {code: schools.load_bytes(code, data).counts for code, data in exports.items()}
    assert schools.digest() == at_once
    assert len(set(of.values())) < len(of)  # some of them are one edition
    for code in CODES:
        assert counts[code].copies_added == one_by_one[code].copies_added == counts[code].new


def test_history_names_the_run_that_brought_a_record(schools: District) -> None:
    told = together(schools, {code: file(mrc([book("1", isbn="978-5-09-071001-5")])) for code in CODES})
    [cluster] = set(schools.clusters().values())
    with reading(schools.system.engine) as connection:
        events = clusters.history(connection, cluster)
    joined = {event.record: event.run for event in events if event.event == "joined"}
    assert joined == {f"{code}:1": told[code].number for code in CODES}  # type: ignore[union-attr]


def test_a_held_and_an_unreachable_source_leave_the_others_alone(schools: District) -> None:
    schools.load("a", shelf(60))
    told = together(schools, {"a": file(mrc(shelf(2))), "b": unreachable(), "c": file(mrc(shelf(9)))})
    assert {code: state(end) for code, end in told.items()} == {
        "a": RunState.HELD, "b": SourceUnavailable, "c": RunState.PUBLISHED,
    }  # fmt: skip


@pytest.mark.parametrize("codes", [CODES, ("a", "b"), ("b", "c"), ("b",)])
def test_a_run_that_cannot_be_published_takes_no_other_along(
    schools: District, monkeypatch: pytest.MonkeyPatch, codes: tuple[str, ...]
) -> None:
    real = publishing.records.publish_stage

    def broken(connection: object, number: int, source: str, now: object) -> list[int]:
        if source == "b":
            raise ValueError("база b не публикуется")
        return real(connection, number, source, now)  # type: ignore[arg-type]

    monkeypatch.setattr(publishing.records, "publish_stage", broken)
    told = together(schools, {code: file(mrc(shelf(5, prefix=code))) for code in codes})
    ends = {code: ValueError if code == "b" else RunState.PUBLISHED for code in codes}
    assert {code: state(told[code]) for code in codes} == ends
    assert {key[0] for key in schools.clusters()} == {*codes} - {"b"}
    assert free_and_empty(schools, "b")


def test_a_full_disk_is_a_line_on_the_terminal_and_no_stack(
    schools: District, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> list[int]:
        raise OperationalError("", {}, sqlite3.OperationalError("database or disk is full"))

    monkeypatch.setattr(publishing.records, "publish_stage", full)
    together(schools, {code: file(mrc(shelf(5, prefix=code))) for code in CODES})
    [line] = [record for record in caplog.records if "по одному" in record.message]
    assert "на диске кончилось место" in line.message
    assert not line.exc_info


def test_an_interruption_publishes_nothing_and_frees_every_source(schools: District) -> None:
    def interrupted() -> Iterator[FetchedFile]:
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        together(schools, {"a": file(mrc(shelf(5))), "b": file(mrc(shelf(5))), "c": interrupted()})
    assert schools.clusters() == {}
    assert all(free_and_empty(schools, code) for code in CODES)
    with reading(schools.system.engine) as connection:
        assert {runs.latest(connection, source=code, limit=1)[0].state for code in CODES} == {RunState.FAILED}


def test_what_is_published_is_found_though_nobody_reads_how_it_went(district: District) -> None:
    """`catalog-sync harvest | head -1`, or into a file on a full disk."""
    district.source("s1")

    def full(_code: str, _end: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        pipeline.run_together(district.system, [("s1", file(mrc(shelf(3))))], full)
    assert upkeep.check(district.system) == []
