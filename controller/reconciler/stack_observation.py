"""What is true of a stack now, asked of its driver and its engine."""

from dataclasses import dataclass
from datetime import datetime

from controller.domain.errors.base import StoreControllerError
from controller.domain.errors.shops import (
    HandoverMissingError,
    PodsNotReadyError,
    ShopStartingError,
)
from controller.domain.errors.stacks import RestoreUnderWayError
from controller.domain.stack import Stack, StackDesired
from controller.reconciler import silence
from controller.reconciler.outcome import from_driver
from controller.reconciler.world import World
from controller.registry.session import utcnow
from provisioners.base import Changed, Driver, DriverFailure, Filling, ReleaseState, ReleaseStatus

_CLOSING_SECONDS = 120.0
"""For how long a shop may take to show its closed page, until it is stopped instead."""


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
