"""What every request passes: a limit to its body, its time, headers that no answer goes without.

Plain ASGI, because the wrappers that buffer answers would hold streams back.
"""

import contextlib
import time

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller.api.errors import problem
from controller.domain.errors import BodyTooLargeError, StoreControllerError
from controller.metrics import HTTP_SECONDS

BODY_LIMIT = 256 * 1024
"""Bytes; the largest body that makes sense is a store's specification with its labels."""


class _TooLarge(Exception):  # noqa: N818 -- it never leaves this module.
    pass


class Gate:
    """Limits bodies and measures requests."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500
        received = 0
        answered = excess = False

        async def limited() -> Message:
            nonlocal received, excess
            message = await receive()
            received += len(message.get("body", b""))
            if received > BODY_LIMIT:
                excess = True
                raise _TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                answered = True
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        async def unless_excess(message: Message) -> None:
            # Whoever reads a body takes our error for a body it cannot read, and says so.
            if answered or not excess:
                await noted(message)

        try:
            if _announced(scope) > BODY_LIMIT:
                excess = True
            else:
                with contextlib.suppress(_TooLarge):
                    await self._app(scope, limited, unless_excess)
            if excess and not answered:
                await _refuse(scope, receive, noted)
        finally:
            took = time.perf_counter() - began
            HTTP_SECONDS.labels(*_route(scope), status).observe(took)


def _route(scope: Scope) -> tuple[str, str]:
    """Method and path template; one pair for all that no route took, since callers invent both."""
    # FastAPI keeps the template of an included route, with the prefix, beside the route.
    included = scope.get("fastapi", {}).get("effective_route_context")
    template = getattr(included or scope.get("route"), "path", None)
    return (scope["method"], template) if template and "endpoint" in scope else ("-", "-")


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            # Sixteen digits are more than enough to be too much.
            return int(value[:16]) if value.isdigit() else 0
    return 0


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    error: StoreControllerError = BodyTooLargeError(limit=BODY_LIMIT // 1024)
    await problem(Request(scope), error)(scope, receive, send)
