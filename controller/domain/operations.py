"""An operation: what a person follows while a store is created, changed or removed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from controller.domain.conditions import Desired
from controller.domain.notes import Note, say
from controller.domain.stack import StackDesired
from controller.domain.store import iso, moment
from controller.i18n import N_


class OperationKind(StrEnum):
    """What was asked for."""

    CREATE = "create"
    CHANGE = "change"
    PUSH = "push"
    """Every setting is written again."""
    SCALE = "scale"
    IMAGE = "image"
    """Another image of the shop software runs."""
    BACKUP = "backup"
    """A copy of what the shop has is made now."""
    RESTORE = "restore"
    """A backup is loaded over what the shop has."""
    SUSPEND = "suspend"
    RESUME = "resume"
    RETIRE = "retire"
    UNDELETE = "undelete"
    PURGE = "purge"


class OperationState(StrEnum):
    """Where it is."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    """A suspension, a retirement, or a newer change, took its place."""


OPEN_STATES = (OperationState.PENDING, OperationState.RUNNING)


class StepState(StrEnum):
    """Where a step of an operation is."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


STEP_TITLES: Mapping[str, str] = {
    "apply-infrastructure": N_("Building what it needs around it"),
    "scale": N_("Changing the number of web servers"),
    "take-values": N_("Taking what was changed of its cluster"),
    "try-image": N_("Fetching the new image"),
    "apply-secrets": N_("Making its access keys"),
    "apply-release": N_("Starting the shop"),
    "back-up": N_("Making a backup"),
    "load-backup": N_("Loading the backup"),
    "await-engine": N_("Waiting until the shop answers"),
    "bind": N_("Setting up its languages"),
    "route": N_("Giving it an address"),
    "configure": N_("Setting currency, payment and shipping"),
    "adopt": N_("Taking over what was changed in the shop"),
    "prove-selling": N_("Making a test purchase"),
    "restart-release": N_("Ending the shop, which hangs, to start it again"),
    "prove-mailing": N_("Sending a test mail"),
    "stop-release": N_("Stopping the shop, keeping its data"),
    "delete-release": N_("Destroying the shop's data"),
    "destroy-infrastructure": N_("Removing what was built around it"),
}

_RUN = ("apply-secrets", "apply-release", "await-engine")
_SELL = ("bind", "route", "configure", "prove-selling")

PLANNED_STEPS: Mapping[OperationKind, tuple[str, ...]] = {
    OperationKind.CREATE: _RUN + _SELL,
    OperationKind.CHANGE: ("bind", "configure", "prove-selling"),
    OperationKind.PUSH: ("configure", "prove-selling"),
    OperationKind.SCALE: ("scale", "apply-release", "await-engine"),
    OperationKind.IMAGE: ("try-image", "apply-release", "await-engine", "prove-selling"),
    OperationKind.BACKUP: ("back-up",),
    OperationKind.RESTORE: ("load-backup", "apply-release", "await-engine", *_SELL),
    OperationKind.SUSPEND: ("apply-release", "await-engine"),
    OperationKind.RESUME: ("apply-release", "await-engine", "prove-selling"),
    OperationKind.RETIRE: ("stop-release",),
    OperationKind.UNDELETE: (*_RUN, "route", "prove-selling"),
    OperationKind.PURGE: ("delete-release",),
}

TARGETS: Mapping[OperationKind, tuple[Desired, StackDesired]] = {
    OperationKind.SUSPEND: (Desired.SUSPENDED, StackDesired.CLOSED),
    OperationKind.RESUME: (Desired.ACTIVE, StackDesired.RUNNING),
    OperationKind.RETIRE: (Desired.RETIRED, StackDesired.STOPPED),
    OperationKind.UNDELETE: (Desired.ACTIVE, StackDesired.RUNNING),
    OperationKind.PURGE: (Desired.PURGED, StackDesired.PURGED),
}
"""What each transition of the life cycle makes of the store and of a stack of its own."""

SOURCES: Mapping[OperationKind, tuple[Desired, ...]] = {
    OperationKind.SUSPEND: (Desired.ACTIVE,),
    OperationKind.RESUME: (Desired.SUSPENDED,),
    OperationKind.RETIRE: (Desired.ACTIVE, Desired.SUSPENDED),
    OperationKind.UNDELETE: (Desired.RETIRED,),
    OperationKind.PURGE: (Desired.RETIRED,),
}
"""From which wanted states a transition may start."""

DEADLINES: Mapping[OperationKind, timedelta] = {
    OperationKind.CREATE: timedelta(minutes=15),
    OperationKind.UNDELETE: timedelta(minutes=15),
    OperationKind.IMAGE: timedelta(minutes=75),
    # The charts' jobs end by themselves after four hours.
    OperationKind.BACKUP: timedelta(minutes=250),
    OperationKind.RESTORE: timedelta(minutes=270),
}
DEFAULT_DEADLINE = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class StepRecord:
    """One named step as it went."""

    name: str
    state: StepState = StepState.PENDING
    started_at: datetime | None = None
    finished_at: datetime | None = None
    note: Note | None = None


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One accepted request and how far it is."""

    id: str
    kind: OperationKind
    store: str
    """The store's uid."""
    slug: str
    tenant: str
    generation: int
    state: OperationState
    steps: tuple[StepRecord, ...]
    error: Note | None
    """`reason` is an error code here."""
    result: Mapping[str, Any] = field(default_factory=dict)
    deadline: datetime
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def aside(self) -> bool:
        """Whether the store goes on as it is meanwhile, well or not."""
        return self.kind is OperationKind.BACKUP

    @property
    def open(self) -> bool:
        """Whether it may still change by itself."""
        return self.state in OPEN_STATES


def planned(kind: OperationKind) -> tuple[StepRecord, ...]:
    """The steps that an operation of this kind is expected to take."""
    return tuple(StepRecord(name=name) for name in PLANNED_STEPS[kind])


def with_step(
    operation: Operation, name: str, state: StepState, now: datetime, note: Note | None
) -> Operation:
    """`operation` after a step started or ended; a step nobody planned is added (a repair)."""
    steps = list(operation.steps)
    index = next((i for i, step in enumerate(steps) if step.name == name), None)
    if index is None:
        index = len(steps)
        steps.append(StepRecord(name=name))
    step = steps[index]
    ended = state in {StepState.DONE, StepState.FAILED}
    steps[index] = replace(
        step,
        state=state,
        started_at=step.started_at or now,
        finished_at=now if ended else None,
        note=note or step.note,
    )
    running = operation.state is OperationState.PENDING
    return replace(
        operation,
        steps=tuple(steps),
        state=OperationState.RUNNING if running else operation.state,
        started_at=operation.started_at or now,
    )


def step_to_json(step: StepRecord, translate: Callable[[str], str] = str) -> dict[str, Any]:
    """A step as the API shows it."""
    note = step.note
    return {
        "name": step.name,
        "title": translate(STEP_TITLES.get(step.name, step.name)),
        "state": str(step.state),
        "startedAt": iso(step.started_at),
        "finishedAt": iso(step.finished_at),
        "reason": note.reason if note else None,
        "params": dict(note.params) if note else {},
        "detail": say(note.reason, note.params, translate) if note else None,
    }


def steps_from_json(items: list[dict[str, Any]]) -> tuple[StepRecord, ...]:
    """The inverse, for a list."""
    return tuple(
        StepRecord(
            name=item["name"],
            state=StepState(item["state"]),
            started_at=moment(item["startedAt"]),
            finished_at=moment(item["finishedAt"]),
            note=Note(reason=item["reason"], params=item["params"]) if item["reason"] else None,
        )
        for item in items
    )
