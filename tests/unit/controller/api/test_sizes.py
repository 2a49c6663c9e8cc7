"""How large a store is and where it runs: plans, scales, clusters, and who may say so."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes import FakeEngine
from tests.planes import Plane, follow, problem


@pytest.fixture(autouse=True)
def _clusters(plane: Plane) -> None:
    for name, region in (("north", "eu"), ("south", "us")):
        domain = f"{name}.example.com"
        body = {"name": name, "inCluster": True, "domain": domain, "region": region, "capacity": 3}
        assert plane.post("clusters", body).status_code == 201


def stack_of(plane: Plane, name: str = "acme", **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = plane.get(f"stores/{name}", **options).json()["stack"]
    return found


def test_a_store_on_a_cluster_says_where_and_why(plane: Plane) -> None:
    plane.make(cluster="north", plan="growth")
    store = plane.get("stores/acme").json()
    assert store["status"]["phase"] == "Ready"
    assert store["status"]["url"] == "https://acme.north.example.com"
    assert (store["spec"]["plan"], store["spec"]["scale"]) == ("growth", None)
    stack = store["stack"]
    assert (stack["cluster"], stack["driver"], stack["engine"]) == ("north", "helm", "magento")
    assert stack["replicas"] == {"min": 2, "max": 4}
    assert stack["placement"]["message"] == "The cluster “north” was asked for."
    assert {item["type"] for item in stack["conditions"]} >= {"Released", "Answering"}
    assert "stack" not in plane.get("stores").json()["items"][0]
    here = plane.get("stores?cluster=north").json()["items"]
    assert [item["metadata"]["name"] for item in here] == ["acme"]
    assert plane.get("stores?cluster=south").json()["items"] == []


def test_a_region_chooses_the_cluster(plane: Plane) -> None:
    plane.make(region="us")
    stack = stack_of(plane)
    assert stack["cluster"] == "south"
    assert "in the region us" in stack["placement"]["message"]
    problem(
        plane.post("stores", {"name": "b", "country": "DE", "region": "moon"}),
        422,
        "name_too_short",
    )
    nowhere = plane.post("stores", {"name": "bb", "country": "DE", "region": "moon"})
    problem(nowhere, 409, "no_cluster_there")


def test_an_owner_is_told_the_size_and_not_the_place(plane: Plane, ann: str) -> None:
    plane.make(token=ann)
    assert stack_of(plane, token=ann) == {
        "engine": "magento",
        "version": "1",
        "plan": "starter",
        "replicas": {"min": 1, "max": 1},
    }
    problem(plane.get("stores?cluster=north", token=ann), 403, "not_allowed")
    problem(plane.post("stores/acme/scale", {"now": 2}, token=ann), 403, "not_allowed")
    answer = plane.request("PATCH", "stores/acme", token=ann, json={"plan": "scale"})
    problem(answer, 403, "not_allowed")


def test_a_store_is_scaled_and_goes_back_to_its_plan(plane: Plane) -> None:
    plane.make(cluster="north", plan="growth")
    scaled = follow(plane, plane.post("stores/acme/scale", {"min": 2, "max": 6, "now": 5}))
    assert scaled["spec"]["operation"] == "scale"
    assert scaled["status"]["state"] == "succeeded"
    assert stack_of(plane)["replicas"] == {"min": 2, "max": 6}
    held = plane.remote.held[stack_of(plane)["uid"]]
    assert held.replicas == 5
    problem(plane.post("stores/acme/scale", {"min": 9, "max": 6}), 422, "invalid_scale")
    alone = plane.post("stores/acme/scale", {"now": 1})
    assert [item["reason"] for item in alone.json()["warnings"]] == ["NumberFixed"]
    follow(plane, alone)
    assert stack_of(plane)["replicas"] == {"min": 1, "max": 1}
    assert held.replicas == 1
    follow(plane, plane.post("stores/acme/scale", {}))
    assert stack_of(plane)["replicas"] == {"min": 2, "max": 4}
    follow(plane, plane.request("PATCH", "stores/acme", json={"plan": "scale"}))
    assert stack_of(plane)["replicas"] == {"min": 3, "max": 12}


def test_a_file_creates_where_it_says_and_moves_nothing(plane: Plane) -> None:
    body = {"country": "DE", "plan": "growth", "scale": {"min": 3, "max": 5}, "cluster": "north"}
    follow(plane, plane.request("PUT", "stores/acme", json=body))
    assert stack_of(plane)["cluster"] == "north"
    assert stack_of(plane)["replicas"] == {"min": 3, "max": 5}
    assert plane.request("PUT", "stores/acme", json=body).status_code == 200
    for place in ({"cluster": "south"}, {"cluster": None, "region": "us"}):
        for query in ("", "?dryRun=true"):
            moved = plane.request("PUT", f"stores/acme{query}", json={**body, **place})
            assert "“north”" in problem(moved, 409, "store_elsewhere")["detail"]


def test_a_file_that_does_not_name_a_size_leaves_it(plane: Plane) -> None:
    plane.make(cluster="north", plan="growth")
    follow(plane, plane.post("stores/acme/scale", {"min": 2, "max": 6}))
    bare = {"country": "DE"}
    assert plane.request("PUT", "stores/acme", json=bare).status_code == 200
    renamed = plane.request("PUT", "stores/acme", json={**bare, "displayName": "New"})
    follow(plane, renamed)
    assert stack_of(plane)["replicas"] == {"min": 2, "max": 6}


def test_what_runs_beside_the_control_plane_has_no_place_to_be_asked_for(plane: Plane) -> None:
    plane.make(engine="fake")
    assert stack_of(plane)["cluster"] is None
    asked = plane.request("PUT", "stores/acme", json={"country": "DE", "cluster": "north"})
    problem(asked, 409, "not_on_cluster")


def test_the_plans_say_what_a_shop_may_use(plane: Plane, ann: str) -> None:
    items = plane.get("plans", token=ann).json()["items"]
    assert [item["metadata"]["name"] for item in items] == ["starter", "growth", "scale"]
    assert items[0]["spec"]["replicas"] == {"min": 1, "max": 1}
    assert items[0]["spec"]["rooms"]["magento"]["requests.storage"] == "60Gi"
    assert items[0]["spec"]["rooms"]["sandbox"]["requests.storage"] == "4Gi"
    assert set(items[1]["spec"]["rooms"]) == {"magento"}


# Shop software that is one process


@pytest.fixture
def sandbox(plane: Plane) -> Iterator[FakeEngine]:
    """A second software that clusters run, in one size."""
    engine = FakeEngine(plane.remote, name="sandbox", image="registry.example.com/sandbox:7")
    engine.scalable = False
    engines = dict(plane.world.engines)
    everything: Any = plane.world.engines
    everything["sandbox"] = engine
    yield engine
    everything.clear()
    everything.update(engines)


def test_it_runs_on_the_cluster_that_is_asked_for(plane: Plane, sandbox: FakeEngine) -> None:
    plane.make(engine="sandbox", cluster="north", plan="starter", ttl="2h")
    stack = stack_of(plane)
    assert (stack["engine"], stack["cluster"]) == ("sandbox", "north")
    assert stack["version"] == "7", "of the image, not of the program beside the control plane"


def test_it_has_one_size_and_that_is_said_before_anything_is_accepted(
    plane: Plane, sandbox: FakeEngine
) -> None:
    body = {"name": "acme", "country": "DE", "engine": "sandbox", "cluster": "north"}
    problem(plane.post("stores", {**body, "plan": "growth"}), 409, "one_size")
    problem(plane.post("stores", {**body, "scale": {"min": 1, "max": 2}}), 409, "one_size")
    problem(plane.get("stores/acme"), 404, "store_not_found")
    plane.make(engine="sandbox", cluster="north")
    problem(plane.post("stores/acme/scale", {"now": 2}), 409, "one_size")
    problem(plane.request("PATCH", "stores/acme", json={"plan": "growth"}), 409, "one_size")


def test_the_software_whose_image_is_set_is_the_usual_one(
    plane: Plane, sandbox: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane.make("first", cluster="north")
    assert stack_of(plane, "first")["engine"] == "magento"
    monkeypatch.setattr(plane.magento, "image", "")
    plane.make("second", cluster="north")
    assert stack_of(plane, "second")["engine"] == "sandbox"
    monkeypatch.setattr(sandbox, "image", "")
    asked = {"name": "third", "country": "DE", "engine": "sandbox", "cluster": "north"}
    said = problem(plane.post("stores", asked), 409, "image_missing")
    assert "images/sandbox" in said["action"]
    assert "STORECTL_SANDBOX_IMAGE" in said["action"]


def test_a_rollout_goes_to_the_stores_of_its_software(plane: Plane, sandbox: FakeEngine) -> None:
    plane.make("real", cluster="north")
    plane.make("preview", cluster="north", engine="sandbox")

    def planned(**body: Any) -> list[str]:
        dry = plane.post("images/rollouts", {"image": "r.example.com/a:9", "dryRun": True, **body})
        return [store["name"] for store in dry.json()["stores"]]

    assert planned() == ["real"]
    assert planned(engine="sandbox") == ["preview"]
    other = {"image": "r.example.com/a:9", "engine": "other"}
    problem(plane.post("images/rollouts", other), 422, "unknown_engine")


def test_an_autoscaler_without_figures_is_told_and_the_store_is_ready(plane: Plane) -> None:
    plane.make(cluster="north", plan="growth")
    uid = stack_of(plane)["uid"]
    plane.remote.unseen[uid] = "failed to get cpu utilization: the server could not find metrics"
    plane.look_again()
    found = plane.get("stores/acme").json()
    assert found["status"]["phase"] == "Ready"
    (condition,) = (it for it in found["stack"]["conditions"] if it["type"] == "Autoscaling")
    assert condition["status"] == "False"
    assert "could not find metrics" in condition["message"]
    events = plane.get("stores/acme/events").json()["items"]
    assert [it["reason"] for it in events].count("AutoscalerBlind") == 1
    plane.remote.unseen.clear()
    plane.look_again()
    found = plane.get("stores/acme").json()["stack"]["conditions"]
    assert next(it["status"] for it in found if it["type"] == "Autoscaling") == "True"
