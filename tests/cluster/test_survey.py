"""What is not right with a cluster itself is found by asking a real API server."""

from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client

from provisioners.base import Finding
from provisioners.kubernetes import autoscalers
from provisioners.kubernetes.connection import Connection
from provisioners.kubernetes.ground import GroundKeeper
from provisioners.kubernetes.namespaces import STACK
from provisioners.kubernetes.survey import Survey, Wanted
from tests.cluster.conftest import Cluster
from tests.cluster.given import stood_in
from tests.cluster.kubelet import NODE
from tests.cluster.waiting import until

pytestmark = stood_in


@pytest.fixture
def connection(cluster: Cluster) -> Iterator[Connection]:
    found = Connection(cluster.kubeconfig)
    yield found
    found.close()


def survey(connection: Connection, **wanted: Any) -> dict[str, Finding]:
    """What is found, by its code; a keeper of its own remembers nothing."""
    look = Survey(connection, GroundKeeper(connection), Wanted(**wanted)).look()
    return {item.code: item for item in look}


def test_names_that_are_not_there_are_told_with_those_that_are(connection: Connection) -> None:
    assert set(survey(connection)) == {"no_ingress_class", "no_metrics"}
    found = survey(
        connection, storage_class="fast", ingress_class="nginx", certificate_issuer="letsencrypt"
    )
    assert found["storage_class_unknown"].about == "fast"
    assert NODE in found["storage_class_unknown"].detail
    assert found["ingress_class_unknown"].about == "nginx"
    assert found["issuer_unknown"].about == "letsencrypt"
    assert "gateway_unknown" in survey(connection, gateway="public", gateway_namespace="default")


def test_a_cluster_without_a_node_that_works_is_no_place_for_shops(
    cluster: Cluster, connection: Connection
) -> None:
    assert cluster.stand_in is not None
    lost = {"type": "Ready", "status": "Unknown", "reason": "x", "message": "stopped posting"}
    with cluster.stand_in.reporting(conditions=[lost]):
        assert survey(connection)["no_node"].detail == f"{NODE}: stopped posting"
    assert "no_node" not in survey(connection)


def test_a_leader_that_renews_nothing_is_told(cluster: Cluster, connection: Connection) -> None:
    leases = client.CoordinationV1Api(cluster.api)
    name = "kube-scheduler"
    spec = {"holderIdentity": "x", "renewTime": "2026-01-01T00:00:00.000000Z"}
    # The client writes times that the server does not read.
    path = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"
    kind = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
    connection.request("POST", path, body={**kind, "metadata": {"name": name}, "spec": spec})
    try:
        assert survey(connection)["scheduler_silent"].about == name
    finally:
        leases.delete_namespaced_lease(name, "kube-system")


def test_an_autoscaler_without_figures_is_known_by_its_namespace(
    cluster: Cluster, connection: Connection, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autoscalers, "_FRESH_SECONDS", 0.0)
    metadata = {"name": "web", "labels": {STACK: "abc"}}
    pods = {"containers": [{"name": "web", "image": "example.com/web:1"}]}
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": pods}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    cluster.apps.create_namespaced_deployment(namespace, {"metadata": metadata, "spec": spec})
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    scaling: Any = client.AutoscalingV2Api(cluster.api)
    scaling.create_namespaced_horizontal_pod_autoscaler(
        namespace,
        {
            "metadata": metadata,
            "spec": {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 3},
        },
    )
    looking = autoscalers.Autoscalers(connection, selector=STACK)

    def known() -> str:
        looking.look()
        return looking.known(namespace)

    def told() -> bool:
        found = scaling.read_namespaced_horizontal_pod_autoscaler("web", namespace).status
        return any(
            it.type == "ScalingActive" and it.status == "False" for it in found.conditions or ()
        )

    until(told)
    assert known() == ""
    monkeypatch.setattr(autoscalers, "_PATIENCE_SECONDS", 0.0)
    until(lambda: "metrics" in known())


def test_an_admission_that_refuses_namespaces_like_ours_is_told(
    cluster: Cluster, connection: Connection
) -> None:
    admission: Any = client.AdmissionregistrationV1Api(cluster.api)
    name = "no-stores.example.com"
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"]}]
    rules[0]["resources"] = ["namespaces"]
    matching = {"resourceRules": rules}
    checks = [{"expression": "!object.metadata.name.startsWith('store-')", "message": "no stores"}]
    spec = {"failurePolicy": "Fail", "matchConstraints": matching, "validations": checks}
    admission.create_validating_admission_policy({"metadata": {"name": name}, "spec": spec})
    binding = {"policyName": name, "validationActions": ["Deny"]}
    admission.create_validating_admission_policy_binding(
        {"metadata": {"name": name}, "spec": binding}
    )
    try:
        until(lambda: "admission_refuses" in survey(connection))
        found = survey(connection)["admission_refuses"]
        assert found.about == "namespaces"
        assert "no stores" in found.detail
    finally:
        admission.delete_validating_admission_policy_binding(name)
        admission.delete_validating_admission_policy(name)
    until(lambda: "admission_refuses" not in survey(connection))
