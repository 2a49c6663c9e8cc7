"""A home on a disk that fills up: said by the probe, the store, and `why`; it goes on once freed.

The disk is a small tmpfs in a mount namespace of the control plane's own, which needs root.
"""

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioners import disk
from tests.control_plane import ROOT, ControlPlane, until

_MOUNT = 'mount -t tmpfs -o "$1" tmpfs "$2" && shift 2 && exec "$@"'


def _can_mount() -> bool:
    if shutil.which("unshare") is None or os.geteuid() != 0:
        return False
    tried = subprocess.run(
        ["unshare", "-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt"], capture_output=True, check=False
    )
    return tried.returncode == 0


pytestmark = pytest.mark.skipif(not _can_mount(), reason="a mount namespace needs root")


class Cramped(ControlPlane):
    """A control plane whose home is a file system of 96 MB that nobody else sees."""

    def start(self, **environ: str) -> None:
        """Start it in a mount namespace of its own; `home` is the way into that from outside."""
        place = self.home
        place.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "controller", "up"]
        with place.with_name("output.log").open("ab") as output:
            self._process = subprocess.Popen(
                ["unshare", "-m", "sh", "-c", _MOUNT, "sh", "size=96m,nr_inodes=2000",
                 str(place), *command],
                cwd=ROOT, env={**self._environ, **environ}, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output,
            )  # fmt: skip
        self.home = Path(f"/proc/{self._process.pid}/root{place}")

    @property
    def output(self) -> str:
        """Everything it printed."""
        return "it printed beside its home"


@pytest.fixture(scope="module")
def cramped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cramped]:
    plane = Cramped(tmp_path_factory.mktemp("small") / "home")
    with plane.running() as running:
        plane.finish(plane.create("acme"))
        yield running  # type: ignore[misc]


def readiness(plane: ControlPlane) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(f"{plane.url}/readyz", timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def fill(plane: Cramped, leave: int) -> Path:
    filler = plane.home / "filler"
    room = os.statvfs(plane.home)
    with filler.open("wb") as file:
        file.write(b"\0" * (room.f_bavail * room.f_frsize - leave))
    return filler


def selling(plane: ControlPlane) -> tuple[bool, str]:
    status = plane.call("GET", "/stores/acme")["status"]
    found = {item["type"]: item for item in status["conditions"]}
    return status["ready"], found["Selling"]["reason"]


def why(plane: ControlPlane) -> Any:
    return plane.call("GET", "/stores/acme/why")["status"]


def test_a_full_disk_is_said_everywhere_and_it_goes_on_once_there_is_room(cramped: Cramped) -> None:
    assert readiness(cramped)[0] == 200
    assert selling(cramped) == (True, "Proven")
    filler = fill(cramped, leave=2 * 1024 * 1024)
    try:
        status, said = readiness(cramped)
        assert (status, said["checks"]["storage"]) == (503, False)
        assert said["causes"]["storage"].startswith("storage_full")
        until(lambda: selling(cramped) == (False, "ShopCannotWrite"), "that it cannot write", 30)
        found = why(cramped)
        assert found["cause"]["code"] == "storage_full"
        assert not found["ready"]
    finally:
        filler.unlink()
    until(lambda: readiness(cramped)[0] == 200, "that there is room")
    until(lambda: selling(cramped) == (True, "Proven"), "that it sells again", 30)


def test_no_more_files_is_no_room_either(cramped: Cramped) -> None:
    made = []
    try:
        for number in range(2000):
            path = cramped.home / f"file{number}"
            path.touch()
            made.append(path)
    except OSError:
        pass
    try:
        status, said = readiness(cramped)
        assert (status, said["checks"]["storage"]) == (503, False)
    finally:
        for path in made:
            path.unlink()
    assert readiness(cramped)[0] == 200


# --- the probe itself -----------------------------------------------------------------------------


def test_a_quota_shows_in_a_write_alone(tmp_path: Path) -> None:
    """In a process of its own, where no file may grow: statvfs knows nothing of that."""
    script = (
        "import resource, signal; from pathlib import Path; from provisioners import disk;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024));"
        f"print(disk.trouble(Path({str(tmp_path)!r}))[0])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == disk.FULL


def test_a_file_system_that_is_read_only_is_said_to_be(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from provisioners import disk;"
        f"print(disk.trouble(Path({str(tmp_path)!r}))[0])"
    )
    ran = subprocess.run(
        ["unshare", "-m", "sh", "-c", _MOUNT, "sh", "ro,size=96m", str(tmp_path),
         sys.executable, "-c", script],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stdout.strip() == disk.READ_ONLY
    assert disk.trouble(tmp_path) is None
    assert disk.trouble(tmp_path / "gone") is not None
