"""The builder over Terraform or OpenTofu: one state per stack, planned, then applied as planned.

A run is made so that its end does not hang on ours. Before it can hold a lock it says so beside the
state; a lock that a dead run of ours left is taken away, a stranger's is told and left alone.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from provisioners.base import Built, Change, ChangeKind, DriverFailure, Infrastructure
from provisioners.command import Result
from provisioners.terraformcommand import (
    CHANGES,
    Program,
    answer,
    complaints,
    user_at_host,
)
from provisioners.terraformplan import HOLDING_DATA, changes, drift, kind_of, losses
from provisioners.terraformruns import Run, Runs
from provisioners.terraformstates import Backend, Intent, Lock, States, addresses

OUTPUTS = ("database", "media", "dns")
"""What every module tells; null where it has none."""
PROTECTION = "deletion_protection"
"""The variable of every module without which, or with false, data may be destroyed."""
_STALE_PLANS = 3


@dataclass(frozen=True, kw_only=True)
class Module:
    """A directory of HCL."""

    path: Path

    @cached_property
    def digest(self) -> str:
        """SHA-256 of every file of the module and its name."""
        total = hashlib.sha256()
        for file in self.files:
            total.update(f"{file.name}\0".encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
        return total.hexdigest()

    @property
    def files(self) -> list[Path]:
        """What terraform reads of it; the tests beside it are not."""
        found = [*self.path.glob("*.tf"), *self.path.glob("*.tf.json")]
        return sorted([*found, *self.path.glob(".terraform.lock.hcl")])


@dataclass(frozen=True, kw_only=True)
class _Session:
    """One run with its backend, ready to be worked with."""

    run: Run
    backend: Backend
    secrets: tuple[str, ...] = ()


class Terraform:
    """`Builder` of `provisioners.base`."""

    name = "terraform"

    def __init__(
        self,
        program: Program,
        states: States,
        modules: Mapping[str, Module],
        *,
        home: Path,
        holder: str = "",
        holding: Collection[str] = HOLDING_DATA,
        gone: Callable[[Intent], bool] = lambda intent: False,  # noqa: ARG005
    ) -> None:
        """Build `modules` by name; runs live below `home`, which is this machine's own.

        `holder` names this worker in what its runs intend. `holding`: the types of resources that
        hold data. `gone` tells whether a run of another
        machine is known to have ended with it; without it such a run is waited for until it must
        have ended.
        """
        self.modules = tuple(modules)
        self._modules = modules
        self._program = program
        self._states = states
        self._runs = Runs(home)
        self._holder = holder
        self._holding = frozenset(holding)
        self._gone = gone

    def digest(self, wanted: Infrastructure) -> str:
        """SHA-256 of the module's files and what is wanted of it."""
        both = f"{self._module(wanted.module).digest} {wanted.digest}"
        return hashlib.sha256(both.encode()).hexdigest()

    def apply(self, wanted: Infrastructure) -> Built:
        """Plan into a file, then apply that file; a plan that went stale is made again."""
        with self._opened(wanted.name, wanted) as session:
            changed = self._carry_out(session, wanted)
            return self._built(session, wanted.name, changed)

    def outputs(self, name: str) -> Mapping[str, Any]:
        """What the last run told; empty when there is no state."""
        if self._states.read(_checked(name)) is None:
            return {}
        with self._opened(name, None) as session:
            return self._outputs(session)

    def plan(self, wanted: Infrastructure) -> tuple[Change, ...]:
        """What `apply` would change; takes no lock and writes nothing."""
        with self._opened(wanted.name, wanted, recover=False) as session:
            return changes(self._shown(session, ["-lock=false"])[1])

    def drift(self, wanted: Infrastructure) -> tuple[Change, ...]:
        """What was changed outside since the last run; takes no lock and writes nothing."""
        if self._states.read(_checked(wanted.name)) is None:
            return ()
        with self._opened(wanted.name, wanted, recover=False) as session:
            return drift(self._shown(session, ["-lock=false", "-refresh-only"])[1])

    def destroy(self, wanted: Infrastructure) -> None:
        """Destroy, prove that nothing is left, remove the state.

        Raises DriverFailure `data_protected` unless the variables say that data may go.
        """
        name = _checked(wanted.name)
        state = self._states.read(name)
        if state is None and name not in self._states.names():
            return
        with self._opened(name, wanted) as session:
            state = self._states.read(name)
            if state and addresses(state):
                self._unprotect(session, wanted, addresses(state))
                self._end(session, wanted)
            if left := addresses(self._states.read(name) or {}):
                raise _incomplete(left)
        self._states.remove(name)

    def inventory(self, name: str) -> tuple[str, ...]:
        """The addresses that the state holds; `state` when it is there and holds nothing."""
        state = self._states.read(_checked(name))
        if state is not None and (held := addresses(state)):
            return held
        return ("state",) if state is not None or name in self._states.names() else ()

    def names(self) -> set[str]:
        """Every name that a state is there for."""
        return self._states.names()

    @contextmanager
    def _opened(
        self, name: str, wanted: Infrastructure | None, *, recover: bool = True
    ) -> Iterator[_Session]:
        """A run with its backend; with the module and its variables when something is wanted."""
        module = self._module(wanted.module) if wanted else None
        self._runs.sweep()
        with self._runs.opened(_checked(name)) as run:
            secrets = tuple(wanted.secrets.values()) if wanted else ()
            backend = self._states.backend(name, run.token)
            session = _Session(run=run, backend=backend, secrets=secrets)
            block = {"terraform": {"backend": {backend.kind: dict(backend.settings)}}}
            (run.path / "backend_of_stack.tf.json").write_text(json.dumps(block))
            if wanted and module:
                for file in module.files:
                    shutil.copyfile(file, run.path / file.name)
                values = {**wanted.variables, **wanted.secrets}
                path = run.path / "variables.json"
                path.touch(mode=0o600)
                path.write_text(json.dumps(values))
            self._do(session, ["init", "-input=false", "-no-color"], self._program.limits.init)
            if wanted and recover:
                self._recover(session, name)
            try:
                yield session
            except DriverFailure as failure:
                if wanted and recover:
                    self._after(session, failure)
                raise
            if wanted and recover:
                self._states.forget(name, [run.token])

    def _after(self, session: _Session, failure: DriverFailure) -> None:
        """Take back what a failed run said, unless it could not give its lock back."""
        name, run = session.run.name, session.run.token
        with suppress(DriverFailure):
            lock = None if failure.code == "state_locked" else self._states.lock(name)
            ours = [item for item in self._states.intents(name) if item.run == run]
            if lock is None or lock.owner(ours) is None:
                self._states.forget(name, [run])

    def _recover(self, session: _Session, name: str) -> None:
        """Take away the lock of a dead run of ours, and bring in a state that it could not write.

        Raises DriverFailure `state_locked` while a run of ours is at work.
        """
        intents = self._states.intents(name)
        lock = self._states.lock(name)
        mine = lock.owner(intents) if lock else None
        if lock and mine:
            if not self._dead(mine):
                detail = f"a run of {mine.holder or mine.who} is at work: {lock}"
                raise DriverFailure("state_locked", detail)
            if not self._states.release(name, lock):
                argv = ["force-unlock", "-force", lock.id]
                self._program.ask(session.run, argv, session.backend.environment)
        if living := [item for item in intents if item is not mine and not self._dead(item)]:
            # It may be about to take the lock, so what it said has to stay.
            intents = tuple(item for item in intents if item not in living)
        self._states.forget(name, [item.run for item in intents])
        if rescued := self._runs.rescued(name):
            self._push(session, rescued)

    def _push(self, session: _Session, rescued: Path) -> None:
        """Bring in a state that could not be written, unless a later one has taken its place."""
        left = json.loads(rescued.read_bytes())
        there = self._states.read(session.run.name)
        mine = there is None or there.get("lineage") == left.get("lineage")
        if mine and (there is None or left["serial"] > there["serial"]):
            argv = ["state", "push", f"-lock-timeout={self._patience}", str(rescued.absolute())]
            self._intend(session, self._program.limits.short)
            self._do(session, argv, self._program.limits.short)
        rescued.unlink()

    def _dead(self, intent: Intent) -> bool:
        if intent.place == self._runs.place:
            return not self._runs.at_work(intent.run)
        return self._gone(intent) or datetime.now(UTC) > intent.until

    def _carry_out(
        self, session: _Session, wanted: Infrastructure, options: Sequence[str] = ()
    ) -> int:
        """Plan and apply; returns how many resources changed."""
        limits = self._program.limits
        for attempt in range(1, _STALE_PLANS + 1):
            self._intend(session, limits.plan)
            ended, plan = self._shown(session, [f"-lock-timeout={self._patience}", *options])
            found = changes(plan)
            self._refuse_losses(wanted, found)
            if ended != CHANGES:
                return 0
            self._intend(session, limits.apply)
            argv = ["apply", "-input=false", "-no-color", "-json"]
            try:
                self._do(session, [*argv, f"-lock-timeout={self._patience}", "plan"], limits.apply)
            except DriverFailure as failure:
                if failure.code != "plan_stale" or attempt == _STALE_PLANS:
                    raise
            else:
                return len(found)
        raise AssertionError

    def _unprotect(self, session: _Session, wanted: Infrastructure, held: Sequence[str]) -> None:
        """Bring what the caller allows to what holds data: a provider asks the state, not him."""
        keepers = [item for item in held if kind_of(item) in self._holding and "(" not in item]
        if not keepers or wanted.variables.get(PROTECTION) is not False:
            return
        targets = [f"-target={item}" for item in keepers]
        self._intend(session, self._program.limits.plan)
        options = [f"-lock-timeout={self._patience}", *targets]
        found = changes(self._shown(session, options)[1])
        if found and all(change.kind is ChangeKind.UPDATE for change in found):
            self._intend(session, self._program.limits.apply)
            argv = ["apply", "-input=false", "-no-color", "-json", "plan"]
            self._do(session, argv, self._program.limits.apply)

    def _end(self, session: _Session, wanted: Infrastructure) -> None:
        """Destroy; raises DriverFailure `destroy_incomplete` with what is left and why."""
        try:
            self._carry_out(session, wanted, ["-destroy"])
        except DriverFailure as failure:
            left = addresses(self._states.read(wanted.name) or {})
            if failure.code != "terraform_failed" or not left:
                raise
            raise _incomplete(left, failure.detail) from failure

    def _refuse_losses(self, wanted: Infrastructure, found: Sequence[Change]) -> None:
        lost = losses(found, self._holding)
        if lost and wanted.variables.get(PROTECTION) is not False:
            detail = f"data would be destroyed: {', '.join(lost)}"
            raise DriverFailure("data_protected", detail[:500], transient=False)

    def _shown(self, session: _Session, options: Sequence[str]) -> tuple[int, Mapping[str, Any]]:
        """Make the plan; return what it ended with, and the plan."""
        argv = ["plan", "-input=false", "-no-color", "-json", "-detailed-exitcode", "-out=plan"]
        argv += ["-var-file=variables.json", *options]
        result = self._do(session, argv, self._program.limits.plan)
        for warning in complaints(result, "warning"):
            if "undeclared variable" in warning.text:
                raise DriverFailure("variables_refused", warning.text[:500], transient=False)
        asked = ["show", "-json", "-no-color", "plan"]
        shown = self._program.ask(session.run, asked, session.backend.environment)
        return result.returncode, answer(shown)

    def _built(self, session: _Session, name: str, changed: int) -> Built:
        state = self._states.read(name) or {}
        return Built(
            outputs={**dict.fromkeys(OUTPUTS), **self._outputs(session)},
            changed=changed,
            serial=int(state.get("serial", 0)),
            lineage=str(state.get("lineage", "")),
        )

    def _outputs(self, session: _Session) -> dict[str, Any]:
        asked = ["output", "-json", "-no-color"]
        told = answer(self._program.ask(session.run, asked, session.backend.environment))
        return {key: item["value"] for key, item in told.items() if not item.get("sensitive")}

    def _do(self, session: _Session, argv: Sequence[str], timeout: float) -> Result:
        try:
            return self._program.do(
                session.run,
                argv,
                session.backend.environment,
                timeout=timeout,
                secrets=session.secrets,
            )
        except DriverFailure as failure:
            if failure.code != "state_locked":
                raise
            # PostgreSQL's complaint describes the lock that was wanted, not the one that is held.
            lock = self._states.lock(session.run.name) or Lock.of_complaint(failure.detail)
            raise DriverFailure("state_locked", str(lock or failure.detail)) from failure

    def _intend(self, session: _Session, seconds: float) -> None:
        """Say beside the state that a run of ours may hold its lock from now on."""
        now, limits = datetime.now(UTC), self._program.limits
        intent = Intent(
            run=session.run.token,
            holder=self._holder,
            who=user_at_host(),
            place=self._runs.place,
            started=now,
            until=now + timedelta(seconds=seconds + limits.grace + limits.short),
            patience=limits.lock,
        )
        self._states.intend(session.run.name, intent)

    @property
    def _patience(self) -> str:
        return f"{self._program.limits.lock:g}s"

    def _module(self, name: str) -> Module:
        module = self._modules.get(name)
        if module is None:
            raise DriverFailure("module_missing", f"no module “{name}”", transient=False)
        return module


def _incomplete(left: Sequence[str], why: str = "") -> DriverFailure:
    held = f"the state still holds {', '.join(left)}"[:300]
    return DriverFailure("destroy_incomplete", f"{held}: {why}"[:600] if why else held)


def _checked(name: str) -> str:
    if not (name.isascii() and name.isalnum() and name == name.lower() and len(name) <= 40):
        raise DriverFailure("bad_name", f"not a stack's name: {name!r}", transient=False)
    return name
