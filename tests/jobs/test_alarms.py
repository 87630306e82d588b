from __future__ import annotations

import email
import email.policy
import json
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from catalog_sync import alarms, jobs
from catalog_sync.alarms import Alarm
from catalog_sync.letters import deliver, ways
from catalog_sync.model import HarvestRun, RunCounts, RunState, Source
from catalog_sync.settings import District, Jobs, Settings
from harvesters.secrets import Secrets
from tests.harvesters.samples import export
from tests.jobs.world import Town, town

ZONE = ZoneInfo("Asia/Tomsk")
NOW = datetime(2026, 9, 10, 3, 0, tzinfo=UTC)  # 10 o'clock in Tomsk
SCHOOL = Source("school-07", "s7", name="Учебники школы № 7", harvester="files")


def run(number: int, state: RunState, days_ago: float = 0, source: str = "school-07", **changes: object) -> HarvestRun:
    return HarvestRun(number, source, state, NOW - timedelta(days=days_ago), **changes)  # type: ignore[arg-type]


def test_a_source_alarms_after_so_many_nights_not_after_so_many_tries() -> None:
    one_night = [run(n, RunState.FAILED, 0, message="сервер молчит") for n in (5, 4, 3)]
    assert alarms.failing(SCHOOL, one_night, 2, ZONE) is None
    two = [*one_night, run(2, RunState.FAILED, 1), run(1, RunState.PUBLISHED, 2)]
    alarm = alarms.failing(SCHOOL, two, 2, ZONE)
    assert alarm is not None
    assert "2\u00a0ночи подряд, с 09.09.2026" in alarm.text
    assert "сервер молчит" in alarm.text


@pytest.mark.parametrize("hour", [9, 13, 23])
def test_a_night_that_goes_on_past_midnight_is_one_night(hour: int) -> None:
    begun = datetime(2026, 12, 30, hour, 40, tzinfo=ZONE).astimezone(UTC)
    tries = [run(n, RunState.FAILED, 0) for n in (5, 4, 3, 2, 1)]
    pauses = [timedelta(minutes=m) for m in (150, 70, 30, 10, 0)]
    one = [replace(r, started=begun + pause) for r, pause in zip(tries, pauses, strict=True)]
    assert alarms.failing(SCHOOL, one, 2, ZONE) is None
    next_night = replace(run(6, RunState.FAILED, 0), started=begun + timedelta(hours=23))
    alarm = alarms.failing(SCHOOL, [next_night, *one], 2, ZONE)
    assert alarm is not None
    assert "2\u00a0ночи подряд, с 30.12.2026" in alarm.text


def test_a_night_that_worked_in_between_starts_the_count_anew() -> None:
    runs = [run(3, RunState.FAILED, 0), run(2, RunState.HELD, 1), run(1, RunState.FAILED, 2)]
    assert alarms.failing(SCHOOL, runs, 2, ZONE) is None


def test_a_third_bad_night_is_the_same_event() -> None:
    two = [run(2, RunState.FAILED, 1), run(1, RunState.FAILED, 2)]
    three = [run(3, RunState.FAILED, 0), *two]
    first, second = alarms.failing(SCHOOL, two, 2, ZONE), alarms.failing(SCHOOL, three, 2, ZONE)
    assert first is not None
    assert second is not None
    assert first.about == second.about


def test_an_overdue_source_is_told_again_every_week() -> None:
    last = NOW - timedelta(days=10)
    told = {a.about for d in range(15) if (a := alarms.overdue(SCHOOL, last, 7, NOW + timedelta(days=d), ZONE))}
    assert len(told) == 3
    assert alarms.overdue(SCHOOL, NOW - timedelta(days=6), 7, NOW, ZONE) is None
    assert alarms.overdue(SCHOOL, None, 7, NOW, ZONE) is None


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "1\u00a0источник"), (2, "2\u00a0источника"), (5, "5\u00a0источников"), (11, "11\u00a0источников"),
     (21, "21\u00a0источник"), (112, "112\u00a0источников")],
)  # fmt: skip
def test_the_digest_speaks_russian(count: int, words: str) -> None:
    runs = [run(n, RunState.PUBLISHED, 0, f"s{n:03}") for n in range(count)]
    text = alarms.digest(alarms.night_of(runs), {}, [], date(2026, 9, 10)).text
    assert f"Опубликовано: {words}, с изменениями – 0." in text


