"""Terraform's states in a directory of one machine; `builder` asks.

Terraform's lock is one of the kernel's there, and dies with terraform.
"""

import fcntl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Any

from provisioners.terraform.run import write_whole
from provisioners.terraform.states import Backend, Intent, Lock, parsed, unreachable


class LocalStates:
    """A directory per name, with the state and what our runs intend."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def backend(self, name: str, run: str) -> Backend:  # noqa: ARG002
        """A file in a directory of the name."""
        path = self._root / name / "terraform.tfstate"
        return Backend(kind="local", settings={"path": str(path.absolute())})

    def read(self, name: str) -> dict[str, Any] | None:
        """The file's content."""
        try:
            content = (self._root / name / "terraform.tfstate").read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unreachable(str(error)) from error
        return parsed(content)

    def remove(self, name: str) -> None:
        """Remove the directory."""
        doomed = self._root / name
        try:
            rmtree(doomed)
        except FileNotFoundError:
            return
        except OSError as error:
            raise unreachable(str(error)) from error

    def names(self) -> set[str]:
        """Every directory with a state in it."""
        found = self._root.glob("*/terraform.tfstate")
        return {path.parent.name for path in found if path.stat().st_size}

    def lock(self, name: str) -> Lock | None:  # noqa: ARG002
        """None: there is nothing to recover."""
        return None

    def release(self, name: str, lock: Lock) -> None:
        """There is nothing to take away."""

    def intents(self, name: str) -> tuple[Intent, ...]:
        """The files beside the state."""
        found = []
        for path in sorted((self._root / name).glob("intent-*.json")):
            try:
                found.append(Intent.decoded(path.read_bytes()))
            except (FileNotFoundError, ValueError, TypeError, KeyError):
                continue
        return tuple(found)

    def intend(self, name: str, intent: Intent) -> None:
        """Write a file beside the state."""
        try:
            (self._root / name).mkdir(parents=True, exist_ok=True, mode=0o700)
            # A plan that finds no file makes one to lock it, and removes it at its end, under
            # the feet of an apply that has opened it meanwhile: that state would be lost.
            (self._root / name / "terraform.tfstate").touch(mode=0o600)
            with self._alone(name):
                write_whole(self._intent(name, intent.run), intent.encoded().encode())
        except OSError as error:
            raise unreachable(str(error)) from error

    def swap(self, name: str, old: Intent, new: Intent) -> bool:
        """Compare and write while nobody else does."""
        path = self._intent(name, old.run)
        try:
            with self._alone(name):
                if Intent.decoded(path.read_bytes()) != old:
                    return False
                write_whole(path, new.encoded().encode())
        except FileNotFoundError:
            return False
        except OSError as error:
            raise unreachable(str(error)) from error
        return True

    def forget(self, name: str, runs: Iterable[str]) -> None:
        """Remove the files."""
        try:
            with self._alone(name):
                for run in runs:
                    self._intent(name, run).unlink(missing_ok=True)
        except FileNotFoundError:
            return
        except OSError as error:
            raise unreachable(str(error)) from error

    def _intent(self, name: str, run: str) -> Path:
        return self._root / name / f"intent-{run}.json"

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """One change of what is intended at a time, whatever process makes it."""
        with (self._root / name / "intents.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
