"""A stack's reconciliation: what is true of it, which step is next, one class per step."""

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from controller.domain.conditions import Condition, met, unmet
from controller.domain.errors.base import StoreControllerError
from controller.domain.errors.shops import (
    HandoverMissingError,
    PodsNotReadyError,
    ShopStartingError,
)
from controller.domain.errors.stacks import (
    BackupNotLoadedError,
    BackupNotMadeError,
    BackupUnderWayError,
    DriverError,
    ImageUnpullableError,
    RestoreUnderWayError,
    StackNotReadyError,
)
from controller.domain.notes import Note
from controller.domain.operations import StepState
from controller.domain.stack import AppliedInfrastructure, Restore, Stack, StackDesired
from controller.reconciler import silence
from controller.reconciler.outcome import Advanced, from_driver
from controller.reconciler.world import World
from controller.registry.progress import StepResult
from controller.registry.session import utcnow
from provisioners.base import (
    Changed,
    Driver,
    DriverFailure,
    Filling,
    ReleaseState,
    ReleaseStatus,
    Replicas,
)

ROOMY = "VolumesRoomy"
BACKED_UP = "BackedUp"
"""The condition of a stack since somebody first wanted a backup of it."""
AUTOSCALING = "Autoscaling"
_FULL_STEPS = (90, 95, 98)
"""Percent: it is told anew at each of them and not in between."""
_CLOSING_SECONDS = 120.0
"""For how long a shop may take to show its closed page, until it is stopped instead."""
_AWAIT_SECONDS = 3.0
"""How long a worker stays with a shop that is starting, before it lets others have its turn."""


@dataclass(frozen=True, kw_only=True)
class StackSeen:
    """What is true of a stack now, asked of its driver and its engine."""

    release: ReleaseState
    endpoint: str | None
    detail: str = ""
    secrets: bool = False
    answering: StoreControllerError | None = None
    """Why it does not answer; None when it does."""
    held: tuple[str, ...] = ()
    """What the driver still holds, asked only when nothing should be left."""
    infrastructure: bool = True
    """Whether what the stack needs around it was built as wanted."""
    around: tuple[str, ...] = ()
    """What is still there around it, asked only when nothing should be left."""
    changed: tuple[Changed, ...] = ()
    """What somebody else changed of the release."""
    hangs: bool = False
    """Whether it runs, answers no more and is ours to start again."""
    filling: tuple[Filling, ...] = ()
    """Volumes that are full or nearly."""
    blind: str = ""
    """Why its autoscaler knows no figures."""
    turn: bool = False
    """Whether it may take what was changed of its cluster or the platform."""
    overdue: bool = False
    """Whether it was told to close too long ago for still not having done so."""


def observe(stack: Stack, world: World, *, thorough: bool = True) -> StackSeen:
    """Look; raises StoreControllerError when the driver cannot even be asked.

    A look that is not thorough takes the word of the registry that a stack still answers, as long
    as the driver says that it runs unchanged: its stores ask the shop itself at every look.
    """
    driver, now = world.driver(stack), utcnow()
    try:
        if stack.desired is StackDesired.PURGED:
            return _remains(stack, driver, world)
        status = driver.status(world.release(stack))
        secrets = driver.has_secrets(stack.uid, world.secrets(stack))
        infrastructure = _built(stack, world)
    except DriverFailure as failure:
        raise from_driver(failure) from failure
    answering = _answers(stack, world, status, now, thorough=thorough or not stack.settled)
    return StackSeen(
        release=status.state,
        endpoint=status.endpoint,
        detail=status.detail,
        changed=status.changed,
        secrets=secrets,
        answering=answering,
        infrastructure=infrastructure,
        hangs=driver.restarts and silence.hangs(stack, answering, now),
        filling=driver.filling(stack.uid),
        blind="" if stack.spec.replicas.fixed else driver.blind(stack.uid),
        turn=_turn(stack, world),
        overdue=stack.closing and _overdue(stack, now),
    )


def _turn(stack: Stack, world: World) -> bool:
    """Whether something was changed and it is this stack's turn; one that never ran has none."""
    known = stack.spec.given
    if known is None or not stack.wants_running or stack.closing or world.taking is None:
        return False
    given = world.given(stack)
    return given is not None and given != known and world.taking.open(stack, given)


