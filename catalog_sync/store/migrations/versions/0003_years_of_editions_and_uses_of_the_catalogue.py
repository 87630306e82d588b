"""Years of editions and uses of the catalogue"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog_sync.facets import year
from catalog_sync.store.packing import unpack_union

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BATCH = 1_000  # union records in memory at once


def upgrade() -> None:
    op.add_column("union_record", sa.Column("year", sa.Integer(), nullable=True))
    op.create_index("ix_union_record_year", "union_record", ["cluster", "year"])
    op.create_table(
        "usage",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "what", name=op.f("pk_usage")),
    )
    fill_years(op.get_bind())


def fill_years(connection: sa.Connection) -> None:
    """The year of every edition, as `unions.save` keeps it from now on."""
    last = ""
    while True:
        question = sa.text("SELECT cluster, data FROM union_record WHERE cluster > :last ORDER BY cluster LIMIT :batch")
        rows = connection.execute(question, {"last": last, "batch": BATCH}).all()
        if not rows:
            return
        found = [{"cluster": cluster, "year": year(unpack_union(bytes(data)).bib)} for cluster, data in rows]
        connection.execute(sa.text("UPDATE union_record SET year = :year WHERE cluster = :cluster"), found)
        last = rows[-1][0]


def downgrade() -> None:
    op.drop_table("usage")
    op.drop_index("ix_union_record_year", "union_record")
    op.drop_column("union_record", "year")
