"""Who may do what, for every route that the app has: a route without a rule fails here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from tests.planes import OPERATOR, Plane


class Rule(StrEnum):
    """Who may use a route."""

    ANYBODY = "anybody"
    SCOPE = "whoever is signed in, for what is theirs"
    OPERATOR = "the operator"


@dataclass(frozen=True, kw_only=True)
class Use:
    """A rule, and how the route is used so that only the rule can refuse it."""

    rule: Rule
    body: dict[str, Any] | None = None
    query: dict[str, str] = field(default_factory=dict)
    meets: str = ""
    """What the operator meets, where it needs more than a store and a cluster of that name."""
    mine: bool = True
    """Whether its path names a thing that belongs to a tenant."""


STORE = {"country": "DE"}
IMAGE = {"image": "shop:1"}
NO_ROLLOUT = "rollout_not_found"
PARCEL = {"carrier": "ups", "number": "1"}
CLUSTER = {"name": "{name}", "domain": "shops.example.com", "inCluster": True}
RULES = {
    ("GET", "/stores"): Use(rule=Rule.SCOPE, mine=False),
    ("POST", "/stores"): Use(rule=Rule.SCOPE, body={"name": "fresh", **STORE}, mine=False),
    ("PUT", "/stores/{name}"): Use(rule=Rule.SCOPE, body=STORE, mine=False),
    ("GET", "/stores/{name}"): Use(rule=Rule.SCOPE),
    ("PATCH", "/stores/{name}"): Use(rule=Rule.SCOPE, body={"displayName": "New"}),
    ("POST", "/stores/{name}/suspend"): Use(rule=Rule.SCOPE),
    ("POST", "/stores/{name}/resume"): Use(rule=Rule.SCOPE),
    ("POST", "/stores/{name}/retire"): Use(rule=Rule.SCOPE),
    ("POST", "/stores/{name}/scale"): Use(rule=Rule.OPERATOR, body={}, mine=False),
    ("PUT", "/stores/{name}/image"): Use(
        rule=Rule.OPERATOR, body=IMAGE, mine=False, meets="not_on_cluster"
    ),
    ("GET", "/images"): Use(rule=Rule.OPERATOR, mine=False),
    ("POST", "/images/rollouts"): Use(rule=Rule.OPERATOR, body=IMAGE, mine=False),
    ("GET", "/images/rollouts"): Use(rule=Rule.OPERATOR, mine=False),
    ("GET", "/images/rollouts/{rollout_id}"): Use(rule=Rule.OPERATOR, mine=False, meets=NO_ROLLOUT),
    ("POST", "/images/rollouts/{rollout_id}/stop"): Use(
        rule=Rule.OPERATOR, mine=False, meets=NO_ROLLOUT
    ),
    ("POST", "/images/rollouts/{rollout_id}/resume"): Use(
        rule=Rule.OPERATOR, mine=False, meets=NO_ROLLOUT
    ),
    ("POST", "/stores/{name}/undelete"): Use(rule=Rule.SCOPE),
    ("POST", "/stores/{name}/extend"): Use(rule=Rule.SCOPE, body={"by": "2h"}),
    ("GET", "/stores/{name}/backups"): Use(rule=Rule.SCOPE, meets="no_backups"),
    ("POST", "/stores/{name}/backups"): Use(rule=Rule.SCOPE, meets="no_backups"),
    ("POST", "/stores/{name}/restores"): Use(
        rule=Rule.SCOPE, body={"backup": "latest"}, meets="no_backups"
    ),
    ("POST", "/stores/{name}/purge"): Use(rule=Rule.SCOPE, body={"confirm": "{name}"}),
    ("POST", "/stores/{name}/login-link"): Use(rule=Rule.SCOPE),
    ("GET", "/stores/{name}/logs"): Use(rule=Rule.SCOPE),
    ("GET", "/stores/{name}/events"): Use(rule=Rule.SCOPE),
    ("GET", "/stores/{name}/why"): Use(rule=Rule.SCOPE),
    ("GET", "/stores/{name}/config"): Use(rule=Rule.SCOPE),
    ("POST", "/stores/{name}/config/push"): Use(rule=Rule.SCOPE),
    ("GET", "/stores/{name}/secrets"): Use(rule=Rule.SCOPE),
    ("PUT", "/stores/{name}/secrets/{secret}"): Use(rule=Rule.SCOPE, body={"value": "x"}),
    ("DELETE", "/stores/{name}/secrets/{secret}"): Use(rule=Rule.SCOPE),
    ("GET", "/stores/{name}/orders"): Use(rule=Rule.SCOPE),
    ("GET", "/stores/{name}/orders/{number}"): Use(rule=Rule.SCOPE),
    ("GET", "/stores/{name}/orders/{number}/shipments"): Use(rule=Rule.SCOPE),
    ("POST", "/stores/{name}/orders/{number}/shipments"): Use(rule=Rule.SCOPE, body=PARCEL),
    ("POST", "/stores/{name}/orders/{number}/shipments/{shipment}/tracks"): Use(
        rule=Rule.SCOPE, body=PARCEL
    ),
    ("GET", "/events"): Use(rule=Rule.SCOPE, mine=False),
    ("GET", "/operations"): Use(rule=Rule.SCOPE, mine=False),
    ("GET", "/operations/{operation_id}"): Use(rule=Rule.SCOPE),
    ("POST", "/operations/{operation_id}/retry"): Use(rule=Rule.SCOPE),
    ("GET", "/operations/{operation_id}/events"): Use(rule=Rule.SCOPE),
    ("GET", "/tenants"): Use(rule=Rule.SCOPE, mine=False),
    ("GET", "/tenants/{uid}"): Use(rule=Rule.SCOPE),
    ("GET", "/tokens"): Use(rule=Rule.SCOPE, mine=False),
    ("POST", "/tokens"): Use(rule=Rule.SCOPE, body={"displayName": "x"}, mine=False),
    ("DELETE", "/tokens/{uid}"): Use(rule=Rule.SCOPE),
    ("GET", "/audit"): Use(rule=Rule.OPERATOR, query={"subject": "x"}, mine=False),
    ("GET", "/fleet"): Use(rule=Rule.OPERATOR, mine=False),
    ("GET", "/clusters"): Use(rule=Rule.OPERATOR, mine=False),
    ("POST", "/clusters"): Use(rule=Rule.OPERATOR, body=CLUSTER, mine=False),
    ("GET", "/clusters/{cluster}"): Use(rule=Rule.OPERATOR, mine=False),
    ("PATCH", "/clusters/{cluster}"): Use(rule=Rule.OPERATOR, body={"region": "eu"}, mine=False),
    ("POST", "/clusters/{cluster}/drain"): Use(rule=Rule.OPERATOR, mine=False),
    ("POST", "/clusters/{cluster}/activate"): Use(rule=Rule.OPERATOR, mine=False),
    ("DELETE", "/clusters/{cluster}"): Use(rule=Rule.OPERATOR, mine=False),
    ("GET", "/plans"): Use(rule=Rule.SCOPE, mine=False),
    ("GET", "/rates"): Use(rule=Rule.SCOPE, mine=False),
    ("POST", "/rates/refresh"): Use(rule=Rule.OPERATOR, mine=False),
    ("POST", "/rates/approve"): Use(rule=Rule.OPERATOR, mine=False),
    ("GET", "/stores/{name}/rates"): Use(rule=Rule.SCOPE),
    ("GET", "/countries"): Use(rule=Rule.ANYBODY, mine=False),
    ("GET", "/countries/{code}"): Use(rule=Rule.ANYBODY, mine=False),
    ("GET", "/names/{name}"): Use(rule=Rule.ANYBODY, mine=False),
}
OUTSIDE = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")}
"""Below no /api/v1; anybody may ask."""

OF_SCOPE = sorted(key for key, use in RULES.items() if use.rule is not Rule.ANYBODY)
OF_A_TENANT = sorted(key for key, use in RULES.items() if use.mine)
OF_THE_OPERATOR = sorted(key for key, use in RULES.items() if use.rule is Rule.OPERATOR)


def described(app: FastAPI) -> set[tuple[str, str]]:
    return {
        (method.upper(), path)
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }


def routed(routes: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every route of the app, those in no description too."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield from ((method, prefix + route.path) for method in route.methods)
        elif (inner := getattr(route, "original_router", None)) is not None:
            yield from routed(inner.routes, prefix + route.include_context.prefix)


def test_every_route_has_a_rule(plane: Plane) -> None:
    wanted = {(method, f"/api/v1{path}") for method, path in RULES} | OUTSIDE
    assert described(plane.app) == wanted
    hidden = set(routed(plane.app.routes)) - wanted
    assert wanted <= set(routed(plane.app.routes))
    # Pages are described nowhere and have rules of their own; none may hide below the API.
    assert {path for _, path in hidden if path.startswith("/api/")} <= {"/api/v1/docs"}


def call(plane: Plane, key: tuple[str, str], name: str, token: str | None) -> Any:
    """Use a route with `name` in the place of whatever its path names."""
    method, path = key
    use = RULES[key]
    body = use.body and {
        key: value.replace("{name}", name) if isinstance(value, str) else value
        for key, value in use.body.items()
    }
    url = re.sub(r"\{\w+\}", name, path.lstrip("/"))
    return plane.request(method, url, token=token, json=body, params=use.query)


@pytest.mark.parametrize("key", OF_SCOPE, ids=" ".join)
def test_nobody_gets_in_without_a_token(plane: Plane, key: tuple[str, str]) -> None:
    plane.post("stores", {"name": "acme", **STORE})
    before = plane.registry.journal.newest()
    for token in (None, "wrong", OPERATOR + "x", OPERATOR[:-1]):
        answer = call(plane, key, "acme", token)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert plane.registry.journal.newest() == before


@pytest.mark.parametrize("key", sorted(set(RULES) - set(OF_SCOPE)), ids=" ".join)
def test_anybody_may_ask_what_is_open(plane: Plane, key: tuple[str, str]) -> None:
    assert call(plane, key, "de", None).status_code == 200


@pytest.mark.parametrize(("method", "path"), sorted(OUTSIDE))
def test_anybody_may_probe(plane: Plane, method: str, path: str) -> None:
    assert plane.request(method, path, token=None).status_code == 200


@pytest.mark.parametrize("key", OF_THE_OPERATOR, ids=" ".join)
def test_tenants_may_not_do_what_is_the_operators(
    plane: Plane, ann: str, key: tuple[str, str]
) -> None:
    plane.post("stores", {"name": "acme", **STORE})
    plane.settle()
    plane.post("clusters", {**CLUSTER, "name": "acme"})
    answer = call(plane, key, "acme", ann)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    let_in = call(plane, key, "acme", OPERATOR)
    if RULES[key].meets:
        assert let_in.json()["code"] == RULES[key].meets
    else:
        assert let_in.status_code in {200, 202, 204}


def things(plane: Plane, token: str, name: str) -> dict[str, str]:
    """What a tenant has, by the path parameter that names it."""
    body = {"name": name, **STORE}
    operation = plane.post("stores", body, token=token).json()["metadata"]
    tokens = plane.get("tokens", token=token).json()["items"]
    return {
        "name": name,
        "store": plane.get(f"stores/{name}", token=token).json()["metadata"]["uid"],
        "operation_id": operation["id"],
        "uid": operation["tenant"],
        "token": tokens[0]["metadata"]["uid"],
    }


def named_by(key: tuple[str, str]) -> list[str]:
    """Which of a tenant's things a route's path can name."""
    if "/tokens/" in key[1]:
        return ["token"]
    parameter = re.findall(r"\{(\w+)\}", key[1])[0]
    return ["name", "store"] if parameter == "name" else [parameter]


@pytest.mark.parametrize("key", OF_A_TENANT, ids=" ".join)
def test_what_is_another_tenants_looks_like_nothing(
    plane: Plane, ann: str, bob: str, key: tuple[str, str]
) -> None:
    hers = things(plane, ann, "acme")
    before = plane.registry.journal.newest()
    for kind in named_by(key):
        there = hers[kind]
        missing = "none" if kind == "name" else there[:-4] + "zzzz"
        found, lost = (call(plane, key, item, bob) for item in (there, missing))
        assert found.status_code == lost.status_code == 404, found.text
        assert found.content.replace(there.encode(), missing.encode()) == lost.content
        assert dict(found.headers) == dict(lost.headers)
    assert plane.registry.journal.newest() == before
    assert plane.get("stores/acme", token=ann).json()["metadata"]["generation"] == 1
    assert plane.get("tenants", token=ann).status_code == 200


@pytest.mark.parametrize("key", OF_A_TENANT, ids=" ".join)
def test_what_is_ones_own_is_found(plane: Plane, ann: str, key: tuple[str, str]) -> None:
    hers = things(plane, ann, "acme")
    # A stream of its operation ends only with the operation.
    plane.settle()
    for kind in named_by(key):
        answer = call(plane, key, hers[kind], ann)
        # The store is found; what its shop does not have is another matter.
        missing = {"order_not_found", "secret_not_found"}
        if answer.status_code != 404 or answer.json()["code"] not in missing:
            assert answer.status_code not in {401, 403, 404}


def test_lists_hold_only_ones_own(plane: Plane, ann: str, bob: str) -> None:
    hers = things(plane, ann, "acme")
    his = things(plane, bob, "bobs")
    for path in (
        "stores",
        f"stores?tenant={hers['uid']}",
        "operations",
        "events",
        "tenants",
        "tokens",
        f"tokens?tenant={hers['uid']}",
    ):
        text = plane.get(path, token=bob).text
        assert not any(thing in text for thing in hers.values()), path
        assert any(thing in text for thing in his.values()), path
    assert plane.get("operations?store=acme", token=bob).status_code == 404


def test_a_tenant_cannot_apply_over_another_tenants_store(plane: Plane, ann: str, bob: str) -> None:
    plane.make(token=ann)
    for path in ("stores/acme", "stores/acme?dryRun=true"):
        answer = plane.request("PUT", path, token=bob, json=STORE)
        assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")


def test_a_tenant_makes_tokens_for_itself_only(plane: Plane, ann: str, bob: str) -> None:
    hers = plane.get("tenants", token=ann).json()["items"][0]["metadata"]["uid"]
    for other in (hers, "nobody"):
        body = {"displayName": "x", "tenant": other}
        answer = plane.post("tokens", body, token=bob)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    made = plane.post("tokens", {"displayName": "x"}, token=bob).json()
    assert plane.get("audit?subject=x", token=made["token"]).status_code == 403


def test_a_tenant_cannot_name_another_owner(plane: Plane, ann: str) -> None:
    body = {"name": "acme", "country": "DE", "email": "victim@example.com"}
    plane.post("stores", body, token=ann)
    assert plane.get("stores/acme", token=ann).json()["metadata"]["owner"] == "ann@example.com"
    assert plane.registry.tenants.of_owner("victim@example.com") is None
