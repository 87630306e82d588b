"""Reports of the roadmaps' dates go out as letters with their files; a letter that did not go is tried again."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from docx import Document

from catalog_sync import jobs
from catalog_sync.alarms import Alarm
from catalog_sync.model import FetchedFile
from catalog_sync.pipeline import run_source
from catalog_sync.settings import Settings
from catalog_sync.store import kept
from catalog_sync.store.database import reading, writing
from catalog_sync.store.licences import Licence, add
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

    def refuse(_way: str, _settings: Settings, _alarm: Alarm, _now: datetime, _secrets: Secrets) -> bool:
        return False

    def take(_way: str, _settings: Settings, alarm: Alarm, _now: datetime, _secrets: Secrets) -> bool:
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


def test_a_contract_that_ends_is_told_with_a_letter_to_be_signed(waiting: tuple[Town, jobs.Process, Clock]) -> None:
    made, process, clock = waiting
    with writing(made.system.engine) as connection:
        for name, ends in (("ЛитРес: Школа", date(2026, 12, 31)), ("Далёкий", date(2027, 6, 30))):
            contract = Licence("school-1", name, date(2026, 1, 1), ends, titles=340, copies=340, contract="12/2026")
            add(connection, contract, today=date(2026, 1, 15), who="методист")
    for day in (DUE, DUE + timedelta(hours=1), datetime(2026, 12, 10, 9, tzinfo=UTC)):
        clock.now = day
        process._reports(day)
    found = [
        message_from_bytes(path.read_bytes(), policy=policy.default) for path in (made.home / "mail").glob("*.eml")
    ]
    letters = [one for one in found if one["Subject"] == "Заканчивается договор: «ЛитРес: Школа»"]
    assert len(letters) == 2  # a quarter before, and in the last month
    assert not any("Далёкий" in one["Subject"] for one in found)
    body = letters[0].get_body(("plain",))
    assert body is not None
    text = body.get_content().replace("\xa0", " ")
    assert "31 декабря 2026 г. заканчивается доступ" in text
    assert "После этого из фонда выбудет 340 названий." in text
    files = list(letters[0].iter_attachments())
    assert [one.get_filename() for one in files] == ["pismo_school-1_1.docx"]
    words = "\n".join(p.text for p in Document(io.BytesIO(files[0].get_content())).paragraphs)
    assert "Уважаемый руководитель!" in words
    assert "по договору № 12/2026" in words