def test_the_digest_names_what_waits_what_failed_and_who_is_silent() -> None:
    runs = [
        run(1, RunState.FAILED, 0.2, "school-02", message="сервер молчит"),
        run(2, RunState.HELD, 0.1, message="нет 90 %"),
        run(3, RunState.PUBLISHED, 0, "school-02", counts=RunCounts(100, 3, 2, 94, 1, 0, 4, 25, 1)),
        run(4, RunState.FAILED, 0, "school-03", message="school-03: 404"),
    ]  # fmt: skip
    sources = {s.code: s for s in (SCHOOL, replace(SCHOOL, code="school-09", name=""), Source("by-hand", "x"))}
    letter = alarms.digest(alarms.night_of(runs), sources, ["school-09"], date(2026, 9, 10),
                           ["school-07", "school-09"])  # fmt: skip
    assert letter.subject == "Каталог, утро 10.09.2026: ждут решения: 1, не собрались: 1"
    assert "«Учебники школы № 7» (school-07), сеанс № 2: нет 90 %" in letter.text
    assert "«school-03», сеанс № 4: 404" in letter.text
    assert "поступило 25\u00a0экземпляров, выбыло 1 экземпляр" in letter.text
    assert "Не запускались: «school-09»" in letter.text
    assert "сервер молчит" not in letter.text  # it came in the end
    assert "by-hand" not in letter.text


class Mailbox(socketserver.BaseRequestHandler):
    """One SMTP conversation, kept."""

    letters: list[bytes] = []  # noqa: RUF012 – emptied by the fixture

    def handle(self) -> None:
        stream = self.request.makefile("rwb", buffering=0)
        stream.write(b"220 ready\r\n")
        while line := stream.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA":
                stream.write(b"354 go on\r\n")
                data = b""
                while not data.endswith(b"\r\n.\r\n"):
                    data += stream.readline()
                self.letters.append(data[:-3])
            stream.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            if word == b"QUIT":
                return


