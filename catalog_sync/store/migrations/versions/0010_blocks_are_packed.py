"""Blocks are packed by match key"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from itertools import groupby, islice
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ROWS = sa.table("match_key", sa.column("key"), sa.column("portrait"))
BLOCKS = sa.table("match_block", sa.column("key"), sa.column("members", sa.LargeBinary()))
AT_ONCE = 5_000  # blocks written together


def upgrade() -> None:
    op.create_table(
        "match_block",
        sa.Column("key", ID, autoincrement=False, nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_match_block")),
    )
    rows = op.get_bind().execute(
        sa.select(ROWS).order_by(ROWS.c.key, ROWS.c.portrait), execution_options={"yield_per": 10_000}
    )
    _insert(BLOCKS, ({"key": key, "members": _pack([row.portrait for row in some])} for key, some in _groups(rows)))
    op.drop_table("match_key")


def downgrade() -> None:
    op.create_table(
        "match_key",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("portrait", ID, nullable=False),
        sa.PrimaryKeyConstraint("key", "portrait", name=op.f("pk_match_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_match_key_portrait"), "match_key", ["portrait"])
    blocks = op.get_bind().execute(sa.select(BLOCKS), execution_options={"yield_per": 1_000})
    _insert(ROWS, ({"key": row.key, "portrait": number} for row in blocks for number in _unpack(row.members)))
    op.drop_table("match_block")


def _groups(rows: Any) -> Iterator[tuple[int, Iterator[Any]]]:
    return groupby(rows, key=lambda row: row.key)


def _insert(table: sa.TableClause, rows: Iterator[dict[str, Any]]) -> None:
    while some := list(islice(rows, AT_ONCE)):
        op.get_bind().execute(sa.insert(table), some)


def _pack(numbers: list[int]) -> bytes:
    return _turned(array("I", numbers)).tobytes()


def _unpack(data: bytes) -> array[int]:
    return _turned(array("I", data))


def _turned(numbers: array[int]) -> array[int]:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
