"""What falls due by itself: licences that end, quarterly snapshots, and the reports of the roadmaps' dates.

Jobs call `run_due` once a day or more often; asked twice, it does nothing twice. A report is made for the day it was
due, with the schools that had no data then named beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Engine

from catalog_sync.reports import registry, render, roadmap
from catalog_sync.reports.roadmap import Duty
from catalog_sync.store import kept, licences, snapshots
from catalog_sync.store.database import writing

LOOK_BACK_DAYS = 45  # a computer that stood still over the holidays still makes what was due


@dataclass(frozen=True, slots=True)
class Made:
    """A report made now: what to say in the letter, and the files kept."""

    title: str
    due: date
    period: str
    missing: tuple[str, ...]  # names of schools without fresh data
    files: tuple[tuple[str, bytes], ...]
    numbers: tuple[int, ...]

    @property
    def letter(self) -> str:
        """The body of the letter to the methodologist."""
        text = f"{self.title}: составлен за период {self.period}, срок {self.due:%d.%m.%Y}."
        if self.missing:
            text += "\nНет свежих данных: " + ", ".join(self.missing) + "."
        return text


def run_due(engine: Engine, *, now: datetime, today: date, organisation: str = "", key: bytes = b"") -> list[Made]:
    """Write off ended licences, then make every report due and not made. `key` signs the snapshots."""
    with writing(engine) as connection:
        licences.expire(connection, today)
    made = []
    for day, duty in roadmap.due(today - timedelta(LOOK_BACK_DAYS), today):
        with writing(engine) as connection:
            if not kept.is_made(connection, duty.code, day):
                made.append(_make(connection, duty, day, now, today, organisation, key))
    return made


def mark_mailed(engine: Engine, made: Sequence[Made], now: datetime) -> None:
    """Remember that the letters have gone."""
    with writing(engine) as connection:
        kept.mark_mailed(connection, [number for one in made for number in one.numbers], now)


def _make(
    connection: Connection, duty: Duty, day: date, now: datetime, today: date, organisation: str, key: bytes
) -> Made:
    period = duty.covers(day)
    snapshot = None
    if duty.snapshot:
        there = snapshots.named(connection, period.code)
        head = there.head if there else snapshots.freeze(
            connection, period.code, period.start, period.end, now=now, today=today, who="по расписанию", key=key
        )  # fmt: skip
        snapshot = head.number
    report = registry.make_in(connection, duty.report, asked_period=period.code, today=today, organisation=organisation)
    missing = report.coverage.missing if report.coverage else ()
    codes = report.coverage.missing_codes if report.coverage else ()
    files, numbers = [], []
    for ending in duty.formats:
        data = render.render(report, ending)
        numbers.append(
            kept.keep(
                connection, name=duty.report, period=period.code, format=ending, data=data, made=now, due=day,
                schedule=duty.code, snapshot=snapshot, missing=codes,
            )
        )  # fmt: skip
        files.append((render.file_name(report, ending), data))
    return Made(duty.title, day, period.words, tuple(missing), tuple(files), tuple(numbers))
