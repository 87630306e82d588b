"""Two processes that number something at the same moment: on PostgreSQL nobody but a lock keeps them apart."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from catalog_sync.failures import is_busy, sentence
from catalog_sync.model import Library
from catalog_sync.settings import Settings, Store
from catalog_sync.store import database, kept, leases, licences, outbox, registry, snapshots, tokens
from catalog_sync.store.database import reading, writing
from catalog_sync.store.ledger_tables import api_token, kept_report, licence, snapshot
from catalog_sync.store.tables import cluster_change
from catalog_sync.system import System, open_system
from tests.conftest import fresh_database

pytestmark = pytest.mark.slow
NOW = datetime(2026, 10, 10, 9, tzinfo=UTC)
TODAY = NOW.date()


def package(connection: Connection, name: str) -> None:
    value = licences.Licence("s", name, TODAY, date(2027, 1, 1), titles=1, copies=1)
    licences.add(connection, value, today=TODAY, who="m")


def report(connection: Connection, name: str) -> None:
    kept.keep(connection, name=name, period="2026", format="csv", data=b"", made=NOW)


def frozen(connection: Connection, name: str) -> None:
    start, end = date(2026, 7, 1), date(2026, 9, 30)
    snapshots.freeze(connection, name, start, end, now=NOW, today=TODAY, who="m")


NUMBERED = {
    api_token: lambda connection, name: tokens.issue(connection, name, now=NOW),
    kept_report: report,
    licence: package,
    snapshot: frozen,
    cluster_change: lambda connection, name: outbox.announce(connection, {name: []}, [], NOW),
}


@pytest.fixture
def region(postgres_url: str, tmp_path: Path) -> Iterator[System]:
    url = fresh_database(postgres_url, tmp_path.name)
    system = open_system(Settings(home=tmp_path / "home", store=Store(url=url)))
    with writing(system.engine) as connection:
        registry.save_libraries(connection, [Library("s", "Школа")])
    yield system
    system.engine.dispose()


@pytest.mark.parametrize("table", NUMBERED, ids=lambda table: table.name)
def test_two_at_once_are_numbered_one_after_the_other(region: System, table: object) -> None:
    make: Callable[[Connection, str], object] = NUMBERED[table]  # type: ignore[index, assignment]
    faults: list[BaseException] = []
    done = threading.Event()

    def second() -> None:
        try:
            with writing(region.engine) as connection:
                make(connection, "second")
        except BaseException as error:
            faults.append(error)
        done.set()

    with writing(region.engine) as connection:
        make(connection, "first")
        thread = threading.Thread(target=second)
        thread.start()
        assert not done.wait(0.5)  # it waits for our number
    thread.join(20)
    assert faults == []
    with reading(region.engine) as connection:
        numbers = list(connection.execute(table.select()).mappings())  # type: ignore[attr-defined]
        assert sorted(row["number"] for row in numbers) == [1, 2]
        assert snapshots.verify(connection) == []


def test_who_waits_too_long_is_told_that_the_database_is_busy(region: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    with writing(region.engine) as publisher:
        leases.one_publisher(publisher)
        with pytest.raises(OperationalError) as busy, writing(region.engine) as connection:
            leases.one_publisher(connection)
    assert is_busy(busy.value)
    assert "база занята другим процессом" in str(sentence(busy.value))
    with writing(region.engine) as connection:
        leases.one_publisher(connection)
