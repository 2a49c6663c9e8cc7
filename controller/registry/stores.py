"""Stores and stacks as they are read.

People's writes are in `intents`, the reconciler's in `progress`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, or_, select

from controller.domain.conditions import Desired
from controller.domain.errors.stores import StoreNotFoundError
from controller.domain.stack import Stack, StackDesired
from controller.domain.store import Store
from controller.domain.tenant import Scope
from controller.registry.hosts import host_taken
from controller.registry.leases import Kind, Ref
from controller.registry.rows import stack_of, store_of
from controller.registry.session import Database, epoch_now
from controller.registry.tables import StackRow, StoreLabelRow, StoreRow, table

_stores = table(StoreRow)
_stacks = table(StackRow)
_labels = table(StoreLabelRow)

RESOURCE_COLUMNS = (
    _stores.c.uid,
    _stores.c.slug,
    _stores.c.tenant_uid,
    _stores.c.owner,
    _stores.c.generation,
    _stores.c.desired,
    _stores.c.labels,
    _stores.c.spec,
    _stores.c.status,
    _stores.c.operation_id,
    _stores.c.created_at,
    _stores.c.updated_at,
    _stores.c.due_at,
)
"""What the API's resource is made of, so that a list needs no object per row."""


@dataclass(frozen=True, kw_only=True)
class StoreQuery:
    """Which stores, from where on; `after` is the last name of the page before."""

    limit: int = 50
    after: str | None = None
    phase: str | None = None
    tenant: str | None = None
    label: tuple[str, str] | None = None
    search: str | None = None
    """The beginning of a name."""
    cluster: str | None = None
    """Where they run."""


def lookup_store(connection: Connection, uid: str) -> Store | None:
    """A store by uid, locked until the transaction ends."""
    query = select(_stores).where(_stores.c.uid == uid).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    return store_of(row) if row else None


def lookup_stack(connection: Connection, uid: str) -> Stack | None:
    """A stack by uid, locked until the transaction ends."""
    query = select(_stacks).where(_stacks.c.uid == uid).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    return stack_of(row) if row else None


def named(name: str) -> ColumnElement[bool]:
    """The store that holds the name, or has the uid (which purged stores can only be found by)."""
    return or_(_stores.c.reserved_slug == name, _stores.c.uid == name)


