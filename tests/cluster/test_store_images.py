"""Another image for stores on a cluster: fetched first, then run; what is set for a cluster."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from tests.cluster.conftest import Cluster
from tests.cluster.given import DOMAIN, IMAGE, AnyShops, whole
from tests.cluster.stage import Stage, staged
from tests.cluster.waiting import until

pytestmark = whole
NEW = "registry.example.com/shop:2.4.7-p4"
LOGINS = {"auths": {"registry.example.com": {"auth": "c2VjcmV0"}}}


@pytest.fixture(scope="module")
def stage(
    cluster: Cluster, shops: AnyShops, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("stage"), cluster) as found, found.running():
        found.join(cluster.kubeconfig, shops.address)
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
        pods = cluster.apps.read_namespaced_stateful_set(f"{namespace}-database", namespace)
        spec = pods.spec.template.spec
        pulls = [item.name for item in spec.image_pull_secrets or ()]
        return pulls == [name] and spec.containers[0].image.startswith(
            "registry.example.com/mirror/docker.io/library/mariadb"
        )

    until(arrived)
    kept = cluster.core.read_namespaced_secret(name, namespace)
    assert json.loads(base64.b64decode(kept.data[".dockerconfigjson"])) == LOGINS
