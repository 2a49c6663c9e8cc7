"""Who is at work on a store at this moment, and when somebody is again: one link of the chain.

A worker that ended gave its turn back or left it behind; the latter shows as a lease that nobody
renews, or as a step that runs while nobody has the turn. `explaining` asks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.domain.notes import Note
from controller.domain.stack import Stack
from controller.domain.store import Store
from controller.reconciler.stacks import STEPS
from controller.registry.lease_status import LeaseStatus, LeaseStatuses
from controller.registry.leases import Kind, Ref
from controller.services.diagnosis.layers import Layer, LayerState

NAME = "worker"
LOST, NOBODY = "worker_lost", "no_worker"
_STACK_STEPS = {step.name for step in STEPS}


@dataclass(frozen=True, kw_only=True)
class Work:
    """Asks the registry whose turn it is.

    `lease_seconds` is how long a turn lasts unless its worker renews it, `anybody` whether some
    worker is there.
    """

    turns: LeaseStatuses
    lease_seconds: float
    anybody: Callable[[], bool]

    def layer(self, store: Store, stack: Stack | None, operation: Layer) -> Layer:
        """The link of a store with something left to do; `operation` is the link above it."""
        turn = self.turns.of(_subject(store, stack, operation.step))
        if turn.until is not None:
            return self._taken(turn, turn.until)
        overdue = turn.due is not None and turn.due <= turn.now
        if overdue and not self.anybody():
            return _problem(NOBODY, "WhyNoWorker", since=turn.due)
        begun = operation.step is not None and operation.note.reason == "WhyOperationRuns"
        if overdue and begun:
            # Nothing was written of how the step went on, and nobody has the turn.
            return _problem(LOST, "WhyWorkerGone", since=operation.since, due=turn.due)
        note = "WhyTurnComes" if overdue else "WhyNobodyAtWork"
        return Layer(name=NAME, state=LayerState.OK, note=Note.of(note), due=turn.due)

    def _taken(self, turn: LeaseStatus, until: datetime) -> Layer:
        """A turn that was taken and not given back."""
        worker = turn.holder or "?"
        heard = until - timedelta(seconds=self.lease_seconds)
        # It is renewed three times in its life: half of it without a sign is too long.
        if (turn.now - heard).total_seconds() <= self.lease_seconds / 2:
            return Layer(
                name=NAME, state=LayerState.OK, note=Note.of("WhyWorkerBusy", worker=worker)
            )
        if not turn.held and not self.anybody():
            return _problem(NOBODY, "WhyNoWorker", since=heard)
        return _problem(LOST, "WhyWorkerSilent", since=heard, due=until, worker=worker)


def busy(layer: Layer | None) -> bool:
    """Whether somebody who is alive is at work."""
    return layer is not None and layer.note.reason == "WhyWorkerBusy"


def _subject(store: Store, stack: Stack | None, step: str | None) -> Ref:
    of_stack = step in _STACK_STEPS if step else stack is not None and not stack.settled
    if stack is not None and of_stack:
        return Ref(kind=Kind.STACK, uid=stack.uid)
    return Ref(kind=Kind.STORE, uid=store.uid)


def _problem(
    code: str,
    reason: str,
    *,
    since: datetime | None,
    due: datetime | None = None,
    **params: str,
) -> Layer:
    note = Note.of(reason, **params)
    return Layer(name=NAME, state=LayerState.PROBLEM, note=note, code=code, since=since, due=due)
