"""Bringing a database to this version's schema: a fresh one is made at once, an older one is upgraded step by step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, column, inspect, select, table

from catalog_sync.errors import StopEverything
from catalog_sync.store import ledger_tables, staff_tables, tables
from catalog_sync.store.database import writing
from catalog_sync.store.leases import one_publisher

if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).resolve().parent
TABLE_MODULES = (tables, ledger_tables, staff_tables)  # every module whose tables share the metadata


def config(connection: Connection) -> Config:
    from alembic.config import Config

    found = Config()
    found.set_main_option("script_location", str(HERE))
    found.attributes["connection"] = connection
    return found


def upgrade(engine: Engine) -> None:
    """Make or upgrade the schema in one transaction.

    Raises StopEverything for a database of a newer version, and for one that lost what it says of its version.
    """
    version = _version(engine)
    known = sorted(path.name.partition("_")[0] for path in (HERE / "versions").glob("0*.py"))
    if version == known[-1]:
        return
    if version and version not in known:
        raise StopEverything(f"база данных новее программы (версия схемы {version}): обновите catalog-sync")
    is_new = is_empty(engine)
    if not version and not is_new:
        raise StopEverything(
            "таблица alembic_version пуста, версия схемы неизвестна: восстановите копию (catalog-sync restore ФАЙЛ)"
        )
    from alembic import command  # reading it takes longer than all else a command does before its work

    with writing(engine) as connection:
        one_publisher(connection)  # of several processes that start at once the first does it for all
        if _version_in(connection) == known[-1]:
            return
        if is_new:
            tables.metadata.create_all(connection)
            command.stamp(config(connection), "head")
        else:
            command.upgrade(config(connection), "head")


def is_empty(engine: Engine) -> bool:
    """Whether it has no schema yet."""
    return not _version(engine) and not inspect(engine).has_table(tables.record.name)


def _version(engine: Engine) -> str:
    """Of the schema there is; "" where there is none yet."""
    with engine.connect() as connection:
        return _version_in(connection)


def _version_in(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(select(column("version_num")).select_from(table("alembic_version"))).scalar() or ""
