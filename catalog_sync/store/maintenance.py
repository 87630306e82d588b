"""Backup and restore: one zip with a consistent copy of the database; the index is derived and left out."""

from __future__ import annotations

import errno
import hashlib
import json
import lzma
import re
import sqlite3
import tempfile
import tomllib
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine, String, Table, func, insert, select
from sqlalchemy.engine import make_url

from catalog_sync.errors import Refused, StopEverything
from catalog_sync.held_files import patiently
from catalog_sync.store import migrations
from catalog_sync.store.database import open_engine, reading, writing
from catalog_sync.store.staff_tables import staff_user
from catalog_sync.store.tables import library, metadata

MANIFEST = "manifest.json"
DATABASE = "catalog.sqlite"
SETTINGS = "catalog-sync.toml"
KEY = "snapshot-key"  # signs the snapshots: without it those of the backup can't be verified
FORMAT = 1  # of the archive; another number is another program's
ROWS = 2000  # copied at a time between two databases
BEGUN = (library.name, staff_user.name)  # tables that a catalogue in use has rows of
_ADDRESS = re.compile(rb"^(\[store\][^\[]*?^[ \t]*)(url[ \t]*=)", re.MULTILINE)
# What zipfile raises over an archive that some bytes of are wrong.
UNREADABLE = (zipfile.BadZipFile, ValueError, zlib.error, EOFError, RuntimeError, lzma.LZMAError)


def backup(engine: Engine, home: Path, target: Path, now: datetime) -> int:
    """Write a backup of the database, the settings file and the key of the snapshots; returns its size in bytes.

    A PostgreSQL database is copied table by table in one snapshot into the same SQLite form, so that a backup of either
    can be restored to either. Nothing appears under `target` until it is whole and would be accepted by `restore`.
    Raises Refused where the database is damaged, or empty and a copy is there, and where the file has no folder.
    """
    if target.is_dir():
        raise Refused(f"{target}: это папка, а нужно имя файла")
    target = target.resolve()  # a link stays one, to the new copy
    if target.exists() and not target.is_file():
        raise Refused(f"{target}: это не файл, а устройство или канал: копию туда не положить")
    if not target.parent.is_dir():  # made here, it would hide that the disk for backups is not mounted
        raise Refused(f"{target.parent}: нет такой папки; подключите диск для копий или создайте папку сами")
    with tempfile.TemporaryDirectory(dir=target.parent, ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / DATABASE
        _copy_database(engine, copy)
        if not _is_sound(copy):
            kept = "прежняя копия с этим именем не тронута; " if target.exists() else ""
            raise Refused(
                f"{target}: копия не снята, файл базы повреждён; {kept}восстановите каталог из целой копии: "
                "catalog-sync restore ФАЙЛ"
            )
        if target.exists() and _is_blank(copy):  # the disk with the data is not mounted, or its folder another
            raise Refused(f"{target}: копия не снята: в каталоге {home} нет ни библиотек, ни сотрудников; прежняя цела")
        packed = Path(folder) / "backup.zip"
        manifest = {"made": now.isoformat(), "sha256": _sha256(copy), "format": FORMAT}
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(copy, DATABASE)
            archive.writestr(MANIFEST, json.dumps(manifest))
            for name in (SETTINGS, KEY):
                if (home / name).exists():
                    archive.write(home / name, name)
        packed.chmod(0o600)  # there is a key inside
        patiently(lambda: packed.replace(target))
    return target.stat().st_size


def _copy_database(engine: Engine, target: Path) -> None:
    if engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(str(engine.url.database))) as ours, closing(sqlite3.connect(target)) as copy:
            ours.backup(copy)
        return
    copy_engine = open_engine(f"sqlite:///{target}")
    migrations.upgrade(copy_engine)
    copy_tables(engine, copy_engine)
    with copy_engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    copy_engine.dispose()


