"""What people and pipelines ask for: create, change, the life cycle, retry.

Each method is one transaction that leaves the store, its stack, an operation, an event and an audit
row together, or nothing. It returns the operation; the caller then rings the bell.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, update
from sqlalchemy.exc import IntegrityError

from controller.domain.addresses import further_hosts
from controller.domain.conditions import Desired, summarize
from controller.domain.errors.clusters import NotOnClusterError
from controller.domain.errors.platform import CapacityError, QuotaExceededError
from controller.domain.errors.requests import PreconditionFailedError
from controller.domain.errors.stacks import NoBackupsError
from controller.domain.errors.stores import (
    NameRetiredError,
    NameTakenError,
    OperationInProgressError,
    StoreDiffersError,
    StoreNotFoundError,
    WrongStateError,
)
from controller.domain.images import Image, parse_image
from controller.domain.naming import new_uid
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
from controller.domain.stack import Restore, Stack, StackDesired
from controller.domain.store import SAME_END, Store, StoreSpec, StoreStatus, spec_changes
from controller.domain.tenant import Scope, Tenant
from controller.registry import operations
from controller.registry.accepting import (
    Platform,
    audit_store,
    due_columns,
    insert_store,
    reshape,
    spec_columns,
    write_labels,
)
from controller.registry.hosts import claim_hosts
from controller.registry.idempotency import Once, remember, replay
from controller.registry.journal import WARNING, About, tell
from controller.registry.rows import stack_columns, status_columns, store_of
from controller.registry.session import Database, epoch_now, utcnow
from controller.registry.stores import lookup_stack, lookup_store, named
from controller.registry.tables import StackRow, StoreRow, table

_stores = table(StoreRow)
_stacks = table(StackRow)


_GIVING_WAY = {OperationKind.CHANGE, OperationKind.PUSH, OperationKind.SCALE, OperationKind.IMAGE}
"""What a newer change takes the place of: all that it wanted is wanted still."""

_STOPS = {OperationKind.SUSPEND, OperationKind.RETIRE}
"""What takes the place of whatever goes on: nothing holds a stop up."""

_ASKED_ONCE = {OperationKind.BACKUP, OperationKind.RESTORE}
"""What is wanted until it is done or fails, and not for good."""

_BY_ITSELF = {OperationKind.RETIRE: "Expired", OperationKind.PURGE: "TombstoneExpired"}
"""What is told when time itself asks for it."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the platform takes on."""

    stores_per_tenant: int
    open_operations: int
    tombstone: timedelta


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """An operation, and whether this very call brought it about."""

    operation: Operation
    new: bool


