"""What the other tests here stand on: a real API server, and pods that become what they should."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from tests.cluster.conftest import Cluster
from tests.cluster.waiting import until

IMAGE = "registry.k8s.io/pause:3.10"
Object = dict[str, Any]


def deployment(image: str = IMAGE, claim: str | None = None) -> Object:
    """A deployment of two pods."""
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}] if claim else []
    return {
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": image}], "volumes": volumes},
            },
        },
    }


def test_the_control_plane_answers(cluster: Cluster) -> None:
    assert client.VersionApi(cluster.api).get_code().git_version.startswith("v1.")


def test_a_stranger_may_do_nothing(cluster: Cluster) -> None:
    review = {
        "spec": {
            "user": "somebody",
            "resourceAttributes": {"verb": "list", "resource": "pods", "namespace": "default"},
        }
    }
    reviews: Any = client.AuthorizationV1Api(cluster.api)
    assert not reviews.create_subject_access_review(review).status.allowed


def test_a_deployment_becomes_ready_and_its_service_has_addresses(
    cluster: Cluster, namespace: str
) -> None:
    ports = [{"port": 80}]
    service = {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": ports}}
    cluster.core.create_namespaced_service(namespace, service)
    cluster.apps.create_namespaced_deployment(namespace, deployment())
    until(
        lambda: cluster.apps.read_namespaced_deployment("web", namespace).status.ready_replicas == 2
    )
    slices: Any = client.DiscoveryV1Api(cluster.api)

    def addresses() -> set[str]:
        found = slices.list_namespaced_endpoint_slice(namespace).items
        return {each.addresses[0] for one in found for each in one.endpoints or ()}

    until(lambda: len(addresses()) == 2)


def test_a_stateful_set_gets_its_volumes(cluster: Cluster, namespace: str) -> None:
    wanted = deployment()
    wanted["spec"]["serviceName"] = "web"
    wanted["spec"]["volumeClaimTemplates"] = [
        {
            "metadata": {"name": "data"},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Gi"}},
            },
        }
    ]
    cluster.apps.create_namespaced_stateful_set(namespace, wanted)
    until(
        lambda: (
            cluster.apps.read_namespaced_stateful_set("web", namespace).status.ready_replicas == 2
        )
    )
    claims = cluster.core.list_namespaced_persistent_volume_claim(namespace).items
    assert [claim.status.phase for claim in claims] == ["Bound", "Bound"]


def test_a_job_completes(cluster: Cluster, namespace: str) -> None:
    batch: Any = client.BatchV1Api(cluster.api)
    container = {"name": "once", "image": "busybox:1.37", "command": ["true"]}
    pod = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    batch.create_namespaced_job(
        namespace, {"metadata": {"name": "once"}, "spec": {"template": pod}}
    )
    until(lambda: batch.read_namespaced_job("once", namespace).status.succeeded == 1)


def test_a_pod_says_that_its_image_cannot_be_pulled(cluster: Cluster, namespace: str) -> None:
    cluster.apps.create_namespaced_deployment(
        namespace, deployment(image="registry.k8s.io/pause:missing")
    )

    def reasons() -> set[str]:
        pods = cluster.core.list_namespaced_pod(namespace).items
        seen = [each for pod in pods for each in pod.status.container_statuses or ()]
        return {each.state.waiting.reason for each in seen if each.state.waiting}

    until(lambda: reasons() & {"ImagePullBackOff", "ErrImagePull"})


def test_pod_security_refuses_a_privileged_pod(cluster: Cluster, namespace: str) -> None:
    enforced = {"pod-security.kubernetes.io/enforce": "restricted"}
    cluster.core.patch_namespace(namespace, {"metadata": {"labels": enforced}})
    container = {"name": "c", "image": IMAGE, "securityContext": {"privileged": True}}
    with pytest.raises(ApiException) as refused:
        cluster.core.create_namespaced_pod(
            namespace, {"metadata": {"name": "p"}, "spec": {"containers": [container]}}
        )
    assert refused.value.status == 403
    assert "violates PodSecurity" in str(refused.value.body)


def test_a_namespace_goes_with_all_that_is_in_it(cluster: Cluster) -> None:
    name = cluster.core.create_namespace({"metadata": {"generateName": "test-gone-"}}).metadata.name
    wanted = deployment()
    # How long a namespace takes to go is decided by how long its pods may take.
    wanted["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 1
    cluster.apps.create_namespaced_deployment(name, wanted)
    until(lambda: cluster.apps.read_namespaced_deployment("web", name).status.ready_replicas == 2)
    cluster.core.delete_namespace(name)
    until(lambda: name not in {each.metadata.name for each in cluster.core.list_namespace().items})


@pytest.mark.parametrize("program", ["helm3", "helm4"])
def test_helm_reaches_it(cluster: Cluster, tools: Path, namespace: str, program: str) -> None:
    command: list[str | Path] = [
        tools / program,
        "list",
        "--namespace",
        namespace,
        "--output",
        "json",
    ]
    done = subprocess.run(command, env=cluster.environ, capture_output=True, check=True)
    assert json.loads(done.stdout) == []
