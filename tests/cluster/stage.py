"""A whole control plane over the tests' cluster: its process, its registry, its way to the cluster.

Only kubelets and the inside of a shop's pods are stood in for. What a test asks of the cluster it
asks the cluster itself; what it asks of drivers goes through a world of its own over the same
registry, as another process of the control plane would.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kubernetes.client.exceptions import ApiException

from controller.bootstrap import wiring
from controller.domain.clusters import Cluster as ClusterRow
from controller.domain.stack import Stack
from controller.domain.store import Store
from controller.domain.tenant import Scope
from controller.reconciler.world import World
from controller.registry.registry import Registry
from controller.settings import KubernetesSettings, Settings
from provisioners.base import Driver
from scripts.clusterkit.base import BIN
from tests.cluster import given
from tests.cluster.conftest import Cluster
from tests.cluster.given import DOMAIN, IMAGE, SANDBOX_IMAGE, AnyShops
from tests.cluster.waiting import FACTOR
from tests.control_plane import ControlPlane, settled

stood_in = given.stood_in
PROBE_SECONDS = 0.5
PATIENCE = 180.0 * FACTOR
Object = dict[str, Any]


class Stage(ControlPlane):
    """`python -m controller up` on one directory, with helm and an image for new shops."""

    def __init__(self, home: Path, helm: Path) -> None:
        super().__init__(home)
        home.mkdir(parents=True, exist_ok=True)
        self._environ |= {
            "STORECTL_MAGENTO_IMAGE": IMAGE,
            "STORECTL_SANDBOX_IMAGE": SANDBOX_IMAGE,
            "STORECTL_KUBERNETES__HELM": str(helm),
            "STORECTL_KUBERNETES__PROBE_SECONDS": str(PROBE_SECONDS),
            "STORECTL_LIMITS__STORES_PER_TENANT": "100",
            "STORECTL_WORKER__SWEEP_SECONDS": "0.2",
            "STORECTL_LOG_LEVEL": "INFO",
        }
        kubernetes = KubernetesSettings(helm=str(helm))
        settings = Settings(
            home=home, kubernetes=kubernetes, magento_image=IMAGE, sandbox_image=SANDBOX_IMAGE
        )
        self._settings = settings
        self._parts: tuple[Registry, World] | None = None

    @property
    def registry(self) -> Registry:
        """The registry, once the control plane has made it."""
        return self._opened()[0]

    @property
    def driver(self) -> Driver:
        """A driver of the first cluster, in this process."""
        return self.driver_of("main")

    def driver_of(self, cluster: str) -> Driver:
        """A driver of a cluster, in this process."""
        return self._opened()[1].clusters.driver(cluster)

    @property
    def world(self) -> World:
        """Engines and drivers over the same registry, in this process."""
        return self._opened()[1]

    def _opened(self) -> tuple[Registry, World]:
        if self._parts is None:
            keyring = wiring.build_keyring(self._settings)
            registry = wiring.build_registry(self._settings, keyring)
            self._parts = registry, wiring.build_world(self._settings, keyring, registry)
        return self._parts

    def leave(self) -> None:
        """Close what this process opened."""
        if self._parts is not None:
            registry, world = self._parts
            world.clusters.close()
            registry.database.close()

    def join(self, kubeconfig: Path, address: str, name: str = "main", *more: str) -> None:
        """Add a cluster, as an operator does; without an address shops are asked inside of it."""
        where = ("--kubeconfig", str(kubeconfig), *(("--shop-address", address) * bool(address)))
        done = self.storectl("cluster", "add", name, "--domain", DOMAIN, *where, *more)
        assert done.returncode == 0, done.stderr

    def finish(self, operation: Any) -> Any:
        """The operation once it is over; namespaces end in their own time."""
        path = f"/operations/{operation['metadata']['id']}"

        def over(found: Any) -> bool:
            return found["status"]["state"] not in {"pending", "running"}

        return settled(lambda: self.call("GET", path), over, PATIENCE)

    def cluster(self, name: str = "main") -> ClusterRow:
        """A cluster as the registry has it."""
        return self.registry.clusters.get(name)

    def store(self, name: str) -> Store:
        """A store as the registry has it."""
        return self.registry.stores.get(Scope.system(), name)

    def stack(self, name: str) -> Stack:
        """A store's stack as the registry has it."""
        found = self.registry.stores.stack(self.store(name).stack)
        assert found is not None
        return found

    def namespace(self, name: str) -> str:
        """The namespace of a store."""
        return f"store-{self.store(name).stack}"

    def phase(self, name: str) -> str:
        """A store in one word."""
        return str(self.call("GET", f"/stores/{name}")["status"]["phase"])

    def do(self, name: str, verb: str, body: object = None) -> Any:
        """Ask for something of a store and see it through; return the operation."""
        done = self.finish(self.call("POST", f"/stores/{name}/{verb}", body))
        assert done["status"]["state"] == "succeeded", done["status"]
        return done

    def made(self, name: str, **spec: Any) -> str:
        """Make a store, see it sell, and return its namespace."""
        done = self.finish(self.create(name, **spec))
        assert done["status"]["state"] == "succeeded", done["status"]
        assert self.phase(name) == "Ready"
        return self.namespace(name)

    def purged(self, name: str) -> Any:
        """Retire and purge a store; return the last operation."""
        self.do(name, "retire")
        return self.do(self.store(name).uid, "purge", {"confirm": name})

    def storectl(self, *argv: str) -> "subprocess.CompletedProcess[str]":
        """Run `storectl`."""
        script = Path(sys.executable).with_name("storectl")
        program = [str(script)] if script.exists() else [sys.executable, "-m", "cli"]
        return subprocess.run(
            [*program, *argv],
            env={**self.environ, "STORECTL_LANG": "en"},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def why(self, name: str) -> str:
        """What `storectl why` says of a store, as JSON."""
        done = self.storectl("why", name, "-o", "json")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def reasons(self, name: str) -> list[tuple[str, str]]:
        """Why a store's release is not ready: kind and thing, what explains most first."""
        return [(str(item.kind), item.thing) for item in self.driver.why(self.store(name).stack)]


@contextmanager
def staged(home: Path, cluster: Cluster) -> Iterator[Stage]:
    """A stage; its process and its namespaces end with the context, the latter in their time."""
    stage = Stage(home, BIN / "helm4")
    try:
        yield stage
    finally:
        stage.stop()
        for uid in stage.registry.stores.stack_uids("helm", "main"):
            with contextlib.suppress(ApiException):
                cluster.core.delete_namespace(f"store-{uid}")
        stage.leave()


@contextmanager
def joined(home: Path, cluster: Cluster, shops: AnyShops) -> Iterator[Stage]:
    """A stage whose control plane runs and knows the cluster."""
    with staged(home, cluster) as found, found.running():
        found.join(cluster.kubeconfig, shops.address)
        yield found


def helm(cluster: Cluster, *argv: str) -> Any:
    """What the real helm says, as JSON."""
    done = subprocess.run(
        ["helm4", *argv, "--output", "json"],
        env=cluster.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)
