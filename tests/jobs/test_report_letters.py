"""Reports of the roadmaps' dates go out as letters with their files; a letter that did not go is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from catalog_sync import jobs
from catalog_sync.alarms import Alarm
from catalog_sync.model import FetchedFile
from catalog_sync.pipeline import run_source
from catalog_sync.settings import Settings
from catalog_sync.store import kept
from catalog_sync.store.database import reading
from harvesters.secrets import Secrets
from tests.jobs.world import Town, export, town

LOADED, DUE = datetime(2026, 9, 25, 9, tzinfo=UTC), datetime(2026, 10, 10, 9, tzinfo=UTC)


class Clock:
    now = LOADED

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def waiting(tmp_path: Path) -> tuple[Town, jobs.Process, Clock]:
    """A district in which the quarterly report falls due."""
    clock = Clock()
    made = town(tmp_path / "home", clock)
    made.add("school-1")
    run_source(made.system, "school-1", [FetchedFile("x.mrc", export(range(5)), format="")])
    clock.now = DUE
    return made, jobs.Process(made.system, Secrets.of_process()), clock


def mailed(made: Town) -> list[bool]:
    with reading(made.system.engine) as connection:
        return [one.mailed is not None for one in kept.listed(connection)]


def test_a_report_is_mailed_with_its_files(waiting: tuple[Town, jobs.Process, Clock]) -> None:
    made, process, _ = waiting
    process._reports(DUE)
    letters = [
        message_from_bytes(path.read_bytes(), policy=policy.default) for path in (made.home / "mail").glob("*.eml")
    ]
    names = sorted(str(part.get_filename()) for letter in letters for part in letter.iter_attachments())
    assert "quarterly_2026Q3.docx" in names
    assert "quarterly_2026Q3.xlsx" in names
    files = [part.get_content() for letter in letters for part in letter.iter_attachments()]
    assert all(data.startswith(b"PK") for data in files)
    assert all(mailed(made))


def test_a_letter_that_did_not_go_is_tried_again(
    waiting: tuple[Town, jobs.Process, Clock], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, process, clock = waiting
    sent: list[Alarm] = []

    def refuse(_settings: Settings, _alarm: Alarm, _now: datetime, _secrets: Secrets) -> bool:
        return False

    def take(_settings: Settings, alarm: Alarm, _now: datetime, _secrets: Secrets) -> bool:
        sent.append(alarm)
        return True

    monkeypatch.setattr(jobs, "deliver", refuse)
    process._reports(DUE)
    count = len(mailed(made))
    assert count
    assert not any(mailed(made))
    monkeypatch.setattr(jobs, "deliver", take)
    clock.now = DUE + timedelta(minutes=5)
    process._reports(clock.now)
    process._reports(clock.now)
    assert mailed(made) == [True] * count
    assert len({one.about for one in sent}) == len(sent)
    assert sum(len(one.files) for one in sent) == count