def _overdue(stack: Stack, now: datetime) -> bool:
    since = (now - stack.spec.aimed_at).total_seconds() if stack.spec.aimed_at else 0.0
    # What began in the future was dated by a clock that was wrong.
    return not 0 <= since < _CLOSING_SECONDS


def _remains(stack: Stack, driver: Driver, world: World) -> StackSeen:
    """What is left of a stack of which nothing should be."""
    held = driver.inventory(stack.uid)
    # Asked even when nothing is recorded: a worker may have died before it could write that down.
    wanted = world.infrastructure(stack)
    around = world.builder(stack).inventory(stack.uid) if wanted else ()
    state = ReleaseState.CURRENT if held else ReleaseState.ABSENT
    return StackSeen(release=state, endpoint=None, held=held, around=around)


def _built(stack: Stack, world: World) -> bool:
    wanted = world.infrastructure(stack)
    known = stack.infrastructure
    if wanted is None:
        return True
    return known is not None and known.digest == world.builder(stack).digest(wanted)


def _answers(
    stack: Stack, world: World, status: ReleaseStatus, now: datetime, *, thorough: bool
) -> StoreControllerError | None:
    if stack.spec.restore is not None:
        return RestoreUnderWayError(backup=stack.spec.restore.backup)
    if status.state is ReleaseState.PENDING and status.detail:
        return PodsNotReadyError(detail=status.detail)
    if status.state is not ReleaseState.CURRENT:
        return ShopStartingError()
    if not thorough:
        return None
    try:
        world.ask(stack, status.endpoint or "")
        if "access_token" not in world.access(stack):
            return HandoverMissingError()
    except StoreControllerError as error:
        return silence.meaning(stack, error, now)
    return None


class StackStep(Protocol):
    """One step of a stack."""

    name: str
    condition: str | None
    """The condition that stays unmet while the step does not succeed."""

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:
        """Take the step; repeatable. Raises StoreControllerError or DriverFailure."""


class ApplyInfrastructure:
    """Build what the stack needs around its release."""

    name = "apply-infrastructure"
    condition: str | None = "InfrastructureReady"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:  # noqa: ARG002
        """Plan and apply it; what that told is kept with the stack."""
        wanted = world.infrastructure(stack)
        if wanted is None:
            raise AssertionError("nothing is to be built")
        builder = world.builder(stack)
        built = builder.apply(wanted)
        applied = AppliedInfrastructure(
            digest=builder.digest(wanted), module=wanted.module, outputs=built.outputs
        )
        return Advanced(
            note=Note.of("InfrastructureApplied", module=wanted.module, changed=built.changed),
            stack=lambda fresh: replace(fresh, infrastructure=applied),
        )


class ApplyScale:
    """Have as many web servers as somebody asked for, before anything else is changed."""

    name = "scale"
    condition: str | None = "Released"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:  # noqa: ARG002
        """Tell the cluster directly; the release's values say the same from now on."""
        scale, now = stack.spec.replicas, stack.spec.now
        wanted = Replicas(min=scale.min, max=scale.max, now=now)
        are = world.driver(stack).scale(stack.uid, wanted)
        return Advanced(
            note=Note.of("Scaled", min=scale.min, max=scale.max, now=are),
            stack=lambda fresh: _rescaled(fresh, stack),
        )


def _rescaled(fresh: Stack, stack: Stack) -> Stack:
    """The stack without the wish, unless somebody wished otherwise meanwhile."""
    if fresh.spec != stack.spec:
        return fresh
    return replace(fresh, spec=replace(fresh.spec, rescale=False, now=None))


class TryImage:
    """See that the cluster can fetch a new image, before anything that runs is changed."""

    name = "try-image"
    condition: str | None = "Released"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:  # noqa: ARG002
        """Have it started once beside the shop; raises ImageUnpullableError."""
        image = world.image(stack)
        try:
            world.driver(stack).try_image(stack.uid, image)
        except DriverFailure as failure:
            if failure.code == "image_unpullable":
                raise ImageUnpullableError(detail=failure.detail) from failure
            raise
        return Advanced(
            note=Note.of("ImageTried", image=image),
            stack=lambda fresh: _tried(fresh, image),
        )


