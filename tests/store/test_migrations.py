"""The migrations lead to the schema the program uses, from nothing and from any version before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text

from catalog_sync.errors import StopEverything
from catalog_sync.store import migrations
from catalog_sync.store.database import open_engine, reading, writing
from catalog_sync.store.tables import metadata
from tests.conftest import fresh_database


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_engine(f"sqlite:///{tmp_path / 'catalog.sqlite'}")


def differences(engine: Engine) -> list[object]:
    with reading(engine) as connection:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))


def test_all_migrations_from_nothing_give_the_schema_in_use(engine: Engine) -> None:
    with writing(engine) as connection:
        command.upgrade(migrations.config(connection), "head")
    assert differences(engine) == []


def test_a_fresh_database_is_made_at_once_and_stamped(engine: Engine) -> None:
    migrations.upgrade(engine)
    migrations.upgrade(engine)
    assert differences(engine) == []
    with reading(engine) as connection:
        assert MigrationContext.configure(connection).get_current_revision() is not None


@pytest.mark.parametrize("loss", ["DELETE FROM alembic_version", "DROP TABLE alembic_version"])
def test_a_database_that_lost_its_version_is_not_made_anew(engine: Engine, loss: str) -> None:
    migrations.upgrade(engine)
    with writing(engine) as connection:
        connection.execute(text(loss))
    with pytest.raises(StopEverything, match=r"версия схемы неизвестна: восстановите копию \(catalog-sync restore"):
        migrations.upgrade(engine)


@pytest.mark.slow
@pytest.mark.parametrize("version", ["", "0007"])
def test_processes_that_start_at_once_make_the_schema_of_a_region_together(
    version: str, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_engine(fresh_database(postgres_url, f"started_{version}"))
    if version:
        migrations.upgrade(engine)
        with writing(engine) as connection:
            command.downgrade(migrations.config(connection), version)
    seen = Barrier(4, timeout=60)
    is_empty = migrations.is_empty

    def all_have_looked(engine: Engine) -> bool:
        found = is_empty(engine)
        seen.wait()
        return found

    monkeypatch.setattr(migrations, "is_empty", all_have_looked)
    with ThreadPoolExecutor(4) as processes:
        assert list(processes.map(migrations.upgrade, [engine] * 4)) == [None] * 4
    assert differences(engine) == []
    engine.dispose()


def test_a_database_of_a_newer_program_is_refused(engine: Engine) -> None:
    migrations.upgrade(engine)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StopEverything, match="новее программы"):
        migrations.upgrade(engine)
