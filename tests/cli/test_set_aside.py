"""Records that could not be read: listed with their place in the file, written out byte for byte for the school."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Export
from tests.exports import shelf

PAGE = "<html>Ошибка 500</html>".encode("cp1251")


@pytest.fixture
def spoiled(cli: Cli, export: Export) -> bytes:
    """An imported export of twenty records; a page of an error stands between the tenth and the eleventh."""
    path = export("school.mrc", shelf(20), encoding="cp1251")
    records = path.read_bytes().split(b"\x1d")
    data = b"\x1d".join([*records[:10], PAGE + records[10], *records[11:]])
    path.write_bytes(data)
    assert cli("import", path, "--source", "school-1", "--yes").code == 0
    return data


def test_each_is_listed_with_file_place_and_reason(cli: Cli, spoiled: bytes) -> None:
    answer = cli("set-aside", "school-1")
    assert "school-1, сеанс № 1: отложено 1 из 21" in answer.out
    assert f"school.mrc: запись 11, смещение {spoiled.index(PAGE)}, байт {len(PAGE)}: это не запись MARC" in answer.out


def test_the_bytes_and_a_list_are_written_for_the_school(cli: Cli, spoiled: bytes, tmp_path: Path) -> None:
    folder = tmp_path / "for the school"
    assert cli("set-aside", "school-1", "--to", folder).code == 0
    rows = list(csv.reader((folder / "otlozheno.csv").read_text("utf-8-sig").splitlines(), delimiter=";"))
    assert rows[0][:3] == ["файл", "запись", "смещение"]
    assert rows[1][:3] == ["school.mrc", "11", str(spoiled.index(PAGE))]
    assert (folder / rows[1][-1]).read_bytes() == PAGE


def test_json_says_the_same_of_every_source(cli: Cli, spoiled: bytes) -> None:
    [found] = json.loads(cli("set-aside", "--json").out)
    assert (found["source"], found["file"], found["number"]) == ("school-1", "school.mrc", 11)
    assert found["bytes"] == len(PAGE)


@pytest.mark.usefixtures("spoiled")
def test_a_run_of_another_source_is_refused(cli: Cli) -> None:
    assert "собирал источник school-1, а не school-2" in cli("set-aside", "school-2", "--run", "1").line


def test_nothing_set_aside_is_said(cli: Cli, export: Export) -> None:
    assert cli("import", export(records=shelf(2)), "--source", "school-1", "--yes").code == 0
    assert "отложенных записей нет" in cli("set-aside").out


def test_an_unknown_source_is_named(cli: Cli) -> None:
    assert "school-9" in cli("set-aside", "school-9").line
