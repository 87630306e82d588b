"""The operator's manual names every command and every setting, and its commands are ones the program takes."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from catalog_sync.cli.root import load_commands
from catalog_sync.settings import describe
from tests.cli.test_help import commands, parse, words_of
from tests.conftest import ROOT

load_commands()
MANUALS = [ROOT / "docs" / "ru" / name for name in ("operator.md", "bibliotekar-kachestvo.md")]
OPERATOR = MANUALS[0].read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [n for n, c in commands() if not isinstance(c, click.Group)])
def test_every_command_is_in_the_manual(name: str) -> None:
    assert f"catalog-sync {name}" in OPERATOR


@pytest.mark.parametrize("row", describe(), ids=lambda row: str(row[0]))
def test_every_setting_is_in_the_manual_with_its_default(row: tuple[str, str, object, str]) -> None:
    name, _, default, sentence = row
    shown = str(default).lower() if isinstance(default, bool) else str(default) or "пусто"
    assert f"| `{name}` | {shown} | {sentence} |" in OPERATOR


def blocks(text: str) -> list[str]:
    """Command lines of the manual: in code blocks, without what the program answers."""
    found = re.findall(r"^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in found for line in block.splitlines()]
    return [re.sub(r"\s{2,}#.*", "", line) for line in lines if line.startswith("catalog-sync ")]


@pytest.mark.parametrize("manual", MANUALS, ids=lambda path: path.stem)
def test_the_commands_of_the_manual_parse(manual: Path, home: Path) -> None:
    found = blocks(manual.read_text(encoding="utf-8"))
    assert found
    for line in found:
        words = words_of(line)
        if words[:1] == ["--config"]:
            words = words[2:]
        parse(words)