@pytest.fixture
def smtp() -> Iterator[int]:
    Mailbox.letters = []
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mailbox) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[dict[str, str]]]]:
    came: list[dict[str, str]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204 if self.path == "/ok" else 500)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Not on the terminal."""

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", came
    server.shutdown()


ALARM = Alarm("held x", "Выгрузка удержана:\nschool-07", "Сеанс № 5 не опубликован.")


def settings(home: Path, **changes: str) -> Settings:
    return Settings(home, District(email="metod@district.example"), jobs=Jobs(**changes))  # type: ignore[arg-type]


def test_a_letter_is_sent_and_a_webhook_called(
    tmp_path: Path, smtp: int, webhook: tuple[str, list[dict[str, str]]]
) -> None:
    url, came = webhook
    both = settings(tmp_path, smtp=f"127.0.0.1:{smtp}", webhook=f"{url}/ok")
    assert all(deliver(way, both, ALARM, NOW, Secrets({})) for way in ways(both))
    letter = email.message_from_bytes(Mailbox.letters[0], policy=email.policy.default)
    assert letter["Subject"] == "Выгрузка удержана: school-07"
    assert letter["To"] == "metod@district.example"
    assert "Сеанс № 5 не опубликован." in letter.get_content()
    assert came[0]["subject"] == ALARM.subject


def test_without_a_mail_server_letters_pile_up_in_a_folder(tmp_path: Path) -> None:
    for _ in range(2):
        assert deliver("mail", settings(tmp_path), ALARM, NOW, Secrets({}))
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 2


def test_a_failure_to_deliver_is_told_and_stops_nothing(
    tmp_path: Path, webhook: tuple[str, list[dict[str, str]]], caplog: pytest.LogCaptureFixture
) -> None:
    url, came = webhook
    dead = settings(tmp_path, smtp="127.0.0.1:1", webhook="env:HOOK")
    assert not any(deliver(way, dead, ALARM, NOW, Secrets({"HOOK": f"{url}/broken/s3cr3t"})) for way in ways(dead))
    assert came  # the mail's failure did not keep the webhook from being called
    assert "не отправлено (почта): соединение отвергнуто" in caplog.text
    gone = settings(tmp_path, webhook="http://127.0.0.1:1/s3cr3t")
    assert not deliver("webhook", gone, ALARM, NOW, Secrets({}))
    assert "не отправлено (webhook): сервер не отвечает" in caplog.text
    assert "s3cr3t" not in caplog.text


def test_a_dead_webhook_does_not_send_the_letter_twice(
    tmp_path: Path, webhook: tuple[str, list[dict[str, str]]]
) -> None:
    here = town(tmp_path, lambda: NOW, webhook="http://127.0.0.1:1/")
    process = jobs.Process(here.system, Secrets({}))
    try:
        assert not process._tell(ALARM)
        assert not process._tell(ALARM)
        assert len(letters(here)) == 1
        whole = replace(here.system.settings, jobs=replace(here.system.settings.jobs, webhook=f"{webhook[0]}/ok"))
        process.system = replace(here.system, settings=whole)
        assert process._tell(ALARM)
        assert process._tell(ALARM)
        assert (len(letters(here)), len(webhook[1])) == (1, 1)
    finally:
        process.stop.set()


def test_a_missing_password_is_told_and_stops_nothing(
    tmp_path: Path, smtp: int, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = settings(tmp_path, smtp=f"127.0.0.1:{smtp}", smtp_user="robot", smtp_password="env:NOT_SET")
    assert not deliver("mail", wrong, ALARM, NOW, Secrets({}))
    assert "NOT_SET" in caplog.text


def letters(here: Town) -> list[str]:
    found = sorted((here.home / "mail").glob("*.eml"))
    return [email.message_from_bytes(p.read_bytes(), policy=email.policy.default)["Subject"] for p in found]


def test_a_held_export_alarms_once_and_the_digest_comes_once_a_morning(tmp_path: Path) -> None:
    now = [datetime(2026, 9, 9, 20, 0, tzinfo=UTC)]  # three at night in Tomsk
    here = town(tmp_path, lambda: now[0])
    here.add("school-1", name="Школа 1")
    process = jobs.Process(here.system, Secrets({}))
    process.scheduler = process._scheduler()
    process.scheduler.start(paused=True)
    try:
        here.drop("school-1", range(100))
        assert "опубликовано" in process.harvest("school-1", "тест", 1)
        here.drop("school-1", range(5))
        for _ in range(2):
            assert "удержано" in process.harvest("school-1", "тест", 1)
        assert letters(here) == ["Выгрузка удержана: «Школа 1» (school-1)"]
        process._watch()
        assert len(letters(here)) == 1  # three at night is no morning
        now[0] = datetime(2026, 9, 10, 1, 5, tzinfo=UTC)
        for _ in range(3):
            process._watch()
        assert letters(here)[1:] == ["Каталог, утро 10.09.2026: ждут решения: 1"]
        now[0] = datetime(2026, 9, 20, 1, 5, tzinfo=UTC)
        process._watch()
        assert "Нет свежей выгрузки: «Школа 1» (school-1)" in letters(here)
    finally:
        process.stop.set()
        process.scheduler.shutdown()


def test_a_file_brought_by_hand_and_held_is_told_the_methodologist(tmp_path: Path) -> None:
    here = town(tmp_path)
    here.add("school-1", name="Школа 1", harvester="manual")
    process = jobs.Process(here.system, Secrets({}))
    process.scheduler = process._scheduler()
    try:
        for numbers in (range(100), range(5)):
            here.ask("import", str(here.upload("school-1", "books.mrc", export(numbers))))
        for number in (1, 2):
            process.answer(number)
        assert letters(here) == ["Выгрузка удержана: «Школа 1» (school-1)"]
    finally:
        process.stop.set()


@pytest.mark.parametrize("scheme", ["", "ftp://", "https://["])
def test_a_webhook_that_is_no_address_is_not_quoted(
    tmp_path: Path, scheme: str, caplog: pytest.LogCaptureFixture
) -> None:
    hook = f"{scheme}hooks.example/services/s3cr3t"
    wrong = settings(tmp_path, webhook="env:HOOK")
    assert not deliver("webhook", wrong, ALARM, NOW, Secrets({"HOOK": hook}))
    assert "адрес webhook неверен" in caplog.text
    assert "s3cr3t" not in caplog.text
    assert "hooks.example" not in caplog.text
