"""What a step can come to, and the one place where what it raises becomes that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from controller.domain.errors.base import PermanentError, StoreControllerError, TransientError
from controller.domain.errors.clusters import (
    ClusterAnswerError,
    ClusterBusyError,
    ClusterCutError,
    ClusterForbiddenError,
    ClusterUnreachableError,
    HeadroomError,
    RoomExceededError,
    VolumesRigidError,
)
from controller.domain.errors.platform import StorageFullError, StorageUnusableError
from controller.domain.errors.stacks import (
    BackupsUnreadError,
    DriverError,
    ImageUntriedError,
    ReleaseUnfinishedError,
    StateLockedError,
    StillEndingError,
    ToolKilledError,
)
from controller.domain.notes import Note
from controller.domain.stack import Stack
from controller.domain.store import StoreSpec, StoreStatus
from controller.logging import log
from provisioners.base import DriverFailure


@dataclass(frozen=True, kw_only=True)
class Advanced:
    """The step did its work."""

    note: Note
    change: Callable[[StoreStatus], StoreStatus] = lambda status: status
    """What a store's status gains by it."""
    result: dict[str, Any] = field(default_factory=dict)
    """What the operation's result gains by it."""
    spec: StoreSpec | None = None
    """The specification that a store has from now on."""
    stack: Callable[[Stack], Stack] = lambda stack: stack
    """What a stack gains by it."""
    tell: bool = False
    """Whether it is told of even when nobody waits for it."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """It will pass by itself: look again later."""

    note: Note
    after: float = 0.0
    """Seconds to wait at least, because whoever is waited for asked for it."""


@dataclass(frozen=True, kw_only=True)
class Failed:
    """It will not pass by itself; `error.reason` is the code."""

    error: Note
    note: Note


Outcome = Advanced | Waiting | Failed


def attempt(run: Callable[[], Advanced]) -> Outcome:
    """Run a step. Steps raise; this alone turns what they raise into an outcome."""
    try:
        return run()
    except DriverFailure as failure:
        return outcome_of(from_driver(failure))
    except StoreControllerError as error:
        return outcome_of(error)
    except Exception as error:
        # A fault of ours must neither kill the worker nor be repeated at full speed.
        log.exception("step_broke")
        return outcome_of(TransientError(detail=f"{type(error).__name__}: {error}"[:300]))


_DRIVER: Mapping[str, type[DriverError]] = {
    "cluster_unreachable": ClusterUnreachableError,
    "state_unreachable": ClusterUnreachableError,
    "cluster_cut": ClusterCutError,
    "namespace_terminating": StillEndingError,
    "quota_exceeded": RoomExceededError,
    "no_headroom": HeadroomError,
    "volumes_rigid": VolumesRigidError,
    "state_locked": StateLockedError,
    "release_pending": ReleaseUnfinishedError,
    "image_waiting": ImageUntriedError,
    "helm_killed": ToolKilledError,
    "backups_unread": BackupsUnreadError,
    "terraform_killed": ToolKilledError,
}
"""By the failure's code; every other one is told in the tool's own words."""
_ANSWERS: Mapping[str, tuple[type[ClusterAnswerError], int]] = {
    "cluster_conflict": (ClusterAnswerError, 409),
    "cluster_gone": (ClusterAnswerError, 410),
    "cluster_busy": (ClusterBusyError, 429),
    "cluster_fault": (ClusterAnswerError, 500),
    "cluster_forbidden": (ClusterForbiddenError, 403),
    "cluster_not_found": (ClusterAnswerError, 404),
}
"""What an API server answered, and as what number where only a tool's words tell of it."""


_UNWRITABLE = {"storage_readonly", "storage_unusable"}


def from_driver(failure: DriverFailure) -> StoreControllerError:
    """A driver's failure in our words."""
    if failure.code == "storage_full":
        return StorageFullError()
    if failure.code in _UNWRITABLE:
        return StorageUnusableError(detail=failure.detail)
    if not failure.transient:
        return PermanentError(detail=failure.detail)
    error = _transient(failure)
    error.retry_after = failure.retry_after
    return error


def _transient(failure: DriverFailure) -> DriverError:
    if failure.code in _ANSWERS:
        answered, usual = _ANSWERS[failure.code]
        return answered(detail=failure.detail, answer=failure.answer or usual)
    return _DRIVER.get(failure.code, DriverError)(detail=failure.detail)


def outcome_of(error: StoreControllerError) -> Outcome:
    """What an error means for the pass: only a permanent one ends the operation."""
    note = Note.of_error(error)
    if isinstance(error, PermanentError):
        return Failed(error=Note(reason=error.code, params=error.params), note=note)
    after = error.retry_after if isinstance(error, TransientError) else 0.0
    return Waiting(note=note, after=after)
