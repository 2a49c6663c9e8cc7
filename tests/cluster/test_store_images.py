"""Another image for stores on a cluster: fetched first, then run; what is set for a cluster."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from tests.cluster.conftest import Cluster
from tests.cluster.given import DOMAIN, IMAGE, AnyShops, stood_in, whole
from tests.cluster.kubelet import Fate, Object, usual
from tests.cluster.shops import Shops
from tests.cluster.stage import Stage, joined
from tests.cluster.waiting import until

pytestmark = whole
PART = "app.kubernetes.io/component"
NEW = "registry.example.com/shop:2.4.7-p4"
LOGINS = {"auths": {"registry.example.com": {"auth": "c2VjcmV0"}}}


@pytest.fixture(scope="module")
def stage(
    cluster: Cluster, shops: AnyShops, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with joined(tmp_path_factory.mktemp("stage"), cluster, shops) as found:
        yield found


@pytest.fixture(scope="module")
def namespace(stage: Stage) -> str:
    """The namespace of a store with a further website."""
    sites = {"us": {"country": "US"}}
    return stage.made("acme", plan="starter", cluster="main", sites=sites)


def images(cluster: Cluster, namespace: str) -> set[str]:
    pod = cluster.apps.read_namespaced_deployment(f"{namespace}-web", namespace).spec.template.spec
    return {container.image for container in pod.containers}


def test_a_further_website_is_served_at_its_host(
    stage: Stage, cluster: Cluster, namespace: str
) -> None:
    networking: Any = client.NetworkingV1Api(cluster.api)
    ingress = networking.read_namespaced_ingress(f"{namespace}-web", namespace)
    hosts = [rule.host for rule in ingress.spec.rules]
    assert hosts == [f"acme-us.{DOMAIN}", f"acme.{DOMAIN}"]
    status = stage.call("GET", "/stores/acme")["status"]
    assert status["siteUrls"] == {"us": f"https://acme-us.{DOMAIN}"}


def test_an_image_that_the_cluster_cannot_fetch_leaves_the_pods(
    stage: Stage, cluster: Cluster, namespace: str
) -> None:
    failed = stage.storectl("image", "set", "acme", "registry.example.com/shop:missing")
    assert failed.returncode != 0
    assert "cannot fetch the new image" in failed.stderr
    assert images(cluster, namespace) == {IMAGE}


def storefront(cluster: Cluster, namespace: str) -> str:
    pod = cluster.apps.read_namespaced_deployment(f"{namespace}-web", namespace).spec.template.spec
    return str(next(item.value for item in pod.containers[0].env if item.name == "SHOP_STOREFRONT"))


def test_a_refused_image_does_not_keep_a_store_open(
    stage: Stage, cluster: Cluster, namespace: str
) -> None:
    stage.do("acme", "suspend")
    assert stage.phase("acme") == "Suspended"
    assert (images(cluster, namespace), storefront(cluster, namespace)) == ({IMAGE}, "closed")
    stage.do("acme", "resume")
    assert (images(cluster, namespace), storefront(cluster, namespace)) == ({IMAGE}, "open")


@stood_in
def test_an_upgrade_that_fails_does_not_keep_a_store_open(
    stage: Stage, cluster: Cluster, namespace: str, shops: Shops
) -> None:
    def hopeless(pod: Object) -> Fate:
        part = pod["metadata"].get("labels", {}).get("app.kubernetes.io/component")
        return Fate.FAILED if part == "upgrade" else usual(pod)

    shops.fate = hopeless
    stage.call("PUT", "/stores/acme/image", {"image": NEW})
    until(lambda: failed_jobs(cluster, namespace))
    stage.do("acme", "suspend")
    assert (images(cluster, namespace), storefront(cluster, namespace)) == ({IMAGE}, "closed")
    shops.fate = usual
    stage.do("acme", "resume")
    assert storefront(cluster, namespace) == "open"


@stood_in
@pytest.mark.parametrize(("verb", "back"), [("suspend", "resume"), ("retire", "undelete")])
def test_an_upgrade_that_hangs_holds_no_stop_up(
    stage: Stage, cluster: Cluster, namespace: str, shops: Shops, verb: str, back: str
) -> None:
    def hanging(pod: Object) -> Fate:
        part = pod["metadata"].get("labels", {}).get("app.kubernetes.io/component")
        return Fate.UNSCHEDULABLE if part == "upgrade" else usual(pod)

    shops.fate = hanging
    stage.call("PUT", "/stores/acme/image", {"image": NEW})
    until(lambda: cluster.batch.read_namespaced_job(f"{namespace}-upgrade", namespace))
    began = time.monotonic()
    stage.do("acme", verb)
    assert time.monotonic() - began < 60
    assert images(cluster, namespace) == {IMAGE}
    shops.fate = usual
    stage.do("acme", back)


def failed_jobs(cluster: Cluster, namespace: str) -> list[str]:
    jobs = cluster.batch.list_namespaced_job(namespace).items
    return [job.metadata.name for job in jobs if job.status.failed]


@stood_in
def test_a_store_whose_new_pods_do_not_start_closes(
    stage: Stage, cluster: Cluster, namespace: str, shops: Shops
) -> None:
    def crashing(pod: Object) -> Fate:
        ours = pod["spec"]["containers"][0]["image"] == NEW
        web = pod["metadata"].get("labels", {}).get("app.kubernetes.io/component") == "web"
        return Fate.CRASHING if ours and web else usual(pod)

    shops.fate = crashing
    stage.call("PUT", "/stores/acme/image", {"image": NEW})
    until(lambda: images(cluster, namespace) == {NEW})
    stage.do("acme", "suspend")
    assert (images(cluster, namespace), storefront(cluster, namespace)) == ({IMAGE}, "closed")
    shops.fate = usual
    stage.do("acme", "resume")


@stood_in
def test_an_image_that_gets_no_place_to_be_tried_is_named(
    stage: Stage, cluster: Cluster, namespace: str, fated: Callable[[str, Fate], None]
) -> None:
    fated("image-trial", Fate.UNSCHEDULABLE)
    operation = stage.call("PUT", "/stores/acme/image", {"image": NEW})
    until(lambda: cause(stage) == "unschedulable")
    assert images(cluster, namespace) == {IMAGE}
    fated("image-trial", Fate.SUCCEEDED)
    assert stage.finish(operation)["status"]["state"] == "succeeded"
    old = stage.call("PUT", "/stores/acme/image", {"image": IMAGE})
    assert stage.finish(old)["status"]["state"] == "succeeded"


def cause(stage: Stage) -> str:
    """The probable cause that `why` names, by its code."""
    return str(stage.call("GET", "/stores/acme/why")["status"]["cause"]["code"])


def test_another_image_is_fetched_and_runs(stage: Stage, cluster: Cluster, namespace: str) -> None:
    done = stage.storectl("image", "set", "acme", NEW)
    assert done.returncode == 0, done.stderr
    assert images(cluster, namespace) == {NEW}
    jobs = cluster.batch.list_namespaced_job(namespace).items
    assert not [job for job in jobs if job.metadata.name.startswith("image-trial")]


def test_logins_and_values_of_a_cluster_reach_its_stores(
    stage: Stage, cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    values, logins = tmp_path / "values.yaml", tmp_path / "config.json"
    values.write_text("registryMirror: registry.example.com/mirror\n")
    logins.write_text(json.dumps(LOGINS))
    argv = ("--values", str(values), "--pull-secret", str(logins))
    assert stage.storectl("cluster", "set", "main", *argv).returncode == 0
    name = stage.call("GET", "/clusters/main")["spec"]["pullSecret"]

    def arrived() -> bool:
        with suppress(ApiException):
            spec = cluster.core.read_namespaced_pod(f"{namespace}-database-0", namespace).spec
            return carried(spec)
        # The old pod is gone and the new one not there yet.
        return False

    def carried(spec: Any) -> bool:
        pulls = [item.name for item in spec.image_pull_secrets or ()]
        return pulls == [name] and spec.containers[0].image.startswith(
            "registry.example.com/mirror/docker.io/library/mariadb"
        )

    until(arrived)
    until(lambda: stage.reasons("acme") == [])
    kept = cluster.core.read_namespaced_secret(name, namespace)
    assert json.loads(base64.b64decode(kept.data[".dockerconfigjson"])) == LOGINS


@stood_in
def test_a_larger_plan_waits_for_room_while_the_smaller_one_runs_on(
    stage: Stage, cluster: Cluster, namespace: str
) -> None:
    def database() -> tuple[str, str]:
        name = f"{namespace}-database-0"
        pod = cluster.core.read_namespaced_pod(name, namespace)
        return pod.metadata.uid, pod.spec.containers[0].resources.requests["memory"]

    before = database()
    assert cluster.stand_in is not None
    size = {"cpu": "64", "memory": "3Gi", "pods": "1000"}
    with cluster.stand_in.reporting(capacity=size, allocatable=size):
        accepted = stage.call("PATCH", "/stores/acme", {"plan": "growth"})
        path = f"/operations/{accepted['metadata']['id']}"
        until(lambda: "No node has room" in str(stage.call("GET", path)["status"]["steps"]))
        assert database() == before
        assert "No node has room" in stage.why("acme")
    assert stage.finish(accepted)["status"]["state"] == "succeeded"
    assert database()[1] != before[1]


def test_a_service_that_leads_to_nobody_is_told_though_every_pod_is_ready(
    stage: Stage, cluster: Cluster, namespace: str
) -> None:
    name, keep = f"{namespace}-search", {"storecontroller.io/drift": "keep"}
    assert stage.reasons("acme") == []
    wrong = {"metadata": {"annotations": keep}, "spec": {"selector": {PART: "nobody"}}}
    cluster.core.patch_namespaced_service(name, namespace, wrong)
    until(lambda: ("service_empty", f"service/{name}") in stage.reasons("acme"))
    off = {"metadata": {"annotations": dict.fromkeys(keep)}}
    cluster.core.patch_namespaced_service(name, namespace, off)
    until(lambda: stage.reasons("acme") == [])


@stood_in
def test_a_value_that_breaks_a_store_stops_at_the_first_one(stage: Stage, cluster: Cluster) -> None:
    stage.made("bakery", plan="starter", cluster="main")

    def images_of_search() -> list[str]:
        found = []
        for name in ("acme", "bakery"):
            place = stage.namespace(name)
            pods = cluster.apps.read_namespaced_stateful_set(f"{place}-search", place)
            found.append(pods.spec.template.spec.containers[0].image.rpartition(":")[2])
        return found

    before = images_of_search()
    stage.call("PATCH", "/clusters/main", {"values": {"search": {"image": {"tag": "missing"}}}})
    until(lambda: "missing" in images_of_search())
    broken = ("acme", "bakery")[images_of_search().index("missing")]
    until(lambda: stage.phase(broken) != "Ready")
    status = stage.call("GET", "/clusters/main")["status"]
    assert status["change"] == {"done": 0, "going": [broken], "failed": [], "waiting": 1}
    assert broken in stage.storectl("cluster", "get", "main").stdout
    assert sorted(images_of_search()) == sorted([before[0], "missing"])
    stage.call("PATCH", "/clusters/main", {"values": {"search": {"image": {"tag": "2.19.4"}}}})
    until(lambda: images_of_search() == ["2.19.4", "2.19.4"], 120)
    until(lambda: stage.call("GET", "/clusters/main")["status"]["change"]["done"] == 2)
    until(lambda: {stage.phase(name) for name in ("acme", "bakery")} == {"Ready"})
