"""Records under new numbers keep their place"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

FORMER = sa.text("former IS NOT NULL")


def upgrade() -> None:
    op.add_column("stage", sa.Column("former", sa.Text()))
    op.add_column("record_change", sa.Column("former", sa.Text()))
    op.create_index(
        op.f("ix_record_change_former"), "record_change", ["former"], sqlite_where=FORMER, postgresql_where=FORMER
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_record_change_former"), "record_change")
    op.drop_column("record_change", "former")
    op.drop_column("stage", "former")
