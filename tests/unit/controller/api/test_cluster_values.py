"""What is set for a whole cluster: the chart's values, the logins of its registries."""

import json
import ssl
from typing import Any

import pytest

from controller.domain.mail import Relay
from tests.planes import Plane, problem

NORTH = {"name": "north", "inCluster": True, "domain": "shops.example.com"}
LOGINS = json.dumps({"auths": {"registry.example.com": {"auth": "c2VjcmV0"}}})


def test_values_are_kept_shown_and_taken_back(plane: Plane) -> None:
    values = {"registryMirror": "registry.example.com/m", "search": {"heap": "2g"}}
    assert plane.post("clusters", {**NORTH, "values": values}).status_code == 201
    found = plane.get("clusters/north").json()
    assert found["spec"]["values"] == values
    assert found["status"]["values"] == [
        {"path": "registryMirror", "value": "registry.example.com/m", "from": "cluster north"},
        {"path": "search.heap", "value": "2g", "from": "cluster north"},
    ]
    patched = plane.request("PATCH", "clusters/north", json={"values": None})
    assert patched.json()["spec"]["values"] == {}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"values": {"databse": {}}}, "values"),
        ({"values": {"websites": {}}}, "values.websites"),
        ({"pullSecret": "not json"}, "pullSecret"),
        ({"pullSecret": '{"credsStore": "desktop"}'}, "pullSecret"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(
    plane: Plane, said: dict[str, Any], field: str
) -> None:
    found = problem(plane.post("clusters", {**NORTH, **said}), 422, "invalid_input")
    assert [error["field"] for error in found["errors"]] == [field]
    problem(plane.get("clusters/north"), 404, "cluster_not_found")


def test_logins_are_sealed_and_other_ones_have_another_name(plane: Plane) -> None:
    assert plane.post("clusters", {**NORTH, "pullSecret": LOGINS}).status_code == 201
    answer = plane.get("clusters/north")
    first = answer.json()["spec"]["pullSecret"]
    assert first.startswith("registry-pull-")
    assert "c2VjcmV0" not in answer.text
    assert plane.registry.clusters.secrets("north")["pull-secret"] == LOGINS
    other = plane.request("PATCH", "clusters/north", json={"pullSecret": f"{LOGINS} "})
    assert other.json()["spec"]["pullSecret"] not in {first, ""}
    kept = plane.request("PATCH", "clusters/north", json={"region": "eu"}).json()
    assert kept["spec"]["pullSecret"] == other.json()["spec"]["pullSecret"]
    gone = plane.request("PATCH", "clusters/north", json={"pullSecret": None}).json()
    assert gone["spec"]["pullSecret"] == ""


def test_mails_of_a_clusters_stores_leave_by_its_own_server(plane: Plane) -> None:
    values = {"mail": {"host": "mail.north.example.com", "username": "north"}}
    body = {**NORTH, "values": values, "mailPassword": "hush"}
    made = plane.post("clusters", body)
    assert made.status_code == 201
    assert "hush" not in made.text
    assert made.json()["spec"]["mailPassword"] is True
    plane.make(cluster="north")
    relay = plane.magento.relays["acme"]
    assert relay == Relay(host="mail.north.example.com", username="north", password="hush")
    gone = plane.request("PATCH", "clusters/north", json={"mailPassword": None}).json()
    assert gone["spec"]["mailPassword"] is False


def test_shops_of_a_cluster_are_reached_with_its_own_authority(plane: Plane) -> None:
    pem = ssl.DER_cert_to_PEM_cert(ssl.create_default_context().get_ca_certs(binary_form=True)[0])
    plane.post("clusters", {**NORTH, "values": {"trust": {"certificates": pem}}})
    plane.make(cluster="north")
    assert plane.magento.trusted == pem
