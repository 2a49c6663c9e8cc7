"""The real `storectl` against the real control plane: what a stranger types, in that order."""

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.control_plane import ControlPlane
from tests.services.process import free_port

Storectl = Callable[..., subprocess.CompletedProcess[str]]
CREATE = ("create", "acme", "--country", "DE", "--email", "owner@example.com")


@pytest.fixture(scope="module")
def program() -> list[str]:
    """The installed script; the package itself where none is installed."""
    script = Path(sys.executable).with_name("storectl")
    return [str(script)] if script.exists() else [sys.executable, "-m", "cli"]


@pytest.fixture(scope="module")
def storectl(control_plane: ControlPlane, program: list[str]) -> Storectl:
    environ = {**control_plane.environ, "STORECTL_LANG": "en"}

    def run(*argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*program, *argv],
            input=stdin,
            env=environ,
            cwd=control_plane.home,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def acme(storectl: Storectl) -> subprocess.CompletedProcess[str]:
    """The first creation of the store that the tests of looking share."""
    created = storectl(*CREATE)
    assert created.returncode == 0, created.stderr
    return created


def test_create_streams_its_steps_and_prints_an_address_that_answers(
    storectl: Storectl, acme: subprocess.CompletedProcess[str]
) -> None:
    assert acme.stdout.startswith("acme is ready: http://")
    lines = acme.stderr.splitlines()
    assert lines[0].startswith("Creating acme (")
    assert [line for line in lines if "✓ Making a test purchase" in line]
    with urllib.request.urlopen(storectl("url", "acme").stdout.strip(), timeout=10) as page:
        assert page.status == 200


@pytest.mark.usefixtures("acme")
def test_create_again_is_success_and_another_specification_is_a_conflict(
    storectl: Storectl,
) -> None:
    again = storectl(*CREATE, "-o", "json")
    assert (again.returncode, json.loads(again.stdout)["kind"]) == (0, "Store")
    other = storectl("create", "acme", "--country", "FR", "--email", "owner@example.com")
    assert (other.returncode, other.stdout) == (5, "")
    assert "→" in other.stderr


@pytest.mark.usefixtures("acme")
def test_looking(storectl: Storectl) -> None:
    assert "acme" in storectl("list").stdout
    assert storectl("list", "-o", "name").stdout.split() == ["acme"]
    store = json.loads(storectl("get", "acme", "-o", "json").stdout)
    assert json.loads(storectl("api", "GET", "/stores/acme").stdout) == store
    # What it runs on is told of one store, and costs nothing in a list.
    assert store.pop("stack")["engine"] == "sandbox"
    assert json.loads(storectl("list", "-o", "json").stdout) == [store]
    assert store["status"]["ready"] is True
    page = storectl("describe", "acme").stdout
    assert "Taking orders" in page
    assert "storectl logs acme -f" in page
    assert storectl("logs", "acme").returncode == 0
    assert "Done in" in storectl("events", "acme").stdout
    link = storectl("login-link", "acme")
    assert (link.returncode, link.stdout.startswith("http://")) == (0, True)


@pytest.mark.usefixtures("acme")
def test_operations_can_be_listed_shown_and_waited_for(storectl: Storectl) -> None:
    (first,) = storectl("op", "list", "--store", "acme", "-o", "name").stdout.split()
    assert "create  Done" in storectl("op", "get", first).stdout
    assert storectl("op", "wait", first).returncode == 0
    assert storectl("op", "get", "nope").returncode == 3


def test_a_file_is_applied_compared_and_applied_again(storectl: Storectl, tmp_path: Path) -> None:
    file = tmp_path / "beta.yaml"
    spec = "{country: 'NO', displayName: Beta}"
    text = f"apiVersion: storectl/v1\nkind: Store\nmetadata: {{name: beta}}\nspec: {spec}\n"
    file.write_text(text)
    assert storectl("apply", "-f", str(file), "--dry-run").returncode == 0
    assert storectl("get", "beta").returncode == 3
    assert storectl("diff", "-f", str(file)).returncode == 10
    applied = storectl("apply", "-f", str(file))
    assert applied.returncode == 0, applied.stderr
    assert storectl("diff", "-f", str(file)).returncode == 0
    again = storectl("apply", "-f", "-", stdin=text)
    assert (again.returncode, "is as the file says" in again.stderr) == (0, True)

    changed = text.replace("Beta", "Gamma")
    shown = storectl("diff", "-f", "-", "-o", "json", stdin=changed)
    assert shown.returncode == 10
    assert json.loads(shown.stdout)["changes"] == [
        {"field": "displayName", "from": "Beta", "to": "Gamma"}
    ]
    assert storectl("apply", "-f", "-", stdin=changed).returncode == 0
    printed = storectl("get", "beta", "-o", "yaml").stdout
    assert storectl("diff", "-f", "-", stdin=printed).returncode == 0


