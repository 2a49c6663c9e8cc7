"""Keep what is not right with a cluster itself."""

import sqlalchemy as sa
from alembic import op

revision = "3c95e8b1d740"
down_revision = "8ad90f3c7e12"


def upgrade() -> None:
    """Expand the schema."""
    with op.batch_alter_table("clusters") as clusters:
        clusters.add_column(sa.Column("findings", sa.Text(), nullable=False, server_default="[]"))
