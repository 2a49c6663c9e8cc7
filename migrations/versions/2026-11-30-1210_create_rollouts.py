"""Create rollouts of images."""

import sqlalchemy as sa
from alembic import op

revision = "8ad90f3c7e12"
down_revision = "1f4be6a07d35"


def upgrade() -> None:
    """Expand the schema."""
    op.create_table(
        "rollouts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("image", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("max_parallel", sa.Integer(), nullable=False),
        sa.Column("max_failures", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_rollouts_state", "rollouts", ["state"])
    op.create_table(
        "rollout_stores",
        sa.Column("rollout_id", sa.String(), sa.ForeignKey("rollouts.id"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("store_uid", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("operation_id", sa.String(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("rollout_id", "position"),
    )
