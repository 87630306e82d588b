from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_sync.errors import StopEverything
from catalog_sync.model import Source
from catalog_sync.scheduling import Spread, due_between, is_missed, last_time, offset_of, retry_at, trigger_of
from catalog_sync.settings import Jobs

TOMSK = ZoneInfo("Asia/Tomsk")  # UTC+7
JOBS = Jobs(schedule="0 1 * * *", spread_minutes=60, retries=3, retry_minutes=10)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


def school(schedule: str = "", **changes: object) -> Source:
    return Source("school-07", "s7", harvester="files", schedule=schedule, **changes)  # type: ignore[arg-type]


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 9, day, hour, minute, tzinfo=TOMSK)


def plain(expression: str) -> Spread:
    return Spread.of(expression, TOMSK, timedelta(0))


def test_one_o_clock_is_that_of_the_district() -> None:
    assert plain("0 1 * * *").next_after(datetime(2026, 9, 1, 12, tzinfo=UTC)) == datetime(2026, 9, 1, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "day"),
    [("0 1 * * 1", 7), ("0 1 * * 0", 6), ("0 1 * * 7", 6), ("0 1 * * 1-5", 2), ("0 1 * * mon", 7),
     ("0 1 * * 0-1", 6), ("0 1 * * 0-6", 2), ("0 1 * * 5-7", 4), ("0 1 * * */2", 3), ("0 1 * * 1-5/2", 2),
     ("0 1 * * 0-1,4", 3), ("0 1 * * mon-tue", 7)],
)
def test_days_of_the_week_are_counted_as_cron_counts_them(expression: str, day: int) -> None:
    assert plain(expression).next_after(at(1, 12)) == at(day, 1)  # 1 September 2026 is a Tuesday


def test_sources_are_spread_over_the_hour_and_each_keeps_its_minute() -> None:
    offsets = [offset_of(f"school-{n:02}", 60) for n in range(200)]
    assert max(offsets) < timedelta(hours=1)
    assert len(set(offsets)) > 150
    assert offsets == [offset_of(f"school-{n:02}", 60) for n in range(200)]


def test_a_source_by_hand_paused_or_never_has_no_times() -> None:
    assert trigger_of(school("нет"), JOBS, TOMSK) is None
    assert trigger_of(school(active=False), JOBS, TOMSK) is None
    assert trigger_of(Source("s", "l"), JOBS, TOMSK) is None
    assert trigger_of(school(), JOBS, TOMSK) is not None


@pytest.mark.parametrize("schedule", ["ночью", "1 2 3", "99 1 * * *", "0 1 * * * *"])
def test_a_schedule_nobody_understands_is_refused_with_the_source_named(schedule: str) -> None:
    with pytest.raises(StopEverything, match=r"school-07.*schedule"):
        trigger_of(school(schedule), JOBS, TOMSK)


def test_a_trigger_survives_the_job_store() -> None:
    trigger = trigger_of(school(), JOBS, TOMSK)
    assert trigger is not None
    copy = pickle.loads(pickle.dumps(trigger))
    assert str(copy) == str(trigger)
    assert copy.next_after(at(1, 12)) == trigger.next_after(at(1, 12))


@given(moments, st.sampled_from(["0 1 * * *", "30 2 * * 1-5", "0 3 1 * *", "*/20 * * * *"]), st.integers(0, 59))
def test_the_last_time_is_past_and_the_next_after_it_is_not(moment: datetime, expression: str, minutes: int) -> None:
    trigger = Spread.of(expression, TOMSK, timedelta(minutes=minutes))
    last = last_time(trigger, moment)
    assert last is not None
    assert last <= moment < trigger.next_after(moment + timedelta(microseconds=1))
    assert trigger.next_after(last + timedelta(microseconds=1)) > moment


def test_a_night_without_a_run_is_missed_and_one_with_a_run_is_not() -> None:
    trigger = plain("0 1 * * *")
    assert is_missed(trigger, None, at(5, 9))
    assert is_missed(trigger, at(4, 1, 5), at(5, 9))
    assert not is_missed(trigger, at(5, 1, 5), at(5, 9))


def test_a_clock_set_back_misses_nothing() -> None:
    assert not is_missed(plain("0 1 * * *"), at(20, 1), at(5, 9))


def test_pauses_grow_and_patience_ends() -> None:
    now = at(1, 1)
    assert [retry_at(n, JOBS, now) for n in (1, 2, 3, 4)] == [
        now + timedelta(minutes=10), now + timedelta(minutes=20), now + timedelta(minutes=40), None,
    ]  # fmt: skip
    assert retry_at(60, Jobs(retries=99), now) == now + timedelta(hours=4)


def test_who_was_not_to_be_harvested_that_night_is_not_missed_in_the_morning() -> None:
    schools = [school("0 1 * * *"), replace(school("0 1 * * 0"), code="weekly"), replace(school("нет"), code="never"),
               replace(school("ночью"), code="nonsense")]  # fmt: skip
    jobs, sunday, tuesday = Jobs(spread_minutes=0), at(6, 8), at(8, 8)
    found = [due_between(schools, jobs, TOMSK, day - timedelta(days=1), day) for day in (sunday, tuesday)]
    assert found == [["school-07", "weekly"], ["school-07"]]


BERLIN = ZoneInfo("Europe/Berlin")  # summer time from 29 March to 25 October 2026
SUMMER_BEGINS, SUMMER_ENDS = datetime(2026, 3, 26, tzinfo=UTC), datetime(2026, 10, 22, tzinfo=UTC)


@pytest.mark.parametrize("start", [SUMMER_BEGINS, SUMMER_ENDS])
@pytest.mark.parametrize("offset", [0, 29, 45])
@pytest.mark.parametrize("expression", ["0 0 * * *", "30 1 * * *", "30 2 * * *", "0 3 * * *"])
def test_where_the_clock_leaps_or_goes_back_there_is_one_harvest_each_night(
    start: datetime, offset: int, expression: str
) -> None:
    trigger = Spread.of(expression, BERLIN, timedelta(minutes=offset))
    nights, previous = [], None
    while len(nights) < 7:
        previous = trigger.get_next_fire_time(previous, previous or start)
        assert previous is not None
        nights.append(previous)
    gaps = [after - before for before, after in pairwise(nights)]
    assert all(timedelta(hours=23) <= gap <= timedelta(hours=25) for gap in gaps), gaps
    assert last_time(trigger, nights[-1] + timedelta(minutes=5)) == nights[-1]


def test_an_hour_that_comes_twice_is_its_first_coming_and_one_that_is_missing_an_hour_later() -> None:
    trigger = Spread.of("30 2 * * *", BERLIN, timedelta(0))
    assert trigger.next_after(datetime(2026, 10, 24, 22, tzinfo=UTC)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert trigger.next_after(datetime(2026, 10, 25, 0, 45, tzinfo=UTC)) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)
    assert trigger.next_after(datetime(2026, 3, 28, 23, tzinfo=UTC)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_trigger_that_an_earlier_version_kept_can_be_read() -> None:
    trigger = plain("0 1 * * *")
    state = trigger.__getstate__()
    state.pop("zone")
    found = Spread.__new__(Spread)
    found.__setstate__(state | {"timezone": TOMSK})
    assert found.next_after(at(1, 12)) == at(2, 1)
    assert str(found) == str(trigger)