def copy_tables(ours: Engine, theirs: Engine) -> None:
    """All rows of one database, as of one moment, into another, empty one: parents before children."""
    with _one_moment(ours) as source, writing(theirs) as target:
        for table in metadata.sorted_tables:
            _widen(source, target, table)
            # Within a table too: a correction of the ledger points at an earlier line.
            rows = source.execution_options(yield_per=ROWS).execute(select(table).order_by(*table.primary_key))
            for some in rows.mappings().partitions(ROWS):
                target.execute(insert(table), [dict(row) for row in some])
            _number_on(target, table)


def _widen(source: Connection, target: Connection, table: Table) -> None:
    """Room in PostgreSQL for what is longer than its column: SQLite took codes of any length from earlier versions."""
    if target.dialect.name != "postgresql":
        return
    quote = target.dialect.identifier_preparer.quote
    for column in table.columns:
        room = column.type.length if isinstance(column.type, String) else None
        longest = source.execute(select(func.max(func.length(column)))).scalar() if room else None
        if room and longest and longest > room:
            name = f"{quote(table.name)} ALTER COLUMN {quote(column.name)}"
            target.exec_driver_sql(f"ALTER TABLE {name} TYPE varchar({int(longest)})")


@contextmanager
def _one_moment(engine: Engine) -> Iterator[Connection]:
    """PostgreSQL's usual level shows every statement its own moment; a copy needs one for all tables."""
    if engine.dialect.name == "sqlite":
        with reading(engine) as connection:
            yield connection
        return
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        yield connection


def _number_on(target: Connection, table: Table) -> None:
    """PostgreSQL counts rows beside the table: after rows with numbers of their own it must go on from the last."""
    column = table.autoincrement_column
    if target.dialect.name != "postgresql" or column is None:
        return
    name = target.execute(select(func.pg_get_serial_sequence(f'"{table.name}"', column.name))).scalar()
    last = target.execute(select(func.max(column))).scalar()
    if name and last is not None:
        target.execute(select(func.setval(name, last)))


def nobody_asked() -> None:
    """No question before restoring."""


def restore(home: Path, url: str, archive: Path, *, confirm: Callable[[], None] = nobody_asked) -> str:
    """Put a backup in place of the database; returns where the old one was moved to ("" where there was none).

    The archive is opened, its digest checked and its schema brought up to date before anything of ours is touched;
    `confirm` is asked where there is something to replace. Raises Refused for a damaged archive or a database in use,
    StopEverything for one that is newer than this program or for a server's database that is not empty.
    """
    parsed = make_url(url)
    on_server = parsed.get_backend_name() != "sqlite"
    ours = Path(str(parsed.database)).resolve()  # a link to a larger disk stays one
    place = home if on_server else ours.parent
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place, ignore_cleanup_errors=True) as folder:
        copy, settings, key = _unpack(archive, Path(folder))
        if on_server:
            _refuse_filled(url)
            _fill(url, copy)
            kept = ""
        else:
            if ours.exists():
                confirm()
            kept = _move_aside(ours)
            patiently(lambda: copy.replace(ours))
    _put_settings(home, settings)
    _put_key(home, key)
    return kept


class _Contents(NamedTuple):
    """What a backup holds: the database unpacked, the others "" where it has none."""

    database: Path
    settings: bytes
    key: bytes


