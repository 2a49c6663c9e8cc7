"""Create clusters, and what a stack on one of them has."""

import sqlalchemy as sa
from alembic import op

revision = "c7d1e5a2940b"
down_revision = "5b7e2f90c3a8"


def upgrade() -> None:
    """Expand the schema."""
    op.create_table(
        "clusters",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("server", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("unreachable_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unreachable_detail", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    with op.batch_alter_table("stacks") as stacks:
        stacks.add_column(
            sa.Column(
                "cluster",
                sa.String(),
                sa.ForeignKey("clusters.name", name="fk_stacks_cluster"),
                nullable=True,
            )
        )
        stacks.add_column(sa.Column("placement", sa.Text(), nullable=True))
        stacks.add_column(sa.Column("spec", sa.Text(), nullable=False, server_default="{}"))
        stacks.add_column(sa.Column("infrastructure", sa.Text(), nullable=True))
    op.create_index("ix_stacks_cluster", "stacks", ["cluster"])
