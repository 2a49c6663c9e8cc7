"""What each route does when it is used as documented."""

from typing import Any

import pytest

from controller.bootstrap.wiring import __version__
from controller.domain.conditions import Phase
from controller.domain.errors.base import explain
from controller.domain.operations import PLANNED_STEPS, OperationKind
from controller.domain.tenant import Scope
from controller.i18n import translator
from controller.registry.leases import Kind, Leases, Ref
from provisioners.base import DriverFailure, LogQuery
from tests.planes import Plane, follow, problem

# --- stores ---------------------------------------------------------------------------------------


def test_a_store_is_created_and_comes_up(plane: Plane) -> None:
    body = {"name": "acme", "country": "DE", "email": "Owner@Example.com", "labels": {"a": "b"}}
    answer = plane.post("stores", body)
    accepted = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/api/v1/operations/{accepted['metadata']['id']}"
    assert accepted["kind"] == "Operation"
    assert accepted["spec"]["operation"] == "create"
    assert accepted["spec"]["store"] == "acme"
    assert accepted["status"]["state"] == "pending"
    assert [step["name"] for step in accepted["status"]["steps"]] == list(
        PLANNED_STEPS[OperationKind.CREATE]
    )
    operation = follow(plane, answer)
    assert operation["status"]["state"] == "succeeded"
    assert {step["state"] for step in operation["status"]["steps"]} == {"done"}
    assert all(step["title"] and step["finishedAt"] for step in operation["status"]["steps"])

    answer = plane.get("stores/acme")
    store = answer.json()
    assert answer.headers["etag"].startswith('"1.')
    assert store["metadata"]["name"] == "acme"
    assert store["metadata"]["owner"] == "owner@example.com"
    assert store["metadata"]["labels"] == {"a": "b"}
    assert store["metadata"]["desired"] == "active"
    assert store["metadata"]["createdAt"].endswith("Z")
    assert store["spec"] == {
        "displayName": "Acme",
        "country": "DE",
        "locales": ["de_DE"],
        "timezone": "Europe/Berlin",
        "weightUnit": "kgs",
        "contact": {"email": None, "phone": None},
        "mail": None,
        "currencies": {
            "base": "EUR",
            "default": "EUR",
            "allowed": ["EUR"],
            "markupBps": 0,
            "pins": {},
        },
        "gateways": {},
        "taxRates": [],
        "sites": {},
        "drift": {},
        "payments": store["spec"]["payments"],
        "shipping": store["spec"]["shipping"],
        "pricesIncludeTax": True,
        "engine": "fake",
        "plan": "starter",
        "scale": None,
        "expiresAt": None,
    }
    assert store["status"]["phase"] == "Ready"
    assert store["status"]["ready"] is True
    unmet = [item for item in store["status"]["conditions"] if item["status"] != "True"]
    assert [(item["type"], item["reason"]) for item in unmet] == [("Mailing", "MailNotSetUp")]
    assert plane.get(f"stores/{store['metadata']['uid']}").json() == store


def test_what_is_said_beats_the_country(plane: Plane) -> None:
    said = {
        "displayName": "Tè & Caffè",
        "locales": ["it_IT", "de-CH"],
        "timezone": "Europe/Zurich",
        "weightUnit": "lbs",
        "currencies": {"base": "CHF", "default": "EUR", "allowed": ["CHF", "USD"]},
        "payments": ["check"],
        "shipping": {
            "flatRate": "7.50",
            "freeFrom": "100.00",
            "tableRates": None,
            "origin": {"region": "", "postcode": "8001", "city": "Zürich", "street": ""},
            "carriers": {},
        },
        "pricesIncludeTax": False,
    }
    plane.make("caffe", **said)
    spec = plane.get("stores/caffe").json()["spec"]
    wanted = {
        **said,
        "locales": ["it_IT", "de_CH"],
        "currencies": {
            "base": "CHF",
            "default": "EUR",
            "allowed": ["CHF", "USD", "EUR"],
            "markupBps": 0,
            "pins": {},
        },
    }
    assert {name: spec[name] for name in wanted} == wanted


def test_creating_the_same_again_is_the_last_operation(plane: Plane) -> None:
    first = plane.make()
    again = plane.post("stores", {"name": "acme", "country": "DE"})
    assert again.status_code == 200
    assert again.json()["metadata"]["id"] == first["metadata"]["id"]
    assert again.headers["location"].endswith(first["metadata"]["id"])


