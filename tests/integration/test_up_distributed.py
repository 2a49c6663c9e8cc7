"""`make up-distributed` as a person runs it: everything comes up, is kept alive, and ends."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.control_plane import ROOT
from tests.integration.cluster import until
from tests.services.process import first_port, free_port

pytestmark = pytest.mark.distributed


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Give a directory that PostgreSQL's own user may enter where this is root."""
    place = tmp_path
    if os.geteuid() == 0:
        # pytest's directories are for root's eyes only.
        place = Path("/var/tmp") / f"storectl-{tmp_path.name}-{os.getpid()}"
        place.mkdir(mode=0o755)
    yield place / "home"
    if place != tmp_path:
        shutil.rmtree(place)


@contextmanager
def running(home: Path, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """Run it until the context ends, as Ctrl-C ends it."""
    first = first_port()
    kept = ("PATH", "LANG", "HOME", "TMPDIR", "STORECTL_TEST_RUN")
    started = subprocess.Popen(
        [sys.executable, "-m", "scripts.distributed"],
        env={
            **{name: os.environ[name] for name in kept if name in os.environ},
            "STORECTL_HOME": str(home),
            "STORECTL_PORT": str(free_port()),
            "STORECTL_SHOP_PORTS": f"{first}-{first + 300}",
            **environ,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )
    try:
        yield started
    finally:
        everything = [started_by(started), *shops(home)]
        started.send_signal(signal.SIGINT)
        said = started.communicate(timeout=40)[0]
        assert started.returncode == 0, said
        assert "Stopped; everything is kept in" in said
        left = [found for group in everything for found in group if lives(found)]
        assert not left, "in order means that nothing is left"


def started_by(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children()


def shops(home: Path) -> list[list[psutil.Process]]:
    kept = (home / "stacks").glob("*/runtime.json")
    return [[psutil.Process(json.loads(path.read_text())["pid"])] for path in kept]


def lives(process: psutil.Process) -> bool:
    try:
        # An orphan that ended is a zombie until whoever is its parent now asks for its status.
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def opens(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as page:
            return bool(page.status == 200)
    except OSError:
        return False


def said(process: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    """Read what it prints until a line matches."""
    seen = []
    assert process.stdout is not None
    for line in process.stdout:
        seen.append(line)
        if found := re.search(pattern, line):
            return found
    raise AssertionError(f"no {pattern!r} in:\n" + "".join(seen))


def test_it_comes_up_heals_ends_and_comes_back_with_what_it_kept(home: Path) -> None:
    with running(home) as first:
        address = said(first, r"Demonstration shop\s+(http\S+)")[1]
        said(first, "Logs of each process")
        # `storectl` finds it without any configuration.
        note = json.loads((home / "controller.json").read_text())
        assert note["pid"] == first.pid
        with urllib.request.urlopen(f"{note['server']}/readyz", timeout=5) as answer:
            checks = json.loads(answer.read())["checks"]
            assert checks == {"worker": True, "database": True, "storage": True}
        victim = next(each for each in started_by(first) if "worker" in each.cmdline())
        victim.kill()
        assert said(first, r"(worker-\d) ended \(SIGKILL\) and is started again in 0.5 s")
        until(
            lambda: sum("worker" in each.cmdline() for each in started_by(first)) == 2,
            "two workers again",
        )
        for secret in ("operator.token", "master.key", "services/postgres/password"):
            assert (home / secret).stat().st_mode & 0o077 == 0
    assert not (home / "controller.json").exists()
    with running(home) as second:
        assert said(second, r"Demonstration shop\s+(http\S+)")[1] == address
        until(lambda: opens(address), "the shop that was kept")
