"""Accepting a new store: its name is free, or it is the same again, and there is room for it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from controller.domain.conditions import Desired
from controller.domain.errors.platform import CapacityError, QuotaExceededError
from controller.domain.errors.stores import (
    NameRetiredError,
    NameTakenError,
    StoreDiffersError,
    WrongStateError,
)
from controller.domain.store import SAME_END, Store, StoreSpec, spec_changes
from controller.domain.tenant import Scope, Tenant
from controller.registry import operations
from controller.registry.accepting import Platform, insert_store
from controller.registry.advancing import Accepted
from controller.registry.rows import store_of
from controller.registry.session import utcnow
from controller.registry.tables import StoreRow, table
from controller.registry.vault import Vault

_stores = table(StoreRow)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the platform takes on."""

    stores_per_tenant: int
    open_operations: int
    tombstone: timedelta


def create_store(
    connection: Connection,
    scope: Scope,
    tenant: Tenant,
    spec: StoreSpec,
    platform: Platform | Callable[[], Platform],
    *,
    limits: Limits,
    vault: Vault,
) -> Accepted:
    """Write a new store, as `Intents.create` says."""
    if (existing := _holder(connection, spec.slug)) is not None:
        return _same(connection, tenant, existing, spec)
    _check_limits(connection, scope, tenant, limits)
    where = platform() if callable(platform) else platform
    store, operation = insert_store(connection, scope, tenant, spec, where)
    vault.seal(connection, f"stack:{store.stack}", where.secrets)
    return Accepted(operation=operation, new=True)


def _check_limits(connection: Connection, scope: Scope, tenant: Tenant, limits: Limits) -> None:
    held = select(func.count()).where(
        _stores.c.tenant_uid == tenant.uid, _stores.c.reserved_slug.is_not(None)
    )
    most = limits.stores_per_tenant
    # The operator, who may raise the quota, is not held to it.
    if not scope.is_operator and connection.execute(held).scalar_one() >= most:
        raise QuotaExceededError(limit=most)
    if operations.count_open(connection) >= limits.open_operations:
        raise CapacityError(retry_after=15)


def _holder(connection: Connection, slug: str) -> Store | None:
    row = connection.execute(select(_stores).where(_stores.c.reserved_slug == slug))
    found = row.mappings().one_or_none()
    return store_of(found) if found else None


def _same(connection: Connection, tenant: Tenant, existing: Store, spec: StoreSpec) -> Accepted:
    """The answer to a repeated creation."""
    if existing.tenant != tenant.uid:
        raise NameTakenError(name=spec.slug)
    if existing.desired is Desired.RETIRED:
        raise NameRetiredError(name=spec.slug)
    if existing.desired is Desired.PURGED:
        # Its end is no answer to who wants a store.
        raise WrongStateError(store=spec.slug, state=str(existing.desired))
    changes = spec_changes(existing.spec, replace(spec, expires_at=_same_end(existing, spec)))
    if changes:
        fields = ", ".join(name for name, _, _ in changes)
        raise StoreDiffersError(store=spec.slug, fields=fields)
    operation = operations.lookup(connection, existing.operation)
    if operation is None:
        raise NameTakenError(name=spec.slug)
    return Accepted(operation=operation, new=False)


def _same_end(existing: Store, spec: StoreSpec) -> datetime | None:
    """The end that is wanted; the one there is where none was said, or the same life was.

    A time to live was counted from now when it was said, and from then when the store was made.
    """
    wanted, known = spec.expires_at, existing.spec.expires_at
    if wanted is None or known is None:
        return known if wanted is None else wanted
    elapsed = utcnow() - existing.created_at
    return known if abs(wanted - elapsed - known) < SAME_END else wanted
