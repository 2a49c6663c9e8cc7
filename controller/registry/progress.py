"""What the reconciler writes: steps, conditions, the end of operations. Every write is fenced.

A write goes through only while the worker's lease is still in the table, checked in the same
transaction; otherwise LeaseLostError says that somebody else owns the subject now.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import Connection, delete, select, update

from controller.domain.conditions import Condition, Desired, merge, ready, summarize, unmet
from controller.domain.errors.stores import DeadlineExceededError
from controller.domain.notes import Note
from controller.domain.operations import (
    PLANNED_STEPS,
    Operation,
    OperationKind,
    OperationState,
    StepState,
    with_step,
)
from controller.domain.stack import STACK_CONDITIONS, Stack, StackDesired
from controller.domain.store import STORE_CONDITIONS, Store, StoreSpec, StoreStatus, spec_changes
from controller.domain.tenant import Scope
from controller.registry import operations
from controller.registry.accepting import audit_store, reshape, spec_columns
from controller.registry.hosts import free_hosts
from controller.registry.journal import NORMAL, WARNING, About, tell
from controller.registry.leases import Kind, Lease, Ref, holds
from controller.registry.rows import conditions_column, stack_columns, status_columns, store_of
from controller.registry.session import Database, epoch_now, utcnow
from controller.registry.stores import lookup_stack, lookup_store
from controller.registry.tables import SecretRow, StackRow, StoreRow, table

_T = TypeVar("_T")

_stores = table(StoreRow)
_stacks = table(StackRow)
_secrets = table(SecretRow)


class LeaseLostError(Exception):
    """Another worker owns the subject; the result is dropped."""


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """How a step stands."""

    name: str
    state: StepState
    note: Note | None = None
    tell: bool = False
    """Whether it is told of even when nobody waits for it."""


@dataclass(frozen=True, kw_only=True)
class PassResult:
    """What one look at a subject found and did."""

    generation: int
    """The generation that was looked at."""
    conditions: tuple[Condition, ...] = ()
    step: StepResult | None = None
    fulfilled: StepResult | None = None
    """The end of a step that came true by itself, told where it was seen under way."""
    event: Note | None = None
    alarm: bool = False
    """Whether the event is a warning."""
    settled: bool = False
    """Nothing is left to do for this generation."""
    error: Note | None = None
    """Why the operation cannot go on; `reason` is the error's code."""
    due_in: float | None = None
    """Seconds until the next look; None for never."""
    failures: int = 0
    waited_on: bool = True
    result: dict[str, Any] | None = None


