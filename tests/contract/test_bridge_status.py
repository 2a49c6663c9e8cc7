"""Contract of the Bridge: who comes in, what the shop says of itself, and what is no request."""

import pytest

from tests.contract.client import CONFIG, VIEW, Shop

BRIDGE = "/rest/all/V1/storecontroller"


def test_anybody_may_ask_whether_it_is_ready(shop: Shop) -> None:
    answer = shop.call("GET", "/rest/V1/storecontroller/ready", token=None)
    assert (answer.status, answer.body["ready"]) == (200, True)


def test_the_status_says_who_it_is_and_what_is_applied(shop: Shop) -> None:
    status = shop.status()
    assert isinstance(status["instance_uid"], str)
    assert status["instance_uid"]
    assert {"default", VIEW} <= set(status["views"])
    assert "admin" not in status["views"]
    assert isinstance(status["revision"], int)
    assert isinstance(status["drift"], list)
    assert isinstance(status["bridge_version"], str)
    assert (status["ready"], status["maintenance"]) == (True, False)
    for name in ("applied_checksum", "current_checksum"):
        assert isinstance(status[name], str)
    for check in status["checks"]:
        assert isinstance(check["name"], str)
        assert isinstance(check["ok"], bool)
        assert isinstance(check["ms"], int)


@pytest.mark.parametrize("token", [None, "bogus"], ids=["no token", "another token"])
@pytest.mark.parametrize(
    ("method", "path", "resource"),
    [
        ("GET", "/status", "StoreController_Bridge::status"),
        ("PUT", "/config", "StoreController_Bridge::config_write"),
        ("POST", "/config/query", "StoreController_Bridge::config_read"),
        ("GET", "/currency-rates", "StoreController_Bridge::rates"),
        ("PUT", "/currency-rates", "StoreController_Bridge::rates"),
        ("PUT", "/topology", "StoreController_Bridge::topology"),
        ("POST", "/cache/clean", "StoreController_Bridge::cache"),
        ("PUT", "/table-rates", "StoreController_Bridge::table_rates"),
        ("GET", "/table-rates/base/package_qty", "StoreController_Bridge::table_rates"),
        ("POST", "/login-link", "StoreController_Bridge::login_link"),
    ],
)
def test_nobody_else_comes_in(
    shop: Shop, method: str, path: str, resource: str, token: str | None
) -> None:
    answer = shop.call(method, f"{BRIDGE}{path}", {} if method != "GET" else None, token=token)
    assert answer.status == 401
    assert answer.said == f"The consumer isn't authorized to access {resource}."


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/rest/V1/nope", 404, "Request does not match any route."),
        ("DELETE", "/rest/V1/store/storeViews", 404, "Request does not match any route."),
        ("GET", "/rest/nostore/V1/store/storeViews", 400, "Specified request cannot be processed."),
    ],
    ids=["no route", "another verb", "no such view"],
)
def test_an_address_that_is_none_is_refused(
    shop: Shop, method: str, path: str, status: int, said: str
) -> None:
    answer = shop.call(method, path)
    assert (answer.status, answer.said) == (status, said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"{bad", "Decoding error.", id="no JSON"),
        pytest.param(
            b'{"items":[{"path":"a/b/c","value":"1"}]}',
            '"revision" is required. Enter and try again.',
            id="no revision",
        ),
        pytest.param(
            b'{"items":[],"revision":"abc"}',
            'The "abc" value\'s type is invalid. The "int" type was expected. Verify and try'
            " again.",
            id="a word for a number",
        ),
    ],
)
def test_a_malformed_body_is_refused_in_words(shop: Shop, content: bytes, said: str) -> None:
    answer = shop.call("PUT", CONFIG, content=content)
    assert (answer.status, answer.said) == (400, said)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'{"items":"x","revision":999999}', id="no list"),
        pytest.param(b'{"items":["x"],"revision":999999}', id="no objects"),
        pytest.param(b'{"items":[{"paths":"x"}],"revision":999999}', id="an unknown property"),
    ],
)
def test_items_of_another_form_are_refused_as_json(shop: Shop, content: bytes) -> None:
    answer = shop.call("PUT", CONFIG, content=content)
    assert answer.status == 400
    assert isinstance(answer.body, dict)
    assert answer.said


def test_another_kind_of_body_is_refused(shop: Shop) -> None:
    answer = shop.call("PUT", CONFIG, content=b"x", media="text/plain")
    assert answer.status == 400
    assert "Content-Type" in answer.said


def test_caches_are_cleaned_by_name(shop: Shop) -> None:
    path = "/all/V1/storecontroller/cache/clean"
    assert shop.send("POST", path, {"types": ["config"]}) == ["config"]
    refused = shop.call("POST", f"/rest{path}", {"types": ["nope"]})
    assert 400 <= refused.status < 500


def test_a_login_link_is_for_the_owner(shop: Shop) -> None:
    path = "/rest/all/V1/storecontroller/login-link"
    link = shop.call("POST", path, {"role": "owner"})
    assert link.status == 200, link
    assert link.body["url"].startswith("http")
    assert "T" in link.body["expires_at"]
    assert 400 <= shop.call("POST", path, {"role": "nobody"}).status < 500
