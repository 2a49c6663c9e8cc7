"""The helm program, version 3 or 4: which arguments it takes, and what its complaints mean."""

import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from provisioners.base import DriverFailure
from provisioners.command import (
    CommandError,
    CommandFailedError,
    CommandMissingError,
    CommandStoppedError,
    CommandTimeoutError,
    Result,
    run,
)
from provisioners.kubernetes.connection import Connection

_HISTORY = 5
_MARGIN_SECONDS = 30.0

GO = {"GOGC": "400"}
"""A helm lives for a second: tidying its memory up less often saves a sixth of its work."""

_MEANINGS: tuple[tuple[str, str, bool], ...] = (
    (r"exceeded quota", "quota_exceeded", True),
    (r"because it is being terminated", "namespace_terminating", True),
    (
        r"cluster unreachable|connection refused|i/o timeout|no such host",
        "cluster_unreachable",
        True,
    ),
    (r"another operation .* is in progress", "release_pending", True),
    (r"the object has been modified|Operation cannot be fulfilled", "cluster_conflict", True),
    (r"Too Many Requests|too many requests", "cluster_busy", True),
    (r"don't meet the specifications of the schema", "values_refused", False),
    (r"violates PodSecurity", "pod_refused", False),
    (r"parse error|template: |error converting YAML|YAML parse error", "chart_broken", False),
    (r"path \S+ not found|Chart\.yaml file is missing", "chart_missing", False),
)
"""Pattern, code, and whether it may pass."""

Runner = Callable[..., Result]


class Helm:
    """Runs helm against one cluster, no more than `at_once` of them at a time."""

    def __init__(
        self,
        connection: Connection,
        home: Path,
        *,
        binary: str = "helm",
        at_once: int | None = None,
        timeout: float = 300.0,
        runner: Runner = run,
    ) -> None:
        self._connection = connection
        self._home = home
        self._binary = binary
        self._timeout = timeout
        self._run = runner
        at_once = at_once or max(2, os.cpu_count() or 2)
        self._places = threading.BoundedSemaphore(at_once)
        self._major = 0

    def upgrade(
        self,
        name: str,
        chart: Path,
        values: Mapping[str, Any],
        *,
        description: str,
        labels: Mapping[str, str],
        hooks: bool = True,
    ) -> None:
        """Install or upgrade, in the namespace of the same name; raises DriverFailure.

        Values go through stdin.
        """
        argv = ["upgrade", name, str(chart), "--install", "--namespace", name]
        # Without the reset, a release without values of its own keeps those that it had before.
        argv += ["--values", "-", "--reset-values", "--description", description]
        argv += ["--labels", ",".join(f"{key}={value}" for key, value in labels.items())]
        # The server checks what it is sent; fetching its whole schema costs most of helm's time.
        argv += ["--disable-openapi-validation", "--hide-notes", "--history-max", str(_HISTORY)]
        argv += [] if hooks else ["--no-hooks"]
        self._call([*argv, *self._ours()], stdin=json.dumps(values).encode())

    def rollback(self, name: str, revision: int) -> None:
        """Go back to a revision; raises DriverFailure."""
        argv = ["rollback", name, str(revision), "--namespace", name]
        self._call([*argv, "--history-max", str(_HISTORY), *self._ours()])

    def uninstall(self, name: str) -> None:
        """Remove a release, if it is there; raises DriverFailure."""
        argv = ["uninstall", name, "--namespace", name, "--ignore-not-found", "--no-hooks"]
        self._call(argv)

    @property
    def longest(self) -> float:
        """Seconds for which a helm that was given our limits may live."""
        return self._timeout + _MARGIN_SECONDS

    def _ours(self) -> list[str]:
        """What makes the chart win over fields that somebody else changed; helm 3 does that."""
        return ["--server-side=true", "--force-conflicts"] if self._version() >= 4 else []

    def _version(self) -> int:
        if not self._major:
            told = self._start(["version", "--template", "{{.Version}}"], timeout=20.0)
            found = re.match(r"v?(\d+)\.", told.output.strip())
            if found is None:
                raise DriverFailure("helm_failed", f"helm's version: {told.output[:100]!r}")
            self._major = int(found[1])
        return self._major

    def _call(self, argv: list[str], *, stdin: bytes = b"") -> None:
        kubeconfig = ["--kubeconfig", str(self._connection.kubeconfig)]
        if self._connection.context:
            kubeconfig += ["--kube-context", self._connection.context]
        limits = ["--timeout", f"{self._timeout:g}s"]
        with self._place():
            self._start(
                [*argv, *limits, *kubeconfig], stdin=stdin, timeout=self._timeout + _MARGIN_SECONDS
            )

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=self._timeout):
            raise DriverFailure("helm_busy", "too many releases are being changed at once")
        try:
            yield
        finally:
            self._places.release()

    def _start(self, argv: list[str], *, timeout: float, stdin: bytes = b"") -> Result:
        try:
            return self._run(
                [self._binary, *argv], timeout=timeout, stdin=stdin, env=self._environment()
            )
        except CommandError as error:
            raise failure(error) from error

    def _environment(self) -> dict[str, str]:
        """Directories of our own: neither plugins nor repositories of whoever runs us."""
        places = {"CACHE": "cache", "CONFIG": "config", "DATA": "data"}
        return {f"HELM_{key}_HOME": str(self._home / place) for key, place in places.items()} | {
            "HELM_PLUGINS": str(self._home / "plugins"),
            "HELM_DRIVER": "secret",
            **GO,
        }


def failure(error: CommandError) -> DriverFailure:
    """What helm's complaint means."""
    if isinstance(error, CommandMissingError):
        return DriverFailure("helm_missing", error.detail, transient=False)
    said = _said(error.detail)
    if isinstance(error, CommandStoppedError):
        return DriverFailure("helm_killed", "it was told to end")
    if isinstance(error, CommandTimeoutError):
        return DriverFailure("helm_timeout", said)
    if isinstance(error, CommandFailedError) and error.result.returncode < 0:
        return DriverFailure("helm_killed", f"signal {-error.result.returncode}")
    for pattern, code, passes in _MEANINGS:
        if re.search(pattern, error.detail):
            return DriverFailure(code, said, transient=passes)
    return DriverFailure("helm_failed", said)


def _said(detail: str) -> str:
    """The complaint itself, without helm's progress and warnings before it."""
    lines = [line.strip() for line in detail.splitlines() if line.strip()]
    for place, line in enumerate(lines):
        if line.startswith("Error:"):
            return " ".join([line.removeprefix("Error:").strip(), *lines[place + 1 :]])[:500]
    return " ".join(lines)[-500:]
