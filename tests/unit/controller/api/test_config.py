"""Settings and secrets over the API: the plan, drift by its policy, a push, what stays inside."""

from typing import Any

import pytest

from tests.planes import Plane, follow, problem

PRICE = "default||carriers/flatrate/price"
SECRET = "sk_test_canary0000009876"
STRIPE = {
    "payments": ["check", "stripe"],
    "gateways": {"stripe": {"mode": "test", "publishableKey": "pk_test_12345678"}},
}


def change_in_the_shop(plane: Plane, value: str) -> None:
    (held,) = plane.driver.held.values()
    held.drift = {PRICE: value}
    plane.look_again()


def field(plane: Plane, name: str = "shipping.flatRate") -> dict[str, Any]:
    found = plane.get("stores/acme/config").json()
    (one,) = [item for item in found["fields"] if item["field"] == name]
    return dict(one)


def test_the_plan_shows_what_is_wanted_and_what_the_shop_has(plane: Plane) -> None:
    plane.make()
    found = plane.get("stores/acme/config").json()
    assert (found["kind"], found["store"], found["inSync"]) == ("Config", "acme", True)
    assert field(plane) == {
        "field": "shipping.flatRate",
        "desired": "4.90",
        "actual": "4.90",
        "standing": "same",
        "origin": "database",
        "policy": "revert",
        "secret": False,
        "settings": [
            {
                "key": PRICE,
                "desired": "4.90",
                "actual": "4.90",
                "standing": "same",
                "origin": "database",
            }
        ],
    }


def test_a_change_in_the_shop_is_reverted_unless_a_policy_says_otherwise(plane: Plane) -> None:
    plane.make()
    change_in_the_shop(plane, "99")
    assert field(plane)["standing"] == "same"
    reasons = [event["reason"] for event in plane.get("stores/acme/events").json()["items"]]
    assert reasons[-1] == "DriftReverted"


def test_a_change_in_the_shop_is_told_and_left(plane: Plane) -> None:
    plane.make(drift={"shipping": "warn"})
    change_in_the_shop(plane, "99")
    assert field(plane)["standing"] == "drifted"
    assert field(plane)["actual"] == "99"
    store = plane.get("stores/acme").json()
    assert store["status"]["phase"] == "Ready"
    events = plane.get("stores/acme/events").json()["items"]
    assert (events[-1]["reason"], events[-1]["severity"]) == ("DriftLeft", "Warning")
    plane.look_again()
    assert plane.get("stores/acme/events").json()["items"] == events
    pushed = follow(plane, plane.post("stores/acme/config/push"))
    assert pushed["spec"]["operation"] == "push"
    assert pushed["status"]["state"] == "succeeded"
    assert field(plane)["standing"] == "same"


def test_a_change_in_the_shop_is_adopted(plane: Plane) -> None:
    plane.make(drift={"shipping.flatRate": "adopt"})
    change_in_the_shop(plane, "7.5")
    store = plane.get("stores/acme").json()
    assert store["spec"]["shipping"]["flatRate"] == "7.50"
    assert store["metadata"]["generation"] == 2
    assert store["status"]["phase"] == "Ready"
    reasons = [event["reason"] for event in plane.get("stores/acme/events").json()["items"]]
    assert "Adopted" in reasons


def test_a_change_that_makes_no_sense_is_told_and_not_adopted(plane: Plane) -> None:
    plane.make(drift={"shipping.flatRate": "adopt"})
    change_in_the_shop(plane, "cheap")
    store = plane.get("stores/acme").json()
    assert store["spec"]["shipping"]["flatRate"] == "4.90"
    (found,) = [item for item in store["status"]["conditions"] if item["type"] == "Configured"]
    assert (found["status"], found["reason"]) == ("False", "AdoptionRefused")


def test_a_secret_goes_in_and_never_comes_back(plane: Plane) -> None:
    plane.make(**STRIPE)
    answer = plane.request("PUT", "stores/acme/secrets/stripe.secretKey", json={"value": SECRET})
    assert follow(plane, answer)["status"]["state"] == "succeeded"
    listed = plane.get("stores/acme/secrets").json()["items"]
    assert [item["metadata"]["name"] for item in listed] == ["stripe.secretKey"]
    assert listed[0]["status"]["last4"] == "9876"
    for path in ("secrets", "config", "events"):
        assert "canary" not in plane.get(f"stores/acme/{path}").text
    assert "canary" not in answer.text
    gone = plane.request("DELETE", "stores/acme/secrets/stripe.secretKey")
    assert follow(plane, gone)["status"]["state"] == "succeeded"
    again = plane.request("DELETE", "stores/acme/secrets/stripe.secretKey")
    problem(again, 404, "secret_not_found")


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        pytest.param("stripe.secretKey", "sk_live_12345678", "secret_mode", id="other-mode"),
        pytest.param("stripe.secretKey", "my dog", "malformed_secret", id="no-key"),
        pytest.param("stripe.publishableKey", "pk_test_1", "unknown_secret", id="no-secret"),
        pytest.param("paypal", "x", "unknown_secret", id="no-name"),
        pytest.param("sites.us.stripe.secretKey", SECRET, "unknown_secret", id="no-such-website"),
        pytest.param("sites.base.stripe.secretKey", SECRET, "unknown_secret", id="main-website"),
        pytest.param("access_token", "a-token", "unknown_secret", id="not-adopted"),
    ],
)
def test_what_is_no_secret_is_refused_without_being_repeated(
    plane: Plane, name: str, value: str, code: str
) -> None:
    plane.make(**STRIPE)
    answer = plane.request("PUT", f"stores/acme/secrets/{name}", json={"value": value})
    problem(answer, 422, code)
    assert value == "x" or value not in answer.text