def test_creating_another_under_the_same_name_is_a_conflict(plane: Plane) -> None:
    plane.make()
    answer = plane.post("stores", {"name": "acme", "country": "FR"})
    body = problem(answer, 409, "store_exists_differs")
    assert "country" in body["params"]["fields"]


def test_a_name_of_somebody_else_is_taken(plane: Plane, ann: str, bob: str) -> None:
    plane.make(token=ann)
    answer = plane.post("stores", {"name": "acme", "country": "DE"}, token=bob)
    problem(answer, 409, "name_taken")


def test_a_time_to_live_ends_a_store(plane: Plane) -> None:
    plane.make("pipeline", ttl="2h")
    assert plane.get("stores/pipeline").json()["spec"]["expiresAt"].endswith("Z")
    lifted = plane.request("PATCH", "stores/pipeline", json={"expiresAt": None})
    assert follow(plane, lifted)["status"]["state"] == "succeeded"
    assert plane.get("stores/pipeline").json()["spec"]["expiresAt"] is None


def test_stores_are_listed_in_pages(plane: Plane) -> None:
    for number in range(5):
        plane.post("stores", {"name": f"shop-{number}", "country": "DE", "labels": {"n": "1"}})
    plane.make("another")
    first = plane.get("stores?limit=4").json()
    assert first["kind"] == "StoreList"
    assert first["metadata"]["next"] is not None
    rest = plane.get("stores", params={"limit": 4, "after": first["metadata"]["next"]}).json()
    found = [item["metadata"]["name"] for item in (*first["items"], *rest["items"])]
    assert found == ["another", *(f"shop-{number}" for number in range(5))]
    assert rest["metadata"]["next"] is None
    labelled = plane.get("stores", params={"label": "n=1", "search": "shop", "limit": 2}).json()
    assert [item["metadata"]["name"] for item in labelled["items"]] == ["shop-0", "shop-1"]
    assert len(plane.get("stores?phase=Ready").json()["items"]) == 6
    assert plane.get("stores?phase=Retired").json()["items"] == []


def test_applying_creates_then_changes_then_does_nothing(plane: Plane) -> None:
    body = {"country": "DE", "displayName": "One"}
    created = plane.request("PUT", "stores/acme", json=body)
    assert created.json()["spec"]["operation"] == "create"
    follow(plane, created)
    same = plane.request("PUT", "stores/acme", json=body)
    assert same.status_code == 200
    assert same.json()["metadata"]["id"] == created.json()["metadata"]["id"]
    changed = plane.request("PUT", "stores/acme", json={**body, "displayName": "Two"})
    assert follow(plane, changed)["spec"]["operation"] == "change"
    assert plane.get("stores/acme").json()["spec"]["displayName"] == "Two"


def test_a_dry_run_says_what_differs_and_does_nothing(plane: Plane) -> None:
    body = {"country": "DE", "displayName": "One"}
    fresh = plane.request("PUT", "stores/acme?dryRun=true", json=body).json()
    assert (fresh["kind"], fresh["exists"]) == ("Diff", False)
    assert plane.get("stores/acme").status_code == 404
    plane.make(displayName="One")
    differs = plane.request("PUT", "stores/acme?dryRun=true", json={**body, "displayName": "Two"})
    assert differs.status_code == 200
    assert differs.json() == {
        "apiVersion": "storectl/v1",
        "kind": "Diff",
        "store": "acme",
        "exists": True,
        "changes": [{"field": "displayName", "from": "One", "to": "Two"}],
    }
    same = plane.request("PUT", "stores/acme?dryRun=true", json=body).json()
    assert (same["exists"], same["changes"]) == (True, [])
    assert plane.get("stores/acme").json()["metadata"]["generation"] == 1


def test_a_patch_changes_what_it_names(plane: Plane) -> None:
    plane.make(labels={"a": "1"}, displayName="Old")
    before = plane.get("stores/acme").json()["spec"]
    patch = {"displayName": "New", "currencies": {"base": "USD"}, "labels": {"b": "2"}}
    follow(plane, plane.request("PATCH", "stores/acme", json=patch))
    store = plane.get("stores/acme").json()
    usd = {"base": "USD", "default": "USD", "allowed": ["USD"], "markupBps": 0, "pins": {}}
    assert store["spec"] == {**before, "displayName": "New", "currencies": usd}
    assert store["metadata"]["labels"] == {"b": "2"}
    assert plane.request("PATCH", "stores/acme", json={}).status_code == 200


