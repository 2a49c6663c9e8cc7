"""Whatever is sent: a documented code, never a 500, and nothing is lost or half done."""

import json
from typing import Any

import pytest

from tests.planes import Plane

GOOD = {"name": "acme", "country": "DE"}
KNOWN = {400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 417, 422, 429}


def refused(answer: Any, *codes: str) -> dict[str, Any]:
    """The body of an answer that must be a problem, with one of these codes."""
    assert answer.status_code in KNOWN, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == answer.status_code
    if codes:
        assert body["code"] in codes, body
    return body


def nothing_was_made(plane: Plane) -> None:
    assert plane.get("stores").json()["items"] == []
    assert plane.get("operations").json()["items"] == []


# --- names ----------------------------------------------------------------------------------------

NAMES = {
    "empty": ("", "name_empty"),
    "one letter": ("a", "name_too_short"),
    "too long": ("a" * 41, "name_too_long"),
    "hyphen first": ("-a", "name_hyphen"),
    "hyphen last": ("a-", "name_hyphen"),
    "digit first": ("1a", "name_hyphen"),
    "encoded": ("xn--bcher-kva", "name_punycode"),
    "emoji": ("🛍️", "name_characters"),
    "zero width": ("ac\u200bme", "name_characters"),
    "direction": ("ac\u202eme", "name_characters"),
    "capitals": ("Acme", "name_characters"),
    "Cyrillic": ("аcme", "name_characters"),
    "space": ("ac me", "name_characters"),
    "line feed": ("acme\n", "name_characters"),
    "NUL": ("ac\x00me", "name_characters"),
    "path": ("../../etc/passwd", "name_characters"),
    "encoded path": ("..%2f..%2fetc", "name_characters"),
    "template": ("{{7*7}}", "name_characters"),
    "percent": ("%(name)s", "name_characters"),
    "shell": ("$(id)", "name_characters"),
    "SQL": ("a' or 1=1 --", "name_characters"),
    "admin": ("admin", "name_reserved"),
    "api": ("api", "name_reserved"),
    "www": ("www", "name_reserved"),
    "kube": ("kube-system", "name_reserved"),
    "lookalike": ("adm1n", "name_reserved"),
}


@pytest.mark.parametrize(("name", "code"), NAMES.values(), ids=NAMES)
def test_a_name_that_breaks_a_rule_is_refused_everywhere(
    plane: Plane, name: str, code: str
) -> None:
    refused(plane.post("stores", {**GOOD, "name": name}), code)
    nothing_was_made(plane)
    quoted = "".join(f"%{byte:02x}" for byte in name.encode())
    if "/" not in name and name:
        refused(plane.request("PUT", f"stores/{quoted}", json={"country": "DE"}), code)
        assert plane.get(f"names/{quoted}").json()["reason"] == code
        refused(plane.get(f"stores/{quoted}"), "store_not_found")


@pytest.mark.parametrize("name", [None, 7, 1.5, True, ["acme"], {"a": 1}], ids=str)
def test_a_name_of_another_type_is_refused(plane: Plane, name: object) -> None:
    body = refused(plane.post("stores", {**GOOD, "name": name}), "invalid_input")
    assert [item["field"] for item in body["errors"]] == ["name"]


def test_a_tombstone_and_a_live_store_hold_their_name(plane: Plane, ann: str) -> None:
    plane.make()
    refused(plane.post("stores", GOOD, token=ann), "name_taken")
    plane.post("stores/acme/retire")
    plane.settle()
    refused(plane.post("stores", GOOD, token=ann), "name_taken")
    # Whose it is learns that it is in the way, and that it can be had back.
    refused(plane.post("stores", GOOD), "name_retired")


def test_a_store_that_is_being_purged_is_not_the_one_that_is_wanted(plane: Plane) -> None:
    plane.post("stores", GOOD)
    plane.settle()
    plane.post("stores/acme/retire")
    plane.settle()
    plane.post("stores/acme/purge", {"confirm": "acme"})
    refused(plane.post("stores", GOOD), "wrong_state")
    plane.settle()
    assert plane.post("stores", GOOD).status_code == 202


# --- fields ---------------------------------------------------------------------------------------

