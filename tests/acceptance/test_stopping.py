"""A stop ends within five seconds, whatever runs, and leaves nothing that blocks the next start."""

import signal
import threading
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.control_plane import ControlPlane, reachable, until

SECONDS = 5.0


def ended(plane: ControlPlane, kind: signal.Signals = signal.SIGTERM) -> float:
    """Seconds that a stop took; everything that it says of itself holds afterwards."""
    assert plane._process is not None
    began = time.monotonic()
    plane._process.send_signal(kind)
    assert plane.await_death(30) == 0
    took = time.monotonic() - began
    assert plane.output.rstrip().endswith(f"Stopped; everything is kept in {plane.home}")
    assert not (plane.home / "controller.json").exists()
    assert plane.shops() == {}
    return took


@pytest.fixture
def plane(tmp_path: Path) -> ControlPlane:
    return ControlPlane(tmp_path / "home")


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_idle_one_ends_at_once(plane: ControlPlane, kind: signal.Signals) -> None:
    plane.start()
    plane.await_ready()
    assert ended(plane, kind) < SECONDS


def test_neither_a_hung_shop_nor_an_open_stream_holds_it(plane: ControlPlane) -> None:
    plane.start()
    plane.await_ready()
    plane.finish(plane.create("acme"))
    url = plane.call("GET", "/stores/acme")["status"]["url"]
    (shop,) = plane.shops()
    psutil.Process(shop).suspend()
    asked = urllib.request.Request(
        f"{plane.url}/api/v1/events",
        headers={"Authorization": f"Bearer {plane.token}", "Accept": "text/event-stream"},
    )
    streams = [urllib.request.urlopen(asked, timeout=60) for _ in range(3)]
    orders = threading.Thread(target=_ask, args=(plane, "/stores/acme/orders"), daemon=True)
    push = plane.call("POST", "/stores/acme/config/push")
    orders.start()
    # Its step waits for the shop, which answers nobody.
    operation = f"/operations/{push['metadata']['id']}"
    until(lambda: plane.call("GET", operation)["status"]["state"] == "running", "the push")
    assert ended(plane) < SECONDS
    assert streams
    with plane.running():
        assert plane.finish(push)["status"]["state"] == "succeeded"
        until(lambda: reachable(url), "the shop again")


def test_one_that_is_just_starting_ends_too_and_the_next_one_finds_its_home_free(
    plane: ControlPlane,
) -> None:
    for pause in (0.3, 0.6, 0.9, 1.2):
        plane.start()
        time.sleep(pause)
        assert plane._process is not None
        plane._process.terminate()
        began = time.monotonic()
        plane.await_death(30)
        assert time.monotonic() - began < SECONDS
    with plane.running():
        assert "already" not in plane.output


def _ask(plane: ControlPlane, path: str) -> None:
    try:
        plane.call("GET", path)
    except OSError:
        return
