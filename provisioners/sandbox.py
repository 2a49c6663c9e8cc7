"""The driver of one machine: a release is a local process with a directory of its own.

The process holds a lock on its directory from its birth, when it inherits it from the driver, until
the kernel has buried it, and says in `runtime.json` what it runs. So a driver that was killed
between any two lines finds the truth again, and a second process for the same release cannot exist.
"""

import fcntl
import json
import os
import secrets as randomness
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from provisioners import command, disk
from provisioners.base import (
    Backup,
    DriverFailure,
    Filling,
    Finding,
    Happening,
    LogQuery,
    Reason,
    Release,
    ReleaseState,
    ReleaseStatus,
    Replicas,
)

_STOP_SECONDS = 5.0
_LEAVING_SECONDS = 1.0
"""The same when all of them end with us, who may not stay for long."""
_HOLD_SECONDS = 0.3


class SandboxDriver:
    """Runs releases as processes below one directory."""

    name = "process"
    engines: tuple[str, ...] = ("sandbox",)
    scalable = False
    restarts = True
    wakes = False

    def __init__(
        self,
        root: Path,
        *,
        host: str = "127.0.0.1",
        ports: range,
        told: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """`told` says where people were told that each release is, whatever its directory says."""
        self._root = root
        self._told = told
        self._host = host
        self._ports = ports
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        root.mkdir(parents=True, exist_ok=True)

    def ping(self) -> str:
        """The version of the Python that shops run on; raises DriverFailure without room."""
        if (found := disk.trouble(self._root)) is not None:
            raise DriverFailure(*found)
        return sys.version.split()[0]

    def survey(self) -> tuple[Finding, ...]:
        """Nothing: the place is not looked after."""
        return ()

    def apply_secrets(self, name: str, secrets: Mapping[str, str]) -> None:
        """Write the secrets for the owner's eyes only."""
        self._directory(name).mkdir(parents=True, exist_ok=True)
        _write(self._directory(name) / "secrets.json", dict(secrets), mode=0o600)

    def has_secrets(self, name: str, secrets: Mapping[str, str]) -> bool:
        """Whether exactly these secrets are in the file."""
        return _read(self._directory(name) / "secrets.json") == dict(secrets)

    def apply(self, release: Release) -> ReleaseStatus:
        """Start the process, replacing one that runs with other values."""
        status = self.status(release)
        if status.state in {ReleaseState.CURRENT, ReleaseState.PENDING}:
            return status
        self.stop(release.name)
        directory = self._directory(release.name)
        directory.mkdir(parents=True, exist_ok=True)
        try:
            with self._choosing():
                port = self._port(release.name)
                wanted = {
                    "uid": release.name,
                    "chart": release.chart,
                    "version": release.version,
                    "digest": release.digest,
                    "host": self._host,
                    "port": port,
                    "values": dict(release.values),
                }
                _write(directory / "release.json", wanted)
            with self._born_locked(directory) as lock:
                argv = [sys.executable, "-m", release.chart]
                argv += ["--directory", str(directory), "--lock", str(lock)]
                self._children[release.name] = command.start(
                    argv, log=directory / "shop.log", descriptors=[lock]
                )
        except OSError as error:
            code = "storage_full" if error.errno == 28 else "process_failed"
            raise DriverFailure(code, str(error)) from error
        return ReleaseStatus(state=ReleaseState.PENDING, endpoint=self._endpoint(port))

    def status(self, release: Release) -> ReleaseStatus:
        """What the lock and the runtime file say."""
        directory = self._directory(release.name)
        wanted = _read(directory / "release.json")
        if not wanted:
            return ReleaseStatus(state=ReleaseState.ABSENT)
        endpoint = self._endpoint(wanted["port"])
        current = wanted["digest"] == release.digest and not wanted.get("stopped")
        if self._locked(directory):
            runtime = _read(directory / "runtime.json")
            if runtime and current and runtime["digest"] == release.digest:
                # What runs is where it is, whatever a worker that slept wrote meanwhile.
                endpoint = self._endpoint(runtime["port"])
                return ReleaseStatus(state=ReleaseState.CURRENT, endpoint=endpoint)
            starting = current and (not runtime or runtime["digest"] != wanted["digest"])
            state = ReleaseState.PENDING if starting else ReleaseState.OUTDATED
            return ReleaseStatus(state=state, endpoint=endpoint)
        child = self._children.get(release.name)
        if child is not None and child.poll() is None:
            state = ReleaseState.PENDING if current else ReleaseState.OUTDATED
            return ReleaseStatus(state=state, endpoint=endpoint)
        if wanted.get("stopped"):
            return ReleaseStatus(state=ReleaseState.STOPPED, endpoint=endpoint)
        ended = _read(directory / "exit.json") or {}
        detail = str(ended.get("message", ""))
        return ReleaseStatus(state=ReleaseState.FAILED, endpoint=endpoint, detail=detail)

    def try_image(self, name: str, image: str) -> None:
        """Nothing: a process is started of what is here."""

    def handed(self, name: str) -> Mapping[str, str]:  # noqa: ARG002
        """Nothing: everything that it needs was given to it."""
        return {}

    def scale(self, name: str, replicas: Replicas) -> int:  # noqa: ARG002
        """The shop is one process; raises DriverFailure."""
        raise DriverFailure("not_scalable", f"{name} has one size", transient=False)

    def why(self, name: str) -> tuple[Reason, ...]:  # noqa: ARG002
        """Nothing that `status` does not say."""
        return ()

    def blind(self, name: str) -> str:  # noqa: ARG002
        """There is no autoscaler."""
        return ""

    def filling(self, name: str) -> tuple[Filling, ...]:  # noqa: ARG002
        """None: it has no volume of its own."""
        return ()

    def happened(self, name: str) -> tuple[Happening, ...]:  # noqa: ARG002
        """Nothing: the registry's own events tell all."""
        return ()

    def strangers(self, name: str) -> tuple[str, ...]:  # noqa: ARG002
        """Nothing: whatever is there is the shop's own."""
        return ()

    def backups(self, name: str) -> tuple[Backup, ...]:
        """None are made: what runs here is backed up with its home."""
        raise DriverFailure("no_backups", f"{name} is backed up with its home", transient=False)

    def back_up(self, name: str, run: str) -> Backup:  # noqa: ARG002
        """None are made."""
        raise DriverFailure("no_backups", f"{name} is backed up with its home", transient=False)

    def loaded(self, name: str) -> bool:  # noqa: ARG002
        """Nothing is ever loaded into it."""
        return False

    def leaving(self, name: str) -> tuple[str, ...]:  # noqa: ARG002
        """Nothing: what was there has ended."""
        return ()

    def writers(self, name: str) -> tuple[str, ...]:  # noqa: ARG002
        """None that a backup would have to wait for."""
        return ()

    def stop(self, name: str, *, patience: float = _STOP_SECONDS) -> None:
        """End the process, gently first; return when its lock is free."""
        directory = self._directory(name)
        # A process that was started by a worker that died reads this before it opens its shop.
        if wanted := _read(directory / "release.json"):
            _write(directory / "release.json", {**wanted, "stopped": True})
        deadline = time.monotonic() + patience
        signalled: set[tuple[int, int]] = set()
        while (holder := self._holder(name, directory)) is not None:
            late = time.monotonic() > deadline
            if time.monotonic() > 2 * _STOP_SECONDS + deadline:
                raise DriverFailure("process_stuck", f"process {holder} does not end")
            kind = signal.SIGKILL if late else signal.SIGTERM
            if holder and (holder, kind) not in signalled:
                signalled.add((holder, kind))
                _signal(holder, kind)
            time.sleep(0.01)
        child = self._children.pop(name, None)
        if child is not None:
            child.wait(timeout=_STOP_SECONDS)

    def delete(self, name: str) -> None:
        """End the process and remove its directory."""
        self.stop(name)
        directory = self._directory(name)
        if directory.is_dir():
            # Renamed first: a removal that is cut short leaves no directory that looks alive.
            doomed = directory.with_name(f".purged-{name}")
            if doomed.exists():
                shutil.rmtree(doomed)
            directory.rename(doomed)
        shutil.rmtree(directory.with_name(f".purged-{name}"), ignore_errors=True)

    def inventory(self, name: str) -> tuple[str, ...]:
        """The process and every file that is there for the name."""
        held = []
        directory = self._directory(name)
        holder = self._holder(name, directory)
        if holder is not None:
            held.append(f"process {holder}" if holder else "process")
        for place in (directory, directory.with_name(f".purged-{name}")):
            held += [f"file {path.name}" for path in sorted(place.glob("*"))]
            if place.exists():
                held.append(f"directory {place.name}")
        return tuple(held)

    def names(self) -> set[str]:
        """Every directory below the root."""
        places = [place for place in self._root.iterdir() if place.is_dir()]
        return {place.name.removeprefix(".purged-") for place in places}

    def logs(self, name: str, query: LogQuery) -> list[str]:
        """The last lines of the log; reads at most the last megabyte."""
        path = self._directory(name) / "shop.log"
        try:
            with path.open("rb") as log:
                log.seek(max(0, path.stat().st_size - 1_048_576))
                return (
                    log.read().decode(errors="replace").splitlines()[-query.tail :]
                    if query.tail
                    else []
                )
        except FileNotFoundError:
            return []

    def follow(self, name: str, query: LogQuery) -> Iterator[str]:  # noqa: ARG002
        """Lines printed from now on; an empty string a few times a second when there is none."""
        path = self._directory(name) / "shop.log"
        position = path.stat().st_size if path.exists() else 0
        while True:
            if path.exists():
                with path.open("rb") as log:
                    log.seek(position)
                    block = log.read(65_536)
                whole = block[: block.rfind(b"\n") + 1]
                position += len(whole)
                yield from whole.decode(errors="replace").splitlines()
            yield ""
            time.sleep(0.25)

    def stop_all(self) -> None:
        """End every process below the root, all at once."""
        running = {name: self._holder(name, self._directory(name)) for name in self.names()}
        for holder in running.values():
            if holder:
                _signal(holder, signal.SIGTERM)
        until = time.monotonic() + _LEAVING_SECONDS
        for name, holder in running.items():
            if holder is not None:
                self.stop(name, patience=until - time.monotonic())

    def _directory(self, name: str) -> Path:
        if not name.isalnum():
            raise DriverFailure("bad_name", f"not a release's name: {name!r}", transient=False)
        return self._root / name

    def _endpoint(self, port: int) -> str:
        return f"http://{self._host}:{port}"

    @contextmanager
    def _choosing(self) -> Iterator[None]:
        """One choice of a port at a time, whatever process makes it."""
        with self._root.with_name(f"{self._root.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _born_locked(self, directory: Path) -> Iterator[int]:
        """The lock for a new process to inherit, nothing left of the one before."""
        lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _hold(lock)
            os.truncate(lock, 0)
            for trace in ("exit.json", "runtime.json"):
                (directory / trace).unlink(missing_ok=True)
            yield lock
        finally:
            os.close(lock)

    def _port(self, name: str) -> int:
        """The port that people know it by when it is free, else the first that nobody else keeps.

        Directories that were copied or restored without their `release.json` keep no port.
        """
        told = {other: urlsplit(url).port for other, url in self._told().items()}
        release = _read(self._directory(name) / "release.json")
        kept = told.pop(name, None) or (int(release["port"]) if release else None)
        if kept and _free(self._host, kept):
            return kept
        others = {
            release["port"]
            for place in self._root.iterdir()
            if place.name != name and (release := _read(place / "release.json"))
        }
        # A different place to start for each machine's run keeps two homes apart.
        start = randomness.randbelow(len(self._ports)) if kept else 0
        for offset in range(len(self._ports)):
            port = self._ports[(start + offset) % len(self._ports)]
            if port not in others and port not in told.values() and _free(self._host, port):
                return port
        raise DriverFailure("no_port", f"no free port in {self._ports[0]}-{self._ports[-1]}")

    def _locked(self, directory: Path) -> bool:
        """Whether a live process holds the directory."""
        try:
            descriptor = os.open(directory / "lock", os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            return False
        finally:
            os.close(descriptor)

    def _holder(self, name: str, directory: Path) -> int | None:
        """The pid of the process of a release, 0 while it has not told; None when none lives."""
        child = self._children.get(name)
        if child is not None and child.poll() is None:
            return child.pid
        if not self._locked(directory):
            return None
        told = _read(directory / "runtime.json") or _read(directory / "lock")
        return int(told["pid"]) if told and "pid" in told else 0


def _free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        # As the server itself does: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _hold(lock: int) -> None:
    """Take a lock; BlockingIOError when it is somebody's.

    Whoever looks whether a process lives takes its lock for an instant, so a first refusal says
    nothing yet.
    """
    deadline = time.monotonic() + _HOLD_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _signal(pid: int, kind: signal.Signals) -> None:
    try:
        os.kill(pid, kind)
    except ProcessLookupError:
        return


def _read(path: Path) -> dict[str, Any] | None:
    """A JSON file, or None while it is missing or not whole."""
    try:
        with path.open("rb", buffering=0) as file:
            found = orjson.loads(file.readall())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _write(path: Path, content: Mapping[str, Any], *, mode: int = 0o644) -> None:
    """Write a JSON file whole or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
