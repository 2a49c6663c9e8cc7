"""The life of one store on a cluster, in the order in which it is lived, to its end."""

import base64
import json
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError

import pytest
from kubernetes import client

from tests.cluster.conftest import Cluster
from tests.cluster.given import DOMAIN, AnyShops, front_page, stood_in, whole
from tests.cluster.kubelet import NODE
from tests.cluster.stage import Stage, helm, joined
from tests.cluster.waiting import until

pytestmark = whole
NAME = "acme"


@pytest.fixture(scope="module")
def stage(
    cluster: Cluster, shops: AnyShops, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with joined(tmp_path_factory.mktemp("stage"), cluster, shops) as found:
        yield found


@pytest.fixture(scope="module")
def namespace(stage: Stage) -> str:
    """The namespace of the one store, which sells."""
    owner = ("--country", "DE", "--email", "owner@example.com")
    done = stage.storectl("create", NAME, *owner, "--plan", "starter", "--cluster", "main")
    assert done.stdout.startswith(f"acme is ready: https://acme.{DOMAIN}"), done.stderr
    return stage.namespace(NAME)


def claims(cluster: Cluster, namespace: str) -> dict[str, str]:
    """The uid of every volume's claim, by name."""
    listed = cluster.core.list_namespaced_persistent_volume_claim(namespace).items
    return {item.metadata.name: item.metadata.uid for item in listed}


def pods(cluster: Cluster, namespace: str) -> list[str]:
    """Every pod that did not end by itself."""
    listed = cluster.core.list_namespaced_pod(namespace).items
    return [item.metadata.name for item in listed if item.status.phase != "Succeeded"]


def web(cluster: Cluster, namespace: str) -> Any:
    return cluster.apps.read_namespaced_deployment(f"{namespace}-web", namespace)


def scaler(cluster: Cluster, namespace: str) -> tuple[int, int] | None:
    """What the autoscaler stays between; None when there is none."""
    scaling: Any = client.AutoscalingV2Api(cluster.api)
    items = scaling.list_namespaced_horizontal_pod_autoscaler(namespace).items
    return (items[0].spec.min_replicas, items[0].spec.max_replicas) if items else None


def revisions(cluster: Cluster, namespace: str) -> list[str]:
    """How often helm wrote the release."""
    return [item["revision"] for item in helm(cluster, "list", "-n", namespace)]


def test_a_store_that_is_created_sells_at_its_host(
    stage: Stage, shops: AnyShops, namespace: str
) -> None:
    store = stage.call("GET", f"/stores/{NAME}")
    assert store["status"]["url"] == f"https://acme.{DOMAIN}"
    assert all(stage.stack(NAME).conditions[kind].met for kind in ("Released", "Answering"))
    assert stage.stack(NAME).placement is not None
    assert namespace in shops.running()
    with urllib.request.urlopen(front_page(shops, NAME, namespace), timeout=10) as page:
        assert page.status == 200


def test_helm_lists_its_release(cluster: Cluster, namespace: str) -> None:
    (release,) = helm(cluster, "list", "--namespace", namespace)
    assert (release["name"], release["status"]) == (namespace, "deployed")
    assert release["chart"].startswith("magento-")


def test_its_namespace_says_whose_it_is_and_is_limited(
    stage: Stage, cluster: Cluster, namespace: str
) -> None:
    labels = cluster.core.read_namespace(namespace).metadata.labels
    store = stage.store(NAME)
    assert labels["storecontroller.io/uid"] == store.stack
    assert labels["storecontroller.io/store"] == NAME
    assert labels["storecontroller.io/tenant"] == store.tenant
    assert labels["storecontroller.io/plan"] == "starter"
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    (quota,) = cluster.core.list_namespaced_resource_quota(namespace).items
    assert quota.spec.hard["pods"] == "21"
    (limits,) = cluster.core.list_namespaced_limit_range(namespace).items
    assert limits.spec.limits[0].default["memory"] == "512Mi"


def test_it_was_handed_its_token_and_made_none_of_its_own(
    stage: Stage, cluster: Cluster, namespace: str
) -> None:
    secret = cluster.core.read_namespaced_secret(f"{namespace}-integration", namespace)
    handed = json.loads(base64.b64decode(secret.data["integration.json"]))
    assert stage.driver.handed(stage.store(NAME).stack) == handed
    ours = cluster.core.read_namespaced_secret("shop-secrets", namespace).data
    assert "access-token" not in ours


def test_it_is_scaled_at_once_and_between_limits(
    stage: Stage, cluster: Cluster, namespace: str
) -> None:
    done = stage.storectl("scale", NAME, "--min", "2", "--max", "4", "--now", "3")
    assert done.returncode == 0, done.stderr
    assert scaler(cluster, namespace) == (2, 4)
    assert web(cluster, namespace).spec.replicas == 3
    assert web(cluster, namespace).status.available_replicas == 3
    stage.do(NAME, "scale", {"min": 2, "max": 5, "now": 2})
    assert scaler(cluster, namespace) == (2, 5)
    assert web(cluster, namespace).spec.replicas == 2
    stage.do(NAME, "scale", {})
    assert scaler(cluster, namespace) is None
    assert web(cluster, namespace).spec.replicas == 1
    assert stage.phase(NAME) == "Ready"


@pytest.fixture
def small(cluster: Cluster) -> Iterator[None]:
    """The only node, with two processors for a while."""
    assert cluster.stand_in is not None
    size = {"cpu": "2", "memory": "64Gi", "pods": "110"}
    with cluster.stand_in.reporting(capacity=size, allocatable=size):
        yield


@stood_in
@pytest.mark.usefixtures("small")
def test_a_larger_plan_whose_new_pods_would_take_the_place_of_its_database_touches_nothing(
    stage: Stage, cluster: Cluster, namespace: str
) -> None:
    before = revisions(cluster, namespace)
    changed = stage.call("PATCH", f"/stores/{NAME}", {"plan": "growth"})
    refusal = "database is to have 0.5 CPU and 1536 MiB, and with its own freed stand-in has"
    until(lambda: refusal in str(stage.call("GET", f"/operations/{changed['metadata']['id']}")))
    assert json.loads(stage.why(NAME))["status"]["cause"]["code"] == "no_headroom"
    assert revisions(cluster, namespace) == before
    done = stage.storectl("plan", "set", NAME, "starter")
    assert done.returncode == 0, done.stderr
    assert stage.phase(NAME) == "Ready"
    assert revisions(cluster, namespace) == before


def test_another_plan_makes_it_larger_and_keeps_its_volumes(
    stage: Stage, cluster: Cluster, namespace: str
) -> None:
    before = claims(cluster, namespace)
    done = stage.storectl("plan", "set", NAME, "growth")
    assert done.returncode == 0, done.stderr
    assert scaler(cluster, namespace) == (2, 4)
    labels = cluster.core.read_namespace(namespace).metadata.labels
    assert labels["storecontroller.io/plan"] == "growth"
    (quota,) = cluster.core.list_namespaced_resource_quota(namespace).items
    assert quota.spec.hard["pods"] == "34"
    assert claims(cluster, namespace) == before
    media = cluster.core.read_namespaced_persistent_volume_claim(f"{namespace}-media", namespace)
    assert media.spec.resources.requests["storage"] == "20Gi"
    assert stage.phase(NAME) == "Ready"


def test_suspended_it_is_closed_to_shoppers_and_open_to_us(
    stage: Stage, shops: AnyShops, namespace: str
) -> None:
    address = front_page(shops, NAME, namespace)
    stage.do(NAME, "suspend")
    assert stage.phase(NAME) == "Suspended"
    assert stage.stack(NAME).conditions["Answering"].met
    with pytest.raises(HTTPError) as caught:
        urllib.request.urlopen(address, timeout=10)
    with caught.value as page:
        assert page.code == 503
    stage.do(NAME, "resume")
    assert stage.phase(NAME) == "Ready"
    with urllib.request.urlopen(address, timeout=10) as page:
        assert page.status == 200


@pytest.fixture
def rigid(cluster: Cluster) -> Iterator[Any]:
    """The class of all volumes, which lets none grow for a while."""
    storage: Any = client.StorageV1Api(cluster.api)
    storage.patch_storage_class(NODE, {"allowVolumeExpansion": False})
    yield storage
    storage.patch_storage_class(NODE, {"allowVolumeExpansion": True})


@stood_in
def test_volumes_that_cannot_grow_stop_a_larger_plan_and_nothing_else(
    stage: Stage, cluster: Cluster, namespace: str, rigid: Any
) -> None:
    before = revisions(cluster, namespace)
    changed = stage.call("PATCH", f"/stores/{NAME}", {"plan": "scale"})
    refusal = f"as it is: {NODE}: backup 60Gi → 300Gi, database 30Gi → 100Gi"
    until(lambda: refusal in str(stage.call("GET", f"/operations/{changed['metadata']['id']}")))
    assert revisions(cluster, namespace) == before
    why = json.loads(stage.why(NAME))["status"]["cause"]
    assert why["code"] == "volumes_rigid"
    stage.do(NAME, "retire")
    until(lambda: not pods(cluster, namespace))
    rigid.patch_storage_class(NODE, {"allowVolumeExpansion": True})
    stage.do(NAME, "undelete")
    assert scaler(cluster, namespace) == (3, 12)
    assert stage.phase(NAME) == "Ready"


def test_retired_it_rests_on_its_volumes_and_returns_with_them(
    stage: Stage, shops: AnyShops, cluster: Cluster, namespace: str
) -> None:
    before = claims(cluster, namespace)
    stage.do(NAME, "retire")
    assert stage.phase(NAME) == "Retired"
    until(lambda: not pods(cluster, namespace))
    until(lambda: namespace not in shops.running())
    assert claims(cluster, namespace) == before
    assert namespace in shops.kept()
    assert [item["status"] for item in helm(cluster, "list", "-n", namespace)] == ["deployed"]

    stage.do(NAME, "undelete")
    assert stage.phase(NAME) == "Ready"
    assert claims(cluster, namespace) == before
    assert namespace in shops.running()


def test_purged_nothing_of_it_is_left_and_its_name_is_free(
    stage: Stage, shops: AnyShops, cluster: Cluster, namespace: str
) -> None:
    uid = stage.store(NAME).stack
    done = stage.purged(NAME)
    assert done["status"]["result"]["inventory"] == []
    assert f"namespace/{namespace}" in done["status"]["result"]["removed"]
    assert stage.driver.inventory(uid) == ()
    assert namespace not in {item.metadata.name for item in cluster.core.list_namespace().items}
    until(lambda: namespace not in shops.kept())
    again = stage.create(NAME, plan="starter")
    assert again["spec"]["storeUid"] != done["spec"]["storeUid"]
