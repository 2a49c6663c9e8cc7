"""API and workers as processes over PostgreSQL and Redis; `test_distributed` breaks them."""

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

import psutil
import psycopg

from tests import control_plane
from tests.control_plane import ROOT
from tests.services import process
from tests.services.process import first_port, free_port

LEASE_SECONDS = 2.0
_T = TypeVar("_T")


def until(found: Callable[[], _T | None], what: str, seconds: float = 20.0) -> _T:
    """As in `tests.control_plane`, with the shorter patience of a cluster that runs already."""
    return control_plane.until(found, what, seconds)


class Cluster:
    """One API and two workers that share a home, started and ended by the test."""

    def __init__(self, home: Path, database_url: str, redis_url: str) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        first = first_port()
        # Nothing of the shell that runs the tests, but the mark of the hygiene check.
        kept = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "STORECTL_TEST_RUN")
        self.environ = {
            **{name: os.environ[name] for name in kept if name in os.environ},
            "PYTHONPATH": str(ROOT),
            "STORECTL_HOME": str(home),
            "STORECTL_PORT": str(self.port),
            "STORECTL_DATABASE_URL": database_url,
            "STORECTL_REDIS_URL": redis_url,
            "STORECTL_MASTER_KEY": "a master key for the tests of two workers",
            "STORECTL_SHOP_PORTS": f"{first}-{first + 500}",
            "STORECTL_WORKER__LEASE_SECONDS": str(LEASE_SECONDS),
            "STORECTL_WORKER__RESYNC_SECONDS": "2",
            "STORECTL_LIMITS__STORES_PER_TENANT": "100",
            "STORECTL_LOG_LEVEL": "INFO",
            "STORECTL_RATES__SOURCE": "none",
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, *arguments: str) -> None:
        """Run a command of the controller to its end."""
        command = [sys.executable, "-m", "controller", *arguments]
        subprocess.run(command, check=True, env=self.environ, cwd=self.home)

    def start(self, *names: str, arguments: tuple[str, ...] = ()) -> None:
        """Start processes; a name is `api`, or a worker's own, which takes the arguments."""
        for name in names:
            command = "api" if name == "api" else "worker"
            assignments = [f"{name}={value}" for name, value in self.environ.items()]
            self._processes[name] = process.start(
                [
                    "env",
                    "-i",
                    *assignments,
                    sys.executable,
                    "-m",
                    "controller",
                    command,
                    *arguments,
                ],
                log=self.home / f"{name}.log",
            )

    def stop(self, *names: str) -> None:
        """End processes as an operator does, and see that they end in order."""
        ending = {name: self._processes.pop(name) for name in names}
        for each in ending.values():
            each.send_signal(signal.SIGCONT)
            each.send_signal(signal.SIGTERM)
        for name, each in ending.items():
            assert each.wait(15) == 0, f"{name} ended with {each.returncode}:\n{self.log(name)}"

    def kill(self, name: str) -> None:
        """End a process without a chance to say goodbye."""
        self._processes[name].kill()
        self._processes.pop(name).wait()

    def signal(self, name: str, kind: signal.Signals) -> None:
        """Pause or continue a process."""
        self._processes[name].send_signal(kind)

    @property
    def workers(self) -> dict[str, int]:
        """The pids of the workers."""
        return {name: each.pid for name, each in self._processes.items() if name != "api"}

    def workers_sweep(self) -> bool:
        """Whether every worker has told the database that it is there."""
        with psycopg.connect(self.environ["STORECTL_DATABASE_URL"]) as connection:
            query = "SELECT holder FROM leases WHERE subject LIKE 'worker:%'"
            there = {int(row[0].rpartition("/")[2]) for row in connection.execute(query)}
        return there >= set(self.workers.values())

    def log(self, name: str) -> str:
        """What a process has said."""
        return (self.home / f"{name}.log").read_text(errors="replace")

    def end(self) -> None:
        """End everything, shops too."""
        try:
            self.stop(*self._processes)
        finally:
            for each in self._processes.values():
                each.kill()
                each.wait()
            for shop in self.shops():
                shop.kill()
            psutil.wait_procs(self.shops(), timeout=5)

    def shops(self, uid: str = "") -> list[psutil.Process]:
        """The living shop processes of this home, or of one stack."""
        wanted = str(self.home / "stacks" / uid)
        return [found for found in psutil.process_iter() if _serves(found, wanted)]

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any, float]:
        """Send a request as the operator; returns status, JSON and the seconds it took."""
        token = (self.home / "operator.token").read_text().strip()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        began = time.perf_counter()
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status, content = answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            status, content = error.code, json.loads(error.read())
        return status, content, time.perf_counter() - began

    def create(self, name: str) -> float:
        """Ask for a store; returns the seconds until it was accepted."""
        body = {"name": name, "country": "DE", "email": "owner@example.com"}
        status, content, seconds = self.call("POST", "/api/v1/stores", body)
        assert status == 202, content
        return seconds

    def store(self, name: str) -> dict[str, Any]:
        """A store's resource."""
        found: dict[str, Any] = self.call("GET", f"/api/v1/stores/{name}")[1]
        return found

    def births(self, *, since: set[int]) -> list[tuple[str, psutil.Process]]:
        """Shops started after a set of pids was taken, each with the worker that started it."""
        return [
            (name, child)
            for name, pid in self.workers.items()
            for child in psutil.Process(pid).children()
            if child.pid not in since and _serves(child, str(self.home))
        ]

    def pids(self) -> set[int]:
        """The pids of all living shops."""
        return {shop.pid for shop in self.shops()}

    def ready(self, *names: str) -> bool:
        """Whether stores sell."""
        return all(self.store(name)["status"]["ready"] for name in names)

    def readiness(self) -> dict[str, bool]:
        """What /readyz says; empty while nobody answers."""
        try:
            found: dict[str, bool] = self.call("GET", "/readyz")[1]["checks"]
        except (OSError, FileNotFoundError):
            return {}
        return found


def _serves(found: psutil.Process, directory: str) -> bool:
    try:
        command = found.cmdline()
        alive = found.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
    return alive and "sandbox" in command and any(part.startswith(directory) for part in command)


@contextmanager
def running(home: Path, database_url: str, redis_url: str) -> Iterator[Cluster]:
    """A migrated cluster with two workers that answers, until the context ends."""
    cluster = Cluster(home, database_url, redis_url)
    cluster.run("migrate")
    try:
        cluster.start("api", "one", "two")
        until(cluster.workers_sweep, "two workers", 40)
        until(lambda: cluster.readiness().get("worker"), "an API", 40)
        yield cluster
    finally:
        cluster.end()
