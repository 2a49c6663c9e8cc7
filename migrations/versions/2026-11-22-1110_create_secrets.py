"""Create the table of sealed secrets."""

import sqlalchemy as sa
from alembic import op

revision = "a4c90b1f6d27"
down_revision = "ecdf5c45ead1"


def upgrade() -> None:
    """Expand the schema."""
    op.create_table(
        "secrets",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("wrapped_key", sa.String(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("last4", sa.String(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", "name"),
    )
    op.create_index("ix_secrets_key", "secrets", ["key_id"])