BIG = "9" * 5000
MANY = ("en", "hi", "bn", "te", "mr", "ta", "ur", "gu", "kn", "ml", "or", "pa", "as")
FIELDS: dict[str, tuple[dict[str, Any], str, str | None]] = {
    "unknown field": ({"colour": "red"}, "invalid_input", "colour"),
    "unknown field inside": ({"currencies": {"main": "EUR"}}, "invalid_input", "currencies.main"),
    "no country": ({"country": None}, "invalid_input", "country"),
    "unknown country": ({"country": "ZZ"}, "unknown_country", None),
    "empty country": ({"country": ""}, "unknown_country", None),
    "country as number": ({"country": 49}, "invalid_input", "country"),
    "country with NUL": ({"country": "D\x00"}, "unknown_country", None),
    "unknown engine": ({"engine": "opencart"}, "unknown_engine", None),
    "engine with format": ({"engine": "%(x)s"}, "unknown_engine", None),
    "no e-mail": ({"email": "nobody"}, "invalid_email", None),
    "e-mail with NUL": ({"email": "a\x00@example.com"}, "invalid_email", None),
    "e-mail with line feed": ({"email": "a@example.com\nBcc: b@x.com"}, "invalid_email", None),
    "empty display name": ({"displayName": ""}, "invalid_display_name", None),
    "invisible display name": ({"displayName": "\u200b"}, "invalid_display_name", None),
    "display name with NUL": ({"displayName": "a\x00b"}, "invalid_display_name", None),
    "long display name": ({"displayName": "a" * 81}, "invalid_display_name", None),
    "very long display name": ({"displayName": "a" * 201}, "invalid_input", "displayName"),
    "no locale": ({"locales": []}, "invalid_input", "locales"),
    "unknown locale": ({"locales": ["qq_QQ"]}, "invalid_input", "locales"),
    "locale as path": ({"locales": ["../../etc/passwd"]}, "invalid_input", "locales"),
    "locale with NUL": ({"locales": ["de\x00"]}, "invalid_input", "locales"),
    "too many locales": (
        {"locales": [f"{code}_IN" for code in MANY]},
        "invalid_input",
        "locales",
    ),
    "locale no list": ({"locales": "de_DE"}, "invalid_input", "locales"),
    "unknown time zone": ({"timezone": "Europe/Atlantis"}, "invalid_input", "timezone"),
    "time zone as path": ({"timezone": "../../etc/passwd"}, "invalid_input", "timezone"),
    "unknown weight unit": ({"weightUnit": "stone"}, "invalid_input", "weightUnit"),
    "unknown currency": (
        {"currencies": {"base": "XXZ"}},
        "invalid_input",
        "currencies.base",
    ),
    "currency with NUL": (
        {"currencies": {"allowed": ["E\x00R"]}},
        "invalid_input",
        "currencies.allowed",
    ),
    "unknown payment": ({"payments": ["gold"]}, "invalid_input", "payments"),
    "no payment": ({"payments": []}, "invalid_input", "payments"),
    "negative rate": ({"shipping": {"flatRate": "-1"}}, "invalid_input", "shipping.flatRate"),
    "rate beyond all": ({"shipping": {"flatRate": "1e12"}}, "invalid_input", "shipping.flatRate"),
    "rate without end": (
        {"shipping": {"flatRate": "Infinity"}},
        "invalid_input",
        "shipping.flatRate",
    ),
    "rate no number": ({"shipping": {"flatRate": "NaN"}}, "invalid_input", "shipping.flatRate"),
    "rate of 5000 digits": ({"shipping": {"flatRate": BIG}}, "invalid_input", "shipping.flatRate"),
    "rate finer than money": (
        {"shipping": {"flatRate": "4.999"}},
        "invalid_input",
        "shipping.flatRate",
    ),
    "rate finer than anything": (
        {"shipping": {"flatRate": "1e-999999"}},
        "invalid_input",
        "shipping.flatRate",
    ),
    "tax as text": ({"pricesIncludeTax": "maybe"}, "invalid_input", "pricesIncludeTax"),
    "end without zone": ({"expiresAt": "2027-01-01T00:00:00"}, "invalid_input", "expiresAt"),
    "end too far": ({"expiresAt": "2999-01-01T00:00:00Z"}, "invalid_input", "expiresAt"),
    "end of time": ({"expiresAt": "9999-12-31T23:59:59-23:59"}, "invalid_input", "expiresAt"),
    "begin of time": ({"expiresAt": "0001-01-01T00:00:00+23:59"}, "invalid_input", "expiresAt"),
    "end in the past": ({"expiresAt": "2020-01-01T00:00:00Z"}, "invalid_input", "expiresAt"),
    "end no time": ({"expiresAt": "soon"}, "invalid_input", "expiresAt"),
    "end as huge number": ({"expiresAt": 10**30}, "invalid_input", "expiresAt"),
    "ttl without unit": ({"ttl": "2"}, "invalid_duration", None),
    "ttl of words": ({"ttl": "two hours"}, "invalid_duration", None),
    "ttl negative": ({"ttl": "-2h"}, "invalid_duration", None),
    "ttl too short": ({"ttl": "1s"}, "lifetime_range", None),
    "ttl too long": ({"ttl": "999999w"}, "lifetime_range", None),
    "ttl empty": ({"ttl": ""}, "invalid_duration", None),
    "label key": ({"labels": {"Not Allowed": "x"}}, "invalid_input", "labels.Not Allowed"),
    "label value": ({"labels": {"a": "b c"}}, "invalid_input", "labels.a"),
    "label NUL": ({"labels": {"a": "\x00"}}, "invalid_input", "labels.a"),
    "label number": ({"labels": {"a": 1}}, "invalid_input", "labels.a"),
    "too many labels": (
        {"labels": {f"k{number}": "v" for number in range(33)}},
        "invalid_input",
        "labels",
    ),
}


