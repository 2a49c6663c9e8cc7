"""When a shop that gives no answer is started again, and when it is left alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from controller.domain.conditions import Condition, merge, met, unmet
from controller.domain.errors.base import StoreControllerError
from controller.domain.errors.shops import (
    HostsPendingError,
    ShopBusyError,
    ShopFailingError,
    ShopSilentError,
    ShopStartingError,
    ShopUnreachableError,
    StorefrontPendingError,
)
from controller.domain.stack import Stack, StackDesired
from controller.reconciler import silence

NOW = datetime.now(UTC)
MUTE = ShopUnreachableError(detail="no whole answer in 2 s")


def stack(*conditions: Condition, ago: float = 0.0) -> Stack:
    then = NOW - timedelta(seconds=ago)
    return Stack(
        uid="stack1", tenant="tenant1", engine="sandbox", version="1", driver="process",
        desired=StackDesired.RUNNING, generation=1, observed_generation=1,
        conditions=merge({}, conditions, then), endpoint="http://127.0.0.1:1",
    )  # fmt: skip


ANSWERED = met("Answering", "Answering", endpoint="-")
SILENT = unmet("Answering", "ShopSilent")
STARTING = unmet("Answering", "ShopStarting")


@pytest.mark.parametrize(
    ("before", "ago", "error", "found"),
    [
        pytest.param(ANSWERED, 60, MUTE, "shop_silent", id="it answered and is mute"),
        pytest.param(SILENT, 60, MUTE, "shop_silent", id="it is mute still"),
        pytest.param(STARTING, 5, MUTE, "shop_starting", id="it starts"),
        pytest.param(STARTING, 60, MUTE, "shop_silent", id="it never came up"),
        pytest.param(
            ANSWERED, 60, ShopFailingError(detail="500"), "shop_failing", id="it fails aloud"
        ),
        pytest.param(ANSWERED, 60, ShopBusyError(), "shop_busy", id="it is busy and says so"),
        pytest.param(STARTING, 5, ShopFailingError(detail="502"), "shop_starting", id="a gateway"),
        pytest.param(ANSWERED, 60, ShopStartingError(), "shop_starting", id="it says it starts"),
        pytest.param(
            STARTING, 5, HostsPendingError(hosts="a"), "hosts_pending", id="an address is late"
        ),
        pytest.param(
            STARTING, 5, StorefrontPendingError(), "storefront_pending", id="the opening is late"
        ),
    ],
)
def test_what_no_answer_means(
    before: Condition, ago: float, error: StoreControllerError, found: str
) -> None:
    assert silence.meaning(stack(before, ago=ago), error, NOW).code == found


@pytest.mark.parametrize(
    ("conditions", "ago", "hangs"),
    [
        pytest.param((SILENT,), silence.HUNG_SECONDS + 1, True, id="for-long-enough"),
        pytest.param((SILENT,), 2, False, id="a-moment"),
        pytest.param((ANSWERED,), 3600, False, id="just-found"),
    ],
)
def test_only_a_lasting_silence_ends_a_shop(
    conditions: tuple[Condition, ...], ago: float, hangs: bool
) -> None:
    assert silence.hangs(stack(*conditions, ago=ago), ShopSilentError(), NOW) is hangs


def test_a_shop_that_hangs_again_and_again_is_started_less_and_less_often() -> None:
    """Each restart is followed by a longer wait, never beyond the longest, and none is hidden."""
    known, now, starts = stack(SILENT, ago=60), NOW, []
    while now < NOW + timedelta(hours=6):
        if silence.hangs(known, ShopSilentError(), now):
            starts.append(now)
            told = silence.steadiness(known, now, restarting=True)
            known = replace(known, conditions=merge(known.conditions, told, now))
        now += timedelta(seconds=5)
    gaps = [(after - before).total_seconds() for before, after in pairwise(starts)]
    assert starts[0] == NOW
    assert gaps == sorted(gaps)
    assert 1700 <= gaps[-1] <= 1810
    assert len(starts) < 25
    assert known.conditions["Steady"].note.params["times"] == len(starts)


def test_after_a_calm_hour_it_is_steady_again() -> None:
    told = silence.steadiness(stack(SILENT), NOW, restarting=True)
    hung = replace(stack(), conditions=merge({}, told, NOW))
    assert silence.steadiness(hung, NOW + timedelta(minutes=59), restarting=False) == ()
    (steady,) = silence.steadiness(hung, NOW + timedelta(minutes=61), restarting=False)
    assert steady.met
    assert silence.restarts(hung, NOW + timedelta(minutes=61)) == 0
