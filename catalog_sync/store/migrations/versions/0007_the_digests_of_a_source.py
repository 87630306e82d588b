"""The digests of a source"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "source_digests",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["source"], ["source.code"], name=op.f("fk_source_digests_source")),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_source_digests")),
    )


def downgrade() -> None:
    op.drop_table("source_digests")
