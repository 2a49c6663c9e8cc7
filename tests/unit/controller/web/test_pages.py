"""The outbox, the API's reference, errors as pages, and words for everything there is."""

import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request

from controller.bootstrap import wiring
from controller.domain.commerce import Payment
from controller.domain.conditions import Phase
from controller.domain.errors.base import InvalidInputError, LimitError, by_code
from controller.domain.stack import STACK_CONDITIONS, STEADY
from controller.domain.store import SHORTFALLS, STORE_CONDITIONS
from controller.domain.watching import WATCHED
from controller.i18n import LANGUAGES
from controller.jobs.wakeup import silent
from controller.settings import Settings
from controller.web import words
from controller.web.assets import asset
from controller.web.docs import groups
from controller.web.errors import html_error
from tests.planes import Plane
from tests.unit.controller.web.visitor import Visitor

HERE = "http://127.0.0.1:8080"


# --- the outbox -----------------------------------------------------------------------------------


def test_without_a_mail_server_this_machine_sees_the_mails(plane: Plane) -> None:
    visitor = Visitor(plane, server=HERE)
    assert "No mail yet" in visitor.get("/outbox").text
    visitor.ask_for_code("ann@example.com")
    page = visitor.get("/outbox").text
    assert "ann@example.com" in page
    assert visitor.code("ann@example.com") in page
    assert 'href="/outbox"' in visitor.get("/code").text


@pytest.mark.parametrize(
    ("server", "settings"),
    [
        pytest.param("http://shops.example", {}, id="a name that points here"),
        pytest.param(HERE, {"host": "0.0.0.0"}, id="the whole network"),
        pytest.param(HERE, {"public_url": "https://shops.example"}, id="behind a proxy"),
        pytest.param(HERE, {"smtp": {"host": "mail.example"}}, id="a mail server"),
    ],
)
def test_nobody_else_sees_them(
    plane: Plane,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    server: str,
    settings: dict[str, Any],
) -> None:
    services = wiring.build_services(
        Settings(home=tmp_path, **settings), plane.registry, plane.world, silent, lambda: True
    )
    monkeypatch.setattr(plane, "app", wiring.build_app(services))
    assert Visitor(plane, server=server).get("/outbox").status_code == 404


# --- the API's reference --------------------------------------------------------------------------


def test_the_reference_names_every_route_with_an_example(plane: Plane, nobody: Visitor) -> None:
    page = nobody.get("/api/v1/docs").text
    for path, methods in plane.app.openapi()["paths"].items():
        assert path in page
        assert sum(method.upper() in page for method in methods)
    assert "-d &#39;{&#34;country&#34;: &#34;DE&#34;, &#34;name&#34;: &#34;acme&#34;}" in page


def test_a_description_is_read_with_its_references() -> None:
    description = {
        "paths": {
            "/things/{name}": {
                "put": {
                    "tags": ["things"],
                    "operationId": "put",
                    "description": "Puts `a` thing.",
                    "parameters": [{"name": "kind", "in": "query", "schema": {"enum": ["a", "b"]}}],
                    "requestBody": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}
                        }
                    },
                    "responses": {"200": {"description": "Done"}},
                }
            }
        },
        "components": {
            "schemas": {
                "Thing": {
                    "type": "object",
                    "required": ["size"],
                    "properties": {
                        "size": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                        "part": {"$ref": "#/components/schemas/Part"},
                    },
                },
                "Part": {"type": "object", "properties": {"tags": {"type": "array", "items": {}}}},
            }
        },
    }
    (route,) = groups(description, "http://here")["things"]
    assert route.description == "Puts a thing."
    assert [field["name"] for field in route.fields] == ["size", "part", "part.tags"]
    assert [field["required"] for field in route.fields] == [True, False, False]
    assert route.parameters[0]["kind"] == "a | b"
    assert route.curl.startswith("curl -X PUT 'http://here/things/{name}'")
    assert '{"size": 1}' in route.curl


# --- errors ---------------------------------------------------------------------------------------


def _request(language: str) -> Request:
    headers = [(b"accept-language", language.encode())]
    scope = {"type": "http", "method": "GET", "path": "/x", "query_string": b"", "headers": headers}
    return Request(scope)


# The command line's own errors, which another test may have loaded, never reach a page.
SERVED = sorted(
    code for code, kind in by_code().items() if kind.__module__.startswith("controller")
)


@pytest.mark.parametrize("code", SERVED)
def test_every_error_is_a_page_with_cause_and_next_action(code: str) -> None:
    kind = by_code()[code]
    params = dict.fromkeys(re.findall(r"%\((\w+)\)s", kind.cause + kind.action), "<b>")
    params.pop("retry_after", None)
    for language in LANGUAGES:
        answer = html_error(_request(language), kind(**params))
        page = bytes(answer.body).decode()
        assert answer.status_code == kind.status
        assert f'lang="{language}"' in page
        assert "%(" not in page
        assert "<b>" not in page
        assert f">{code}<" in page


def test_a_limit_says_when_to_come_again_and_a_field_what_is_wrong() -> None:
    answer = html_error(_request("en"), LimitError(retry_after=7))
    assert answer.headers["retry-after"] == "7"
    assert "Wait 7 seconds and try again." in bytes(answer.body).decode()
    answer = html_error(_request("en"), InvalidInputError((("email", "is <missing>"),)))
    assert "is &lt;missing&gt;" in bytes(answer.body).decode()


# --- words ----------------------------------------------------------------------------------------


def test_there_is_a_word_for_everything() -> None:
    assert set(words.HEADLINES) == set(Phase)
    assert set(words.PAYMENTS) == set(Payment)
    assert set(words.CONDITIONS) == {
        "Ready",
        *STORE_CONDITIONS,
        *STACK_CONDITIONS,
        "InfrastructureReady",
        "VolumesRoomy",
        "BackedUp",
        "Autoscaling",
        STEADY,
        WATCHED,
        *SHORTFALLS,
    }
    assert set(words.ACTIONS) <= set(by_code())


@pytest.mark.parametrize(
    "name", ["app.css", "htmx.min.js", "htmx-sse.min.js", "logo.svg", "icons.svg"]
)
def test_files_are_kept_as_long_as_their_address_names_them(nobody: Visitor, name: str) -> None:
    exact = nobody.get(asset(name))
    assert exact.status_code == 200
    assert exact.headers["cache-control"] == "public, max-age=31536000, immutable"
    # Another release's address must not be kept with this one's content.
    for path in (f"/static/{name}", f"/static/{'0' * 16}/{name}"):
        answer = nobody.get(path)
        assert answer.content == exact.content
        assert answer.headers["cache-control"] == "no-cache"
        etag = {"If-None-Match": answer.headers["etag"]}
        assert nobody.get(path, headers=etag).status_code == 304
    for path in (f"/static/{'0' * 16}/nothing.css", f"{asset(name)}/x", f"/static/x/{name}"):
        assert nobody.get(path).status_code == 404


def test_pages_name_their_files_by_content(nobody: Visitor) -> None:
    named = re.findall(r'(?:href|src)="(/static/[^"#]+)', nobody.get("/").text)
    assert len(named) >= 5
    for path in named:
        assert "immutable" in nobody.get(path).headers["cache-control"]
