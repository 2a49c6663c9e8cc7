"""Exchange rates in the database: sets, sources, and which store is due."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from controller.domain.commerce import Currencies
from controller.domain.conditions import Phase
from controller.domain.errors.rates import RatesMovedOnError
from controller.domain.notes import Note
from controller.domain.operations import OperationKind
from controller.domain.rates import PushState, Quote
from controller.domain.tenant import Scope, Tenant
from controller.jobs.rate_sync import FLEET_RATES
from controller.registry.leases import Lease, Leases
from controller.registry.progress import LeaseLostError
from controller.registry.rate_pushes import Outcome
from controller.registry.registry import Registry
from controller.registry.tables import (
    LeaseRow,
    RatePushRow,
    RateSetRow,
    RateSourceRow,
    StackRow,
    StoreRow,
    table,
)
from tests import factories

FRIDAY = date(2026, 11, 20)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MANY = Currencies(base="EUR", default="EUR", allowed=("EUR", "USD"))


@pytest.fixture
def leases(registry: Registry) -> Leases:
    return Leases(registry.database, holder="one", seconds=60)


@pytest.fixture
def lease(leases: Leases) -> Lease:
    found = leases.acquire(FLEET_RATES)
    assert found is not None
    return found


def quotes(**rates: str) -> dict[str, Quote]:
    return {code: Quote(rate=Decimal(rate), as_of=FRIDAY) for code, rate in rates.items()}


def accept(registry: Registry, lease: Lease, found: Mapping[str, Quote] | None = None) -> bool:
    last = registry.rates.newest()
    return registry.rates.accept(lease, last, "ecb", "EUR", FRIDAY, found or quotes(USD="1.08"))


def lose(registry: Registry) -> None:
    """Let somebody else hold the lease."""
    with registry.database.write() as connection:
        connection.execute(update(table(LeaseRow)).values(token="another's"))


def change(registry: Registry, row: Any, **values: Any) -> None:
    with registry.database.write() as connection:
        connection.execute(update(table(row)).values(**values))


def served(registry: Registry, who: Tenant, slug: str = "acme") -> str:
    """A store that is ready and reached; its uid."""
    spec = factories.spec(slug)
    commerce = spec.commerce
    changed = {"commerce": type(commerce)(**{**vars(commerce), "currencies": MANY})}
    store = factories.store(registry, who, slug, **changed)
    change(registry, StackRow, endpoint="http://127.0.0.1:1")
    return store.uid


def due(registry: Registry) -> list[str]:
    newest = registry.rates.newest()
    found = registry.rate_pushes.due(newest.id if newest else 0, after="", limit=100)
    assert registry.rate_pushes.any_due() == bool(found)
    return [item.uid for item in found]


def outcome(uid: str, state: PushState, set_id: int, **more: Any) -> Outcome:
    return Outcome(uid=uid, generation=1, state=state, set_id=set_id, **more)


# --- sets -----------------------------------------------------------------------------------------


def test_before_the_first_set_there_is_none(registry: Registry) -> None:
    assert registry.rates.newest() is None
    assert registry.rates.approve(Scope.operator(), None) is None


def test_a_set_is_kept_to_the_last_digit(registry: Registry, lease: Lease) -> None:
    exact = {
        "USD": Quote(rate=Decimal("1.08570000000000000000001"), as_of=FRIDAY),
        "GBP": Quote(rate=Decimal("0.84"), as_of=date(2026, 11, 19), held=Decimal("8.4E+2")),
    }
    assert accept(registry, lease, exact)
    newest = registry.rates.newest()
    assert newest is not None
    assert newest.quotes == exact
    assert (newest.provider, newest.base, newest.as_of) == ("ecb", "EUR", FRIDAY)
    assert list(newest.held) == ["GBP"]


def test_a_set_that_was_judged_beside_an_older_one_is_not_taken(
    registry: Registry, lease: Lease
) -> None:
    assert accept(registry, lease)
    old = registry.rates.newest()
    assert accept(registry, lease)
    assert not registry.rates.accept(lease, old, "ecb", "EUR", FRIDAY, quotes(USD="2"))
    assert not registry.rates.accept(lease, None, "ecb", "EUR", FRIDAY, quotes(USD="2"))
    newest = registry.rates.newest()
    assert newest is not None
    assert newest.quotes["USD"].rate == Decimal("1.08")


def test_an_approval_puts_the_waiting_quotes_in_force_and_is_on_record(
    registry: Registry, lease: Lease
) -> None:
    waiting = {
        "USD": Quote(rate=Decimal(1), as_of=date(2026, 11, 19), held=Decimal(2)),
        "GBP": Quote(rate=Decimal("0.84"), as_of=FRIDAY),
    }
    accept(registry, lease, waiting)
    seen = registry.rates.newest()
    assert seen is not None
    newest = registry.rates.approve(Scope.operator("ann"), seen.id)
    assert newest is not None
    assert newest.id > seen.id
    assert newest.quotes == quotes(USD="2", GBP="0.84")
    (row,) = registry.journal.audit_of(f"rates:{seen.id}")
    assert (row["actor"], row["action"]) == ("ann", "approve-rates")
    assert registry.journal.broken_link() is None
    # Again there is nothing to approve, and what was seen is not the newest any more.
    assert registry.rates.approve(Scope.operator(), None) == newest
    with pytest.raises(RatesMovedOnError):
        registry.rates.approve(Scope.operator(), seen.id)


def test_old_sets_are_forgotten_but_not_the_newest(registry: Registry, lease: Lease) -> None:
    accept(registry, lease)
    accept(registry, lease, quotes(USD="2"))
    newest = registry.rates.newest()
    change(registry, RateSetRow, fetched_at=LONG_AGO)
    registry.rates.forget_old()
    kept = registry.rates.newest()
    assert kept is not None
    assert newest is not None
    assert (kept.id, kept.quotes) == (newest.id, newest.quotes)


# --- sources --------------------------------------------------------------------------------------


def test_nobody_is_asked_while_no_store_needs_rates(registry: Registry, lease: Lease) -> None:
    assert not registry.rates.to_ask("ecb")
    registry.rates.ask("ecb")
    assert registry.rates.to_ask("ecb")
    registry.rates.told(lease, "ecb", None, 0)
    assert not registry.rates.to_ask("ecb")


def test_a_source_is_asked_when_it_is_time_and_somebody_needs_it(
    registry: Registry, lease: Lease, ann: Tenant
) -> None:
    uid = served(registry, ann)
    registry.rate_pushes.record(lease, [outcome(uid, PushState.PENDING, 0)])
    assert registry.rates.to_ask("ecb")
    registry.rates.told(lease, "ecb", None, 3600)
    assert not registry.rates.to_ask("ecb")
    assert registry.rates.to_ask("another")
    change(registry, RateSourceRow, due_at=1.0)
    assert registry.rates.to_ask("ecb")


def test_failures_in_a_row_are_counted_until_it_succeeds(registry: Registry, lease: Lease) -> None:
    down = Note.of("rates_unavailable", source="ecb", detail="x")
    assert [registry.rates.told(lease, "ecb", down, 60) for _ in range(3)] == [1, 2, 3]
    (state,) = registry.rates.sources()
    assert (state.error, state.failures, state.succeeded_at) == (down, 3, None)
    assert registry.rates.told(lease, "ecb", None, 60) == 0
    (state,) = registry.rates.sources()
    assert (state.error, state.failures) == (None, 0)
    succeeded = state.succeeded_at
    registry.rates.told(lease, "ecb", down, 60)
    assert registry.rates.sources()[0].succeeded_at == succeeded


# --- pushes ---------------------------------------------------------------------------------------


def test_a_store_is_due_until_it_was_looked_at(
    registry: Registry, lease: Lease, ann: Tenant
) -> None:
    uid = served(registry, ann)
    assert due(registry) == [uid]
    registry.rate_pushes.record(lease, [outcome(uid, PushState.PENDING, 0)])
    assert due(registry) == []


def test_a_newer_set_makes_every_store_due_that_needs_it(
    registry: Registry, lease: Lease, ann: Tenant
) -> None:
    one, other = served(registry, ann, "one"), served(registry, ann, "other")
    registry.rate_pushes.record(
        lease, [outcome(one, PushState.PENDING, 0), outcome(other, PushState.UNNEEDED, 0)]
    )
    accept(registry, lease)
    assert due(registry) == [one]
    newest = registry.rates.newest()
    assert newest is not None
    sent = outcome(one, PushState.SENT, newest.id, digest="d", sent=True)
    registry.rate_pushes.record(lease, [sent])
    assert due(registry) == []
    (looked,) = registry.rate_pushes.due(newest.id + 1, after="", limit=10)
    assert (looked.digest, looked.attempts, looked.generation) == ("d", 0, 1)


def test_a_changed_store_is_due_again(registry: Registry, lease: Lease, ann: Tenant) -> None:
    uid = served(registry, ann)
    registry.rate_pushes.record(lease, [outcome(uid, PushState.UNNEEDED, 0)])
    assert due(registry) == []
    change(registry, StoreRow, generation=2)
    assert due(registry) == [uid]


@pytest.mark.parametrize("due_in", [-1.0, 60.0, None], ids=["over", "not yet", "never"])
def test_a_failure_is_tried_again_when_its_pause_is_over(
    registry: Registry, lease: Lease, ann: Tenant, due_in: float | None
) -> None:
    uid = served(registry, ann)
    error = Note.of("shop_unreachable", detail="x")
    registry.rate_pushes.record(
        lease, [outcome(uid, PushState.FAILED, 0, error=error, due_in=due_in, attempts=3)]
    )
    assert due(registry) == ([uid] if due_in == -1.0 else [])
    push = registry.rate_pushes.push(uid)
    assert push is not None
    assert (push.state, push.error, push.attempts) == (PushState.FAILED, error, 3)
    assert push.due_in == (None if due_in is None else pytest.approx(due_in, abs=5))


@pytest.mark.parametrize("phase", [Phase.PROVISIONING, Phase.FAILED, Phase.RETIRED, Phase.PURGED])
def test_a_store_that_is_not_complete_or_gone_is_not_due(
    registry: Registry, ann: Tenant, phase: Phase
) -> None:
    served(registry, ann)
    change(registry, StoreRow, phase=str(phase))
    assert due(registry) == []


def test_a_shop_that_does_not_run_waits_until_it_does(
    registry: Registry, lease: Lease, ann: Tenant
) -> None:
    uid = served(registry, ann)
    accept(registry, lease)
    registry.rate_pushes.record(lease, [outcome(uid, PushState.PENDING, 0)])
    for stopped in ({"endpoint": None}, {"endpoint": "http://x", "desired": "stopped"}):
        change(registry, StackRow, **stopped)
        assert due(registry) == []
        push = registry.rate_pushes.push(uid)
        assert push is not None
        assert push.state is PushState.HELD
        assert registry.rate_pushes.counts(Scope.system()) == {"held": 1}
    change(registry, StackRow, desired="closed")
    assert due(registry) == [uid]
    assert registry.rate_pushes.counts(Scope.system()) == {"pending": 1}


def test_an_older_sets_outcome_never_overwrites_a_newer_ones(
    registry: Registry, lease: Lease, ann: Tenant
) -> None:
    uid = served(registry, ann)
    newer = outcome(uid, PushState.SENT, 7, digest="new", sent=True)
    older = outcome(uid, PushState.SENT, 6, digest="old", sent=True)
    registry.rate_pushes.record(lease, [newer])
    registry.rate_pushes.record(lease, [older])
    push = registry.rate_pushes.push(uid)
    assert push is not None
    assert (push.set_id, push.sent_set_id) == (7, 7)


def test_what_a_shop_has_is_remembered_over_a_failure(
    registry: Registry, lease: Lease, ann: Tenant
) -> None:
    uid = served(registry, ann)
    registry.rate_pushes.record(lease, [outcome(uid, PushState.SENT, 1, digest="d", sent=True)])
    sent = registry.rate_pushes.push(uid)
    assert sent is not None
    registry.rate_pushes.record(lease, [outcome(uid, PushState.FAILED, 2, attempts=1, due_in=9)])
    push = registry.rate_pushes.push(uid)
    assert push is not None
    assert (push.set_id, push.sent_set_id, push.sent_at) == (2, 1, sent.sent_at)
    # Whether it went through is not known, so the next time it is sent whatever it is.
    (looked,) = registry.rate_pushes.due(3, after="", limit=10)
    assert looked.digest == ""
    # The very rates again: it has the newer set by that, and was sent nothing.
    registry.rate_pushes.record(lease, [outcome(uid, PushState.SENT, 3, digest="d")])
    push = registry.rate_pushes.push(uid)
    assert push is not None
    assert (push.sent_set_id, push.sent_at) == (3, sent.sent_at)


def test_whoever_lost_the_lease_writes_nothing(
    registry: Registry, leases: Leases, lease: Lease, ann: Tenant
) -> None:
    uid = served(registry, ann)
    assert leases.keep(lease)
    lose(registry)
    assert not leases.keep(lease)
    for write in (
        lambda: accept(registry, lease),
        lambda: registry.rates.told(lease, "ecb", None, 60),
        lambda: registry.rate_pushes.record(lease, [outcome(uid, PushState.SENT, 1, sent=True)]),
    ):
        with pytest.raises(LeaseLostError):
            write()
    assert registry.rates.newest() is None
    assert registry.rates.sources() == []
    assert registry.rate_pushes.push(uid) is None


def test_pages_go_by_uid(registry: Registry, ann: Tenant) -> None:
    uids = sorted(served(registry, ann, f"shop-{number}") for number in range(5))
    pages, after = [], ""
    while page := registry.rate_pushes.due(1, after=after, limit=2):
        pages.append([item.uid for item in page])
        after = page[-1].uid
    assert pages == [uids[:2], uids[2:4], uids[4:]]


def test_a_purged_store_is_no_ones_business(registry: Registry, ann: Tenant) -> None:
    uid = served(registry, ann)
    factories.move(registry, uid, OperationKind.RETIRE, OperationKind.PURGE)
    assert due(registry) == []
    assert table(RatePushRow).c.store_uid.foreign_keys
