"""The real control plane in a home of its own, for acceptance and browser tests."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.services.process import first_port, free_port

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60.0
_T = TypeVar("_T")


def until(found: Callable[[], _T | None], what: str, seconds: float = PATIENCE) -> _T:
    """What `found` returns once it is true; AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.02)
    return value


def settled(ask: Callable[[], _T], accepts: Callable[[_T], bool], seconds: float = PATIENCE) -> _T:
    """The first answer that is accepted; AssertionError with the last one after `seconds`."""
    deadline = time.monotonic() + seconds
    while not accepts(found := ask()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s, last: {found}"
        time.sleep(0.02)
    return found


class ControlPlane:
    """`python -m controller up` on one directory, started as often as the test likes."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        first = first_port()
        self._environ = {
            **{key: value for key, value in os.environ.items() if not key.startswith("STORECTL_")},
            "STORECTL_HOME": str(home),
            "STORECTL_PORT": str(self.port),
            "STORECTL_SHOP_PORTS": f"{first}-{first + 300}",
            "STORECTL_DEMO": "false",
            "STORECTL_RATES__SOURCE": "none",
            "STORECTL_WORKER__RESYNC_SECONDS": "1",
            "PYTHONPATH": str(ROOT),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def set(self, **environ: str) -> None:
        """Start it with these settings from now on."""
        self._environ |= environ

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        """The operator's token."""
        return (self.home / "operator.token").read_text().strip()

    @property
    def environ(self) -> dict[str, str]:
        """The environment in which `storectl` finds it."""
        return dict(self._environ)

    @contextmanager
    def running(self, **environ: str) -> Iterator["ControlPlane"]:
        """Start it, wait until it answers, and end it like Ctrl-C does."""
        self.start(**environ)
        try:
            self.await_ready()
            yield self
        finally:
            self.stop()

    def start(self, **environ: str) -> None:
        """Start it and return at once."""
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "controller.json").unlink(missing_ok=True)
        with (self.home / "output.log").open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "controller", "up"],
                cwd=self.home,
                env={**self._environ, **environ},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def await_ready(self) -> None:
        """Wait until it answers."""
        until(lambda: (self.home / "controller.json").exists() or self.dead, "the start")
        assert not self.dead, self.output

    @property
    def dead(self) -> bool:
        """Whether the process ended."""
        return self._process is None or self._process.poll() is not None

    @property
    def exit_status(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.poll() if self._process else None

    @property
    def output(self) -> str:
        """Everything it printed."""
        return (self.home / "output.log").read_text()

    def await_death(self, seconds: float = PATIENCE) -> int:
        """Wait until it ended by itself and return its status."""
        assert self._process is not None
        return self._process.wait(seconds)

    def kill(self) -> None:
        """End it without warning."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(PATIENCE)

    def end(self, how: signal.Signals) -> int:
        """End it by a signal; returns the exit status once it is gone."""
        assert self._process is not None
        self._process.send_signal(how)
        return self._process.wait(PATIENCE)

    def stop(self) -> int | None:
        """End it as Ctrl-C does; returns the exit status."""
        if self._process is None:
            return None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        return self._process.wait(PATIENCE)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The API's JSON; raises urllib.error.HTTPError for a refusal."""
        request = urllib.request.Request(
            f"{self.url}/api/v1{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def create(self, name: str, **spec: Any) -> Any:
        """Ask for a store and return the operation."""
        body = {"name": name, "country": "DE", "email": "owner@example.com", **spec}
        return self.call("POST", "/stores", body)

    def finish(self, operation: Any) -> Any:
        """The operation once it is over."""
        path = f"/operations/{operation['metadata']['id']}"

        def over() -> Any:
            found = self.call("GET", path)
            return found if found["status"]["state"] not in {"pending", "running"} else None

        return until(over, f"the end of {operation['spec']['operation']}")

    def shops(self) -> dict[int, str]:
        """The pid of every live shop process of this home, with its stack."""
        found = {}
        for place in Path("/proc").iterdir() if Path("/proc").is_dir() else ():
            try:
                argv = (place / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            home = str(self.home / "stacks").encode() + b"/"
            stacks = [part for part in argv if part.startswith(home)]
            if stacks:
                found[int(place.name)] = Path(stacks[0].decode()).name
        return found


def reachable(url: str) -> bool:
    """Whether a page answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
