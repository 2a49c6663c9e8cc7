"""Leases, what a stale one may no longer write, and whose turn it is."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import update

from controller.domain.conditions import met
from controller.domain.notes import Note
from controller.domain.operations import OperationState, StepState
from controller.domain.tenant import Scope, Tenant
from controller.registry.leases import Kind, Lease, Leases, Queue, Ref
from controller.registry.progress import LeaseLostError, PassResult, StepResult
from controller.registry.registry import Registry
from controller.registry.tables import LeaseRow, StackRow, StoreRow, table
from tests.factories import at_once, create, finish, scope_of, spec

REF = Ref(kind=Kind.STORE, uid="a")


def leases(registry: Registry, holder: str = "one", seconds: float = 60) -> Leases:
    return Leases(registry.database, holder=holder, seconds=seconds)


def let_expire(registry: Registry) -> None:
    """Move the end of every lease into the past, as if its worker had been paused for long."""
    with registry.database.write() as connection:
        connection.execute(update(table(LeaseRow)).values(expires_at=1.0))


# --- leases ---------------------------------------------------------------------------------------


def test_a_lease_is_held_by_one(registry: Registry) -> None:
    one, two = leases(registry, "one"), leases(registry, "two")
    held = one.acquire(REF)
    assert held is not None
    assert two.acquire(REF) is None
    # Not even by the same worker twice: two of its threads are two.
    assert one.acquire(REF) is None
    assert two.acquire(Ref(kind=Kind.STACK, uid="a")) is not None
    one.release(held)
    assert two.acquire(REF) is not None


def test_many_who_want_a_lease_at_once_are_one(registry: Registry) -> None:
    for number in range(10):
        ref = Ref(kind=Kind.STORE, uid=f"s{number}")
        taken = at_once(*[lambda ref=ref: leases(registry).acquire(ref)] * 4)
        assert sum(item is not None for item in taken) == 1


def test_an_expired_lease_goes_to_the_next(registry: Registry) -> None:
    one, two = leases(registry, "one"), leases(registry, "two")
    first = one.acquire(REF)
    let_expire(registry)
    second = two.acquire(REF)
    assert first is not None
    assert second is not None
    assert first.token != second.token
    # The overtaken one can neither give away nor prolong what is no longer its own.
    one.release(first)
    let_expire(registry)
    one.renew([first])
    assert leases(registry, "three").acquire(REF) is not None


def test_a_renewed_lease_is_kept(registry: Registry) -> None:
    one = leases(registry)
    held = one.acquire(REF)
    assert held is not None
    let_expire(registry)
    one.renew([held])
    one.renew([])
    assert leases(registry, "two").acquire(REF) is None


def test_a_home_that_starts_forgets_the_leases_of_its_last_life(registry: Registry) -> None:
    leases(registry).acquire(REF)
    leases(registry, "home").forget_all()
    assert leases(registry, "two").acquire(REF) is not None


# --- fencing --------------------------------------------------------------------------------------

STEP = StepResult(name="bind", state=StepState.DONE, note=Note.of("Bound", website="base"))
WRITES: dict[str, Callable[[Registry, Lease, Lease], Any]] = {
    "started": lambda r, store, _: r.progress.started(store, "bind"),
    "store": lambda r, store, _: r.progress.store(
        store,
        PassResult(generation=1, step=STEP, conditions=(met("Bound", "Bound", website="base"),)),
    ),
    "stack": lambda r, _, stack: r.progress.stack(
        stack,
        PassResult(generation=1, conditions=(met("Released", "Bound", website="base"),)),
        "http://x",
    ),
    "blind": lambda r, store, _: r.progress.blind(
        store, Note.of("DatabaseBusy"), Note.of("database_busy"), 1.0, 1
    ),
    "expire": lambda r, store, _: r.progress.expire(
        r.operations.page(Scope.system(), limit=1)[0], ["Bound"], store
    ),
}


@pytest.mark.parametrize("way", WRITES)
@pytest.mark.parametrize("overtaken", [True, False], ids=["overtaken", "given back"])
def test_a_stale_lease_writes_nothing(
    registry: Registry, ann: Tenant, way: str, *, overtaken: bool
) -> None:
    operation = create(registry, ann).operation
    before = registry.stores.with_stack(operation.store)
    assert before is not None
    stale = [
        leases(registry).acquire(ref)
        for ref in (
            Ref(kind=Kind.STORE, uid=before[0].uid),
            Ref(kind=Kind.STACK, uid=before[1].uid),
        )
    ]
    store, stack = stale
    assert store is not None
    assert stack is not None
    newest = registry.journal.newest()
    for lease in (store, stack):
        if overtaken:
            let_expire(registry)
            leases(registry, "two").acquire(lease.ref)
        else:
            leases(registry).release(lease)
    with pytest.raises(LeaseLostError):
        WRITES[way](registry, store, stack)
    assert registry.stores.with_stack(operation.store) == before
    assert registry.operations.get(scope_of(ann), operation.id) == operation
    assert registry.journal.newest() == newest


@pytest.mark.parametrize("way", WRITES)
def test_a_lease_that_is_held_writes(registry: Registry, ann: Tenant, way: str) -> None:
    operation = create(registry, ann).operation
    before = registry.stores.with_stack(operation.store)
    assert before is not None
    store = leases(registry).acquire(Ref(kind=Kind.STORE, uid=before[0].uid))
    stack = leases(registry).acquire(Ref(kind=Kind.STACK, uid=before[1].uid))
    assert store is not None
    assert stack is not None
    WRITES[way](registry, store, stack)
    after = registry.stores.with_stack(operation.store)
    assert (after, registry.operations.get(scope_of(ann), operation.id)) != (before, operation)


def test_a_pass_over_an_older_generation_does_not_end_the_newer_operation(
    registry: Registry, ann: Tenant
) -> None:
    finish(registry, create(registry, ann).operation)
    store = registry.stores.get(scope_of(ann), "acme")
    lease = leases(registry).acquire(Ref(kind=Kind.STORE, uid=store.uid))
    assert lease is not None
    changed = registry.intents.change(scope_of(ann), store.uid, spec(weight_unit="lbs"))
    assert changed is not None
    # The worker looked before the change came, and says now that all is as wanted.
    registry.progress.store(lease, PassResult(generation=1, settled=True, due_in=300))
    found = registry.operations.get(scope_of(ann), changed.operation.id)
    assert found.state is OperationState.PENDING
    assert registry.stores.get(scope_of(ann), "acme").status.observed_generation == 1
    leases(registry).release(lease)
    assert Ref(kind=Kind.STORE, uid=store.uid) in registry.queue.due(10)


def test_an_expired_operation_names_what_is_missing(registry: Registry, ann: Tenant) -> None:
    operation = create(registry, ann).operation
    lease = leases(registry).acquire(Ref(kind=Kind.STORE, uid=operation.store))
    assert lease is not None
    registry.progress.expire(operation, ["Bound", "Selling"], lease)
    ended = registry.operations.get(scope_of(ann), operation.id)
    assert ended.state is OperationState.FAILED
    assert ended.error == Note.of(
        "deadline_exceeded", minutes=15, missing="Bound, Selling", store="acme"
    )
    assert registry.stores.get(scope_of(ann), "acme").status.phase == "Failed"
    told = registry.journal.latest(scope_of(ann))[-1]
    assert (told.severity, told.note.reason) == ("Warning", "DeadlineExceeded")


# --- whose turn it is -----------------------------------------------------------------------------


def due_stores(registry: Registry, limit: int) -> list[str]:
    return [ref.uid for ref in registry.queue.due(limit) if ref.kind is Kind.STORE]


def aim(registry: Registry, uid: str, **values: Any) -> None:
    """Set when a store is due and whether a person waits."""
    with registry.database.write() as connection:
        stores = table(StoreRow)
        connection.execute(update(stores).where(stores.c.uid == uid).values(**values))


def test_a_tenant_with_many_does_not_starve_one_with_few(
    registry: Registry, ann: Tenant, bob: Tenant
) -> None:
    many = [create(registry, ann, f"shop-{number:03}").operation.store for number in range(100)]
    few = create(registry, bob, "only").operation.store
    turn = due_stores(registry, 8)
    assert few in turn
    assert set(turn) - {few} <= set(many)
    assert len(registry.queue.due(8)) == 8
    assert len(registry.queue.due(500)) == 202


def test_what_a_person_waits_for_comes_first(registry: Registry, ann: Tenant) -> None:
    routine, waited = (
        create(registry, ann, slug).operation.store for slug in ("routine", "waited")
    )
    with registry.database.write() as connection:
        connection.execute(update(table(StackRow)).values(due_at=None))
    aim(registry, routine, due_at=1.0, waited_on=False)
    aim(registry, waited, due_at=2.0, waited_on=True)
    assert due_stores(registry, 10) == [waited, routine]
    assert due_stores(registry, 1) == [waited]


def test_workers_of_one_queue_are_given_their_half(registry: Registry, ann: Tenant) -> None:
    routine, waited = (
        create(registry, ann, slug).operation.store for slug in ("routine", "waited")
    )
    aim(registry, routine, waited_on=False)
    queue = registry.queue

    def found(waited_on: bool) -> set[str]:
        due = queue.due(50, waited_on=waited_on)
        return {ref.uid for ref in due if ref.kind is Kind.STORE}

    assert found(True) == {waited}
    assert found(False) == {routine}


def test_neither_the_held_nor_the_later_nor_the_finished_are_due(
    registry: Registry, ann: Tenant
) -> None:
    held, later, finished, expired = (
        create(registry, ann, slug).operation.store for slug in ("aa", "bb", "cc", "dd")
    )
    short = leases(registry)
    short.acquire(Ref(kind=Kind.STORE, uid=expired))
    let_expire(registry)
    assert leases(registry).acquire(Ref(kind=Kind.STORE, uid=held))
    aim(registry, later, due_at=9e12)
    aim(registry, finished, due_at=None)
    assert due_stores(registry, 50) == [expired]


def test_a_quiet_look_is_put_off_unless_somebody_waits(registry: Registry, ann: Tenant) -> None:
    quiet, waited = (create(registry, ann, slug).operation.store for slug in ("aa", "bb"))
    aim(registry, quiet, waited_on=False)
    refs = [(Ref(kind=Kind.STORE, uid=uid), 60.0) for uid in (quiet, waited)]
    registry.queue.postpone(refs)
    assert due_stores(registry, 50) == [waited]


def test_all_of_a_driver_are_woken(registry: Registry, ann: Tenant) -> None:
    one, gone = (create(registry, ann, slug).operation.store for slug in ("aa", "bb"))
    aim(registry, one, due_at=9e12, waited_on=False)
    aim(registry, gone, due_at=None)
    registry.queue.wake_all("another driver")
    assert due_stores(registry, 50) == []
    registry.queue.wake_all("fake")
    assert due_stores(registry, 50) == [one]


def test_workers_that_share_a_queue_do_each_subject_once(registry: Registry, ann: Tenant) -> None:
    for number in range(12):
        create(registry, ann, f"shop-{number}")

    def work(name: str) -> list[Ref]:
        queue, mine = Queue(registry.database), leases(registry, name)
        return [ref for ref in queue.due(50) if mine.acquire(ref) is not None]

    with ThreadPoolExecutor(3) as pool:
        done = [ref for part in pool.map(work, "abc") for ref in part]
    assert len(done) == len(set(done)) == 24
