"""What a roll-back says before it takes a run back."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.cli.conftest import Cli


def test_rollback_on_a_terminal_shows_what_vanishes_and_asks(school: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog_sync.cli.harvesting.sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
    kept = school("rollback", 1, typed="нет\n")
    assert kept.code == 130
    assert "новых записей исчезнет: 8" in kept.out
    assert "раньше этот источник не публиковался: его записей в каталоге не останется" in kept.out
    assert school("rollback", 1, "--yes").out.count("\n") == 1
    refused = school("rollback", 1)
    assert refused.code == 1
    assert "нельзя отменить" in refused.line


def test_a_script_rolls_back_without_being_asked(school: Cli) -> None:
    assert school("rollback", 1).code == 0