@pytest.mark.parametrize("patch", [{"payments": []}, {"locales": []}], ids=str)
def test_a_patch_to_nothing_at_all_is_refused(plane: Plane, patch: dict[str, Any]) -> None:
    plane.make()
    body = problem(plane.request("PATCH", "stores/acme", json=patch), 422, "invalid_input")
    assert [item["field"] for item in body["errors"]] == list(patch)


def test_a_change_honours_if_match(plane: Plane) -> None:
    plane.make()
    etag = plane.get("stores/acme").headers["etag"]
    for method, path, body in (
        ("PATCH", "stores/acme", {"displayName": "New"}),
        ("PUT", "stores/acme", {"country": "DE", "displayName": "Newer"}),
    ):
        old = {"If-Match": '"99"'}
        problem(plane.request(method, path, json=body, headers=old), 412, "precondition_failed")
    answer = plane.request(
        "PATCH", "stores/acme", json={"displayName": "New"}, headers={"If-Match": etag}
    )
    follow(plane, answer)
    assert plane.get("stores/acme").headers["etag"] != etag
    anything = {"If-Match": "*"}
    answer = plane.request("PATCH", "stores/acme", json={"weightUnit": "lbs"}, headers=anything)
    follow(plane, answer)


def test_the_life_cycle_from_open_to_gone(plane: Plane) -> None:
    plane.make()
    uid = plane.get("stores/acme").json()["metadata"]["uid"]

    def phase() -> str:
        return str(plane.get(f"stores/{uid}").json()["status"]["phase"])

    follow(plane, plane.post("stores/acme/suspend"))
    assert phase() == Phase.SUSPENDED
    assert plane.post("stores/acme/suspend").status_code == 200
    follow(plane, plane.post("stores/acme/resume"))
    assert phase() == Phase.READY
    follow(plane, plane.post("stores/acme/retire"))
    assert phase() == Phase.RETIRED
    problem(plane.post("stores/acme/resume"), 409, "wrong_state")
    follow(plane, plane.post("stores/acme/undelete"))
    assert phase() == Phase.READY
    problem(plane.post("stores/acme/purge", {"confirm": "acme"}), 409, "wrong_state")
    follow(plane, plane.post("stores/acme/retire"))
    problem(plane.post("stores/acme/purge", {"confirm": "acm"}), 422, "confirmation_missing")
    purged = follow(plane, plane.post("stores/acme/purge", {"confirm": "acme"}))
    assert purged["status"]["result"]["inventory"] == []
    assert purged["status"]["result"]["removed"]
    assert phase() == Phase.PURGED
    problem(plane.get("stores/acme"), 404, "store_not_found")
    assert plane.driver.names() == set()
    assert plane.get("names/acme").json()["available"] is True


def test_an_operation_in_progress_is_named(plane: Plane) -> None:
    accepted = plane.post("stores", {"name": "acme", "country": "DE"}).json()
    body = problem(plane.post("stores/acme/config/push"), 409, "operation_in_progress")
    assert body["operation"] == f"/api/v1/operations/{accepted['metadata']['id']}"


def test_a_login_link_needs_a_shop_that_runs(plane: Plane) -> None:
    plane.post("stores", {"name": "acme", "country": "DE"})
    problem(plane.post("stores/acme/login-link"), 503, "stack_not_ready")
    plane.settle()
    link = plane.post("stores/acme/login-link").json()
    assert link["url"].endswith("/admin?once=1")
    assert link["expiresAt"].endswith("Z")


def test_the_log_of_a_store_is_plain_text(plane: Plane) -> None:
    plane.make()
    answer = plane.get("stores/acme/logs?tail=5")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("started ")
    assert plane.get("stores/acme/logs?tail=0").text == ""


