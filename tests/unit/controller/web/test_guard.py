"""Who may see and do what: sessions, form tokens, other people's shops, headers, hostile input."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from controller.bootstrap import wiring
from controller.domain.tenant import Scope
from controller.jobs.wakeup import silent
from controller.settings import Settings
from controller.web import session
from tests.planes import Plane
from tests.unit.controller.web.visitor import Visitor

POSTS = (
    "/",
    "/code",
    "/new",
    "/sign-out",
    "/shops/tea/pause",
    "/shops/tea/close",
    "/shops/tea/retry",
    "/shops/tea/administration",
    "/operator",
    "/operator/stores/tea/suspend",
    "/operator/stores/tea/purge",
    "/operator/stores/tea/retry",
    "/operator/stores/tea/administration",
)


def test_no_form_is_taken_without_the_token_of_its_session(plane: Plane, ann: Visitor) -> None:
    ann.open_shop("Tea")
    plane.settle()
    before = plane.registry.stores.get(Scope.operator(), "tea")
    for path in POSTS:
        for token in ({}, {"csrf": ""}, {"csrf": "wrong"}, {"csrf": "ü"}):
            answer = ann.post(path, token)
            assert answer.status_code == 403, path
            assert "form_expired" in answer.text
    assert plane.registry.stores.get(Scope.operator(), "tea") == before


def test_the_token_of_another_session_is_worth_nothing(plane: Plane, ann: Visitor) -> None:
    ann.open_shop("Tea")
    bob = Visitor(plane).sign_in("bob@example.com")
    foreign = bob.form(bob.get("/new"), "/new")["csrf"]
    assert ann.post("/shops/tea/close", {"csrf": foreign}).status_code == 403


def test_every_post_route_of_the_pages_is_in_the_list_above(plane: Plane) -> None:
    def known(path: str) -> bool:
        parts = path.split("/")
        return any(
            len(parts) == len(post.split("/"))
            and all(a == b or a[:1] == "{" for a, b in zip(parts, post.split("/"), strict=True))
            for post in POSTS
        )

    assert all(known(path) for path in _posts(plane.app))
    assert len(_posts(plane.app)) >= 11


def _posts(app: FastAPI) -> list[str]:
    def walk(routes: Any) -> Any:
        for route in routes:
            inner = getattr(route, "original_router", None)
            if inner is not None:
                yield from walk(inner.routes)
            elif "POST" in (getattr(route, "methods", None) or ()) and not route.include_in_schema:
                yield route.path

    return list(walk(app.routes))


def test_signing_in_begins_a_new_session(plane: Plane) -> None:
    visitor = Visitor(plane)
    before = visitor.form(visitor.get("/"), "/")["csrf"]
    visitor.sign_in()
    after = visitor.form(visitor.get("/new"), "/new")["csrf"]
    assert before != after


def test_the_cookie_is_kept_from_scripts_and_other_sites(nobody: Visitor) -> None:
    cookie = nobody.get("/").headers["set-cookie"]
    assert cookie.startswith("storectl_session=")
    for flag in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=43200"):
        assert flag in cookie
    assert "Secure" not in cookie


def test_over_https_the_cookie_is_bound_to_the_host(
    plane: Plane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path, public_url="https://shops.example")
    services = wiring.build_services(settings, plane.registry, plane.world, silent, lambda: True)
    monkeypatch.setattr(plane, "app", wiring.build_app(services))
    cookie = Visitor(plane, server="https://shops.example").get("/").headers["set-cookie"]
    assert cookie.startswith("__Host-storectl=")
    assert "Secure" in cookie


@pytest.mark.parametrize("change", ["tampered", "expired", "of another kind"])
def test_a_cookie_that_cannot_be_believed_is_nobodys(
    ann: Visitor, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    text = ann.http.cookies["storectl_session"]
    if change == "expired":
        monkeypatch.setattr(session, "LIFETIME", timedelta(seconds=-1))
    else:
        ann.http.cookies.clear()
        other = ("A" if text[5] != "A" else "B") if change == "tampered" else ""
        ann.http.cookies["storectl_session"] = text[:5] + other + text[6:]
    assert ann.get("/new").headers["location"] == "/"


# --- other people's things ------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "/live", "/close"])
def test_another_owners_shop_is_not_there(plane: Plane, ann: Visitor, path: str) -> None:
    ann.open_shop("Tea")
    plane.settle()
    bob = Visitor(plane).sign_in("bob@example.com")
    bob.open_shop("Coffee")
    for visitor in (bob, Visitor(plane).sign_in("new@example.com")):
        answer = visitor.get(f"/shops/tea{path}")
        if path == "/live":
            assert "tea" not in answer.text.replace("stream", "")
            continue
        assert answer.status_code == 404
        assert "There is no store called “tea”." in answer.text
        assert "storectl" not in answer.text.split("<h1>")[1].split("</main>")[0].split("hint")[0]


@pytest.mark.parametrize(
    "action", ["pause", "open", "close", "restore", "retry", "administration", "nonsense"]
)
def test_another_owners_shop_cannot_be_touched(plane: Plane, ann: Visitor, action: str) -> None:
    ann.open_shop("Tea")
    plane.settle()
    before = plane.registry.stores.get(Scope.operator(), "tea")
    bob = Visitor(plane).sign_in("bob@example.com")
    csrf = bob.form(bob.get("/new"), "/new")["csrf"]
    assert bob.post(f"/shops/tea/{action}", {"csrf": csrf}).status_code == 404
    assert plane.registry.stores.get(Scope.operator(), "tea") == before


@pytest.mark.parametrize(
    "path", ["/operator/stores/tea", "/operator/stores/tea/log", "/operator/live"]
)
def test_an_owner_sees_nothing_of_the_operators_console(ann: Visitor, path: str) -> None:
    ann.open_shop("Tea")
    answer = ann.get(path)
    assert answer.status_code in {303, 401}
    assert answer.headers.get("location", "/operator") == "/operator"
    assert "Conditions" not in answer.text


# --- hostile input --------------------------------------------------------------------------------

XSS = "<img src=x onerror=alert(1)>\"'{{7*7}}"


def test_a_name_made_of_markup_is_shown_as_text_on_every_page(
    plane: Plane, ann: Visitor, operator: Visitor
) -> None:
    slug = ann.open_shop(XSS, name="tea").rpartition("/")[2]
    pending = ann.get(f"/shops/{slug}").text
    plane.settle()
    pages = [
        pending,
        *(ann.get(path).text for path in ("/shops", f"/shops/{slug}", f"/shops/{slug}/close")),
        *(operator.get(path).text for path in ("/operator", f"/operator/stores/{slug}")),
    ]
    for page in pages:
        assert "<img src=x" not in page
        assert "&lt;img src=x onerror=alert(1)&gt;" in page
        assert "{{7*7}}" in page


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/shops/%00",
        "/shops/..%2f..%2fetc",
        "/shops/" + "a" * 500,
        "/shops/A'--",
        "/static/..%2fbase.html",
        "/static/%2e%2e/base.html",
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(ann: Visitor, path: str) -> None:
    answer = ann.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "<h1>" in answer.text


def test_filters_made_of_anything_find_nothing_and_break_nothing(operator: Visitor) -> None:
    for query in ("phase=%00", "phase=Ready' OR 1=1", "search=%00", "after=%F0%9F%98%80"):
        assert operator.get(f"/operator?{query}").status_code == 200


def test_a_field_that_is_too_long_is_refused(nobody: Visitor) -> None:
    answer = nobody.submit("/", "/", email="a" * 5000)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")


def test_no_page_leads_to_an_address_that_a_visitor_names(nobody: Visitor) -> None:
    nobody.get("/shops//evil.example/")
    nobody.get("/shops/x?next=https://evil.example")
    nobody.ask_for_code("ann@example.com")
    answer = nobody.submit(
        "/code?next=//evil.example", "/code", code=nobody.code("ann@example.com")
    )
    assert answer.headers["location"].startswith("/shops/")


@pytest.mark.parametrize("path", ["/", "/new", "/operator", "/api/v1/docs", "/nothing"])
def test_every_page_forbids_what_it_does_not_need(ann: Visitor, path: str) -> None:
    answer = ann.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
    for inline in ("<style", " style=", " onclick=", " onload=", "javascript:"):
        assert inline not in answer.text
    assert answer.text.count("<script") == answer.text.count('<script src="/static/')


# --- languages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "query", "lang", "direction"),
    [
        pytest.param("ar-EG", "", "ar", "rtl", id="as the browser says"),
        pytest.param("fr", "", "en", "ltr", id="unknown"),
        pytest.param("ar", "?lang=de", "de", "ltr", id="as asked for"),
        pytest.param("ar", "?lang=xx", "ar", "rtl", id="nonsense"),
    ],
)
def test_pages_speak_the_visitors_language(
    plane: Plane, header: str, query: str, lang: str, direction: str
) -> None:
    answer = Visitor(plane, language=header).get(f"/{query}")
    assert f'<html lang="{lang}" dir="{direction}">' in answer.text
    assert answer.headers["content-language"] == lang


def test_a_chosen_language_is_remembered(nobody: Visitor) -> None:
    nobody.get("/?lang=ar")
    assert '<html lang="ar" dir="rtl">' in nobody.get("/").text
    assert '<html lang="ar" dir="rtl">' in nobody.get("/nothing").text