@pytest.mark.parametrize(("fields", "code", "field"), FIELDS.values(), ids=FIELDS)
def test_a_field_that_cannot_be_accepted_is_named(
    plane: Plane, fields: dict[str, Any], code: str, field: str | None
) -> None:
    answers = [plane.post("stores", {**GOOD, **fields})]
    if not {"email", "ttl", "engine", "country", "name"} & set(fields):
        body = {"country": "DE", **fields}
        answers.append(plane.request("PUT", "stores/acme?dryRun=true", json=body))
    for answer in answers:
        body = refused(answer, code)
        assert field is None or field in [item["field"] for item in body["errors"]], body
    nothing_was_made(plane)


def test_everything_that_is_wrong_is_named_at_once(plane: Plane) -> None:
    wrong = {"timezone": "Nowhere", "weightUnit": "stone", "payments": ["gold"]}
    body = refused(plane.post("stores", {**GOOD, **wrong}), "invalid_input")
    assert {item["field"] for item in body["errors"]} == set(wrong)


@pytest.mark.parametrize("currency", ["JPY", "KWD"])
def test_a_rate_is_as_fine_as_its_currency(plane: Plane, currency: str) -> None:
    finer, fits = {"JPY": ("1.5", "15"), "KWD": ("0.0005", "0.005")}[currency]
    base = {**GOOD, "currencies": {"base": currency}}
    refused(plane.post("stores", {**base, "shipping": {"flatRate": finer}}), "invalid_input")
    assert plane.post("stores", {**base, "shipping": {"flatRate": fits}}).status_code == 202


# --- bodies ---------------------------------------------------------------------------------------

SURROGATE = '"\\ud800"'
BODIES: dict[str, tuple[bytes, set[int]]] = {
    "nothing": (b"", {422}),
    "no JSON": (b"{", {400}),
    "words": (b"name=acme", {400}),
    "a list": (b"[]", {422}),
    "null": (b"null", {422}),
    "a text": (b'"acme"', {422}),
    "a huge number": (b"9" * 5000, {400, 422}),
    "not UTF-8": (b'{"name": "\xff\xfe"}', {400, 422}),
    "a lone surrogate": (f'{{"name": {SURROGATE}, "country": "DE"}}'.encode(), {422, 400}),
    "a lone surrogate as key": (f"{{{SURROGATE}: 1}}".encode(), {422, 400}),
    "a lone surrogate as label": (
        f'{{"name": "acme", "country": "DE", "labels": {{{SURROGATE}: "x"}}}}'.encode(),
        {422, 400},
    ),
    "a lone surrogate as value": (
        f'{{"name": "acme", "country": "DE", "labels": {{"a": {SURROGATE}}}}}'.encode(),
        {422, 400},
    ),
    "a lone surrogate as time zone": (
        f'{{"name": "acme", "country": "DE", "timezone": {SURROGATE}}}'.encode(),
        {422, 400},
    ),
    "deep lists": (b"[" * 100_000 + b"]" * 100_000, {400, 422}),
    "deep objects": (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, {400, 422}),
    "a huge integer": (b'{"name": "acme", "country": ' + b"9" * 5000 + b"}", {400, 422}),
    "NaN": (b'{"name": "acme", "country": "DE", "shipping": {"flatRate": NaN}}', {400, 422}),
    "1e999": (b'{"name": "acme", "country": "DE", "shipping": {"flatRate": 1e999}}', {400, 422}),
    "many wrong fields": (
        json.dumps({f"f{number}": 1 for number in range(5000)}).encode(),
        {422},
    ),
}


