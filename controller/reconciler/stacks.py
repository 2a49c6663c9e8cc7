"""A stack's reconciliation: which step is next."""

from controller.domain.notes import Note
from controller.domain.operations import StepState
from controller.domain.stack import Stack, StackDesired
from controller.reconciler.backup_steps import LoadBackup, MakeBackup
from controller.reconciler.stack_observation import StackSeen
from controller.reconciler.stack_steps import (
    ApplyInfrastructure,
    ApplyRelease,
    ApplyScale,
    ApplySecrets,
    AwaitEngine,
    DeleteRelease,
    DestroyInfrastructure,
    HaltRelease,
    RestartRelease,
    StackStep,
    StopRelease,
    TakeValues,
    TryImage,
)
from controller.registry.progress import StepResult
from provisioners.base import ReleaseState

STEPS: tuple[type[StackStep], ...] = (
    ApplyInfrastructure,
    ApplySecrets,
    ApplyScale,
    TakeValues,
    TryImage,
    LoadBackup,
    ApplyRelease,
    MakeBackup,
    AwaitEngine,
    RestartRelease,
    StopRelease,
    DeleteRelease,
    DestroyInfrastructure,
)
STANDING = {ReleaseState.CURRENT, ReleaseState.PENDING, ReleaseState.OUTDATED}
"""The release is there: what it has can be changed, and something of it may answer."""
DOWN = {ReleaseState.ABSENT, ReleaseState.STOPPED}
"""Nothing of the release runs."""


def next_step(stack: Stack, seen: StackSeen) -> StackStep | None:
    """Name the one step that moves the stack towards what is wanted; None when it is there."""
    match stack.desired:
        case StackDesired.PURGED:
            if seen.held:
                return DeleteRelease()
            return DestroyInfrastructure() if seen.around else None
        case StackDesired.STOPPED | StackDesired.CLOSED if not stack.wants_running:
            return None if seen.release in DOWN else StopRelease()
        case StackDesired.CLOSED if stack.closing:
            return _next_to_close(stack, seen)
    return _next_to_run(stack, seen)


def _next_to_run(stack: Stack, seen: StackSeen) -> StackStep | None:
    # First of all: it may be what heals the rest.
    if seen.turn and stack.spec.restore is None:
        return TakeValues()
    if not seen.infrastructure:
        return ApplyInfrastructure()
    if not seen.secrets:
        return ApplySecrets()
    return _of_release(stack, seen) or _of_shop(stack, seen)


def _of_release(stack: Stack, seen: StackSeen) -> StackStep | None:
    """What the release needs to be as wanted."""
    untried = stack.spec.untried and seen.release not in DOWN
    if stack.spec.restore is not None:
        return TryImage() if untried else LoadBackup()
    if stack.spec.rescale and seen.release in STANDING:
        return ApplyScale()
    if seen.release not in {ReleaseState.CURRENT, ReleaseState.PENDING}:
        return TryImage() if untried else ApplyRelease()
    return None


def _of_shop(stack: Stack, seen: StackSeen) -> StackStep | None:
    """What is left to do for a release that is as wanted."""
    if stack.spec.backup:
        return MakeBackup()
    if seen.answering is None:
        return None
    return RestartRelease() if seen.hangs else AwaitEngine()


def _next_to_close(stack: Stack, seen: StackSeen) -> StackStep | None:
    """Closing comes before everything else that is wanted, and ends in time."""
    standing = seen.release in {ReleaseState.CURRENT, ReleaseState.PENDING}
    never_ran = stack.cluster is not None and not stack.spec.image
    if never_ran or (seen.overdue and seen.release is not ReleaseState.CURRENT):
        return HaltRelease()
    if not seen.secrets:
        return ApplySecrets()
    if not standing:
        return ApplyRelease()
    return None if seen.overdue or seen.answering is None else AwaitEngine()


def fulfilled(stack: Stack, seen: StackSeen) -> StepResult | None:
    """That the shop answers: a worker that waited for it may have gone on to others meanwhile."""
    if not stack.wants_running or seen.answering is not None:
        return None
    note = Note.of("Answering", endpoint=seen.endpoint or "-")
    return StepResult(name=AwaitEngine.name, state=StepState.DONE, note=note)
