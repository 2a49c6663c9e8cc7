"""Create tenants, stores, stacks, operations and what belongs to them."""

import sqlalchemy as sa
from alembic import op

revision = "ecdf5c45ead1"
down_revision = None


def upgrade() -> None:
    """Expand the schema."""
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tenant_uid", sa.String(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_audit_subject", "audit", ["subject", "id"])

    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tenant_uid", sa.String(), nullable=False),
        sa.Column("store_uid", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("operation_id", sa.String(), nullable=True),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_events_operation", "events", ["operation_id", "id"])
    op.create_index("ix_events_store", "events", ["store_uid", "id"])
    op.create_index("ix_events_tenant", "events", ["tenant_uid", "id"])

    op.create_table(
        "idempotency_keys",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("operation_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])

    op.create_table(
        "leases",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("subject"),
    )
    op.create_table(
        "login_codes",
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("uid"),
    )
    op.create_index("ix_login_codes_address", "login_codes", ["address", "created_at"])
    op.create_index("ix_login_codes_email", "login_codes", ["email", "created_at"])

    op.create_table(
        "mails",
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("uid"),
    )
    op.create_index("ix_mails_due", "mails", ["sent_at", "due_at"])

    op.create_table(
        "tenants",
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("uid"),
        sa.UniqueConstraint("owner"),
    )
    op.create_table(
        "members",
        sa.Column("tenant_uid", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_uid"],
            ["tenants.uid"],
        ),
        sa.PrimaryKeyConstraint("tenant_uid", "email"),
    )
    op.create_index("ix_members_email", "members", ["email"])

    op.create_table(
        "stacks",
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("tenant_uid", sa.String(), nullable=False),
        sa.Column("engine", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("driver", sa.String(), nullable=False),
        sa.Column("desired", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("observed_generation", sa.Integer(), nullable=False),
        sa.Column("conditions", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.String(), nullable=True),
        sa.Column("due_at", sa.Float(), nullable=True),
        sa.Column("waited_on", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_uid"],
            ["tenants.uid"],
        ),
        sa.PrimaryKeyConstraint("uid"),
    )
    op.create_index("ix_stacks_due", "stacks", ["due_at"])
    op.create_index("ix_stacks_tenant_uid", "stacks", ["tenant_uid"])

    op.create_table(
        "tokens",
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("tenant_uid", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_uid"],
            ["tenants.uid"],
        ),
        sa.PrimaryKeyConstraint("uid"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("ix_tokens_tenant_uid", "tokens", ["tenant_uid"])

    op.create_table(
        "stores",
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("tenant_uid", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("reserved_slug", sa.String(), nullable=True),
        sa.Column("stack_uid", sa.String(), nullable=False),
        sa.Column("desired", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("operation_id", sa.String(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.Float(), nullable=True),
        sa.Column("waited_on", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["stack_uid"],
            ["stacks.uid"],
        ),
        sa.ForeignKeyConstraint(
            ["tenant_uid"],
            ["tenants.uid"],
        ),
        sa.PrimaryKeyConstraint("uid"),
        sa.UniqueConstraint("reserved_slug"),
    )
    op.create_index("ix_stores_due", "stores", ["due_at"])
    op.create_index("ix_stores_expires", "stores", ["expires_at"])
    op.create_index("ix_stores_phase_slug", "stores", ["phase", "reserved_slug"])
    op.create_index("ix_stores_stack_uid", "stores", ["stack_uid"])
    op.create_index("ix_stores_tenant_slug", "stores", ["tenant_uid", "reserved_slug"])

    op.create_table(
        "operations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("store_uid", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("tenant_uid", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["store_uid"],
            ["stores.uid"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_operations_kind", "operations", ["kind", "state", "finished_at"])
    op.create_index("ix_operations_state", "operations", ["state", "deadline"])
    op.create_index("ix_operations_store", "operations", ["store_uid", "id"])
    op.create_index("ix_operations_tenant", "operations", ["tenant_uid", "id"])

    op.create_table(
        "store_labels",
        sa.Column("store_uid", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_uid"],
            ["stores.uid"],
        ),
        sa.PrimaryKeyConstraint("store_uid", "key"),
    )
    op.create_index("ix_store_labels_key_value", "store_labels", ["key", "value"])
