"""Whatever breaks, the operator reads one line that says what to do; the rest goes into a file for its authors."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from catalog_sync import publishing
from catalog_sync.cli import failing
from catalog_sync.store import database, leases, runs
from catalog_sync.store.database import open_engine, writing
from tests.cli.conftest import Cli, Export
from tests.exports import shelf


def test_a_database_busy_too_long(school: Cli, home: Path, export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PATIENT_SECONDS", 0)
    other = sqlite3.connect(home / "catalog.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        ended = school("import", export(), "--source", "school-1")
    finally:
        other.close()
    assert ended.code == 1
    assert "база занята другим процессом" in ended.line


def test_a_command_waits_for_a_harvest_that_is_being_written_and_says_so(
    school: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "STEP_SECONDS", 0.1)
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    other = sqlite3.connect(home / "catalog.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    ending = threading.Timer(1, other.close)
    ending.start()
    ended = school("source", "pause", "school-1")
    ending.join()
    assert ended.code == 0
    assert ended.line == "каталог сейчас записывает другая программа: жду её (прервать: Ctrl+C)"


def test_ctrl_c_ends_the_waiting(school: Cli, home: Path) -> None:
    other = sqlite3.connect(home / "catalog.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    # Where the tests run in the background the shell has Ctrl+C ignored, and children inherit that.
    heeding = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    begin = f"{heeding}; import runpy; runpy.run_module('catalog_sync', run_name='__main__')"
    command = [sys.executable, "-c", begin, "source", "pause", "school-1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert "жду её" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
        finally:
            process.kill()
    other.close()


def test_a_disk_full_while_publishing_leaves_yesterday(
    school: Cli, export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = publishing.records.publish_stage

    def full(connection: object, *rest: object) -> list[int]:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # type: ignore[attr-defined]
        return real(connection, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(publishing.records, "publish_stage", full)
    many = [*shelf(8), *shelf(600, prefix="N")]
    ended = school("import", export("more.mrc", many), "--source", "school-1")
    assert ended.code == 1
    assert "на диске кончилось место" in ended.line
    monkeypatch.setattr(publishing.records, "publish_stage", real)
    assert len(school("clusters").out.splitlines()) == 1 + 8


@pytest.mark.parametrize("code_page", ["cp1251", "cp866"])
def test_what_a_code_page_lacks_ends_no_command(school: Cli, code_page: str) -> None:
    """On Windows what goes into a file or on to another program leaves in the code page of the machine."""
    made = subprocess.run(
        [sys.executable, "-m", "catalog_sync", "runs"], capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": code_page}, timeout=60,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert "+8 ~0 =0 -0 !0" in made.stdout.decode(code_page)  # «−», which none of them has


def test_a_file_whose_name_is_not_in_utf_8_gets_its_copy(school: Cli, tmp_path: Path) -> None:
    name = os.fsencode(tmp_path / "копия.zip".encode("cp1251").decode("utf-8", "surrogateescape"))
    ended = school("backup", os.fsdecode(name))
    assert ended.code == 0
    assert "копия.zip: " in ended.out
    assert os.path.exists(name)


def test_a_disk_full_while_writing_a_file(school: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("catalog_sync.store.maintenance.backup", full)
    assert "на диске кончилось место" in school("backup", tmp_path / "copy.zip").line


def test_where_there_is_no_catalogue_none_is_copied(cli: Cli, home: Path, tmp_path: Path) -> None:
    """A scheduler that was told no folder, or another: an empty copy would take the place of last night's."""
    (tmp_path / "copy.zip").write_bytes(b"last night's")
    ended = cli("backup", tmp_path / "copy.zip")
    assert ended.code == 1
    assert f"{home}: каталога здесь нет, копировать нечего" in ended.line
    assert (tmp_path / "copy.zip").read_bytes() == b"last night's"
    assert not (home / "catalog.sqlite").exists()


def test_a_data_folder_that_cannot_be_made(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CATALOG_SYNC_HOME", str(tmp_path / "file" / "home"))
    ended = cli("init")
    assert ended.code == 1
    assert "это файл, а нужна папка" in ended.line


def test_a_data_folder_that_is_a_file(cli: Cli, home: Path) -> None:
    home.write_text("")
    assert f"{home}: это файл, а нужна папка" in cli("runs").line


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("File 'x.mrc' is not readable.", "нет прав читать «x.mrc»"),
        ("Directory '/etc/hostname' is a file.", "«/etc/hostname» — файл, а нужна папка"),
        ("Directory 'x' does not exist.", "нет папки «x»"),
        ("Path 'x' is not writable.", "нет прав писать в «x»"),
    ],
)
def test_what_click_says_of_files_is_said_in_russian(said: str, told: str) -> None:
    assert failing.usage(click.UsageError(said)).startswith(told)