class Intents:
    """Accepting what is asked for."""

    def __init__(self, database: Database, limits: Limits) -> None:
        self._database = database
        self.limits = limits

    def create(
        self,
        scope: Scope,
        tenant: Tenant,
        spec: StoreSpec,
        platform: Platform | Callable[[], Platform],
        once: Once | None,
    ) -> Accepted:
        """Accept a new store; where it goes is asked only when there is none of the name.

        The same specification again returns the store's latest operation. Raises NameTakenError,
        NameRetiredError, WrongStateError while it is being purged, StoreDiffersError,
        QuotaExceededError, CapacityError, IdempotencyKeyReusedError, HostTakenError.
        """
        try:
            with self._database.write() as connection:
                self._database.in_order(connection)
                if (replayed := replay(connection, scope, once)) is not None:
                    return Accepted(operation=replayed, new=False)
                if (existing := _holder(connection, spec.slug)) is not None:
                    return _same(connection, tenant, existing, spec)
                self._check_limits(connection, scope, tenant)
                where = platform() if callable(platform) else platform
                operation = insert_store(connection, scope, tenant, spec, where)
                remember(connection, scope, once, operation)
                return Accepted(operation=operation, new=True)
        except IntegrityError:
            # Two sign-ups for one name at once: the unique index let exactly one through.
            raise NameTakenError(name=spec.slug) from None

    def _check_limits(self, connection: Connection, scope: Scope, tenant: Tenant) -> None:
        held = select(func.count()).where(
            _stores.c.tenant_uid == tenant.uid, _stores.c.reserved_slug.is_not(None)
        )
        most = self.limits.stores_per_tenant
        # The operator, who may raise the quota, is not held to it.
        if not scope.is_operator and connection.execute(held).scalar_one() >= most:
            raise QuotaExceededError(limit=most)
        if operations.count_open(connection) >= self.limits.open_operations:
            raise CapacityError(retry_after=15)

    def change(
        self,
        scope: Scope,
        uid: str,
        spec: StoreSpec,
        *,
        expected: Collection[int] | None = None,
        once: Once | None = None,
    ) -> Accepted | None:
        """Accept another specification; None when nothing differs.

        Raises PreconditionFailedError when the generation is not `expected`, WrongStateError for a
        retired store, HostTakenError, OperationInProgressError; a change that goes on makes way.
        """
        with self._database.write() as connection:
            self._database.in_order(connection)
            if (replayed := replay(connection, scope, once)) is not None:
                return Accepted(operation=replayed, new=False)
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
            _shape_stack(connection, changed)
            before = {name: old for name, old, _ in changes}
            after = {name: new for name, _, new in changes}
            audit_store(connection, scope, changed, "store.change", before=before, after=after)
            remember(connection, scope, once, operation)
            return Accepted(operation=operation, new=True)

    def scale(
        self,
        scope: Scope,
        uid: str,
        scale: Scale | None,
        now: int | None,
        once: Once | None = None,
    ) -> Accepted:
        """Accept other numbers of web servers; None leaves them to the plan.

        Raises WrongStateError unless the store is active, OperationInProgressError.
        """
        with self._database.write() as connection:
            self._database.in_order(connection)
            if (replayed := replay(connection, scope, once)) is not None:
                return Accepted(operation=replayed, new=False)
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
            _shape_stack(connection, changed, now=now, asked=True)
            audit_store(
                connection,
                scope,
                changed,
                "store.scale",
                before={"scale": scale_to_json(store.spec.scale)},
                after={"scale": scale_to_json(scale), "now": now},
            )
            remember(connection, scope, once, operation)
            return Accepted(operation=operation, new=True)

    def back_up(self, scope: Scope, uid: str, once: Once | None = None) -> Accepted:
        """Accept that a backup is made now.

        Raises NoBackupsError, WrongStateError unless the store is open or suspended, and
        OperationInProgressError.
        """
        with self._database.write() as connection:
            self._database.in_order(connection)
            if (replayed := replay(connection, scope, once)) is not None:
                return Accepted(operation=replayed, new=False)
            store = mine(connection, scope, uid)
            stack = _with_backups(connection, store)
            if not stack.wants_running:
                raise WrongStateError(store=store.spec.slug, state=str(store.desired))
            make_way(connection, store)
            # Nothing of the store is to be changed: it goes on as it is.
            operation = operations.new_operation(OperationKind.BACKUP, store)
            operations.add(connection, operation)
            latest = update(_stores).where(_stores.c.uid == store.uid)
            connection.execute(latest.values(operation_id=operation.id))
            tell(connection, About.of(store, operation.id), Note.of("BackupAccepted"))
            reshape(connection, _wishing(stack, operation), anew=False)
            audit_store(connection, scope, store, "store.backup")
            remember(connection, scope, once, operation)
            return Accepted(operation=operation, new=True)

    def restore(self, scope: Scope, uid: str, backup: str, once: Once | None = None) -> Accepted:
        """Accept that a backup is loaded over what a store has.

        Raises what `back_up` raises; a restore that goes on makes way, as it may be the wrong one,
        and so does an undeletion, as half a backup may be what it cannot bring back.
        """
        with self._database.write() as connection:
            self._database.in_order(connection)
            if (replayed := replay(connection, scope, once)) is not None:
                return Accepted(operation=replayed, new=False)
            store = mine(connection, scope, uid)
            stack = _with_backups(connection, store)
            make_way(connection, store, OperationKind.RESTORE, OperationKind.UNDELETE)
            # What was written and proven was so of other data.
            status = _unproven(store.status)
            changed = replace(store, generation=store.generation + 1, status=status)
            note = Note.of("RestoreAccepted", backup=backup)
            accepted = advance(connection, changed, OperationKind.RESTORE, note)
            operation = replace(accepted, result={"backup": backup})
            operations.save(connection, operation)
            reshape(connection, _wishing(stack, operation))
            audit_store(connection, scope, changed, "store.restore", after={"backup": backup})
            remember(connection, scope, once, operation)
            return Accepted(operation=operation, new=True)

    def image(self, scope: Scope, uid: str, image: Image, once: Once | None = None) -> Accepted:
        """Accept another image of the shop software; one that runs returns the latest operation.

        Raises NotOnClusterError, WrongStateError unless the store is open or suspended, and
        OperationInProgressError.
        """
        with self._database.write() as connection:
            self._database.in_order(connection)
            if (replayed := replay(connection, scope, once)) is not None:
                return Accepted(operation=replayed, new=False)
            accepted = set_image(connection, scope, mine(connection, scope, uid), image)
            remember(connection, scope, once, accepted.operation)
            return accepted

    def transition(
        self, scope: Scope, uid: str, kind: OperationKind, once: Once | None = None
    ) -> Accepted:
        """Move along the life cycle; already there returns the latest operation.

        Raises WrongStateError, and OperationInProgressError except for a suspension or a
        retirement, which take the place of whatever runs.
        """
        with self._database.write() as connection:
            self._database.in_order(connection)
            if (replayed := replay(connection, scope, once)) is not None:
                return Accepted(operation=replayed, new=False)
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
                _supersede(connection, store, latest)
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
            _aim_stack(connection, changed, operation, stack)
            audit_store(
                connection,
                scope,
                changed,
                f"store.{kind}",
                before={"desired": str(store.desired)},
                after={"desired": str(desired)},
            )
            remember(connection, scope, once, operation)
            return Accepted(operation=operation, new=True)

    def _accepted(self, kind: OperationKind, scope: Scope) -> Note:
        if scope == Scope.system() and kind in _BY_ITSELF:
            return Note.of(_BY_ITSELF[kind])
        reason = f"{kind.capitalize()}Accepted"
        if kind is OperationKind.RETIRE:
            return Note.of(reason, until=(utcnow() + self.limits.tombstone).date().isoformat())
        return Note.of(reason)

    def push(self, scope: Scope, uid: str, once: Once | None = None) -> Accepted:
        """Have every setting written again, whatever was changed in the shop meanwhile.

        Raises WrongStateError for a retired store, OperationInProgressError.
        """
        with self._database.write() as connection:
            self._database.in_order(connection)
            if (replayed := replay(connection, scope, once)) is not None:
                return Accepted(operation=replayed, new=False)
            store = mine(connection, scope, uid)
            if store.desired in {Desired.RETIRED, Desired.PURGED}:
                raise WrongStateError(store=store.spec.slug, state=str(store.desired))
            make_way(connection, store)
            status = _unproven(store.status)
            changed = replace(store, generation=store.generation + 1, status=status)
            operation = advance(connection, changed, OperationKind.PUSH, Note.of("PushAccepted"))
            audit_store(connection, scope, changed, "store.push")
            remember(connection, scope, once, operation)
            return Accepted(operation=operation, new=True)

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
                _wake(connection, store)
            stack = lookup_stack(connection, store.stack)
            if stack is not None and operation.kind in _ASKED_ONCE:
                reshape(connection, _wishing(stack, retried), anew=not operation.aside)
            tell(connection, About.of(store, retried.id), Note.of("RetryAccepted"))
            audit_store(
                connection, scope, store, "operation.retry", after={"operation": retried.id}
            )
            return retried


