"""Where Terraform runs on this machine: one private directory per run, and what becomes of it.

A run outlives the worker that started it: terraform writes into files and holds a lock on its
directory until the kernel has buried it and its providers. So whoever comes next knows whether a
run of ours is still at work, waits for it, or clears away after it. `provisioners.terraform` asks.
"""

import fcntl
import json
import os
import secrets
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_WORKER, _TOOL, _UNTIL = "worker.lock", "tool.lock", "until.json"
_MOMENT_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run: its directory, and the token that tells it from every other."""

    name: str
    token: str
    path: Path

    def until(self, moment: float, grace: float) -> None:
        """Say when what runs now must have ended, in seconds since the epoch, and its grace."""
        (self.path / _UNTIL).write_text(json.dumps([moment, grace]))

    @contextmanager
    def held(self) -> Iterator[int]:
        """The lock for a program to inherit; it holds it for as long as it lives."""
        lock = _lock(self.path / _TOOL)
        try:
            # Whoever looks whether something runs holds it for an instant.
            end = time.monotonic() + _MOMENT_SECONDS
            while not _taken(lock):
                if time.monotonic() > end:
                    raise BlockingIOError(f"something runs in {self.path.name}")
                time.sleep(0.01)
            yield lock
        finally:
            os.close(lock)


class Runs:
    """The runs below one directory, which is this machine's own."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._rescued = root / "rescued"
        self._rescued.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._alone():
            place = root / "place"
            if not place.exists():
                write_whole(place, secrets.token_hex(8).encode())
        self.place = place.read_text()
        """Tells this directory from that of any other machine or container."""

    @contextmanager
    def opened(self, name: str) -> Iterator[Run]:
        """A new run; its directory is removed at the end, whatever the end is."""
        token = secrets.token_hex(6)
        path = self._root / f"{name}-{token}"
        with self._alone():
            path.mkdir(mode=0o700)
            lock = _lock(path / _WORKER)
            _taken(lock)
        try:
            yield Run(name=name, token=token, path=path)
        finally:
            with self._alone():
                self._remove(path)
            os.close(lock)
            # What was still at work when this began may have ended.
            self.sweep()

    def at_work(self, token: str) -> bool:
        """Whether a program of this run still lives here."""
        return any(_locked(path / _TOOL) for path in self._root.glob(f"*-{token}"))

    def sweep(self) -> None:
        """End what is overdue and remove the directories of workers that are gone."""
        with self._alone():
            for path in [item for item in self._root.glob("*-*") if item.is_dir()]:
                if not _locked(path / _WORKER) and self._ended(path):
                    self._remove(path)

    def rescued(self, name: str) -> Path | None:
        """A state that terraform could not write where it belongs, and left behind instead."""
        found = self._rescued / f"{name}.tfstate"
        return found if found.exists() else None

    def _remove(self, path: Path) -> None:
        left = path / "errored.tfstate"
        if left.exists():
            name = path.name.rsplit("-", 1)[0]
            left.replace(self._rescued / f"{name}.tfstate")
        shutil.rmtree(path, ignore_errors=True)

    def _ended(self, path: Path) -> bool:
        """Whether nothing runs there; what is overdue, or has lost its terraform, is ended."""
        if not _locked(path / _TOOL):
            return True
        living = _inhabitants(path)
        until, grace = _pair(path / _UNTIL)
        # The first of them leads the others; without it nobody tells the providers to end.
        leader = next((number for number in living if os.getpgid(number) == number), None)
        if leader is None or time.time() > until + grace:
            for number in living:
                _signal(number, signal.SIGKILL)
        elif time.time() > until:
            _signal(leader, signal.SIGTERM)
        else:
            return False
        end = time.monotonic() + _MOMENT_SECONDS
        while held := _locked(path / _TOOL):
            if time.monotonic() > end:
                break
            time.sleep(0.01)
        return not held

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One look at the directories at a time, whatever process makes it."""
        with (self._root / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _locked(path: Path) -> bool:
    try:
        lock = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _taken(lock)
    finally:
        os.close(lock)


def _inhabitants(path: Path) -> list[int]:
    """The processes that work in a directory; where there is no /proc, the one that was told."""
    here, found = str(path.resolve()), []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str((place / "cwd").readlink()) == here:
                found.append(int(place.name))
    if not found:
        with suppress(OSError, ValueError):
            found.append(int((path / "group").read_text()))
    return sorted(number for number in found if _there(number))


def _there(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def _signal(number: int, kind: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(number, kind)


def _pair(path: Path) -> tuple[float, float]:
    try:
        until, grace = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return 0.0, 0.0
    return float(until), float(grace)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, for the owner's eyes."""
    fresh = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
