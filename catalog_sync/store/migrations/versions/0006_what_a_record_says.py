"""What a record says"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stage", sa.Column("described", sa.LargeBinary(), nullable=True))
    op.create_table(
        "described",
        sa.Column("record", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["record"], ["record.id"], name=op.f("fk_described_record")),
        sa.PrimaryKeyConstraint("record", name=op.f("pk_described")),
    )


def downgrade() -> None:
    op.drop_table("described")
    op.drop_column("stage", "described")
