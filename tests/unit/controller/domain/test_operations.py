"""How an operation moves with its steps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.notes import Note
from controller.domain.operations import (
    PLANNED_STEPS,
    SOURCES,
    STEP_TITLES,
    TARGETS,
    Operation,
    OperationKind,
    OperationState,
    StepRecord,
    StepState,
    planned,
    step_to_json,
    steps_from_json,
    with_step,
)
from controller.reconciler import stacks, stores

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + timedelta(seconds=3)


def operation(kind: OperationKind = OperationKind.CREATE) -> Operation:
    return Operation(
        id="o",
        kind=kind,
        store="s",
        slug="acme",
        tenant="t",
        generation=1,
        state=OperationState.PENDING,
        steps=planned(kind),
        error=None,
        deadline=NOW + timedelta(minutes=15),
        created_at=NOW,
    )


def test_the_first_step_starts_the_operation() -> None:
    before = operation()
    after = with_step(before, "apply-secrets", StepState.RUNNING, LATER, None)
    assert (after.state, after.started_at) == (OperationState.RUNNING, LATER)
    assert after.steps[0] == StepRecord(
        name="apply-secrets", state=StepState.RUNNING, started_at=LATER
    )
    assert after.steps[1:] == before.steps[1:]
    assert before.state is OperationState.PENDING


def test_a_step_keeps_its_start_and_ends_once() -> None:
    running = with_step(operation(), "bind", StepState.RUNNING, NOW, None)
    note = Note.of("Bound", website="base")
    done = with_step(running, "bind", StepState.DONE, LATER, note)
    step = next(item for item in done.steps if item.name == "bind")
    assert (step.started_at, step.finished_at, step.note) == (NOW, LATER, note)
    again = with_step(done, "bind", StepState.RUNNING, LATER + timedelta(seconds=1), None)
    step = next(item for item in again.steps if item.name == "bind")
    assert (step.started_at, step.finished_at, step.note) == (NOW, None, note)


def test_a_step_that_nobody_planned_is_added() -> None:
    before = operation(OperationKind.SUSPEND)
    after = with_step(before, "configure", StepState.DONE, NOW, None)
    assert [step.name for step in after.steps] == [
        *(step.name for step in before.steps),
        "configure",
    ]


@pytest.mark.parametrize("state", sorted(set(OperationState) - {OperationState.PENDING}))
def test_a_step_does_not_reopen_an_operation(state: OperationState) -> None:
    ended = replace(operation(), state=state)
    assert with_step(ended, "bind", StepState.RUNNING, NOW, None).state is state


def test_every_step_has_a_title_and_is_one_that_is_taken() -> None:
    taken = {step.name for step in (*stacks.STEPS, *stores.STEPS)} - {"await-stack"}
    assert {name for steps in PLANNED_STEPS.values() for name in steps} <= taken
    assert set(STEP_TITLES) == taken
    assert set(PLANNED_STEPS) == set(OperationKind)


def test_no_transition_starts_where_it_leads() -> None:
    assert set(TARGETS) == set(SOURCES)
    for kind, (desired, _) in TARGETS.items():
        assert desired not in SOURCES[kind]


def whole_milliseconds(time: datetime) -> datetime:
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


TIMES = st.none() | st.datetimes(timezones=st.just(UTC)).map(whole_milliseconds)
NOTES = st.none() | st.builds(
    Note,
    reason=st.sampled_from(["ReleaseStopped", "Proven", "SecretsApplied"]),
    params=st.dictionaries(st.text(), st.text() | st.integers()),
)
STEPS = st.builds(
    StepRecord,
    name=st.sampled_from(sorted(STEP_TITLES)) | st.text(min_size=1),
    state=st.sampled_from(StepState),
    started_at=TIMES,
    finished_at=TIMES,
    note=NOTES,
)


@given(st.lists(STEPS))
def test_steps_survive_their_json(steps: list[StepRecord]) -> None:
    assert steps_from_json([step_to_json(step) for step in steps]) == tuple(steps)
