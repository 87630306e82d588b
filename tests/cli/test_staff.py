"""Staff accounts and API keys from the command line: made, changed, closed; passwords and keys shown once or never."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

from catalog_sync.settings import Settings
from catalog_sync.store import staff, tokens
from catalog_sync.store.database import reading
from catalog_sync.system import open_system
from tests.cli.conftest import Cli

PASSWORD = "правильная лошадь"


def test_the_first_administrator_is_made_and_can_log_in(cli: Cli, home: Path) -> None:
    words = ("user", "add", "ivanova", "--role", "administrator", "--name", "Иванова М. П.")
    ended = cli(*words, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert ended.code == 0, ended.err
    assert PASSWORD not in ended.out + ended.err
    system = open_system(Settings(home=home))
    assert staff.log_in(system.engine, "ivanova", PASSWORD, "127.0.0.1", system.now())
    assert "администратор" in cli("user", "list").out
    assert "уже есть" in cli(*words, typed=f"{PASSWORD}\n{PASSWORD}\n").err


def test_a_script_hands_the_password_over_in_two_lines_and_no_keyboard_is_asked(cli: Cli, home: Path) -> None:
    """A process of its own: a hidden prompt reads the terminal beside the pipe, or complains that there is none."""
    words = ("-m", "catalog_sync", "user", "add", "ivanova", "--role", "administrator")
    lines = f"{PASSWORD}\n{PASSWORD}\n".encode()
    ended = subprocess.run(
        [sys.executable, *words], input=lines, capture_output=True, start_new_session=True, timeout=60
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    system = open_system(Settings(home=home))
    assert staff.log_in(system.engine, "ivanova", PASSWORD, "127.0.0.1", system.now())
    assert "разные" in cli("user", "password", "ivanova", typed=f"{PASSWORD}\n{PASSWORD}2\n").line


def test_a_password_can_be_made_up_and_is_shown_once(cli: Cli, home: Path) -> None:
    ended = cli("user", "add", "petrov", "--role", "administrator", "--generate")
    shown = re.search(r"покажется\): (\S+)", ended.out)
    assert shown
    system = open_system(Settings(home=home))
    assert staff.log_in(system.engine, "petrov", shown[1], "127.0.0.1", system.now())
    assert shown[1].encode() not in (home / "catalog.sqlite").read_bytes()


def test_refusals_name_the_reason(cli: Cli) -> None:
    short = cli("user", "add", "a", "--role", "librarian", typed="short\nshort\n")
    assert "не меньше" in short.err
    assert "нет библиотеки" in cli("user", "add", "a", "--role", "librarian", "--library", "x", "--generate").line
    assert "нет сотрудника" in cli("user", "password", "nobody", "--generate").line
    assert "--generate" in cli("user", "add", "a", "--role", "librarian").err
    cli("user", "add", "root", "--role", "administrator", "--generate")
    assert "последний администратор" in cli("user", "block", "root").line


def test_a_blocked_person_stays_out_until_a_new_password(cli: Cli, home: Path) -> None:
    cli("user", "add", "root", "--role", "administrator", "--generate")
    cli("user", "add", "a", "--role", "librarian", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert "закрыт" in cli("user", "block", "a").out
    system = open_system(Settings(home=home))
    assert staff.log_in(system.engine, "a", PASSWORD, "127.0.0.1", system.now()) is None
    cli("user", "password", "a", typed=f"{PASSWORD}2\n{PASSWORD}2\n")
    assert staff.log_in(system.engine, "a", f"{PASSWORD}2", "127.0.0.1", system.now())


def test_disable_is_another_word_for_block(cli: Cli) -> None:
    cli("user", "add", "root", "--role", "administrator", "--generate")
    cli("user", "add", "a", "--role", "librarian", "--generate")
    assert "закрыт" in cli("user", "disable", "a").out
    assert "[закрыт]" in cli("user", "list").out


def test_a_key_is_shown_once_works_and_is_revoked(cli: Cli, home: Path) -> None:
    key = cli("token", "issue", "Регион", "--until", "2099-01-01").out.strip()
    assert key.startswith("cs_")
    system = open_system(Settings(home=home))
    with reading(system.engine) as connection:
        assert tokens.holder(connection, key, now=system.now())
    assert "Регион" in cli("token", "list").out
    assert key not in cli("token", "list").out
    assert "больше не действует" in cli("token", "revoke", 1).out
    with reading(system.engine) as connection:
        assert tokens.holder(connection, key, now=system.now()) is None
    assert "отобран" in cli("token", "list").out
    assert "нет" in cli("token", "revoke", 1).line


def test_changes_of_accounts_are_in_the_audit_log(cli: Cli, home: Path) -> None:
    cli("user", "add", "root", "--role", "administrator", "--generate")
    with sqlite3.connect(home / "catalog.sqlite") as connection:
        assert connection.execute("SELECT what FROM audit").fetchall() == [("сотрудник root: заведён",)]
