"""Create the tables of exchange rates."""

import sqlalchemy as sa
from alembic import op

revision = "5b7e2f90c3a8"
down_revision = "a4c90b1f6d27"


def upgrade() -> None:
    """Expand the schema."""
    op.create_table(
        "rate_sets",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("base", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_rate_sets_fetched_at", "rate_sets", ["fetched_at"])
    op.create_table(
        "rate_quotes",
        sa.Column("set_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("rate", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("held", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["set_id"], ["rate_sets.id"]),
        sa.PrimaryKeyConstraint("set_id", "currency"),
    )
    op.create_table(
        "rate_sources",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("succeeded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "rate_pushes",
        sa.Column("store_uid", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("set_id", sa.BigInteger(), nullable=False),
        sa.Column("sent_set_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["store_uid"], ["stores.uid"]),
        sa.PrimaryKeyConstraint("store_uid"),
    )
    op.create_index("ix_rate_pushes_state", "rate_pushes", ["state", "due_at"])
