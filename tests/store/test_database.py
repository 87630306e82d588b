"""What the connections to SQLite promise."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from catalog_sync.settings import Settings
from catalog_sync.store import database, staff, tokens
from catalog_sync.system import open_system

NOW = datetime(2026, 10, 10, 9, tzinfo=UTC)


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


@pytest.mark.skipif(os.name != "posix", reason="rights of files as Unix has them")
def test_a_new_database_is_readable_for_its_owner_alone(tmp_path: Path) -> None:
    engine = database.open_engine(f"sqlite:///{tmp_path / 'catalog.sqlite'}")
    with database.writing(engine) as connection:
        connection.execute(text("CREATE TABLE staff (password TEXT)"))
    with engine.connect():
        assert {file.stat().st_mode & 0o777 for file in tmp_path.glob("catalog.sqlite*")} == {0o600}
    engine.dispose()


def test_what_ctrl_c_stops_is_rolled_back_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLAlchemy would close the connection under an open cursor, and SQLite keep the writer's lock for nobody."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    engine = database.open_engine(f"sqlite:///{tmp_path / 'catalog.sqlite'}")
    with database.writing(engine) as connection:
        connection.execute(text("CREATE TABLE book (number INTEGER)"))
        connection.execute(text("INSERT INTO book VALUES (1), (2)"))

    def stopped_while_reading(cursor: Any, statement: str, parameters: Any, _context: object) -> None:
        if statement.startswith("SELECT"):
            cursor.execute(statement, parameters)
            raise KeyboardInterrupt

    event.listen(engine, "do_execute", stopped_while_reading)
    try:
        with database.writing(engine) as connection:
            connection.execute(text("INSERT INTO book VALUES (3)"))
            connection.execute(text("SELECT number FROM book"))
    except KeyboardInterrupt:  # whose frames hold the cursor while it is noted that the work was stopped
        event.remove(engine, "do_execute", stopped_while_reading)
        with database.writing(engine) as connection:
            assert connection.execute(text("SELECT count(*) FROM book")).scalar() == 2
    engine.dispose()


def test_who_knows_the_password_or_has_a_key_waits_for_no_publication(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    engine = open_system(Settings(home=tmp_path)).engine
    with database.writing(engine) as connection:
        key = tokens.issue(connection, "регион", now=NOW)
        staff.save_user(connection, staff.User("boss", "boss", "administrator", None, True, ""), "десять знаков", NOW)
    assert staff.log_in(engine, "boss", "не тот пароль", "::1", NOW) is None
    with database.writing(engine):  # a first load publishes for minutes
        assert staff.log_in(engine, "boss", "десять знаков", "::1", NOW) is not None
        with database.reading(engine) as connection:
            number, _, used = tokens.holder(connection, key, now=NOW) or (0, "", NOW)
        tokens.note_use(engine, number, used, NOW)
    tokens.note_use(engine, number, used, NOW)
    with database.reading(engine) as connection:
        assert [row.used for row in tokens.issued(connection)] == [NOW]
