"""Commands are read when they are asked for."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from catalog_sync import __version__
from catalog_sync.cli.root import MODULES, load_commands, root
from tests.cli.conftest import Cli
from tests.exports import TITLES, book, mrc
from tests.pipeline.test_unchanged import dated


def test_every_command_is_found_where_the_list_says() -> None:
    load_commands()
    assert set(root.commands) == {command for commands in MODULES.values() for command in commands}


def test_each_command_is_made_by_the_module_that_is_read_for_it() -> None:
    load_commands()
    for command, made in root.commands.items():
        listed = [f"catalog_sync.cli.{name}" for name, commands in MODULES.items() if command in commands]
        assert inspect.unwrap(made.callback).__module__ in listed, command  # type: ignore[arg-type]


def test_a_search_reads_neither_sftp_nor_migrations() -> None:
    code = (
        "import sys; from catalog_sync.cli.root import load_commands; load_commands('search');"
        "print([m for m in ('paramiko.transport', 'openpyxl.workbook', 'alembic.command') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_mistyped_command_is_compared_with_all_commands() -> None:
    done = subprocess.run([sys.executable, "-m", "catalog_sync", "serch"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "нет команды «serch»; может быть, search?" in done.stderr


def in_a_process(home: Path, *words: str, before: str = "") -> subprocess.CompletedProcess[str]:
    begun = f"{before}\nimport sys\nsys.argv = ['catalog-sync', *{words!r}]"
    script = f"{begun}\nfrom catalog_sync.__main__ import run\nrun()"
    told = os.environ | {"CATALOG_SYNC_HOME": str(home)}
    told.pop("PYTHONUNBUFFERED", None)  # nobody's terminal has it, and it hides what is said at the very end
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=told, check=False)


def test_a_command_that_is_over_has_closed_its_database(tmp_path: Path) -> None:
    ended = in_a_process(tmp_path, "init")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [file.name for file in tmp_path.glob("catalog.sqlite*")] == ["catalog.sqlite"]


def test_ctrl_c_while_the_program_is_still_starting(tmp_path: Path) -> None:
    interrupting = "class Stop:\n def find_spec(self, name, *_):\n  if name == 'click': raise KeyboardInterrupt"
    ended = in_a_process(tmp_path, "init", before=f"{interrupting}\nimport sys; sys.meta_path.insert(0, Stop())")
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "прервано\n")


def test_a_process_that_ends_at_once_still_says_everything_and_tells_who_asked_to_be_told(tmp_path: Path) -> None:
    ended = in_a_process(tmp_path, "--version", before="import atexit; atexit.register(print, 'the end')")
    assert (ended.returncode, ended.stdout) == (0, f"catalog-sync {__version__}\nthe end\n")
    assert in_a_process(tmp_path, "searhc").returncode == 2


@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_a_command_whose_output_is_closed_ends_as_well_as_any(tmp_path: Path, closed: str) -> None:
    ended = in_a_process(tmp_path, "init", before=f"import sys; sys.{closed} = None  # `>&-`, as Python has it")
    assert (ended.returncode, ended.stderr) == (0, "")


CONFIG = """
[[library]]
code = "s"
name = "Школа"
[[source]]
code = "s"
library = "s"
harvester = "files"
dialect = "rusmarc"
folder = "FOLDER"
archive = "no"
settle_seconds = "0"
"""


def test_a_night_that_changes_nothing_reads_neither_matching_nor_searching(tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    config = tmp_path / "catalog-sync.toml"
    config.write_text(CONFIG.replace("FOLDER", str(drop)), encoding="utf-8")
    tell = "import atexit, sys\natexit.register(lambda: print('read:', *sorted(sys.modules)))"
    told = {}
    for night in ("20260901", "20260902"):
        records = [dated(book(f"R{n}", title), night) for n, title in enumerate(TITLES)]
        (drop / "books.mrc").write_bytes(mrc(records))
        for command in ("init", "harvest"):
            ended = in_a_process(tmp_path, "--config", str(config), command, before=tell)
            assert ended.returncode == 0, ended.stderr
        told[night] = ended.stdout
    assert f"новых {len(TITLES)}" in told["20260901"]
    assert "catalog_sync.matching.verdict" in told["20260901"]
    assert f"без изменений {len(TITLES)}" in told["20260902"]
    read = told["20260902"].partition("read:")[2].split()
    heavy = ("matching.", "search.analysis", "search.reader", "union", "citation", "sqlalchemy.dialects.postgresql")
    found = [module for module in read if module.removeprefix("catalog_sync.").startswith(heavy)]
    assert found == ["catalog_sync.matching.version"]


UNREAD = "import os, sys; r, w = os.pipe(); os.close(r); os.dup2(w, 1)"  # `| true`


@pytest.mark.parametrize("words", [("--help",), ("runs",), ("runs", "--json")])
def test_a_command_nobody_reads_to_its_end_has_not_failed(tmp_path: Path, words: tuple[str, ...]) -> None:
    ended = in_a_process(tmp_path, *words, before=UNREAD)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_night_nobody_reads_harvests_every_source_and_says_by_its_code_how_it_went(tmp_path: Path) -> None:
    library, _, source = CONFIG.partition("[[source]]")
    for code, export in (("s", b"<html>Not here</html>"), ("t", mrc([book("R1", TITLES[0])]))):
        (tmp_path / code).mkdir()
        (tmp_path / code / "books.mrc").write_bytes(export)
        named = source.replace('code = "s"', f'code = "{code}"').replace("FOLDER", str(tmp_path / code))
        library += f"[[source]]{named}"
    config = tmp_path / "catalog-sync.toml"
    config.write_text(library, encoding="utf-8")
    assert in_a_process(tmp_path, "init").returncode == 0
    assert in_a_process(tmp_path, "harvest", before=UNREAD).returncode == 1
    states = {run["source"]: run["state"] for run in json.loads(in_a_process(tmp_path, "runs", "--json").stdout)}
    assert states == {"s": "failed", "t": "published"}


def test_init_brings_the_new_name_of_a_library_into_the_index_too(school: Cli, home: Path) -> None:
    (home / "catalog-sync.toml").write_text('[[library]]\ncode = "school-1"\nname = "Гимназия"\n', encoding="utf-8")
    assert school("init").code == 0
    assert school("check").code == 0


@pytest.mark.parametrize("words", [("clusters",), ("report", "oo2", "--format", "csv"), ("runs",)])
def test_words_that_are_said_at_the_very_end_are_nobody_s_failure_unless_the_disk_is_full(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    ended = in_a_process(tmp_path, *words, before=UNREAD)
    assert (ended.returncode, ended.stderr) == (0, "")
    if not Path("/dev/full").exists():
        pytest.skip("there is no disk that is always full")
    full = "import os; os.dup2(os.open('/dev/full', os.O_WRONLY), 1)"
    ended = in_a_process(tmp_path, *words, before=full)
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert "на диске кончилось место" in ended.stderr
