"""What falls due by itself: licences that end, quarterly snapshots, and the reports of the roadmaps' dates.

Jobs call `run_due` once a day or more often; asked twice, it does nothing twice. A report is made for the day it was
due, with the schools that had no data then named beside it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from catalog_sync.reports import eregister, registry, render, roadmap, russian
from catalog_sync.reports import period as periods
from catalog_sync.reports.eregister import WARN_DAYS, Held
from catalog_sync.reports.model import Report
from catalog_sync.reports.period import Period
from catalog_sync.reports.roadmap import Duty
from catalog_sync.store import coverage, kept, licences, snapshots
from catalog_sync.store import registry as participants
from catalog_sync.store.database import reading, writing

KEY_FILE = "snapshot-key"
LAST_DAYS = 30  # the second warning of a contract that ends
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
        text = f"Готово по расписанию: {self.title}.\nПериод: {self.period}. Срок: {self.due:%d.%m.%Y}."
        if self.missing:
            text += "\nНет свежих данных: " + ", ".join(self.missing) + "."
        return text


def run_due(engine: Engine, now: datetime, zone: ZoneInfo, organisation: str, home: Path) -> list[Made]:
    """Write off ended licences, make every report due and not made; snapshots are signed with the key in `home`."""
    today, key = now.astimezone(zone).date(), signing_key(home)
    with writing(engine) as connection:
        licences.expire(connection, today)
        first = min((one.first for one in coverage.freshness(connection) if one.first), default=None)
    if first is None:  # nobody has sent anything yet: there is nothing to report
        return []
    made = []
    for day, duty in roadmap.due(max(today - timedelta(LOOK_BACK_DAYS), first - timedelta(1)), today):
        with reading(engine) as connection:
            if kept.is_made(connection, duty.code, day):
                continue
        snapshot = _frozen(engine, duty.covers(day), now, today, key) if duty.snapshot else None
        made.append(_make(engine, duty, day, now, today, organisation, snapshot))
    return made


def signing_key(home: Path) -> bytes:
    """The district's key for snapshots: made once, readable by us alone, to be kept with the backups."""
    path = home / KEY_FILE
    home.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return path.read_bytes()


def unmailed(engine: Engine, now: datetime) -> list[Made]:
    """What nobody has been told of yet: the reports made just now, and those whose letter did not go before."""
    with reading(engine) as connection:
        found = kept.unmailed(connection, now - timedelta(LOOK_BACK_DAYS))
        names = {one.code: one.name for one in participants.libraries(connection)}
    titles = {duty.code: duty.title for duty in roadmap.duties()}
    made = []
    for (code, due, period), some in groupby(found, key=lambda pair: (pair[0].schedule, pair[0].due, pair[0].period)):
        heads, data = zip(*some, strict=True)
        files = tuple((f"{head.name}_{period}.{head.format}", one) for head, one in zip(heads, data, strict=True))
        missing = tuple(names.get(library, library) for library in heads[0].missing)
        words = periods.parse(period, now.date()).words
        made.append(Made(titles.get(code, code), due, words, missing, files, tuple(head.number for head in heads)))
    return made


@dataclass(frozen=True, slots=True)
class Warning:
    """What the methodologist is told of a contract that ends: `about` is the same for the same event."""

    about: str
    subject: str
    text: str
    files: tuple[tuple[str, bytes], ...]


def warnings(engine: Engine, today: date) -> list[Warning]:
    """Contracts that end within WARN_DAYS, each with the letter to its organisation ready to be signed.

    Told once when a quarter is left and once more in the last month: a contract is prolonged by procurement.
    """
    with reading(engine) as connection:
        names = {one.code: one.name for one in participants.libraries(connection)}
        ending = [one for one in licences.register(connection) if one.closed is None and _ends_soon(one.ends, today)]
        held = [
            Held(one, names.get(one.library, one.library), *licences.catalogued_counts(connection, one))
            for one in ending
        ]
    return [_warning(one, today) for one in held]


def _ends_soon(day: date, today: date) -> bool:
    return timedelta(0) <= day - today <= timedelta(WARN_DAYS)


def _warning(one: Held, today: date) -> Warning:
    it = one.licence
    left = LAST_DAYS if it.ends - today <= timedelta(LAST_DAYS) else WARN_DAYS
    title = f"Заканчивается договор: «{it.name}»"
    report = Report(
        "forecast", f"Письмо об окончании договора: {one.library_name}", f"до {russian.day(it.ends)}", today, it.ends,
        today, tuple(section for section in eregister.letter(one, today) if not getattr(section, "level", 0)),
        library=it.library,
    )  # fmt: skip
    text = (
        f"{one.library_name}: {russian.day(it.ends)} заканчивается доступ к ресурсу «{it.name}»"
        + (f", договор {it.contract}" if it.contract else "")
        + f".\n{eregister.lost(one)}\nПисьмо руководителю приложено: проверьте и отправьте."
    )
    file = (f"pismo_{it.library}_{it.number}.docx", render.render(report, "docx"))
    return Warning(f"licence {it.number} {it.ends} {left}", title, text, (file,))


def mark_mailed(engine: Engine, made: Sequence[Made], now: datetime) -> None:
    """Remember that the letters have gone."""
    with writing(engine) as connection:
        kept.mark_mailed(connection, [number for one in made for number in one.numbers], now)


def _frozen(engine: Engine, period: Period, now: datetime, today: date, key: bytes) -> int:
    """The number of the period's snapshot, which is made where there is none."""
    with writing(engine) as connection:
        if there := snapshots.named(connection, period.code):
            return there.head.number
        return snapshots.freeze(
            connection, period.code, period.start, period.end, now=now, today=today, who="по расписанию", key=key
        ).number  # fmt: skip


def _make(
    engine: Engine, duty: Duty, day: date, now: datetime, today: date, organisation: str, snapshot: int | None
) -> Made:
    """Read, write the papers, keep them: Word and Excel files take seconds, and no harvest waits for them."""
    period = duty.covers(day)
    report = registry.make(engine, duty.report, period=period.code, today=today, organisation=organisation)
    missing = report.coverage.missing if report.coverage else ()
    codes = report.coverage.missing_codes if report.coverage else ()
    papers = [(ending, render.file_name(report, ending), render.render(report, ending)) for ending in duty.formats]
    with writing(engine) as connection:
        numbers = tuple(
            kept.keep(
                connection, name=duty.report, period=period.code, format=ending, data=data, made=now, due=day,
                schedule=duty.code, snapshot=snapshot, missing=codes,
            )
            for ending, _name, data in papers
        )  # fmt: skip
    files = tuple((name, data) for _ending, name, data in papers)
    return Made(duty.title, day, period.words, tuple(missing), files, numbers)
