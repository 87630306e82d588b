"""Refused pairs are packed by portrait"""

from __future__ import annotations

import struct
from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PORTRAIT = sa.table("portrait", sa.column("number"))
META = sa.table("meta", sa.column("key"), sa.column("value"))
REFUSAL = sa.table("refusal", sa.column("left"), sa.column("right"), sa.column("finding"))
APART = sa.table("apart", sa.column("portrait"), sa.column("others", sa.LargeBinary()))


def upgrade() -> None:
    op.create_table(
        "apart",
        sa.Column("portrait", ID, autoincrement=False, nullable=False),
        sa.Column("others", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("portrait", name=op.f("pk_apart")),
    )
    connection = op.get_bind()
    rows = connection.execute(sa.select(REFUSAL).order_by(REFUSAL.c.left), execution_options={"yield_per": 10_000})
    for left, pairs in groupby(rows, key=lambda row: row.left):
        others = {pair.right: pair.finding for pair in pairs}
        data = struct.pack(f"<{len(others)}I", *others) + bytes(others.values())
        connection.execute(sa.insert(APART).values(portrait=left, others=data))
    op.drop_table("refusal")
    last = connection.execute(sa.select(sa.func.max(PORTRAIT.c.number))).scalar() or 0
    op.execute(sa.insert(META).values(key="portrait", value=str(last)))


def downgrade() -> None:
    """What decided of refused pairs is forgotten; a rebuild says it again."""
    op.execute(sa.delete(META).where(META.c.key == "portrait"))
    op.drop_table("apart")
    op.create_table(
        "refusal",
        sa.Column("left", ID, nullable=False),
        sa.Column("right", ID, nullable=False),
        sa.Column("finding", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("left", "right", name=op.f("pk_refusal")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_refusal_right"), "refusal", ["right"])
