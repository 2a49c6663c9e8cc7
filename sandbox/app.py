"""The shop's web application: REST, storefront and administration behind one boundary.

`process` serves it. Requests are answered one after the other on one thread: each is a few
milliseconds of SQLite, and no two can see each other's half-done work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from sandbox.rest.router import answer, as_json, compile_routes
from sandbox.rest.routes import ROUTES

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sandbox.shop import Shop

ALIVE = "/-/live"
"""Answers as long as the process does; whether the shop has its data is the Bridge's `ready`."""
SITE = "/-/site"
"""Which website a host gets, as the Magento image says it: any, since settings decide it here. And
whether shoppers are let in."""
LARGEST_BODY = 2 * 1024 * 1024
LARGEST_DRAINED = 32 * 1024 * 1024
CONTENT_POLICY = (
    b"default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    b"base-uri 'none'; frame-ancestors 'self'"
)
SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"same-origin"),
    (b"content-security-policy", CONTENT_POLICY),
]


class BodyTooLargeError(Exception):
    """The client sent more than the shop reads."""


def build_app(shop: Shop) -> ASGIApp:
    """Return the application of one shop."""
    table = compile_routes(ROUTES)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == ALIVE:
            await Response(status_code=204)(scope, receive, send)
            return
        if scope["path"] == SITE:
            storefront = "closed" if shop.release.closed else "open"
            headers = {"Cache-Control": "no-store", "X-Shop-Storefront": storefront}
            await Response("*\n", 200, headers, "text/plain")(scope, receive, send)
            return
        request = Request(scope, receive)
        guarded = with_security_headers(send)
        rest = scope["path"] == "/rest" or scope["path"].startswith("/rest/")
        try:
            raw = await read_body(request)
        except BodyTooLargeError:
            message = {"message": "The request body is too large."}
            await as_json(413, message, {"Connection": "close"})(scope, receive, guarded)
            return
        if rest:
            response = answer(shop, table, request, raw)
        else:
            # Templates and CLDR are loaded with the first page: a start must be quick.
            from sandbox.pages import answer_page  # noqa: PLC0415

            response = answer_page(shop, request, raw)
        await response(scope, receive, guarded)

    return app


async def read_body(request: Request) -> bytes:
    """Return the whole body; BodyTooLargeError beyond the limit.

    Up to a point the rest is read and forgotten: a client that is still sending would otherwise
    see a broken connection and never the answer.
    """
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared[:18]) > LARGEST_DRAINED:
        raise BodyTooLargeError
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size <= LARGEST_BODY:
            parts.append(part)
        elif size > LARGEST_DRAINED:
            break
    if size > LARGEST_BODY:
        raise BodyTooLargeError
    return b"".join(parts)


def with_security_headers(send: Send) -> Send:
    """Add to every answer what a browser shall not do with it."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *SECURITY_HEADERS]
        await send(message)

    return guarded
