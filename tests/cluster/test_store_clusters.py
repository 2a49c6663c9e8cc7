"""Two clusters, an API server each: where stores go and why, and that they stay apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError

import pytest
from kubernetes import client

from scripts.clusterkit.base import BIN
from tests.cluster import control_plane
from tests.cluster.conftest import Cluster
from tests.cluster.control_plane import ControlPlane
from tests.cluster.given import AnyShops, whole
from tests.cluster.kubelet import StandIn, connected
from tests.cluster.shops import Shops
from tests.cluster.stage import Stage, staged
from tests.cluster.waiting import until

pytestmark = [
    whole,
    pytest.mark.skipif(
        not (BIN / "kube-apiserver").exists(),
        reason="the second cluster is one of our own: make cluster-tools",
    ),
]


@dataclass(frozen=True, kw_only=True)
class Other:
    """The second cluster."""

    plane: ControlPlane
    api: client.ApiClient
    shops: Shops


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Other]:
    home = tmp_path_factory.mktemp("other")
    with (
        control_plane.running(home / "control-plane") as plane,
        StandIn(plane.kubeconfig).at_work() as stand_in,
        connected(plane.kubeconfig) as api,
        Shops(plane.kubeconfig, home).open() as shops,
    ):
        stand_in.decide(shops.of_pod)
        yield Other(plane=plane, api=api, shops=shops)


@pytest.fixture(scope="module")
def stage(
    cluster: Cluster, shops: AnyShops, other: Other, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """The first cluster has room for four in Europe, the second for one in America."""
    with staged(tmp_path_factory.mktemp("stage"), cluster) as found, found.running():
        found.join(cluster.kubeconfig, shops.address, "main", "--region", "eu", "--capacity", "4")
        found.join(
            other.plane.kubeconfig,
            other.shops.address,
            "west",
            *("--region", "us", "--capacity", "1"),
        )
        yield found


def refusal(stage: Stage, **spec: Any) -> str:
    """What is said to a store that cannot be placed."""
    with pytest.raises(HTTPError) as caught:
        stage.create("nowhere", **spec)
    with caught.value as answer:
        return answer.read().decode()


def why_there(stage: Stage, name: str) -> tuple[str | None, str, dict[str, Any]]:
    """The cluster of a store, and the reason that was kept."""
    stack = stage.stack(name)
    assert stack.placement is not None
    return stack.cluster, stack.placement.reason, dict(stack.placement.params)


def spaces(api: client.ApiClient) -> set[str]:
    """The namespaces of a cluster."""
    core: Any = client.CoreV1Api(api)
    return {item.metadata.name for item in core.list_namespace().items}


def test_a_named_cluster_gets_the_store_and_no_other_has_any_of_it(
    stage: Stage, other: Other, shops: AnyShops, cluster: Cluster
) -> None:
    namespace = stage.made("western", cluster="west")
    assert why_there(stage, "western") == ("west", "PlacedByName", {"cluster": "west"})
    assert namespace in spaces(other.api)
    assert namespace not in spaces(cluster.api)
    assert namespace in other.shops.running() - shops.running()


def test_a_region_is_kept_to(stage: Stage, other: Other, shops: AnyShops, cluster: Cluster) -> None:
    namespace = stage.made("eastern", region="eu")
    placed, reason, params = why_there(stage, "eastern")
    assert (placed, reason) == ("main", "PlacedByRegion")
    assert params == {"region": "eu", "cluster": "main", "room": 4, "capacity": 4}
    assert namespace in spaces(cluster.api) - spaces(other.api)
    assert namespace in shops.running() - other.shops.running()


def test_a_full_cluster_takes_nothing_more(stage: Stage) -> None:
    assert "cluster_full" in refusal(stage, cluster="west")
    assert '"full":"west"' in refusal(stage, region="us")
    assert "cluster_not_found" in refusal(stage, cluster="north")


def test_without_a_wish_there_is_room_where_there_is_most(stage: Stage) -> None:
    stage.create("anywhere")
    placed, reason, params = why_there(stage, "anywhere")
    assert (placed, reason) == ("main", "PlacedByRoom")
    assert (params["room"], params["capacity"]) == (3, 4)


def test_a_draining_cluster_takes_nothing_new_and_looks_after_what_it_has(stage: Stage) -> None:
    assert stage.storectl("cluster", "drain", "main").returncode == 0
    assert "cluster_draining" in refusal(stage, cluster="main")
    assert '"draining":"main","unreachable":"–","unfit":"–","full":"west"' in refusal(stage)
    stage.do("eastern", "scale", {"min": 2, "max": 2})
    assert stage.storectl("cluster", "activate", "main").returncode == 0
    assert stage.cluster("main").open


def test_one_cluster_that_is_gone_holds_nothing_up_on_the_other(stage: Stage, other: Other) -> None:
    other.plane.stop()
    until(lambda: stage.cluster("west").unreachable_since is not None)
    assert stage.cluster("main").unreachable_since is None
    stage.do("eastern", "scale", {"min": 1, "max": 1})
    assert stage.phase("western") == "Ready"
    assert stage.stack("western").cluster == "west"
    assert "unreachable since" in stage.storectl("cluster", "list").stdout
