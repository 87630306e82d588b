"""An index found gone or damaged when a server is started is built anew, and that is said; a whole one is let alone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from catalog_sync import indexing
from catalog_sync.cli.serving import _mend_index
from catalog_sync.query import Everything
from catalog_sync.settings import Settings
from catalog_sync.store.catalogue import open_catalogue
from catalog_sync.system import System, open_system
from tests.exports import shelf
from tests.pipeline.conftest import Clock, District


@pytest.fixture
def system(tmp_path: Path) -> System:
    clock = Clock()
    district = District(open_system(Settings(home=tmp_path / "home"), now=clock), clock)
    district.source("school-01")
    district.load("school-01", shelf(12))
    return district.system


def total(system: System) -> int:
    return open_catalogue(system.settings, system.engine).search(Everything()).total


@pytest.mark.parametrize("damage", ["all of it", "meta.json", "*.store", "cards.bin"])
def test_what_is_gone_is_built_anew_and_said(system: System, capsys: pytest.CaptureFixture[str], damage: str) -> None:
    folder = system.settings.index_path
    if damage == "all of it":
        shutil.rmtree(folder)
    else:
        next(folder.glob(damage)).unlink()
    assert not indexing.opens(system)
    _mend_index(system)
    assert "строится заново" in capsys.readouterr().err
    assert indexing.opens(system)
    assert total(system) == 12


def test_a_whole_index_is_let_alone(system: System, capsys: pytest.CaptureFixture[str]) -> None:
    before = os.stat(system.settings.index_path).st_ino
    _mend_index(system)
    assert os.stat(system.settings.index_path).st_ino == before
    assert not capsys.readouterr().err


def test_a_catalogue_without_records_needs_no_index(tmp_path: Path) -> None:
    assert indexing.opens(open_system(Settings(home=tmp_path)))