def _tried(fresh: Stack, image: str) -> Stack:
    """The stack without the doubt, unless another image is wanted meanwhile."""
    if fresh.spec.image != image:
        return fresh
    return replace(fresh, spec=replace(fresh.spec, untried=False))


class TakeValues:
    """Take what was changed of the cluster or the platform; the next step applies it."""

    name = "take-values"
    condition: str | None = None

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:  # noqa: ARG002
        """Claim it: of many stacks few come first."""
        given = world.given(stack)
        if given is None or world.taking is None or not world.taking.take(stack, given):
            raise StackNotReadyError
        return Advanced(note=Note.of("ValuesTaken"))


def with_image(stack: Stack, seen: StackSeen, image: str, world: World) -> Stack:
    """A stack that answers keeps what it runs, whatever is set for new ones later."""
    if not image or not stack.wants_running or seen.answering is not None:
        return stack
    given = stack.spec.given if stack.spec.given is not None else world.given(stack)
    kept = replace(
        stack.spec, image=stack.spec.image or image, ran=image, given=given, taking_since=None
    )
    return stack if kept == stack.spec else replace(stack, spec=kept)


class MakeBackup:
    """Have a backup made; the shop goes on meanwhile."""

    name = "back-up"
    condition: str | None = BACKED_UP

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:  # noqa: ARG002
        """Raises BackupUnderWayError until it is made, BackupNotMadeError when that gave up."""
        run = stack.spec.backup
        try:
            made = world.driver(stack).back_up(stack.uid, run)
        except DriverFailure as failure:
            if failure.code == "backup_under_way":
                raise BackupUnderWayError from failure
            if not failure.transient:
                raise BackupNotMadeError(detail=failure.detail) from failure
            raise
        return Advanced(
            note=Note.of("BackupMade", backup=made.name),
            result={"backup": made.name},
            stack=lambda fresh: _backed_up(fresh, run),
        )


def _backed_up(fresh: Stack, run: str) -> Stack:
    """The stack without the wish, unless another backup is wanted meanwhile."""
    if fresh.spec.backup != run:
        return fresh
    return replace(fresh, spec=replace(fresh.spec, backup=""))


class LoadBackup:
    """Have the shop rest, load a backup, and let it wake again.

    What was done is seen in the cluster before the next part begins, so that it goes on wherever
    it was cut off. While a backup is loaded nobody else writes: whatever changes meanwhile has it
    begin anew, with everybody at rest.
    """

    name = "load-backup"
    condition: str | None = "Answering"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:
        """Raises RestoreUnderWayError until it is loaded, BackupNotLoadedError when that failed."""
        wanted = stack.spec.restore
        if wanted is None:
            raise AssertionError("nothing is to be restored")
        if wanted.load:
            return self._load(stack, wanted, seen, world)
        driver, goes_on = world.driver(stack), RestoreUnderWayError(backup=wanted.backup)
        if seen.release is not ReleaseState.CURRENT:
            driver.apply(world.release(stack))
            raise goes_on
        if driver.writers(stack.uid):
            raise goes_on
        load = replace(wanted, load=True)
        driver.apply(world.release(_restoring(stack, wanted, load)))
        return _advanced(wanted, load)

    def _load(self, stack: Stack, wanted: Restore, seen: StackSeen, world: World) -> Advanced:
        driver = world.driver(stack)
        if seen.release is ReleaseState.PENDING:
            raise RestoreUnderWayError(backup=wanted.backup)
        if seen.release is ReleaseState.CURRENT and driver.loaded(stack.uid):
            return Advanced(
                note=Note.of("BackupLoaded", backup=wanted.backup),
                stack=lambda fresh: _restoring(fresh, wanted, None),
            )
        if seen.release is ReleaseState.FAILED:
            reasons = driver.why(stack.uid)
            ended = next((reason for reason in reasons if reason.kind == "restore_failed"), None)
            if ended is not None:
                raise BackupNotLoadedError(detail=ended.message)
        return _advanced(wanted, replace(wanted, load=False))


