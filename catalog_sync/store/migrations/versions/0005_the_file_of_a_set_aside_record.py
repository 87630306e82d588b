"""The file of a set-aside record"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("set_aside", sa.Column("file", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("set_aside", "file")
