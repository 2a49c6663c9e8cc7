"""A refusal names what is at fault: the parameter, the header, the place in the body."""

from typing import Any

import pytest

from tests.planes import Plane

JSON = {"Content-Type": "application/json"}


def blamed(answer: Any) -> dict[str, str]:
    """What a request was refused for, by what is named."""
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    return {item["field"]: item["message"] for item in answer.json()["errors"]}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"name": "acme",\n "country": DE}', "it is not JSON at line 2, column 13"),
        (b'{"name": "acme"', "it is not JSON at line 1, column 16"),
        (b"name: acme", "it is not JSON at line 1, column 1"),
        (b'{"name": NaN}', "it is not JSON: NaN"),
        (b"[" * 100_000, "it is not JSON: nested too deeply"),
        ('{"name": "caf\u00e9"}'.encode("latin-1"), "it is not in UTF-8"),
    ],
)
def test_the_place_where_a_body_ceases_to_be_json(plane: Plane, body: bytes, told: str) -> None:
    assert blamed(plane.request("POST", "stores", content=body, headers=JSON)) == {"body": told}


@pytest.mark.parametrize(
    ("path", "headers", "named"),
    [
        ("stores?label=blue", {}, "label"),
        ("stores/acme", {"If-Match": "three"}, "If-Match"),
    ],
)
def test_the_parameter_or_header_that_cannot_be_read(
    plane: Plane, path: str, headers: dict[str, str], named: str
) -> None:
    plane.make()
    method = "PATCH" if headers else "GET"
    body = {"displayName": "Acme"} if headers else None
    assert [*blamed(plane.request(method, path, headers=headers, json=body))] == [named]


def test_a_header_that_is_sent_twice(plane: Plane) -> None:
    body = {"name": "acme", "country": "DE"}
    once = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    assert blamed(plane.request("POST", "stores", json=body, more=once)) == {
        "Idempotency-Key": "it is sent more than once"
    }


def test_a_refusal_is_told_in_the_readers_language(plane: Plane) -> None:
    answer = plane.get("stores?label=blue", headers={"Accept-Language": "de"})
    assert blamed(answer)["label"] != blamed(plane.get("stores?label=blue"))["label"]


class TestDryRun:
    """What would happen is told, and what would be refused is refused."""

    def test_a_new_store(self, plane: Plane) -> None:
        told = plane.post("stores?dryRun=true", {"name": "acme", "country": "DE"})
        assert (told.status_code, told.json()["exists"]) == (200, False)
        assert plane.get("stores/acme").status_code == 404

    def test_the_same_store_and_another_one_of_the_name(self, plane: Plane) -> None:
        plane.make()
        same = plane.post("stores?dryRun=true", {"name": "acme", "country": "DE"})
        assert (same.status_code, same.json()["changes"]) == (200, [])
        other = plane.post("stores?dryRun=true", {"name": "acme", "country": "FR"})
        assert (other.status_code, other.json()["code"]) == (409, "store_exists_differs")

    def test_what_a_tenant_may_not_have(self, plane: Plane, bob: str) -> None:
        plane.make()
        named = {"name": "acme", "country": "DE"}
        for method, path, body in (
            ("POST", "stores", named),
            ("PUT", "stores/acme", {"country": "DE"}),
        ):
            taken = plane.request(method, f"{path}?dryRun=true", json=body, token=bob)
            assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")
        odd = plane.post("stores?dryRun=true", {"name": "odd", "country": "DE", "email": "a b@c"})
        assert (odd.status_code, odd.json()["code"]) == (422, "invalid_email")
        large = {"name": "large", "country": "DE", "plan": "growth"}
        denied = plane.post("stores?dryRun=true", large, token=bob)
        assert (denied.status_code, denied.json()["code"]) == (403, "not_allowed")


def test_a_percentage_may_have_its_sign(plane: Plane) -> None:
    rate = {"country": "DE", "percent": "8,1 %"}
    told = plane.post("stores?dryRun=true", {"name": "a1", "country": "DE", "taxRates": [rate]})
    assert told.status_code == 200, told.text
