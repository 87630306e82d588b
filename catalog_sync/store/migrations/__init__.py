"""Bringing a database to this version's schema: a fresh one is made at once, an older one is upgraded step by step."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect

from catalog_sync.errors import StopEverything
from catalog_sync.store import ledger_tables, staff_tables, tables
from catalog_sync.store.database import writing

HERE = Path(__file__).resolve().parent
TABLE_MODULES = (tables, ledger_tables, staff_tables)  # every module whose tables share the metadata


def config(connection: Connection) -> Config:
    found = Config()
    found.set_main_option("script_location", str(HERE))
    found.attributes["connection"] = connection
    return found


def upgrade(engine: Engine) -> None:
    """Make or upgrade the schema in one transaction. Raises StopEverything for a database of a newer version."""
    with engine.connect() as connection:
        version = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory(str(HERE))
    head = script.get_current_head()
    if version == head:
        return
    if version is not None and version not in {revision.revision for revision in script.walk_revisions()}:
        raise StopEverything(f"база данных новее программы (версия схемы {version}): обновите catalog-sync")
    with writing(engine) as connection:
        if version is None and not inspect(connection).has_table(tables.record.name):
            tables.metadata.create_all(connection)
            command.stamp(config(connection), "head")
        else:
            command.upgrade(config(connection), "head")