def test_the_whole_life_of_a_store(storectl: Storectl) -> None:
    created = storectl("create", "life", "--country", "US", "--ttl", "2h", "--label", "run=7")
    assert created.returncode == 0, created.stderr
    assert storectl("list", "-l", "run=7", "-o", "name").stdout == "life\n"
    for verb, phase in (("suspend", "Suspended"), ("resume", "Ready")):
        changed = storectl(verb, "life", "-o", "json")
        assert changed.returncode == 0, changed.stderr
        assert json.loads(changed.stdout)["status"]["phase"] == phase
    assert storectl("retire", "life").returncode == 2
    assert storectl("purge", "life", "--confirm", "life", "--yes").returncode == 5
    assert storectl("retire", "life", "--yes").returncode == 0
    assert storectl("retire", "life", "--yes").returncode == 0
    assert storectl("undelete", "life").returncode == 0
    assert storectl("retire", "life", "--yes").returncode == 0
    purged = storectl("purge", "life", "--confirm", "life", "--yes")
    assert purged.returncode == 0, purged.stderr
    assert storectl("get", "life").returncode == 3
    assert storectl("retire", "life", "--yes", "--ignore-not-found").returncode == 0


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        pytest.param(["list", "--nope"], 2, id="option"),
        pytest.param(["create", "-a", "--country", "DE"], 2, id="name-like-an-option"),
        pytest.param(["create", "Ünfug", "--country", "DE"], 2, id="name"),
        pytest.param(["create", "", "--country", "DE"], 2, id="empty-name"),
        pytest.param(["create", "admin", "--country", "DE"], 2, id="reserved"),
        pytest.param(["create", "gamma", "--country", "XX"], 2, id="country"),
        pytest.param(["create", "gamma", "--country", "DE", "--engine", "x"], 2, id="engine"),
        pytest.param(["create", "gamma", "--country", "DE", "--ttl", "soon"], 2, id="ttl"),
        pytest.param(["list", "--phase", "Merry"], 2, id="phase"),
        pytest.param(["get", "nope"], 3, id="store"),
        pytest.param(["get", "../tenants"], 3, id="path-trick"),
        pytest.param(["op", "wait", "nope"], 3, id="operation"),
        pytest.param(["list", "--token", "wrong"], 4, id="token"),
        pytest.param(["list", "--server", "http://127.0.0.1:9"], 11, id="server"),
    ],
)
def test_failures_have_their_exit_code_a_cause_and_a_next_action(
    storectl: Storectl, argv: list[str], code: int
) -> None:
    failed = storectl(*argv)
    assert (failed.returncode, failed.stdout) == (code, "")
    assert failed.stderr.startswith("Error: ")
    assert "\n  → " in failed.stderr
    assert "Traceback" not in failed.stderr
    if argv[0] != "list" or code != 2:
        problem = json.loads(storectl(*argv, "-o", "json").stderr)["error"]
        assert problem["code"]


def test_no_wait_hands_the_operation_over(storectl: Storectl) -> None:
    started = storectl("create", "later", "--country", "JP", "--no-wait")
    assert started.returncode == 0
    ended = storectl("op", "wait", started.stdout.strip(), "-o", "json")
    assert json.loads(ended.stdout)["metadata"]["name"] == "later"


def test_ctrl_c_ends_following_without_a_traceback(
    storectl: Storectl, control_plane: ControlPlane, program: list[str]
) -> None:
    command = [*program, "events", "-f"]
    with subprocess.Popen(
        command, env=control_plane.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as follower:
        assert follower.stdout is not None
        storectl("create", "noise", "--country", "DE", "--no-wait")
        follower.stdout.readline()
        follower.send_signal(signal.SIGINT)
        _out, err = follower.communicate(timeout=30)
    assert follower.returncode == 130
    assert b"Traceback" not in err


@pytest.mark.usefixtures("acme")
def test_logs_are_followed_as_they_are_written(
    storectl: Storectl, control_plane: ControlPlane, program: list[str]
) -> None:
    command = [*program, "logs", "acme", "-f", "--tail", "1"]
    with subprocess.Popen(command, env=control_plane.environ, stdout=subprocess.PIPE) as follower:
        assert follower.stdout is not None
        assert follower.stdout.readline()
        storectl("suspend", "acme")
        assert follower.stdout.readline()
        follower.send_signal(signal.SIGINT)
        assert follower.wait(30) == 130
    storectl("resume", "acme")


def test_up_says_when_a_control_plane_works_there_already(
    storectl: Storectl, control_plane: ControlPlane
) -> None:
    second = storectl("up", "--port", str(free_port()))
    assert (second.returncode, "already running" in second.stderr) == (5, True)


def test_doctor_finds_everything(storectl: Storectl) -> None:
    found = storectl("doctor", "-o", "json")
    states = {check["name"]: check["state"] for check in json.loads(found.stdout)["checks"]}
    assert found.returncode == 0, states
    assert states["server"] == states["token"] == states["ready:database"] == "ok"
