"""Opening the database: SQLite (WAL) in a district, PostgreSQL in a region; the same Core statements on both."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url

from catalog_sync.errors import StopEverything

BUSY_SECONDS = 30  # how long a person waits for a writer: a nightly publish of a large school takes 10–20 s
PATIENT_SECONDS = 1800  # how long a harvest does: a school's first export on a slow machine takes minutes
CACHE_KIB = 64 * 1024  # pages a connection keeps; the match keys of 300,000 records fit
HEAP_BYTES = 160 << 20  # pages of all connections together: above it SQLite drops old ones instead of taking more


def open_engine(url: str) -> Engine:
    """An engine for `sqlite:///FILE` or `postgresql+psycopg://…`; makes the folder of an SQLite file.

    Raises StopEverything for any other kind of database.
    """
    parsed = make_url(url)
    if parsed.drivername in ("postgres", "postgresql"):  # as hosting panels print it, without a driver
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
        raise StopEverything(f"[store] url: возможны sqlite и postgresql+psycopg, а стоит {parsed.drivername!r}")
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    # The connection returned last is taken first: few of them are in use at once, and only those fill a cache of pages.
    engine = create_engine(
        parsed, pool_use_lifo=True, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}
    )
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _set_pragmas(raw: sqlite3.Connection, _: object) -> None:
    raw.isolation_level = None  # we begin ourselves: the driver's own BEGIN is deferred and comes too late
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # a power cut after «опубликовано» must not take the night back
        "foreign_keys=ON",
        f"cache_size=-{CACHE_KIB}",
        f"soft_heap_limit={HEAP_BYTES}",
        f"busy_timeout={BUSY_SECONDS * 1000}",
    ):
        raw.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("writer", False):
        connection.exec_driver_sql("BEGIN")
        return
    seconds = PATIENT_SECONDS if options.get("patient", False) else BUSY_SECONDS
    connection.exec_driver_sql(f"PRAGMA busy_timeout={int(seconds * 1000)}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def patient(engine: Engine) -> Engine:
    """The same database for work that nobody waits for: it waits its turn behind other writers instead of failing."""
    return engine.execution_options(patient=True)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A consistent view: what is read inside belongs to one moment (SQLite's WAL gives it, PostgreSQL when asked)."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction: everything inside is kept together, or nothing of it when an exception leaves."""
    with engine.connect().execution_options(writer=True) as connection, connection.begin():
        yield connection


def upsert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, or replace the columns given where the primary key is there already."""
    if not rows:
        return
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    keys = [column.name for column in table.primary_key]
    statement = make(table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    if changed:
        statement = statement.on_conflict_do_update(index_elements=keys, set_=changed)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    connection.execute(statement, list(rows))


def insert_missing(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows whose primary key is not there yet."""
    if not rows:
        return
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(make(table).on_conflict_do_nothing(), list(rows))


def insert_many(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of plain values, one for every column of the table in its order; for tables of millions of rows.

    Values go to the driver as they are: SQLAlchemy's handling of a row costs five times what the row itself costs.
    """
    if not rows:
        return
    quote = connection.dialect.identifier_preparer.quote
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    names, marks = ", ".join(quote(c.name) for c in table.columns), ", ".join([mark] * len(table.columns))
    statement = f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks})"  # noqa: S608 - names of our own schema
    connection.exec_driver_sql(statement, list(rows))


def chunks(values: Sequence[Any], size: int = 500) -> Iterator[Sequence[Any]]:
    """Slices for IN lists: SQLite takes at most 32,766 parameters, PostgreSQL 65,535; small ones plan better."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
