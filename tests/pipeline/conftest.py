"""A catalogue to run the pipeline on: SQLite always, PostgreSQL where its wheel can start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from catalog_sync import pipeline
from catalog_sync.model import Dialect, FetchedFile, HarvestRun, Library, MarcRecord, Source
from catalog_sync.query import Everything
from catalog_sync.settings import Settings, Store
from catalog_sync.store import clusters, edges, registry
from catalog_sync.store import tables as t
from catalog_sync.store.catalogue import open_catalogue
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System, open_system
from tests.conftest import fresh_database
from tests.exports import mrc, shelf


@dataclass
class Clock:
    """A clock that tests move."""

    now: datetime = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class District:
    """A system with words for what tests do to it."""

    system: System
    clock: Clock = field(default_factory=Clock)

    def source(self, code: str, **more: object) -> None:
        with writing(self.system.engine) as connection:
            registry.save_libraries(connection, [Library(code, f"Школа {code}")])
            registry.save_sources(connection, [Source(code, code, dialect=Dialect.RUSMARC, **more)])  # type: ignore[arg-type]

    def load(self, code: str, records: list[MarcRecord], **more: object) -> HarvestRun:
        return self.load_bytes(code, mrc(records), **more)

    def load_bytes(self, code: str, data: bytes, **more: object) -> HarvestRun:
        files = [FetchedFile("export.mrc", data, format="")]
        return pipeline.run_source(self.system, code, files, **more)  # type: ignore[arg-type]

    def digest(self) -> str:
        with reading(self.system.engine) as connection:
            return clusters.digest(connection)

    def clusters(self) -> dict[str, str]:
        with reading(self.system.engine) as connection:
            return {str(key): cluster for key, cluster in clusters.membership(connection)}

    def together(self, *keys: str) -> bool:
        found = self.clusters()
        return len({found[key] for key in keys}) == 1


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def district(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[District]:
    url = ""
    if request.param == "postgresql":
        url = fresh_database(request.getfixturevalue("postgres_url"), tmp_path.name)
    clock = Clock()
    system = open_system(Settings(home=tmp_path / "home", store=Store(url=url)), now=clock)
    yield District(system, clock)
    system.engine.dispose()


@pytest.fixture
def sqlite_district(tmp_path: Path) -> Iterator[District]:
    clock = Clock()
    system = open_system(Settings(home=tmp_path / "home"), now=clock)
    yield District(system, clock)
    system.engine.dispose()


@pytest.fixture
def system(sqlite_district: District) -> System:
    """A school with twelve books in its index."""
    sqlite_district.source("school-01")
    sqlite_district.load("school-01", shelf(12))
    return sqlite_district.system


def total(system: System) -> int:
    """Editions in the index."""
    return open_catalogue(system.settings, system.engine).search(Everything()).total


def refused(district: District) -> dict[tuple[bytes, bytes], int]:
    """Refused pairs by what they are, not by their numbers; each side tells the same."""
    with reading(district.system.engine) as connection:
        digest = {row.number: row.digest for row in connection.execute(select(t.portrait))}
        told = [
            ((digest[one], digest[other]), code)
            for one in digest
            for other, code in edges.refusals(connection, one).items()
        ]
    pairs = Counter(tuple(sorted(two)) for two, _ in told if two[0] != two[1])
    assert set(pairs.values()) == {2}
    return {(min(two), max(two)): code for two, code in told}
