"""`GET /stores/{name}/why`: the chain, the probable cause, and what is never told."""

from typing import Any

import pytest

from controller.domain.diagnoses import DIAGNOSES, OWNERS_ACTION, diagnose
from controller.domain.errors.shops import ShopUntrustedError
from controller.i18n import LANGUAGES, translator
from provisioners.base import DriverFailure, Reason
from provisioners.kubernetes.causekinds import CauseKind
from tests.planes import Plane, problem

POD = "pod/acme-web-5d9c-x2x1"


@pytest.fixture(autouse=True)
def _cluster(plane: Plane) -> None:
    body = {"name": "north", "inCluster": True, "domain": "shops.example.com"}
    assert plane.post("clusters", body).status_code == 201


def why(plane: Plane, **options: Any) -> dict[str, Any]:
    answer = plane.get("stores/acme/why", **options)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["status"]
    return found


def layers(found: dict[str, Any]) -> dict[str, str]:
    return {layer["layer"]: layer["state"] for layer in found["layers"]}


def layer(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(item for item in found["layers"] if item["layer"] == name)


def test_a_store_that_sells_has_nothing_wrong(plane: Plane) -> None:
    plane.make()
    found = why(plane)
    assert layers(found) == dict.fromkeys(
        ("store", "operation", "cluster", "infrastructure", "release", "pods", "shop"), "ok"
    )
    assert found["cause"]["code"] == "nothing"
    assert layer(found, "cluster")["message"] == "“north” answers (Kubernetes 1.34.1)."
    assert found["strangers"] == []


def test_a_store_beside_the_control_plane_has_fewer_layers(plane: Plane) -> None:
    plane.make(engine="fake")
    found = why(plane)
    assert list(layers(found)) == ["store", "operation", "cluster", "release", "shop"]
    assert "on no cluster" in layer(found, "cluster")["message"]


def test_the_pod_and_its_event_are_named(plane: Plane) -> None:
    plane.make()
    message = 'Back-off pulling image "shops/magento:2.4.8"'
    plane.remote.reasons = (
        Reason(
            kind="image_pull",
            thing=POD,
            container="php",
            message=message,
            event="Failed",
            part="web",
            about="shops/magento:2.4.8",
        ),
        Reason(kind="starting", thing="deployment/web", message="not every pod is ready yet"),
    )
    plane.remote.others = ("configmap/of-somebody",)
    found = why(plane)
    assert layer(found, "pods")["reasons"][0] == {
        "kind": "image_pull",
        "thing": POD,
        "container": "php",
        "message": message,
        "event": "Failed",
        "part": "web",
        "about": "shops/magento:2.4.8",
    }
    assert found["cause"]["message"] == "The image of “web” cannot be fetched."
    assert "shops/magento:2.4.8" in found["cause"]["action"]
    assert "STORECTL_MAGENTO_IMAGE" in found["cause"]["action"]
    assert found["cause"]["command"] == "storectl events acme"
    assert found["strangers"] == ["configmap/of-somebody"]


def test_owners_get_the_cause_and_not_what_their_shop_is_made_of(plane: Plane, ann: str) -> None:
    plane.make(token=ann)
    named = {"part": "web", "about": "node-of-ours"}
    plane.remote.reasons = (
        Reason(kind="out_of_memory", thing=POD, container="php", message="m", **named),
    )
    plane.remote.others = ("configmap/of-somebody",)
    answer = plane.get("stores/acme/why", token=ann)
    found = answer.json()["status"]
    assert list(layers(found)) == ["store", "operation", "cluster", "pods", "shop"]
    assert found["cause"]["message"] == "“web” needs more memory than its plan gives it."
    assert found["cause"]["action"] == OWNERS_ACTION
    assert found["cause"]["command"] is None
    for inner in (POD, "north", "configmap", "php", "node-of-ours"):
        assert inner not in answer.text


def test_a_larger_plan_is_proposed_where_room_is_short(plane: Plane) -> None:
    plane.make(plan="growth")
    plane.remote.reasons = (Reason(kind="quota_exceeded", thing="deployment/web", message="m"),)
    assert why(plane)["cause"]["command"] == "storectl plan set acme scale"


def test_an_unreachable_cluster_is_the_cause_and_asked_nothing(plane: Plane) -> None:
    plane.make()
    assert plane.registry.clusters.lost("north", "connection refused")
    plane.remote.fail("status", DriverFailure("cluster_unreachable", "must not be asked"))
    found = why(plane)
    place = layer(found, "cluster")
    assert (place["state"], place["message"]) == (
        "problem",
        "The cluster does not answer: connection refused",
    )
    assert place["since"]
    assert {layers(found)[name] for name in ("release", "pods", "shop")} == {"unknown"}
    assert found["cause"]["code"] == "place_silent"
    assert found["cause"]["command"] == "storectl cluster get north"


def test_an_outage_that_nobody_noticed_yet_is_the_cause_too(plane: Plane) -> None:
    plane.make()
    plane.remote.fail("status", DriverFailure("cluster_unreachable", "no route to host"))
    found = why(plane)
    assert "no route to host" in layer(found, "cluster")["message"]
    assert layers(found)["pods"] == "unknown"
    assert found["cause"]["code"] == "place_silent"


def test_pods_that_cannot_be_looked_at_are_unknown(plane: Plane) -> None:
    plane.make()
    plane.remote.fail("why", DriverFailure("cluster_busy", "too many requests"))
    found = why(plane)
    assert layers(found)["pods"] == "unknown"
    assert "too many requests" in layer(found, "pods")["message"]
    assert found["cause"]["code"] == "nothing"


def test_a_failed_operation_is_the_cause_with_its_next_action(plane: Plane) -> None:
    plane.magento.refuses = "no such currency"
    operation = plane.make()
    found = why(plane)
    at = layer(found, "operation")
    assert (at["state"], at["code"], at["step"]) == ("problem", "settings_refused", "configure")
    assert at["message"] == "The shop refused settings: no such currency"
    assert found["cause"]["code"] == "settings_refused"
    assert found["cause"]["command"] == f"storectl op retry {operation['metadata']['id']}"
    unmet = {item["type"] for item in layer(found, "store")["conditions"]}
    assert unmet >= {"Configured", "Selling"}


def test_what_is_at_work_is_no_fault(plane: Plane) -> None:
    accepted = plane.post("stores", {"name": "acme", "country": "DE"}).json()
    found = why(plane)
    assert layers(found)["operation"] == "ok"
    assert layer(found, "release")["message"] == "It does not run."
    assert found["cause"]["code"] == "release_behind"
    assert accepted["metadata"]["id"]


def test_a_store_that_was_taken_out_of_service_is_well(plane: Plane) -> None:
    plane.make()
    plane.post("stores/acme/retire")
    plane.settle()
    found = why(plane)
    assert layers(found)["shop"] == "ok"
    assert found["cause"]["code"] == "retired"
    assert found["cause"]["command"] == "storectl undelete acme"


def test_secrets_are_taken_out_of_what_was_said(plane: Plane) -> None:
    plane.make()
    stack = plane.get("stores/acme").json()["stack"]["uid"]
    token = plane.remote.held[stack].secrets["access_token"]  # type: ignore[index]
    message = f"env MAGENTO={token} DB_PASSWORD=hunter22 mysql://shop:hunter33@db Bearer abc.def"
    plane.remote.reasons = (Reason(kind="crash_loop", thing=POD, message=message),)
    text = plane.get("stores/acme/why").text
    for secret in (token, "hunter22", "hunter33", "abc.def"):
        assert secret not in text
    assert "mysql://shop:••••@db" in text


def test_a_store_that_is_not_there_is_not_explained(plane: Plane) -> None:
    problem(plane.get("stores/none/why"), 404, "store_not_found")


PARAMS = {"store": "acme", "cluster": "north", "operation": "op", "larger": "growth"}


def test_every_cause_that_a_cluster_can_name_is_explained() -> None:
    assert {str(kind) for kind in CauseKind} <= set(DIAGNOSES)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("code", DIAGNOSES)
def test_every_diagnosis_is_said_in_every_language(code: str, lang: str) -> None:
    for owner in (False, True):
        said = diagnose(code, PARAMS, translator(lang).gettext, owner=owner)
        assert said.message
        assert said.action
        assert "%(" not in said.message + said.action
    assert (DIAGNOSES[code].command % PARAMS).startswith("storectl ")


def test_a_shop_that_runs_and_is_not_reached_points_at_the_way(plane: Plane) -> None:
    plane.make()
    stack = plane.get("stores/acme").json()["stack"]
    plane.magento.silent = True
    found = why(plane)
    said = f"The shop does not answer at {stack['endpoint']}: no whole answer in 2 s"
    assert layer(found, "shop")["message"] == said
    assert found["cause"]["code"] == "not_reached"


def test_a_certificate_that_is_not_trusted_is_the_cause_and_the_operators(
    plane: Plane, ann: str
) -> None:
    plane.make(token=ann)
    plane.magento.barred = ShopUntrustedError(host="acme.shops.example.com", detail="self-signed")
    found = why(plane)
    said = "The certificate of acme.shops.example.com is not trusted: self-signed"
    assert layer(found, "shop")["message"] == said
    assert (found["cause"]["code"], found["cause"]["message"]) == ("shop_untrusted", said)
    assert "SSL_CERT_FILE" in found["cause"]["action"]
    owned = plane.get("stores/acme/why", token=ann)
    assert owned.json()["status"]["cause"]["code"] == "platform"
    assert "SSL_CERT_FILE" not in owned.text


def test_the_part_that_is_not_ready_is_told_once_and_to_the_operator_alone(
    plane: Plane, ann: str
) -> None:
    plane.remote.unready = f"{POD}: image_pull"
    plane.post("stores", {"name": "acme", "country": "DE"}, token=ann)
    plane.settle()
    plane.remote.reasons = (Reason(kind="image_pull", thing=POD, message="m"),)
    found = why(plane)
    at = layer(found, "operation")
    assert (at["step"], at["message"]) == ("await-engine", "The shop is starting.")
    answer = plane.get("stores/acme/why", token=ann)
    assert answer.json()["status"]["cause"]["code"] == "image_pull"
    assert POD not in answer.text
