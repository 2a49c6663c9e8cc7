"""Conditions, readiness and the one word that a person reads."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.conditions import (
    Condition,
    ConditionStatus,
    Desired,
    Phase,
    merge,
    met,
    ready,
    summarize,
    unmet,
)
from controller.domain.notes import Note
from controller.domain.stack import STACK_CONDITIONS, Stack, StackDesired

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("desired", "is_ready", "reached", "ever_ready", "failed", "phase"),
    [
        pytest.param("active", False, False, False, False, Phase.PROVISIONING, id="being made"),
        pytest.param("active", False, False, False, True, Phase.FAILED, id="making it failed"),
        pytest.param("active", False, True, False, True, Phase.FAILED, id="made and never sold"),
        pytest.param("active", True, False, False, False, Phase.PROVISIONING, id="nearly there"),
        pytest.param("active", True, True, True, False, Phase.READY, id="sells"),
        pytest.param("active", True, True, True, True, Phase.READY, id="sells after a failure"),
        pytest.param("active", False, True, True, False, Phase.DEGRADED, id="sold before"),
        pytest.param("active", False, False, True, False, Phase.CHANGING, id="a change runs"),
        pytest.param("active", True, False, True, False, Phase.CHANGING, id="a change begins"),
        pytest.param("active", False, False, True, True, Phase.DEGRADED, id="a change failed"),
        pytest.param("suspended", False, False, True, False, Phase.SUSPENDING, id="closing"),
        pytest.param("suspended", False, True, True, False, Phase.SUSPENDED, id="closed"),
        pytest.param("suspended", False, False, True, True, Phase.FAILED, id="closing failed"),
        pytest.param("retired", False, False, True, False, Phase.RETIRING, id="retiring"),
        pytest.param("retired", False, True, False, False, Phase.RETIRED, id="retired"),
        pytest.param("retired", False, False, False, True, Phase.FAILED, id="retiring failed"),
        pytest.param("purged", False, False, True, False, Phase.PURGING, id="purging"),
        pytest.param("purged", False, True, True, True, Phase.PURGED, id="purged at last"),
        pytest.param("purged", False, False, True, True, Phase.FAILED, id="purging failed"),
    ],
)
def test_the_phase_is_one_word_for_everything(
    desired: str, is_ready: bool, reached: bool, ever_ready: bool, failed: bool, phase: Phase
) -> None:
    assert (
        summarize(
            desired=Desired(desired),
            is_ready=is_ready,
            reached=reached,
            ever_ready=ever_ready,
            failed=failed,
        )
        is phase
    )


ALL = list(product(Desired, *[(False, True)] * 4))


def test_every_phase_but_the_first_can_be_reached() -> None:
    found = {
        summarize(desired=d, is_ready=a, reached=b, ever_ready=c, failed=f) for d, a, b, c, f in ALL
    }
    # Pending is what a store is called before anybody has looked at it.
    assert found == set(Phase) - {Phase.PENDING}


def test_ready_is_said_of_active_stores_that_sell_only() -> None:
    for desired, is_ready, reached, ever_ready, failed in ALL:
        phase = summarize(
            desired=desired,
            is_ready=is_ready,
            reached=reached,
            ever_ready=ever_ready,
            failed=failed,
        )
        assert (phase is Phase.READY) == (desired is Desired.ACTIVE and is_ready and reached)


def test_since_moves_with_the_status_only() -> None:
    old = merge({}, [unmet("Bound", "NotBound")], NOW)
    assert old["Bound"].since == NOW
    same = merge(old, [unmet("Bound", "ShopStarting")], LATER)
    assert (same["Bound"].since, same["Bound"].note.reason) == (NOW, "ShopStarting")
    other = merge(same, [met("Bound", "Bound", website="base")], LATER)
    assert other["Bound"].since == LATER


def test_what_was_not_looked_at_stays() -> None:
    old = merge({}, [met("Bound", "Bound", website="base"), unmet("Selling", "NotProven")], NOW)
    new = merge(old, [met("Selling", "Proven")], LATER)
    assert new["Bound"] == old["Bound"]
    assert list(old) == ["Bound", "Selling"]
    assert not old["Selling"].met


CONDITIONS = st.builds(
    Condition,
    type=st.sampled_from(["A", "B", "C"]),
    status=st.sampled_from(ConditionStatus),
    note=st.builds(Note, reason=st.sampled_from(["X", "Y"])),
)


@given(st.lists(CONDITIONS), st.lists(CONDITIONS))
def test_merging_again_changes_nothing(old: list[Condition], new: list[Condition]) -> None:
    once = merge(merge({}, old, NOW), new, LATER)
    again = merge(once, [once[item.type] for item in new], LATER + timedelta(hours=1))
    assert again == once
    assert all(item.since in {NOW, LATER} for item in once.values())


@pytest.mark.parametrize("missing", [None, *STACK_CONDITIONS])
@pytest.mark.parametrize("status", [ConditionStatus.FALSE, ConditionStatus.UNKNOWN, None])
def test_ready_needs_every_condition(missing: str | None, status: ConditionStatus | None) -> None:
    conditions = {kind: met(kind, "Bound") for kind in STACK_CONDITIONS}
    if missing is not None and status is None:
        del conditions[missing]
    elif missing is not None and status is not None:
        conditions[missing] = Condition(type=missing, status=status)
    assert ready(conditions, STACK_CONDITIONS) is (missing is None)


def stack(desired: StackDesired, observed: int, *, answering: bool) -> Stack:
    conditions = {kind: met(kind, "Bound") for kind in STACK_CONDITIONS}
    if not answering:
        conditions["Answering"] = unmet("Answering", "ShopStarting")
    return Stack(
        uid="s",
        tenant="t",
        engine="fake",
        version="1",
        driver="fake",
        desired=desired,
        generation=2,
        observed_generation=observed,
        conditions=conditions,
        endpoint=None,
    )


@pytest.mark.parametrize(
    ("desired", "observed", "answering", "settled"),
    [
        (StackDesired.RUNNING, 2, True, True),
        (StackDesired.CLOSED, 2, True, True),
        (StackDesired.RUNNING, 1, True, False),
        (StackDesired.RUNNING, 2, False, False),
        (StackDesired.STOPPED, 2, False, True),
        (StackDesired.STOPPED, 1, False, False),
        (StackDesired.PURGED, 2, False, True),
    ],
)
def test_a_stack_is_settled_when_its_generation_is_complete(
    desired: StackDesired, observed: int, *, answering: bool, settled: bool
) -> None:
    assert stack(desired, observed, answering=answering).settled is settled
