"""The cluster that the tests here share: one of our own, or the one STORECTL_TEST_KUBECONFIG names.

A KUBECONFIG that happens to be set is never used: what a person works with may be in production.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from scripts.clusterkit.base import BIN
from tests.cluster import control_plane
from tests.cluster.faulty import Faulty, running
from tests.cluster.given import KUBECONFIG, AnyShops, GivenShops
from tests.cluster.kubelet import Fate, StandIn, connected, usual
from tests.cluster.shops import Shops
from tests.cluster.terraform_bench import Bench, Spec
from tests.cluster.waiting import until

PLACES = ["local", "kubernetes", pytest.param("pg", marks=pytest.mark.needs("postgres"))]


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A real API server and the way to it."""

    kubeconfig: Path
    api: client.ApiClient
    stand_in: StandIn | None
    """What answers for pods; None where real kubelets do."""

    @property
    def core(self) -> Any:
        """Pods and what is near them. The client takes JSON for its models; its types deny it."""
        return client.CoreV1Api(self.api)

    @property
    def apps(self) -> Any:
        """Deployments and the like."""
        return client.AppsV1Api(self.api)

    @property
    def batch(self) -> Any:
        """Jobs and what makes them."""
        return client.BatchV1Api(self.api)

    @property
    def environ(self) -> dict[str, str]:
        """The environment in which helm, kubectl and tofu are the pinned ones and reach it."""
        path = os.pathsep.join((str(BIN), os.environ.get("PATH", "")))
        return {**os.environ, "PATH": path, "KUBECONFIG": str(self.kubeconfig)}


@pytest.fixture(scope="session")
def tools() -> Path:
    """The directory with helm3, helm4, kubectl and tofu."""
    assert BIN.is_dir(), "the tools are missing: make cluster-tools"
    return BIN


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The cluster of this session."""
    if given := os.environ.get(KUBECONFIG):
        path = Path(given).absolute()
        with connected(path) as api:
            yield Cluster(kubeconfig=path, api=api, stand_in=None)
        return
    with (
        control_plane.running(tmp_path_factory.mktemp("control-plane")) as plane,
        StandIn(plane.kubeconfig).at_work() as stand_in,
        connected(plane.kubeconfig) as api,
    ):
        yield Cluster(kubeconfig=plane.kubeconfig, api=api, stand_in=stand_in)


@pytest.fixture(scope="module")
def shops(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnyShops]:
    """The shops of the cluster, for a module with whole stores."""
    if cluster.stand_in is None:
        yield GivenShops(cluster.api)
        return
    with Shops(cluster.kubeconfig, tmp_path_factory.mktemp("shops")).open() as found:
        cluster.stand_in.words = found.words
        cluster.stand_in.decide(found.of_pod)
        yield found
        cluster.stand_in.decide(usual)


@pytest.fixture
def fated(cluster: Cluster, shops: Shops) -> Iterator[Callable[[str, Fate], None]]:
    """Chooses what becomes of the pods whose names contain a word."""
    stand_in = cluster.stand_in
    assert stand_in is not None

    def decide(word: str, fate: Fate) -> None:
        shops.fate = lambda pod: fate if word in pod["metadata"]["name"] else usual(pod)
        stand_in.decide(shops.of_pod)

    yield decide
    shops.fate = usual
    stand_in.decide(shops.of_pod)


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """An empty namespace for one test, deleted after it."""
    name = f"test-{secrets.token_hex(4)}"
    cluster.core.create_namespace({"metadata": {"name": name}})
    # Pods are refused until it has an account for them.
    until(lambda: cluster.core.list_namespaced_service_account(name).items)
    yield name
    cluster.core.delete_namespace(name)


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Each kind of place for states."""
    if request.param == "kubernetes":
        cluster = request.getfixturevalue("cluster")
        namespace = request.getfixturevalue("namespace")
        return {
            "kind": "kubernetes",
            "kubeconfig": str(cluster.kubeconfig),
            "namespace": namespace,
        }
    if request.param == "pg":
        return {"kind": "pg", "address": request.getfixturevalue("postgres_url")}
    return {"kind": "local", "root": str(tmp_path / "states")}


@pytest.fixture
def tool(tools: Path) -> str:
    """OpenTofu, or what STORECTL_TEST_TERRAFORM names: a terraform, to hold it to the same."""
    return os.environ.get("STORECTL_TEST_TERRAFORM") or str(tools / "tofu")


@pytest.fixture
def bench(place: dict[str, str], tool: str, tmp_path: Path) -> Bench:
    spec = Spec(binary=tool, home=str(tmp_path / "runs"), place=place)
    return Bench(spec=spec, directory=tmp_path)


@pytest.fixture(scope="module")
def faulty(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faulty]:
    """A way to the cluster that goes wrong as a test wants it to."""
    kubeconfig = tmp_path_factory.mktemp("faulty") / "kubeconfig"
    with running(cluster.api, kubeconfig) as found:
        yield found
