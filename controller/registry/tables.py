"""The tables. They never parse requests (table models skip validation); `migrations/` creates them.

JSON columns hold text in the form of the HTTP API, so that lists are served without parsing it.
Times that machines compare (`due_at`, leases) are seconds since the epoch by the database's clock;
times that people read are aware UTC.
"""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Index, Integer, Table, Text, TypeDecorator
from sqlmodel import Field, SQLModel


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time; SQLite, which has no zones, stores it without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive time")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give SQLite's times their zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _time(**options: Any) -> Any:
    return Field(sa_type=UtcDateTime, **options)


class TenantRow(SQLModel, table=True):
    """A business."""

    __tablename__ = "tenants"

    uid: str = Field(primary_key=True)
    name: str
    owner: str = Field(unique=True)
    country: str
    language: str
    created_at: datetime = _time()


class MemberRow(SQLModel, table=True):
    """A person of a tenant."""

    __tablename__ = "members"

    tenant_uid: str = Field(primary_key=True, foreign_key="tenants.uid")
    email: str = Field(primary_key=True, index=True)
    role: str
    created_at: datetime = _time()


class StackRow(SQLModel, table=True):
    """What runs a store."""

    __tablename__ = "stacks"
    __table_args__ = (Index("ix_stacks_due", "due_at"),)

    uid: str = Field(primary_key=True)
    tenant_uid: str = Field(foreign_key="tenants.uid", index=True)
    engine: str
    version: str
    driver: str
    desired: str
    generation: int
    observed_generation: int = 0
    conditions: str = Field(default="[]", sa_type=Text)
    endpoint: str | None = None
    cluster: str | None = Field(default=None, foreign_key="clusters.name", index=True)
    placement: str | None = Field(default=None, sa_type=Text)
    """Why it is there, as a note."""
    spec: str = Field(default="{}", sa_type=Text, sa_column_kwargs={"server_default": "{}"})
    infrastructure: str | None = Field(default=None, sa_type=Text)
    """What was built around it."""
    due_at: float | None = None
    waited_on: bool = True
    failures: int = 0
    created_at: datetime = _time()
    updated_at: datetime = _time()


class ClusterRow(SQLModel, table=True):
    """A cluster that stacks run on; the way in is sealed among the secrets."""

    __tablename__ = "clusters"

    name: str = Field(primary_key=True)
    spec: str = Field(sa_type=Text)
    state: str
    generation: int
    server: str
    version: str = ""
    unreachable_since: datetime | None = _time(default=None)
    unreachable_detail: str = ""
    findings: str = Field(default="[]", sa_type=Text, sa_column_kwargs={"server_default": "[]"})
    """What is not right with the cluster itself, as JSON."""
    created_at: datetime = _time()
    updated_at: datetime = _time()


class RolloutRow(SQLModel, table=True):
    """An image on its way to many stores, a few at a time."""

    __tablename__ = "rollouts"

    id: str = Field(primary_key=True)
    image: str
    actor: str
    state: str = Field(index=True)
    max_parallel: int
    max_failures: int
    created_at: datetime = _time()
    finished_at: datetime | None = _time(default=None)


class RolloutStoreRow(SQLModel, table=True):
    """One store of a rollout, in its turn."""

    __tablename__ = "rollout_stores"

    rollout_id: str = Field(primary_key=True, foreign_key="rollouts.id")
    position: int = Field(primary_key=True)
    store_uid: str
    slug: str
    state: str
    operation_id: str | None = None
    detail: str = Field(default="", sa_type=Text)
    """Why it was left out, or the code of what its operation failed with."""


class HostRow(SQLModel, table=True):
    """A public host name, with its port where that is unusual, and the store whose it is."""

    __tablename__ = "hosts"

    name: str = Field(primary_key=True)
    store_uid: str = Field(foreign_key="stores.uid", index=True)


