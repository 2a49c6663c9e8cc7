"""How a store is set on its way to a new generation, and what makes way for that."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection, select, update

from controller.domain.conditions import summarize
from controller.domain.errors.stores import OperationInProgressError, StoreNotFoundError
from controller.domain.notes import Note
from controller.domain.operations import Operation, OperationKind, OperationState
from controller.domain.store import Store, StoreStatus
from controller.domain.tenant import Scope
from controller.registry import operations
from controller.registry.accepting import due_columns, spec_columns
from controller.registry.journal import About, tell
from controller.registry.rows import status_columns
from controller.registry.session import epoch_now, utcnow
from controller.registry.stores import lookup_stack, lookup_store, named
from controller.registry.tables import StackRow, StoreRow, table

_stores = table(StoreRow)
_stacks = table(StackRow)


_GIVING_WAY = {OperationKind.CHANGE, OperationKind.PUSH, OperationKind.SCALE, OperationKind.IMAGE}
"""What a newer change takes the place of: all that it wanted is wanted still."""


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """An operation, and whether this very call brought it about."""

    operation: Operation
    new: bool


def mine(connection: Connection, scope: Scope, name: str) -> Store:
    """The store of this name or uid within the scope; raises StoreNotFoundError."""
    uid = connection.execute(select(_stores.c.uid).where(named(name))).scalar()
    store = lookup_store(connection, uid) if uid else None
    if store is None or (scope.tenant is not None and store.tenant != scope.tenant):
        raise StoreNotFoundError(store=name)
    return store


def advance(connection: Connection, store: Store, kind: OperationKind, note: Note) -> Operation:
    """Write the store's new generation with the operation that brings it about."""
    operation = operations.new_operation(kind, store)
    operations.add(connection, operation)
    connection.execute(
        update(_stores)
        .where(_stores.c.uid == store.uid)
        .values(
            failures=0,
            **spec_columns(store),
            **status_columns(beginning(store)),
            **due_columns(operation),
        )
    )
    tell(connection, About.of(store, operation.id), note)
    return operation


def beginning(store: Store) -> StoreStatus:
    """The status while an operation has just begun: whatever failed before is past."""
    status = store.status
    phase = summarize(
        desired=store.desired,
        is_ready=status.ready,
        reached=False,
        ever_ready=status.ever_ready,
        failed=False,
    )
    return replace(status, phase=phase)


def unproven(status: StoreStatus) -> StoreStatus:
    """A status by which nothing counts as written to the shop, or as proven of it."""
    # A checksum that no shop answers.
    config = replace(status.config, checksum="") if status.config else None
    return replace(status, config=config, proven_digest=None)


def wake(connection: Connection, store: Store) -> None:
    """Have the store looked at as if its generation were new, and its stack where it is not well.

    A look that finds all as it was writes nothing: it would neither end the operation nor the wait.
    """
    now = {"due_at": epoch_now(), "waited_on": True, "failures": 0}
    anew = replace(beginning(store), observed_generation=store.generation - 1)
    ours = update(_stores).where(_stores.c.uid == store.uid)
    connection.execute(ours.values(**now, **status_columns(anew)))
    stack = lookup_stack(connection, store.stack)
    if stack is not None and not stack.settled:
        connection.execute(update(_stacks).where(_stacks.c.uid == stack.uid).values(now))


def make_way(connection: Connection, store: Store, *also: OperationKind) -> None:
    """Let a newer change take the place of one that goes on: it may be what corrects it.

    `also` are further kinds that make way for this one. Raises OperationInProgressError while the
    store's latest operation is anything else.
    """
    latest = operations.lookup(connection, store.operation)
    if latest is None or not latest.open:
        return
    if latest.kind not in _GIVING_WAY.union(also):
        raise OperationInProgressError(store=store.spec.slug, operation=latest.id)
    supersede(connection, store, latest)


def supersede(connection: Connection, store: Store, operation: Operation) -> None:
    """End an operation whose place another one takes."""
    over = replace(operation, state=OperationState.SUPERSEDED, finished_at=utcnow())
    operations.save(connection, over)
    tell(connection, About.of(store, operation.id), Note.of("Superseded"))