def _advanced(known: Restore, wanted: Restore) -> Advanced:
    return Advanced(
        note=Note.of("RestRequired", backup=known.backup),
        stack=lambda fresh: _restoring(fresh, known, wanted),
    )


def _restoring(stack: Stack, known: Restore, wanted: Restore | None) -> Stack:
    """The stack with its wish carried on, unless somebody wishes otherwise by now."""
    if stack.spec.restore != known:
        return stack
    return replace(stack, spec=replace(stack.spec, restore=wanted))


class ApplySecrets:
    """Put the access keys in place."""

    name = "apply-secrets"
    condition: str | None = "SecretsApplied"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:  # noqa: ARG002
        """Write them through the driver."""
        world.driver(stack).apply_secrets(stack.uid, world.secrets(stack))
        return Advanced(note=Note.of("SecretsApplied"))


class ApplyRelease:
    """Start the release, or make it current."""

    name = "apply-release"
    condition: str | None = "Released"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:
        """Hand it to the driver."""
        release = world.release(stack)
        try:
            status = world.driver(stack).apply(release)
        except DriverFailure as failure:
            if failure.transient or not stack.closing:
                raise
            return HaltRelease().run(stack, seen, world)
        endpoint = status.endpoint or "-"
        note = Note.of(
            "ReleaseApplied", chart=release.chart, version=release.version, endpoint=endpoint
        )
        return Advanced(note=note)


class AwaitEngine:
    """Stay until the shop answers, for a short while."""

    name = "await-engine"
    condition: str | None = "Answering"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:
        """Ask until it answers; raises why it does not when that takes long."""
        deadline = time.monotonic() + _AWAIT_SECONDS
        # Whoever tells by itself is not asked often: each look at a cluster is a few requests.
        pause = 0.25 if world.driver(stack).wakes else 0.005
        while True:
            if seen.answering is None:
                return Advanced(note=Note.of("Answering", endpoint=seen.endpoint or "-"))
            if seen.release not in {ReleaseState.CURRENT, ReleaseState.PENDING}:
                raise DriverError(detail=seen.detail or "it ended by itself")
            if time.monotonic() > deadline or self._woken(stack, seen, world):
                raise seen.answering
            time.sleep(pause)
            pause = min(pause * 1.3, max(pause, 0.1))
            seen = observe(stack, world)

    def _woken(self, stack: Stack, seen: StackSeen, world: World) -> bool:
        """Whether the driver tells when there is something new to see."""
        return seen.release is ReleaseState.PENDING and world.driver(stack).wakes


class RestartRelease:
    """End what hangs; the next step starts it on its data."""

    name = "restart-release"
    condition: str | None = "Answering"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:  # noqa: ARG002
        """Stop it through the driver, which does not wait for ever for what does not listen."""
        world.driver(stack).stop(stack.uid)
        return Advanced(note=Note.of("HungEnded"))


class StopRelease:
    """Stop what runs, keep the data."""

    name = "stop-release"
    condition: str | None = "Released"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:  # noqa: ARG002
        """Stop it through the driver."""
        world.driver(stack).stop(stack.uid)
        return Advanced(note=Note.of("ReleaseStopped"))


class HaltRelease:
    """Stop what was to show that it is closed and cannot: closed it is to be in any case."""

    name = "stop-release"
    condition: str | None = "Released"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:
        """Stop it through the driver; its next turn starts it again."""
        world.driver(stack).stop(stack.uid)
        detail = seen.detail or (str(seen.answering) if seen.answering else "-")
        return Advanced(
            note=Note.of("ClosedByStopping", detail=detail[:300]),
            stack=lambda fresh: _halted(fresh, stack),
        )


def _halted(fresh: Stack, stack: Stack) -> Stack:
    """The stack closed by being stopped, unless its life took another turn meanwhile."""
    if fresh.generation != stack.generation:
        return fresh
    return replace(fresh, spec=replace(fresh.spec, halted=True))


class DeleteRelease:
    """Destroy everything of the stack."""

    name = "delete-release"
    condition: str | None = "Released"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:
        """Delete through the driver; the next look asks what it still holds."""
        world.driver(stack).delete(stack.uid)
        result = {"removed": list(seen.held)}
        return Advanced(note=Note.of("Inventory", removed=len(seen.held)), result=result)


