"""The terraform or tofu program: how it is started, and what its complaints mean.

`provisioners.terraform.builder` calls it. Only arguments that both programs have are used.
"""

import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provisioners import command
from provisioners.base import DriverFailure
from provisioners.command import (
    CommandError,
    CommandFailedError,
    CommandMissingError,
    CommandStoppedError,
    CommandTimeoutError,
    Result,
)
from provisioners.terraform.run import Run

_KEPT = 16 << 20
CHANGES = 2
"""What a plan ends with when it has something to do."""

_PLACES = ("_ENDPOINT", "_HOST", "_PORT", "_REGION", "_SERVER")

_MEANINGS: tuple[tuple[tuple[str, ...], str, bool], ...] = (
    (("Error acquiring the state lock", "already locked"), "state_locked", True),
    (("[Ss]aved plan is stale",), "plan_stale", True),
    (
        (
            "could not connect to registry",
            "failed to request discovery document",
            "[Cc]ould not query provider registry.*(dial|timeout|EOF|Forbidden|request failed)",
            "failed to retrieve authentication checksums",
            "Error while installing",
        ),
        "provider_missing",
        True,
    ),
    (
        (
            "Failed to query available provider packages",
            "Failed to resolve provider packages",
            "Failed to install provider",
            "Required plugins are not installed",
            "Inconsistent dependency lock file",
            "there is no package for",
        ),
        "provider_missing",
        False,
    ),
    (
        (
            "Invalid value for (input )?variable",
            "No value for required variable",
            "Invalid variables file",
        ),
        "variables_refused",
        False,
    ),
    (
        (
            "problems with the configuration",
            "Unclosed configuration block",
            "Unsupported (argument|block type)",
            "Argument definition required",
            "Reference to undeclared",
        ),
        "module_broken",
        False,
    ),
    (
        (
            "Error (re)?(loading|inspecting|saving|freshing|releasing|persisting)[^:]* state",
            "Failed to (load|save|persist|read|write)[^:]* state",
            "Failed to get existing workspaces",
            "Error (configuring|initializing)[^:]*[Bb]ackend",
            # What init said last, when it came no further.
            "Initializing the backend\\.\\.\\.$",
        ),
        "state_unreachable",
        True,
    ),
)
"""Patterns, code, and whether it may pass."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Seconds that each phase may take, and `grace` to write its state when asked to end."""

    short: float = 60.0
    init: float = 180.0
    plan: float = 600.0
    apply: float = 3600.0
    grace: float = 120.0
    lock: float = 20.0
    """How long it waits for somebody else's lock."""
    lease: float = 45.0
    """How long a run that gives no sign of life may still be at work on another machine."""


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """An error or a warning of terraform's."""

    severity: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Program:
    """Runs terraform, no more than a few at a time. `binary` may be tofu."""

    binary: str = "tofu"
    mirror: Path | None = None
    """A directory of providers; without one they come from their registry."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the providers are reached by. Secret, except where the name says that it is a place."""
    limits: Limits = field(default_factory=Limits)
    at_once: int = 4
    outlasting: Callable[..., Result] = command.run_to_files
    runner: Callable[..., Result] = command.run

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", threading.BoundedSemaphore(self.at_once))
        if os.sep in self.binary:
            # It runs in a directory of its own, from which a relative path leads elsewhere.
            object.__setattr__(self, "binary", str(Path(self.binary).absolute()))

    def ask(self, run: Run, argv: Sequence[str], backend: Mapping[str, str]) -> Result:
        """Run a quick question whose answer may hold secrets; it passes no file."""
        with self._place():
            try:
                return self.runner(
                    [self.binary, f"-chdir={run.path}", *argv],
                    timeout=self.limits.short,
                    env=self._environment(run, backend),
                    secrets=(),
                    kept=_KEPT,
                )
            except CommandError as error:
                raise failure(error, self._secrets(backend)) from error

    def do(
        self,
        run: Run,
        argv: Sequence[str],
        backend: Mapping[str, str],
        *,
        timeout: float,
        secrets: Sequence[str] = (),
    ) -> Result:
        """Run what may change something; it comes to its end even when we do not."""
        hidden = [*secrets, *self._secrets(backend)]
        with self._place(), run.held() as lock:
            run.until(time.time() + timeout, self.limits.grace)

            def asked() -> None:
                """Have its guard see to it, should we be gone first."""
                run.asked(time.time(), self.limits.grace)

            try:
                return self.outlasting(
                    [self.binary, *argv],
                    directory=run.path,
                    timeout=timeout,
                    grace=self.limits.grace,
                    env=self._environment(run, backend),
                    secrets=hidden,
                    descriptors=[lock],
                    kept=_KEPT,
                    asked=asked,
                )
            except CommandFailedError as error:
                if error.result.returncode == CHANGES and argv[0] == "plan":
                    return error.result
                raise failure(error, hidden) from error
            except CommandError as error:
                raise failure(error, hidden) from error

    def version(self) -> str:
        """The program's name for itself and its version; raises DriverFailure."""
        try:
            told = self.runner(
                [self.binary, "version"], timeout=20.0, env={"CHECKPOINT_DISABLE": "1"}
            )
        except CommandError as error:
            raise failure(error) from error
        return told.output.splitlines()[0].strip() if told.output else ""

    def _environment(self, run: Run, backend: Mapping[str, str]) -> dict[str, str]:
        """Nothing of whoever runs us: neither their settings nor their arguments."""
        settings = run.path / "terraformrc"
        if not settings.exists():
            settings.write_text(self._settings())
        return {
            **self.environment,
            **backend,
            "TF_CLI_CONFIG_FILE": str(settings),
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
        }

    def _settings(self) -> str:
        if self.mirror is None:
            return "disable_checkpoint = true\n"
        path = json.dumps(str(self.mirror.absolute()))
        mirror = f"filesystem_mirror {{\n    path = {path}\n  }}"
        return f"disable_checkpoint = true\nprovider_installation {{\n  {mirror}\n}}\n"

    def _secrets(self, backend: Mapping[str, str]) -> list[str]:
        known = {**self.environment, **backend}
        # A short word would blot out half a sentence.
        return [
            value for name, value in known.items() if len(value) >= 8 and not name.endswith(_PLACES)
        ]

    @contextmanager
    def _place(self) -> Iterator[None]:
        places: threading.BoundedSemaphore = self.__dict__["_places"]
        if not places.acquire(timeout=self.limits.plan):
            raise DriverFailure("terraform_busy", "too many stacks are being built at once")
        try:
            yield
        finally:
            places.release()


