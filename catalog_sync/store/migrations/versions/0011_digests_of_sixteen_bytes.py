"""Digests of sixteen bytes"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_COLUMNS: dict[str, list[sa.ColumnClause[Any]]] = {
    "portrait": [sa.column("number"), sa.column("digest"), sa.column("data")],
    "record": [sa.column("deleted", sa.Boolean())],
}


def upgrade() -> None:
    # A portrait of no version: whoever publishes next computes all anew, the digests with it.
    portrait, record = (sa.table(name, *columns) for name, columns in _COLUMNS.items())
    nothing = sa.literal(b"", sa.LargeBinary())
    live = sa.select(sa.literal(0), nothing, nothing).select_from(record).where(record.c.deleted.is_(sa.false())).limit(1)
    there = sa.exists().where(portrait.c.number == 0)
    op.execute(sa.insert(portrait).from_select(["number", "digest", "data"], live.where(~there)))


def downgrade() -> None:
    op.execute(sa.delete(sa.table("source_digests")))  # an earlier version takes every record for a changed one, once
