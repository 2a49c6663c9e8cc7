"""The sandbox shop's image: what its build relies on, and its program as a real process.

`make node-test` builds it and runs it in pods.
"""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from urllib.error import HTTPError

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sandbox.container import EVERY_ADDRESS
from tests.services import process

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "images" / "sandbox"
DOCKERFILE = (IMAGE / "Dockerfile").read_text()
README = (IMAGE / "README.md").read_text()
READY = "rest/all/V1/storecontroller/ready"


# The build


def imported() -> set[str]:
    """The packages that the shop's program imports, by their names in the index."""
    owners = metadata.packages_distributions()
    names = set()
    for path in (ROOT / "sandbox").rglob("*.py"):
        for name in re.findall(r"^\s*(?:from|import) (\w+)", path.read_text(), re.MULTILINE):
            names |= {canonicalize_name(owner) for owner in owners.get(name, ())}
    return names


def with_what_they_need(names: set[str]) -> set[str]:
    """Packages and all that they need of others, on any Python that a Debian brings."""
    found: set[str] = set()
    while names:
        name = names.pop()
        found.add(name)
        for text in metadata.requires(name) or ():
            needed = Requirement(text)
            marker = needed.marker
            pythons = ({"extra": "", "python_version": version} for version in ("3.11", "3.13"))
            if marker is None or any(marker.evaluate(python) for python in pythons):
                names |= {canonicalize_name(needed.name)} - found
    return found


def test_the_packages_of_the_image_are_those_that_the_shop_needs() -> None:
    listed = (IMAGE / "packages").read_text().split()
    ours = {"store-controller"}
    assert set(listed) == with_what_they_need(imported() - ours)


def test_the_build_takes_each_package_with_its_hashes_from_the_lock(tmp_path: Path) -> None:
    (program,) = re.findall(r"awk '(.*?)' \\", DOCKERFILE)
    done = subprocess.run(
        ["awk", program, IMAGE / "packages", ROOT / "requirements.lock"],
        capture_output=True,
        text=True,
        check=True,
    )
    taken = re.findall(r"^([a-z0-9-]+)==", done.stdout, re.MULTILINE)
    assert sorted(taken) == sorted((IMAGE / "packages").read_text().split())
    blocks = re.split(r"^(?=[a-z])", done.stdout, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in block for block in blocks)


def test_what_the_build_copies_is_in_its_context_and_its_arguments_in_the_manual() -> None:
    allowed = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
    for path in " ".join(copied).split():
        assert (ROOT / path).exists()
        assert any(path == each or path.startswith(f"{each}/") for each in allowed), path
    arguments = re.findall(r"^ARG ([A-Z0-9_]+)", DOCKERFILE, re.MULTILINE)
    assert arguments
    assert all(f"`{name}`" in README for name in arguments)


# The program


