"""One piece of work on one state: a run with the module in it, free of what dead runs left behind.

`builder` opens it. Before anything that can take the lock it says so beside the
state; a lock that a dead run of ours left is taken away, a stranger's is told and left alone. A run
of another machine is dead when it gave no sign of life for a whole lease (`keeper`).
"""

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from provisioners.base import DriverFailure
from provisioners.command import Result
from provisioners.leash import moment
from provisioners.terraform.keeper import Keeper
from provisioners.terraform.program import Program, answer, complaints, user_at_host
from provisioners.terraform.run import Run
from provisioners.terraform.runs import Runs
from provisioners.terraform.states import Backend, Intent, Lock, States, renew

_ONE_LINE = ("-input=false", "-no-color")
_LOOK_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Source:
    """What is put into the run's directory."""

    files: Sequence[Path] = ()
    variables: Mapping[str, Any] | None = None
    secrets: Sequence[str] = ()
    """Values that must not be told."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A plan that is kept in the run's directory, and what is in it."""

    pending: bool
    """Whether there is something to do."""
    content: Mapping[str, Any]


class Sessions:
    """Opens work on states, and knows which runs are dead."""

    def __init__(self, program: Program, states: States, runs: Runs, *, holder: str) -> None:
        self.program = program
        self.states = states
        self.runs = runs
        self._holder = holder
        self._keeper = Keeper(states, runs, lease=program.limits.lease)

    @contextmanager
    def opened(self, name: str, source: Source, *, writing: bool) -> Iterator["Session"]:
        """A run, initialized. One for writing recovers first, and takes back what it intended."""
        self.runs.sweep()
        # What a dead worker left at work here lives on by our signs of life.
        self._keeper.wake()
        with self.runs.opened(name) as run:
            if not writing:
                # Of a state that is not there terraform would make an empty one.
                kept = self.states.read(name) is not None
                yield Session(self, run, source, kept=kept)
                return
            self._recover(name)
            with self._keeper.keeping(run):
                try:
                    # Already the look for providers takes the lock where there is no state yet.
                    self.states.intend(name, self._intent(run, self.program.limits.init))
                    session = Session(self, run, source)
                    if rescued := self.runs.rescued(name):
                        session.push(rescued)
                    yield session
                except DriverFailure as failure:
                    self._after(run, failure)
                    raise
                self.states.forget(name, [run.token])

    def intend(self, run: Run, seconds: float) -> None:
        """Say beside the state that a run of ours may hold its lock from now on.

        Raises DriverFailure `state_locked` when another worker has taken the run for gone.
        """
        began, fresh = moment(), self._intent(run, seconds)
        if not renew(
            self.states, run.name, run.token, lambda old: replace(fresh, beat=old.beat + 1)
        ):
            raise DriverFailure("state_locked", "another worker has taken this run for gone")
        run.renewed(began)

    def _intent(self, run: Run, seconds: float) -> Intent:
        now, limits = datetime.now(UTC), self.program.limits
        return Intent(
            run=run.token,
            holder=self._holder,
            who=user_at_host(),
            place=self.runs.place,
            started=now,
            until=now + timedelta(seconds=seconds + limits.grace + limits.short),
            patience=limits.lock,
            lease=limits.lease,
        )

    def _recover(self, name: str) -> None:
        """Take away the lock of a dead run of ours.

        Raises DriverFailure `state_locked` while a run of ours is at work, even when it has lost
        its lock: a server that ended a session has not ended what the session was held for.
        """
        intents, lock = self.states.intents(name), self.states.lock(name)
        mine = lock.owner(intents) if lock else None
        for intent in intents:
            if not self._dead(name, intent):
                told = lock if intent is mine else f"since {intent.started:%Y-%m-%dT%H:%M:%SZ}"
                detail = f"a run of {intent.holder or intent.who} is at work: {told}"
                raise DriverFailure("state_locked", detail)
        if lock and mine:
            self.states.release(name, lock)
        self.states.forget(name, [item.run for item in intents])

    def _after(self, run: Run, failure: DriverFailure) -> None:
        """Take back what a failed run said, unless it could not give its lock back."""
        with suppress(DriverFailure):
            lock = None if failure.code == "state_locked" else self.states.lock(run.name)
            ours = [item for item in self.states.intents(run.name) if item.run == run.token]
            if lock is None or lock.owner(ours) is None:
                self.states.forget(run.name, [run.token])

    def _dead(self, name: str, intent: Intent) -> bool:
        if intent.place == self.runs.place:
            run = self.runs.awake(intent.run)
            return run is None or self._overslept(name, intent, run)
        over = intent.ended or datetime.now(UTC) > intent.until
        return over or bool(intent.lease and self._silent(name, intent))

    def _overslept(self, name: str, intent: Intent, run: Run) -> bool:
        """End a run of this machine whose worker sleeps while nothing of terraform's is there."""
        last = run.renewal
        if run.at_work or last is None or moment() - last < intent.lease:
            return False
        return self.states.swap(name, intent, replace(intent, ended=True))

    def _silent(self, name: str, intent: Intent) -> bool:
        """Watch a run of another machine for its whole lease; if it does not beat, end it.

        What was seen counts, not what clocks say: those of two machines need not agree. Once it is
        written that the run has ended, its own machine cannot renew it any more.
        """
        end = time.monotonic() + intent.lease
        while time.monotonic() < end:
            time.sleep(min(_LOOK_SECONDS, intent.lease / 10))
            if intent not in self.states.intents(name):
                return False
        return self.states.swap(name, intent, replace(intent, ended=True))


