"""One link each of the chain that explains a store, and those that the registry knows alone.

`explaining` and `stacklayers` make them, API and pages show them.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from controller.domain.conditions import Condition, Desired
from controller.domain.errors import StoreControllerError
from controller.domain.notes import Note
from controller.domain.operations import Operation, OperationState, StepState
from controller.domain.stack import Stack
from controller.domain.store import Store
from provisioners.base import Reason


class LayerState(StrEnum):
    """What is known of a layer."""

    OK = "ok"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One link of the chain."""

    name: str
    state: LayerState
    note: Note
    since: datetime | None = None
    step: str | None = None
    """The step of an operation that runs or failed."""
    code: str | None = None
    """Of the error, when there is one."""
    conditions: tuple[Condition, ...] = ()
    """Those that are not met."""
    reasons: tuple[Reason, ...] = ()
    """What stands in the way, what explains most first."""


def of_store(store: Store, stack: Stack | None) -> Layer:
    """What the registry says of the store, and of what runs it for who may know."""
    known = [*store.status.conditions.values(), *(stack.conditions.values() if stack else ())]
    unmet = tuple(replace(item, note=_plain(item.note)) for item in known if not item.met)
    resting = {
        Desired.SUSPENDED: "WhySuspended",
        Desired.RETIRED: "WhyRetired",
        Desired.PURGED: "WhyPurged",
    }
    reached = store.status.observed_generation == store.generation
    if store.desired is not Desired.ACTIVE and reached:
        return ok("store", Note.of(resting[store.desired]))
    if store.status.ready and reached:
        return ok("store", Note.of("WhyReady"))
    since = max((item.since for item in unmet if item.since), default=None)
    return Layer(
        name="store",
        state=LayerState.PROBLEM,
        note=Note.of("WhyUnmet" if unmet else "WhyBehind"),
        since=since,
        conditions=unmet,
    )


def of_operation(operation: Operation | None) -> Layer:
    """The latest operation: at work since when, or why it failed."""
    if operation is None:
        return ok("operation", Note.of("WhyNoOperation"))
    kind = str(operation.kind)
    at_work = [
        step for step in operation.steps if step.state in {StepState.RUNNING, StepState.FAILED}
    ]
    step = at_work[0] if at_work else None
    match operation.state:
        case OperationState.FAILED if operation.error is not None:
            return Layer(
                name="operation",
                state=LayerState.PROBLEM,
                note=Note.of_code(operation.error),
                code=operation.error.reason,
                since=operation.finished_at,
                step=step.name if step else None,
            )
        case OperationState.RUNNING:
            waits = step is not None and step.note is not None
            return Layer(
                name="operation",
                state=LayerState.PROBLEM if waits else LayerState.OK,
                note=_plain(step.note)
                if step and step.note
                else Note.of("WhyOperationRuns", kind=kind),
                since=(step.started_at if step else None) or operation.started_at,
                step=step.name if step else None,
            )
        case OperationState.PENDING:
            return ok("operation", Note.of("WhyOperationWaits", kind=kind), operation.created_at)
        case OperationState.SUPERSEDED:
            return ok("operation", Note.of("WhyOperationReplaced", kind=kind))
    return ok("operation", Note.of("WhyOperationDone", kind=kind), operation.finished_at)


def _plain(note: Note) -> Note:
    """Without the part that is not ready: the layer of pods tells it, to those who may know."""
    return Note.of("ShopStarting") if note.reason == "PodsNotReady" else note


def ok(name: str, note: Note, since: datetime | None = None) -> Layer:
    """A layer where nothing is wrong."""
    return Layer(name=name, state=LayerState.OK, note=note, since=since)


def problem(name: str, error: StoreControllerError) -> Layer:
    """A layer that met an error."""
    note = Note.of_error(error)
    return Layer(name=name, state=LayerState.PROBLEM, note=note, code=error.code)


def unknown(name: str, note: Note) -> Layer:
    """A layer that could not be asked."""
    return Layer(name=name, state=LayerState.UNKNOWN, note=note)


def for_owner(layer: Layer) -> Layer | None:
    """What an owner is shown of a layer; None for what is only the operator's."""
    if layer.name in {"infrastructure", "release"}:
        return None
    note = layer.note
    if layer.name == "cluster":
        note = Note.of("WhyPlaceAnswers" if layer.state is LayerState.OK else "WhyPlaceLost")
    if note.reason == "WhySilentAt":
        note = Note.of("WhySilent")
    return replace(layer, note=note, reasons=())
