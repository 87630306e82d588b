"""An index found gone or damaged when a server is started is built anew, and that is said; a whole one is let alone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from catalog_sync import indexing
from catalog_sync.query import Everything
from catalog_sync.search.engine import Engine
from catalog_sync.settings import Settings
from catalog_sync.store import leases
from catalog_sync.store.catalogue import open_catalogue
from catalog_sync.store.database import writing
from catalog_sync.system import System, open_system
from tests.exports import shelf
from tests.pipeline.conftest import District, total


@pytest.mark.parametrize("damage", ["all of it", "meta.json", "*.store", "cards.bin", "emptied"])
def test_what_is_gone_is_built_anew_and_said(system: System, damage: str) -> None:
    folder = system.settings.index_path
    if damage == "all of it":
        shutil.rmtree(folder)
    elif damage == "emptied":
        Engine.create(folder)
    else:
        next(folder.glob(damage)).unlink()
    assert not indexing.opens(system)
    assert indexing.check(system)
    told: list[str] = []
    indexing.mend(system, told.append)
    assert "строится заново" in told[0]
    assert indexing.opens(system)
    assert total(system) == 12


def test_a_whole_index_is_let_alone(system: System) -> None:
    before = os.stat(system.settings.index_path).st_ino
    told: list[str] = []
    indexing.mend(system, told.append)
    assert os.stat(system.settings.index_path).st_ino == before
    assert not told


def test_what_a_crash_left_out_of_the_index_is_there_for_the_next_command_that_searches(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as crash:
        crash.setattr(indexing, "drain", lambda *_, **__: 0)
        District(system).load("school-01", shelf(15))
    told: list[str] = []
    indexing.mend(system, told.append)
    assert not told
    assert total(system) == 15


def test_a_lagging_index_is_left_to_the_process_that_is_at_it(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as crash:
        crash.setattr(indexing, "drain", lambda *_, **__: 0)
        District(system).load("school-01", shelf(15))
    with writing(system.engine) as connection:
        assert leases.acquire(connection, indexing.LEASE, "another", system.now(), 60)
    indexing.mend(system, lambda _: None)
    assert total(system) == 12


def test_an_index_of_a_later_database_than_the_one_put_back_is_built_anew(system: System) -> None:
    database = system.settings.home / "catalog.sqlite"
    system.engine.dispose()
    before = database.read_bytes()
    District(system).load("school-01", shelf(15))
    system.engine.dispose()
    database.write_bytes(before)
    assert not indexing.opens(system)
    indexing.mend(system, lambda _: None)
    assert total(system) == 12
    assert not indexing.check(system)


def test_a_catalogue_without_records_needs_no_index(tmp_path: Path) -> None:
    assert indexing.opens(open_system(Settings(home=tmp_path)))


def test_a_reader_goes_on_with_what_it_has_while_the_index_waits_to_be_rebuilt(system: System) -> None:
    catalogue = open_catalogue(system.settings, system.engine)
    assert catalogue.search(Everything()).total == 12
    (system.settings.index_path / "meta.json").write_text("{broken")
    assert catalogue.search(Everything()).total == 12
    indexing.mend(system, lambda _: None)
    assert catalogue.search(Everything()).total == 12
    assert not indexing.check(system)