def test_the_lines_of_a_store_on_a_cluster_can_be_chosen(plane: Plane) -> None:
    body = {"name": "north", "inCluster": True, "domain": "shops.example.com"}
    assert plane.post("clusters", body).status_code == 201
    plane.make(cluster="north")
    query = "part=database&pod=db-0&container=mariadb&since=900&tail=7&whole=true"
    assert plane.get(f"stores/acme/logs?{query}").status_code == 200
    assert plane.remote.queries[-1] == LogQuery(
        part="database", pod="db-0", container="mariadb", since=900, tail=7, whole=True
    )
    plane.remote.fail("logs", DriverFailure("no_log", "cron, web", transient=False))
    found = problem(plane.get("stores/acme/logs?part=nginx"), 404, "log_not_found")
    assert found["action"] == "Choose one of: cron, web."


@pytest.mark.parametrize("choice", ["part=web", "pod=a", "container=b", "since=5"])
def test_a_log_that_is_one_refuses_a_choice(plane: Plane, choice: str) -> None:
    plane.make(engine="fake")
    problem(plane.get(f"stores/acme/logs?{choice}"), 409, "log_undivided")
    assert plane.get("stores/acme/logs?whole=true").status_code == 200


def test_the_events_of_a_store_are_a_list(plane: Plane) -> None:
    plane.make()
    plane.make("other")
    events = plane.get("stores/acme/events").json()
    assert events["kind"] == "EventList"
    assert {event["store"] for event in events["items"]} == {"acme"}
    assert events["items"][0]["reason"] == "StoreAccepted"
    assert events["items"][-1]["reason"] == "OperationSucceeded"
    assert len(plane.get("events?limit=3").json()["items"]) == 3


# --- operations -----------------------------------------------------------------------------------


def test_operations_are_listed_and_narrowed(plane: Plane) -> None:
    plane.make("one")
    plane.make("two")
    plane.post("stores/one/retire")
    everything = plane.get("operations").json()
    assert everything["kind"] == "OperationList"
    assert len(everything["items"]) == 3
    assert len(plane.get("operations?store=one").json()["items"]) == 2
    assert len(plane.get("operations?state=pending").json()["items"]) == 1
    first = plane.get("operations?limit=2").json()
    rest = plane.get("operations", params={"after": first["metadata"]["next"]}).json()
    assert [*first["items"], *rest["items"]] == everything["items"]
    problem(plane.get("operations?store=none"), 404, "store_not_found")


def test_a_failed_operation_says_why_and_is_tried_again(plane: Plane) -> None:
    plane.engine.refuses = "no such currency"
    operation = plane.make()
    path = f"operations/{operation['metadata']['id']}"
    failed = plane.get(path).json()["status"]
    assert failed["state"] == "failed"
    assert failed["error"] == {
        "code": "settings_refused",
        "params": {"detail": "no such currency"},
        "message": "The shop refused settings: no such currency",
        "action": "Change the settings that are named, then retry the operation.",
    }
    step = next(item for item in failed["steps"] if item["name"] == "configure")
    assert (step["state"], step["reason"]) == ("failed", "SettingsRefused")
    assert plane.get("stores/acme").json()["status"]["phase"] == "Failed"
    plane.engine.refuses = None
    retried = plane.post(f"{path}/retry")
    assert follow(plane, retried)["status"]["state"] == "succeeded"
    problem(plane.post(f"{path}/retry"), 409, "wrong_state")


def test_an_operation_that_was_too_late_succeeds_when_it_is_tried_again(plane: Plane) -> None:
    accepted = plane.post("stores", {"name": "acme", "country": "DE"}).json()
    path = f"operations/{accepted['metadata']['id']}"
    operation = plane.registry.operations.get(Scope.system(), accepted["metadata"]["id"])
    leases = Leases(plane.registry.database, holder="a test", seconds=60)
    lease = leases.acquire(Ref(kind=Kind.STORE, uid=operation.store))
    assert lease is not None
    plane.registry.progress.expire(operation, ["Selling"], lease)
    leases.release(lease)
    # The world got there after all, so the retry finds nothing left to do.
    plane.settle()
    assert plane.get("stores/acme").json()["status"]["phase"] == "Ready"
    assert plane.get(path).json()["status"]["error"]["code"] == "deadline_exceeded"
    assert follow(plane, plane.post(f"{path}/retry"))["status"]["state"] == "succeeded"
    assert plane.get("stores/acme").json()["status"]["phase"] == "Ready"


def test_an_estimate_comes_with_experience(plane: Plane) -> None:
    first = plane.make("one")
    assert first["status"]["estimateSeconds"] is None
    second = plane.make("two")
    assert second["status"]["estimateSeconds"] is not None