def failure(error: CommandError, secrets: Sequence[str] = ()) -> DriverFailure:
    """What terraform's complaint means."""
    if isinstance(error, CommandMissingError):
        return DriverFailure("terraform_missing", error.detail, transient=False)
    said = error.detail
    if isinstance(error, CommandFailedError):
        told = [complaint.text for complaint in complaints(error.result, "error")]
        said = " ".join(told) or _plain(error.result)
    for secret in sorted(secrets, key=len, reverse=True):
        said = said.replace(secret, "[redacted]")
    if isinstance(error, CommandStoppedError):
        return DriverFailure("terraform_killed", "it was told to end")
    if isinstance(error, CommandTimeoutError):
        return DriverFailure("terraform_timeout", said[:500])
    if isinstance(error, CommandFailedError) and error.result.returncode < 0:
        return DriverFailure("terraform_killed", f"signal {-error.result.returncode}")
    for patterns, code, passes in _MEANINGS:
        if any(re.search(pattern, said, re.DOTALL) for pattern in patterns):
            return DriverFailure(code, said[:500], transient=passes)
    return DriverFailure("terraform_failed", said[:500])


def complaints(result: Result, severity: str) -> Iterator[Complaint]:
    """The diagnostics in a run's lines of JSON."""
    for line in result.output.splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            continue
        found = told.get("diagnostic") if isinstance(told, dict) else None
        if isinstance(found, dict) and found.get("severity") == severity:
            words = [found.get("address"), found.get("summary"), found.get("detail")]
            text = ": ".join(" ".join(word.split()) for word in words if word)
            yield Complaint(severity=severity, text=text)


def answer(result: Result) -> Any:
    """The JSON that a question was answered with; raises DriverFailure."""
    try:
        return json.loads(result.output)
    except ValueError as error:
        raise DriverFailure("terraform_failed", "it did not answer with JSON") from error


def _plain(result: Result) -> str:
    """The complaint itself, without the frame that is drawn around it."""
    text = " ".join(f"{result.error}\n{result.output}".replace("│", " ").split())
    found = text.find("Error:")
    return text[found + 6 :].strip(" ╷╵") if found >= 0 else text[-500:]


def user_at_host() -> str:
    """Who terraform will say holds the lock."""
    import pwd  # noqa: PLC0415 -- only POSIX has it, and only there locks are recovered.
    import socket  # noqa: PLC0415

    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = os.environ.get("USER", "")
    return f"{user}@{socket.gethostname()}"
