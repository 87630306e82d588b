"""Records typed alike are judged once"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_COLUMNS: dict[str, list[sa.ColumnClause[Any]]] = {
    "portrait": [sa.column("number"), sa.column("digest"), sa.column("data")],
    "record": [sa.column("deleted", sa.Boolean())],
}
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _forget()
    op.create_table(
        "portrait",
        sa.Column("number", ID, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(16), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_portrait")),
        sa.UniqueConstraint("digest", name=op.f("uq_portrait_digest")),
    )
    of_portrait = sa.ForeignKeyConstraint(["portrait"], ["portrait.number"], name=op.f("fk_feature_portrait"))
    _features(sa.Column("portrait", ID, nullable=False), of_portrait)
    op.create_index(op.f("ix_feature_portrait"), "feature", ["portrait"])
    _keys("portrait")
    # A portrait of no version: whoever publishes next computes all anew, as after any change of rules.
    portrait, record = (sa.table(name, *columns) for name, columns in _COLUMNS.items())
    nothing = sa.literal(b"", sa.LargeBinary())
    live = sa.select(sa.literal(0), nothing, nothing).select_from(record).where(record.c.deleted.is_(sa.false())).limit(1)
    op.execute(sa.insert(portrait).from_select(["number", "digest", "data"], live))


def downgrade() -> None:
    _forget()
    op.drop_table("portrait")
    _features(sa.Column("data", sa.LargeBinary(), nullable=False))
    _keys("record")


def _forget() -> None:
    """Empty what is computed of records and drop what gets another shape."""
    for table in ("edge", "refusal", "not_compared"):
        op.execute(sa.delete(sa.table(table)))
    op.drop_table("match_key")
    op.drop_table("feature")


def _features(*items: sa.Column[Any] | sa.Constraint) -> None:
    op.create_table(
        "feature",
        sa.Column("record", ID, nullable=False),
        sa.ForeignKeyConstraint(["record"], ["record.id"], name=op.f("fk_feature_record")),
        sa.PrimaryKeyConstraint("record", name=op.f("pk_feature")),
        *items,
    )


def _keys(column: str) -> None:
    op.create_table(
        "match_key",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(column, ID, nullable=False),
        sa.PrimaryKeyConstraint("key", column, name=op.f("pk_match_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f(f"ix_match_key_{column}"), "match_key", [column])
