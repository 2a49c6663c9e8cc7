"""What every driver can do with a release, and the words for how a release stands."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Protocol


class ReleaseState(StrEnum):
    """How a release stands, asked of the world."""

    ABSENT = "absent"
    PENDING = "pending"
    """Started with the wanted values, not answering yet."""
    CURRENT = "current"
    OUTDATED = "outdated"
    """Runs with other values than the wanted ones."""
    FAILED = "failed"
    """Ended by itself."""
    STOPPED = "stopped"
    """Does not run; its data is kept."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """One chart with values under a name that derives from the stack's uid."""

    name: str
    chart: str
    version: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of chart, version and values: what runs is outdated when it differs."""
        wanted = [self.name, self.chart, self.version, dict(self.values)]
        return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class ReleaseStatus:
    """How a release stands, and where it is reached."""

    state: ReleaseState
    endpoint: str | None = None
    detail: str = ""
    """What the tool itself said, when it said something."""


class Driver(Protocol):
    """A tool that runs releases. Every method may be repeated after a crash."""

    name: str
    engines: tuple[str, ...]
    """The charts that it can start, the usual one first."""

    def apply_secrets(self, name: str, secrets: Mapping[str, str]) -> None:
        """Put the release's secrets in place before it starts."""

    def has_secrets(self, name: str, secrets: Mapping[str, str]) -> bool:
        """Whether exactly these secrets are in place."""

    def apply(self, release: Release) -> ReleaseStatus:
        """Start the release, or make a running one current. Raises DriverFailure."""

    def status(self, release: Release) -> ReleaseStatus:
        """How the release stands."""

    def stop(self, name: str) -> None:
        """Stop what runs and keep its data."""

    def delete(self, name: str) -> None:
        """Destroy everything of the release, its data too."""

    def inventory(self, name: str) -> tuple[str, ...]:
        """What is still held for the name: processes, files; empty when nothing is left."""

    def names(self) -> set[str]:
        """Every name that something is held for."""

    def logs(self, name: str, *, tail: int) -> list[str]:
        """The last lines that the release printed."""

    def follow(self, name: str) -> Iterator[str]:
        """New lines as they are printed; an empty string is a moment without any."""

    def stop_all(self) -> None:
        """Stop everything, when the driver's home is this machine and goes down."""


class DriverFailure(Exception):  # noqa: N818 -- the reconciler's DriverError is made of it.
    """The tool could not do it. `code` is stable; `transient` says that it may pass."""

    def __init__(self, code: str, detail: str, *, transient: bool = True) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.transient = transient
