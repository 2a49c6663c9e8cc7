"""One shop's REST API over one connection. `bridge`, `orders` and `shopper` speak through this.

It retries nothing: every call is repeatable, or guarded by whoever makes it, and the reconciler
looks again anyway. The standard library's client costs a fifth of the processor time of `requests`,
which decides how many shops one controller can watch (docs/decisions/0005).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from controller.domain.errors.shops import (
    ShopDeniedError,
    ShopForbiddenError,
    ShopUnreachableError,
    ShopUnreadableError,
)
from controller.engines.answers import STATUS, Answer, ShopAnswerError, right_wanted, understood
from controller.engines.wire import Wire

_READ_SECONDS = 10.0
_WRITE_SECONDS = 30.0
"""Longer: a write that is cut off leaves in doubt what a read only costs again."""


class RestClient:
    """JSON over HTTP to one endpoint; not shared between threads."""

    def __init__(
        self,
        endpoint: str,
        token: str | None = None,
        *,
        timeout: float | None = None,
        trust: str = "",
    ) -> None:
        """`timeout` is how many seconds a whole call may take; a write may take longer.

        `trust` are certificates of authorities that count beside the system's.
        """
        self._wire = Wire(endpoint, trust)
        self._timeout = timeout
        self._headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def call(
        self, method: str, path: str, body: object = None, *, seconds: float | None = None
    ) -> Any:
        """The answer's JSON, which is never null; `seconds` limits this call otherwise than usual.

        `body` is made JSON of, unless it is bytes.

        Raises ShopUnreachableError, of the kind that says why, when no answer comes that can be
        used; ShopForbiddenError and ShopRedirectsError for what will not pass by itself;
        ShopAnswerError for any other refusal (4xx).
        """
        answer = self._send(method, path, body, seconds)
        if answer.status == 401:
            raise self._denial(path, answer)
        return understood(answer, f"{method} {path}")

    def write(self, method: str, path: str, body: object) -> Any:
        """As `call`; a refusal is SettingsRefusedError, or ShopContendedError by another writer."""
        try:
            return self.call(method, path, body)
        except ShopAnswerError as error:
            raise error.refusal from error

    def close(self) -> None:
        """Close the connection."""
        self._wire.close()

    def _send(
        self, method: str, path: str, body: object = None, seconds: float | None = None
    ) -> Answer:
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        usual = _READ_SECONDS if method == "GET" else _WRITE_SECONDS
        seconds = seconds or self._timeout or usual
        return self._wire.exchange(method, f"/rest{path}", content, self._headers, seconds=seconds)

    def _denial(self, path: str, answer: Answer) -> ShopDeniedError | ShopForbiddenError:
        """Whether the token is dead or only lacks a right."""
        wanted = right_wanted(answer)
        if not wanted or "Authorization" not in self._headers or path == STATUS:
            return ShopDeniedError()
        try:
            known = self._send("GET", STATUS).status == 200
        except ShopUnreachableError:
            known = False
        return ShopForbiddenError(resources=wanted) if known else ShopDeniedError()


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Take JSON apart in the block: a form that it should not have is ShopUnreadableError."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        detail = f"{what}: {type(error).__name__} {error}"
        raise ShopUnreadableError(detail=detail[:200]) from error
