"""Windows moves no folder in which a program has a file open: the index is then made anew where it lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from catalog_sync import held_files, indexing, upkeep
from catalog_sync.errors import StopEverything
from catalog_sync.query import Everything
from catalog_sync.search import cards
from catalog_sync.search.engine import Engine
from catalog_sync.store.catalogue import open_catalogue
from catalog_sync.system import System
from tests.exports import shelf
from tests.pipeline.conftest import District, total


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_files, "MAY_BE_HELD", True)
    monkeypatch.setattr(held_files, "PAUSE_SECONDS", 0)


@pytest.fixture
def held(system: System, windows: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site reads the index."""
    monkeypatch.setattr(held_files, "PATIENCE_SECONDS", 0)
    place, rename = system.settings.index_path, Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if place in (self, target) and place.exists():
            raise PermissionError(13, "Отказано в доступе", str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)


@pytest.mark.usefixtures("held")
def test_rebuild_beside_an_open_site_writes_into_its_index(system: System) -> None:
    site = open_catalogue(system.settings, system.engine)
    assert site.search(Everything()).total == 12
    Engine(system.settings.index_path).write([], [site.search(Everything()).clusters[0]])
    assert site.search(Everything()).total == 11
    place = os.stat(system.settings.index_path).st_ino
    upkeep.rebuild(system)
    assert site.search(Everything()).total == 12
    assert os.stat(system.settings.index_path).st_ino == place
    assert upkeep.check(system) == []


@pytest.mark.usefixtures("held")
def test_a_night_is_found_though_the_worn_index_cannot_be_exchanged(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards, "FEWEST_WORN", 0)
    monkeypatch.setattr(cards, "WORN", 0.5)
    assert Engine(system.settings.index_path).is_worn()
    District(system).load("school-01", shelf(15))
    assert total(system) == 15
    assert upkeep.check(system) == []


@pytest.mark.usefixtures("held")
def test_a_damaged_index_that_is_open_says_what_to_do(system: System) -> None:
    next(system.settings.index_path.glob("*.store")).unlink()
    with pytest.raises(StopEverything, match="остановите catalog-sync serve и запустите снова"):
        indexing.drain(system, from_scratch=True)


@pytest.mark.usefixtures("windows")
def test_an_index_nobody_reads_is_exchanged_as_ever(system: System) -> None:
    before = os.stat(system.settings.index_path).st_ino
    indexing.drain(system, from_scratch=True)
    assert os.stat(system.settings.index_path).st_ino != before
    assert sorted(p.name for p in system.settings.home.glob("index*")) == ["index"]
    assert total(system) == 12


@pytest.mark.usefixtures("windows")
def test_what_is_held_for_a_moment_is_tried_again(tmp_path: Path) -> None:
    tries = []

    def move() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise PermissionError(13, "Процесс не может получить доступ к файлу")

    held_files.patiently(move)
    assert len(tries) == 3


def test_elsewhere_nothing_is_tried_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_files, "MAY_BE_HELD", False)
    tries: list[int] = []

    def move() -> None:
        tries.append(1)
        raise PermissionError(13, "нет прав")

    with pytest.raises(PermissionError):
        held_files.patiently(move)
    assert len(tries) == 1