class Session:
    """What can be done in a run; everything raises DriverFailure."""

    def __init__(self, sessions: Sessions, run: Run, source: Source, *, kept: bool = True) -> None:
        """Prepare a run, over the state's own place or over none at all."""
        self.run = run
        self._sessions = sessions
        self._program = sessions.program
        self._states = sessions.states
        self._backend = (
            sessions.states.backend(run.name, run.token)
            if kept
            else Backend(kind="local", settings={"path": str(run.path / "none.tfstate")})
        )
        self._secrets = source.secrets
        self._prepare(source)

    def _prepare(self, source: Source) -> None:
        """Put everything in place and let terraform get its providers."""
        block = {"terraform": {"backend": {self._backend.kind: dict(self._backend.settings)}}}
        (self.run.path / "backend_of_stack.tf.json").write_text(json.dumps(block))
        for file in source.files:
            shutil.copyfile(file, self.run.path / file.name)
        if source.variables is not None:
            path = self.run.path / "variables.json"
            path.touch(mode=0o600)
            path.write_text(json.dumps(dict(source.variables)))
        self._do("init", *_ONE_LINE, self._patience, timeout=self._program.limits.init)

    def plan(self, *options: str, locking: bool = True) -> Plan:
        """Make a plan and keep it. One that takes no lock is for looking only."""
        if locking:
            self._sessions.intend(self.run, self._program.limits.plan)
        argv = ["plan", *_ONE_LINE, "-json", "-detailed-exitcode", "-out=plan"]
        argv += ["-var-file=variables.json", self._patience if locking else "-lock=false"]
        result = self._do(*argv, *options, timeout=self._program.limits.plan)
        for warning in complaints(result, "warning"):
            if "undeclared variable" in warning.text:
                raise DriverFailure("variables_refused", warning.text[:500], transient=False)
        content = answer(self.ask("show", "-json", "-no-color", "plan"))
        return Plan(pending=result.returncode != 0, content=content)

    def apply(self) -> None:
        """Apply exactly the plan that is kept."""
        self._sessions.intend(self.run, self._program.limits.apply)
        argv = ["apply", *_ONE_LINE, "-json", self._patience, "plan"]
        self._do(*argv, timeout=self._program.limits.apply)

    def outputs(self) -> dict[str, Any]:
        """What the state tells; never what is sensitive."""
        told = answer(self.ask("output", "-json", "-no-color"))
        return {key: item["value"] for key, item in told.items() if not item.get("sensitive")}

    def push(self, rescued: Path) -> None:
        """Bring in a state that could not be written, unless a later one has taken its place."""
        left, there = json.loads(rescued.read_bytes()), self._states.read(self.run.name)
        same = there is None or there.get("lineage") == left.get("lineage")
        if same and (there is None or left["serial"] > there["serial"]):
            self._sessions.intend(self.run, self._program.limits.short)
            argv = ["state", "push", self._patience, str(rescued.absolute())]
            self._do(*argv, timeout=self._program.limits.short)
        rescued.unlink()

    def ask(self, *argv: str) -> Result:
        """Ask terraform something that takes no time and no lock."""
        return self._program.ask(self.run, argv, self._backend.environment)

    def _do(self, *argv: str, timeout: float) -> Result:
        try:
            return self._program.do(
                self.run, argv, self._backend.environment, timeout=timeout, secrets=self._secrets
            )
        except DriverFailure as failure:
            if failure.code != "state_locked":
                raise
            # PostgreSQL's complaint describes the lock that was wanted, not the one that is held.
            lock = self._states.lock(self.run.name) or Lock.of_complaint(failure.detail)
            raise DriverFailure("state_locked", str(lock or failure.detail)) from failure

    @property
    def _patience(self) -> str:
        return f"-lock-timeout={self._program.limits.lock:g}s"
