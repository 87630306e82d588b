"""Dates of the roadmaps as data (data/tables/roadmap.toml): stages of the roll-out and reports due."""

from __future__ import annotations

import tomllib
from calendar import isleap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from catalog_sync.reports import period as periods
from catalog_sync.reports.period import Period
from catalog_sync.shipped import TABLES

FILE = TABLES / "roadmap.toml"


@dataclass(frozen=True, slots=True)
class Stage:
    number: int
    due: date
    name: str


@dataclass(frozen=True, slots=True)
class Duty:
    """A report that must be ready on some days of every year."""

    code: str
    report: str
    title: str
    when: tuple[str, ...]  # "MM-DD"
    period: str  # quarter | half | year: the last one that ended
    snapshot: bool = False
    formats: tuple[str, ...] = ("docx",)
    running: bool = False  # about the period its day lies in, not the one before

    def due_days(self, year: int) -> Iterator[date]:
        for text in self.when:
            if text == "02-29" and not isleap(year):
                text = "02-28"
            yield date.fromisoformat(f"{year}-{text}")

    def covers(self, due: date) -> Period:
        """The period a report due on this day is about: the last finished one of its kind, or the running one."""
        now = periods.parse(_code(self.period, due), due)
        return now if self.running else now.previous


def _code(name: str, day: date) -> str:
    part = {"quarter": f"Q{(day.month - 1) // 3 + 1}", "half": f"H{1 if day.month < 7 else 2}", "year": ""}[name]
    return f"{day.year}{part}"


@cache
def stages() -> tuple[Stage, ...]:
    """The stages of the roll-out in order."""
    return tuple(Stage(**row) for row in _raw().get("stage", []))


@cache
def duties() -> tuple[Duty, ...]:
    """Every report with dates."""
    rows = _raw().get("report", [])
    return tuple(Duty(**{**row, "when": tuple(row["when"]), "formats": tuple(row["formats"])}) for row in rows)


def due(since: date, until: date) -> list[tuple[date, Duty]]:
    """What falls due in (since, until], in order of days."""
    found = [
        (day, duty)
        for duty in duties()
        for year in range(since.year, until.year + 1)
        for day in duty.due_days(year)
        if since < day <= until
    ]
    return sorted(found, key=lambda pair: (pair[0], pair[1].code))


def upcoming(today: date, days: int = 92) -> list[tuple[date, Duty]]:
    """The calendar of the next quarter."""
    return due(today - timedelta(1), today + timedelta(days))


@cache
def _raw() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
