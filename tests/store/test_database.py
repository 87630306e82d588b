"""What the connections to SQLite promise."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from catalog_sync.store import database


def test_the_journal_of_a_first_load_does_not_stay_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "JOURNAL_BYTES", 1 << 20)
    file = tmp_path / "catalog.sqlite"
    engine = database.open_engine(f"sqlite:///{file}")
    journal = file.with_name("catalog.sqlite-wal")
    with engine.connect():  # a server that stays open
        with database.writing(engine) as connection:
            connection.execute(text("CREATE TABLE load (data BLOB)"))
        with database.writing(engine) as connection:
            connection.execute(text("INSERT INTO load VALUES (zeroblob(5000000))"))
        assert journal.stat().st_size > 4_000_000
        for _ in range(2):
            with database.writing(engine) as connection:
                connection.execute(text("INSERT INTO load VALUES (1)"))
        assert journal.stat().st_size <= 1 << 20
    engine.dispose()