# --- tenants, tokens, audit -----------------------------------------------------------------------


def test_tenants_are_listed_and_shown(plane: Plane) -> None:
    ann, token = plane.tenant("ann@example.com")
    plane.tenant("bob@example.com")
    first = plane.get("tenants?limit=1").json()
    rest = plane.get("tenants", params={"after": first["metadata"]["next"]}).json()
    assert len(first["items"] + rest["items"]) == 2
    mine = plane.get("tenants", token=token).json()["items"]
    assert [item["metadata"]["uid"] for item in mine] == [ann.uid]
    assert plane.get(f"tenants/{ann.uid}").json() == mine[0]
    assert mine[0]["spec"]["owner"] == "ann@example.com"


def test_a_token_is_made_used_listed_and_revoked(plane: Plane) -> None:
    ann, mine = plane.tenant("ann@example.com")
    answer = plane.post("tokens", {"displayName": "pipeline", "ttl": "1h"}, token=mine)
    made = answer.json()
    assert answer.status_code == 201
    assert made["spec"]["tenant"] == ann.uid
    assert plane.get("stores", token=made["token"]).status_code == 200
    listed = plane.get("tokens", token=mine).json()["items"]
    assert {item["spec"]["displayName"] for item in listed} == {"pipeline", "ann@example.com"}
    assert all("token" not in item for item in listed)
    assert plane.request("DELETE", f"tokens/{made['metadata']['uid']}").status_code == 204
    problem(plane.get("stores", token=made["token"]), 401, "not_authenticated")
    problem(plane.request("DELETE", f"tokens/{made['metadata']['uid']}"), 404, "not_found")


def test_the_operator_makes_tokens_for_whom_there_is(plane: Plane) -> None:
    ann = plane.tenant("ann@example.com")[0]
    made = plane.post("tokens", {"displayName": "x", "tenant": ann.uid}).json()
    assert plane.get("tenants", token=made["token"]).json()["items"][0]["metadata"]["uid"] == (
        ann.uid
    )
    nobody = plane.post("tokens", {"displayName": "x", "tenant": "nobody"})
    problem(nobody, 404, "tenant_not_found")
    operators = plane.post("tokens", {"displayName": "second operator"}).json()
    assert operators["spec"]["tenant"] is None
    assert plane.get("audit?subject=x", token=operators["token"]).status_code == 200


def test_the_audit_trail_names_who_did_what(plane: Plane) -> None:
    plane.make()
    uid = plane.get("stores/acme").json()["metadata"]["uid"]
    rows = plane.get(f"audit?subject=store:{uid}").json()["items"]
    assert [(row["action"], row["actor"]) for row in rows] == [("store.create", "token:operator")]


# --- the catalogue and the probes -----------------------------------------------------------------


def test_countries_are_named_in_the_callers_language(plane: Plane) -> None:
    named = {
        item["code"]: item["name"]
        for item in plane.get("countries", token=None, headers={"Accept-Language": "de"}).json()[
            "items"
        ]
    }
    assert named["DE"] == "Deutschland"
    spanish = plane.get("countries?lang=es", token=None).json()["items"]
    assert {"code": "DE", "name": "Alemania"} in spanish


def test_a_country_says_what_it_sets(plane: Plane) -> None:
    japan = plane.get("countries/jp", token=None).json()
    assert (japan["code"], japan["currency"], japan["timezone"]) == ("JP", "JPY", "Asia/Tokyo")
    for missing in ("zz", "xk", "cm"):
        problem(plane.get(f"countries/{missing}", token=None), 422, "unknown_country")
    india = plane.get("countries/in", token=None).json()
    assert india["nearest"] == {"en_IN": "en_GB"}
    assert japan["nearest"] == {}


def test_a_language_that_the_shop_lacks_is_told_of(plane: Plane) -> None:
    """In the answer, in the steps that are followed, and for as long as it is so."""
    body = {"name": "acme", "country": "ZA"}
    accepted = plane.post("stores", body)
    (warning,) = accepted.json()["warnings"]
    assert warning["reason"] == "LanguagesAccepted"
    assert "en_ZA → en_GB" in warning["message"]
    follow(plane, accepted)
    (bound,) = [
        item
        for item in plane.get("stores/acme").json()["status"]["conditions"]
        if item["type"] == "Bound"
    ]
    assert bound["reason"] == "LanguagesNearest"
    assert "en_ZA → en_GB" in bound["message"]
    assert plane.post("stores", {"name": "tea", "country": "DE"}).json()["warnings"] == []


