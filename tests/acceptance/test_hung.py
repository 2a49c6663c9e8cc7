"""A shop whose process stops in the middle: noticed, ended, started again, and told."""

import contextlib
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.control_plane import ControlPlane, until

NOTICED = 30.0
"""Seconds within which a hung shop is known to be one."""


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    found = ControlPlane(tmp_path_factory.mktemp("home"))
    # As it is shipped: how long it takes is what is tried.
    found.set(STORECTL_WORKER__RESYNC_SECONDS="5")
    with found.running() as running:
        yield running


def status(plane: ControlPlane) -> Any:
    return plane.call("GET", "/stores/hangs")["status"]


def test_a_stopped_process_is_noticed_ended_and_started(plane: ControlPlane) -> None:
    plane.finish(plane.create("hangs"))
    (hung,) = plane.shops()
    os.kill(hung, signal.SIGSTOP)
    try:
        until(lambda: not status(plane)["ready"], "that it is not ready", NOTICED)
        why = plane.call("GET", "/stores/hangs/why")["status"]
        assert why["cause"]["code"] in {"shop_unreachable", "shop_silent"}
        until(lambda: hung not in plane.shops(), "the end of what hangs", 60)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(hung, signal.SIGKILL)
    until(lambda: status(plane)["ready"], "that it sells again", 60)
    assert len(plane.shops()) == 1
    events = plane.call("GET", "/stores/hangs/events")["items"]
    told = [(one["severity"], one["reason"]) for one in events]
    assert ("Warning", "ShopUnreachable") in told
    assert told.count(("Warning", "ShopHung")) == 1
    assert ("Normal", "ReadyAgain") in told
