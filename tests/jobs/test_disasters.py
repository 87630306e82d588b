"""The disasters of the field. Each starts the real thing: files, servers, database, index, jobs.

Afterwards yesterday's catalogue is served, other sources are untouched, and the run says what happened.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from catalog_sync import jobs, pipeline, upkeep
from catalog_sync.model import HarvestRun, RunState
from catalog_sync.query import Everything, Query, Term
from catalog_sync.store import database, digests, leases, runs
from catalog_sync.store import tables as t
from catalog_sync.store.catalogue import open_catalogue
from catalog_sync.store.database import reading, writing
from harvesters.secrets import Secrets
from tests.harvesters.hostile import HostileServer
from tests.harvesters.oai_provider import OaiItem, Provider
from tests.harvesters.samples import iso2709
from tests.jobs.world import Town, ended, town

TITLES = ["Алгебра", "Геометрия", "Физика", "Химия", "Биология", "География", "История", "Родная речь", "Букварь"]
OTHERS = ["Мурзилка", "Незнайка на Луне", "Три толстяка", "Золотой ключик", "Старик Хоттабыч", "Аленький цветочек"]


def books(count: int, prefix: str = "RU/SCH/", titles: list[str] = TITLES, start: int = 0) -> bytes:
    numbers = range(start, start + count)
    return b"".join(iso2709(f"{prefix}{n}", f"{titles[n % len(titles)]}, {n} класс", "cp1251") for n in numbers)


@dataclass
class District:
    """Two schools with yesterday's catalogue published; `school-1` is about to have a bad night."""

    town: Town
    process: jobs.Process
    yesterday: dict[str, Any]
    said: str = ""

    def night(self, data: bytes | None = None) -> HarvestRun:
        """The scheduled harvest of school-1, with a new export in its folder if there is one."""
        if data is not None:
            (self.town.folder("school-1") / "books.mrc").write_bytes(data)
        self.said = self.process.harvest("school-1", "расписание", 1)
        return self.town.runs("school-1")[0]

    def now_served(self) -> dict[str, Any]:
        """Live records of both schools with their digests, and what readers find."""
        with reading(self.town.system.engine) as connection:
            live = {code: digests.computed(connection, code) for code in ("school-1", "school-2")}
        catalogue = open_catalogue(self.town.system.settings, self.town.system.engine)
        queries: list[Query] = [Everything(), Term("алгебра"), Term("мурзилка")]
        return {**live, "found": [catalogue.search(q).total for q in queries]}

    def assert_yesterday_is_served(self) -> None:
        assert self.now_served() == self.yesterday
        assert upkeep.check(self.town.system) == []


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a district after a good night: made once, copied for every test."""
    here, told = town(tmp_path_factory.mktemp("published")), dict[str, Any]()
    for code, data in (("school-1", books(200)), ("school-2", books(60, "RU/OTHER/", OTHERS))):
        here.add(code)
        (here.folder(code) / "books.mrc").write_bytes(data)
        pipeline.harvest_together(here.system, [code], told.__setitem__, progress=lambda _code: pipeline.quiet)
        assert told[code].state is RunState.PUBLISHED
    here.system.engine.dispose()
    return here.home


@pytest.fixture
def district(published: Path, tmp_path: Path) -> Iterator[District]:
    here = town(Path(shutil.copytree(published, tmp_path / "home")))
    process = jobs.Process(here.system, Secrets({}))
    process.scheduler = process._scheduler()
    process.scheduler.start(paused=True)
    found = District(here, process, {})
    found.yesterday = found.now_served()
    yield found
    process.stop.set()
    process.scheduler.shutdown()


def test_an_empty_file_fails_its_run(district: District) -> None:
    run = district.night(b"")
    assert run.state is RunState.FAILED
    assert "файл пуст" in run.message
    district.assert_yesterday_is_served()


def test_an_export_without_records_is_held(district: District) -> None:
    run = district.night(b"<collection/>")
    assert run.state is RunState.HELD
    assert "выгрузка пуста: исчезли бы все записи источника (200)" in run.message
    district.assert_yesterday_is_served()


def test_a_tenth_of_the_export_is_held(district: District) -> None:
    run = district.night(books(20))
    assert run.state is RunState.HELD
    assert "нет 180 из 200 записей (90 %)" in run.message
    district.assert_yesterday_is_served()


def test_the_export_of_another_school_with_other_numbers_is_held(district: District) -> None:
    run = district.night(books(200, "RU/LIC/", OTHERS))
    assert run.state is RunState.HELD
    assert "другой базы или школы" in run.message
    district.assert_yesterday_is_served()


def test_the_export_of_another_school_under_the_same_numbers_is_held(district: District) -> None:
    run = district.night(books(200, titles=OTHERS))
    assert run.state is RunState.HELD
    assert "теперь другие книги" in run.message
    district.assert_yesterday_is_served()


def test_a_changed_scheme_of_numbers_is_held(district: District) -> None:
    run = district.night(books(200, "7/"))
    assert run.state is RunState.HELD
    assert "сменилась нумерация" in run.message
    district.assert_yesterday_is_served()


@pytest.mark.parametrize("share", [0.5, 0.97, 0.9999])
def test_a_file_cut_in_the_middle_is_held_however_little_is_missing(district: District, share: float) -> None:
    whole = books(200)
    run = district.night(whole[: int(len(whole) * share)])
    assert run.state is RunState.HELD
    assert "оборван" in run.message
    district.assert_yesterday_is_served()


@pytest.mark.slow
def test_what_is_held_can_be_published_on_a_word_and_then_taken_back(district: District) -> None:
    run = district.night(books(20))
    pipeline.approve(district.town.system, run.number, who="методист")
    assert district.town.live("school-1") == 20
    pipeline.roll_back(district.town.system, run.number, who="методист")
    district.assert_yesterday_is_served()


def test_a_good_export_the_next_night_needs_nobody(district: District) -> None:
    district.night(books(20))
    assert district.night(books(201)).state is RunState.PUBLISHED
    assert district.town.live("school-1") == 201


def test_a_night_without_an_export_changes_nothing(district: District) -> None:
    assert district.night().state is RunState.PUBLISHED
    run = district.night()
    assert (run.state, run.counts.read, run.counts.gone) == (RunState.PUBLISHED, 0, 0)
    district.assert_yesterday_is_served()


@pytest.fixture
def provider(district: District) -> Iterator[Provider]:
    server = HostileServer()
    found = Provider([OaiItem(n, sets=("a",), title=f"{TITLES[n % 9]} {n}") for n in range(40)], page_size=10)
    server.behaviours["/oai"] = found
    district.town.add("school-1", harvester="oai_pmh", settings={"url": server.url("/oai"), "sets": "a"})
    assert district.night().state in (RunState.HELD, RunState.PUBLISHED)
    held = district.town.runs("school-1")[0]
    if held.state is RunState.HELD:  # another source under the same code: a person says yes
        pipeline.approve(district.town.system, held.number, who="тест")
    district.yesterday = district.now_served()
    yield found
    server.stop()


def test_an_endless_token_ends_the_run_and_nothing_else(district: District, provider: Provider) -> None:
    provider.now, provider.faults = "2026-09-03T01:00:00Z", {"the same token", "endless"}
    provider.items = [OaiItem(n, "2026-09-02T20:00:00Z", sets=("a",), title="Испорчено") for n in range(40)]
    run = district.night()
    assert run.state is RunState.FAILED
    assert "по кругу" in run.message
    assert "повтор в" in district.said
    district.assert_yesterday_is_served()


def test_a_deleted_set_deletes_no_book(district: District, provider: Provider) -> None:
    provider.items = []
    run = district.night()
    assert run.state is RunState.PUBLISHED
    assert run.counts.gone == 0
    district.assert_yesterday_is_served()


def test_a_deleted_set_read_whole_is_held(district: District, provider: Provider) -> None:
    provider.items, provider.deleted_record = [], "no"
    district.town.add(
        "school-1", harvester="oai_pmh",
        settings={"url": district_url(district), "sets": "a", "full_every_days": "0"},
    )  # fmt: skip
    run = district.night()
    assert run.state is RunState.HELD
    assert "пуста" in run.message
    district.assert_yesterday_is_served()


def district_url(district: District) -> str:
    from catalog_sync.store import registry

    with reading(district.town.system.engine) as connection:
        return registry.get_source(connection, "school-1").settings["url"]


def test_the_clock_set_back_a_month_stops_nothing(tmp_path: Path) -> None:
    now = [datetime(2026, 9, 10, 1, 0, tzinfo=UTC)]
    here = town(tmp_path, lambda: now[0])
    process = jobs.Process(here.system, Secrets({}))
    process.scheduler = process._scheduler()
    process.scheduler.start(paused=True)
    try:
        here.add("school-1")
        (here.folder("school-1") / "books.mrc").write_bytes(books(100))
        assert "опубликовано" in process.harvest("school-1", "тест", 1)
        with writing(here.system.engine) as connection:  # a process died holding the source, its clock a month ahead
            leases.acquire(connection, "source:school-1", "elsewhere:1:1", now[0], pipeline.LEASE_SECONDS)
            runs.start(connection, "school-1", now[0], incremental=False)
        now[0] -= timedelta(days=30)
        (here.folder("school-1") / "books.mrc").write_bytes(books(110))
        assert "опубликовано" in process.harvest("school-1", "тест", 1)
    finally:
        process.stop.set()
        process.scheduler.shutdown()
    assert here.live("school-1") == 110
    assert all(ended(run) for run in here.runs())


def limited(district: District, statement: str) -> Any:
    """Every new connection of the catalogue lives under a pragma."""

    def set_pragma(raw: sqlite3.Connection, _: object) -> None:
        raw.execute(statement)

    event.listen(district.town.system.engine, "connect", set_pragma)
    district.town.system.engine.dispose()
    return set_pragma


def test_wrong_settings_are_a_failed_run_that_says_so(district: District) -> None:
    district.town.add("school-1", harvester="files", settings={"foldr": "/x"})
    run = district.night()
    assert run.state is RunState.FAILED
    assert "неизвестная настройка «foldr»; возможно, «folder»?" in run.message
    district.assert_yesterday_is_served()


def test_the_log_of_a_run_tells_what_came_and_how_it_ended(district: District) -> None:
    run = district.night(books(20)[:-30])
    with reading(district.town.system.engine) as connection:
        log = connection.execute(select(t.run.c.log).where(t.run.c.number == run.number)).scalar_one()
    lines = log.splitlines()
    assert "получено books.mrc: " in lines[1]
    assert "оборван посреди записи" in lines[2]
    assert "удержан: прочитано 20" in lines[-1]


def test_a_full_disk_ends_the_run_and_the_next_one_works(district: District) -> None:
    with sqlite3.connect(district.town.home / "catalog.sqlite") as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
    # What SQLite says when the disk is full (SQLITE_FULL), without filling anybody's disk.
    pragma = limited(district, f"PRAGMA max_page_count={pages + 8}")
    run = district.night(books(4000))
    assert run.state is RunState.FAILED
    assert "на диске кончилось место" in run.message
    assert "повтор в" in district.said
    event.remove(district.town.system.engine, "connect", pragma)
    district.town.system.engine.dispose()
    district.assert_yesterday_is_served()
    assert district.night(books(220)).state is RunState.PUBLISHED


def test_a_locked_database_ends_the_run_and_the_next_one_works(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    for patience in ("BUSY_SECONDS", "PATIENT_SECONDS"):
        monkeypatch.setattr(database, patience, 0.1)
    with sqlite3.connect(district.town.home / "catalog.sqlite", isolation_level=None) as backup:
        backup.execute("BEGIN IMMEDIATE")
        (district.town.folder("school-1") / "books.mrc").write_bytes(books(230))
        said = district.process.harvest("school-1", "расписание", 1)
        assert "база занята другим процессом" in said
        assert "повтор в" in said
        backup.execute("ROLLBACK")
    monkeypatch.undo()
    district.assert_yesterday_is_served()
    assert district.night().state is RunState.PUBLISHED
    assert district.town.live("school-1") == 230