def _lasting(spec: StoreSpec) -> StoreSpec:
    """Without an end that has passed: what is brought back would be retired again at once."""
    past = spec.expires_at is not None and spec.expires_at <= utcnow()
    return replace(spec, expires_at=None) if past else spec


def _holder(connection: Connection, slug: str) -> Store | None:
    row = connection.execute(select(_stores).where(_stores.c.reserved_slug == slug))
    found = row.mappings().one_or_none()
    return store_of(found) if found else None


def mine(connection: Connection, scope: Scope, name: str) -> Store:
    """The store of this name or uid within the scope; raises StoreNotFoundError."""
    uid = connection.execute(select(_stores.c.uid).where(named(name))).scalar()
    store = lookup_store(connection, uid) if uid else None
    if store is None or (scope.tenant is not None and store.tenant != scope.tenant):
        raise StoreNotFoundError(store=name)
    return store


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
            **status_columns(_beginning(store)),
            **due_columns(operation),
        )
    )
    tell(connection, About.of(store, operation.id), note)
    return operation


def _beginning(store: Store) -> StoreStatus:
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


def _unproven(status: StoreStatus) -> StoreStatus:
    """A status by which nothing counts as written to the shop, or as proven of it."""
    # A checksum that no shop answers.
    config = replace(status.config, checksum="") if status.config else None
    return replace(status, config=config, proven_digest=None)


def _with_backups(connection: Connection, store: Store) -> Stack:
    """The stack of a store whose backups there may be; raises NoBackupsError, WrongStateError."""
    if store.desired not in {Desired.ACTIVE, Desired.SUSPENDED}:
        raise WrongStateError(store=store.spec.slug, state=str(store.desired))
    stack = lookup_stack(connection, store.stack)
    if stack is None or stack.cluster is None:
        raise NoBackupsError(store=store.spec.slug)
    return stack