class Progress:
    """Fenced writes about stacks and stores."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def stopped_since(self, ref: Ref, generation: int) -> bool:
        """Whether a stack was told to stop or to close since a generation of it was looked at."""
        query = select(_stacks.c.uid).where(
            _stacks.c.uid == ref.uid,
            _stacks.c.generation > generation,
            _stacks.c.desired != str(StackDesired.RUNNING),
        )
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def started(self, lease: Lease, step: str) -> None:
        """Show that a step runs."""
        result = StepResult(name=step, state=StepState.RUNNING)
        with self._fenced(lease) as connection:
            for operation, about in self._followers(connection, lease.ref):
                self._save_step(connection, operation, about, result)

    def stack(
        self,
        lease: Lease,
        outcome: PassResult,
        endpoint: str | None,
        change: Callable[[Stack], Stack] = lambda stack: stack,
    ) -> tuple[Ref, ...]:
        """Write what a pass over a stack found and gained; returns the stores that it wakes."""
        with self._fenced(lease) as connection:
            before = _present(lookup_stack(connection, lease.ref.uid))
            current = before.generation == outcome.generation
            followers = self._followers(connection, lease.ref)
            for operation, about in followers:
                over = operation.aside and _was_all(operation, outcome.step)
                closed = outcome.settled and current and operation.kind is OperationKind.SUSPEND
                self._follow(connection, operation, about, outcome, complete=over or closed)
                if closed:
                    _suspended(connection, operation, outcome)
            if not followers:
                _repaired(connection, lease.ref.uid, outcome)
            # An operation that failed just now may have left it another generation.
            stack = _present(lookup_stack(connection, lease.ref.uid))
            after = change(stack)
            conditions = merge(stack.conditions, outcome.conditions, utcnow())
            current = stack.generation == outcome.generation
            connection.execute(
                update(_stacks)
                .where(_stacks.c.uid == stack.uid)
                .values(
                    conditions=conditions_column(conditions),
                    endpoint=endpoint,
                    **({} if after is stack else stack_columns(after)),
                    observed_generation=(
                        outcome.generation if outcome.settled else stack.observed_generation
                    ),
                    updated_at=utcnow(),
                    **_next_look(outcome, current=current),
                )
            )
            were, are = (ready(some, STACK_CONDITIONS) for some in (stack.conditions, conditions))
            return _wake_stores(connection, stack.uid) if outcome.settled or were != are else ()

    def store(
        self,
        lease: Lease,
        outcome: PassResult,
        change: Callable[[StoreStatus], StoreStatus] = lambda status: status,
        spec: StoreSpec | None = None,
    ) -> None:
        """Write what a pass over a store found; `change` adds what the conditions do not hold.

        A `spec` is what the store wants from now on: a new generation, which is looked at at once.
        """
        with self._fenced(lease) as connection:
            store = _present(lookup_store(connection, lease.ref.uid))
            current = store.generation == outcome.generation
            settled = outcome.settled and current
            operation = operations.lookup(connection, store.operation)
            about = About.of(store, store.operation)
            alone = operation is None or not operation.open or operation.aside
            if operation is not None and not alone and current:
                operation = self._follow(connection, operation, about, outcome, complete=settled)
            else:
                _unasked(connection, about, outcome)
            status = _summary(change(store.status), store, outcome, operation, settled=settled)
            if alone:
                _turned(connection, store, status)
            _tell_shortfalls(connection, about, store.status, status)
            connection.execute(
                update(_stores)
                .where(_stores.c.uid == store.uid)
                .values(
                    updated_at=utcnow(),
                    **status_columns(status),
                    **_next_look(outcome, current=current),
                    # The name is free again once nothing is left of the store.
                    **({"reserved_slug": None} if settled and _purged(store) else {}),
                )
            )
            if settled and _purged(store):
                gone = _secrets.c.subject.in_([f"store:{store.uid}", f"stack:{store.stack}"])
                connection.execute(delete(_secrets).where(gone))
                free_hosts(connection, store.uid)
            if spec is not None and current:
                _adopt(connection, store, spec)

    def blind(
        self, lease: Lease, note: Note, error: Note | None, due_in: float, failures: int
    ) -> None:
        """Write that a subject could not even be looked at; `error` ends its operation."""
        subjects = _stacks if lease.ref.kind is Kind.STACK else _stores
        with self._fenced(lease) as connection:
            for operation, about in self._followers(connection, lease.ref):
                if error is not None:
                    self._save_end(connection, operations.failed(operation, error), about)
                else:
                    tell(connection, about, note, WARNING)
            connection.execute(
                update(subjects)
                .where(subjects.c.uid == lease.ref.uid)
                .values(due_at=epoch_now() + due_in, waited_on=False, failures=failures)
            )

    def expire(self, operation: Operation, missing: Iterable[str], lease: Lease) -> None:
        """End an operation that ran past its deadline, naming what is missing."""
        minutes = round((operation.deadline - operation.created_at).total_seconds() / 60)
        params: dict[str, str | int] = {
            "minutes": minutes,
            "missing": ", ".join(missing) or "-",
            "store": operation.slug,
        }
        error = Note(reason=DeadlineExceededError.code, params=params)
        with self._fenced(lease) as connection:
            fresh = operations.lookup(connection, operation.id)
            store = lookup_store(connection, operation.store)
            if fresh is None or store is None or not fresh.open:
                return
            ended = operations.failed(fresh, error)
            self._save_end(connection, ended, About.of(store, fresh.id))
            nothing = PassResult(generation=store.generation)
            status = _summary(store.status, store, nothing, ended, settled=False)
            connection.execute(
                update(_stores).where(_stores.c.uid == store.uid).values(**status_columns(status))
            )

    def _followers(self, connection: Connection, ref: Ref) -> list[tuple[Operation, About]]:
        """The open operations that show the steps of this subject."""
        if ref.kind is Kind.STACK:
            found = operations.open_of_stack(connection, ref.uid)
        else:
            store = _present(lookup_store(connection, ref.uid))
            operation = operations.lookup(connection, store.operation)
            found = [operation] if operation is not None and operation.open else []
        return [
            (
                operation,
                About(
                    tenant=operation.tenant,
                    store=operation.store,
                    slug=operation.slug,
                    operation=operation.id,
                ),
            )
            for operation in found
        ]

    def _follow(
        self,
        connection: Connection,
        operation: Operation,
        about: About,
        outcome: PassResult,
        *,
        complete: bool,
    ) -> Operation:
        """Carry a pass over into the operation that follows it."""
        for result in (outcome.step, _under_way(operation, outcome.fulfilled)):
            if result is not None:
                # What ends the operation is told once, by its end.
                ends = outcome.error is not None and result is outcome.step
                operation = self._save_step(connection, operation, about, result, tells=not ends)
        if outcome.event is not None:
            tell(connection, about, outcome.event, _severity(outcome))
        if outcome.result:
            operation = replace(operation, result={**operation.result, **outcome.result})
        if outcome.error is not None:
            operation = operations.failed(operation, outcome.error)
        elif complete:
            operation = _succeeded(operation)
        if not operation.open or outcome.result:
            self._save_end(connection, operation, about)
        return operation

    def _save_step(
        self,
        connection: Connection,
        operation: Operation,
        about: About,
        result: StepResult,
        *,
        tells: bool = True,
    ) -> Operation:
        before = next((step for step in operation.steps if step.name == result.name), None)
        operation = with_step(operation, result.name, result.state, utcnow(), result.note)
        operations.save(connection, operation)
        fresh = before is None or before.state is not result.state or before.note != result.note
        if tells and fresh:
            note = result.note or Note.of("StepStarted", step=result.name)
            severity = WARNING if result.state is StepState.FAILED else NORMAL
            tell(connection, about, note, severity)
        return operation

    def _save_end(self, connection: Connection, operation: Operation, about: About) -> None:
        operations.save(connection, operation)
        if operation.state is OperationState.FAILED and operation.error is not None:
            tell(connection, about, Note.of_code(operation.error), WARNING)
            _end_wishes(connection, operation)
        elif operation.state is OperationState.SUCCEEDED:
            took = (utcnow() - operation.created_at).total_seconds()
            tell(connection, about, Note.of("OperationSucceeded", seconds=f"{took:.1f}"))

    @contextmanager
    def _fenced(self, lease: Lease) -> Iterator[Connection]:
        with self._database.write() as connection:
            self._database.in_order(connection)
            if not holds(connection, lease):
                raise LeaseLostError(str(lease.ref))
            yield connection


def _was_all(operation: Operation, step: StepResult | None) -> bool:
    """Whether a step that is done is the last of those that an operation was to take."""
    last = PLANNED_STEPS[operation.kind][-1]
    return step is not None and step.name == last and step.state is StepState.DONE


def _end_wishes(connection: Connection, operation: Operation) -> None:
    """What was to be done once does not outlive the operation that it was asked for with."""
    store = lookup_store(connection, operation.store)
    stack = lookup_stack(connection, store.stack) if store is not None else None
    if stack is not None and stack.spec.wishing:
        lasting = replace(stack, spec=stack.spec.lasting())
        reshape(connection, lasting, anew=stack.spec.restore is not None)


def _under_way(operation: Operation, result: StepResult | None) -> StepResult | None:
    """The result, where the operation shows its step as running."""
    running = {step.name for step in operation.steps if step.state is StepState.RUNNING}
    return result if result is not None and result.name in running else None


_PUT_BACK = "Drifted"
"""The reason of what the next step puts right, and tells of in its own words."""


def _suspended(connection: Connection, operation: Operation, outcome: PassResult) -> None:
    """Note that a store is closed, whether or not the rest of what is wanted of it can be done."""
    store = _present(lookup_store(connection, operation.store))
    if store.operation != operation.id:
        return
    closed = replace(outcome, conditions=(unmet("Selling", "StorefrontClosed"),))
    status = _summary(store.status, store, closed, operation, settled=True)
    known = {**status_columns(status), "waited_on": False}
    connection.execute(update(_stores).where(_stores.c.uid == store.uid).values(known))


def _unasked(connection: Connection, about: About, outcome: PassResult) -> None:
    """Tell of what happened to a store while nobody waited for anything."""
    if outcome.event is not None:
        tell(connection, about, outcome.event, _severity(outcome))
    step = outcome.step
    if step is not None and step.tell and step.note is not None:
        tell(connection, about, step.note)


def _turned(connection: Connection, store: Store, status: StoreStatus) -> None:
    """Tell that a store is not ready any more, or is again, while nobody waited for anything."""
    if store.desired is not Desired.ACTIVE or store.status.ready == status.ready:
        return
    about = About.of(store, None)
    lost = _first_unmet(store.status if status.ready else status)
    if lost is None or lost.note.reason == _PUT_BACK:
        return
    if status.ready:
        tell(connection, about, Note.of("ReadyAgain"))
    else:
        tell(connection, about, lost.note, WARNING)


def _first_unmet(status: StoreStatus) -> Condition | None:
    """The condition that a store is not ready for, the earliest of its life."""
    known = (status.conditions.get(kind) for kind in STORE_CONDITIONS)
    return next((condition for condition in known if condition and not condition.met), None)


def _tell_shortfalls(
    connection: Connection, about: About, before: StoreStatus, after: StoreStatus
) -> None:
    """Tell of what cannot be offered as soon as that is known, and when it can."""
    were = {item.type: item.note for item in before.shortfalls}
    are = {item.type: item.note for item in after.shortfalls}
    for kind, note in are.items():
        if were.get(kind) != note:
            tell(connection, about, note, WARNING)
    for kind in were.keys() - are.keys():
        tell(connection, about, after.conditions[kind].note)


def _adopt(connection: Connection, store: Store, spec: StoreSpec) -> None:
    """Make a specification the store's own, as an intent does, but by the controller itself."""
    changed = replace(store, spec=spec, generation=store.generation + 1)
    columns = {**spec_columns(changed), "due_at": epoch_now(), "waited_on": True}
    connection.execute(update(_stores).where(_stores.c.uid == store.uid).values(columns))
    changes = spec_changes(store.spec, spec)
    before = {name: old for name, old, _ in changes}
    after = {name: new for name, _, new in changes}
    audit_store(connection, Scope.system(), changed, "store.adopt", before=before, after=after)


