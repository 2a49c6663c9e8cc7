"""`storectl scale`, `plan` and the place of a store: what is sent, what is shown."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli import quick
from tests.unit.cli.fake_control_plane import STACK, FakeApi
from tests.unit.cli.runner import Storectl


@pytest.fixture
def acme(connected: Storectl, api: FakeApi) -> None:
    outcome = connected("create", "acme", "--country", "DE", "--plan", "growth", "--region", "eu")
    assert outcome.code == 0
    api.stores["acme"]["spec"] |= {"plan": "growth", "scale": None}


def test_create_says_how_large_and_where(connected: Storectl, api: FakeApi) -> None:
    argv = ("--plan", "growth", "--cluster", "north", "--region", "eu")
    assert connected("create", "acme", "--country", "DE", *argv).code == 0
    sent = api.bodies["acme"]
    assert (sent["plan"], sent["cluster"], sent["region"]) == ("growth", "north", "eu")


@pytest.mark.parametrize(
    ("argv", "body"),
    [
        pytest.param(["--min", "2", "--max", "6"], {"min": 2, "max": 6}, id="range"),
        pytest.param(["--now", "3"], {"now": 3}, id="now"),
        pytest.param(["--plan-default"], {}, id="the plan's"),
    ],
)
def test_scale_sends_what_is_given_and_follows(
    connected: Storectl, api: FakeApi, acme: None, argv: list[str], body: dict[str, int]
) -> None:
    outcome = connected("scale", "acme", *argv)
    assert (outcome.code, api.scales) == (0, [body])
    assert "acme is ready" in outcome.out
    left = connected("scale", "acme", *argv, "--no-wait")
    assert (left.code, left.out) == (0, f"op{len(api.operations)}\n")


@pytest.mark.parametrize("argv", [[], ["--now", "3", "--plan-default"], ["--max", "0"]], ids=str)
def test_scale_wants_numbers_or_the_plans(
    connected: Storectl, api: FakeApi, argv: list[str]
) -> None:
    outcome = connected("scale", "acme", *argv)
    assert (outcome.code, outcome.out, api.scales) == (2, "", [])


def test_plan_list_says_what_each_has(connected: Storectl) -> None:
    rows = [line.split() for line in connected("plan", "list").out.splitlines()]
    assert rows[0] == ["PLAN", "SOFTWARE", "WEB", "SERVERS", "CPU", "MEMORY", "STORAGE", "PODS"]
    assert rows[1] == ["starter", "magento", "1", "3", "7Gi", "60Gi", "–"]
    assert rows[2] == ["growth", "magento", "2", "to", "4", "8", "7Gi", "60Gi", "–"]
    assert connected("plan", "list", "-o", "name").out == "starter\ngrowth\n"


def test_plan_set_changes_the_plan_alone(connected: Storectl, api: FakeApi, acme: None) -> None:
    outcome = connected("plan", "set", "acme", "scale")
    assert outcome.code == 0
    assert api.stores["acme"]["spec"]["plan"] == "scale"
    assert ("PATCH", "/api/v1/stores/acme") in api.requests


def test_describe_says_where_a_store_runs_and_why(
    connected: Storectl, api: FakeApi, acme: None
) -> None:
    api.stores["acme"]["stack"] = STACK
    out = connected("describe", "acme").out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "Plan growth" in lines
    assert "Web servers 2 to 4, as its plan says" in lines
    assert "Cluster north" in lines
    assert "Why there “north” has the most room: 4 of 5." in lines


def test_what_get_prints_can_be_applied(
    connected: Storectl, api: FakeApi, acme: None, tmp_path: Path
) -> None:
    api.stores["acme"]["stack"] = STACK
    (tmp_path / "acme.json").write_text(connected("get", "acme", "-o", "json").out)
    applied = connected("apply", "-f", str(tmp_path / "acme.json"))
    assert applied.code == 0
    assert "is as the file says" in applied.err


HEAVY = ("typer", "pydantic", "rich", "yaml", "asyncio")
ASKED = f"""
import sys
import cli.transport
from cli.main import main

def send(self, *_given, **_more):
    print([name for name in {HEAVY!r} if name in sys.modules])
    raise KeyboardInterrupt

cli.transport.Transport.send = send
sys.exit(main(sys.argv[1:]))
"""


def test_scale_asks_before_anything_heavy_is_imported() -> None:
    argv = ("scale", "acme", "--now", "3", "--server", "http://127.0.0.1:1", "--token", "t")
    done = subprocess.run(
        [sys.executable, "-c", ASKED, *argv], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (130, "[]\n")


def sent(api: FakeApi, connected: Storectl, *argv: str) -> tuple[int, str, list[dict[str, int]]]:
    """What became of a line: exit code, output, what the server was sent."""
    api.scales.clear()
    outcome = connected("scale", "acme", *argv)
    return outcome.code, outcome.out, list(api.scales)


PLAIN = [
    ("--min", "2", "--max=6"),
    ("--now=3", "--no-wait", "-o", "name"),
    ("--plan-default", "--wait", "--timeout", "90s", "--output", "json"),
]
ODD = [
    ("--now", "x"),
    ("--now", "0"),
    ("--now", "-1"),
    ("--now",),
    ("--now", "1", "--now", "2"),
    ("--nope",),
    ("second", "--now", "1"),
    ("--now", "1", "-o", "xml"),
    ("--now", "1", "--wait", "--no-wait"),
    ("--now", "1", "--plan-default"),
    ("--now", "1", "--timeout", "soon"),
    ("--help",),
    (),
]


@pytest.mark.parametrize("argv", [*PLAIN, *ODD], ids=" ".join)
def test_the_quick_way_does_what_the_parser_does(
    connected: Storectl,
    api: FakeApi,
    acme: None,
    argv: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quickly = sent(api, connected, *argv)
    monkeypatch.setattr(quick, "scale", lambda _argv: False)
    parsed = sent(api, connected, *argv)
    same = re.compile(r"op\d+")
    assert (quickly[0], same.sub("", quickly[1])) == (parsed[0], same.sub("", parsed[1]))
    assert quickly[2] == parsed[2]


@pytest.mark.parametrize("argv", PLAIN, ids=" ".join)
def test_plain_lines_do_without_the_parser(
    connected: Storectl,
    api: FakeApi,
    acme: None,
    argv: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cli.main._program", lambda: pytest.fail("the parser was asked"))
    assert sent(api, connected, *argv)[0] == 0
