"""Where libraries stand"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("library", sa.Column("coordinates", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("library", "coordinates")
