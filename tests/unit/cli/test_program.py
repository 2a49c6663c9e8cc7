"""The program around the commands: help, usage errors, languages, an absent server."""

import gettext
import http.server
import importlib
import threading
from collections.abc import Iterator
from functools import cache

import pytest

from cli import durations, labels, texts
from cli.stream import ServerEvent, parse
from cli.verbs import VERBS
from tests.services import process
from tests.unit.cli.runner import Storectl


@pytest.fixture
def free_port() -> int:
    return process.free_port()


def test_help_lists_every_verb_and_examples(storectl: Storectl) -> None:
    outcome = storectl("--help")
    assert outcome.code == 0
    assert all(f"  {name} " in outcome.out for name in VERBS)
    assert "Examples:" in outcome.out


def test_without_a_verb_help_is_shown(storectl: Storectl) -> None:
    assert storectl().out == storectl("--help").out
    assert storectl("op").out == storectl("op", "--help").out


def commands() -> Iterator[list[str]]:
    """Every command as it is typed: verbs, and the verbs of nouns."""
    for name, known in VERBS.items():
        app = importlib.import_module(f"cli.commands.{known.module}").app
        if app.info.name == name:
            yield from ([name, str(command.name)] for command in app.registered_commands)
        else:
            yield [name]


@pytest.mark.parametrize("verb", list(commands()), ids=" ".join)
def test_every_verb_has_help_with_examples(storectl: Storectl, verb: list[str]) -> None:
    outcome = storectl(*verb, "--help")
    assert outcome.code == 0
    assert f"    storectl {' '.join(verb)}" in outcome.out


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        pytest.param(["lst"], "Did you mean “storectl list”?", id="typo"),
        pytest.param(["op", "gte"], "Did you mean “storectl op get”?", id="typo-in-noun"),
        pytest.param(["frobnicate"], "There is no command “frobnicate”.", id="unknown"),
        pytest.param(["list", "--nope"], "There is no option --nope.", id="option"),
        pytest.param(["get"], "NAME is missing.", id="argument"),
        pytest.param(["create", "acme"], "--country is missing.", id="required-option"),
        pytest.param(
            ["list", "-o", "xml"],
            "--output takes one of table, wide, json, yaml, name.",
            id="choice",
        ),
        pytest.param(["op", "list", "--limit", "0"], "--limit takes 1 or more.", id="bound"),
        pytest.param(["op", "list", "--limit", "x"], "--limit takes a whole number.", id="number"),
        pytest.param(
            ["create", "a", "--country", "DE", "--label", "x"], "“x” is not a label", id="label"
        ),
        pytest.param(["list", "--server", "ftp://x"], "“ftp://x” is not the address", id="server"),
        pytest.param(["list", "--server", "http://h:99999"], "is not the address", id="port"),
    ],
)
def test_usage_errors_are_exit_2_and_say_what_to_do(
    storectl: Storectl, argv: list[str], says: str
) -> None:
    outcome = storectl(*argv)
    assert (outcome.code, outcome.out) == (2, "")
    assert says in outcome.err
    assert "→" in outcome.err


def test_usage_errors_are_json_for_programs(storectl: Storectl) -> None:
    assert storectl("get", "-o", "json").problem["code"] == "usage"


def test_an_absent_server_is_exit_11_with_what_to_do(storectl: Storectl, free_port: int) -> None:
    outcome = storectl("list", "--server", f"http://127.0.0.1:{free_port}")
    assert outcome.code == 11
    assert "No control plane answers" in outcome.err
    assert "make up" in outcome.err


@pytest.fixture
def stranger() -> Iterator[str]:
    class Stranger(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<h1>Hello</h1>")

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Stranger)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_another_program_at_the_address_is_no_control_plane(
    storectl: Storectl, stranger: str
) -> None:
    outcome = storectl("list", "--server", stranger)
    assert outcome.code == 11
    assert "not a control plane" in outcome.err


