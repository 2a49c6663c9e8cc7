"""One link each of the chain that explains a store, and those that the registry knows alone.

`explaining` and `stacklayers` make them, API and pages show them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from controller.domain.clusters import bare
from controller.domain.conditions import Condition, Desired
from controller.domain.diagnoses import code_of_reason
from controller.domain.errors.base import StoreControllerError, by_code
from controller.domain.errors.shops import ShopWayError
from controller.domain.errors.stacks import BackupUnderWayError, DriverError
from controller.domain.notes import Note
from controller.domain.operations import Operation, OperationState, StepRecord, StepState
from controller.domain.stack import Stack
from controller.domain.store import Store
from controller.registry.journal import Event
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
    due: datetime | None = None
    """When it goes on by itself, where that is known."""
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
        short = store.status.shortfalls
        told = ok("store", Note.of(_standing({item.note.reason for item in short})))
        return replace(told, conditions=short)
    since = max((item.since for item in unmet if item.since), default=None)
    return Layer(
        name="store",
        state=LayerState.PROBLEM,
        note=Note.of("WhyUnmet" if unmet else "WhyBehind"),
        since=since,
        conditions=unmet,
    )


_OPEN = {"WhyReady", "WhyReadyBut", "WhyMailRefused", "WhyReadyWithoutMail"}


def _standing(short: set[str]) -> str:
    """What is said of a store that takes orders, by what it falls short of."""
    if short - {"MailRefused", "MailNotSetUp"}:
        return "WhyReadyBut"
    if "MailRefused" in short:
        return "WhyMailRefused"
    return "WhyReadyWithoutMail" if short else "WhyReady"


def agreeing(header: Layer, others: Sequence[Layer]) -> Layer:
    """The store's layer as it stands beside what the others found just now.

    It says what the registry knows of the last look, which may be over.
    """
    if header.note.reason in _OPEN and any(_denies(layer) for layer in others):
        return replace(header, state=LayerState.PROBLEM, note=Note.of("WhyWasReady"))
    return header


def _denies(layer: Layer) -> bool:
    """Whether a layer found something that keeps the shop from running."""
    noted = layer.reasons and all(reason.kind in BESIDE for reason in layer.reasons)
    return layer.state is LayerState.PROBLEM and not noted


def of_operation(
    operation: Operation | None, last: Event | None = None, *, righted: bool = False
) -> Layer:
    """The latest operation: at work since when, what stopped its last attempt, or why it failed.

    `last` is what was told last of its store; `righted` says that the store is as wanted, whatever
    became of the operation.
    """
    if operation is None:
        return ok("operation", Note.of("WhyNoOperation"))
    kind = str(operation.kind)
    if operation.open:
        told = last if last is not None and last.operation == operation.id else None
        return _going_on(operation, told)
    if operation.state is OperationState.FAILED and righted:
        return ok("operation", Note.of("WhyOperationRighted", kind=kind), operation.finished_at)
    if operation.state is OperationState.FAILED and operation.error is not None:
        failed = [step for step in operation.steps if step.state is StepState.FAILED]
        step = next(iter(failed or _running(operation)), None)
        return Layer(
            name="operation",
            state=LayerState.PROBLEM,
            note=Note.of_code(operation.error),
            code=operation.error.reason,
            since=operation.finished_at,
            step=step.name if step else None,
        )
    if operation.state is OperationState.SUPERSEDED:
        return ok("operation", Note.of("WhyOperationReplaced", kind=kind))
    return ok("operation", Note.of("WhyOperationDone", kind=kind), operation.finished_at)


def _going_on(operation: Operation, told: Event | None) -> Layer:
    """An operation that is not over: the step that it is at, and what its last attempt met."""
    kind, step = str(operation.kind), current_step(operation, told)
    met = step.note if step else None
    if told is not None and code_of_reason(told.note.reason) is not None:
        # A look that met something has no step of its own to write that to.
        met = told.note
    code = code_of_reason(met.reason) if met else None
    name = step.name if step else None
    since = (step.started_at if step else None) or operation.started_at or operation.created_at
    if met is not None and code is not None and code not in BESIDE:
        problem = LayerState.PROBLEM
        note = _plain(met)
        return Layer(name="operation", state=problem, note=note, code=code, since=since, step=name)
    waits = operation.state is OperationState.PENDING
    note = met or Note.of("WhyOperationWaits" if waits else "WhyOperationRuns", kind=kind)
    return Layer(name="operation", state=LayerState.OK, note=note, since=since, step=name)


def current_step(operation: Operation, told: Event | None) -> StepRecord | None:
    """The step that an operation is at: the one that was told of last, else the youngest."""
    running = _running(operation)
    for step in running:
        of_step = (step.note, Note.of("StepStarted", step=step.name))
        if told is not None and told.note in of_step:
            return step
    return max(running, key=lambda step: step.started_at or operation.created_at, default=None)


def _running(operation: Operation) -> list[StepRecord]:
    return [step for step in operation.steps if step.state is StepState.RUNNING]


def _plain(note: Note) -> Note:
    """Without what another layer tells: which part is not ready, since when a cluster is silent."""
    if note.reason == "PodsNotReady":
        return Note.of("ShopStarting")
    if note.reason == "ClusterUnreachable":
        return Note.of(note.reason, detail=bare(str(note.params.get("detail", ""))))
    return note


def ok(name: str, note: Note, since: datetime | None = None) -> Layer:
    """A layer where nothing is wrong."""
    return Layer(name=name, state=LayerState.OK, note=note, since=since)


def problem(name: str, error: StoreControllerError) -> Layer:
    """A layer that met an error."""
    note = Note.of_error(error)
    return Layer(name=name, state=LayerState.PROBLEM, note=note, code=error.code)


def unknown(name: str, note: Note, code: str | None = None) -> Layer:
    """A layer that could not be asked."""
    return Layer(name=name, state=LayerState.UNKNOWN, note=note, code=code)


BESIDE = {"backup_failed", "volume_filling", "autoscaler_blind", BackupUnderWayError.code}
"""What is to be known and keeps nothing from running."""
SILENT = {"WhySilentAt", "WhySilentBecause"}
"""How it is told that no answer came from a shop."""


def is_inner(code: str | None) -> bool:
    """Whether an error is of what shops run on, whose words are for the operator alone."""
    kind = by_code().get(code or "")
    return kind is not None and issubclass(kind, DriverError | ShopWayError)


def for_owner(layer: Layer) -> Layer | None:
    """What an owner is shown of a layer; None for what is only the operator's."""
    if layer.name in {"worker", "infrastructure", "release"}:
        return None
    note = layer.note
    if layer.name == "cluster" and layer.code not in {None, "cluster_unreachable"}:
        note = Note.of("WhyInTheWay")
    elif layer.name == "cluster":
        note = Note.of("WhyPlaceAnswers" if layer.state is LayerState.OK else "WhyPlaceLost")
    if layer.name == "operation" and is_inner(layer.code):
        note = Note.of("WhyInTheWay")
    if note.reason in SILENT or (layer.name == "shop" and is_inner(layer.code)):
        note = Note.of("WhySilent")
    return replace(layer, note=note, reasons=())
