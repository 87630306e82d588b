"""A record that leaves a set is told to those who harvest that set, by the store itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog_sync.query import Change
from catalog_sync.settings import Settings
from catalog_sync.store import unions
from catalog_sync.store.database import reading
from catalog_sync.system import System, open_system
from tests.exports import shelf
from tests.pipeline.conftest import Clock, District


@pytest.fixture
def district(tmp_path: Path) -> Iterator[District]:
    clock = Clock()
    system = open_system(Settings(home=tmp_path / "home"), now=clock)
    yield District(system, clock)
    system.engine.dispose()


def told(system: System, oai_set: str, after: int = 0) -> dict[str, Change]:
    with reading(system.engine) as connection:
        found = unions.changes(connection, after=after, since=None, until=None, oai_set=oai_set, limit=100)
    return {change.cluster: change for change in found}


def last(system: System) -> int:
    return max(change.number for change in told(system, "").values())


def test_a_book_one_school_gave_away_is_deleted_in_its_set_and_lives_in_the_others(district: District) -> None:
    district.source("s1")
    district.source("s2")
    district.load("s1", shelf(30))
    district.load("s2", shelf(30))
    cluster = district.clusters()["s2:R0003"]
    assert cluster == district.clusters()["s1:R0003"]
    heard = last(district.system)
    district.load("s2", [r for r in shelf(30) if r.control("001") != "R0003"])
    news = told(district.system, "library:s2", heard)[cluster]
    assert (news.deleted, news.sets) == (True, ("library:s2",))
    assert not told(district.system, "library:s1", heard)[cluster].deleted
    whole = told(district.system, "", heard)[cluster]
    assert not whole.deleted
    assert "library:s2" not in whole.sets

    # Whoever comes later hears of it too; a return makes it live again; the end of the record is told to both.
    assert told(district.system, "library:s2")[cluster].deleted
    district.load("s2", shelf(30))
    assert not told(district.system, "library:s2")[cluster].deleted
    without = [r for r in shelf(30) if r.control("001") != "R0003"]
    district.load("s2", without)
    district.load("s1", without)
    assert told(district.system, "library:s2")[cluster].deleted
    assert told(district.system, "library:s1")[cluster].deleted
