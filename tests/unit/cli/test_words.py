"""Whatever can happen to a store has words of the command line's own."""

from cli import progress
from cli.words import KINDS, PHASES, STATES
from controller.domain.conditions import Phase
from controller.domain.operations import OperationKind, OperationState


def test_every_operation_has_a_heading_and_a_name() -> None:
    assert {*OperationKind} == progress.DOING.keys() == KINDS.keys()


def test_every_phase_and_state_has_a_word() -> None:
    assert {*Phase} == PHASES.keys()
    assert {*OperationState} == STATES.keys()
