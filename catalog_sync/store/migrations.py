"""Bringing a database to this version's schema."""

from __future__ import annotations

import importlib

from sqlalchemy import Engine

from catalog_sync.store.tables import metadata

TABLE_MODULES = ("ledger_tables", "staff_tables")


def all_tables() -> None:
    """Import every module that adds tables to the shared metadata."""
    for name in TABLE_MODULES:
        try:
            importlib.import_module(f"catalog_sync.store.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"catalog_sync.store.{name}":
                raise


def upgrade(engine: Engine) -> None:
    all_tables()
    metadata.create_all(engine)
