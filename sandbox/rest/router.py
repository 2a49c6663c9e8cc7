"""From an HTTP request to a handler and back: paths, store codes, tokens, bodies, errors, JSON."""

from __future__ import annotations

import hmac
import json
import logging
import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.responses import Response

from sandbox.errors import NotFoundError, ShopError, UnauthorizedError
from sandbox.rest.call import Call
from sandbox.rest.search import project
from sandbox.topology import default_view, find_view

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from sandbox.shop import Shop
    from sandbox.topology import View

log = logging.getLogger("sandbox")
Handler = Callable[[Call], object]
ANONYMOUS = ""
URL = re.compile(r"/rest(?:/([A-Za-z0-9_]+))?(/V1/.*)")


@dataclass(frozen=True)
class Route:
    """One row of the API: how it is asked for, who may, and `module.function` that answers."""

    method: str
    path: str
    resource: str
    handler: str

    def pattern(self) -> re.Pattern[str]:
        """Return the path as an expression; `:name` is one segment."""
        return re.compile(re.sub(r":(\w+)", r"(?P<\1>[^/]+)", self.path))

    def load(self) -> Handler:
        """Import the handler's module on its first use: it keeps the start short."""
        module, function = self.handler.split(".")
        handler: Handler = getattr(import_module(f"sandbox.rest.{module}"), function)
        return handler


def compile_routes(routes: list[Route]) -> list[tuple[Route, re.Pattern[str]]]:
    """Prepare all routes once."""
    return [(route, route.pattern()) for route in routes]


def answer(
    shop: Shop, table: list[tuple[Route, re.Pattern[str]]], request: Request, raw: bytes
) -> Response:
    """Answer one request. Whatever the input, the answer is JSON and never a traceback."""
    try:
        result = dispatch(shop, table, request, raw)
        fields = request.query_params.get("fields")
        return as_json(200, project(result, fields) if fields else result)
    except ShopError as error:
        return as_json(error.status, error.body())
    except (UnicodeError, OverflowError, RecursionError):
        return as_json(400, {"message": "Decoding error."})
    except sqlite3.OperationalError as error:
        log.warning("data file: %s", error)
        message = {"message": "The shop cannot reach its data at the moment. Try again."}
        return as_json(503, message, {"Retry-After": "5"})
    except Exception:
        log.exception("unexpected error in %s %s", request.method, request.url.path)
        return as_json(500, {"message": "Internal Error. Details are available in the shop's log."})


def dispatch(
    shop: Shop, table: list[tuple[Route, re.Pattern[str]]], request: Request, raw: bytes
) -> object:
    """Match, authorize, decode and call."""
    url = URL.fullmatch(request.scope["raw_path"].decode("latin-1").partition("?")[0].rstrip("/"))
    no_route = NotFoundError("Request does not match any route.")
    if url is None:
        raise no_route
    code, path = url.groups()
    for route, pattern in table:
        found = pattern.fullmatch(path) if route.method == request.method else None
        if found is not None:
            break
    else:
        raise no_route
    view = find_scope(shop, code)
    if route.resource != ANONYMOUS:
        authorize(shop, request, route.resource)
    return route.load()(
        Call(
            shop=shop,
            view=view,
            path={name: unquote(value) for name, value in found.groupdict().items()},
            query=list(request.query_params.multi_items()),
            body=decode(request, raw) if request.method in ("POST", "PUT") else {},
            host=request.headers.get("host", ""),
        )
    )


def find_scope(shop: Shop, code: str | None) -> View | None:
    """Return the view that the URL names; None for `all`."""
    if code == "all":
        return None
    view = default_view(shop.db) if code is None else find_view(shop.db, code)
    if view is None:
        raise ShopError("Specified request cannot be processed.")
    return view


def authorize(shop: Shop, request: Request, resource: str) -> None:
    """Ask for the shop's token."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    good = hmac.compare_digest(token.strip().encode(), shop.access_token.encode())
    if scheme.lower() != "bearer" or not good:
        raise UnauthorizedError(resource)


def decode(request: Request, raw: bytes) -> Mapping[str, object]:
    """Return the body's JSON object; no body is an empty object."""
    if not raw.strip():
        return {}
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise ShopError(
            f"Server cannot understand Content-Type HTTP header media type {media[:80]}"
        )
    try:
        body = json.loads(raw, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ShopError("Decoding error.") from error
    if not isinstance(body, dict):
        raise ShopError("Decoding error.")
    return body


def refuse_constant(name: str) -> object:
    """Refuse NaN and Infinity, which JSON does not have."""
    raise ValueError(name)


def as_json(status: int, content: object, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer that nobody stores."""
    text = json.dumps(content, default=plain_number, ensure_ascii=False, separators=(",", ":"))
    return Response(
        text.encode("utf-8", "replace"),
        status,
        {"Cache-Control": "no-store", **(headers or {})},
        "application/json; charset=utf-8",
    )


def plain_number(value: object) -> object:
    """Write a Decimal as the JSON number that it is: 20, 7.5."""
    if not isinstance(value, Decimal):
        raise TypeError(type(value).__name__)
    return int(value) if value == value.to_integral_value() else float(value)
