"""One run of terraform on this machine: its private directory, and the marks that are in it.

Two locks of the kernel's tell whether its worker and whether a program of it lives; a file tells
until when it may work, another when its lease was renewed last. `runs` opens runs,
`program` works in them, `keeper` and `guard` hold them to their leases.
"""

import fcntl
import json
import math
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_WORKER, _TOOL, _UNTIL = "worker.lock", "tool.lock", "until.json"
_GUARD, _RENEWED = "guard.lock", "renewed"
_LOST, _ASKED = "lost", "asked"
MOMENT_SECONDS = 2.0
"""How long it takes a killed process to leave its locks, at the most."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run: its directory, and the token that tells it from every other."""

    name: str
    token: str
    path: Path

    @classmethod
    def of(cls, path: Path) -> "Run":
        """The run that a directory is of."""
        name, _, token = path.name.rpartition("-")
        return cls(name=name, token=token, path=path)

    def attend(self) -> int:
        """Make its directory and be its worker until the descriptor that this returns is closed."""
        self.path.mkdir(mode=0o700)
        lock = _lock(self.path / _WORKER)
        _taken(lock)
        return lock

    def until(self, moment: float, grace: float) -> None:
        """Say when what runs now must have ended, in seconds since the epoch, and its grace."""
        (self.path / _UNTIL).write_text(json.dumps([moment, grace]))

    def asked(self, moment: float, grace: float) -> None:
        """Note that what runs now is being asked to end."""
        (self.path / _ASKED).touch()
        self.until(moment, grace)

    def lease(self, moment: float) -> None:
        """Begin to be held to a lease: renewed at a moment of `moment()`."""
        write_whole(self.path / _RENEWED, _padded(f"{moment:.3f}").encode())

    def renewed(self, moment: float) -> None:
        """Note a renewal."""
        self._note(f"{moment:.3f}")

    def lose(self) -> None:
        """Note that the lease is lost for good."""
        self._note(_LOST)

    @property
    def renewal(self) -> float | None:
        """When it was renewed last; minus infinity when it is lost, None without a lease."""
        try:
            text = (self.path / _RENEWED).read_text().strip()
        except FileNotFoundError:
            return None
        return -math.inf if text == _LOST else float(text)

    @property
    def at_work(self) -> bool:
        """Whether a program of it lives."""
        return _locked(self.path / _TOOL)

    @property
    def attended(self) -> bool:
        """Whether its worker lives."""
        return _locked(self.path / _WORKER)

    @property
    def awake(self) -> bool:
        """Whether its worker or a program of it lives."""
        return self.attended or self.at_work

    @property
    def guarded(self) -> bool:
        """Whether somebody ends it when its lease does."""
        return _locked(self.path / _GUARD)

    @property
    def orphaned(self) -> bool:
        """Whether a program of it lives without its worker."""
        return self.at_work and not self.attended

    def hasten(self) -> bool:
        """End what is overdue, or has lost its terraform; whether there was anything to do."""
        living = _inhabitants(self.path)
        until, grace = _pair(self.path / _UNTIL)
        # The first of them leads the others; without it nobody tells the providers to end.
        leader = next((number for number in living if _group(number) == number), None)
        if leader is None or time.time() > until + grace:
            self.signal(signal.SIGKILL)
            return True
        # Asked twice it would leave at once, and write nothing.
        if time.time() > until and not (self.path / _ASKED).exists():
            (self.path / _ASKED).touch()
            _signal(leader, signal.SIGTERM)
            return True
        return False

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Be the only guard of the run, once any other one is gone."""
        lock = _lock(self.path / _GUARD)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def signal(self, kind: signal.Signals) -> None:
        """Send a signal to every process of terraform's and its providers'."""
        for number in _inhabitants(self.path):
            # What terraform runs in another directory is still of its group.
            _signal(number, kind, group=_group(number) == number)

    def _note(self, text: str) -> None:
        """Write over what is noted, in one piece; of a run that is over nothing is left to note."""
        with suppress(FileNotFoundError):
            file = os.open(self.path / _RENEWED, os.O_WRONLY)
            try:
                os.pwrite(file, _padded(text).encode(), 0)
            finally:
                os.close(file)

    @contextmanager
    def held(self) -> Iterator[int]:
        """The lock for a program to inherit; it holds it for as long as it lives."""
        lock = _lock(self.path / _TOOL)
        try:
            # Whoever looks whether something runs holds it for an instant.
            end = time.monotonic() + MOMENT_SECONDS
            while not _taken(lock):
                if time.monotonic() > end:
                    raise BlockingIOError(f"something runs in {self.path.name}")
                time.sleep(0.01)
            yield lock
        finally:
            os.close(lock)


def _padded(text: str) -> str:
    return text.ljust(24)


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


def _group(number: int) -> int:
    with suppress(ProcessLookupError):
        return os.getpgid(number)
    return 0


def _there(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def _signal(number: int, kind: signal.Signals, *, group: bool = False) -> None:
    with suppress(ProcessLookupError, PermissionError):
        (os.killpg if group else os.kill)(number, kind)


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
