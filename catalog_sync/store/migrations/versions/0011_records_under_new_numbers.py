"""Records under new numbers keep their place"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("stage", sa.Column("former", sa.Text()))
    op.create_table(
        "former_number",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("record", ID, nullable=False),
        sa.Column("local_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["record"], ["record.id"], name=op.f("fk_former_number_record")),
        sa.ForeignKeyConstraint(["run"], ["run.number"], name=op.f("fk_former_number_run")),
        sa.PrimaryKeyConstraint("run", "record", name=op.f("pk_former_number")),
    )
    op.create_index(op.f("ix_former_number_local_id"), "former_number", ["local_id"])


def downgrade() -> None:
    op.drop_table("former_number")
    op.drop_column("stage", "former")