@pytest.mark.parametrize(("body", "statuses"), BODIES.values(), ids=BODIES)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "stores"), ("POST", "tokens"), ("PATCH", "stores/other"), ("PUT", "stores/acme")],
)
def test_a_body_that_cannot_be_read_is_refused(
    plane: Plane, method: str, path: str, body: bytes, statuses: set[int]
) -> None:
    plane.post("stores", {**GOOD, "name": "other"})
    json_type = {"Content-Type": "application/json"}
    answer = plane.request(method, path, content=body, headers=json_type)
    refused(answer)
    assert answer.status_code in statuses
    assert plane.get("stores/acme").status_code == 404


def test_json_without_its_type_is_not_guessed(plane: Plane) -> None:
    text = {"Content-Type": "text/plain"}
    answer = plane.request("POST", "stores", content=json.dumps(GOOD), headers=text)
    refused(answer, "unsupported_media")
    assert answer.headers["accept"] == "application/json"


def test_a_body_of_ten_megabytes_is_refused_by_its_announcement(plane: Plane) -> None:
    body = refused(plane.post("stores", {**GOOD, "displayName": "x" * 10_000_000}))
    assert (body["status"], body["code"], body["params"]) == (
        413,
        "body_too_large",
        {"limit": 4096},
    )
    nothing_was_made(plane)


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "k"}], ids=["plain", "with a key"])
@pytest.mark.parametrize("path", ["stores", "stores/acme/suspend", "tokens"])
def test_a_body_of_ten_megabytes_that_was_not_announced_is_refused(
    plane: Plane, path: str, key: dict[str, str]
) -> None:
    plane.post("stores", GOOD)

    async def blocks() -> Any:
        yield b'{"name": "'
        for _ in range(160):
            yield b"x" * 65_536

    headers = {"Content-Type": "application/json", **key}
    answer = plane.request("POST", path, content=blocks(), headers=headers)
    unhonoured = path == "tokens" and key
    assert refused(answer)["code"] == "header_unsupported" if unhonoured else "body_too_large"


@pytest.mark.parametrize("length", ["-1", "x", "9" * 5000, "1e3", ""])
def test_a_length_that_is_no_number_breaks_nothing(plane: Plane, length: str) -> None:
    headers = {"Content-Length": length, "Content-Type": "application/json"}
    answer = plane.request("POST", "stores", content=json.dumps(GOOD).encode(), headers=headers)
    assert answer.status_code in {202, 400, 413}


# --- queries, headers, paths ----------------------------------------------------------------------

QUERIES = [
    "stores?limit=0",
    "stores?limit=201",
    "stores?limit=-1",
    "stores?limit=x",
    f"stores?limit={BIG}",
    "stores?phase=Happy",
    "stores?label=a",
    "stores?label==b",
    f"stores?label={'a' * 200}",
    f"stores?after={'a' * 101}",
    f"stores?search={'a' * 41}",
    "operations?state=happy",
    "operations?limit=1e3",
    "stores/acme/logs?tail=-1",
    "stores/acme/logs?tail=10001",
    "stores/acme/logs?follow=perhaps",
    "events?limit=0",
    "audit",
    f"audit?subject={'a' * 61}",
    f"names/{'a' * 301}",
    f"stores/{'a' * 101}",
    f"operations/{'a' * 41}",
    f"countries/{'a' * 11}",
]


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path[:40])
def test_a_query_out_of_its_range_is_refused(plane: Plane, path: str) -> None:
    plane.post("stores", GOOD)
    refused(plane.get(path), "invalid_input", "bad_request")


ODD = ["%00", "a%00b", "%ff%fe", "%ed%a0%80", "%F0%9F%9B%8D", "%25s", "%27", "%22", "%e2%80%8b"]
PLACES = [
    "stores/{}",
    "stores/{}/events",
    "stores/{}/logs",
    "stores?after={}",
    "stores?search={}",
    "stores?tenant={}",
    "stores?label=a={}",
    "stores?label={}=a",
    "operations/{}",
    "operations?after={}",
    "operations?store={}",
    "tenants/{}",
    "tenants?after={}",
    "tokens?tenant={}",
    "audit?subject={}",
    "names/{}",
    "countries/{}",
    "countries?lang={}",
]


@pytest.mark.parametrize("place", PLACES)
def test_odd_characters_in_an_address_find_nothing(each_plane: Plane, place: str) -> None:
    each_plane.post("stores", GOOD)
    for odd in ODD:
        answer = each_plane.get(place.format(odd))
        assert answer.status_code in {200, *KNOWN}, (odd, answer.text)
        if answer.status_code == 200 and "kind" in answer.json():
            assert "acme" not in answer.text or place in {
                "stores?after={}",
                "tenants?after={}",
                "operations?after={}",
            }


