"""The builder over Terraform or OpenTofu: one state per stack, planned, then applied as planned.

The reconciler calls it through `Builder` of `provisioners.base`. A look at what stands costs no
process: what a state holds is read from its place.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from provisioners.base import Built, Change, ChangeKind, DriverFailure, Infrastructure
from provisioners.terraform.plan import HOLDING_DATA, changes, drift, kind_of, losses
from provisioners.terraform.program import Program
from provisioners.terraform.runs import Runs
from provisioners.terraform.session import Session, Sessions, Source
from provisioners.terraform.states import States, addresses

OUTPUTS = ("database", "media", "dns")
"""What every module tells; null where it has none."""
PROTECTION = "deletion_protection"
"""The variable of every module that must be false before data may be destroyed."""
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
    ) -> None:
        """Build `modules` by name; runs live below `home`, which is this machine's own.

        `holder` names this worker in what its runs intend. `holding`: the types of resources that
        hold data.
        """
        self.modules = tuple(modules)
        self.program = program
        self._modules = modules
        self._states = states
        self._holding = frozenset(holding)
        self._sessions = Sessions(program, states, Runs(home), holder=holder)

    def digest(self, wanted: Infrastructure) -> str:
        """SHA-256 of the module's files and what is wanted of it."""
        both = f"{self._module(wanted.module).digest} {wanted.digest}"
        return hashlib.sha256(both.encode()).hexdigest()

    def apply(self, wanted: Infrastructure) -> Built:
        """Plan into a file, then apply that file; a plan that went stale is made again."""
        with self._working(wanted) as session:
            changed = self._carry_out(session, wanted)
            state = self._states.read(wanted.name) or {}
            return Built(
                outputs={**dict.fromkeys(OUTPUTS), **session.outputs()},
                changed=changed,
                serial=int(state.get("serial", 0)),
                lineage=str(state.get("lineage", "")),
            )

    def outputs(self, name: str) -> Mapping[str, Any]:
        """What the last run told; empty when there is no state."""
        if self._states.read(_checked(name)) is None:
            return {}
        with self._sessions.opened(name, Source(), writing=False) as session:
            return session.outputs()

    def plan(self, wanted: Infrastructure) -> tuple[Change, ...]:
        """What `apply` would change; takes no lock and writes nothing."""
        with self._working(wanted, writing=False) as session:
            return changes(session.plan(locking=False).content)

    def drift(self, wanted: Infrastructure) -> tuple[Change, ...]:
        """What was changed outside since the last run; takes no lock and writes nothing."""
        if self._states.read(_checked(wanted.name)) is None:
            return ()
        with self._working(wanted, writing=False) as session:
            return drift(session.plan("-refresh-only", locking=False).content)

    def destroy(self, wanted: Infrastructure) -> None:
        """Destroy, prove that nothing is left, remove the state.

        Raises DriverFailure `data_protected` unless the variables say that data may go.
        """
        if self.inventory(wanted.name):
            with self._working(wanted) as session:
                if held := self._held(wanted.name):
                    self._unprotect(session, wanted, held)
                    self._end(session, wanted)
                if left := self._held(wanted.name):
                    raise _incomplete(left)
        self._states.remove(wanted.name)

    def inventory(self, name: str) -> tuple[str, ...]:
        """The addresses that the state holds; `state` when it is there and holds nothing."""
        state = self._states.read(_checked(name))
        if state is not None and (held := addresses(state)):
            return held
        return ("state",) if state is not None or name in self._states.names() else ()

    def names(self) -> set[str]:
        """Every name that a state is there for."""
        return self._states.names()

    def _working(
        self, wanted: Infrastructure, *, writing: bool = True
    ) -> AbstractContextManager[Session]:
        source = Source(
            files=self._module(wanted.module).files,
            variables={**wanted.variables, **wanted.secrets},
            secrets=tuple(wanted.secrets.values()),
        )
        return self._sessions.opened(_checked(wanted.name), source, writing=writing)

    def _held(self, name: str) -> tuple[str, ...]:
        return addresses(self._states.read(name) or {})

    def _carry_out(self, session: Session, wanted: Infrastructure, *options: str) -> int:
        """Plan and apply; returns how many resources changed."""
        for attempt in range(1, _STALE_PLANS + 1):
            plan = session.plan(*options)
            found = changes(plan.content)
            self._refuse_losses(wanted, found)
            if not plan.pending:
                return 0
            try:
                session.apply()
            except DriverFailure as failure:
                if failure.code != "plan_stale" or attempt == _STALE_PLANS:
                    raise
            else:
                return len(found)
        raise AssertionError

    def _unprotect(self, session: Session, wanted: Infrastructure, held: Sequence[str]) -> None:
        """Bring what the caller allows to what holds data: a provider asks the state, not him."""
        keepers = [item for item in held if kind_of(item) in self._holding and "(" not in item]
        if not keepers or wanted.variables.get(PROTECTION) is not False:
            return
        plan = session.plan(*(f"-target={item}" for item in keepers))
        found = changes(plan.content)
        if found and all(change.kind is ChangeKind.UPDATE for change in found):
            session.apply()

    def _end(self, session: Session, wanted: Infrastructure) -> None:
        """Destroy; raises DriverFailure `destroy_incomplete` with what is left and why."""
        try:
            self._carry_out(session, wanted, "-destroy")
        except DriverFailure as failure:
            left = self._held(wanted.name)
            if failure.code != "terraform_failed" or not left:
                raise
            raise _incomplete(left, failure.detail) from failure

    def _refuse_losses(self, wanted: Infrastructure, found: Sequence[Change]) -> None:
        lost = losses(found, self._holding)
        if lost and wanted.variables.get(PROTECTION) is not False:
            detail = f"data would be destroyed: {', '.join(lost)}"
            raise DriverFailure("data_protected", detail[:500], transient=False)

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
