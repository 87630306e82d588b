"""A popular title stays bounded: what was not compared is told, and the clusters are still those of the set."""

from __future__ import annotations

import random

import pytest

from catalog_sync import court, pipeline, upkeep
from catalog_sync.clusterer import Clusterer
from catalog_sync.marc.reading import to_bib
from catalog_sync.matching.features import extract
from catalog_sync.model import MarcRecord
from catalog_sync.store import edges, records
from catalog_sync.store.database import reading
from tests.exports import book
from tests.pipeline.conftest import District


def tales(count: int, prefix: str) -> list[MarcRecord]:
    """«Сказки» of one author, year and house, without ISBN: some with pages, so that they can be told apart."""
    rng = random.Random(prefix)
    return [book(f"{prefix}{n}", "Сказки", pages=str(rng.randrange(20, 4000)), year="") for n in range(count)]


def stored_equals_reference(district: District) -> bool:
    with reading(district.system.engine) as connection:
        live = [record for batch in records.live(connection) for _, record in batch]
    clusterer = Clusterer()
    clusterer.update({record.key: extract(to_bib(record)) for record in live})
    groups: dict[str, set[str]] = {}
    for key, cluster in district.clusters().items():
        groups.setdefault(cluster, set()).add(key)
    return {frozenset(g) for g in groups.values()} == {frozenset(map(str, g)) for g in clusterer.clusters()}


@pytest.mark.slow
def test_a_block_that_fills_and_empties_is_told_and_stays_true(sqlite_district: District) -> None:
    district = sqlite_district
    for code in ("s1", "s2"):
        district.source(code)
    district.load("s1", tales(200, "a"))
    with reading(district.system.engine) as connection:
        assert court.left_out(connection) == ""
    district.load("s2", tales(200, "b"))
    with reading(district.system.engine) as connection:
        assert "не сравнивалось пар" in court.left_out(connection)
        assert all(crowd.pairs > 0 for crowd in edges.crowds(connection).values())
    assert stored_equals_reference(district)
    held = district.load("s2", tales(20, "b"))
    pipeline.approve(district.system, held.number, who="тест")
    with reading(district.system.engine) as connection:
        assert court.left_out(connection) == ""
    assert stored_equals_reference(district)
    assert upkeep.check(district.system) == []
