"""Images of stores: kept once they ran, changed on purpose, rolled out a few at a time."""

from typing import Any

import pytest

from provisioners.base import DriverFailure
from tests.planes import Plane, follow, problem

OLD, NEW = "registry.example.com/shop:1", "registry.example.com/shop:2"
MISSING = "registry.example.com/shop:missing"


@pytest.fixture(autouse=True)
def _cluster(plane: Plane) -> Any:
    before, plane.magento.image = plane.magento.image, OLD
    body = {"name": "north", "inCluster": True, "domain": "shops.example.com", "capacity": 9}
    assert plane.post("clusters", body).status_code == 201
    yield
    plane.magento.image = before


def image_of(plane: Plane, name: str = "acme") -> str:
    """What runs in the cluster."""
    uid = plane.get(f"stores/{name}").json()["stack"]["uid"]
    runs = plane.remote.held[uid].runs
    assert runs is not None
    return str(runs.values["image"])


def put(plane: Plane, image: str, name: str = "acme") -> Any:
    return plane.request("PUT", f"stores/{name}/image", json={"image": image})


def advance(plane: Plane) -> None:
    for _ in range(10):
        plane.registry.rollouts.advance()
        plane.settle()


def standing(plane: Plane, rollout: Any) -> tuple[str, dict[str, str]]:
    status = plane.get(f"images/rollouts/{rollout.json()['metadata']['id']}").json()["status"]
    return status["state"], {store["name"]: store["state"] for store in status["stores"]}


def test_a_store_keeps_the_image_that_it_ran(plane: Plane) -> None:
    plane.make(cluster="north")
    plane.magento.image = "elsewhere.example.com/shop:9"
    plane.make("later", cluster="north")
    plane.look_again()
    assert (image_of(plane), image_of(plane, "later")) == (OLD, "elsewhere.example.com/shop:9")
    found = plane.get("images").json()
    assert found["default"] == {"magento": "elsewhere.example.com/shop:9"}
    assert [item["image"] for item in found["items"]] == [OLD, "elsewhere.example.com/shop:9"]


def test_a_store_that_never_ran_is_healed_by_the_corrected_setting(plane: Plane) -> None:
    plane.magento.image, plane.magento.silent = MISSING, True
    plane.make(cluster="north")
    assert image_of(plane) == MISSING
    plane.magento.image, plane.magento.silent = OLD, False
    plane.look_again()
    assert image_of(plane) == OLD
    assert plane.get("stores/acme").json()["status"]["phase"] == "Ready"


def test_another_image_is_an_operation_that_can_be_followed(plane: Plane) -> None:
    plane.make(cluster="north")
    done = follow(plane, put(plane, NEW))
    assert (done["spec"]["operation"], done["status"]["state"]) == ("image", "succeeded")
    assert [step["name"] for step in done["status"]["steps"]][:2] == ["try-image", "apply-release"]
    stack = plane.get("stores/acme").json()["stack"]
    assert (stack["image"], stack["version"], image_of(plane)) == (NEW, "2", NEW)
    assert put(plane, NEW).status_code == 200


def test_an_image_that_cannot_be_fetched_leaves_what_runs(plane: Plane) -> None:
    plane.make(cluster="north")
    failed = follow(plane, put(plane, MISSING))
    assert failed["status"]["error"]["code"] == "image_unpullable"
    assert "not found" in failed["status"]["error"]["message"]
    assert image_of(plane) == OLD
    # The corrected image heals it, and the former one would too.
    assert follow(plane, put(plane, NEW))["status"]["state"] == "succeeded"
    assert image_of(plane) == NEW


def test_what_is_no_image_or_has_no_cluster_is_refused_at_the_door(plane: Plane) -> None:
    plane.make(cluster="north")
    plane.make("here", engine="fake")
    problem(put(plane, "shop"), 422, "invalid_image")
    problem(put(plane, NEW, "here"), 409, "not_on_cluster")
    follow(plane, plane.post("stores/acme/retire"))
    problem(put(plane, NEW), 409, "wrong_state")


def test_all_stores_follow_one_another(plane: Plane) -> None:
    for name in ("cc", "aa", "bb"):
        plane.make(name, cluster="north")
    plane.make("here", engine="fake")
    dry = plane.post("images/rollouts", {"image": NEW, "dryRun": True}).json()
    assert [store["name"] for store in dry["stores"]] == ["aa", "bb", "cc"]
    rollout = plane.post("images/rollouts", {"image": NEW, "maxParallel": 2})
    plane.registry.rollouts.advance()
    # Whoever comes twice begins nothing twice.
    plane.registry.rollouts.advance()
    assert standing(plane, rollout)[1] == {"aa": "running", "bb": "running", "cc": "waiting"}
    problem(plane.post("images/rollouts", {"image": OLD}), 409, "rollout_open")
    advance(plane)
    assert standing(plane, rollout) == ("finished", dict.fromkeys(("aa", "bb", "cc"), "done"))
    assert {image_of(plane, name) for name in ("aa", "bb", "cc")} == {NEW}
    assert plane.post("images/rollouts", {"image": NEW}).json()["status"]["state"] == "finished"