def _repaired(connection: Connection, stack: str, outcome: PassResult) -> None:
    """Tell of what is done without anybody having asked, about each store that it touches."""
    done = outcome.step is not None and outcome.step.state is StepState.DONE
    notes = [
        (outcome.event, WARNING),
        (outcome.step.note if done and outcome.step else None, NORMAL),
    ]
    if not any(note for note, _ in notes):
        return
    bound = select(_stores).where(_stores.c.stack_uid == stack)
    for row in connection.execute(bound).mappings().all():
        about = About.of(store_of(row), None)
        for note, severity in notes:
            if note is not None:
                tell(connection, about, note, severity)


def _wake_stores(connection: Connection, stack: str) -> tuple[Ref, ...]:
    """Make the stores of a stack due now."""
    live = (_stores.c.stack_uid == stack) & _stores.c.due_at.is_not(None)
    statement = update(_stores).where(live).values(due_at=epoch_now()).returning(_stores.c.uid)
    return tuple(Ref(kind=Kind.STORE, uid=uid) for uid in connection.execute(statement).scalars())


def _present(found: _T | None) -> _T:
    """Rows are never deleted, so one that was there is there."""
    if found is None:
        raise LookupError("a row of the registry is gone")
    return found


def _purged(store: Store) -> bool:
    return store.desired is Desired.PURGED


