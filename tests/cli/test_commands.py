"""Commands are read when they are asked for."""

from __future__ import annotations

import inspect
import subprocess
import sys

from catalog_sync.cli.root import MODULES, load_commands, root


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
