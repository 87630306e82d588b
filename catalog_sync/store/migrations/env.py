"""Run by Alembic: upgrade over the connection we are given (never one of its own)."""

from __future__ import annotations

from alembic import context

from catalog_sync.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
context.run_migrations()
