"""A clock that leaps in the midst of a harvest, as it seems after a computer has slept: no heart beat for long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from catalog_sync import pipeline
from catalog_sync.errors import SourceUnavailable
from catalog_sync.model import FetchedFile, RunState
from catalog_sync.store import leases, registry, runs
from catalog_sync.store.database import reading, writing
from tests.exports import mrc, shelf
from tests.pipeline.conftest import District

LEAPS = [timedelta(hours=1), timedelta(hours=-1)]


def files_of(district: District, leap: timedelta, *, spare: bool) -> Iterator[FetchedFile]:
    """Two files, between which the clock leaps and somebody looks for dead runs."""
    yield FetchedFile("a.mrc", mrc(shelf(30)), format="", bookmark="1")
    district.clock.now += leap
    with writing(district.system.engine) as connection:
        runs.bury_dead(connection, district.clock(), spare=spare)
    yield FetchedFile("b.mrc", mrc(shelf(20, prefix="Q")), format="", bookmark="2")


def leapt(district: District, leap: timedelta, *, spare: bool) -> int:
    """Records published by a run of these files."""
    district.source("s1")
    run = pipeline.run_source(district.system, "s1", files_of(district, leap, spare=spare))
    assert run.state is RunState.PUBLISHED
    return len(district.clusters())


@pytest.mark.parametrize("leap", LEAPS)
def test_a_run_whose_process_lives_loses_nothing(district: District, leap: timedelta) -> None:
    assert leapt(district, leap, spare=True) > 20  # of thirty editions half stand in both files


@pytest.mark.parametrize("leap", LEAPS)
def test_a_run_that_was_taken_for_dead_is_not_published_by_halves(district: District, leap: timedelta) -> None:
    with pytest.raises(SourceUnavailable, match="сочтён прерванным"):
        leapt(district, leap, spare=False)
    with reading(district.system.engine) as connection:
        assert [run.state for run in runs.latest(connection)] == [RunState.FAILED]
        assert registry.bookmark(connection, "s1") == ""
    assert district.clusters() == {}
    assert len(district.load("s1", shelf(30)).warnings) == 0
    assert len(district.clusters()) == 30


def test_a_run_that_was_taken_for_dead_does_not_wait_for_a_word(district: District) -> None:
    """Half of it is gone: whoever approved it would lose that half."""
    district.source("s1")
    district.load("s1", shelf(60, prefix="X"))
    before = district.clusters()
    with pytest.raises(SourceUnavailable, match="сочтён прерванным"):
        pipeline.run_source(district.system, "s1", files_of(district, LEAPS[0], spare=False))
    with reading(district.system.engine) as connection:
        assert [run.state for run in runs.latest(connection)] == [RunState.FAILED, RunState.PUBLISHED]
    assert district.clusters() == before


def test_a_run_that_waits_for_the_others_of_its_night_is_not_taken_for_dead(district: District) -> None:
    """By another machine, which can't know whether its process lives."""
    told: dict[str, object] = {}

    def slow() -> Iterator[FetchedFile]:
        for n in range(4):
            yield FetchedFile(f"{n}.mrc", mrc(shelf(10, start=10 * n)), format="")
            district.clock.now += runs.HEART_STOPPED_AFTER / 2
            with writing(district.system.engine) as connection:
                assert runs.bury_dead(connection, district.clock()) == []

    for code in ("s1", "s2"):
        district.source(code)
    quick = [FetchedFile("a.mrc", mrc(shelf(10)), format="")]
    pipeline.run_together(district.system, [("s1", quick), ("s2", slow())], told.__setitem__)
    assert {code: getattr(run, "state", run) for code, run in told.items()} == dict.fromkeys(told, RunState.PUBLISHED)
    assert len(told) == 2


def test_a_claim_that_ran_out_while_the_computer_slept_is_still_its_holders(district: District) -> None:
    with writing(district.system.engine) as connection:
        leases.acquire(connection, "source:s1", leases.process(), district.clock(), 300)
        leases.acquire(connection, "source:s2", "another-machine:1", district.clock(), 300)
    district.clock.now += timedelta(hours=8)
    with reading(district.system.engine) as connection:
        assert leases.holder_of(connection, "source:s1", district.clock()) == ""
        assert leases.last_holder(connection, "source:s1") == leases.process()
        assert leases.is_at_work(connection, "source:s1")
        assert not leases.is_at_work(connection, "source:s2")  # nobody here can know
        assert not leases.is_at_work(connection, "source:s3")
