"""What is found and what is not: pages, filters, the limits of a tenant's sight."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from controller.domain.conditions import Phase
from controller.domain.errors.stores import (
    OperationNotFoundError,
    StoreNotFoundError,
    TenantNotFoundError,
)
from controller.domain.operations import Operation, OperationKind, OperationState
from controller.domain.tenant import Scope, Tenant
from controller.registry.registry import Registry
from controller.registry.stores import StoreQuery
from tests.factories import at_once, create, finish, move, scope_of, spec, store, tenant

EVERYTHING = Scope.operator()


def names(registry: Registry, scope: Scope = EVERYTHING, **query: Any) -> list[str]:
    return [row["slug"] for row in registry.stores.page(scope, StoreQuery(**query))]


def test_pages_are_the_whole_list_in_order(registry: Registry, ann: Tenant) -> None:
    slugs = [f"s{number:02}-{letter}" for number in range(7) for letter in "xy"]
    for slug in reversed(slugs):
        create(registry, ann, slug)
    found: list[str] = []
    while True:
        page = names(registry, limit=3, after=found[-1] if found else None)
        if not page:
            break
        assert len(page) <= 3
        found += page
    assert found == slugs


def test_pages_miss_and_repeat_nothing_while_stores_come(registry: Registry, ann: Tenant) -> None:
    before = [f"shop-{number:02}" for number in range(0, 40, 2)]
    for slug in before:
        create(registry, ann, slug)
    found: list[str] = []
    for number in count():
        page = names(registry, limit=4, after=found[-1] if found else None)
        found += page
        if not page:
            break
        # One before the cursor, one right behind it: an offset would repeat or skip.
        create(registry, ann, f"a-{number:02}")
        if number < 5:
            create(registry, ann, f"{found[-1]}-b")
    assert len(found) == len(set(found))
    assert found == sorted(found)
    assert set(found) == {*before, *(name for name in found if name.endswith("-b"))}
    assert len(found) == len(before) + 5


def test_a_page_is_narrowed_by_phase_label_and_beginning(
    registry: Registry, ann: Tenant, bob: Tenant
) -> None:
    store(registry, ann, "tea-house", labels={"team": "tea"})
    create(registry, ann, "tea-shop", labels={"team": "tea", "stage": "test"})
    create(registry, bob, "teapot", labels={"team": "pots"})
    create(registry, bob, "coffee", labels={"stage": "tea"})
    assert names(registry, phase=str(Phase.READY)) == ["tea-house"]
    assert names(registry, label=("team", "tea")) == ["tea-house", "tea-shop"]
    assert names(registry, label=("team", "te")) == []
    assert names(registry, search="tea") == ["tea-house", "tea-shop", "teapot"]
    assert names(registry, search="tea-") == ["tea-house", "tea-shop"]
    assert names(registry, search="tea%") == []
    assert names(registry, search="_ea") == []
    assert names(registry, tenant=bob.uid) == ["coffee", "teapot"]
    assert names(registry, search="tea", label=("team", "tea"), limit=1) == ["tea-house"]


def test_a_changed_label_is_found_by_its_new_value_only(registry: Registry, ann: Tenant) -> None:
    found = store(registry, ann, labels={"stage": "test"})
    registry.intents.change(scope_of(ann), found.uid, spec(labels={"stage": "live"}))
    assert names(registry, label=("stage", "test")) == []
    assert names(registry, label=("stage", "live")) == ["acme"]


def test_the_purged_are_in_no_list(registry: Registry, ann: Tenant) -> None:
    found = move(registry, store(registry, ann).uid, OperationKind.RETIRE)
    assert names(registry) == ["acme"]
    move(registry, found.uid, OperationKind.PURGE)
    assert names(registry) == []
    assert registry.stores.count_by_phase() == {}
    assert registry.stores.any_ever()
    with pytest.raises(StoreNotFoundError):
        registry.stores.get(EVERYTHING, "acme")


HIDDEN: dict[str, tuple[Callable[[Registry, Scope, Operation], Any], type[Exception]]] = {
    "store by name": (lambda r, s, op: r.stores.get(s, op.slug), StoreNotFoundError),
    "store by uid": (lambda r, s, op: r.stores.get(s, op.store), StoreNotFoundError),
    "resource": (lambda r, s, op: r.stores.resource(s, op.slug), StoreNotFoundError),
    "operation": (lambda r, s, op: r.operations.get(s, op.id), OperationNotFoundError),
    "change": (
        lambda r, s, op: r.intents.change(s, op.store, spec(weight_unit="lbs")),
        StoreNotFoundError,
    ),
    "retire": (
        lambda r, s, op: r.intents.transition(s, op.store, OperationKind.RETIRE),
        StoreNotFoundError,
    ),
    "retry": (lambda r, s, op: r.intents.retry(s, op.id), StoreNotFoundError),
}


@pytest.mark.parametrize("way", HIDDEN)
def test_another_tenant_finds_nothing(
    registry: Registry, ann: Tenant, bob: Tenant, way: str
) -> None:
    operation = create(registry, ann).operation
    call, error = HIDDEN[way]
    with pytest.raises(error):
        call(registry, scope_of(bob), operation)
    assert registry.stores.get(scope_of(ann), "acme").generation == 1


def test_another_tenants_lists_are_empty(registry: Registry, ann: Tenant, bob: Tenant) -> None:
    operation = create(registry, ann).operation
    hers = scope_of(bob)
    assert names(registry, hers) == []
    assert names(registry, hers, tenant=ann.uid) == []
    assert registry.operations.page(hers, limit=10) == []
    assert registry.operations.page(hers, limit=10, store=operation.store) == []
    assert registry.journal.latest(hers) == []
    assert registry.journal.after(hers, 0, store=operation.store) == []
    assert registry.journal.after(hers, 0, operation=operation.id) == []
    assert [found.uid for found in registry.tenants.page(hers, limit=10, after=None)] == [bob.uid]
    with pytest.raises(TenantNotFoundError):
        registry.tenants.get(hers, ann.uid)


def test_operations_are_listed_newest_first(registry: Registry, ann: Tenant) -> None:
    one = create(registry, ann, "one").operation
    finish(registry, one)
    two = create(registry, ann, "two").operation
    retired = registry.intents.transition(scope_of(ann), one.store, OperationKind.RETIRE).operation

    def page(**query: Any) -> list[str]:
        return [item.id for item in registry.operations.page(EVERYTHING, **query)]

    # Two made in one millisecond are in either order, so each page is asked about whole.
    assert set(page(limit=9)) == {one.id, two.id, retired.id}
    assert page(limit=9) == sorted(page(limit=9), reverse=True)
    newest = page(limit=9)
    assert page(limit=1) + page(limit=2, before=newest[0]) == newest
    assert set(page(limit=9, store=one.store)) == {one.id, retired.id}
    assert page(limit=9, state="succeeded") == [one.id]


def test_only_open_operations_past_their_deadline_are_overdue(
    registry: Registry, ann: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = create(registry, ann, "one").operation
    finish(registry, create(registry, ann, "two").operation)
    assert registry.operations.overdue() == []
    after = late.deadline + timedelta(seconds=1)
    monkeypatch.setattr("controller.registry.operations.utcnow", lambda: after)
    stack = registry.stores.get(EVERYTHING, "one").stack
    assert registry.operations.overdue() == [(stack, late)]


def test_an_estimate_is_what_four_of_five_took(registry: Registry, ann: Tenant) -> None:
    assert registry.operations.typical_seconds(OperationKind.CREATE) is None
    done = finish(registry, create(registry, ann).operation)
    assert done.state is OperationState.SUCCEEDED
    estimate = registry.operations.typical_seconds(OperationKind.CREATE)
    assert estimate is not None
    assert 0 <= estimate < 10
    assert registry.operations.typical_seconds(OperationKind.RETIRE) is None


def test_one_owner_who_comes_twice_at_once_is_one_tenant(registry: Registry) -> None:
    found = at_once(*[lambda: tenant(registry, "ann@example.com")] * 4)
    assert len({item.uid for item in found}) == 1
    assert len(registry.tenants.page(EVERYTHING, limit=9, after=None)) == 1


def test_tenants_are_paged_by_uid(registry: Registry) -> None:
    made = sorted(tenant(registry).uid for _ in range(5))
    first = registry.tenants.page(EVERYTHING, limit=3, after=None)
    rest = registry.tenants.page(EVERYTHING, limit=3, after=first[-1].uid)
    assert [found.uid for found in (*first, *rest)] == made
