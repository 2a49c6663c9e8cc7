"""Which step comes next, for every state a stack and a store can be seen in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from controller.commerce.drift import Reaction
from controller.domain.commerce import CommerceSpec, Currencies, Payment, Shipping
from controller.domain.conditions import Desired, met
from controller.domain.errors.shops import ShopStartingError, ShopUnreachableError
from controller.domain.plans import Scale
from controller.domain.stack import Restore, Stack, StackDesired, StackSpec
from controller.domain.store import AppliedConfig, Store, StoreSpec, StoreStatus
from controller.engines.abilities import abilities_of
from controller.engines.base import ShopSeen
from controller.reconciler import stacks, stores
from controller.reconciler.stack_observation import StackSeen
from controller.reconciler.stores import StoreSeen
from provisioners.base import ReleaseState

NOW = datetime.now(UTC)
URL = "http://127.0.0.1:18100"


def stack(desired: StackDesired = StackDesired.RUNNING, *, settled: bool = True) -> Stack:
    kinds = ("SecretsApplied", "Released", "Answering")
    return Stack(
        uid="stack1",
        tenant="tenant1",
        engine="sandbox",
        version="1",
        driver="process",
        desired=desired,
        generation=2,
        observed_generation=2 if settled else 1,
        conditions={kind: met(kind, "NotStarted") for kind in kinds},
        endpoint=URL,
    )


def seen(release: ReleaseState, **more: object) -> StackSeen:
    up = {"secrets": True, "answering": None, "endpoint": URL}
    return StackSeen(**{"release": release, **up, **more})  # type: ignore[arg-type]


STARTING = ShopStartingError()
RESTORE = StackSpec(restore=Restore(backup="20261130T031700Z", run="a"))


@pytest.mark.parametrize(
    ("desired", "what", "expected"),
    [
        pytest.param(
            "running", seen(ReleaseState.ABSENT, secrets=False), "apply-secrets", id="new"
        ),
        pytest.param("running", seen(ReleaseState.ABSENT), "apply-release", id="secrets-there"),
        pytest.param("running", seen(ReleaseState.STOPPED), "apply-release", id="process-gone"),
        pytest.param("running", seen(ReleaseState.FAILED), "apply-release", id="ended-by-itself"),
        pytest.param("running", seen(ReleaseState.OUTDATED), "apply-release", id="older-values"),
        pytest.param(
            "running", seen(ReleaseState.PENDING, answering=STARTING), "await-engine", id="starting"
        ),
        pytest.param(
            "running", seen(ReleaseState.CURRENT, answering=STARTING), "await-engine", id="mute"
        ),
        pytest.param("running", seen(ReleaseState.CURRENT), None, id="as-wanted"),
        pytest.param("closed", seen(ReleaseState.OUTDATED), "apply-release", id="to-be-closed"),
        pytest.param("closed", seen(ReleaseState.CURRENT), None, id="closed"),
        pytest.param("stopped", seen(ReleaseState.CURRENT), "stop-release", id="to-be-stopped"),
        pytest.param("stopped", seen(ReleaseState.PENDING), "stop-release", id="stopped-early"),
        pytest.param("stopped", seen(ReleaseState.OUTDATED), "stop-release", id="stop-outdated"),
        pytest.param("stopped", seen(ReleaseState.STOPPED), None, id="stopped"),
        pytest.param("stopped", seen(ReleaseState.ABSENT), None, id="never-started"),
        pytest.param(
            "purged", seen(ReleaseState.STOPPED, held=("a",)), "delete-release", id="held"
        ),
        pytest.param("purged", seen(ReleaseState.ABSENT, held=()), None, id="nothing-left"),
        pytest.param(
            "running",
            seen(ReleaseState.ABSENT, secrets=False, infrastructure=False),
            "apply-infrastructure",
            id="nothing-around-it-yet",
        ),
        pytest.param(
            "running",
            seen(ReleaseState.CURRENT, infrastructure=False),
            "apply-infrastructure",
            id="something-else-around-it",
        ),
        pytest.param(
            "running",
            seen(ReleaseState.FAILED, infrastructure=False, secrets=False, turn=True),
            "take-values",
            id="what-may-heal-it",
        ),
        pytest.param(
            "purged",
            seen(ReleaseState.CURRENT, held=("a",), around=("b",)),
            "delete-release",
            id="the-release-goes-first",
        ),
        pytest.param(
            "purged",
            seen(ReleaseState.ABSENT, around=("b",)),
            "destroy-infrastructure",
            id="then-what-is-around-it",
        ),
    ],
)
def test_next_step_of_a_stack(desired: str, what: StackSeen, expected: str | None) -> None:
    step = stacks.next_step(stack(StackDesired(desired)), what)
    assert (step.name if step else None) == expected


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        pytest.param(ReleaseState.OUTDATED, "scale", id="before-the-chart-is-applied"),
        pytest.param(ReleaseState.CURRENT, "scale", id="while-it-runs"),
        pytest.param(ReleaseState.PENDING, "scale", id="while-it-starts"),
        pytest.param(ReleaseState.ABSENT, "apply-release", id="not-before-it-is-there"),
        pytest.param(ReleaseState.STOPPED, "apply-release", id="not-while-it-is-stopped"),
    ],
)
def test_what_was_asked_of_the_scale_goes_to_the_cluster_at_once(
    release: ReleaseState, expected: str
) -> None:
    asked = replace(stack(), spec=StackSpec(scale=Scale(min=1, max=3), rescale=True, now=2))
    step = stacks.next_step(asked, seen(release, answering=STARTING))
    assert step is not None
    assert step.name == expected


def closing(**more: object) -> Stack:
    spec = StackSpec(image="shop:1", aimed_at=NOW, **more)  # type: ignore[arg-type]
    return replace(stack(StackDesired.CLOSED, settled=False), cluster="main", spec=spec)


@pytest.mark.parametrize(
    ("shop", "what", "expected"),
    [
        pytest.param(
            closing(rescale=True),
            seen(ReleaseState.OUTDATED, infrastructure=False, answering=STARTING),
            "apply-release",
            id="before-all-else",
        ),
        pytest.param(
            closing(),
            seen(ReleaseState.PENDING, answering=STARTING),
            "await-engine",
            id="given-time",
        ),
        pytest.param(
            closing(),
            seen(ReleaseState.PENDING, answering=STARTING, overdue=True),
            "stop-release",
            id="not-for-ever",
        ),
        pytest.param(
            closing(),
            seen(ReleaseState.FAILED, answering=STARTING, overdue=True),
            "stop-release",
            id="failed-again-and-again",
        ),
        pytest.param(
            closing(),
            seen(ReleaseState.CURRENT, answering=STARTING, overdue=True),
            None,
            id="closed-and-not-reached",
        ),
        pytest.param(
            replace(closing(), spec=StackSpec(aimed_at=NOW)),
            seen(ReleaseState.PENDING, answering=STARTING),
            "stop-release",
            id="never-ran",
        ),
        pytest.param(
            closing(halted=True),
            seen(ReleaseState.OUTDATED, answering=STARTING),
            "stop-release",
            id="is-to-be-stopped",
        ),
        pytest.param(
            closing(halted=True), seen(ReleaseState.STOPPED, answering=STARTING), None, id="stopped"
        ),
    ],
)
def test_nothing_holds_up_what_is_to_close(
    shop: Stack, what: StackSeen, expected: str | None
) -> None:
    step = stacks.next_step(shop, what)
    assert (step.name if step else None) == expected


@pytest.mark.parametrize(
    ("spec", "release", "expected"),
    [
        pytest.param(RESTORE, ReleaseState.CURRENT, "load-backup", id="load"),
        pytest.param(RESTORE, ReleaseState.FAILED, "load-backup", id="load-over-what-is-broken"),
        pytest.param(
            replace(RESTORE, untried=True), ReleaseState.OUTDATED, "try-image", id="image-first"
        ),
        pytest.param(StackSpec(backup="a"), ReleaseState.CURRENT, "back-up", id="save"),
        pytest.param(StackSpec(backup="a"), ReleaseState.PENDING, "back-up", id="save-unwell"),
        pytest.param(StackSpec(backup="a"), ReleaseState.FAILED, "apply-release", id="heal-first"),
    ],
)
@pytest.mark.parametrize("desired", ["running", "closed"])
def test_what_was_asked_of_backups_is_done_while_something_runs(
    spec: StackSpec, release: ReleaseState, expected: str, desired: str
) -> None:
    asked = replace(stack(StackDesired(desired)), spec=spec)
    step = stacks.next_step(asked, seen(release))
    assert step is not None
    assert step.name == expected
    for over in (StackDesired.STOPPED, StackDesired.PURGED):
        ending = stacks.next_step(replace(asked, desired=over), seen(release, held=("a",)))
        assert ending is not None
        assert ending.name in {"stop-release", "delete-release"}


class Shop:
    """The part of a shop that choosing a step looks at."""

    digest = "wanted"


LOOK = ShopSeen(uid="stack1", bound=True, revision=1, checksum="sum", drift=())
STATUS = StoreStatus(
    url=URL,
    config=AppliedConfig(digest="wanted", checksum="sum"),
    proven_at=NOW,
    proven_digest="wanted",
)
SPEC = StoreSpec(
    slug="acme",
    display_name="Acme",
    country="DE",
    locales=("de_DE",),
    timezone="Europe/Berlin",
    weight_unit="kgs",
    commerce=CommerceSpec(
        currencies=Currencies(base="EUR", default="EUR", allowed=("EUR",)),
        payments=(Payment.BANK_TRANSFER,),
        shipping=Shipping(flat_rate=Decimal("4.90")),
        prices_include_tax=True,
    ),
    engine="sandbox",
)


def store(desired: Desired = Desired.ACTIVE, status: StoreStatus = STATUS) -> Store:
    return Store(
        uid="store1",
        tenant="tenant1",
        owner="o@example.com",
        stack="stack1",
        generation=2,
        desired=desired,
        spec=SPEC,
        status=status,
        operation=None,
        created_at=NOW,
        updated_at=NOW,
    )


MAGENTO = abilities_of("magento")


def shop_seen(
    below: Stack | None = None,
    look: ShopSeen | None = LOOK,
    *,
    due: bool = False,
    policy: str = "revert",
) -> StoreSeen:
    drift = {policy: frozenset(look.drift if look else ())}
    return StoreSeen(
        stack=below or stack(),
        website="base",
        abilities=MAGENTO,
        shop=Shop(),  # type: ignore[arg-type]
        look=look,
        proof_due=due,
        drift=Reaction(**drift, told=("shipping.flatRate",) if policy == "warn" else ()),
    )


UNBOUND = replace(LOOK, bound=False)
DRIFTED = replace(LOOK, drift=("default||carriers/flatrate/price",))
UNREACHABLE = StoreSeen(
    stack=stack(),
    website="base",
    abilities=MAGENTO,
    unreachable=ShopUnreachableError(detail="refused"),
)


@pytest.mark.parametrize(
    ("of", "what", "expected"),
    [
        pytest.param(store(), shop_seen(stack(settled=False)), "await-stack", id="stack-not-there"),
        pytest.param(store(), UNREACHABLE, "await-stack", id="shop-does-not-answer"),
        pytest.param(store(), shop_seen(look=UNBOUND), "bind", id="languages-missing"),
        pytest.param(
            store(status=replace(STATUS, url=None)), shop_seen(), "route", id="no-address-yet"
        ),
        pytest.param(
            store(status=replace(STATUS, url="http://elsewhere")), shop_seen(), "route", id="moved"
        ),
        pytest.param(
            store(status=replace(STATUS, config=None)), shop_seen(), "configure", id="never-written"
        ),
        pytest.param(
            store(status=replace(STATUS, config=AppliedConfig(digest="older", checksum="sum"))),
            shop_seen(),
            "configure",
            id="other-settings-wanted",
        ),
        pytest.param(store(), shop_seen(look=DRIFTED), "configure", id="changed-in-the-shop"),
        pytest.param(
            store(), shop_seen(look=DRIFTED, policy="warn"), None, id="changed-and-only-told"
        ),
        pytest.param(
            store(), shop_seen(look=DRIFTED, policy="adopt"), "adopt", id="changed-and-adopted"
        ),
        pytest.param(
            store(status=replace(STATUS, config=AppliedConfig(digest="older", checksum="sum"))),
            shop_seen(look=DRIFTED, policy="adopt"),
            "configure",
            id="what-is-wanted-goes-before-what-is-adopted",
        ),
        pytest.param(
            store(), shop_seen(look=replace(LOOK, checksum="other")), "configure", id="overwritten"
        ),
        pytest.param(store(), shop_seen(due=True), "prove-selling", id="proof-due"),
        pytest.param(store(), shop_seen(), None, id="as-wanted"),
        pytest.param(
            store(Desired.SUSPENDED), shop_seen(due=True), None, id="closed-shops-prove-not"
        ),
        pytest.param(
            store(Desired.SUSPENDED), shop_seen(look=DRIFTED), "configure", id="closed-and-drifted"
        ),
        pytest.param(
            store(Desired.RETIRED), shop_seen(stack(StackDesired.STOPPED)), None, id="retired"
        ),
        pytest.param(
            store(Desired.RETIRED),
            shop_seen(stack(StackDesired.STOPPED, settled=False)),
            "await-stack",
            id="stopping",
        ),
        pytest.param(
            store(Desired.PURGED), shop_seen(stack(StackDesired.PURGED)), None, id="purged"
        ),
    ],
)
def test_next_step_of_a_store(of: Store, what: StoreSeen, expected: str | None) -> None:
    step = stores.next_step(of, what)
    assert (step.name if step else None) == expected


@pytest.mark.parametrize(
    ("status", "due"),
    [
        pytest.param(STATUS, False, id="fresh"),
        pytest.param(replace(STATUS, proven_at=None), True, id="never"),
        pytest.param(replace(STATUS, proven_digest="older"), True, id="other-settings"),
        pytest.param(replace(STATUS, proven_at=NOW - timedelta(hours=2)), True, id="long-ago"),
    ],
)
def test_a_test_purchase_is_due_when_it_is_old_or_the_settings_changed(
    status: StoreStatus, due: bool
) -> None:
    assert stores._proof_due(status, "wanted", 3600.0) is due


def test_a_repetition_that_is_due_does_not_take_the_last_proof_back() -> None:
    found = {item.type: item for item in stores.conditions(store(), shop_seen(due=True))}
    assert found["Selling"].met


def test_drift_that_is_left_is_told_and_does_not_make_a_store_unwell() -> None:
    look = shop_seen(look=DRIFTED, policy="warn")
    found = {item.type: item for item in stores.conditions(store(), look)}
    assert found["Configured"].met
    assert found["Configured"].note.reason == "DriftLeft"
    assert found["Configured"].note.params == {"fields": "shipping.flatRate"}


def test_drift_is_named_in_the_condition() -> None:
    found = {item.type: item for item in stores.conditions(store(), shop_seen(look=DRIFTED))}
    assert found["Configured"].note.reason == "Drifted"
    assert found["Configured"].note.params == {"fields": "carriers/flatrate/price"}
