"""Backup and restore: one zip with a consistent copy of the database; the index is derived and left out."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import tempfile
import zipfile
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, insert, select
from sqlalchemy.engine import make_url

from catalog_sync.errors import Refused, StopEverything
from catalog_sync.store import migrations
from catalog_sync.store.database import open_engine, reading, writing
from catalog_sync.store.tables import metadata

MANIFEST = "manifest.json"
DATABASE = "catalog.sqlite"
SETTINGS = "catalog-sync.toml"
ROWS = 2000  # copied at a time between two databases


def backup(engine: Engine, home: Path, target: Path, now: datetime) -> int:
    """Write a backup of the database (and the settings file) to `target`; returns its size in bytes.

    A PostgreSQL database is copied table by table in one snapshot into the same SQLite form, so that a backup of either
    can be restored to either. Nothing appears under `target` until it is whole.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        copy = Path(folder) / DATABASE
        _copy_database(engine, copy)
        packed = Path(folder) / "backup.zip"
        manifest = {"made": now.isoformat(), "sha256": _sha256(copy), "format": 1}
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(copy, DATABASE)
            archive.writestr(MANIFEST, json.dumps(manifest))
            if (home / SETTINGS).exists():
                archive.write(home / SETTINGS, SETTINGS)
        packed.replace(target)
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
    """All rows of one database into another, empty one, parents before children."""
    with reading(ours) as source, writing(theirs) as target:
        for table in metadata.sorted_tables:
            result = source.execution_options(yield_per=ROWS).execute(select(table))
            for rows in result.mappings().partitions(ROWS):
                target.execute(insert(table), [dict(row) for row in rows])


def restore(home: Path, url: str, archive: Path) -> str:
    """Put a backup in place of the database; returns where the old one was moved to ("" where there was none).

    The archive is opened and its digest checked before anything of ours is touched.
    """
    with tempfile.TemporaryDirectory(dir=home if home.exists() else None) as folder:
        copy = _unpack(archive, Path(folder))
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            return _restore_server(url, copy)
        database = Path(str(parsed.database))
        database.parent.mkdir(parents=True, exist_ok=True)
        kept = _move_aside(database)
        copy.replace(database)
        return kept


def _unpack(archive: Path, folder: Path) -> Path:
    try:
        with zipfile.ZipFile(archive) as packed:
            manifest = json.loads(packed.read(MANIFEST))
            copy = Path(packed.extract(DATABASE, folder))
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise Refused(f"{archive}: это не резервная копия каталога: {error}") from error
    if _sha256(copy) != manifest.get("sha256"):
        raise Refused(f"{archive}: копия повреждена: контрольная сумма базы не сходится")
    with closing(sqlite3.connect(copy)) as connection:
        answer = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if answer != "ok":
        raise Refused(f"{archive}: база в копии повреждена: {answer}")
    return copy


def _move_aside(database: Path) -> str:
    if not database.exists():
        return ""
    number = 1
    while (kept := database.with_name(f"{database.name}.before-restore-{number}")).exists():
        number += 1
    for suffix in ("-wal", "-shm"):
        beside = database.with_name(database.name + suffix)
        if beside.exists():
            beside.rename(kept.with_name(kept.name + suffix))
    database.rename(kept)
    return str(kept)


def _restore_server(url: str, copy: Path) -> str:
    engine = open_engine(url)
    migrations.upgrade(engine)
    with reading(engine) as connection:
        filled = [t.name for t in metadata.sorted_tables if connection.execute(select(t).limit(1)).first()]
    if filled:
        raise StopEverything(f"{url}: база не пуста ({', '.join(filled[:3])} …); восстановление — только в пустую")
    copy_engine = open_engine(f"sqlite:///{copy}")
    migrations.upgrade(copy_engine)
    copy_tables(copy_engine, engine)
    copy_engine.dispose()
    return ""


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
