"""`make up` as a newcomer meets it: it starts, sells, survives, resumes, leaves nothing behind."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.control_plane import ROOT, ControlPlane, reachable, until


def test_the_first_start_makes_a_demonstration_store_and_says_what_to_type(tmp_path: Path) -> None:
    plane = ControlPlane(tmp_path / "home")
    with plane.running(STORECTL_DEMO="true"):
        until(lambda: "Ctrl-C stops everything" in plane.output, "the whole greeting")
        demo = plane.call("GET", "/stores/demo")
        assert demo["status"]["phase"] == "Ready"
        assert demo["status"]["sellingSince"]
        assert reachable(demo["status"]["url"])
        for shown in (f"{plane.url}/", f"{plane.url}/operator?token={plane.token}", "list"):
            assert shown in plane.output
        assert demo["status"]["url"] in plane.output


def test_ctrl_c_stops_every_shop_and_a_second_start_resumes_where_it_stopped(
    tmp_path: Path,
) -> None:
    plane = ControlPlane(tmp_path / "home")
    with plane.running():
        plane.finish(plane.create("acme"))
        before = plane.call("GET", "/stores/acme")
        assert len(plane.shops()) == 1
    assert plane.exit_status == 0
    assert plane.shops() == {}

    with plane.running():
        until(lambda: len(plane.shops()) == 1, "the shop's return")
        until(lambda: reachable(before["status"]["url"]), "the shop at its old address")
        after = plane.call("GET", "/stores/acme")
        assert after["metadata"]["uid"] == before["metadata"]["uid"]
        # A restart is no change: nobody has to follow anything.
        assert after["metadata"]["operation"] == before["metadata"]["operation"]


def test_sigterm_stops_as_well_as_ctrl_c(tmp_path: Path) -> None:
    plane = ControlPlane(tmp_path / "home")
    with plane.running():
        plane.finish(plane.create("acme"))
        assert plane._process is not None
        plane._process.send_signal(signal.SIGTERM)
        assert plane.await_death() == 0
    assert plane.shops() == {}


def test_a_killed_shop_comes_back_with_its_data(control_plane: ControlPlane) -> None:
    control_plane.finish(control_plane.create("phoenix"))
    url = control_plane.call("GET", "/stores/phoenix")["status"]["url"]
    stack = _stack_of(control_plane, url)
    database = control_plane.home / "stacks" / stack / "shop.sqlite3"
    inode = database.stat().st_ino
    (pid,) = [pid for pid, name in control_plane.shops().items() if name == stack]

    os.kill(pid, signal.SIGKILL)

    def replaced() -> bool:
        live = [pid for pid, name in control_plane.shops().items() if name == stack]
        return len(live) == 1 and live != [pid] and reachable(url)

    until(replaced, "another process at the same address")
    told = [
        event["reason"] for event in control_plane.call("GET", "/stores/phoenix/events")["items"]
    ]
    assert "ProcessLost" in told
    assert database.stat().st_ino == inode


def test_a_shop_whose_port_was_taken_meanwhile_moves_and_says_so(tmp_path: Path) -> None:
    plane = ControlPlane(tmp_path / "home")
    with plane.running():
        plane.finish(plane.create("nomad"))
        old = plane.call("GET", "/stores/nomad")["status"]["url"]
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", int(old.rpartition(":")[2])))
        squatter.listen()
        with plane.running():

            def moved() -> str | None:
                status = plane.call("GET", "/stores/nomad")["status"]
                ready = status["phase"] == "Ready" and status["url"] != old
                return status["url"] if ready else None

            assert reachable(until(moved, "another address"))


def test_a_store_with_a_time_to_live_is_retired_by_our_own_loop(
    control_plane: ControlPlane,
) -> None:
    control_plane.finish(control_plane.create("brief", ttl="1m"))
    # The end is brought near: a minute is long for a test.
    soon = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    control_plane.call("PATCH", "/stores/brief", {"expiresAt": soon})

    def retired() -> bool:
        phase: str = control_plane.call("GET", "/stores/brief")["status"]["phase"]
        return phase == "Retired"

    until(retired, "the retirement")
    # Brought back, it stays: an end that has passed is lifted.
    control_plane.finish(control_plane.call("POST", "/stores/brief/undelete"))
    assert control_plane.call("GET", "/stores/brief")["spec"]["expiresAt"] is None


def test_the_owners_administration_opens_once_and_shows_no_test_purchase(
    control_plane: ControlPlane,
) -> None:
    control_plane.finish(control_plane.create("till"))
    link = control_plane.call("POST", "/stores/till/login-link")["url"]
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    page = browser.open(link, timeout=10).read().decode()
    assert "Orders" in page or "Bestellungen" in page
    assert "000000001" not in page
    again = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with pytest.raises(urllib.error.HTTPError):
        again.open(link, timeout=10)


def test_settings_changed_inside_the_shop_are_put_right_again(
    control_plane: ControlPlane,
) -> None:
    control_plane.finish(control_plane.create("drift"))
    url = control_plane.call("GET", "/stores/drift")["status"]["url"]
    stack = _stack_of(control_plane, url)
    _change_flat_rate(control_plane, stack, url, "77.00")

    def mended() -> bool:
        status = control_plane.call("GET", "/stores/drift")["status"]
        return status["phase"] == "Ready" and _flat_rate(control_plane, stack, url) == "4.90"

    until(mended, "the configured price")


def test_a_taken_port_is_said_and_nothing_is_started(tmp_path: Path) -> None:
    plane = ControlPlane(tmp_path / "home")
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", plane.port))
        squatter.listen()
        plane.start()
        assert plane.await_death() == 5
    assert f"Port {plane.port} is in use" in plane.output
    assert "STORECTL_PORT" in plane.output
    assert "Traceback" not in plane.output


def test_a_second_control_plane_on_the_same_home_refuses_to_start(tmp_path: Path) -> None:
    plane = ControlPlane(tmp_path / "home")
    with plane.running():
        done = subprocess.run(
            [sys.executable, "-m", "controller", "up"],
            env={**plane.environ, "STORECTL_PORT": "1"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 5
        assert "already running" in done.stderr
        assert "Traceback" not in done.stderr
        assert plane.call("GET", "/stores")["items"] == []


def test_an_unknown_thing_in_the_home_is_left_alone(tmp_path: Path) -> None:
    plane = ControlPlane(tmp_path / "home")
    stranger = plane.home / "stacks" / "01stranger"
    stranger.mkdir(parents=True)
    (stranger / "shop.sqlite3").write_bytes(b"someone's data")
    with plane.running():
        plane.finish(plane.create("acme"))
        (unknown,) = plane.call("GET", "/fleet")["unknown"]
        assert unknown["name"] == "01stranger"
        assert "file shop.sqlite3" in unknown["holds"]
    assert (stranger / "shop.sqlite3").read_bytes() == b"someone's data"


def _stack_of(plane: ControlPlane, url: str) -> str:
    port = f'"port": {url.rpartition(":")[2]}'
    for place in (plane.home / "stacks").iterdir():
        if port in (place / "release.json").read_text():
            return place.name
    raise AssertionError(f"no stack at {url}")


def _shop_call(
    plane: ControlPlane, stack: str, url: str, method: str, path: str, body: object
) -> Any:
    secrets = json.loads((plane.home / "stacks" / stack / "secrets.json").read_text())
    request = urllib.request.Request(
        f"{url}/rest/all/V1/storecontroller/{path}",
        data=json.dumps(body).encode(),
        method=method,
        headers={
            "Authorization": f"Bearer {secrets['access_token']}",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def _flat_rate(plane: ControlPlane, stack: str, url: str) -> str:
    body = {"items": [{"path": "carriers/flatrate/price"}]}
    return _shop_call(plane, stack, url, "POST", "config/query", body)[0]["value"]


def _change_flat_rate(plane: ControlPlane, stack: str, url: str, price: str) -> None:
    """Behind the controller's back: in the shop's own data file."""
    path = plane.home / "stacks" / stack / "shop.sqlite3"
    with sqlite3.connect(path, timeout=10) as shop:
        shop.execute("UPDATE config SET value = ? WHERE path = 'carriers/flatrate/price'", (price,))
    shop.close()
    assert _flat_rate(plane, stack, url) == price


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_the_probes_answer(control_plane: ControlPlane, path: str) -> None:
    assert reachable(control_plane.url + path)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        pytest.param("STORECTL_PORT", "eighty", id="not-a-number"),
        pytest.param("STORECTL_SHOP_PORTS", "9-1", id="ports-backwards"),
        pytest.param("STORECTL_MASTER_KEY", "short", id="weak-key"),
        pytest.param("STORECTL_WORKER__THREADS", "0", id="group"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path, variable: str, value: str) -> None:
    plane = ControlPlane(tmp_path / "home")
    plane.start(**{variable: value})
    assert plane.await_death() == 2
    assert f"The setting {variable} cannot be used" in plane.output
    assert "Traceback" not in plane.output