def _wishing(stack: Stack, operation: Operation) -> Stack:
    """The stack with what an operation wants done once; tried again it is another run."""
    if operation.kind is OperationKind.BACKUP:
        return replace(stack, spec=replace(stack.spec.lasting(), backup=new_uid()))
    restore = Restore(backup=str(operation.result["backup"]), run=new_uid())
    return replace(stack, spec=replace(stack.spec.lasting(), restore=restore))


def _aim_stack(
    connection: Connection, store: Store, operation: Operation, desired: StackDesired
) -> None:
    """Have a stack be something else; an image that it did not come to run is given up."""
    stack = lookup_stack(connection, store.stack)
    if stack is None:
        return
    if image := stack.spec.given_up:
        note = Note.of("ImageGivenUp", image=image, ran=stack.spec.ran)
        tell(connection, About.of(store, operation.id), note, WARNING)
    # Nor does what was to be done once outlive who asked for it.
    turned = replace(stack, spec=stack.spec.lasting().turned(utcnow()))
    version = parse_image(turned.spec.image).version if image else stack.version
    connection.execute(
        update(_stacks)
        .where(_stacks.c.uid == store.stack)
        .values(
            **stack_columns(turned),
            version=version,
            desired=str(desired),
            generation=_stacks.c.generation + 1,
            due_at=epoch_now(),
            waited_on=True,
            failures=0,
            updated_at=utcnow(),
        )
    )


def set_image(connection: Connection, scope: Scope, store: Store, image: Image) -> Accepted:
    """Have a store's stack run an image, as `Intents.image` says."""
    stack = lookup_stack(connection, store.stack)
    if stack is None or stack.cluster is None:
        raise NotOnClusterError(store=store.spec.slug)
    if store.desired not in {Desired.ACTIVE, Desired.SUSPENDED}:
        raise WrongStateError(store=store.spec.slug, state=str(store.desired))
    latest = operations.lookup(connection, store.operation)
    if stack.spec.image == str(image) and latest is not None and not _refused(stack, latest):
        return Accepted(operation=latest, new=False)
    make_way(connection, store)
    changed = replace(store, generation=store.generation + 1)
    note = Note.of("ImageAccepted", image=str(image))
    operation = advance(connection, changed, OperationKind.IMAGE, note)
    shape = replace(stack.spec, image=str(image), untried=True)
    reshape(connection, replace(stack, version=image.version, spec=shape))
    audit_store(
        connection,
        scope,
        changed,
        "store.image",
        before={"image": stack.spec.image},
        after={"image": str(image)},
    )
    return Accepted(operation=operation, new=True)


def _refused(stack: Stack, latest: Operation) -> bool:
    """Whether an image is wanted already and did not come to run."""
    return bool(stack.spec.given_up) and not latest.open


def _shape_stack(
    connection: Connection, store: Store, *, now: int | None = None, asked: bool = False
) -> None:
    """Give a stack on a cluster the store's plan, scale and hosts, if it has others.

    `asked` has it scaled in any case, to `now` web servers at once. Raises HostTakenError.
    """
    stack = lookup_stack(connection, store.stack)
    if stack is None:
        return
    claim_hosts(connection, store, stack.spec.url)
    if stack.cluster is None:
        return
    spec, known = store.spec, stack.spec
    hosts = further_hosts(spec, known.url or "")
    resized = (spec.plan, spec.scale) != (known.plan, known.scale)
    if not (resized or asked or hosts != known.websites):
        return
    shape = replace(
        known,
        plan=spec.plan,
        scale=spec.scale,
        websites=hosts,
        rescale=asked or resized or known.rescale,
        now=now if asked or resized else known.now,
    )
    reshape(connection, replace(stack, spec=shape))


def _wake(connection: Connection, store: Store) -> None:
    """Have the store looked at as if its generation were new, and its stack where it is not well.

    A look that finds all as it was writes nothing: it would neither end the operation nor the wait.
    """
    now = {"due_at": epoch_now(), "waited_on": True, "failures": 0}
    anew = replace(_beginning(store), observed_generation=store.generation - 1)
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
    _supersede(connection, store, latest)


def _supersede(connection: Connection, store: Store, operation: Operation) -> None:
    over = replace(operation, state=OperationState.SUPERSEDED, finished_at=utcnow())
    operations.save(connection, over)
    tell(connection, About.of(store, operation.id), Note.of("Superseded"))