class Container:
    """The image's program with directories in the place of volumes."""

    def __init__(self, home: Path) -> None:
        self.data, self.backup = home / "data", home / "backup"
        self.port = process.free_port()
        self.log = home / "log"
        for place in (self.data, self.backup, home / "secrets"):
            place.mkdir()
        for name in ("access-token", "session-key"):
            (home / "secrets" / name).write_text(name)
        self.environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "STORECONTROLLER_INSTANCE_UID": "acme",
            "SHOP_BASE_URL": "https://acme.example.com/",
            "SHOP_PORT": str(self.port),
            "SHOP_DATA": str(self.data),
            "SHOP_BACKUP": str(self.backup),
            "SHOP_SECRETS": str(home / "secrets"),
        }

    def run(self, *argv: str, **over: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "sandbox.container", *argv],
            env={**self.environ, **over},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def serve(self, **over: str) -> "subprocess.Popen[bytes]":
        """Serve, once its probe is answered."""
        command = [sys.executable, "-m", "sandbox.container", "web"]
        running = process.start(command, log=self.log, environ={**self.environ, **over})
        process.wait_until_ready(running, lambda: self.ask("-/live") == 204, log=self.log)
        return running

    def ask(self, path: str, body: object = None, host: str = "127.0.0.1") -> int:
        """The status that a request is answered with; 0 when it is not."""
        request = urllib.request.Request(f"http://{host}:{self.port}/{path}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return 0


@pytest.fixture
def shop(tmp_path: Path) -> Container:
    return Container(tmp_path)


@pytest.fixture
def serving(shop: Container) -> "Iterator[subprocess.Popen[bytes]]":
    running = shop.serve()
    yield running
    process.stop(running, signal.SIGKILL)


def carts(shop: Container) -> int:
    with sqlite3.connect(f"file:{shop.data}/shop.sqlite3?mode=ro", uri=True) as db:
        return int(db.execute("SELECT COUNT(*) FROM cart").fetchone()[0])


def test_it_answers_probes_without_a_token_and_ends_when_it_is_told_to(
    shop: Container, serving: "subprocess.Popen[bytes]"
) -> None:
    assert shop.ask(READY) == 200
    assert shop.ask("") == 200
    assert shop.ask("rest/V1/storecontroller/status") == 401
    asked = time.monotonic()
    serving.send_signal(signal.SIGTERM)
    assert serving.wait(10) == 0
    assert time.monotonic() - asked < 5
    lines = shop.log.read_text().splitlines()
    assert lines[-1].endswith("shop acme stopped")
    assert not any(READY in line for line in lines)
    assert any("GET '/rest/V1/storecontroller/status' 401" in line for line in lines)


def test_it_listens_on_both_families(shop: Container, serving: "subprocess.Popen[bytes]") -> None:
    assert shop.ask("-/live", host="localhost") == 204
    if EVERY_ADDRESS == "::":
        assert shop.ask("-/live", host="[::1]") == 204


def test_killed_it_goes_on_with_what_was_committed(
    shop: Container, serving: "subprocess.Popen[bytes]"
) -> None:
    for _ in range(3):
        assert shop.ask("rest/V1/guest-carts", body={}) == 200
    serving.kill()
    serving.wait()
    again = shop.serve()
    try:
        assert shop.ask("rest/V1/guest-carts", body={}) == 200
        assert carts(shop) == 4
    finally:
        process.stop(again, signal.SIGTERM)


def test_a_second_process_on_its_data_leaves_at_once(
    shop: Container, serving: "subprocess.Popen[bytes]"
) -> None:
    done = shop.run("web", SHOP_PORT=str(process.free_port()))
    assert done.returncode == 75
    assert "data_locked" in done.stdout.splitlines()[-1]
    done = shop.run("restore", "20261122T010203Z")
    assert done.returncode == 75
    assert shop.ask(READY) == 200


def test_a_copy_is_made_while_it_serves_and_brings_back_what_was(
    shop: Container, serving: "subprocess.Popen[bytes]"
) -> None:
    shop.ask("rest/V1/guest-carts", body={})
    assert shop.run("backup").returncode == 0
    (copy,) = shop.backup.iterdir()
    shop.ask("rest/V1/guest-carts", body={})
    serving.kill()
    serving.wait()
    for _ in range(2):
        done = shop.run("restore", copy.name)
        assert done.returncode == 0, done.stdout
    again = shop.serve()
    try:
        assert shop.ask(READY) == 200
        assert carts(shop) == 1
    finally:
        process.stop(again, signal.SIGTERM)


def test_what_was_said_wrong_is_the_last_line(shop: Container) -> None:
    done = shop.run("web", SHOP_STOREFRONT="ajar")
    assert done.returncode == 78
    last = done.stdout.splitlines()[-1]
    assert last.endswith("bad_environment: SHOP_STOREFRONT must be open or closed")
    assert done.stderr == ""


def test_every_way_to_end_is_in_the_manual() -> None:
    code = "".join((ROOT / "sandbox" / name).read_text() for name in ("process.py", "container.py"))
    told = set(re.findall(r'"(storage_full|data_\w+|port_\w+|bad_environment)"', code))
    assert len(told) == 6
    assert all(f"`{name}`" in README for name in told)


# A volume that is full


@pytest.fixture
def small(shop: Container) -> Iterator[Path]:
    """The shop's volume with room for one shop and little more."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root mounts a small volume")
    options = "size=640k,mode=0755"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(shop.data)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount")
    yield shop.data
    subprocess.run(["umount", "--lazy", str(shop.data)], check=True)


def fill(place: Path) -> None:
    """Use every byte that is left."""
    with (place / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return


def test_a_full_volume_stops_what_writes_and_is_told_at_the_next_start(
    shop: Container, small: Path
) -> None:
    running = shop.serve()
    try:
        assert shop.ask("rest/V1/guest-carts", body={}) == 200
        fill(small)
        statuses = {shop.ask("rest/V1/guest-carts", body={}) for _ in range(200)}
        assert statuses <= {200, 503}
        assert 503 in statuses
        assert shop.ask("") == 200
        assert "database or disk is full" in shop.log.read_text()
    finally:
        process.stop(running, signal.SIGTERM)
    for left in small.glob("shop.sqlite3*"):
        left.unlink()
    fill(small)
    done = shop.run("web")
    assert done.returncode == 74
    assert "storage_full" in done.stdout.splitlines()[-1]
    (small / "filler").unlink()
    again = shop.serve()
    process.stop(again, signal.SIGTERM)