class StoreRow(SQLModel, table=True):
    """A tenant's shop."""

    __tablename__ = "stores"
    __table_args__ = (
        Index("ix_stores_due", "due_at"),
        Index("ix_stores_tenant_slug", "tenant_uid", "reserved_slug"),
        Index("ix_stores_phase_slug", "phase", "reserved_slug"),
        Index("ix_stores_expires", "expires_at"),
    )

    uid: str = Field(primary_key=True)
    tenant_uid: str = Field(foreign_key="tenants.uid")
    owner: str
    slug: str
    reserved_slug: str | None = Field(default=None, unique=True)
    """The slug while it is held; null once the store is purged, so that the name is free again."""
    stack_uid: str = Field(foreign_key="stacks.uid", index=True)
    desired: str
    generation: int
    phase: str
    labels: str = Field(default="{}", sa_type=Text)
    spec: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    operation_id: str | None = None
    expires_at: datetime | None = _time(default=None)
    retired_at: datetime | None = _time(default=None)
    due_at: float | None = None
    waited_on: bool = True
    failures: int = 0
    created_at: datetime = _time()
    updated_at: datetime = _time()


class StoreLabelRow(SQLModel, table=True):
    """A label of a store, for selection."""

    __tablename__ = "store_labels"
    __table_args__ = (Index("ix_store_labels_key_value", "key", "value"),)

    store_uid: str = Field(primary_key=True, foreign_key="stores.uid")
    key: str = Field(primary_key=True)
    value: str


class OperationRow(SQLModel, table=True):
    """An accepted request with its steps."""

    __tablename__ = "operations"
    __table_args__ = (
        Index("ix_operations_store", "store_uid", "id"),
        Index("ix_operations_tenant", "tenant_uid", "id"),
        Index("ix_operations_state", "state", "deadline"),
        Index("ix_operations_kind", "kind", "state", "finished_at"),
    )

    id: str = Field(primary_key=True)
    kind: str
    store_uid: str = Field(foreign_key="stores.uid")
    slug: str
    tenant_uid: str
    generation: int
    state: str
    steps: str = Field(sa_type=Text)
    error: str | None = Field(default=None, sa_type=Text)
    result: str = Field(default="{}", sa_type=Text)
    deadline: datetime = _time()
    created_at: datetime = _time()
    started_at: datetime | None = _time(default=None)
    finished_at: datetime | None = _time(default=None)


class EventRow(SQLModel, table=True):
    """Something that happened, in the order in which it was committed."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_store", "store_uid", "id"),
        Index("ix_events_tenant", "tenant_uid", "id"),
        Index("ix_events_operation", "operation_id", "id"),
    )

    # SQLite numbers rows by itself for INTEGER keys only.
    id: int | None = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger().with_variant(Integer(), "sqlite"),
    )
    tenant_uid: str
    store_uid: str
    slug: str
    operation_id: str | None = None
    severity: str
    reason: str
    params: str = Field(default="{}", sa_type=Text)
    at: datetime = _time()


class LeaseRow(SQLModel, table=True):
    """Who may act on a subject, until when by the database's clock."""

    __tablename__ = "leases"

    subject: str = Field(primary_key=True)
    token: str
    holder: str
    expires_at: float


class IdempotencyRow(SQLModel, table=True):
    """What was answered to an Idempotency-Key."""

    __tablename__ = "idempotency_keys"

    scope: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str
    operation_id: str
    created_at: datetime = _time(index=True)


