"""HTTP as RFC 9110 has it: what a request says is honoured or refused, never dropped."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from controller.api.negotiation import accepts
from tests.planes import Plane

STORE = {"country": "DE", "displayName": "Acme"}


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/metrics", "stores", "countries"])
def test_head_is_get_without_its_body(plane: Plane, path: str) -> None:
    full, head = plane.get(path), plane.request("HEAD", path)
    assert (head.status_code, head.text) == (full.status_code, "")
    assert head.headers["content-type"] == full.headers["content-type"]
    if path != "/metrics":
        assert head.headers.get("content-length") == full.headers.get("content-length")


def test_head_of_a_stream_ends(plane: Plane) -> None:
    plane.make()
    for path in ("events", "stores/acme/events"):
        head = plane.request("HEAD", path, headers={"Accept": "text/event-stream"})
        assert head.headers["content-type"].startswith("text/event-stream")
    assert plane.request("HEAD", "stores/acme/logs?follow=true").status_code == 200


def test_head_of_nothing_is_nothing(plane: Plane) -> None:
    head = plane.request("HEAD", "stores/none")
    assert (head.status_code, head.text) == (404, "")


@pytest.mark.parametrize("path", ["stores", "stores/acme", "countries", "operations", "plans"])
def test_what_a_caller_has_is_not_sent_again(plane: Plane, path: str) -> None:
    plane.make()
    tag = plane.get(path).headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = plane.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.text, again.headers["etag"]) == (304, "", tag)
    assert plane.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_store_whose_status_changed_is_sent_again(plane: Plane) -> None:
    plane.post("stores", {"name": "acme", **STORE})
    before = plane.get("stores/acme").headers["etag"]
    plane.settle()
    answer = plane.get("stores/acme", headers={"If-None-Match": before})
    assert (answer.status_code, answer.json()["status"]["ready"]) == (200, True)
    # Its specification is the same, so that a change may go on from either.
    assert answer.headers["etag"].partition(".")[0] == before.partition(".")[0]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": "*"}, 412),
        ({"If-Match": '"7", "9"'}, 412),
        ({"If-Match": 'W/"1"'}, 412),
        ({"If-Match": '"7", "1"'}, 202),
        ({"If-Match": '"1.whatever"'}, 202),
        ({"If-Match": "1"}, 202),
        ({"If-Match": "*"}, 202),
        ({"If-None-Match": '"1"'}, 400),
        ({"If-Unmodified-Since": "Mon, 30 Nov 2026 12:00:00 GMT"}, 400),
        ({"Content-Range": "bytes 0-1/2"}, 400),
        ({"If-Modified-Since": "Mon, 30 Nov 2026 12:00:00 GMT"}, 202),
        ({"Range": "bytes=0-1"}, 202),
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_condition_of_a_change_is_honoured_or_refused(
    plane: Plane, method: str, headers: dict[str, str], status: int
) -> None:
    plane.make()
    body = {**STORE, "displayName": "New"}
    body = body if method == "PUT" else {"displayName": "New"}
    answer = plane.request(method, "stores/acme", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    plane.settle()
    name = plane.get("stores/acme").json()["spec"]["displayName"]
    assert name == ("New" if status == 202 else "Acme")


def test_a_store_is_created_only_if_it_is_not_there(plane: Plane) -> None:
    once = {"If-None-Match": "*"}
    assert plane.request("PUT", "stores/acme", json=STORE, headers=once).status_code == 202
    again = plane.request("PUT", "stores/acme", json=STORE, headers=once)
    assert code(again) == (412, "already_there")
    other = plane.request("PUT", "stores/beta", json=STORE, headers={"If-Match": "*"})
    assert code(other) == (412, "not_there")
    assert plane.get("stores/beta").status_code == 404


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match", "Idempotency-Key"])
def test_a_route_that_cannot_honour_a_header_does_nothing(plane: Plane, header: str) -> None:
    answer = plane.post("tokens", {"displayName": "x"}, headers={header: '"1"'})
    assert code(answer) == (400, "header_unsupported")
    assert header in answer.json()["detail"]


@pytest.mark.parametrize(
    ("headers", "status", "said"),
    [
        ({"Expect": "200-maybe"}, 417, "expectation_failed"),
        ({"Content-Encoding": "gzip"}, 415, "unsupported_media"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415, "unsupported_media"),
        ({"Content-Type": "application/json; charset=latin-1"}, 415, "unsupported_media"),
        ({"Accept": "text/html"}, 406, "not_acceptable"),
        ({"Accept": "application/json;q=0, */*"}, 406, "not_acceptable"),
    ],
)
def test_what_is_not_spoken_here_is_told(
    plane: Plane, headers: dict[str, str], status: int, said: str
) -> None:
    body = b'{"name": "acme", "country": "DE"}'
    sent = {"Content-Type": "application/json", **headers}
    answer = plane.request("POST", "stores", content=body, headers=sent)
    assert code(answer) == (status, said)
    assert plane.get("stores").json()["items"] == []


@pytest.mark.parametrize(
    "kind", ["application/merge-patch+json", 'application/json;charset="UTF-8"']
)
def test_json_goes_by_several_names(plane: Plane, kind: str) -> None:
    plane.make()
    answer = plane.request(
        "PATCH", "stores/acme", content=b'{"displayName": "New"}', headers={"Content-Type": kind}
    )
    assert answer.status_code == 202


def test_answers_are_in_a_form_that_is_taken(plane: Plane) -> None:
    assert code(plane.get("stores", headers={"Accept": "text/html"})) == (406, "not_acceptable")
    for taken in ("application/*", "text/html, */*;q=0.1", "application/problem+json", ""):
        assert plane.get("stores", headers={"Accept": taken}).status_code == 200


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("*/*", True),
        ("application/*", True),
        ("APPLICATION/JSON", True),
        ("text/html, application/json;q=0.5", True),
        ("text/html", False),
        ("application/json;q=0", False),
        ("*/*, application/json;q=0.0", False),
        ("application/json; q=nonsense", True),
    ],
)
def test_the_most_exact_range_of_accept_decides(said: str, taken: bool) -> None:
    assert accepts(said, "application/json") is taken


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("stores?phas=Ready", "phas"),
        ("stores?limit=5&limit=6", "limit"),
        ("stores/acme?dryRun=true", "dryRun"),
        ("countries?language=de", "language"),
    ],
)
def test_a_parameter_that_is_unknown_or_stands_twice_is_named(
    plane: Plane, path: str, field: str
) -> None:
    answer = plane.get(path)
    assert code(answer) == (422, "invalid_input")
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"name": "acme", "country": "DE", "country": "FR"}', "json_key_twice"),
        (
            b'{"name": "acme", "country": "DE", "shipping": {"flatRate": 1, "flatRate": 2}}',
            "json_key_twice",
        ),
        (b'{"name": "acme", "country": "DE", "shipping": {"flatRate": NaN}}', "bad_request"),
        ('{"name": "acme", "country": "DE"}'.encode("utf-16"), "bad_request"),
        (b"[" * 100_000, "bad_request"),
    ],
)
def test_json_that_loses_something_is_refused(plane: Plane, body: bytes, said: str) -> None:
    headers = {"Content-Type": "application/json"}
    assert plane.request("POST", "stores", content=body, headers=headers).json()["code"] == said
    assert plane.get("stores").json()["items"] == []


def test_a_body_where_none_is_taken_is_refused(plane: Plane) -> None:
    plane.make()
    answer = plane.post("stores/acme/suspend", {"until": "tomorrow"})
    assert code(answer) == (422, "invalid_input")
    assert plane.get("stores/acme").json()["metadata"]["desired"] == "active"
    assert plane.post("stores/acme/suspend", {}).status_code == 202


def test_the_largest_table_that_is_allowed_goes_in_as_it_comes_out(plane: Plane) -> None:
    rows = [
        {"country": "DE", "region": "*", "postcode": f"{n:05}", "above": "0", "price": "4.90"}
        for n in range(5000)
    ]
    body = {**STORE, "shipping": {"tableRates": {"by": "weight", "rows": rows}}}
    assert plane.request("PUT", "stores/acme", json=body).status_code == 202
    out = plane.get("stores/acme").json()["spec"]
    for placed in ("engine", "plan", "scale"):
        out.pop(placed)
    again = plane.request("PUT", "stores/acme?dryRun=true", json=out)
    assert (again.status_code, again.json()["changes"]) == (200, [])


def test_a_time_to_live_counts_from_the_creation_and_is_never_dropped(plane: Plane) -> None:
    body = {**STORE, "ttl": "2h"}
    plane.request("PUT", "stores/acme", json=body)
    plane.settle()
    before = plane.get("stores/acme").json()["spec"]["expiresAt"]
    assert plane.request("PUT", "stores/acme", json=body).status_code == 200
    longer = plane.request("PUT", "stores/acme", json={**STORE, "ttl": "4 hours"})
    assert longer.status_code == 202
    plane.settle()
    after = plane.get("stores/acme").json()["spec"]["expiresAt"]
    moved = datetime.fromisoformat(after) - datetime.fromisoformat(before)
    assert abs(moved - timedelta(hours=2)) < timedelta(minutes=1)
    shorter = plane.post("stores", {"name": "acme", **STORE, "ttl": "1h"})
    assert code(shorter) == (409, "store_exists_differs")
    assert plane.post("stores", {"name": "acme", **STORE, "ttl": "PT4H"}).status_code == 200


def test_a_life_is_extended_by_a_duration(plane: Plane) -> None:
    plane.make(ttl="2h")
    before = datetime.fromisoformat(plane.get("stores/acme").json()["spec"]["expiresAt"])
    key = {"Idempotency-Key": "k"}
    for _ in range(2):
        assert plane.post("stores/acme/extend", {"by": "1d12h"}, headers=key).status_code == 202
    plane.settle()
    after = datetime.fromisoformat(plane.get("stores/acme").json()["spec"]["expiresAt"])
    assert after - before == timedelta(hours=36)
    assert code(plane.post("stores/acme/extend", {"by": "soon"})) == (422, "invalid_duration")
    assert plane.post("stores/acme/extend", {"by": "366d"}).status_code == 422
    plane.make("beta")
    assert code(plane.post("stores/beta/extend", {"by": "1h"})) == (409, "no_end")


def test_a_retired_shops_name_is_told_to_its_owner_alone(plane: Plane) -> None:
    _, ann = plane.tenant("ann@example.com")
    _, bob = plane.tenant("bob@example.com")
    plane.make(token=ann)
    plane.post("stores/acme/retire", token=ann)
    plane.settle()
    body = {"name": "acme", "country": "DE"}
    mine = plane.post("stores", body, token=ann)
    assert code(mine) == (409, "name_retired")
    assert "undelete acme" in mine.json()["action"]
    assert code(plane.post("stores", body, token=bob)) == (409, "name_taken")


@pytest.mark.parametrize(
    ("value", "kept"),
    [("4,90", "4.90"), ("٤٫٩٠", "4.90"), ("+5", "5.00"), (" 10 ", "10.00"), (4.9, "4.90")],
)
def test_an_amount_is_read_as_people_write_it(plane: Plane, value: object, kept: str) -> None:
    plane.make(shipping={"flatRate": value})
    assert plane.get("stores/acme").json()["spec"]["shipping"]["flatRate"] == kept


@pytest.mark.parametrize("value", ["1_0", "0x10", "1e3", "1,234", True, "NaN", "4.90 €", [1]])
def test_an_amount_that_is_not_clear_is_refused(plane: Plane, value: object) -> None:
    answer = plane.post("stores", {"name": "acme", **STORE, "shipping": {"flatRate": value}})
    assert code(answer) == (422, "invalid_input")
    assert answer.json()["errors"] == [
        {"field": "shipping.flatRate", "message": "a number such as 4.90"}
    ]


def test_an_unknown_field_is_told_in_words(plane: Plane) -> None:
    answer = plane.post("stores", {"name": "acme", **STORE, "shiping": {}})
    assert answer.json()["errors"] == [{"field": "shiping", "message": "there is no such field"}]


def test_a_contact_is_kept_in_one_form(plane: Plane) -> None:
    plane.make(contact={"phone": "(212) 555-0100 x12", "email": "Info@Example.com"})
    contact = plane.get("stores/acme").json()["spec"]["contact"]
    assert contact == {"phone": "(212) 555-0100 ext. 12", "email": "info@example.com"}


def test_an_owners_address_may_be_of_any_script(plane: Plane) -> None:
    plane.make(email="Jörg@müller.example")
    store = plane.get("stores/acme").json()
    assert store["metadata"]["owner"] == "jörg@xn--mller-kva.example"
    assert store["status"]["ready"]


def test_codes_are_read_in_any_case_and_countries_by_name(plane: Plane) -> None:
    rows = [{"country": "USA", "region": "CA", "price": "1"}, {"country": "germany", "price": "2"}]
    plane.make(
        country="Deutschland",
        currencies={"base": "eur", "allowed": ["eur", "usd"], "pins": {"eur/usd": "1,10"}},
        locales=["de-de", "EN_us"],
        shipping={"tableRates": {"by": "weight", "rows": rows}},
    )
    spec = plane.get("stores/acme").json()["spec"]
    assert (spec["country"], spec["locales"]) == ("DE", ["de_DE", "en_US"])
    assert spec["currencies"]["allowed"] == ["EUR", "USD"]
    assert spec["currencies"]["pins"] == {"EUR/USD": "1.10"}
    assert [row["country"] for row in spec["shipping"]["tableRates"]["rows"]] == ["DE", "US"]