def test_doctor_fails_without_a_server_and_says_that_the_port_is_free(
    storectl: Storectl, free_port: int
) -> None:
    outcome = storectl("doctor", "-o", "json", "--server", f"http://127.0.0.1:{free_port}")
    assert outcome.code == 1
    states = {check["name"]: check["state"] for check in outcome.json["checks"]}
    assert states["server"] == "fail"
    assert states["port"] == "ok"
    assert states["python"] == "ok"


def test_what_a_program_reads_is_never_translated(
    storectl: Storectl, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Quoting(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return f"«{message}»"

    quoting = Quoting()
    monkeypatch.setattr(texts, "_catalogue", cache(lambda: quoting))
    server = ("--server", f"http://127.0.0.1:{free_port}")
    assert "«Something needed is missing.»" in storectl("doctor", *server).out
    checks = storectl("doctor", *server, "-o", "json").json["checks"]
    assert [check["title"] for check in checks][:2] == ["Python", "Languages"]
    assert storectl("list", *server, "-o", "json").problem["action"].startswith("Start one")


def test_doctor_survives_a_stranger_at_the_address(storectl: Storectl, stranger: str) -> None:
    outcome = storectl("doctor", "--server", stranger)
    assert (outcome.code, "No control plane answers" in outcome.out) == (1, True)


@pytest.mark.parametrize(
    ("environ", "lang"),
    [
        pytest.param({}, "en", id="nothing"),
        pytest.param({"LANG": "de_DE.UTF-8"}, "de", id="LANG"),
        pytest.param({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "es"}, "es", id="LC_MESSAGES"),
        pytest.param({"LC_MESSAGES": "es", "LC_ALL": "ar_EG"}, "ar", id="LC_ALL"),
        pytest.param({"LC_ALL": "ar_EG", "STORECTL_LANG": "de"}, "de", id="STORECTL_LANG"),
        pytest.param({"LC_ALL": "C.UTF-8", "LANG": "de"}, "en", id="C"),
        pytest.param({"LANG": "fr_FR"}, "en", id="no-catalogue"),
    ],
)
def test_the_language_comes_from_the_first_variable_that_is_set(environ, lang: str) -> None:
    assert texts.chosen(environ) == lang


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("1h30m", 5400), ("2d", 172800), ("0s", 0)]
)
def test_durations_are_read(text: str, seconds: int) -> None:
    assert durations.parse(text) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.9, "0 s"),
        (59, "59 s"),
        (99, "99 s"),
        (180, "3 min"),
        (7500, "2 h 05 min"),
        (3 * 86400, "3 d"),
    ],
)
def test_durations_are_humanised(seconds: float, text: str) -> None:
    assert durations.humanise(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.04, "40 ms"), (2.34, "2.3 s"), (12.3, "12 s")])
def test_what_took_a_short_time_is_measured_finely(seconds: float, text: str) -> None:
    assert durations.measured(seconds) == text


def test_server_sent_events_are_parsed() -> None:
    lines = [b": ping\n", b"\n", b"id: 7\r\n", b"event: operation\r\n", b"data: {\n", b"data:}\n"]
    rest = [b"\n", b"data: x\n", b"\n", b"data: unfinished\n"]
    assert list(parse([*lines, *rest])) == [
        ServerEvent(event="operation", data="{\n}", id="7"),
        ServerEvent(event="message", data="x", id="7"),
    ]


@pytest.mark.parametrize(
    ("item", "text"),
    [
        pytest.param(
            {"reason": "Bound", "params": {"website": "w"}}, "Its website is “w”.", id="known"
        ),
        pytest.param({"reason": "Bound", "params": {}, "message": "Sent."}, "Sent.", id="params"),
        pytest.param({"reason": "New", "params": {}, "message": "Sent."}, "Sent.", id="unknown"),
        pytest.param({"reason": None, "message": None}, "", id="nothing"),
        pytest.param(
            {"reason": "StepStarted", "params": {"step": "configure"}},
            "Setting currency, payment and shipping…",
            id="step",
        ),
    ],
)
def test_notes_are_said_in_our_words_when_they_are_known(item, text: str) -> None:
    assert labels.note(item, "message") == text