def test_a_rollout_stops_at_the_first_failure_and_is_resumed(plane: Plane) -> None:
    for name in ("aa", "bb", "cc"):
        plane.make(name, cluster="north")
    rollout = plane.post("images/rollouts", {"image": MISSING})
    advance(plane)
    found = standing(plane, rollout)
    assert found == ("stopped", {"aa": "failed", "bb": "waiting", "cc": "waiting"})
    assert [image_of(plane, name) for name in ("aa", "bb", "cc")] == [OLD, OLD, OLD]
    again = plane.post(f"images/rollouts/{rollout.json()['metadata']['id']}/resume")
    assert again.json()["status"]["counts"]["waiting"] == 3
    advance(plane)
    # The first one is not well now: it is left out, and the next one fails as it did.
    found = standing(plane, rollout)
    assert found == ("stopped", {"aa": "skipped", "bb": "failed", "cc": "waiting"})
    assert plane.post("images/rollouts", {"image": NEW}).json()["status"]["state"] == "running"


def test_a_rollout_is_ended_by_hand(plane: Plane) -> None:
    for name in ("aa", "bb"):
        plane.make(name, cluster="north")
    rollout = plane.post("images/rollouts", {"image": NEW})
    plane.registry.rollouts.advance()
    plane.post(f"images/rollouts/{rollout.json()['metadata']['id']}/stop")
    advance(plane)
    # What had begun went on to its end.
    state, stores = standing(plane, rollout)
    assert (state, stores["bb"], image_of(plane, "aa"), image_of(plane, "bb")) == (
        "stopped",
        "waiting",
        NEW,
        OLD,
    )


def test_a_refused_image_is_tried_again_when_it_is_wanted_again(plane: Plane) -> None:
    plane.make(cluster="north")
    first = follow(plane, put(plane, MISSING))
    again = put(plane, MISSING)
    assert again.status_code == 202
    assert again.json()["metadata"]["id"] != first["metadata"]["id"]


def reasons(plane: Plane) -> set[str]:
    return {item["reason"] for item in plane.get("stores/acme/events").json()["items"]}


def test_a_store_closes_with_what_it_runs_whatever_image_was_refused(plane: Plane) -> None:
    plane.make(cluster="north")
    follow(plane, put(plane, MISSING))
    closed = follow(plane, plane.post("stores/acme/suspend"))
    assert closed["status"]["state"] == "succeeded"
    assert plane.get("stores/acme").json()["status"]["phase"] == "Suspended"
    assert image_of(plane) == OLD
    assert "ImageGivenUp" in reasons(plane)
    opened = follow(plane, plane.post("stores/acme/resume"))
    assert (opened["status"]["state"], image_of(plane)) == ("succeeded", OLD)


def test_a_store_closes_while_its_settings_are_refused(plane: Plane) -> None:
    plane.make(cluster="north")
    plane.magento.refuses = "no such payment method"
    plane.request("PATCH", "stores/acme", json={"weightUnit": "lbs"})
    plane.settle()
    closed = follow(plane, plane.post("stores/acme/suspend"))
    plane.magento.refuses = None
    assert closed["status"]["state"] == "succeeded"
    assert plane.get("stores/acme").json()["status"]["phase"] == "Suspended"


def test_what_cannot_show_that_it_is_closed_is_stopped(plane: Plane) -> None:
    plane.make(cluster="north")
    broken = DriverFailure("chart_broken", "template: web.yaml", transient=False)
    plane.remote.fail("apply", broken)
    closed = follow(plane, plane.post("stores/acme/suspend"))
    assert closed["status"]["state"] == "succeeded"
    found = plane.get("stores/acme").json()
    assert found["status"]["phase"] == "Suspended"
    assert [held.runs for held in plane.remote.held.values()] == [None]
    assert "ClosedByStopping" in reasons(plane)
    opened = follow(plane, plane.post("stores/acme/resume"))
    assert (opened["status"]["state"], image_of(plane)) == ("succeeded", OLD)


def test_a_store_that_never_ran_is_stopped_when_its_image_is_not_set_any_more(
    plane: Plane,
) -> None:
    plane.magento.silent = True
    plane.make(cluster="north")
    plane.magento.silent, plane.magento.image = False, ""
    retired = follow(plane, plane.post("stores/acme/retire"))
    assert retired["status"]["state"] == "succeeded"
