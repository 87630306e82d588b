"""What goes wrong around the program: root's commands, a folder that is not the one, an end in the midst of writing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from catalog_sync.__main__ import stop_cleanly
from tests.cli.conftest import Cli


@pytest.fixture
def foreign(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root at work in a folder of the service's user."""
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(Path, "owner", lambda self: "catalog")


@pytest.mark.usefixtures("foreign")
@pytest.mark.parametrize("words", [("runs",), ("rebuild",), ("restore", "copy.zip", "--yes")])
def test_root_is_told_whose_command_it_is(school: Cli, home: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "copy.zip").write_bytes(b"")
    before = sorted(path.name for path in home.iterdir())
    ended = school(*words)
    assert ended.code == 1
    assert ended.line.endswith("Поставьте перед командой: runuser -u catalog --")
    assert str(home) in ended.line
    assert sorted(path.name for path in home.iterdir()) == before


@pytest.mark.usefixtures("foreign")
def test_root_may_take_a_copy_which_he_alone_can_put_away(school: Cli, tmp_path: Path) -> None:
    assert school("backup", tmp_path / "copy.zip").code == 0


def test_root_works_in_his_own_folder_and_in_that_of_a_number_without_a_name(
    school: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(Path, "owner", lambda self: "root")
    assert school("runs").code == 0

    def nameless(self: Path) -> str:
        raise KeyError("getpwuid(): uid not found: 1000")

    monkeypatch.setattr(Path, "owner", nameless)
    assert school("runs").code == 0


def test_a_folder_without_a_catalogue_is_not_backed_up_over_a_good_copy(
    school: Cli, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk with the data is not mounted, or the command was told of another folder."""
    copy, elsewhere = tmp_path / "copy.zip", tmp_path / "elsewhere"
    assert school("backup", copy).code == 0
    whole = copy.read_bytes()
    monkeypatch.setenv("CATALOG_SYNC_HOME", str(elsewhere))
    ended = school("backup", copy)
    assert ended.code == 1
    assert f"{elsewhere}: каталога здесь нет, копировать нечего" in ended.line
    assert not elsewhere.exists()
    assert school("runs").code == 0  # makes an empty one, as a service that was started there has done
    ended = school("backup", copy)
    assert ended.code == 1
    assert "прежняя цела" in ended.line
    assert copy.read_bytes() == whole
    assert school("backup", tmp_path / "first.zip").code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_command_that_is_told_to_end_takes_away_what_it_began(school: Cli, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    begun = (
        "import os, signal\nfrom catalog_sync.store import maintenance\n"
        f"maintenance._is_sound = lambda _: os.kill(os.getpid(), signal.{name})\n"
        f"import sys; sys.argv = ['catalog-sync', 'backup', {str(folder / 'copy.zip')!r}]\n"
        "from catalog_sync.__main__ import run\nrun()"
    )
    ended = subprocess.run([sys.executable, "-c", begun], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr.strip()) == (130, "", "прервано")
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_nohup_keeps_a_command_going() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    others = signal.getsignal(signal.SIGTERM)
    try:
        stop_cleanly()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
        signal.signal(signal.SIGTERM, others)


@pytest.mark.parametrize("words", [("report", "oo2", "--format", "csv"), ("export", "--format", "csv")])
def test_a_file_that_could_not_be_written_whole_leaves_the_former_one(
    school: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    file = tmp_path / "out.csv"
    file.write_text("the former one")

    def full(self: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    ended = school(*words, "--output", file)
    assert ended.code == 1
    assert "на диске кончилось место" in ended.line
    assert file.read_text() == "the former one"
    assert list(tmp_path.glob("*.part")) == []


@pytest.mark.parametrize("words", [("report", "oo2"), ("export", "--format", "csv")])
def test_a_folder_that_is_not_there_is_named(school: Cli, tmp_path: Path, words: tuple[str, ...]) -> None:
    ended = school(*words, "--output", tmp_path / "nowhere" / "out.csv")
    assert ended.code == 1
    assert f"{tmp_path / 'nowhere'}: нет такой папки" in ended.line


def test_a_value_that_is_not_the_only_one_is_said_in_russian(school: Cli) -> None:
    ended = school("clusters", "--format", "json")
    assert ended.code == 2
    assert "'json' — нет такого, есть: 'csv'" in ended.line


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may look everywhere")
def test_who_may_not_look_into_the_folder_where_he_stands_has_no_settings_there(
    school: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    monkeypatch.chdir(closed)
    closed.chmod(0)
    try:
        assert school("runs").code == 0
    finally:
        closed.chmod(0o700)


@pytest.mark.parametrize("login", ["", "a b", "a/b"])
def test_a_name_that_nobody_could_log_in_with_is_refused_before_the_password_is_asked(school: Cli, login: str) -> None:
    ended = school("user", "add", login, "--role", "librarian", "--generate")
    assert ended.code == 1
    assert "имя для входа: буквы, цифры" in ended.line
    assert ended.out == ""


@pytest.mark.parametrize("day", ["2000-01-01", "0001-01-01"])
def test_a_key_for_days_that_are_over_is_not_issued(school: Cli, day: str) -> None:
    ended = school("token", "issue", "Портал", "--until", day)
    assert ended.code == 1
    assert "ожидался день, который ещё не наступил" in ended.line
    assert school("token", "list").out == "ключей ещё не выдавали\n"


def test_a_setting_of_a_harvest_that_a_source_does_not_have_is_refused_when_it_is_set_too(school: Cli) -> None:
    ended = school("source", "set", "school-1", "folder=/srv/school-1")
    assert ended.code == 1
    assert "источник school-1 загружается вручную" in ended.line
    assert school("source", "set", "school-1", "harvester=files", "folder=/srv/school-1").code == 0
    assert school("source", "set", "school-1", "harvester=manual").code == 0
    assert school("source", "set", "school-1", "folder=").code == 0
