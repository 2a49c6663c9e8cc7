"""What a tool is, what a source of it is, where tools are kept; the whole kit uses it."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("STORECTL_CLUSTER_TOOLS") or ROOT / ".cluster-tools").absolute()
BIN = CACHE / "bin"
"""All tools under their names, whether they were made here or are links to what was found."""

Version = tuple[int, ...]


class UnobtainableError(Exception):
    """A source has nothing for this machine; the text says why."""


class Source(Protocol):
    """One way to come by a program."""

    @property
    def origin(self) -> str:
        """What the table of `make cluster-tools` says of it."""

    def obtain(self, target: Path, cache: Path) -> None:
        """Put the program at a path. Raises UnobtainableError."""


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A program that the cluster tests need."""

    name: str
    called: tuple[str, ...]
    """Its names on other machines."""
    ask: tuple[str, ...]
    """The arguments that make it tell its version."""
    oldest: Version
    below: Version
    sources: tuple[Source, ...]
    """The quickest first."""

    def accepts(self, version: Version) -> bool:
        """Whether the tests hold with this version."""
        return self.oldest <= version < self.below

    @property
    def wanted(self) -> str:
        """The accepted versions, to be read by people."""
        return f"{dotted(self.oldest)} or newer, below {dotted(self.below)}"


def dotted(version: Version) -> str:
    """A version as people write it."""
    return ".".join(map(str, version))


def version_of(program: Path, ask: Sequence[str]) -> Version | None:
    """What a program says its version is; None when it does not run or says none."""
    try:
        done = subprocess.run(  # noqa: S603
            [program, *ask], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    told = re.search(r"v?(\d+)\.(\d+)(?:\.(\d+))?", done.stdout + done.stderr)
    return tuple(int(part) for part in told.groups() if part) if told else None


def run(command: Sequence[str | Path], environ: Mapping[str, str] | None = None) -> None:
    """Run a program to its end. Raises UnobtainableError with the last lines that it wrote."""
    try:
        done = subprocess.run(  # noqa: S603
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            env={**os.environ, **(environ or {})},
        )
    except OSError as error:
        raise UnobtainableError(str(error)) from error
    if done.returncode:
        raise UnobtainableError("; ".join(done.stdout.strip().splitlines()[-3:]))


LINUX = "linux-x86_64"


def this_platform() -> str:
    """System and processor, as `linux-x86_64`."""
    return f"{platform.system().lower()}-{platform.machine()}"


def require_platform(wanted: str) -> None:
    """Refuse what holds programs for another machine. Raises UnobtainableError."""
    if this_platform() != wanted:
        raise UnobtainableError(f"it is for {wanted} only")


def place(made: Path, target: Path) -> None:
    """Put a finished program at its path in one step, ready to be run."""
    made.chmod(0o755)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(made, target)
