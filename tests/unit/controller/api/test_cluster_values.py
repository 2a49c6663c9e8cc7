"""What is set for a whole cluster: the chart's values, the logins of its registries."""

import json
import ssl
from datetime import timedelta
from typing import Any

import pytest

from controller.domain.mail import Relay
from controller.reconciler import stack_steps
from controller.registry import taking
from tests.fakes import BAD
from tests.planes import Plane, follow, problem

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


def given(plane: Plane) -> dict[str, Any]:
    """What each store's release was given in its cluster, by the store's name."""
    found = {}
    for item in plane.get("stores").json()["items"]:
        store = plane.get(f"stores/{item['metadata']['name']}").json()
        runs = plane.remote.held[store["stack"]["uid"]].runs
        assert runs is not None
        found[store["metadata"]["name"]] = runs.values["given"]["values"]
    return found


def say(plane: Plane, prefix: str) -> None:
    values = {"search": {"prefix": prefix}}
    assert plane.request("PATCH", "clusters/north", json={"values": values}).status_code == 200
    plane.world.clusters.close()
    for _ in range(4):
        plane.look_again()


@pytest.fixture
def _one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "_FRESH_SECONDS", 0.0)
    monkeypatch.setattr(stack_steps, "_AWAIT_SECONDS", 0.0)


@pytest.mark.usefixtures("_one_after_another")
def test_what_is_changed_of_a_cluster_stops_at_the_first_store_that_it_breaks(
    plane: Plane,
) -> None:
    plane.post("clusters", NORTH)
    for name in ("acme", "bakery", "cafe"):
        plane.make(name, cluster="north")
    say(plane, BAD)
    had = given(plane)
    assert list(had.values()).count({}) == 2
    (broken,) = (name for name, values in had.items() if values)
    phases = {
        it["metadata"]["name"]: it["status"]["phase"] for it in plane.get("stores").json()["items"]
    }
    assert [name for name, phase in phases.items() if phase != "Ready"] == [broken]
    status = plane.get("clusters/north").json()["status"]
    assert status["change"] == {"done": 0, "going": [broken], "failed": [], "waiting": 2}
    assert [item["code"] for item in status["findings"]] == ["values_going"]
    # Whatever else is asked of the others meanwhile leaves them as they are.
    (other, *_) = (name for name in had if name != broken)
    follow(plane, plane.post(f"stores/{other}/suspend"))
    follow(plane, plane.post(f"stores/{other}/resume"))
    assert given(plane)[other] == {}
    say(plane, "good")
    assert list(given(plane).values()) == [{"search": {"prefix": "good"}}] * 3
    assert plane.get("clusters/north").json()["status"]["change"]["done"] == 3


@pytest.mark.usefixtures("_one_after_another")
def test_a_store_that_never_ran_has_the_newest_values(plane: Plane) -> None:
    plane.post("clusters", {**NORTH, "values": {"search": {"prefix": BAD}}})
    plane.make(cluster="north")
    assert plane.get("stores/acme").json()["status"]["phase"] == "Provisioning"
    say(plane, "good")
    assert plane.get("stores/acme").json()["status"]["phase"] == "Ready"


@pytest.mark.usefixtures("_one_after_another")
def test_what_takes_too_long_has_failed_and_says_so(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "_LATE", timedelta())
    plane.post("clusters", NORTH)
    for name in ("acme", "bakery"):
        plane.make(name, cluster="north")
    say(plane, BAD)
    (finding,) = plane.get("clusters/north").json()["status"]["findings"]
    assert finding["code"] == "values_failed"
    assert "no other store takes it" in finding["message"]
