"""A builder over a small module, in this process or in a worker that a test kills.

`python -m tests.cluster.terraform_bench SPEC apply|destroy` is that worker.
"""

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from provisioners.base import Built, DriverFailure, Infrastructure
from provisioners.terraform.builder import Module, Terraform
from provisioners.terraform.localstates import LocalStates
from provisioners.terraform.program import Limits, Program
from provisioners.terraform.states import States

Done = TypeVar("Done")
MODULE = Path(__file__).parent / "terraform"
ADDRESSES = tuple(f"terraform_data.{name}" for name in ("first", "second", "third"))
DEADLINE = 60.0
MORTALITY = ("before", "beside", "within", "after")
SECRET = "a-password-of-the-test"


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What a worker needs to know, as JSON."""

    binary: str
    home: str
    place: Mapping[str, str]
    """Where states are: kind, and what that kind needs."""
    limits: Mapping[str, float] = field(default_factory=dict)
    wanted: Mapping[str, Any] = field(default_factory=dict)

    def states(self) -> States:
        """The place of the states."""
        match self.place["kind"]:
            case "kubernetes":
                from provisioners.kubernetes.connection import Connection  # noqa: PLC0415 -- takes a second.
                from provisioners.terraform.clusterstates import KubernetesStates  # noqa: PLC0415

                connection = Connection(Path(self.place["kubeconfig"]), timeout=5.0)
                return KubernetesStates(connection, self.place["namespace"])
            case "pg":
                from provisioners.terraform.postgresstates import PostgresStates  # noqa: PLC0415

                return PostgresStates(self.place["address"])
        return LocalStates(Path(self.place["root"]))

    def builder(self, **options: Any) -> Terraform:
        """A builder as this process' worker has it."""
        usual = {"short": 60, "init": 60, "plan": 60, "apply": 60, "grace": 20, "lock": 2}
        runs = {name: options.pop(name) for name in ("outlasting", "runner") if name in options}
        program = Program(binary=self.binary, limits=Limits(**{**usual, **self.limits}), **runs)
        options = {"holder": "test", "holding": ["terraform_data"], **options}
        modules = {"small": Module(path=MODULE), "other": Module(path=MODULE)}
        return Terraform(program, self.states(), modules, home=Path(self.home), **options)


@dataclass(kw_only=True)
class Bench:
    """A place for states, a home for runs, and one stack."""

    spec: Spec
    directory: Path
    name: str = field(default_factory=lambda: f"t{secrets.token_hex(6)}")

    def __post_init__(self) -> None:
        self.marks = self.directory / "marks"
        self.tool = Path(self.spec.binary)

    def builder(self, **options: Any) -> Terraform:
        return self.spec.builder(**options)

    def wanted(self, *, making: str = "true", loose: bool = False, **more: Any) -> Infrastructure:
        """The stack; each time the second thing is made a mark is left."""
        making = f"echo made >> {self.marks}; {making}"
        variables = {"uid": self.name, "making": making, "deletion_protection": not loose, **more}
        return Infrastructure(
            name=self.name, module="small", variables=variables, secrets={"password": SECRET}
        )

    def made(self) -> int:
        """How many times the second thing was made."""
        return len(self.marks.read_text().splitlines()) if self.marks.exists() else 0

    def worker(
        self, wanted: Infrastructure, *, binary: Path | None = None, act: str = "apply"
    ) -> subprocess.Popen[str]:
        """Another process that acts; it shares the home with this one."""
        told = {"name": wanted.name, "variables": dict(wanted.variables)}
        told |= {"module": wanted.module, "secrets": dict(wanted.secrets)}
        spec = replace(self.spec, wanted=told, binary=str(binary or self.tool))
        path = self.directory / f"spec-{secrets.token_hex(4)}.json"
        path.write_text(json.dumps(asdict(spec)))
        argv = [sys.executable, "-m", "tests.cluster.terraform_bench", str(path), act]
        return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def killed(
        self, wanted: Infrastructure, *, binary: Path | None = None, act: str = "apply"
    ) -> None:
        """Let another process act until something kills it."""
        with self.worker(wanted, binary=binary, act=act) as process:
            _, said = process.communicate(timeout=DEADLINE)
        assert process.returncode == -9, said

    def mortal(self, verb: str, when: str) -> Path:
        """A terraform that kills the worker at a verb: one of MORTALITY.

        Beside: the worker dies, and terraform goes on by itself. Within: both die, somewhere.
        """
        script = self.directory / f"mortal-{verb}-{when}"
        at = {
            "before": "kill -9 $PPID; exit 1",
            "beside": f'kill -9 $PPID; exec {self.tool} "$@"',
            "within": f'{self.tool} "$@" & sleep 0.2; kill -9 $! $PPID; exit 1',
            "after": f'{self.tool} "$@"; kill -9 $PPID; exit 1',
        }[when]
        here = f'case " $* " in *" {verb} "*) {at};; esac'
        script.write_text(f'#!/bin/sh\n{here}\nexec {self.tool} "$@"\n')
        script.chmod(0o755)
        return script

    def insist(self, wanted: Infrastructure, **options: Any) -> Built:
        """Apply as the reconciler does: again, as long as a failure may pass."""
        return insist(lambda: self.builder(**options).apply(wanted))


def nothing_left_behind(bench: Bench) -> None:
    """Neither a run's directory nor an intent nor a lock."""
    left = [path.name for path in Path(bench.spec.home).glob(f"{bench.name}-*")]
    states = bench.spec.states()
    assert (left, states.intents(bench.name), states.lock(bench.name)) == ([], (), None)


def insist(act: Callable[[], Done]) -> Done:
    """Repeat what fails with something that may pass, until a deadline."""
    end = time.monotonic() + DEADLINE
    while True:
        try:
            return act()
        except DriverFailure as failure:
            if not failure.transient or time.monotonic() > end:
                raise
            time.sleep(0.1)


def main(path: Path, act: str) -> int:
    """Apply or destroy what the file tells."""
    spec = Spec(**json.loads(path.read_text()))
    try:
        getattr(spec.builder(), act)(Infrastructure(**spec.wanted))
    except DriverFailure as failure:
        sys.stdout.write(json.dumps({"code": failure.code, "detail": failure.detail}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