class DestroyInfrastructure:
    """Remove what was built around the stack, data included."""

    name = "destroy-infrastructure"
    condition: str | None = "InfrastructureReady"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:  # noqa: ARG002
        """Destroy it; the next look asks what is left."""
        wanted = world.infrastructure(stack)
        if wanted is None:
            raise AssertionError("nothing was built")
        module = stack.infrastructure.module if stack.infrastructure else wanted.module
        world.builder(stack).destroy(replace(wanted, module=module))
        return Advanced(note=Note.of("InfrastructureDestroyed", module=module))


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


def conditions(stack: Stack, seen: StackSeen, world: World) -> tuple[Condition, ...]:
    """What is seen, as conditions."""
    if stack.desired is StackDesired.PURGED:
        return tuple(unmet(kind, "ReleaseDeleted") for kind in ("Released", "Answering"))
    if not stack.wants_running:
        return tuple(unmet(kind, "ReleaseStopped") for kind in ("Released", "Answering"))
    return (
        *_surrounded(stack, seen, world),
        met("SecretsApplied", "SecretsApplied")
        if seen.secrets
        else unmet("SecretsApplied", "NotStarted"),
        _released(stack, seen, world),
        _answering(seen),
        *silence.steadiness(stack, utcnow(), restarting=seen.hangs),
        *_roomy(stack, seen),
        *_asked_for(stack),
        *_autoscaling(stack, seen),
    )


def _surrounded(stack: Stack, seen: StackSeen, world: World) -> tuple[Condition, ...]:
    """The condition of what is around it, for stacks that need anything there."""
    wanted = world.infrastructure(stack)
    if wanted is None:
        return ()
    if seen.infrastructure:
        return (met("InfrastructureReady", "InfrastructureBuilt", module=wanted.module),)
    return (unmet("InfrastructureReady", "InfrastructureMissing", module=wanted.module),)


def _released(stack: Stack, seen: StackSeen, world: World) -> Condition:
    if seen.release in {ReleaseState.CURRENT, ReleaseState.PENDING}:
        release = world.release(stack)
        params = {"chart": release.chart, "version": release.version}
        return met("Released", "ReleaseCurrent", **params)
    if seen.release is ReleaseState.FAILED:
        return unmet("Released", "Driver", detail=seen.detail)
    outdated = seen.release is ReleaseState.OUTDATED
    return unmet("Released", "ReleaseOutdated" if outdated else "ReleaseMissing")


def _roomy(stack: Stack, seen: StackSeen) -> tuple[Condition, ...]:
    """Whether its volumes have room: a condition since one was nearly full, told in steps."""
    if seen.filling:
        fullest = max(seen.filling, key=lambda item: item.percent)
        percent = max(step for step in _FULL_STEPS if step <= max(fullest.percent, _FULL_STEPS[0]))
        return (unmet(ROOMY, "VolumeFilling", volume=fullest.volume, percent=percent),)
    return (met(ROOMY, "VolumesRoomy"),) if ROOMY in stack.conditions else ()


def _asked_for(stack: Stack) -> tuple[Condition, ...]:
    """Whether every backup that was asked for is made: a condition since the first of them."""
    if stack.spec.backup:
        return (unmet(BACKED_UP, "BackupWanted"),)
    return (met(BACKED_UP, "BackupsAsAsked"),) if BACKED_UP in stack.conditions else ()


def _autoscaling(stack: Stack, seen: StackSeen) -> tuple[Condition, ...]:
    """Whether its autoscaler works: a condition since one did not."""
    if seen.blind:
        return (unmet(AUTOSCALING, "AutoscalerBlind", detail=seen.blind),)
    known = AUTOSCALING in stack.conditions
    return (met(AUTOSCALING, "AutoscalerSees"),) if known else ()


def _answering(seen: StackSeen) -> Condition:
    if seen.answering is None:
        return met("Answering", "Answering", endpoint=seen.endpoint or "-")
    return unmet("Answering", seen.answering.reason, **seen.answering.params)
