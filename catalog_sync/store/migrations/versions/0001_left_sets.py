"""Sets a cluster left are remembered for OAI-PMH. What was made before versions were counted gets its tables, too."""

import sqlalchemy as sa
from alembic import op

from catalog_sync.store.tables import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    connection = op.get_bind()
    metadata.create_all(connection)
    there = {column["name"] for column in sa.inspect(connection).get_columns("cluster_change")}
    if "left_sets" not in there:
        op.add_column("cluster_change", sa.Column("left_sets", sa.JSON(), nullable=False, server_default="[]"))
