"""The rows that accepting a store writes. `intents` calls this inside its transactions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from controller.domain.addresses import further_hosts
from controller.domain.clusters import Placement, Wish, place
from controller.domain.conditions import Desired, Phase
from controller.domain.errors.shops import ShopAdoptedError
from controller.domain.naming import new_uid
from controller.domain.notes import Note
from controller.domain.operations import Operation, OperationKind
from controller.domain.stack import Installation, Stack, StackDesired, StackSpec, stack_spec_to_json
from controller.domain.store import Store, StoreSpec, StoreStatus, spec_to_json
from controller.domain.tenant import Scope, Tenant
from controller.registry import operations
from controller.registry.hosts import claim_hosts
from controller.registry.journal import About, audit, tell
from controller.registry.placing import clusters_of
from controller.registry.rows import dump, note_column, stack_columns, status_columns
from controller.registry.session import epoch_now, utcnow
from controller.registry.tables import StackRow, StoreLabelRow, StoreRow, table

_stores = table(StoreRow)
_stacks = table(StackRow)
_labels = table(StoreLabelRow)


@dataclass(frozen=True, kw_only=True)
class Platform:
    """Where new stacks go: driver and engine version."""

    driver: str
    version: str
    endpoint: str | None = None
    """Where the shop is, when somebody else runs it."""
    wish: Wish | None = None
    """Which cluster it goes to; None keeps it off clusters."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What lets us into a shop that somebody else runs, by name; sealed with the stack."""


def insert_store(
    connection: Connection, scope: Scope, tenant: Tenant, spec: StoreSpec, platform: Platform
) -> tuple[Store, Operation]:
    """Insert a store with its stack, operation, event and audit row."""
    if platform.endpoint is not None:
        _refuse_twice(connection, platform)
    placed = None if platform.wish is None else place(clusters_of(connection), platform.wish)
    now = utcnow()
    store = Store(
        uid=new_uid(),
        tenant=tenant.uid,
        owner=tenant.owner,
        stack=new_uid(),
        generation=1,
        desired=Desired.ACTIVE,
        spec=spec,
        status=StoreStatus(phase=Phase.PENDING),
        operation=None,
        created_at=now,
        updated_at=now,
    )
    shaped = _stack_spec(store, placed)
    connection.execute(
        insert(_stacks).values(
            uid=store.stack,
            tenant_uid=tenant.uid,
            engine=spec.engine,
            version=platform.version,
            driver=platform.driver,
            desired=str(StackDesired.RUNNING),
            endpoint=platform.endpoint,
            cluster=placed.cluster.spec.name if placed else None,
            placement=note_column(placed.reason) if placed else None,
            spec=dump(stack_spec_to_json(shaped)),
            generation=1,
            observed_generation=0,
            conditions="[]",
            due_at=epoch_now(),
            waited_on=True,
            failures=0,
            created_at=now,
            updated_at=now,
        )
    )
    operation = operations.new_operation(OperationKind.CREATE, store)
    connection.execute(
        insert(_stores).values(
            uid=store.uid,
            tenant_uid=store.tenant,
            owner=store.owner,
            slug=spec.slug,
            reserved_slug=spec.slug,
            stack_uid=store.stack,
            created_at=now,
            failures=0,
            **spec_columns(store),
            **status_columns(store.status),
            **due_columns(operation),
        )
    )
    write_labels(connection, store)
    claim_hosts(connection, store, shaped.url)
    operations.add(connection, operation)
    tell(connection, About.of(store, operation.id), Note.of("StoreAccepted", store=spec.slug))
    if placed is not None:
        tell(connection, About.of(store, operation.id), placed.reason)
    audit_store(connection, scope, store, "store.create", after=spec_to_json(spec))
    return store, operation


def _stack_spec(store: Store, placed: Placement | None) -> StackSpec:
    """How large the stack is, and what the shop on it is installed with."""
    if placed is None:
        return StackSpec()
    spec, url = store.spec, placed.cluster.url_of(store.spec.slug)
    return StackSpec(
        plan=spec.plan,
        scale=spec.scale,
        url=url,
        websites=further_hosts(spec, url),
        installation=Installation(
            name=spec.slug,
            tenant=store.tenant,
            language=spec.locales[0],
            currency=spec.commerce.currencies.base,
            timezone=spec.timezone,
        ),
    )


def _refuse_twice(connection: Connection, platform: Platform) -> None:
    """Two stores that write to one shop would never come to rest."""
    query = (
        select(_stores.c.slug)
        .join(_stacks, _stacks.c.uid == _stores.c.stack_uid)
        .where(
            _stacks.c.driver == platform.driver,
            _stacks.c.endpoint == platform.endpoint,
            _stacks.c.desired != str(StackDesired.PURGED),
        )
    )
    slug = connection.execute(query).scalar()
    if slug is not None:
        raise ShopAdoptedError(endpoint=platform.endpoint or "", store=slug)


def spec_columns(store: Store) -> dict[str, Any]:
    """The columns that follow from what is wanted."""
    return {
        "generation": store.generation,
        "desired": str(store.desired),
        "spec": dump(spec_to_json(store.spec)),
        "labels": dump(dict(store.spec.labels)),
        "expires_at": store.spec.expires_at,
        "retired_at": store.retired_at,
        "updated_at": utcnow(),
    }


def due_columns(operation: Operation) -> dict[str, Any]:
    """The columns of a store that somebody waits for."""
    return {"operation_id": operation.id, "due_at": epoch_now(), "waited_on": True}


def write_labels(connection: Connection, store: Store) -> None:
    """Make a store's labels those of its specification."""
    connection.execute(delete(_labels).where(_labels.c.store_uid == store.uid))
    rows = [{"store_uid": store.uid, "key": k, "value": v} for k, v in store.spec.labels.items()]
    if rows:
        connection.execute(insert(_labels), rows)


def audit_store(
    connection: Connection,
    scope: Scope,
    store: Store,
    action: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write who did what to a store."""
    audit(
        connection,
        scope,
        tenant=store.tenant,
        action=action,
        subject=f"store:{store.uid}",
        before=before,
        after=after,
    )


def reshape(connection: Connection, stack: Stack, *, anew: bool = True) -> None:
    """Have a stack made what it is wanted to be now.

    Unless that is `anew`, it counts as settled meanwhile: its shop goes on.
    """
    if anew:
        stack = replace(stack, spec=replace(stack.spec, aimed_at=None, halted=False))
    connection.execute(
        update(_stacks)
        .where(_stacks.c.uid == stack.uid)
        .values(
            **stack_columns(stack),
            version=stack.version,
            generation=_stacks.c.generation + int(anew),
            due_at=epoch_now(),
            waited_on=True,
            failures=0,
            updated_at=utcnow(),
        )
    )
