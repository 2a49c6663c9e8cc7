"""Creating, changing and moving stores along, over SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.domain.conditions import Desired, Phase
from controller.domain.errors.base import ConflictError
from controller.domain.errors.platform import CapacityError, QuotaExceededError
from controller.domain.errors.requests import IdempotencyKeyReusedError, PreconditionFailedError
from controller.domain.errors.stores import (
    NameTakenError,
    OperationInProgressError,
    StoreDiffersError,
    StoreNotFoundError,
    WrongStateError,
)
from controller.domain.notes import Note
from controller.domain.operations import (
    PLANNED_STEPS,
    SOURCES,
    TARGETS,
    OperationKind,
    OperationState,
    StepState,
)
from controller.domain.tenant import Scope, Tenant
from controller.registry import idempotency
from controller.registry.idempotency import IdempotencyKey
from controller.registry.intents import Accepted
from controller.registry.leases import Kind, Leases, Ref
from controller.registry.progress import PassResult, StepResult
from controller.registry.registry import Registry
from controller.registry.session import Database
from tests.factories import (
    at_once,
    create,
    finish,
    limits,
    move,
    registry_over,
    scope_of,
    spec,
    store,
    tenant,
)

RETIRE, PURGE, UNDELETE = OperationKind.RETIRE, OperationKind.PURGE, OperationKind.UNDELETE
SUSPEND, RESUME = OperationKind.SUSPEND, OperationKind.RESUME

WAYS: dict[Desired, tuple[OperationKind, ...]] = {
    Desired.ACTIVE: (),
    Desired.SUSPENDED: (SUSPEND,),
    Desired.RETIRED: (RETIRE,),
    Desired.PURGED: (RETIRE, PURGE),
}


def fail(registry: Registry, uid: str) -> None:
    """Let the open operation of a store fail in its first store step."""
    leases = Leases(registry.database, holder="a test", seconds=60)
    lease = leases.acquire(Ref(kind=Kind.STORE, uid=uid))
    assert lease is not None
    found = registry.stores.get(Scope.system(), uid)
    error = Note.of("wrong_shop", endpoint="http://127.0.0.1:1")
    failed = StepResult(name="bind", state=StepState.FAILED, note=error)
    registry.progress.store(
        lease,
        PassResult(generation=found.generation, step=failed, error=error, due_in=300, failures=1),
    )
    leases.release(lease)


# --- create ---------------------------------------------------------------------------------------


def test_a_new_store_comes_with_its_stack_operation_event_and_audit_row(
    registry: Registry, ann: Tenant
) -> None:
    accepted = create(registry, ann, labels={"team": "tea"})
    found = registry.stores.get(scope_of(ann), "acme")
    stack = registry.stores.stack(found.stack)
    assert accepted.new
    assert accepted.operation.kind is OperationKind.CREATE
    assert accepted.operation.state is OperationState.PENDING
    assert [step.name for step in accepted.operation.steps] == list(
        PLANNED_STEPS[OperationKind.CREATE]
    )
    assert found.spec == spec(labels={"team": "tea"})
    assert (found.generation, found.desired, found.status.phase) == (
        1,
        Desired.ACTIVE,
        Phase.PENDING,
    )
    assert (found.operation, found.owner) == (accepted.operation.id, ann.owner)
    assert stack is not None
    assert (stack.tenant, stack.engine, stack.driver) == (ann.uid, "fake", "fake")
    assert [event.note.reason for event in registry.journal.latest(scope_of(ann))] == [
        "StoreAccepted"
    ]
    assert [row["action"] for row in registry.journal.audit_of(f"store:{found.uid}")] == [
        "store.create"
    ]


def test_the_same_specification_again_is_the_operation_of_the_first_time(
    registry: Registry, ann: Tenant
) -> None:
    first, second = create(registry, ann), create(registry, ann)
    assert not second.new
    assert second.operation == first.operation


def test_the_same_life_is_the_same_specification_and_another_is_not(
    registry: Registry, ann: Tenant
) -> None:
    now = datetime.now(UTC)
    create(registry, ann, expires_at=now + timedelta(hours=2))
    # Two hours from a later moment, and an end that is not said.
    assert not create(registry, ann, expires_at=now + timedelta(hours=2, seconds=20)).new
    assert not create(registry, ann).new
    with pytest.raises(StoreDiffersError) as caught:
        create(registry, ann, expires_at=now + timedelta(hours=3))
    assert caught.value.params["fields"] == "expiresAt"


def test_another_specification_names_the_fields_that_differ(
    registry: Registry, ann: Tenant
) -> None:
    create(registry, ann)
    with pytest.raises(StoreDiffersError) as caught:
        create(registry, ann, weight_unit="lbs", labels={"a": "b"})
    assert caught.value.params == {"store": "acme", "fields": "weightUnit, labels"}


def test_a_name_of_another_tenant_is_taken(registry: Registry, ann: Tenant, bob: Tenant) -> None:
    create(registry, ann)
    with pytest.raises(NameTakenError):
        create(registry, bob)


def test_a_tombstone_holds_the_name_and_a_purge_frees_it(
    registry: Registry, ann: Tenant, bob: Tenant
) -> None:
    uid = store(registry, ann).uid
    move(registry, uid, RETIRE)
    assert registry.stores.name_taken("acme")
    for who in (ann, bob):
        with pytest.raises(NameTakenError):
            create(registry, who)
    purge = registry.intents.transition(scope_of(ann), uid, PURGE).operation
    with pytest.raises(NameTakenError):
        create(registry, bob)
    finish(registry, purge)
    assert not registry.stores.name_taken("acme")
    assert create(registry, bob).new
    # The purged one is still there for whoever knows its uid.
    assert registry.stores.get(scope_of(ann), uid).desired is Desired.PURGED


def test_two_who_want_a_name_at_once_get_one_store(
    registry: Registry, ann: Tenant, bob: Tenant
) -> None:
    for number in range(20):
        slug = f"race-{number}"
        outcomes = at_once(
            lambda slug=slug: create(registry, ann, slug),
            lambda slug=slug: create(registry, bob, slug),
        )
        winners = [item for item in outcomes if isinstance(item, Accepted)]
        losers = [item for item in outcomes if isinstance(item, NameTakenError)]
        assert (len(winners), len(losers)) == (1, 1), outcomes
    assert len(registry.stores.stack_uids("fake")) == 20


def test_one_owner_who_sends_twice_at_once_gets_one_store(registry: Registry, ann: Tenant) -> None:
    outcomes = at_once(*[lambda: create(registry, ann)] * 4)
    assert len({item.operation.id for item in outcomes}) == 1
    assert sum(item.new for item in outcomes) == 1


def test_the_quota_counts_tombstones_but_not_the_purged(database: Database) -> None:
    registry = registry_over(database, limits(stores_per_tenant=2))
    ann, bob = tenant(registry), tenant(registry)
    first = store(registry, ann, "one")
    store(registry, ann, "two")
    with pytest.raises(QuotaExceededError) as caught:
        create(registry, ann, "three")
    assert caught.value.params["limit"] == 2
    assert create(registry, bob, "three").new
    move(registry, first.uid, RETIRE)
    with pytest.raises(QuotaExceededError):
        create(registry, ann, "four")
    move(registry, first.uid, PURGE)
    assert create(registry, ann, "four").new


def test_the_quota_holds_against_calls_at_once(database: Database) -> None:
    registry = registry_over(database, limits(stores_per_tenant=3))
    ann = tenant(registry)
    outcomes = at_once(
        *[lambda number=number: create(registry, ann, f"shop-{number}") for number in range(6)]
    )
    assert sum(isinstance(item, Accepted) for item in outcomes) == 3
    assert sum(isinstance(item, QuotaExceededError) for item in outcomes) == 3


def test_a_full_platform_says_when_to_come_back(database: Database) -> None:
    registry = registry_over(database, limits(open_operations=1))
    ann = tenant(registry)
    first = create(registry, ann, "one").operation
    with pytest.raises(CapacityError) as caught:
        create(registry, ann, "two")
    assert caught.value.retry_after > 0
    # What is there already may still be changed, closed and removed.
    finish(registry, first)
    registry.intents.transition(scope_of(ann), first.store, RETIRE)


def test_a_refused_creation_leaves_nothing(registry: Registry, ann: Tenant, bob: Tenant) -> None:
    create(registry, ann)
    before = registry.journal.newest()
    with pytest.raises(NameTakenError):
        create(registry, bob)
    assert registry.journal.newest() == before
    assert registry.operations.count_open() == 1
    assert len(registry.stores.stack_uids("fake")) == 1


# --- Idempotency-Key ------------------------------------------------------------------------------

ONCE = IdempotencyKey(key="k", fingerprint="f")
OTHER = IdempotencyKey(key="k", fingerprint="g")


def test_the_same_key_and_request_is_the_same_operation(registry: Registry, ann: Tenant) -> None:
    first, second = create(registry, ann, once=ONCE), create(registry, ann, once=ONCE)
    assert (first.new, second.new) == (True, False)
    assert first.operation == second.operation


def test_a_key_with_another_request_is_refused(registry: Registry, ann: Tenant) -> None:
    create(registry, ann, once=ONCE)
    with pytest.raises(IdempotencyKeyReusedError):
        create(registry, ann, "other", once=OTHER)


def test_keys_of_two_tenants_never_meet(registry: Registry, ann: Tenant, bob: Tenant) -> None:
    create(registry, ann, "one", once=ONCE)
    assert create(registry, bob, "two", once=OTHER).new


def test_a_key_of_a_refused_request_is_free(registry: Registry, ann: Tenant, bob: Tenant) -> None:
    create(registry, bob)
    with pytest.raises(NameTakenError):
        create(registry, ann, once=ONCE)
    assert create(registry, ann, "other", once=OTHER).new


def test_one_key_sent_at_once_is_one_operation(registry: Registry, ann: Tenant) -> None:
    outcomes = at_once(*[lambda: create(registry, ann, once=ONCE)] * 4)
    assert len({item.operation.id for item in outcomes}) == 1
    assert sum(item.new for item in outcomes) == 1


def test_a_key_covers_changes_and_transitions(registry: Registry, ann: Tenant) -> None:
    found = store(registry, ann)
    wanted = spec(weight_unit="lbs")
    first = registry.intents.change(scope_of(ann), found.uid, wanted, once=ONCE)
    again = registry.intents.change(scope_of(ann), found.uid, wanted, once=ONCE)
    assert first is not None
    assert again is not None
    assert (again.operation, again.new) == (first.operation, False)
    finish(registry, first.operation)
    key = IdempotencyKey(key="retire", fingerprint="f")
    gone = registry.intents.transition(scope_of(ann), found.uid, RETIRE, key)
    move(registry, finish(registry, gone.operation).store, UNDELETE)
    # Sent again after the store came back: the answer of then, not a second retirement.
    replayed = registry.intents.transition(scope_of(ann), found.uid, RETIRE, key)
    assert (replayed.operation.id, replayed.new) == (gone.operation.id, False)
    assert registry.stores.get(scope_of(ann), "acme").desired is Desired.ACTIVE


def test_old_keys_are_forgotten(
    registry: Registry, ann: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(registry, ann, once=ONCE)
    idempotency.forget_old(registry.database)
    with pytest.raises(IdempotencyKeyReusedError):
        create(registry, ann, "other", once=OTHER)
    monkeypatch.setattr(idempotency, "KEPT", timedelta(0))
    idempotency.forget_old(registry.database)
    assert create(registry, ann, "other", once=OTHER).new


# --- change ---------------------------------------------------------------------------------------


def test_a_change_makes_a_new_generation(registry: Registry, ann: Tenant) -> None:
    found = store(registry, ann, labels={"old": "1"})
    wanted = spec(weight_unit="lbs", labels={"new": "2"})
    accepted = registry.intents.change(scope_of(ann), found.uid, wanted, expected=(1,))
    changed = registry.stores.get(scope_of(ann), "acme")
    assert accepted is not None
    assert accepted.operation.kind is OperationKind.CHANGE
    assert (changed.generation, changed.spec) == (2, wanted)
    assert changed.status.phase is Phase.CHANGING
    row = registry.journal.audit_of(f"store:{found.uid}")[-1]
    assert (row["action"], row["actor"]) == ("store.change", ann.owner)
    assert row["before"] == '{"weightUnit":"kgs","labels":{"old":"1"}}'
    assert row["after"] == '{"weightUnit":"lbs","labels":{"new":"2"}}'


def test_a_change_to_the_same_is_nothing(registry: Registry, ann: Tenant) -> None:
    found = store(registry, ann)
    assert registry.intents.change(scope_of(ann), found.uid, spec()) is None
    assert registry.stores.get(scope_of(ann), "acme").generation == 1


def test_a_change_of_an_old_version_is_refused(registry: Registry, ann: Tenant) -> None:
    found = store(registry, ann)
    with pytest.raises(PreconditionFailedError):
        registry.intents.change(scope_of(ann), found.uid, spec(weight_unit="lbs"), expected=(7,))


def test_two_changes_of_one_version_at_once_do_not_overwrite_each_other(
    registry: Registry, ann: Tenant
) -> None:
    found = store(registry, ann)

    def change(name: str) -> Any:
        wanted = spec(display_name=name)
        return registry.intents.change(scope_of(ann), found.uid, wanted, expected=(1,))

    outcomes = at_once(lambda: change("A"), lambda: change("B"))
    assert sum(isinstance(item, Accepted) for item in outcomes) == 1, outcomes
    assert sum(isinstance(item, ConflictError) for item in outcomes) == 1


def test_a_change_waits_for_the_operation_that_runs(registry: Registry, ann: Tenant) -> None:
    running = create(registry, ann).operation
    with pytest.raises(OperationInProgressError) as caught:
        registry.intents.change(scope_of(ann), running.store, spec(weight_unit="lbs"))
    assert caught.value.params["operation"] == running.id


def test_a_newer_change_takes_the_place_of_one_that_goes_on(
    registry: Registry, ann: Tenant
) -> None:
    found = store(registry, ann)
    first = registry.intents.change(scope_of(ann), found.uid, spec(weight_unit="lbs"))
    second = registry.intents.change(scope_of(ann), found.uid, spec(timezone="UTC"))
    assert first is not None
    assert second is not None
    over = registry.operations.get(scope_of(ann), first.operation.id)
    assert over.state is OperationState.SUPERSEDED
    assert over.finished_at is not None
    after = registry.stores.get(scope_of(ann), "acme")
    assert (after.operation, after.spec) == (second.operation.id, spec(timezone="UTC"))


@pytest.mark.parametrize("desired", [Desired.RETIRED, Desired.PURGED])
def test_what_is_gone_cannot_be_changed(registry: Registry, ann: Tenant, desired: Desired) -> None:
    found = move(registry, store(registry, ann).uid, *WAYS[desired])
    with pytest.raises(WrongStateError):
        registry.intents.change(scope_of(ann), found.uid, spec(weight_unit="lbs"))


# --- the life cycle -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(TARGETS))
@pytest.mark.parametrize("desired", list(Desired))
def test_a_transition_starts_only_from_the_states_it_may(
    registry: Registry, ann: Tenant, desired: Desired, kind: OperationKind
) -> None:
    found = move(registry, store(registry, ann).uid, *WAYS[desired])
    before = found.operation
    if TARGETS[kind][0] is desired:
        accepted = registry.intents.transition(scope_of(ann), found.uid, kind)
        assert (accepted.operation.id, accepted.new) == (before, False)
    elif desired not in SOURCES[kind]:
        with pytest.raises(WrongStateError):
            registry.intents.transition(scope_of(ann), found.uid, kind)
    else:
        accepted = registry.intents.transition(scope_of(ann), found.uid, kind)
        moved = registry.stores.get(scope_of(ann), found.uid)
        stack = registry.stores.stack(found.stack)
        assert accepted.new
        assert accepted.operation.kind is kind
        assert moved.generation == found.generation + 1
        assert stack is not None
        assert (moved.desired, stack.desired) == TARGETS[kind]


def test_a_retirement_takes_the_place_of_what_runs(registry: Registry, ann: Tenant) -> None:
    creation = create(registry, ann).operation
    retirement = registry.intents.transition(scope_of(ann), creation.store, RETIRE)
    superseded = registry.operations.get(scope_of(ann), creation.id)
    assert superseded.state is OperationState.SUPERSEDED
    assert superseded.finished_at is not None
    assert retirement.new
    reasons = [event.note.reason for event in registry.journal.latest(scope_of(ann))]
    assert reasons == ["StoreAccepted", "Superseded", "RetireAccepted"]


def test_a_suspension_takes_the_place_of_what_runs(registry: Registry, ann: Tenant) -> None:
    found = store(registry, ann)
    registry.intents.change(scope_of(ann), found.uid, spec(weight_unit="lbs"))
    assert registry.intents.transition(scope_of(ann), found.uid, SUSPEND).new
    reasons = [event.note.reason for event in registry.journal.latest(scope_of(ann))]
    assert reasons[-2:] == ["Superseded", "SuspendAccepted"]


@pytest.mark.parametrize(
    ("before", "kind"), [(SUSPEND, OperationKind.RESUME), (RETIRE, OperationKind.PURGE)]
)
def test_nothing_else_does(
    registry: Registry, ann: Tenant, before: OperationKind, kind: OperationKind
) -> None:
    found = store(registry, ann)
    registry.intents.transition(scope_of(ann), found.uid, before)
    with pytest.raises(OperationInProgressError):
        registry.intents.transition(scope_of(ann), found.uid, kind)


def test_the_tombstone_says_until_when_the_data_is_kept(registry: Registry, ann: Tenant) -> None:
    found = store(registry, ann)
    registry.intents.transition(scope_of(ann), found.uid, RETIRE)
    told = registry.journal.latest(scope_of(ann))[-1]
    until = datetime.fromisoformat(str(told.note.params["until"])).date()
    assert until - datetime.now(UTC).date() in {timedelta(days=29), timedelta(days=30)}


def test_undelete_lifts_the_tombstone(registry: Registry, ann: Tenant) -> None:
    found = move(registry, store(registry, ann).uid, RETIRE)
    assert found.retired_at is not None
    assert found.status.phase is Phase.RETIRED
    back = move(registry, found.uid, UNDELETE)
    assert (back.retired_at, back.desired, back.status.phase) == (
        None,
        Desired.ACTIVE,
        Phase.READY,
    )


def test_live_stores_whose_time_is_up_are_found(registry: Registry, ann: Tenant) -> None:
    now = datetime.now(UTC)
    soon, later = now + timedelta(hours=1), now + timedelta(hours=3)
    active = store(registry, ann, "one", expires_at=soon)
    suspended = move(registry, store(registry, ann, "two", expires_at=soon).uid, SUSPEND)
    move(registry, store(registry, ann, "three", expires_at=soon).uid, RETIRE)
    store(registry, ann, "four", expires_at=later)
    store(registry, ann, "five")
    assert registry.stores.expired(now) == []
    assert set(registry.stores.expired(now + timedelta(hours=2))) == {active.uid, suspended.uid}


def test_only_tombstones_past_their_grace_are_found(registry: Registry, ann: Tenant) -> None:
    retired = move(registry, store(registry, ann, "one").uid, RETIRE)
    move(registry, store(registry, ann, "two").uid, RETIRE, PURGE)
    move(registry, store(registry, ann, "three").uid, RETIRE, UNDELETE)
    store(registry, ann, "four")
    now = datetime.now(UTC)
    assert registry.stores.tombstones_over(now - timedelta(days=1)) == []
    assert registry.stores.tombstones_over(now) == [retired.uid]


# --- retry ----------------------------------------------------------------------------------------


def test_a_failed_operation_is_tried_again_from_the_step_that_failed(
    registry: Registry, ann: Tenant
) -> None:
    created = create(registry, ann).operation
    fail(registry, created.store)
    failed = registry.operations.get(scope_of(ann), created.id)
    assert failed.state is OperationState.FAILED
    assert failed.error == Note.of("wrong_shop", endpoint="http://127.0.0.1:1")
    assert registry.stores.get(scope_of(ann), "acme").status.phase is Phase.FAILED
    retried = registry.intents.retry(scope_of(ann), created.id)
    assert retried == registry.operations.get(scope_of(ann), created.id)
    assert (retried.state, retried.error, retried.finished_at) == (
        OperationState.PENDING,
        None,
        None,
    )
    assert {step.state for step in retried.steps} == {StepState.PENDING}
    assert retried.deadline > created.deadline
    assert {ref.uid for ref in registry.queue.due(10)} >= {created.store}
    assert finish(registry, retried).state is OperationState.SUCCEEDED


def test_a_retried_creation_is_no_longer_called_failed(registry: Registry, ann: Tenant) -> None:
    created = create(registry, ann).operation
    fail(registry, created.store)
    registry.intents.retry(scope_of(ann), created.id)
    assert registry.stores.get(scope_of(ann), "acme").status.phase is Phase.PROVISIONING


def test_only_the_latest_failed_operation_can_be_tried_again(
    registry: Registry, ann: Tenant, bob: Tenant
) -> None:
    created = create(registry, ann).operation
    with pytest.raises(WrongStateError):
        registry.intents.retry(scope_of(ann), created.id)
    fail(registry, created.store)
    with pytest.raises(StoreNotFoundError):
        registry.intents.retry(scope_of(bob), created.id)
    registry.intents.transition(scope_of(ann), created.store, RETIRE)
    with pytest.raises(WrongStateError):
        registry.intents.retry(scope_of(ann), created.id)


def test_a_failed_operation_does_not_block_a_change(registry: Registry, ann: Tenant) -> None:
    created = create(registry, ann).operation
    fail(registry, created.store)
    assert registry.intents.change(scope_of(ann), created.store, spec(weight_unit="lbs"))