class AuditRow(SQLModel, table=True):
    """Who changed what; each row carries the digest of the one before it."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_subject", "subject", "id"),)

    id: int | None = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger().with_variant(Integer(), "sqlite"),
    )
    tenant_uid: str | None = None
    actor: str
    action: str
    subject: str
    before: str | None = Field(default=None, sa_type=Text)
    after: str | None = Field(default=None, sa_type=Text)
    at: datetime = _time()
    digest: str


class TokenRow(SQLModel, table=True):
    """A token of the API; only its SHA-256 is stored."""

    __tablename__ = "tokens"

    uid: str = Field(primary_key=True)
    tenant_uid: str | None = Field(default=None, foreign_key="tenants.uid", index=True)
    name: str
    digest: str = Field(unique=True)
    created_at: datetime = _time()
    expires_at: datetime | None = _time(default=None)


class LoginCodeRow(SQLModel, table=True):
    """A one-time code that was mailed; only its HMAC is stored."""

    __tablename__ = "login_codes"
    __table_args__ = (
        Index("ix_login_codes_email", "email", "created_at"),
        Index("ix_login_codes_address", "address", "created_at"),
    )

    uid: str = Field(primary_key=True)
    email: str
    address: str
    digest: str
    attempts: int = 0
    created_at: datetime = _time()
    expires_at: datetime = _time()
    used_at: datetime | None = _time(default=None)


class SecretRow(SQLModel, table=True):
    """A secret, sealed under a data key of its own that the key-encryption key wraps."""

    __tablename__ = "secrets"
    __table_args__ = (Index("ix_secrets_key", "key_id"),)

    subject: str = Field(primary_key=True)
    """`store:<uid>`, `stack:<uid>` or `cluster:<name>`."""
    name: str = Field(primary_key=True)
    key_id: str
    wrapped_key: str
    sealed: str = Field(sa_type=Text)
    fingerprint: str
    last4: str
    updated_at: datetime = _time()


class MailRow(SQLModel, table=True):
    """A mail to send, written in the transaction that causes it."""

    __tablename__ = "mails"
    __table_args__ = (Index("ix_mails_due", "sent_at", "due_at"),)

    uid: str = Field(primary_key=True)
    recipient: str
    language: str
    subject: str
    body: str = Field(sa_type=Text)
    attempts: int = 0
    due_at: float | None = None
    created_at: datetime = _time()
    sent_at: datetime | None = _time(default=None)


class RateSetRow(SQLModel, table=True):
    """A set of exchange rates that was accepted; the largest id is in force."""

    __tablename__ = "rate_sets"

    id: int | None = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger().with_variant(Integer(), "sqlite"),
    )
    provider: str
    base: str
    as_of: date
    fetched_at: datetime = _time(index=True)


class RateQuoteRow(SQLModel, table=True):
    """A currency's quote in a set, as text: no driver makes a float of it."""

    __tablename__ = "rate_quotes"

    set_id: int = Field(primary_key=True, foreign_key="rate_sets.id", sa_type=BigInteger)
    currency: str = Field(primary_key=True)
    rate: str
    as_of: date
    held: str | None = None


class RateSourceRow(SQLModel, table=True):
    """How asking a source of exchange rates went, and when it is asked again."""

    __tablename__ = "rate_sources"

    name: str = Field(primary_key=True)
    checked_at: datetime | None = _time(default=None)
    succeeded_at: datetime | None = _time(default=None)
    failures: int = 0
    error: str | None = Field(default=None, sa_type=Text)
    asked: bool = False
    """Whether the operator wants it asked now."""
    due_at: float | None = None


class RatePushRow(SQLModel, table=True):
    """How a store stands to the exchange rates; without a row it was not looked at yet."""

    __tablename__ = "rate_pushes"
    __table_args__ = (Index("ix_rate_pushes_state", "state", "due_at"),)

    store_uid: str = Field(primary_key=True, foreign_key="stores.uid")
    generation: int
    """Of the store's specification that was looked at."""
    state: str
    set_id: int = Field(default=0, sa_type=BigInteger)
    sent_set_id: int = Field(default=0, sa_type=BigInteger)
    digest: str = ""
    """Of the rates that the shop has."""
    attempts: int = 0
    due_at: float | None = None
    error: str | None = Field(default=None, sa_type=Text)
    sent_at: datetime | None = _time(default=None)


def table(row: type[SQLModel]) -> Table:
    """The Core table behind a row class, for statements."""
    return SQLModel.metadata.tables[str(row.__tablename__)]
