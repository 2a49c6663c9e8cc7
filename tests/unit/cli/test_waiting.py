"""Following an operation: reconnects, polling, timeouts, a server that goes away, Ctrl-C."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from cli import wait
from cli.client import Client
from cli.errors import LostContactError
from cli.transport import Transport
from tests.unit.cli.fake_control_plane import TOKEN, FakeApi
from tests.unit.cli.runner import Storectl

CREATE = ("create", "acme", "--country", "DE")


@pytest.fixture
def client(api: FakeApi) -> Iterator[Client]:
    with closing(Transport(api.url, TOKEN, "en")) as opened:
        yield Client(opened)


def test_a_broken_stream_continues_after_the_last_event(connected: Storectl, api: FakeApi) -> None:
    api.breaks = [2, 1]
    outcome = connected(*CREATE)
    assert outcome.code == 0
    assert api.resumed_after == [None, "2", "3"]
    assert outcome.err.count("✓ Starting the shop") == 1


def test_without_a_stream_the_operation_is_polled(connected: Storectl, api: FakeApi) -> None:
    api.streams = False
    assert connected(*CREATE).code == 0
    assert len(api.resumed_after) == 1
    assert api.requests.count(("GET", "/api/v1/operations/op1")) == 7


def test_a_short_outage_is_waited_out(connected: Storectl, api: FakeApi, client: Client) -> None:
    connected(*CREATE, "--no-wait")
    operation = client.operation("op1")
    api.outage = 9
    seen: list[str] = []
    end = wait.Follower(client, operation, 60, lambda now: seen.append(now["status"]["state"]))
    assert end.run()["status"]["state"] == "succeeded"
    assert api.outage == 0


def test_a_server_that_stays_away_is_given_up(
    connected: Storectl, api: FakeApi, client: Client
) -> None:
    connected(*CREATE, "--no-wait")
    operation = client.operation("op1")
    api.outage = 10_000
    now = [0.0]

    def sleep(_seconds: float) -> None:
        now[0] += 30

    follower = wait.Follower(
        client, operation, 3600, lambda _: None, clock=lambda: now[0], sleep=sleep
    )
    with pytest.raises(LostContactError) as caught:
        follower.run()
    assert caught.value.exit_code == 11
    assert "storectl op wait op1" in caught.value.action % caught.value.params


def test_a_timeout_names_each_unmet_condition_and_how_to_go_on(
    connected: Storectl, api: FakeApi
) -> None:
    api.stuck = True
    outcome = connected(*CREATE, "--timeout", "0s")
    assert (outcome.code, outcome.out) == (8, "")
    assert "Error: Not finished after 0 s. The operation goes on" in outcome.err
    assert "  Taking orders: A test purchase failed at “cart”: empty" in outcome.err
    assert "  Web address: Not started yet." in outcome.err
    assert "→ Go on waiting: storectl op wait op1" in outcome.err


def test_a_timeout_is_a_problem_with_its_unmet_conditions_for_programs(
    connected: Storectl, api: FakeApi
) -> None:
    api.stuck = True
    problem = connected(*CREATE, "--timeout", "0s", "-o", "json").problem
    assert problem["code"] == "wait_timed_out"
    assert problem["unmet"] == [
        {"condition": "Selling", "message": "CannotSell in English"},
        {"condition": "Bound", "message": "Not started yet."},
        {"condition": "Routed", "message": "Not started yet."},
        {"condition": "Configured", "message": "Not started yet."},
    ]


def test_ctrl_c_ends_the_wait_and_not_the_operation(api: FakeApi) -> None:
    api.stuck = True
    environ = {**os.environ, "STORECTL_SERVER": api.url, "STORECTL_TOKEN": TOKEN}
    program = [sys.executable, "-m", "cli", *CREATE]
    with subprocess.Popen(program, env=environ, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "Creating acme (op1)\n"
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        assert process.wait(30) == 130
    assert "The server goes on" in said
    assert "storectl op wait op1" in said
    assert "Traceback" not in said


def test_a_reader_that_had_enough_is_no_failure_of_ours(api: FakeApi) -> None:
    for number in range(2000):
        api.create({"name": f"store-{number}", "country": "DE"})
    environ = {**os.environ, "STORECTL_SERVER": api.url, "STORECTL_TOKEN": TOKEN}
    # Without its buffer Python takes a write that the reader cut short for a whole one.
    environ.pop("PYTHONUNBUFFERED", None)
    program = [sys.executable, "-m", "cli", "list", "-o", "json"]
    with subprocess.Popen(
        program, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(30) == 141


@pytest.mark.parametrize("text", ["", "5", "x", "1 month", "-1m", "1.5", "²s"])
def test_a_timeout_that_cannot_be_read_is_a_usage_error(connected: Storectl, text: str) -> None:
    assert connected(*CREATE, "--timeout", text).code == 2