def test_odd_characters_in_a_body_are_refused(each_plane: Plane) -> None:
    uid = each_plane.tenant("ann@example.com")[0].uid
    for text in ("\x00", "a\x00b", "\x1b[2J", "\u202e", " ", ""):
        refused(each_plane.post("tokens", {"displayName": text}), "invalid_input")
        refused(each_plane.post("tokens", {"displayName": "x", "tenant": text or "\x00"}))
        refused(each_plane.post("stores", {**GOOD, "labels": {"a": text or "\x00"}}))
        refused(each_plane.post("stores", {**GOOD, "labels": {text: "a"}}))
    assert each_plane.post("tokens", {"displayName": "fine", "tenant": uid}).status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"If-Match": "x"}, id="no number"),
        pytest.param({"If-Match": '"1" "2"'}, id="no list"),
        pytest.param({"If-Match": "9" * 1001}, id="too long"),
        pytest.param({"If-Match": b"\xb2"}, id="a digit that is none"),
        pytest.param({"Idempotency-Key": "k" * 256}, id="a long key"),
        pytest.param({"Idempotency-Key": ""}, id="an empty key"),
    ],
)
def test_a_header_that_cannot_be_read_is_refused(plane: Plane, headers: dict[str, Any]) -> None:
    plane.make()
    patch = {"displayName": "New"}
    refused(plane.request("PATCH", "stores/acme", json=patch, headers=headers))
    assert plane.get("stores/acme").json()["spec"]["displayName"] == "Acme"


def test_a_version_beyond_all_numbers_is_an_old_one(plane: Plane) -> None:
    plane.make()
    headers = {"If-Match": '"' + "9" * 60 + '"'}
    answer = plane.request("PATCH", "stores/acme", json={"displayName": "N"}, headers=headers)
    refused(answer, "precondition_failed")


def test_a_key_in_any_bytes_is_a_key(each_plane: Plane) -> None:
    for key in (b"\xff\xfe", "schlüssel".encode(), b"a b\tc", b"'; drop table stores --"):
        headers = {"Idempotency-Key": key}
        first = each_plane.post("stores", GOOD, headers=headers)
        assert (
            each_plane.post("stores", GOOD, headers=headers).json()["metadata"]
            == (first.json()["metadata"])
        )


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic b3BlcmF0b3I6eA==", "Bearer x y", "bearer \xff", "x" * 5000],
    ids=lambda text: text[:20],
)
def test_what_is_no_token_opens_nothing(plane: Plane, authorization: str) -> None:
    headers = {"Authorization": authorization.encode("latin-1")}
    answer = plane.get("stores", token=None, headers=headers)
    refused(answer, "not_authenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


PATHS = [
    "/api/v1/stores/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/api/v1/stores/..%2foperations",
    "/api/v1/stores/%2e%2e/operations",
    "/api/v1/stores/acme%2fretire",
    "/api/v1/stores//acme",
    "/api/v1//stores",
    "/api/v1/stores/acme/",
    "/api/v1/stores/acme;x=1",
    "/api/v1/stores/%2f",
    "/api/v1/stores/acme\\..\\other",
    "/api/v1/nothing",
    "/api/v2/stores",
    "/API/V1/stores",
]


@pytest.mark.parametrize("path", PATHS)
def test_tricks_with_paths_reach_nothing(plane: Plane, path: str) -> None:
    plane.post("stores", GOOD)
    answer = plane.get(path)
    assert answer.status_code in {307, 404, 405}, answer.text
    assert "passwd" not in answer.text or answer.json()["code"] in {"not_found", "store_not_found"}
    assert plane.get("stores/acme").json()["metadata"]["desired"] == "active"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "stores/acme", "GET, HEAD, OPTIONS, PUT, PATCH"),
        ("POST", "operations", "GET, HEAD, OPTIONS"),
        ("FOO", "stores", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/healthz", "GET, HEAD, OPTIONS"),
        ("DELETE", "/", "GET, HEAD, OPTIONS, POST"),
        ("GET", "stores/acme/retire", "OPTIONS, POST"),
    ],
)
def test_a_method_that_an_address_does_not_take_is_told_those_it_takes(
    plane: Plane, method: str, path: str, allowed: str
) -> None:
    answer = plane.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    if path != "/":
        assert refused(answer, "method_not_allowed")["params"]["allowed"] == allowed
    options = plane.request("OPTIONS", path)
    assert (options.status_code, options.headers["allow"], options.text) == (204, allowed, "")
