"""When a source is harvested: cron times of the district, spread over the sources, growing pauses. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from catalog_sync.errors import StopEverything
from catalog_sync.model import Source
from catalog_sync.settings import Jobs

DAY_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")  # 7 is Sunday too
DAYS = re.compile(r"(\*|[0-7])(?:-([0-7]))?(?:/([1-9]))?")  # one member of the list of days
NEVER = frozenset({"нет", "никогда", "never", "-", "вручную"})
LONGEST_PERIOD = timedelta(days=32)  # how far back a missed time is looked for: a monthly schedule fits
MAX_RETRY_PAUSE = timedelta(hours=4)
INSTANT = timedelta(microseconds=1)


class Spread(CronTrigger):  # type: ignore[misc] # APScheduler has no types
    """A cron time plus an offset that is always the same for a source: not everybody at one o'clock sharp.

    The time is looked for on a calendar that misses no hour and has none twice (UTC), then put on the clock of `zone`.
    Left to itself APScheduler leaves out midnight when summer time has begun, and never gets past the hour that comes
    twice when it ends. A time that the clock leaps over is an hour later, one that comes twice is its first coming.
    """

    zone: ZoneInfo
    offset: timedelta

    @classmethod
    def of(cls, expression: str, zone: ZoneInfo, offset: timedelta) -> Spread:
        """Raises ValueError where the expression is not five cron fields."""
        trigger: Spread = cls.from_crontab(in_named_days(expression), UTC)
        trigger.zone, trigger.offset = zone, offset
        return trigger

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """The first moment (UTC) after `previous`, or from `now` on where there was none before."""
        start = (previous.astimezone(UTC) + INSTANT if previous else now.astimezone(UTC)) - self.offset
        shown = start.astimezone(self.zone).replace(tzinfo=UTC, fold=0)
        while found := super().get_next_fire_time(None, shown):
            moment: datetime = found.replace(tzinfo=self.zone).astimezone(UTC)
            if moment >= start:
                return moment + self.offset
            shown = found + INSTANT  # its first coming is over
        return None

    def next_after(self, now: datetime) -> datetime:
        """The first time after `now`; the end of days for an expression that never comes true (30 February)."""
        return self.get_next_fire_time(None, now) or datetime.max.replace(tzinfo=UTC)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "zone": self.zone, "offset": self.offset}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.zone = state.pop("zone", state["timezone"])  # earlier versions had it there
        self.offset = state.pop("offset")
        super().__setstate__(state)

    def __str__(self) -> str:
        return f"{super().__str__()} {self.zone} +{self.offset}"


def in_named_days(expression: str) -> str:
    """Cron counts days of the week from Sunday, APScheduler from Monday: names mean the same to both.

    Ranges and steps are written out, since they too begin on different days («0-4», «*/2»).
    """
    fields = expression.split()
    if len(fields) == 5 and fields[4] != "*":
        fields[4] = ",".join(map(_named_days, fields[4].split(",")))
    return " ".join(fields)


def _named_days(days: str) -> str:
    found = DAYS.fullmatch(days)
    if found is None:  # names, or nonsense that the trigger will refuse
        return days
    first, last, step = found.groups()
    if first == "*":
        numbers = range(0, 7, int(step or 1))
    else:
        end = int(last) if last else 6 if step else int(first)
        numbers = range(int(first), end + 1, int(step or 1))
    return ",".join(dict.fromkeys(DAY_NAMES[day] for day in numbers)) or days


def trigger_of(source: Source, jobs: Jobs, zone: ZoneInfo) -> Spread | None:
    """The schedule of a source; None where it is harvested by hand only. Raises StopEverything for nonsense."""
    expression = source.schedule.strip() or jobs.schedule
    if not source.active or source.harvester in ("", "manual") or expression.lower() in NEVER:
        return None
    try:
        return Spread.of(expression, zone, offset_of(source.code, jobs.spread_minutes))
    except ValueError as error:
        raise StopEverything(
            f"источник {source.code}: schedule: ожидалось «0 1 * * *» (пять полей cron), пришло «{expression}»"
        ) from error


def offset_of(code: str, spread_minutes: int) -> timedelta:
    """The same for a source on every machine and every night."""
    seconds = max(0, spread_minutes) * 60
    return timedelta(seconds=int.from_bytes(sha256(code.encode()).digest()[:4]) % seconds if seconds else 0)


def last_time(trigger: Spread, now: datetime) -> datetime | None:
    """The latest scheduled time that is not after `now`; None where there was none within a month."""
    step = timedelta(hours=1)
    while step <= LONGEST_PERIOD * 2:
        found = latest_between(trigger, now - min(step, LONGEST_PERIOD), now)
        if found:
            return found
        step *= 2
    return None


def latest_between(trigger: Spread, start: datetime, end: datetime) -> datetime | None:
    found, at = None, trigger.get_next_fire_time(None, start)
    while at and at <= end:
        found, at = at, trigger.get_next_fire_time(at, at + INSTANT)
    return found


def due_between(sources: Iterable[Source], jobs: Jobs, zone: ZoneInfo, start: datetime, end: datetime) -> list[str]:
    """Codes of the sources that a scheduled time of theirs fell to meanwhile."""
    found = []
    for source in sources:
        with suppress(StopEverything):  # nonsense, which has been told elsewhere
            trigger = trigger_of(source, jobs, zone)
            if trigger and trigger.next_after(start) <= end:
                found.append(source.code)
    return found


def is_missed(trigger: Spread, last_started: datetime | None, now: datetime) -> bool:
    """Whether the last scheduled time passed without a run. A clock set back misses nothing: the next time counts."""
    due = last_time(trigger, now)
    return due is not None and (last_started is None or last_started < due)


def retry_at(attempt: int, jobs: Jobs, now: datetime) -> datetime | None:
    """When attempt number `attempt` (from 1) that failed is repeated; None where patience ends."""
    if attempt > jobs.retries:
        return None
    doublings = min(attempt - 1, 16)  # enough to pass any longest pause
    return now + min(timedelta(minutes=jobs.retry_minutes * 2**doublings), MAX_RETRY_PAUSE)
