"""The controller chart before a real API server: taken whole, installed, upgraded, rolled back."""

import base64
import json
import secrets
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cluster.conftest import Cluster
from tests.cluster.controller_chart import (
    BUNDLED,
    CHART,
    OPTIONS,
    RELEASE,
    VALUES,
    render,
    restrict,
    valued,
)
from tests.cluster.given import CONTROLLER_IMAGE, controlled, stood_in
from tests.cluster.magento_chart import Charted, Object, as_pod, laid_over, named, pod_templates
from tests.cluster.waiting import FACTOR

BOTH = pytest.mark.parametrize("helm", ["helm3", "helm4"])


@pytest.fixture
def restricted(tools: Path, cluster: Cluster, namespace: str) -> Charted:
    """Helm and kubectl over the cluster; the namespace takes restricted pods only."""
    charted = Charted(tools=tools, cluster=cluster)
    restrict(charted, namespace)
    return charted


def test_an_api_server_takes_every_option(restricted: Charted, namespace: str) -> None:
    refused = {}
    for option in OPTIONS:
        objects = render(restricted, valued(option), namespace)
        if said := restricted.refused([*objects, *map(bare_pod, workloads(objects))], namespace):
            refused[option] = said
    assert refused == {}


def test_an_unknown_field_and_a_careless_pod_would_be_refused(
    restricted: Charted, namespace: str
) -> None:
    objects = render(restricted, valued(), namespace)
    api = named(objects, "Deployment", "-api")
    pod = as_pod("api", api["spec"]["template"])
    api["spec"]["replica"] = 1
    assert 'unknown field "replica"' in restricted.refused([api], namespace)
    pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    assert "violates PodSecurity" in restricted.refused([pod], namespace)


@controlled
@BOTH
def test_helm_waits_for_a_release_that_brings_its_own_database(
    helm: str, restricted: Charted, namespace: str
) -> None:
    charted = replace(restricted, helm=helm)
    hand_secrets(charted, namespace)
    values = laid_over(laid_over(VALUES, BUNDLED), {"image": given_image()})
    # A hook before the release would wait here for a database that comes with it.
    install(charted, namespace, values, "--wait", "--timeout", f"{90 * FACTOR:.0f}s")
    assert ready(charted, namespace) == {
        f"{RELEASE}-{name}": count
        for name, count in {
            "api": 2,
            "beat": 1,
            "database": 1,
            "redis": 1,
            "worker-people": 2,
            "worker-resync": 1,
        }.items()
    }
    assert len(migrations(charted, namespace)) == 1


@stood_in
@BOTH
def test_another_image_migrates_once_and_a_rollback_needs_nobody(
    helm: str, restricted: Charted, namespace: str
) -> None:
    charted = replace(restricted, helm=helm)
    install(charted, namespace, VALUES)
    first = migrations(charted, namespace)
    install(charted, namespace, laid_over(VALUES, {"logLevel": "DEBUG"}))
    assert migrations(charted, namespace) == first
    install(charted, namespace, laid_over(VALUES, {"image": {"tag": "0.2.0"}}))
    assert not migrations(charted, namespace) & first
    where = (RELEASE, "2", f"--namespace={namespace}", "--wait", "--timeout=90s")
    done = charted.run(helm, "rollback", *where)
    assert done.returncode == 0, done.stderr
    assert migrations(charted, namespace) == first


def given_image() -> Object:
    """The image that was given for real kubelets; without one the placeholder stays."""
    repository, _, tag = CONTROLLER_IMAGE.rpartition(":")
    return {"repository": repository, "tag": tag} if repository else {}


def hand_secrets(charted: Charted, namespace: str) -> None:
    """The Secret that is there before the release."""
    keys = ("master-key", "operator-token", "database-password", "redis-password")
    data = {key: base64.b64encode(secrets.token_hex(24).encode()).decode() for key in keys}
    metadata = {"name": VALUES["existingSecret"], "namespace": namespace}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}
    done = charted.run("kubectl", "create", "--filename=-", stdin=json.dumps(secret))
    assert done.returncode == 0, done.stderr


def workloads(objects: list[Object]) -> list[Object]:
    """What makes pods."""
    return [item for item in objects if list(pod_templates([item]))]


def bare_pod(workload: Object) -> Object:
    """A workload's pod, with scratch space in the place of the claims that it would be given."""
    ((name, template),) = pod_templates([workload])
    pod = as_pod(name, template)
    for claim in workload["spec"].get("volumeClaimTemplates", ()):
        scratch = {"name": claim["metadata"]["name"], "emptyDir": {}}
        pod["spec"]["volumes"] = [*pod["spec"]["volumes"], scratch]
    return pod


def install(charted: Charted, namespace: str, values: Object, *more: str) -> None:
    """Install or upgrade, and see it done."""
    where = (RELEASE, str(CHART), "--install", f"--namespace={namespace}")
    done = charted.with_values("upgrade", *where, *more, values=values)
    assert done.returncode == 0, done.stderr


def listed(charted: Charted, namespace: str, kinds: str) -> list[Object]:
    """Objects of some kinds."""
    done: subprocess.CompletedProcess[str] = charted.run(
        "kubectl", "get", kinds, f"--namespace={namespace}", "--output=json"
    )
    found: list[Object] = json.loads(done.stdout)["items"]
    return found


def ready(charted: Charted, namespace: str) -> dict[str, int]:
    """How many pods of each workload are ready."""
    return {
        item["metadata"]["name"]: item["status"].get("readyReplicas", 0)
        for item in listed(charted, namespace, "deployment,statefulset")
    }


def migrations(charted: Charted, namespace: str) -> set[str]:
    """The names of the Jobs that are there."""
    return {item["metadata"]["name"] for item in listed(charted, namespace, "job")}