class Stores:
    """Reading stores and stacks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, scope: Scope, name: str) -> Store:
        """One store in scope by name or uid; raises StoreNotFoundError."""
        with self._database.read() as connection:
            return store_of(_one(connection, scope, name, (_stores,)))

    def resource(self, scope: Scope, name: str) -> tuple[RowMapping, Stack | None]:
        """The columns of one store's resource and what runs it; raises StoreNotFoundError."""
        columns = (*RESOURCE_COLUMNS, _stores.c.stack_uid)
        with self._database.read() as connection:
            row = _one(connection, scope, name, columns)
            held = select(_stacks).where(_stacks.c.uid == row["stack_uid"])
            stack = connection.execute(held).mappings().first()
        return row, stack_of(stack) if stack else None

    def page(self, scope: Scope, query: StoreQuery) -> Sequence[RowMapping]:
        """The resource columns of stores in scope, in the order of names, by key (no offset)."""
        statement = (
            select(*RESOURCE_COLUMNS)
            .where(_stores.c.reserved_slug.is_not(None))
            .order_by(_stores.c.reserved_slug)
            .limit(query.limit)
        )
        with self._database.read() as connection:
            return connection.execute(_narrow(statement, scope, query)).mappings().all()

    def count_by_phase(self) -> dict[str, int]:
        """How many live stores are in each phase, for metrics and the operator's page."""
        query = (
            select(_stores.c.phase, func.count())
            .where(_stores.c.reserved_slug.is_not(None))
            .group_by(_stores.c.phase)
        )
        with self._database.read() as connection:
            return dict(connection.execute(query).all())

    def due_at(self, uid: str) -> float | None:
        """When the next look at a store was to be, by the database's clock; None for never."""
        query = select(_stores.c.due_at).where(_stores.c.uid == uid)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one_or_none()

    def count_overdue(self, seconds: float) -> int:
        """How many stores nobody has looked at although that was due so long ago."""
        query = select(func.count()).where(_stores.c.due_at < epoch_now() - seconds)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def name_taken(self, name: str) -> bool:
        """Whether a live or tombstoned store holds the name, or another's website its address."""
        query = select(_stores.c.uid).where(_stores.c.reserved_slug == name)
        with self._database.read() as connection:
            held = connection.execute(query).first() is not None
            return held or host_taken(connection, name)

    def any_ever(self) -> bool:
        """Whether there was ever a store, purged ones too."""
        with self._database.read() as connection:
            return connection.execute(select(_stores.c.uid).limit(1)).first() is not None

    def stack(self, uid: str) -> Stack | None:
        """A stack by uid."""
        with self._database.read() as connection:
            row = connection.execute(select(_stacks).where(_stacks.c.uid == uid)).mappings().first()
        return stack_of(row) if row else None

    def with_stack(self, uid: str) -> tuple[Store, Stack] | None:
        """A store by uid together with what runs it."""
        ref = Ref(kind=Kind.STORE, uid=uid)
        found = self.load([ref]).get(ref)
        return found if isinstance(found, tuple) else None

    def load(self, refs: Iterable[Ref]) -> dict[Ref, Stack | tuple[Store, Stack]]:
        """Many subjects in two queries: stacks, and stores together with what runs them.

        Stacks alone take one.
        """
        wanted = {kind: [ref.uid for ref in refs if ref.kind is kind] for kind in Kind}
        found: dict[Ref, Stack | tuple[Store, Stack]] = {}
        with self._database.read() as connection:
            of_stores = _rows(connection, wanted[Kind.STORE]) if wanted[Kind.STORE] else []
            uids = {*wanted[Kind.STACK], *(row["stack_uid"] for row in of_stores)}
            rows = connection.execute(select(_stacks).where(_stacks.c.uid.in_(uids))).mappings()
            stacks = {row["uid"]: stack_of(row) for row in rows}
        for row in of_stores:
            ref = Ref(kind=Kind.STORE, uid=row["uid"])
            found[ref] = (store_of(row), stacks[row["stack_uid"]])
        for uid in wanted[Kind.STACK]:
            if uid in stacks:
                found[Ref(kind=Kind.STACK, uid=uid)] = stacks[uid]
        return found

    def stack_uids(self, driver: str, cluster: str | None = None) -> set[str]:
        """Every stack that a driver ever had on a cluster, or here: what it may hold."""
        query = select(_stacks.c.uid).where(_stacks.c.driver == driver)
        if cluster is not None:
            query = query.where(_stacks.c.cluster == cluster)
        with self._database.read() as connection:
            return {row.uid for row in connection.execute(query)}

    def endpoints(self, driver: str) -> dict[str, str]:
        """Where each stack of a driver was reached last, by its uid."""
        query = select(_stacks.c.uid, _stacks.c.endpoint).where(
            _stacks.c.driver == driver,
            _stacks.c.endpoint.is_not(None),
            _stacks.c.desired != str(StackDesired.PURGED),
        )
        with self._database.read() as connection:
            return {row.uid: row.endpoint for row in connection.execute(query)}

    def expired(self, now: datetime) -> list[str]:
        """Uids of live stores whose time is up."""
        query = select(_stores.c.uid).where(
            _stores.c.expires_at <= now,
            _stores.c.desired.in_((str(Desired.ACTIVE), str(Desired.SUSPENDED))),
        )
        with self._database.read() as connection:
            return [row.uid for row in connection.execute(query.limit(100))]

    def tombstones_over(self, retired_before: datetime) -> list[str]:
        """Uids of stores that were retired before a moment."""
        query = select(_stores.c.uid).where(
            _stores.c.retired_at <= retired_before, _stores.c.desired == str(Desired.RETIRED)
        )
        with self._database.read() as connection:
            return [row.uid for row in connection.execute(query.limit(100))]


def _rows(connection: Connection, uids: Sequence[str]) -> Sequence[RowMapping]:
    return connection.execute(select(_stores).where(_stores.c.uid.in_(uids))).mappings().all()


def _one(connection: Connection, scope: Scope, name: str, columns: Sequence[Any]) -> RowMapping:
    query = select(*columns).where(named(name))
    if scope.tenant is not None:
        query = query.where(_stores.c.tenant_uid == scope.tenant)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise StoreNotFoundError(store=name)
    return row


def _narrow(statement: Select[Any], scope: Scope, query: StoreQuery) -> Select[Any]:
    tenant = scope.tenant or query.tenant
    if tenant is not None:
        statement = statement.where(_stores.c.tenant_uid == tenant)
    if query.after:
        statement = statement.where(_stores.c.reserved_slug > query.after)
    if query.phase:
        statement = statement.where(_stores.c.phase == query.phase)
    if query.search:
        statement = statement.where(
            _stores.c.reserved_slug >= query.search,
            _stores.c.reserved_slug < query.search + "\uffff",
        )
    if query.cluster:
        there = select(_stacks.c.uid).where(_stacks.c.cluster == query.cluster)
        statement = statement.where(_stores.c.stack_uid.in_(there))
    if query.label:
        key, value = query.label
        labelled = select(_labels.c.store_uid).where(_labels.c.key == key, _labels.c.value == value)
        statement = statement.where(_stores.c.uid.in_(labelled))
    return statement
