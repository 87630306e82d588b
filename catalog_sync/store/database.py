"""Opening the database: SQLite (WAL) in a district, PostgreSQL in a region; the same Core statements on both."""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice, repeat
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    ExceptionContext,
    Select,
    Table,
    create_engine,
    event,
    func,
    literal_column,
    select,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from catalog_sync.errors import Refused, StopEverything, Unholdable

BUSY_SECONDS = 30  # how long a person waits for a writer: a nightly publish of a large school takes 10–20 s
PATIENT_SECONDS = 1800  # how long a harvest does: a school's first export on a slow machine takes minutes
STEP_SECONDS = 2.0  # of waiting, between which a person may have stopped it
CACHE_KIB = 24 * 1024  # pages a connection keeps: most of what a night of 300,000 records looks into
AT_ONCE = 5_000  # rows given to the driver together
LOOKED_UP = 2_000  # values looked up together
HEAP_BYTES = 56 << 20  # pages of all connections together: above it SQLite drops old ones instead of taking more
JOURNAL_BYTES = 64 << 20  # kept of the WAL file: a first load of 300,000 makes it a gigabyte, a night a few megabytes


def open_engine(url: str) -> Engine:
    """An engine for `sqlite:///FILE` or `postgresql+psycopg://…`; makes the folder of an SQLite file.

    Raises StopEverything for any other kind of database. Statements raise Unholdable for what it can't hold.
    """
    try:
        parsed = make_url(url)
    except ValueError as error:
        raise StopEverything(f"[store] url: номер порта – это число ({error})") from error
    if parsed.drivername in ("postgres", "postgresql"):  # as hosting panels print it, without a driver
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
        raise StopEverything(f"[store] url: возможны sqlite и postgresql+psycopg, а стоит {parsed.drivername!r}")
    if parsed.get_backend_name() != "sqlite":
        # What the driver tells besides the error it raises would reach an operator's terminal, in English.
        logging.getLogger("psycopg").setLevel(logging.ERROR)
        engine = create_engine(parsed, pool_pre_ping=True, connect_args={"client_encoding": "utf8"})
        event.listen(engine, "connect", _refuse_encoding, insert=True)  # before SQLAlchemy asks the server anything
        event.listen(engine, "handle_error", _tell_unholdable)
        return engine
    if not parsed.database:
        raise StopEverything("[store] url: после sqlite:/// ожидалось имя файла")
    if parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    # The connection returned last is taken first: few of them are in use at once, and only those fill a cache of pages.
    engine = create_engine(
        parsed, pool_use_lifo=True, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}
    )
    if parsed.database != ":memory:":
        event.listen(engine, "do_connect", partial(_make_private, Path(parsed.database)))
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "handle_error", _keep_when_stopped)
    event.listen(engine, "handle_error", _tell_unholdable)
    return engine


def _refuse_encoding(raw: Any, _: object) -> None:
    """A server's database in another encoding would lose letters of some records, or fail over them at night."""
    found = raw.info.parameter_status("server_encoding")
    if found not in (None, "UTF8"):
        raise StopEverything(
            f"база данных {raw.info.dbname} в кодировке {found}, а нужна UTF8: создайте её заново "
            "(createdb --encoding UTF8 --template template0 ИМЯ)"
        )


def _tell_unholdable(context: ExceptionContext) -> None:
    """Numbers and texts that people type into commands and addresses: SQLite and PostgreSQL have other limits."""
    error = context.original_exception
    state = getattr(error, "sqlstate", "") or ""
    if isinstance(error, OverflowError) or state == "22003":
        raise Unholdable("число слишком велико: такого номера нет") from error
    if isinstance(error, UnicodeEncodeError):
        raise Unholdable("в тексте есть байты не в кодировке UTF-8") from error
    if "NUL (0x00)" in str(error):
        raise Unholdable("в тексте есть нулевой байт (0x00)") from error


def _keep_when_stopped(context: ExceptionContext) -> None:
    """Ctrl+C leaves the connection whole, to be rolled back.

    SQLAlchemy would close it instead, and where a cursor is still held by what was at work SQLite keeps its transaction
    open: whoever then notes that the run was stopped waits for a writer that is nobody.
    """
    if isinstance(context.original_exception, KeyboardInterrupt | SystemExit):
        context.is_disconnect = False


def _make_private(file: Path, *_connecting: object) -> None:
    """A new database and its journal are their owner's alone: names of staff and passwords' digests are inside."""
    if not file.exists():
        file.touch(mode=0o600)


def _set_pragmas(raw: sqlite3.Connection, _: object) -> None:
    raw.isolation_level = None  # we begin ourselves: the driver's own BEGIN is deferred and comes too late
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # a power cut after «опубликовано» must not take the night back
        "foreign_keys=ON",
        f"cache_size=-{CACHE_KIB}",
        f"soft_heap_limit={HEAP_BYTES}",
        f"journal_size_limit={JOURNAL_BYTES}",
        f"busy_timeout={int(BUSY_SECONDS * 1000)}",
    ):
        raw.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("writer", False):
        connection.exec_driver_sql("BEGIN")
        return
    try:
        _take_turn(connection, 0 if options.get("hasty", False) else patience(connection), options.get("waiting"))
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")


