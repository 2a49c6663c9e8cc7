"""The operator's clusters: adding, changing, draining, removing, and what is never told of them."""

from typing import Any

import pytest
import yaml

from provisioners.base import DriverFailure, Finding
from tests.planes import Plane, problem

TOKEN = "a-token-of-the-cluster"
PASSWORD = "the-dns-providers-own"


def kubeconfig(user: dict[str, Any] | None = None, **cluster: Any) -> str:
    server = {"server": "https://north.example.com:6443", **cluster}
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": server}],
            "users": [{"name": "u", "user": {"token": TOKEN} if user is None else user}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }
    )


def north(**changes: Any) -> dict[str, Any]:
    body = {"name": "north", "kubeconfig": kubeconfig(), "domain": "shops.example.com"}
    return {**body, **changes}


def test_a_cluster_is_added_and_shown_without_its_secrets(plane: Plane) -> None:
    body = north(region="eu", secretVariables={"dns_token": PASSWORD}, storageClass="fast")
    answer = plane.post("clusters", body)
    assert answer.status_code == 201
    found = plane.get("clusters/north").json()
    assert answer.json() == found
    assert found["kind"] == "Cluster"
    assert (found["metadata"]["name"], found["metadata"]["generation"]) == ("north", 1)
    assert found["spec"] == {
        "region": "eu",
        "capacity": 500,
        "domain": "shops.example.com",
        "tls": True,
        "shopAddress": "",
        "storageClass": "fast",
        "sharedStorageClass": "",
        "ingressClass": "",
        "certificateIssuer": "",
        "gateway": "",
        "gatewayNamespace": "default",
        "infrastructure": "in-cluster",
        "variables": {},
        "values": {},
        "pullSecret": "",
        "inCluster": False,
        "secretVariables": ["dns_token"],
        "mailPassword": False,
    }
    assert found["status"] == {
        "state": "active",
        "server": "https://north.example.com:6443",
        "version": "1.34.1",
        "stacks": 0,
        "room": 500,
        "values": [],
        "unreachableSince": None,
        "unreachableDetail": "",
        "fit": True,
        "change": {"done": 0, "going": [], "failed": [], "waiting": 0},
        "findings": [],
    }
    listed = plane.get("clusters")
    assert listed.json()["items"] == [found]
    audit = plane.get("audit?subject=cluster:north")
    assert "cluster.add" in audit.text
    for text in (answer.text, listed.text, audit.text):
        assert TOKEN not in text
        assert PASSWORD not in text
    kept = plane.registry.clusters.secrets("north")
    assert TOKEN in kept["kubeconfig"]
    assert kept["variable/dns_token"] == PASSWORD


def test_the_same_again_renews_the_secrets_and_other_data_is_a_conflict(plane: Plane) -> None:
    plane.post("clusters", north())
    again = plane.post("clusters", north(kubeconfig=kubeconfig({"token": "renewed"})))
    assert again.status_code == 200
    assert "renewed" in plane.registry.clusters.secrets("north")["kubeconfig"]
    body = problem(plane.post("clusters", north(capacity=7)), 409, "cluster_exists")
    assert "capacity" in body["detail"]


def test_a_cluster_that_refuses_us_is_not_kept(plane: Plane) -> None:
    plane.refusal = DriverFailure(
        "cluster_unreachable", "unreachable since 2026-11-22T15:00:00Z: connection refused"
    )
    body = problem(plane.post("clusters", north()), 409, "cluster_refused")
    assert body["detail"] == "The cluster “north” cannot be used: connection refused"
    problem(plane.get("clusters/north"), 404, "cluster_not_found")


WRONG = [
    pytest.param({"name": "North"}, "name", id="a capital"),
    pytest.param({"name": "-north"}, "name", id="a hyphen at the edge"),
    pytest.param({"name": "n" * 64}, "name", id="too long a name"),
    pytest.param({"domain": "shops..example.com"}, "domain", id="an empty label"),
    pytest.param({"domain": "https://shops.example.com"}, "domain", id="an address"),
    pytest.param({"domain": "*.example.com"}, "domain", id="a wildcard"),
    pytest.param({"capacity": 0}, "capacity", id="no room"),
    pytest.param({"capacity": 10_001}, "capacity", id="too much room"),
    pytest.param({"infrastructure": "moon"}, "infrastructure", id="an unknown module"),
    pytest.param({"shopAddress": "http://{user}.x"}, "shopAddress", id="an unknown placeholder"),
    pytest.param({"storageClass": "a b"}, "storageClass", id="no name of an object"),
    pytest.param({"gatewayNamespace": ""}, "gatewayNamespace", id="no namespace"),
    pytest.param({"variables": {"a-b": 1}}, "variables.a-b", id="no name of a variable"),
    pytest.param(
        {"variables": {"a": 1}, "secretVariables": {"a": "x"}}, "secretVariables.a", id="twice"
    ),
    pytest.param({"kubeconfig": None}, "kubeconfig", id="no way in"),
    pytest.param({"inCluster": True}, "kubeconfig", id="two ways in"),
    pytest.param({"name": 7}, "name", id="a number"),
    pytest.param({"colour": "red"}, "colour", id="an unknown field"),
]


