"""What it means that a shop gives no answer: it starts, or it hangs and is started again.

`stacks` asks. A shop that hangs again and again is started less and less often; how often it was
is kept as the stack's condition `Steady`, which everybody can read.
"""

from datetime import datetime, timedelta

from controller.domain.conditions import Condition, met, unmet
from controller.domain.errors.base import StoreControllerError
from controller.domain.errors.shops import (
    ShopSilentError,
    ShopStartingError,
    ShopUnreachableError,
    ShopWayError,
)
from controller.domain.stack import STEADY, Stack
from controller.domain.store import iso, moment

HUNG_SECONDS = 8.0
"""For how long a shop that answered before may be silent, until it is ended and started."""
_STARTING_SECONDS = 45.0
"""For how long a shop whose process says that it answers may take to do so the first time."""
_FIRST_PAUSE = timedelta(seconds=15)
_LONGEST_PAUSE = timedelta(minutes=30)
_CALM = timedelta(hours=1)
"""Without a restart for so long it is steady again."""
_LATELY = timedelta(minutes=-1)
"""By how much the clocks of two workers may differ."""


def meaning(stack: Stack, error: StoreControllerError, now: datetime) -> StoreControllerError:
    """What an answer that did not come says of a stack of which everything runs."""
    if not isinstance(error, ShopUnreachableError | ShopStartingError):
        return error
    if isinstance(error, ShopWayError):
        # Nothing is known of the shop itself.
        return error
    known = stack.conditions.get("Answering")
    if known is None:
        return ShopStartingError()
    answered = known.met or known.note.reason == ShopSilentError().reason
    if not answered:
        late = known.note.reason == "ShopStarting" and _lasts(known, now, _STARTING_SECONDS)
        return ShopSilentError() if late and _mute(error) else ShopStartingError()
    return ShopSilentError() if _mute(error) else error


def _mute(error: StoreControllerError) -> bool:
    """Whether nothing came at all: a shop that answers anything does not hang."""
    return type(error) is ShopUnreachableError


def hangs(stack: Stack, answering: StoreControllerError | None, now: datetime) -> bool:
    """Whether a shop is to be ended and started again now."""
    known = stack.conditions.get("Answering")
    if not isinstance(answering, ShopSilentError) or known is None:
        return False
    silent = known.note.reason == answering.reason and _lasts(known, now, HUNG_SECONDS)
    times, last = restarts(stack, now), restarted_at(stack)
    return silent and (not times or last is None or now >= last + pause(times))


def _lasts(known: Condition, now: datetime, seconds: float) -> bool:
    if known.since is None:
        return False
    # What began in the future was dated by a clock that was wrong, nobody knows when.
    return not 0 <= (now - known.since).total_seconds() < seconds


def restarts(stack: Stack, now: datetime) -> int:
    """How often it was started again lately, because it hung."""
    known, last = stack.conditions.get(STEADY), restarted_at(stack)
    if known is None or last is None or not _LATELY <= now - last <= _CALM:
        return 0
    return int(known.note.params["times"])


def restarted_at(stack: Stack) -> datetime | None:
    """When it was started again last."""
    known = stack.conditions.get(STEADY)
    return None if known is None or known.met else moment(str(known.note.params["at"]))


def pause(times: int) -> timedelta:
    """How long it is left after so many restarts before the next one."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(times, 10)) if times else timedelta()


def steadiness(stack: Stack, now: datetime, *, restarting: bool) -> tuple[Condition, ...]:
    """The condition `Steady` where it changes; it is not there for a shop that never hung."""
    if restarting:
        times = restarts(stack, now) + 1
        return (unmet(STEADY, "RestartedOften", times=times, at=iso(now) or ""),)
    last = restarted_at(stack)
    if last is not None and not _LATELY <= now - last <= _CALM:
        return (met(STEADY, "RunsSteadily"),)
    return ()
