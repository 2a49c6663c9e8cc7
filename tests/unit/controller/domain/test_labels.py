"""Whatever can happen to a store has a name, for everybody who reads of it."""

from controller.domain.conditions import Phase
from controller.domain.labels import CONDITIONS, KINDS, PHASES, STATES, STEP_STATES
from controller.domain.operations import OperationKind, OperationState, StepState
from controller.domain.stack import STACK_CONDITIONS
from controller.domain.store import STORE_CONDITIONS


def test_everything_has_a_name() -> None:
    assert set(PHASES) == set(Phase)
    assert set(KINDS) == set(OperationKind)
    assert set(STATES) == set(OperationState)
    assert set(STEP_STATES) == set(StepState)
    assert {*STORE_CONDITIONS, *STACK_CONDITIONS} <= set(CONDITIONS)


def test_the_terms_are_those_of_the_api() -> None:
    assert all(label.term == phase for phase, label in PHASES.items())
    assert all(label.term == kind for kind, label in KINDS.items())