def test_a_name_is_free_or_says_why_not(plane: Plane) -> None:
    plane.make()
    free = plane.get("names/free-name", token=None).json()
    assert (free["available"], free["reason"], free["message"]) == (True, None, None)
    taken = plane.get("names/acme", token=None).json()
    assert (taken["available"], taken["reason"]) == (False, "name_taken")
    assert taken["message"] == "The name “acme” is taken."
    assert taken["suggestions"]
    for name in taken["suggestions"]:
        assert plane.get(f"names/{name}", token=None).json()["available"] is True
    reserved = plane.get("names/admin", token=None, headers={"Accept-Language": "de"}).json()
    assert reserved["reason"] == "name_reserved"
    assert "admin" in reserved["message"]


def test_the_probes_answer_without_a_token(plane: Plane) -> None:
    assert plane.get("/healthz", token=None).json() == {"ok": True}
    ready = plane.get("/readyz", token=None)
    assert ready.status_code == 200
    checks = {"worker": True, "database": True, "storage": True}
    assert ready.json() == {"ok": True, "checks": checks, "causes": {}}


def test_the_probe_names_what_cannot_be_written(plane: Plane) -> None:
    plane.driver.fail("ping", DriverFailure("storage_full", "12 KB are left"))
    ready = plane.get("/readyz", token=None)
    assert ready.status_code == 503
    assert ready.json()["causes"] == {"storage": "storage_full: 12 KB are left"}


def test_metrics_count_stores_and_requests(plane: Plane) -> None:
    plane.make()
    text = plane.get("/metrics", token=None).text
    assert 'storectl_stores{phase="Ready"} 1.0' in text
    assert 'storectl_stores{phase="Failed"} 0.0' in text
    assert "storectl_operations_open 0.0" in text
    route = 'method="GET",route="/api/v1/stores/{name}"'
    plane.get("stores/acme")
    assert f"storectl_http_request_seconds_count{{{route}" in plane.get("/metrics").text


def test_the_description_is_openapi(plane: Plane) -> None:
    document = plane.get("/api/v1/openapi.json", token=None).json()
    assert document["openapi"].startswith("3.")
    assert document["info"]["version"] == __version__
    assert "/api/v1/stores/{name}" in document["paths"]


# --- what every answer has ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        pytest.param(None, "en", id="nothing asked for"),
        pytest.param("de-AT,en;q=0.5", "de", id="German"),
        pytest.param("ar", "ar", id="Arabic"),
        pytest.param("tlh", "en", id="one we do not speak"),
        pytest.param("\u00ff;;;q=x,,", "en", id="nonsense"),
    ],
)
def test_problems_are_told_in_the_callers_language(
    plane: Plane, accept: str | None, language: str
) -> None:
    headers = {} if accept is None else {"Accept-Language": accept.encode("latin-1")}
    answer = plane.get("stores/none", headers=headers)
    body = problem(answer, 404, "store_not_found")
    assert answer.headers["content-language"] == language
    said = explain("store_not_found", {"store": "none"}, translator(language).gettext)
    assert (body["detail"], body["action"]) == (said.message, said.action)


def test_every_answer_forbids_guessing_its_type(plane: Plane) -> None:
    for path in ("stores", "stores/none", "/healthz", "/nowhere", "/metrics"):
        assert plane.get(path).headers["x-content-type-options"] == "nosniff", path
    assert plane.get("stores").headers["cache-control"] == "private, no-cache"
    assert plane.get("stores/none").headers["cache-control"] == "no-store"


def test_the_same_idempotency_key_is_the_same_operation(plane: Plane) -> None:
    key = {"Idempotency-Key": "a-key"}
    body = {"name": "acme", "country": "DE"}
    first = plane.post("stores", body, headers=key)
    plane.settle()
    again = plane.post("stores", body, headers=key)
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json()["metadata"]["id"] == first.json()["metadata"]["id"]
    other = plane.post("stores", {**body, "country": "FR"}, headers=key)
    problem(other, 409, "idempotency_key_reused")
    problem(plane.post("stores/acme/retire", headers=key), 409, "idempotency_key_reused")