def test_another_tenants_settings_are_not_there(plane: Plane, bob: str) -> None:
    plane.make()
    for method, path in (
        ("GET", "config"),
        ("POST", "config/push"),
        ("GET", "secrets"),
        ("DELETE", "secrets/stripe.secretKey"),
    ):
        answer = plane.request(method, f"stores/acme/{path}", token=bob)
        problem(answer, 404, "store_not_found")
    secret = {"value": SECRET}
    answer = plane.request("PUT", "stores/acme/secrets/stripe.secretKey", json=secret, token=bob)
    problem(answer, 404, "store_not_found")


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        pytest.param(
            {"shipping": {"freeFrom": "50"}},
            {"flatRate": "4.90", "freeFrom": "50.00"},
            id="what-is-not-named-stays",
        ),
        pytest.param(
            {"shipping": {"flatRate": None, "freeFrom": "0"}},
            {"flatRate": None, "freeFrom": "0.00"},
            id="null-takes-away",
        ),
    ],
)
def test_a_merge_patch_changes_what_it_names(
    plane: Plane, patch: dict[str, Any], expected: dict[str, Any]
) -> None:
    plane.make()
    answer = plane.request("PATCH", "stores/acme", json=patch)
    assert answer.status_code in {200, 202}, answer.text
    shipping = plane.get("stores/acme").json()["spec"]["shipping"]
    assert {name: shipping[name] for name in expected} == expected


def test_websites_are_added_changed_and_taken_away(plane: Plane) -> None:
    plane.make()
    us = {"sites": {"us": {"country": "US", "payments": ["check"]}}}
    follow(plane, plane.request("PATCH", "stores/acme", json=us))
    site = plane.get("stores/acme").json()["spec"]["sites"]["us"]
    assert (site["currencies"]["base"], site["payments"]) == ("USD", ["check"])
    more = {"sites": {"us": {"displayName": "Acme America"}}}
    follow(plane, plane.request("PATCH", "stores/acme", json=more))
    again = plane.get("stores/acme").json()["spec"]["sites"]["us"]
    assert again == {**site, "displayName": "Acme America"}
    follow(plane, plane.request("PATCH", "stores/acme", json={"sites": {"us": None}}))
    assert plane.get("stores/acme").json()["spec"]["sites"] == {}
    wrong = {"sites": {"US!": {"country": "ZZ"}}}
    body = problem(plane.request("PATCH", "stores/acme", json=wrong), 422, "invalid_input")
    assert {item["field"] for item in body["errors"]} == {"sites.US!.country"}


def test_options_of_providers_are_checked(plane: Plane) -> None:
    plane.make()
    said = {
        "payments": ["stripe"],
        "gateways": {"stripe": {"mode": "test", "publishableKey": "pk_live_12345678"}},
        "shipping": {"carriers": {"ups": {"account": "A1B2C3"}, "owl": {}}},
    }
    body = problem(plane.request("PATCH", "stores/acme", json=said), 422, "invalid_input")
    assert {item["field"] for item in body["errors"]} == {
        "gateways.stripe.publishableKey",
        "shipping.carriers.ups.mode",
        "shipping.carriers.owl",
    }


def test_only_the_operator_adopts_and_only_what_answers(plane: Plane, bob: str) -> None:
    access = {"url": "http://127.0.0.1:9", "accessToken": "a-long-token"}
    body = {"name": "mage", "country": "DE", "adopt": access}
    problem(plane.post("stores", body, token=bob), 403, "not_allowed")
    problem(plane.post("stores", body), 503, "shop_unreachable")
    odd = {**body, "adopt": {**access, "url": "ftp://127.0.0.1/"}}
    problem(plane.post("stores", odd), 422, "invalid_input")
    assert plane.get("stores/mage").status_code == 404
