"""Operations as they are read, and those that ran past their deadline."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection, bindparam, func, insert, select, update

from controller.domain.errors.stores import OperationNotFoundError
from controller.domain.naming import new_uid
from controller.domain.notes import Note
from controller.domain.operations import (
    DEADLINES,
    DEFAULT_DEADLINE,
    OPEN_STATES,
    Operation,
    OperationKind,
    OperationState,
    planned,
)
from controller.domain.store import Store
from controller.domain.tenant import Scope
from controller.registry.rows import operation_columns, operation_of
from controller.registry.session import Database, utcnow
from controller.registry.tables import OperationRow, StoreRow, table

_operations = table(OperationRow)
_stores = table(StoreRow)

# Columns as parameters: a statement that is made anew with its values takes twice as long.
_insert = insert(_operations)
_update = update(_operations).where(_operations.c.id == bindparam("saved"))

OPEN = tuple(str(state) for state in OPEN_STATES)


def new_operation(kind: OperationKind, store: Store) -> Operation:
    """An operation that has not started."""
    now = utcnow()
    return Operation(
        id=new_uid(),
        kind=kind,
        store=store.uid,
        slug=store.spec.slug,
        tenant=store.tenant,
        generation=store.generation,
        state=OperationState.PENDING,
        steps=planned(kind),
        error=None,
        deadline=now + DEADLINES.get(kind, DEFAULT_DEADLINE),
        created_at=now,
    )


def add(connection: Connection, operation: Operation) -> None:
    """Insert an operation."""
    connection.execute(_insert, operation_columns(operation))


def save(connection: Connection, operation: Operation) -> None:
    """Write an operation back."""
    connection.execute(_update, {**operation_columns(operation), "saved": operation.id})


def lookup(connection: Connection, operation_id: str | None) -> Operation | None:
    """An operation by id, locked until the transaction ends."""
    if operation_id is None:
        return None
    query = select(_operations).where(_operations.c.id == operation_id).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    return operation_of(row) if row else None


def open_of_stack(connection: Connection, stack: str) -> list[Operation]:
    """The open operations of the stores that a stack runs."""
    query = (
        select(_operations)
        .join(_stores, _stores.c.operation_id == _operations.c.id)
        .where(_stores.c.stack_uid == stack, _operations.c.state.in_(OPEN))
        .with_for_update(of=_operations)
    )
    return [operation_of(row) for row in connection.execute(query).mappings()]


def count_open(connection: Connection) -> int:
    """How many operations are accepted and not finished."""
    query = select(func.count()).select_from(_operations).where(_operations.c.state.in_(OPEN))
    return connection.execute(query).scalar_one()


class Operations:
    """Reading operations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, scope: Scope, operation_id: str) -> Operation:
        """One operation in scope; raises OperationNotFoundError."""
        query = select(_operations).where(_operations.c.id == operation_id)
        if scope.tenant is not None:
            query = query.where(_operations.c.tenant_uid == scope.tenant)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise OperationNotFoundError(operation=operation_id)
        return operation_of(row)

    def page(
        self,
        scope: Scope,
        *,
        limit: int,
        before: str | None = None,
        store: str | None = None,
        state: str | None = None,
    ) -> Sequence[Operation]:
        """Operations in scope, newest first, older than the id `before`."""
        query = select(_operations).order_by(_operations.c.id.desc()).limit(limit)
        if scope.tenant is not None:
            query = query.where(_operations.c.tenant_uid == scope.tenant)
        if before:
            query = query.where(_operations.c.id < before)
        if store:
            query = query.where(_operations.c.store_uid == store)
        if state:
            query = query.where(_operations.c.state == state)
        with self._database.read() as connection:
            return [operation_of(row) for row in connection.execute(query).mappings()]

    def overdue(self) -> list[tuple[str, Operation]]:
        """Open operations past their deadline, each with the uid of its store's stack."""
        query = (
            select(_operations, _stores.c.stack_uid)
            .join(_stores, _stores.c.uid == _operations.c.store_uid)
            .where(_operations.c.state.in_(OPEN), _operations.c.deadline < utcnow())
            .limit(100)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [(row["stack_uid"], operation_of(row)) for row in rows]

    def count_open(self) -> int:
        """How many operations are accepted and not finished."""
        with self._database.read() as connection:
            return count_open(connection)

    def typical_seconds(self, kind: OperationKind) -> float | None:
        """How long four of five of the last 50 of this kind took; None before there was one."""
        query = (
            select(_operations.c.started_at, _operations.c.finished_at)
            .where(
                _operations.c.kind == str(kind),
                _operations.c.state == str(OperationState.SUCCEEDED),
                _operations.c.started_at.is_not(None),
            )
            .order_by(_operations.c.finished_at.desc())
            .limit(50)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        took = sorted((row.finished_at - row.started_at) / timedelta(seconds=1) for row in rows)
        return took[min(len(took) - 1, len(took) * 4 // 5)] if took else None


def failed(operation: Operation, error: Note) -> Operation:
    """`operation` after it ended in an error (`reason` is the error's code)."""
    return replace(operation, state=OperationState.FAILED, error=error, finished_at=utcnow())
