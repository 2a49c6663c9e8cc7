"""Idempotency keys: the same request sent again gets the operation of the first time.

`intents` asks and remembers inside the transaction that accepts the request.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select

from controller.domain.errors.requests import IdempotencyKeyReusedError
from controller.domain.operations import Operation
from controller.domain.tenant import Scope
from controller.registry import operations
from controller.registry.session import Database, utcnow
from controller.registry.tables import IdempotencyRow, table

_keys = table(IdempotencyRow)

KEPT = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class IdempotencyKey:
    """An Idempotency-Key with the digest of the request it came with."""

    key: str
    fingerprint: str


def replay(connection: Connection, scope: Scope, once: IdempotencyKey | None) -> Operation | None:
    """The operation of the first time; raises IdempotencyKeyReusedError for another request."""
    if once is None:
        return None
    query = select(_keys).where(_keys.c.scope == _scope_key(scope), _keys.c.key == once.key)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    if row["fingerprint"] != once.fingerprint:
        raise IdempotencyKeyReusedError
    return operations.lookup(connection, row["operation_id"])


def remember(
    connection: Connection, scope: Scope, once: IdempotencyKey | None, operation: Operation
) -> None:
    """Keep what the request brought about."""
    if once is None:
        return
    connection.execute(
        insert(_keys).values(
            scope=_scope_key(scope),
            key=once.key,
            fingerprint=once.fingerprint,
            operation_id=operation.id,
            created_at=utcnow(),
        )
    )


def forget_old(database: Database) -> None:
    """Drop keys older than a day."""
    with database.write() as connection:
        connection.execute(delete(_keys).where(_keys.c.created_at < utcnow() - KEPT))


def _scope_key(scope: Scope) -> str:
    return scope.tenant or "operator"
