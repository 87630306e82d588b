"""The stored clusters are those of the set of records and decisions: any order, any batches, deletions, undos."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from catalog_sync import pipeline, upkeep
from catalog_sync.clusterer import Clusterer
from catalog_sync.errors import Refused
from catalog_sync.marc.reading import to_bib
from catalog_sync.matching.features import extract
from catalog_sync.model import Dialect, FetchedFile, Library, RecordKey, RunState, Source
from catalog_sync.settings import Guard, Settings
from catalog_sync.store import clusters, decisions, records, registry
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System, open_system
from tests.generators.district import records as generated

# Deletions of any size are the point here; the guard has its own tests.
NO_GUARD = Guard(gone_number=10**9, set_aside_number=10**9, changed_number=10**9)


@dataclass
class Shelf:
    """The records of one school, by id, and the system they are loaded into in some order."""

    dialect: Dialect
    encoding: str
    records: dict[str, bytes] = field(default_factory=dict)


def shelves(seed: int, families: int, schools: int) -> dict[str, Shelf]:
    found: dict[str, Shelf] = {}
    for habits, identity, data, *_ in generated(seed, families, schools):
        dialect = Dialect(habits.dialect)
        found.setdefault(habits.code, Shelf(dialect, habits.encoding)).records[identity] = data
    return found


def open_at(home: Path, all_shelves: dict[str, Shelf]) -> System:
    system = open_system(Settings(home=home, guard=NO_GUARD))
    with writing(system.engine) as connection:
        for code, shelf in all_shelves.items():
            registry.save_libraries(connection, [Library(code, code)])
            registry.save_sources(connection, [Source(code, code, dialect=shelf.dialect, encoding=shelf.encoding)])
    return system


def load(system: System, code: str, data: Sequence[bytes], *, incremental: bool) -> None:
    run = pipeline.run_source(
        system, code, [FetchedFile("x.mrc", b"".join(data), format="")], incremental=incremental, index=False
    )
    if run.state is RunState.HELD:
        pipeline.approve(system, run.number, who="тест", index=False)


def digest(system: System) -> str:
    with reading(system.engine) as connection:
        return clusters.digest(connection)


def wander(system: System, all_shelves: dict[str, Shelf], rng: random.Random) -> None:
    """Come to the same set by another way: shuffled, in batches, with detours that are taken back."""
    codes = list(all_shelves)
    rng.shuffle(codes)
    for code in codes:
        data = list(all_shelves[code].records.values())
        rng.shuffle(data)
        step = rng.choice([len(data), 7, 40, 150])
        for start in range(0, len(data), step):
            load(system, code, data[start : start + step], incremental=True)
        detour = rng.randrange(3)
        if detour == 0:  # a night when half of it was gone
            load(system, code, data[::2], incremental=False)
            load(system, code, data, incremental=False)
        elif detour == 1:  # a wrong export, rolled back
            other = all_shelves[rng.choice(codes)]
            if other.dialect is all_shelves[code].dialect and other.encoding == all_shelves[code].encoding:
                load(system, code, list(other.records.values())[:30], incremental=True)
                with reading(system.engine) as connection:
                    last = registry.published_run(connection, code)
                assert last is not None
                pipeline.roll_back(system, last, who="тест", index=False)
    detour_decisions(system, rng)


def detour_decisions(system: System, rng: random.Random) -> None:
    """Some words of librarians, all taken back again."""
    with reading(system.engine) as connection:
        keys = [key for key, _ in clusters.membership(connection)]
    made = []
    for _ in range(4):
        left, right = rng.sample(keys, 2)
        made.append(
            upkeep.decide(system, left, right, same=rng.random() < 0.5, who="тест", why="проба", index=False)
        )
    rng.shuffle(made)
    for number in made:
        upkeep.undo(system, number, who="тест", index=False)


def reference(system: System) -> set[frozenset[RecordKey]]:
    """What the clusterer in memory makes of the live records and standing decisions, all at once."""
    with reading(system.engine) as connection:
        live = [record for batch in records.live(connection) for _, record in batch]
        words = decisions.standing(connection)
    clusterer = Clusterer()
    clusterer.update({record.key: extract(to_bib(record)) for record in live})
    clusterer.decide(words)
    return set(clusterer.clusters())


def stored(system: System) -> set[frozenset[RecordKey]]:
    groups: dict[str, set[RecordKey]] = {}
    with reading(system.engine) as connection:
        for key, cluster in clusters.membership(connection):
            groups.setdefault(cluster, set()).add(key)
    return {frozenset(group) for group in groups.values()}


def decide_for_good(system: System, rng: random.Random, count: int) -> None:
    with reading(system.engine) as connection:
        keys = [key for key, _ in clusters.membership(connection)]
    for _ in range(count):
        left, right = rng.sample(keys, 2)
        try:
            upkeep.decide(system, left, right, same=rng.random() < 0.6, who="тест", why="навсегда", index=False)
        except Refused:
            continue


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_any_way_to_the_same_set_gives_the_same_clusters(tmp_path: Path, seed: int) -> None:
    all_shelves = shelves(seed=77, families=40, schools=5)
    straight = open_at(tmp_path / "straight", all_shelves)
    for code, shelf in all_shelves.items():
        load(straight, code, list(shelf.records.values()), incremental=False)
    wandering = open_at(tmp_path / "wandering", all_shelves)
    wander(wandering, all_shelves, random.Random(seed))
    assert digest(wandering) == digest(straight)
    assert upkeep.check(wandering, index=False) == []


@pytest.mark.slow
def test_the_store_agrees_with_the_clusterer_in_memory_decisions_included(tmp_path: Path) -> None:
    all_shelves = shelves(seed=5, families=60, schools=5)
    system = open_at(tmp_path, all_shelves)
    wander(system, all_shelves, random.Random(5))
    decide_for_good(system, random.Random(6), 12)
    assert stored(system) == reference(system)
    before = digest(system)
    assert upkeep.rebuild(system) == before
    assert upkeep.check(system) == []