def _take_turn(connection: Connection, seconds: float, waiting: Callable[[], object] | None) -> None:
    """Wait for other writers in small steps: SQLite's own waiting can't be stopped by Ctrl+C.

    `waiting` is told once, after the first step.
    """
    end = time.monotonic() + seconds
    while True:
        step = min(STEP_SECONDS, max(0.0, end - time.monotonic()))
        connection.exec_driver_sql(f"PRAGMA busy_timeout={int(step * 1000)}")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return
        except OperationalError as error:
            if "locked" not in str(error.orig) or time.monotonic() >= end:
                raise
        if waiting is not None:
            waiting()
            waiting = None


def patience(connection: Connection) -> float:
    """Seconds this connection waits for who writes now."""
    return PATIENT_SECONDS if connection.get_execution_options().get("patient", False) else BUSY_SECONDS


def patient(engine: Engine) -> Engine:
    """The same database for work that nobody waits for: it waits its turn behind other writers instead of failing."""
    return engine.execution_options(patient=True)


def write_if_free(engine: Engine, change: Callable[[Connection], object]) -> None:
    """Write what is not worth waiting for: nothing, where the database is being written by somebody else."""
    with suppress(OperationalError), writing(engine.execution_options(hasty=True)) as connection:
        change(connection)


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


def insert_rows(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]], conflict: str = "") -> None:
    """Insert rows that all name the same columns; columns left out get their defaults. Few are in memory together.

    Values go to the driver as its types want them, past SQLAlchemy's handling of statements: that costs five times what
    the row itself costs, and a first load writes millions.
    """
    coming = iter(rows)
    while some := list(islice(coming, AT_ONCE)):
        _insert(connection, table, some, conflict)


def _insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], conflict: str) -> None:
    names = list(rows[0])
    left_out = [c for c in table.columns if c.name not in rows[0] and c.default is not None]
    columns = [*(table.columns[name] for name in names), *left_out]
    values: list[Iterable[Any]] = [[row[name] for row in rows] for name in names]
    values += [repeat(_default(c), len(rows)) for c in left_out]
    for n, column in enumerate(columns):
        process = column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        if process is not None:
            values[n] = _processed(list(values[n]), process)
    connection.exec_driver_sql(f"{_insertion(connection, table, columns)} {conflict}", list(zip(*values, strict=True)))


def _default(column: Column[Any]) -> Any:
    default: Any = column.default
    return default.arg(None) if default.is_callable else default.arg


def _processed(values: Sequence[Any], process: Callable[[Any], Any]) -> list[Any]:
    """A column as the driver takes it; its days and moments repeat, and each is turned into text once."""
    try:
        known = {value: process(value) for value in set(values)}
    except TypeError:  # lists and mappings, which become JSON
        return list(map(process, values))
    return [known[value] for value in values]


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or replace the columns given where the primary key is there already."""
    if not rows:
        return
    quote = connection.dialect.identifier_preparer.quote
    keys = {column.name for column in table.primary_key}
    changed = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in rows[0] if name not in keys)
    then = f"UPDATE SET {changed}" if changed else "NOTHING"
    insert_rows(connection, table, rows, f"ON CONFLICT ({', '.join(map(quote, keys))}) DO {then}")


def insertion(connection: Connection, table: Table) -> Any:
    """An INSERT of this database's own kind, which may say what to do on a conflict.

    Only that kind is read: the modules of PostgreSQL take 20 ms, a fortieth of a night with nothing new.
    """
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    return insert(table)


def insert_missing(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose primary key is not there yet."""
    insert_rows(connection, table, rows, "ON CONFLICT DO NOTHING")


def refuse_long(table: Table, row: Mapping[str, Any]) -> None:
    """PostgreSQL alone keeps to the length of a column: what SQLite took of people could not move to a region.

    Raises Refused.
    """
    for name, value in row.items():
        length = getattr(table.columns[name].type, "length", None)
        if length and isinstance(value, str) and len(value) > length:
            raise Refused(f"«{value[:20]}…»: знаков {len(value)}, а можно не больше {length}")


def insert_many(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of plain values, one for every column of the table in its order; for tables of millions of rows."""
    if rows:
        connection.exec_driver_sql(_insertion(connection, table, list(table.columns)), list(rows))


def _insertion(connection: Connection, table: Table, columns: Sequence[Column[Any]]) -> str:
    quote = connection.dialect.identifier_preparer.quote
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    names, marks = ", ".join(quote(c.name) for c in columns), ", ".join([mark] * len(columns))
    return f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks})"  # noqa: S608 - names of our own schema


def plain_rows(
    connection: Connection, query: Select[Any], column: ColumnElement[Any], values: Iterable[int] | Iterable[str]
) -> Iterator[tuple[Any, ...]]:
    """Rows of `query` in which `column` is one of `values`, as the driver gives them; in lots, by order of the values.

    For looking up thousands by number or name, of columns that need no conversion (no moments, yes or no, JSON): rows
    and IN lists of SQLAlchemy cost four times what the look-up itself costs.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    for some in chunks(sorted(values), LOOKED_UP):
        # One parameter for all of them: a list of its own length is taken apart value by value.
        each: Any = some
        if is_sqlite:
            each = select(literal_column("value")).select_from(func.json_each(json.dumps(some)))
        result = connection.execute(query.where(column.in_(each)))
        yield from result.cursor.fetchall()
        result.close()


def chunks(values: Sequence[Any], size: int = 500) -> Iterator[Sequence[Any]]:
    """Slices for IN lists: SQLite takes at most 32,766 parameters, PostgreSQL 65,535; small ones plan better."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