def test_a_file_that_may_not_be_read_and_a_file_for_a_folder(
    school: Cli, export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = export()
    assert f"--to: «{path}» — файл, а нужна папка" in school("set-aside", "school-1", "--to", path).line
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert f"нет прав читать «{path}»" in school("import", path, "--source", "school-1").line


def test_a_data_folder_without_rights(cli: Cli, home: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    home.mkdir()
    home.chmod(0o500)
    ended = cli("init")
    home.chmod(0o700)
    assert ended.code == 1
    assert ended.line


def test_a_database_file_that_is_no_database(cli: Cli, home: Path) -> None:
    home.mkdir()
    (home / "catalog.sqlite").write_bytes(b"this was a database once " * 1000)
    ended = cli("runs")
    assert ended.code == 1
    assert "catalog-sync restore" in ended.line


def test_settings_are_refused_naming_file_and_key(cli: Cli, home: Path) -> None:
    home.mkdir()
    (home / "catalog-sync.toml").write_text('[web]\nprot = 8000\n', encoding="utf-8")
    ended = cli("runs")
    assert ended.code == 1
    assert "prot" in ended.line
    assert "может быть, port?" in ended.line


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "postgresql+psycopg://nobody@127.0.0.1:1/none"])
def test_a_database_that_is_not_there(url: str, cli: Cli, home: Path) -> None:
    home.mkdir()
    (home / "catalog-sync.toml").write_text(f'[store]\nurl = "{url}"\n', encoding="utf-8")
    ended = cli("runs")
    assert ended.code == 1
    assert ended.line.startswith("catalog-sync: ")
    assert "ошибка программы" not in ended.line


def test_a_fault_of_the_program_is_kept_whole_in_a_file(
    school: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog_sync.upkeep.check", lambda *_, **__: 1 / 0)
    ended = school("check")
    assert ended.code == 1
    assert "ошибка программы: ZeroDivisionError" in ended.line
    (kept,) = (home / "logs").glob("error-*.txt")
    assert str(kept) in ended.line
    assert "Traceback" in kept.read_text(encoding="utf-8")


def test_check_ends_with_one_where_something_differs(school: Cli, home: Path) -> None:
    assert school("check").code == 0
    with sqlite3.connect(home / "catalog.sqlite") as connection:
        connection.execute("DELETE FROM holding")
    ended = school("check")
    assert ended.code == 1
    assert "расхождений: " in ended.out
    assert school("rebuild").code == 0
    assert school("check").code == 0


@pytest.mark.parametrize("typed", ["!!!", "***", "😀"])
def test_a_question_without_a_word(school: Cli, export: Export, typed: str) -> None:
    school("import", export(), "--source", "school-1")
    ended = school("search", typed)
    assert ended.code == 1
    assert f"в запросе нет ни одного слова, которое можно искать: «{typed}»" in ended.line


@pytest.mark.parametrize("lost", ["deleted", "emptied"])
def test_a_database_lost_under_its_index(school: Cli, home: Path, export: Export, lost: str) -> None:
    school("import", export(), "--source", "school-1")
    index = {path.name: path.read_bytes() for path in (home / "index").iterdir()}
    for suffix in ("-wal", "-shm"):
        (home / f"catalog.sqlite{suffix}").unlink(missing_ok=True)
    (home / "catalog.sqlite").unlink()
    if lost == "emptied":
        (home / "catalog.sqlite").write_bytes(b"")
    for words in (["search", "книга"], ["runs"], ["backup", home / "copy.zip"], ["check"]):
        ended = school(*words)
        assert ended.code == 1
        assert "базы нет, а индекс есть: восстановите копию (catalog-sync restore ФАЙЛ)" in ended.line
    assert {path.name: path.read_bytes() for path in (home / "index").iterdir()} == index
    assert (home / "catalog.sqlite").exists() == (lost == "emptied")
    assert school("rebuild" if lost == "deleted" else "init").code == 0
    assert school("search", "книга").out == "найдено: 0\n"


def test_a_run_that_was_killed_is_told_as_cut_off(school: Cli, home: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    now = datetime.now(UTC)
    engine = open_engine(f"sqlite:///{home / 'catalog.sqlite'}")
    with writing(engine) as connection:
        number = runs.start(connection, "school-1", now, incremental=False, asked_by="тест")
        assert leases.acquire(connection, "source:school-1", f"{leases.machine()}:{dead.pid}:1", now, 300)
    assert "прерван" in school("runs", "--source", "school-1").out.splitlines()[0]
    assert "прерван" in school("runs", number).out
    with writing(engine) as connection:
        leases.acquire(connection, "source:school-1", f"{leases.machine()}:{os.getpid()}:1", now, 300)
    assert "идёт" in school("runs", "--source", "school-1").out.splitlines()[0]
