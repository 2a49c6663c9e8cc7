"""Where Terraform runs on this machine: one private directory per run, and what becomes of it.

A run outlives the worker that started it: terraform writes into files and holds a lock on its
directory until the kernel has buried it and its providers. So whoever comes next knows whether a
run of ours is still at work, waits for it, or clears away after it. `builder` asks.
"""

import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provisioners.terraform.run import MOMENT_SECONDS, Run, write_whole


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
        run = Run.of(self._root / f"{name}-{token}")
        with self._alone():
            lock = run.attend()
        try:
            yield run
        finally:
            with self._alone():
                self._remove(run.path)
            os.close(lock)
            # What was still at work when this began may have ended.
            self.sweep()

    def awake(self, token: str) -> Run | None:
        """The run, while its worker or a program of it still lives here."""
        with self._alone():
            return next((run for run in self._found(f"*-{token}") if run.awake), None)

    def leased(self) -> list[Run]:
        """The runs that live and are held to a lease."""
        with self._alone():
            found = self._found("*-*")
            return [run for run in found if run.renewal is not None and run.awake]

    def _found(self, pattern: str) -> list[Run]:
        return [Run.of(path) for path in self._root.glob(pattern) if path.is_dir()]

    def sweep(self) -> None:
        """End what is overdue and remove the directories of workers that are gone."""
        with self._alone():
            for run in self._found("*-*"):
                if not run.attended and self._ended(run):
                    self._remove(run.path)

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

    def _ended(self, run: Run) -> bool:
        """Whether nothing runs there; what is overdue, or has lost its terraform, is ended."""
        if not run.at_work:
            return True
        if not run.hasten():
            return False
        end = time.monotonic() + MOMENT_SECONDS
        while held := run.at_work:
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
