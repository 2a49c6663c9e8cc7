"""What only a terminal sees: live progress and questions."""

import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.unit.cli.fake_control_plane import TOKEN, FakeApi, serving

CTRL_C = "\x03"
CREATE = ("create", "acme", "--country", "DE")


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with serving() as fake:
        yield fake
    assert fake.unexpected == []


def on_terminal(api: FakeApi, *argv: str, typed: str = "", **environ: str) -> tuple[int, str]:
    """Run a command on a terminal of its own; returns the exit code and all that it showed."""
    settings = {
        **os.environ,
        "STORECTL_SERVER": api.url,
        "STORECTL_TOKEN": TOKEN,
        "TERM": "xterm-256color",
        "COLUMNS": "100",
        **environ,
    }
    terminal, other_end = pty.openpty()
    program = [sys.executable, "-m", "cli", *argv]
    with subprocess.Popen(
        program, env=settings, stdin=other_end, stdout=other_end, stderr=other_end
    ) as process:
        os.close(other_end)
        shown = b""
        while True:
            if typed == CTRL_C and shown and not select.select([terminal], [], [], 2.0)[0]:
                # A signal between the question and the wait for its answer is not noticed by the
                # interpreter before the wait ends: a person presses the keys again.
                process.send_signal(signal.SIGINT)
                continue
            if not (part := _read(terminal)):
                break
            if not shown and typed == CTRL_C:
                process.send_signal(signal.SIGINT)
            elif not shown:
                # The first that it shows is its question.
                os.write(terminal, typed.encode())
            shown += part
    os.close(terminal)
    return process.returncode, shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        # Linux ends a terminal that nobody holds any more with an error.
        return b""


def test_progress_is_drawn_live_and_stays_when_it_is_done(api: FakeApi) -> None:
    code, shown = on_terminal(api, *CREATE, NO_COLOR="1")
    assert code == 0
    last = shown.rsplit("Creating acme", 1)[1]
    assert "✓ Making a test purchase" in last
    assert "acme is ready: http://127.0.0.1:9001/" in last
    assert "\x1b[32m" not in shown


def test_colours_are_shown_on_a_terminal(api: FakeApi) -> None:
    api.create({"name": "acme", "country": "DE"})
    assert "\x1b[36mProvisioning" in on_terminal(api, "list")[1]


@pytest.mark.parametrize(
    ("argv", "typed", "code"),
    [
        pytest.param(["retire", "acme"], "n\n", 2, id="retire-no"),
        pytest.param(["retire", "acme"], "y\n", 0, id="retire-yes"),
        pytest.param(["purge", "acme"], "acne\n", 2, id="purge-other-name"),
        pytest.param(["purge", "acme"], "acme\n", 0, id="purge-name"),
        pytest.param(["purge", "acme", "--confirm", "acme"], "n\n", 2, id="purge-no"),
        pytest.param(["purge", "acme", "--confirm", "acme"], "y\n", 0, id="purge-yes"),
    ],
)
def test_destructive_commands_ask_on_a_terminal(
    api: FakeApi, argv: list[str], typed: str, code: int
) -> None:
    api.create({"name": "acme", "country": "DE"})
    assert on_terminal(api, *argv, typed=typed)[0] == code
    assert len(api.operations) == (1 if code else 2)


def test_ctrl_c_at_a_question_is_an_interruption(api: FakeApi) -> None:
    api.create({"name": "acme", "country": "DE"})
    code, shown = on_terminal(api, "retire", "acme", typed=CTRL_C)
    assert code == 130
    assert "Traceback" not in shown
