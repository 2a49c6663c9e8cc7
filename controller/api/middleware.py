"""What every request passes: methods, a limit to its body, headers that no answer goes without.

Plain ASGI, because the wrappers that buffer answers would hold streams back.
"""

import asyncio
import contextlib
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller.api.errors import problem
from controller.api.methods import allowed
from controller.domain.errors.base import StoreControllerError
from controller.domain.errors.requests import (
    BodyTooLargeError,
    ExpectationError,
    UnsupportedMediaError,
)
from controller.metrics import HTTP_SECONDS

BODY_LIMIT = 256 * 1024
"""Bytes."""
STORE_LIMIT = 4 * 1024 * 1024
"""Bytes of a store's specification: all table rates that it may have, as we write them."""


class _TooLarge(Exception):  # noqa: N818 -- it never leaves this module.
    pass


class RequestLimits:
    """Limits bodies, answers HEAD and OPTIONS for every route, measures requests."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer what needs no route."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        passage = _Passage(scope, receive, send)
        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        try:
            if (error := _refusal(scope)) is not None:
                await problem(Request(scope), error)(scope, receive, passage.noted)
            elif scope["method"] == "OPTIONS" and (methods := allowed(scope)):
                await passage.no_content({"Allow": ", ".join(methods)})
            else:
                with contextlib.suppress(_TooLarge):
                    await self._app(inner, passage.receive, passage.send)
                if passage.excess and not passage.answered:
                    error = BodyTooLargeError(limit=passage.limit // 1024)
                    await problem(Request(scope), error)(scope, receive, passage.noted)
        finally:
            took = time.perf_counter() - began
            HTTP_SECONDS.labels(*_route(inner, scope["method"]), passage.status).observe(took)


class _Passage:
    """One request on its way: what came of its body, and what was answered."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._received = 0
        self._headless = scope["method"] == "HEAD"
        self._ended = asyncio.Event()
        self.limit = limit_of(scope)
        self.status = 500
        self.answered = self.excess = False

    async def receive(self) -> Message:
        """The next part of the body; a HEAD has none, and its end is the caller's leaving."""
        if self._headless:
            if not self._received:
                self._received = 1
                return {"type": "http.request", "body": b"", "more_body": False}
            await self._ended.wait()
            return {"type": "http.disconnect"}
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self._received > self.limit:
            self.excess = True
            raise _TooLarge
        return message

    async def send(self, message: Message) -> None:
        """Pass an answer on, unless only we know that the body it is about is too large."""
        # Whoever reads a body takes our error for a body it cannot read, and says so.
        if self.excess and not self.answered:
            return
        if not self._headless:
            await self.noted(message)
        elif message["type"] == "http.response.start":
            await self.noted(message)
            await self.noted({"type": "http.response.body", "body": b"", "more_body": False})
            self._ended.set()

    async def noted(self, message: Message) -> None:
        """Send a part of an answer, with the headers that no answer goes without."""
        if message["type"] == "http.response.start":
            self.answered = True
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers.setdefault("X-Content-Type-Options", "nosniff")
            headers.setdefault("Cache-Control", "no-store")
        await self._send(message)

    async def no_content(self, headers: dict[str, str]) -> None:
        """Answer 204."""
        raw = [(name.lower().encode(), text.encode()) for name, text in headers.items()]
        await self.noted({"type": "http.response.start", "status": 204, "headers": raw})
        await self.noted({"type": "http.response.body", "body": b""})


def limit_of(scope: Scope) -> int:
    """The largest body that a request may have."""
    parts = scope["path"].strip("/").split("/")
    a_store = parts[:3] == ["api", "v1", "stores"] and len(parts) <= 4
    return STORE_LIMIT if a_store else BODY_LIMIT


def _refusal(scope: Scope) -> StoreControllerError | None:
    """What can be said of a request by its head alone."""
    headers = Headers(scope=scope)
    if headers.get("expect", "100-continue").strip().lower() != "100-continue":
        return ExpectationError()
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        return UnsupportedMediaError(sent=encoding[:80], wanted="identity")
    if _announced(headers) > (limit := limit_of(scope)):
        return BodyTooLargeError(limit=limit // 1024)
    return None


def _route(scope: Scope, method: str) -> tuple[str, str]:
    """Method and path template; one pair for all that no route took, since callers invent both."""
    # FastAPI keeps the template of an included route, with the prefix, beside the route.
    included = scope.get("fastapi", {}).get("effective_route_context")
    template = getattr(included or scope.get("route"), "path", None)
    return (method, template) if template and "endpoint" in scope else ("-", "-")


def _announced(headers: Headers) -> int:
    value = headers.get("content-length", "")
    # Sixteen digits are more than enough to be too much.
    return int(value[:16]) if value.isascii() and value.isdigit() else 0
