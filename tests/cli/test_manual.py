"""The operator's manual names every command and every setting, and its commands are ones the program takes."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import click
import pytest

from catalog_sync.cli.root import load_commands
from catalog_sync.marc.reading import read_export
from catalog_sync.settings import SAMPLE_CONFIG, describe, load
from tests.cli.test_help import commands, parse, words_of
from tests.conftest import ROOT

load_commands()
README = ROOT / "README.md"
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


def test_the_unit_of_the_manual_is_tried_again_for_ever_and_goes_to_the_folder_of_its_commands() -> None:
    unit = configparser.ConfigParser()
    unit.optionxform = str  # type: ignore[assignment,method-assign] # systemd's keys are not written in small letters
    unit.read_string(re.findall(r"^```\n(\[Unit\].*?)^```", OPERATOR, re.DOTALL | re.MULTILINE)[0])
    service = unit["Service"]
    # systemd gives up after five starts in ten seconds: a port or a server not there yet after a power failure.
    assert int(service["RestartSec"]) * 5 > 10
    script = re.findall(r"^```\n(#!/bin/sh.*?)^```", OPERATOR, re.DOTALL | re.MULTILINE)[0]
    assert service["ExecStart"] == "/opt/catalog-sync/.venv/bin/catalog-sync serve"
    assert service["Environment"] in script
    assert f"runuser -u {service['User']} -- /opt/catalog-sync/.venv/bin/catalog-sync" in script


def blocks(text: str) -> list[str]:
    """Command lines of the manual: in code blocks, without what the program answers."""
    found = re.findall(r"^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line.removeprefix(".venv/bin/") for block in found for line in block.splitlines()]
    return [re.sub(r"\s{2,}#.*", "", line) for line in lines if line.startswith("catalog-sync ")]


@pytest.mark.parametrize("manual", [README, *MANUALS], ids=lambda path: path.stem)
def test_the_commands_of_the_manual_parse(manual: Path, home: Path) -> None:
    found = blocks(manual.read_text(encoding="utf-8"))
    assert found
    for line in found:
        words = words_of(line)
        if words[:1] == ["--config"]:
            words = words[2:]
        if words != ["--help"]:
            parse(words)


def test_the_readme_is_russian_and_english_and_every_page_it_names_is_there() -> None:
    text = README.read_text(encoding="utf-8")
    russian, english = text.split("## In English")
    assert all(f"`{command}`" in part for command in ("make run", "make test") for part in (russian, english))
    assert all(text.count(line) >= 2 for line in ("─▶", "Z39.50"))
    named = re.findall(r"\]\(([^)#:]+)\)", text)
    assert named
    assert not [page for page in named if not (ROOT / page).exists()]


def test_the_readme_says_of_the_sample_what_is_in_it() -> None:
    names = {source.name: source for source in load(SAMPLE_CONFIG, {}).sources}
    lines = re.compile(r"^  (.+): опубликован, записей (\d+)(?:, отложено (\d+))?$", re.MULTILINE)
    told = lines.findall(README.read_text(encoding="utf-8"))
    assert len(told) >= 5
    for name, kept, aside in told:
        (file,) = (SAMPLE_CONFIG.parent / "exports").glob(f"{names[name].code}.*")
        export = read_export(file.read_bytes(), names[name])
        assert list(export)
        assert export.counts.pieces == int(kept) + int(aside or 0)