def _unpack(archive: Path, folder: Path) -> _Contents:
    """A backup, whole; its database of this version's schema, in `folder`."""
    if not zipfile.is_zipfile(archive):
        raise Refused(f"{archive}: ожидалась копия, снятая catalog-sync backup, а это не архив или его конец оборван")
    try:
        with zipfile.ZipFile(archive) as packed:
            names = packed.namelist()
            if missing := [name for name in (MANIFEST, DATABASE) if name not in names]:
                raise Refused(f"{archive}: это не копия каталога: в архиве нет файла {missing[0]}")
            manifest = json.loads(packed.read(MANIFEST))
            copy = Path(packed.extract(DATABASE, folder))
            settings, key = (packed.read(name) if name in names else b"" for name in (SETTINGS, KEY))
    except (*UNREADABLE, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # that one comes of a place before the file
            raise
        raise Refused(f"{archive}: копия повреждена, архив не распаковывается; возьмите другую копию") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise Refused(f"{archive}: копия сделана другой версией программы: обновите catalog-sync")
    if _sha256(copy) != manifest.get("sha256"):
        raise Refused(f"{archive}: копия повреждена: контрольная сумма базы не сходится; возьмите другую копию")
    if not _is_sound(copy):
        raise Refused(f"{archive}: база в копии повреждена: она снята с повреждённой базы; возьмите другую копию")
    _bring_up_to_date(copy)
    return _Contents(copy, settings, key)


def _is_sound(database: Path) -> bool:
    """Whether SQLite finds every page of a database in its place: half a second for 100 MB, which packing takes two."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError:  # so damaged that it can't even be looked at
        return False
    return bool(found == ("ok",))


def _is_blank(database: Path) -> bool:
    """Whether nobody has put anything into it: no library, no person."""
    with closing(sqlite3.connect(database)) as connection:
        return not any(connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() for name in BEGUN)  # noqa: S608


def _bring_up_to_date(copy: Path) -> None:
    engine = open_engine(f"sqlite:///{copy}")
    try:
        migrations.upgrade(engine)
        with engine.connect() as opened:
            opened.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        engine.dispose()


def _put_settings(home: Path, settings: bytes) -> None:
    """The settings of the copy where there are none; where there are others, beside them for a person to compare."""
    ours = home / SETTINGS
    if not settings or (ours.exists() and ours.read_bytes() == settings):
        return
    beside = ours.with_name(SETTINGS + ".from-backup")
    if ours.exists():
        beside.write_bytes(settings)
        return
    settings = _without_address(settings)
    # An address written in one of the other ways TOML has: a person takes it out.
    (beside if _names_a_database(settings) else ours).write_bytes(settings)


def _names_a_database(settings: bytes) -> bool:
    try:
        store = tomllib.loads(settings.decode()).get("store", {})
    except ValueError:  # every command will say what is wrong with it
        return False
    return isinstance(store, dict) and bool(store.get("url"))


def _without_address(settings: bytes) -> bytes:
    """Where no settings were, the data folder was filled: with the address of the copied database in them every command
    would go on there, in the catalogue that the copy was only taken of.
    """
    return _ADDRESS.sub(rb"\1# \2", settings)


def _put_key(home: Path, key: bytes) -> None:
    """The key the snapshots of the copy are signed with; another one that is here is kept beside it."""
    ours = home / KEY
    if not key or (ours.exists() and ours.read_bytes() == key):
        return
    if ours.exists():
        ours.replace(ours.with_name(f"{KEY}.before-restore"))
    ours.touch(mode=0o600)
    ours.write_bytes(key)


def _move_aside(database: Path) -> str:
    if not database.exists():
        return ""
    _refuse_open(database)
    number = 1
    while (kept := database.with_name(f"{database.name}.before-restore-{number}")).exists():
        number += 1
    for suffix in ("-wal", "-shm"):
        beside = database.with_name(database.name + suffix)
        if beside.exists():
            beside.rename(kept.with_name(kept.name + suffix))
    patiently(lambda: database.rename(kept))
    return str(kept)


def _refuse_open(database: Path) -> None:
    """A process that has the old file open would go on writing into it: leaving WAL needs to be alone with the file."""
    try:
        with closing(sqlite3.connect(database, timeout=1)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise Refused(
                f"{database}: каталог открыт другим процессом; остановите catalog-sync serve и повторите"
            ) from error
    except sqlite3.DatabaseError:
        return  # damaged: that is what the backup is for


def _refuse_filled(url: str) -> None:
    engine = open_engine(url)
    try:
        migrations.upgrade(engine)
        with reading(engine) as connection:
            filled = [t.name for t in metadata.sorted_tables if connection.execute(select(t).limit(1)).first()]
    finally:
        engine.dispose()
    if filled:
        shown = make_url(url).render_as_string(hide_password=True)
        raise StopEverything(f"{shown}: база не пуста ({', '.join(filled[:3])} …); восстановление — только в пустую")


def _fill(url: str, copy: Path) -> None:
    engine, copy_engine = open_engine(url), open_engine(f"sqlite:///{copy}")
    try:
        copy_tables(copy_engine, engine)
    finally:
        copy_engine.dispose()
        engine.dispose()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
