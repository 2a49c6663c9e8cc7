"""What people and pipelines ask for: create, change, the life cycle, retry.

Each method is one transaction that leaves the store, its stack, an operation, an event and an audit
row together, or nothing. It returns the operation; the caller then wakes a worker.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection, update
from sqlalchemy.exc import IntegrityError

from controller.domain.conditions import Desired
from controller.domain.errors.requests import PreconditionFailedError
from controller.domain.errors.stores import (
    NameTakenError,
    OperationInProgressError,
    StoreNotFoundError,
    WrongStateError,
)
from controller.domain.images import Image
from controller.domain.notes import Note
from controller.domain.operations import (
    SOURCES,
    TARGETS,
    Operation,
    OperationKind,
    OperationState,
    StepState,
)
from controller.domain.plans import PLAN_SCALES, Scale, scale_to_json
from controller.domain.store import StoreSpec, spec_changes
from controller.domain.tenant import Scope, Tenant
from controller.registry import operations
from controller.registry.accepting import Platform, audit_store, reshape, write_labels
from controller.registry.advancing import (
    Accepted,
    advance,
    make_way,
    mine,
    supersede,
    unproven,
    wake,
)
from controller.registry.creating import Limits, create_store
from controller.registry.idempotency import IdempotencyKey, remember, replay
from controller.registry.journal import About, tell
from controller.registry.session import Database, utcnow
from controller.registry.stack_shaping import (
    aim_stack,
    set_image,
    shape_stack,
    wishing,
    with_backups,
)
from controller.registry.stores import lookup_stack
from controller.registry.tables import StoreRow, table
from controller.registry.vault import Vault

_stores = table(StoreRow)


_STOPS = {OperationKind.SUSPEND, OperationKind.RETIRE}
"""What takes the place of whatever goes on: nothing holds a stop up."""

_ASKED_ONCE = {OperationKind.BACKUP, OperationKind.RESTORE}
"""What is wanted until it is done or fails, and not for good."""

_BY_ITSELF = {OperationKind.RETIRE: "Expired", OperationKind.PURGE: "TombstoneExpired"}
"""What is told when time itself asks for it."""


Answer = TypeVar("Answer", bound=Accepted | None)


class Intents:
    """Accepting what is asked for."""

    def __init__(self, database: Database, limits: Limits, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self.limits = limits

    def _accept(
        self, scope: Scope, once: IdempotencyKey | None, accept: Callable[[Connection], Answer]
    ) -> Answer | Accepted:
        """One transaction: what was accepted under the same key before, or what is now."""
        with self._database.write() as connection:
            self._database.in_order(connection)
            if (replayed := replay(connection, scope, once)) is not None:
                return Accepted(operation=replayed, new=False)
            answer = accept(connection)
            if answer is not None:
                remember(connection, scope, once, answer.operation)
            return answer

    def create(
        self,
        scope: Scope,
        tenant: Tenant,
        spec: StoreSpec,
        platform: Platform | Callable[[], Platform],
        once: IdempotencyKey | None,
    ) -> Accepted:
        """Accept a new store; where it goes is asked only when there is none of the name.

        The same specification again returns the store's latest operation. Raises NameTakenError,
        NameRetiredError, WrongStateError while it is being purged, StoreDiffersError,
        QuotaExceededError, CapacityError, IdempotencyKeyReusedError, HostTakenError.
        """
        try:
            return self._accept(
                scope,
                once,
                lambda connection: create_store(
                    connection,
                    scope,
                    tenant,
                    spec,
                    platform,
                    limits=self.limits,
                    vault=self._vault,
                ),
            )
        except IntegrityError:
            # Two sign-ups for one name at once: the unique index let exactly one through.
            raise NameTakenError(name=spec.slug) from None

    def change(
        self,
        scope: Scope,
        uid: str,
        spec: StoreSpec,
        *,
        expected: Collection[int] | None = None,
        once: IdempotencyKey | None = None,
    ) -> Accepted | None:
        """Accept another specification; None when nothing differs.

        Raises PreconditionFailedError when the generation is not `expected`, WrongStateError for a
        retired store, HostTakenError, OperationInProgressError; a change that goes on makes way.
        """

        def accept(connection: Connection) -> Accepted | None:
            store = mine(connection, scope, uid)
            if expected is not None and store.generation not in expected:
                raise PreconditionFailedError(store=store.spec.slug)
            if store.desired in {Desired.RETIRED, Desired.PURGED}:
                raise WrongStateError(store=store.spec.slug, state=str(store.desired))
            changes = spec_changes(store.spec, spec)
            if not changes:
                return None
            make_way(connection, store)
            changed = replace(store, spec=spec, generation=store.generation + 1)
            fields = ", ".join(name for name, _, _ in changes)
            operation = advance(
                connection, changed, OperationKind.CHANGE, Note.of("ChangeAccepted", fields=fields)
            )
            write_labels(connection, changed)
            shape_stack(connection, changed)
            before = {name: old for name, old, _ in changes}
            after = {name: new for name, _, new in changes}
            audit_store(connection, scope, changed, "store.change", before=before, after=after)
            return Accepted(operation=operation, new=True)

        return self._accept(scope, once, accept)

    def scale(
        self,
        scope: Scope,
        uid: str,
        scale: Scale | None,
        now: int | None,
        once: IdempotencyKey | None = None,
    ) -> Accepted:
        """Accept other numbers of web servers; None leaves them to the plan.

        Raises WrongStateError unless the store is active, OperationInProgressError.
        """

        def accept(connection: Connection) -> Accepted:
            store = mine(connection, scope, uid)
            if store.desired not in {Desired.ACTIVE, Desired.SUSPENDED}:
                raise WrongStateError(store=store.spec.slug, state=str(store.desired))
            make_way(connection, store)
            changed = replace(
                store, spec=replace(store.spec, scale=scale), generation=store.generation + 1
            )
            are = scale or PLAN_SCALES[store.spec.plan]
            note = Note.of("ScaleAccepted", min=are.min, max=are.max)
            operation = advance(connection, changed, OperationKind.SCALE, note)
            shape_stack(connection, changed, now=now, asked=True)
            audit_store(
                connection,
                scope,
                changed,
                "store.scale",
                before={"scale": scale_to_json(store.spec.scale)},
                after={"scale": scale_to_json(scale), "now": now},
            )
            return Accepted(operation=operation, new=True)

        return self._accept(scope, once, accept)

    def back_up(self, scope: Scope, uid: str, once: IdempotencyKey | None = None) -> Accepted:
        """Accept that a backup is made now.

        Raises NoBackupsError, WrongStateError unless the store is open or suspended, and
        OperationInProgressError.
        """

        def accept(connection: Connection) -> Accepted:
            store = mine(connection, scope, uid)
            stack = with_backups(connection, store)
            if not stack.wants_running:
                raise WrongStateError(store=store.spec.slug, state=str(store.desired))
            make_way(connection, store)
            # Nothing of the store is to be changed: it goes on as it is.
            operation = operations.new_operation(OperationKind.BACKUP, store)
            operations.add(connection, operation)
            latest = update(_stores).where(_stores.c.uid == store.uid)
            connection.execute(latest.values(operation_id=operation.id))
            tell(connection, About.of(store, operation.id), Note.of("BackupAccepted"))
            reshape(connection, wishing(stack, operation), anew=False)
            audit_store(connection, scope, store, "store.backup")
            return Accepted(operation=operation, new=True)

        return self._accept(scope, once, accept)

    def restore(
        self, scope: Scope, uid: str, backup: str, once: IdempotencyKey | None = None
    ) -> Accepted:
        """Accept that a backup is loaded over what a store has.

        Raises what `back_up` raises; a restore that goes on makes way, as it may be the wrong one,
        and so does an undeletion, as half a backup may be what it cannot bring back.
        """

        def accept(connection: Connection) -> Accepted:
            store = mine(connection, scope, uid)
            stack = with_backups(connection, store)
            make_way(connection, store, OperationKind.RESTORE, OperationKind.UNDELETE)
            # What was written and proven was so of other data.
            status = unproven(store.status)
            changed = replace(store, generation=store.generation + 1, status=status)
            note = Note.of("RestoreAccepted", backup=backup)
            accepted = advance(connection, changed, OperationKind.RESTORE, note)
            operation = replace(accepted, result={"backup": backup})
            operations.save(connection, operation)
            reshape(connection, wishing(stack, operation))
            audit_store(connection, scope, changed, "store.restore", after={"backup": backup})
            return Accepted(operation=operation, new=True)

        return self._accept(scope, once, accept)

    def image(
        self, scope: Scope, uid: str, image: Image, once: IdempotencyKey | None = None
    ) -> Accepted:
        """Accept another image of the shop software; one that runs returns the latest operation.

        Raises NotOnClusterError, WrongStateError unless the store is open or suspended, and
        OperationInProgressError.
        """
        return self._accept(
            scope,
            once,
            lambda connection: set_image(connection, scope, mine(connection, scope, uid), image),
        )

    def transition(
        self, scope: Scope, uid: str, kind: OperationKind, once: IdempotencyKey | None = None
    ) -> Accepted:
        """Move along the life cycle; already there returns the latest operation.

        Raises WrongStateError, and OperationInProgressError except for a suspension or a
        retirement, which take the place of whatever runs.
        """

        def accept(connection: Connection) -> Accepted:
            store = mine(connection, scope, uid)
            latest = operations.lookup(connection, store.operation)
            desired, stack = TARGETS[kind]
            if store.desired is desired and latest is not None:
                return Accepted(operation=latest, new=False)
            if store.desired not in SOURCES[kind]:
                raise WrongStateError(store=store.spec.slug, state=str(store.desired))
            if latest is not None and latest.open:
                if kind not in _STOPS:
                    raise OperationInProgressError(store=store.spec.slug, operation=latest.id)
                supersede(connection, store, latest)
            changed = replace(
                store,
                desired=desired,
                generation=store.generation + 1,
                retired_at=utcnow() if desired is Desired.RETIRED else None,
                spec=_lasting(store.spec) if kind is OperationKind.UNDELETE else store.spec,
            )
            if kind is OperationKind.SUSPEND:
                # It has to prove itself again once it opens.
                status = replace(store.status, proven_at=None, proven_digest=None)
                changed = replace(changed, status=status)
            operation = advance(connection, changed, kind, self._accepted(kind, scope))
            aim_stack(connection, changed, operation, stack)
            audit_store(
                connection,
                scope,
                changed,
                f"store.{kind}",
                before={"desired": str(store.desired)},
                after={"desired": str(desired)},
            )
            return Accepted(operation=operation, new=True)

        return self._accept(scope, once, accept)

    def _accepted(self, kind: OperationKind, scope: Scope) -> Note:
        if scope == Scope.system() and kind in _BY_ITSELF:
            return Note.of(_BY_ITSELF[kind])
        reason = f"{kind.capitalize()}Accepted"
        if kind is OperationKind.RETIRE:
            return Note.of(reason, until=(utcnow() + self.limits.tombstone).date().isoformat())
        return Note.of(reason)

    def push(self, scope: Scope, uid: str, once: IdempotencyKey | None = None) -> Accepted:
        """Have every setting written again, whatever was changed in the shop meanwhile.

        Raises WrongStateError for a retired store, OperationInProgressError.
        """

        def accept(connection: Connection) -> Accepted:
            store = mine(connection, scope, uid)
            if store.desired in {Desired.RETIRED, Desired.PURGED}:
                raise WrongStateError(store=store.spec.slug, state=str(store.desired))
            make_way(connection, store)
            status = unproven(store.status)
            changed = replace(store, generation=store.generation + 1, status=status)
            operation = advance(connection, changed, OperationKind.PUSH, Note.of("PushAccepted"))
            audit_store(connection, scope, changed, "store.push")
            return Accepted(operation=operation, new=True)

        return self._accept(scope, once, accept)

    def retry(self, scope: Scope, operation_id: str) -> Operation:
        """Try a failed operation again from the step that failed; raises WrongStateError."""
        with self._database.write() as connection:
            self._database.in_order(connection)
            operation = operations.lookup(connection, operation_id)
            if operation is None:
                raise StoreNotFoundError(store=operation_id)
            store = mine(connection, scope, operation.store)
            if operation.state is not OperationState.FAILED or store.operation != operation.id:
                raise WrongStateError(store=store.spec.slug, state=str(operation.state))
            fresh = operations.new_operation(operation.kind, store)
            steps = tuple(
                replace(step, state=StepState.PENDING) if step.state is StepState.FAILED else step
                for step in operation.steps
            )
            retried = replace(
                operation,
                state=OperationState.PENDING,
                steps=steps,
                error=None,
                finished_at=None,
                deadline=fresh.deadline,
            )
            operations.save(connection, retried)
            if not operation.aside:
                wake(connection, store)
            stack = lookup_stack(connection, store.stack)
            if stack is not None and operation.kind in _ASKED_ONCE:
                reshape(connection, wishing(stack, retried), anew=not operation.aside)
            tell(connection, About.of(store, retried.id), Note.of("RetryAccepted"))
            audit_store(
                connection, scope, store, "operation.retry", after={"operation": retried.id}
            )
            return retried


def _lasting(spec: StoreSpec) -> StoreSpec:
    """Without an end that has passed: what is brought back would be retired again at once."""
    past = spec.expires_at is not None and spec.expires_at <= utcnow()
    return replace(spec, expires_at=None) if past else spec
