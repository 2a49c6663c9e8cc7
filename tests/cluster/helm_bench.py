"""A helm driver over the tests' cluster, and what is done to it from outside."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controller.domain.naming import new_uid
from provisioners.base import Release, ReleaseState, ReleaseStatus
from provisioners.command import CommandFailedError, Result, run
from provisioners.helm.charts import HelmChart
from provisioners.helm.driver import HelmDriver
from provisioners.helm.program import Helm, Runner
from provisioners.helm.releases import Records
from provisioners.kubernetes.connection import Connection, Json
from provisioners.kubernetes.errors import NotFoundError
from provisioners.kubernetes.namespaces import Namespaces, NamespaceSpec

CHART = Path(__file__).parent / "chart"
DEADLINE = 60.0
TENANT = {"storecontroller.io/tenant": "t1"}


@dataclass(kw_only=True)
class HelmBench:
    """A driver with everything that a test wants of it."""

    driver: HelmDriver
    connection: Connection
    helm: Helm
    namespaces: Namespaces
    wanted: NamespaceSpec
    runs: list[str] = field(default_factory=list)
    """The verb of every helm that was run."""

    def kill(self, name: str) -> None:
        """Take the shop's Deployment away."""
        self.remove(f"/apis/apps/v1/namespaces/store-{name}/deployments/web")

    def remove(self, path: str) -> None:
        """Delete an object, as somebody with kubectl would."""
        self.connection.request("DELETE", path, body={"propagationPolicy": "Background"})

    def create(self, name: str, kind: str, thing: Mapping[str, Any]) -> str:
        """Put an object into a release's namespace; return its path."""
        path = f"/api/v1/namespaces/store-{name}/{kind}"
        self.connection.request("POST", path, body=dict(thing))
        return f"{path}/{thing['metadata']['name']}"

    def until(self, release: Release, state: ReleaseState) -> str | None:
        """Wait for a state; return the endpoint."""
        return self.wait(lambda: self.driver.status(release), state).endpoint

    def wait(self, look: Callable[[], ReleaseStatus], state: ReleaseState) -> ReleaseStatus:
        end = time.monotonic() + DEADLINE
        while (status := look()).state is not state:
            assert time.monotonic() < end, f"{status} instead of {state}"
            time.sleep(0.02)
        return status

    def run(self, release: Release) -> None:
        """Bring a release up from nothing."""
        self.driver.apply_secrets(release.name, {"key": "a"})
        self.driver.apply(release)
        self.until(release, ReleaseState.CURRENT)


@contextlib.contextmanager
def benched(
    kubeconfig: Path,
    home: Path,
    binary: Path,
    *,
    runner: Runner = run,
    connect: Callable[[Path], Connection] = Connection,
    grace: float = 0.0,
    leave: bool = False,
) -> Iterator[HelmBench]:
    """Make one; what it left is deleted afterwards, without waiting, unless it is to be left."""
    connection = connect(kubeconfig)
    runs: list[str] = []
    names: set[str] = set()

    def counted(argv: Sequence[str], **options: Any) -> Result:
        runs.append(argv[1])
        return runner(argv, **options)

    def wanted(name: str) -> NamespaceSpec:
        names.add(name)
        return bench.wanted

    helm = Helm(connection, home, binary=str(binary), runner=counted, timeout=60)
    namespaces = Namespaces(connection, wanted=wanted)
    chart = HelmChart(path=CHART, endpoint=lambda _, namespace: f"http://web.{namespace}.svc")
    driver = HelmDriver(namespaces, helm, {"tiny": chart}, patience=60, grace=grace, sync=30)
    bench = HelmBench(
        driver=driver,
        connection=connection,
        helm=helm,
        namespaces=namespaces,
        wanted=NamespaceSpec(labels=TENANT),
    )
    bench.runs = runs
    try:
        yield bench
    finally:
        driver.stop_all()
        for name in () if leave else names:
            with contextlib.suppress(NotFoundError):
                connection.request("DELETE", f"/api/v1/namespaces/store-{name}")
        connection.close()


def tiny(**values: Any) -> Release:
    """A release of the tiny chart under a new name."""
    return Release(name=new_uid(), chart="tiny", version="1", values=values)


class Killed(BaseException):
    """The worker is no more."""


class Mortality:
    """Kills a worker at its nth write or helm, before it or after it."""

    def __init__(self, *, after: bool) -> None:
        self.countdown = 0
        self._after = after

    def boundary(self, do: Callable[[], Any]) -> Any:
        """Do something, unless it is the end."""
        self.countdown -= 1
        if self.countdown == 0 and not self._after:
            raise Killed
        done = do()
        if self.countdown == 0:
            raise Killed
        return done

    def runner(self, argv: Sequence[str], **options: Any) -> Result:
        """Run helm, as `run` does."""
        found: Result = self.boundary(lambda: run(argv, **options))
        return found

    def connection(self, kubeconfig: Path) -> Connection:
        """Make a connection whose writes are boundaries."""
        mortality = self

        class Mortal(Connection):
            def request(self, method: str, path: str, **options: Any) -> Json:
                send = super().request
                if method == "GET":
                    return send(method, path, **options)
                found: Json = mortality.boundary(lambda: send(method, path, **options))
                return found

        return Mortal(kubeconfig)


class Killing:
    """A runner that kills helm for good as soon as its record says that it is at work."""

    def __init__(self, kubeconfig: Path) -> None:
        self.armed = True
        self._kubeconfig = kubeconfig

    def __call__(self, argv: Sequence[str], **options: Any) -> Result:
        if argv[1] != "upgrade" or not self.armed:
            return run(argv, **options)
        self.armed = False
        connection = Connection(self._kubeconfig)
        helm = subprocess.Popen(argv, stdin=subprocess.PIPE, env={**os.environ, **options["env"]})
        assert helm.stdin is not None
        helm.stdin.write(options["stdin"])
        helm.stdin.close()
        end = time.monotonic() + DEADLINE
        try:
            while not self._pending(connection, argv[2]):
                assert helm.poll() is None, "helm ended before it could be killed"
                assert time.monotonic() < end
                time.sleep(0.01)
        finally:
            helm.send_signal(signal.SIGKILL)
            helm.wait()
            connection.close()
        raise CommandFailedError("helm", Result(returncode=-9, output="", error="", seconds=0.0))

    def _pending(self, connection: Connection, namespace: str) -> bool:
        history = Records(connection).history(namespace)
        return bool(history) and history[-1].pending