@pytest.mark.parametrize(("change", "field"), WRONG)
def test_what_is_wrong_is_named(plane: Plane, change: dict[str, Any], field: str) -> None:
    answer = plane.post("clusters", north(**change))
    body = problem(answer, 422, "invalid_input")
    assert [item["field"] for item in body["errors"]] == [field]
    assert TOKEN not in answer.text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("nonsense", id="no kubeconfig"),
        pytest.param(kubeconfig({"tokenFile": "/etc/passwd"}), id="a file"),
        pytest.param(kubeconfig({"exec": {"command": "rm"}}), id="a program"),
        pytest.param(kubeconfig(server="file:///x"), id="no address"),
    ],
)
def test_a_kubeconfig_must_hold_everything_itself(plane: Plane, text: str) -> None:
    problem(plane.post("clusters", north(kubeconfig=text)), 422, "invalid_kubeconfig")


def test_our_own_cluster_needs_no_kubeconfig(plane: Plane) -> None:
    body = {"name": "own", "domain": "shops.example.com", "inCluster": True}
    assert plane.post("clusters", body).status_code == 201
    assert plane.get("clusters/own").json()["status"]["server"].endswith(".svc")
    renewed = plane.request("PATCH", "clusters/own", json={"kubeconfig": kubeconfig()})
    assert problem(renewed, 422, "invalid_input")["errors"][0]["field"] == "kubeconfig"


def test_a_patch_changes_what_it_names(plane: Plane) -> None:
    variables = {"zone": "z1", "size": {"cpu": 1}}
    plane.post("clusters", north(region="eu", variables=variables, secretVariables={"a": "secret"}))
    before = plane.get("clusters/north").json()["spec"]
    patch = {
        "capacity": 3,
        "region": None,
        "variables": {"zone": None, "size": {"memory": 2}},
        "secretVariables": {"a": None, "b": "another"},
    }
    answer = plane.request("PATCH", "clusters/north", json=patch)
    assert answer.status_code == 200
    assert answer.json()["spec"] == {
        **before,
        "capacity": 3,
        "region": "",
        "variables": {"size": {"cpu": 1, "memory": 2}},
        "secretVariables": ["b"],
    }
    assert answer.json()["status"]["room"] == 3
    problem(plane.request("PATCH", "clusters/north", json={"domain": None}), 422, "invalid_input")
    problem(plane.request("PATCH", "clusters/south", json={}), 404, "cluster_not_found")


def test_the_way_in_is_renewed_only_when_it_works(plane: Plane) -> None:
    plane.post("clusters", north())
    moved = kubeconfig({"token": "renewed"}, server="https://new.example.com")
    plane.refusal = DriverFailure("cluster_forbidden", "Unauthorized")
    patch = {"kubeconfig": moved, "capacity": 9}
    problem(plane.request("PATCH", "clusters/north", json=patch), 409, "cluster_refused")
    assert TOKEN in plane.registry.clusters.secrets("north")["kubeconfig"]
    assert plane.get("clusters/north").json()["spec"]["capacity"] == 500
    plane.refusal = None
    found = plane.request("PATCH", "clusters/north", json=patch).json()
    assert found["status"]["server"] == "https://new.example.com"
    assert "renewed" in plane.registry.clusters.secrets("north")["kubeconfig"]


def test_a_cluster_is_drained_and_activated(plane: Plane) -> None:
    plane.post("clusters", north())
    for _ in range(2):
        drained = plane.post("clusters/north/drain").json()
        assert drained["status"]["state"] == "draining"
    assert plane.post("clusters/north/activate").json()["status"]["state"] == "active"


def test_an_empty_cluster_is_removed_with_its_secrets(plane: Plane) -> None:
    plane.post("clusters", north())
    assert plane.request("DELETE", "clusters/north").status_code == 204
    problem(plane.request("DELETE", "clusters/north"), 404, "cluster_not_found")
    assert plane.registry.clusters.secrets("north") == {}


def test_a_cluster_that_cannot_run_shops_is_told_and_takes_none(plane: Plane) -> None:
    plane.remote.findings = (
        Finding(code="no_metrics", detail="404"),
        Finding(code="no_node", detail="n1: Kubelet stopped posting node status."),
    )
    status = plane.post("clusters", north()).json()["status"]
    assert status["fit"] is False
    assert [(item["code"], item["blocks"]) for item in status["findings"]] == [
        ("no_metrics", False),
        ("no_node", True),
    ]
    said = "No node is ready to take shops. n1: Kubelet stopped posting node status."
    assert status["findings"][1]["message"] == said
    refused = problem(plane.post("stores", {"name": "acme", "country": "DE"}), 409, "no_cluster")
    assert "Not fit for shops: north." in refused["detail"]
    plane.remote.findings = ()
    changed = plane.request("PATCH", "clusters/north", json={"capacity": 7})
    assert changed.json()["status"]["fit"] is True
    assert plane.post("stores", {"name": "acme", "country": "DE"}).status_code == 202