def _severity(outcome: PassResult) -> str:
    return WARNING if outcome.failures or outcome.alarm else NORMAL


def _succeeded(operation: Operation) -> Operation:
    """The operation with every planned step done: what the world already had counts as done."""
    now = utcnow()
    steps = tuple(
        step
        if step.state is StepState.DONE
        else replace(
            step,
            state=StepState.DONE,
            started_at=step.started_at or now,
            finished_at=now,
            note=step.note or Note.of("AsWanted"),
        )
        for step in operation.steps
    )
    return replace(
        operation,
        state=OperationState.SUCCEEDED,
        steps=steps,
        started_at=operation.started_at or now,
        finished_at=now,
    )


def _next_look(outcome: PassResult, *, current: bool) -> dict[str, Any]:
    """When the subject is looked at again: at once when it changed while the pass went on."""
    if not current:
        return {"due_at": epoch_now(), "waited_on": True, "failures": 0}
    due = None if outcome.due_in is None else epoch_now() + outcome.due_in
    return {"due_at": due, "waited_on": outcome.waited_on, "failures": outcome.failures}


def _summary(
    status: StoreStatus,
    store: Store,
    outcome: PassResult,
    operation: Operation | None,
    *,
    settled: bool,
) -> StoreStatus:
    """The status with its conditions, readiness and phase computed: here and nowhere else."""
    conditions = merge(status.conditions, outcome.conditions, utcnow())
    observed = store.generation if settled else status.observed_generation
    is_ready = store.desired is Desired.ACTIVE and ready(conditions, STORE_CONDITIONS)
    ever_ready = status.ever_ready or is_ready
    selling = conditions.get("Selling")
    phase = summarize(
        desired=store.desired,
        is_ready=is_ready,
        reached=observed == store.generation,
        ever_ready=ever_ready,
        failed=operation is not None
        and not operation.aside
        and operation.state is OperationState.FAILED,
    )
    return replace(
        status,
        conditions=conditions,
        observed_generation=observed,
        ready=is_ready,
        selling_since=selling.since if selling and selling.met else None,
        ever_ready=ever_ready,
        phase=phase,
    )
