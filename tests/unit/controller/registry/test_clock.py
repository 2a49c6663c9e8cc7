"""Stored moments that lie too far ahead: a clock was set back after they were written."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from controller.domain.tenant import Tenant
from controller.registry.clock import Bound, bounds
from controller.registry.leases import Kind, Leases, Ref
from controller.registry.registry import Registry
from controller.registry.session import epoch_now, utcnow
from controller.registry.tables import LeaseRow, OperationRow, StackRow, StoreRow, table
from tests.factories import create, store

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
BOUNDS = bounds(resync=5.0, lease=15.0, rates_every=HOUR)


@pytest.fixture
def quiet(registry: Registry, ann: Tenant) -> Registry:
    """A registry with one store of which nothing is to be done."""
    store(registry, ann)
    return registry


def put_ahead(registry: Registry, seconds: float, *, failures: int = 0) -> None:
    with registry.database.write() as connection:
        for row in (StackRow, StoreRow):
            ahead = {"due_at": epoch_now() + seconds, "failures": failures, "waited_on": False}
            connection.execute(update(table(row)).values(ahead))


@pytest.mark.parametrize(
    ("ahead", "failures", "due"),
    [
        pytest.param(3 * DAY, 0, True, id="three-days"),
        pytest.param(3 * DAY, 5, True, id="three-days-of-one-that-failed"),
        pytest.param(10 * MINUTE, 0, True, id="ten-minutes-of-one-that-is-well"),
        pytest.param(10 * MINUTE, 3, False, id="the-pause-of-one-that-failed"),
        pytest.param(HOUR, 1, False, id="as-long-as-a-shop-asked"),
        pytest.param(5.0, 0, False, id="the-next-look"),
    ],
)
def test_no_due_time_beyond_its_bound_is_believed(
    quiet: Registry, ahead: float, failures: int, due: bool
) -> None:
    put_ahead(quiet, ahead, failures=failures)
    assert quiet.queue.due(10) == []
    quiet.clock.mend(BOUNDS)
    assert bool(quiet.queue.due(10)) is due


def test_a_dead_workers_lease_of_the_future_ends(quiet: Registry) -> None:
    ref = Ref(kind=Kind.STORE, uid="a")
    held = Leases(quiet.database, holder="gone", seconds=3 * DAY).acquire(ref)
    assert held is not None
    quiet.clock.mend(BOUNDS)
    left = table(LeaseRow).c.expires_at - epoch_now()
    with quiet.database.read() as connection:
        assert 0 < connection.execute(select(left)).scalar_one() <= 15


def test_a_deadline_of_the_future_comes(quiet: Registry, ann: Tenant) -> None:
    create(quiet, ann, "open")
    with quiet.database.write() as connection:
        connection.execute(
            update(table(OperationRow)).values(deadline=utcnow() + timedelta(days=3))
        )
    assert quiet.clock.mend(BOUNDS).total() > 0
    deadline = table(OperationRow).c.deadline
    with quiet.database.read() as connection:
        found = connection.execute(select(deadline)).scalars().all()
    assert all(one <= utcnow() + timedelta(minutes=16) for one in found)


def test_what_is_as_it_should_be_is_left_alone(quiet: Registry) -> None:
    assert quiet.clock.mend(BOUNDS).total() == 0


def test_every_column_that_is_waited_for_has_a_bound() -> None:
    """A new table with a `due_at` gets its bound, or a clock that is set back stops it."""
    from controller.registry import tables  # noqa: PLC0415

    waited = {
        f"{found.name}.due_at"
        for found in tables.SQLModel.metadata.tables.values()
        if "due_at" in found.c
    }
    bounded = {f"{one.column.table.name}.{one.column.name}" for one in BOUNDS}
    assert waited <= bounded


def test_the_longest_legitimate_pause_is_within_its_bound() -> None:
    slow = bounds(resync=600.0, lease=15.0, rates_every=7 * DAY)
    found: dict[str, list[Bound]] = {}
    for one in slow:
        found.setdefault(one.column.table.name, []).append(one)
    assert min(one.ahead for one in found["stores"]) > 600 * 1.1
    assert found["rate_sources"][0].ahead > 7 * DAY
