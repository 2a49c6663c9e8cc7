"""One shop's REST API over one connection. `bridge`, `orders` and `shopper` speak through this.

It retries nothing: every call is repeatable, or guarded by whoever makes it, and the reconciler
looks again anyway. The standard library's client costs a fifth of the processor time of `requests`,
which decides how many shops one controller can watch (docs/decisions/0005).
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import responses
from typing import Any

from controller.domain.errors import (
    SettingsRefusedError,
    ShopBusyError,
    ShopContendedError,
    ShopDeniedError,
    ShopFailingError,
    ShopForbiddenError,
    ShopGatewayError,
    ShopRedirectsError,
    ShopUnreachableError,
    ShopUnreadableError,
)
from controller.engines.wire import Answer, Wire

_READ_SECONDS = 10.0
_WRITE_SECONDS = 30.0
"""Longer: a write that is cut off leaves in doubt what a read only costs again."""
_LONGEST_PAUSE = 3600
_USUAL_PAUSE = 30
_KNOWN_TO_ALL = "/all/V1/storecontroller/status"
"""What every valid token may read: asked to tell a token that lacks a right from one that died."""


class ShopAnswerError(Exception):
    """The shop understood the request and refused it (4xx)."""

    def __init__(self, status: int, message: str, *, readable: bool = True) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message
        self.readable = readable
        """Whether it came as JSON, as every refusal of a shop does."""


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

        Raises ShopUnreachableError, of the kind that says why, when no answer comes that can be
        used; ShopForbiddenError and ShopRedirectsError for what will not pass by itself;
        ShopAnswerError for any other refusal (4xx).
        """
        answer = self._send(method, path, body, seconds)
        if answer.status == 401:
            raise self._denial(path, answer)
        _check(answer)
        found = _parse(answer.body)
        if answer.status >= 400:
            raise ShopAnswerError(answer.status, _message(answer), readable=found is not None)
        if found is None:
            raise ShopUnreadableError(detail=f"{method} {path}: {_kind(answer)}")
        return found

    def write(self, method: str, path: str, body: object) -> Any:
        """As `call`; a refusal is SettingsRefusedError, or ShopContendedError by another writer."""
        try:
            return self.call(method, path, body)
        except ShopAnswerError as error:
            if error.status == 409:
                raise ShopContendedError(detail=error.message) from error
            raise SettingsRefusedError(detail=error.message) from error

    def close(self) -> None:
        """Close the connection."""
        self._wire.close()

    def _send(
        self, method: str, path: str, body: object = None, seconds: float | None = None
    ) -> Answer:
        content = None if body is None else json.dumps(body).encode()
        usual = _READ_SECONDS if method == "GET" else _WRITE_SECONDS
        seconds = seconds or self._timeout or usual
        return self._wire.exchange(method, f"/rest{path}", content, self._headers, seconds=seconds)

    def _denial(self, path: str, answer: Answer) -> ShopDeniedError | ShopForbiddenError:
        """Whether the token is dead or only lacks a right.

        Magento answers both with the same words, naming the right that the route wants.
        """
        found = _parse(answer.body)
        named = found.get("parameters") if isinstance(found, dict) else None
        resources = named.get("resources") if isinstance(named, dict) else None
        if not resources or "Authorization" not in self._headers or path == _KNOWN_TO_ALL:
            return ShopDeniedError()
        try:
            known = self._send("GET", _KNOWN_TO_ALL).status == 200
        except ShopUnreachableError:
            known = False
        return ShopForbiddenError(resources=str(resources)[:200]) if known else ShopDeniedError()


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Take JSON apart in the block: a form that it should not have is ShopUnreadableError."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        detail = f"{what}: {type(error).__name__} {error}"
        raise ShopUnreadableError(detail=detail[:200]) from error


def _check(answer: Answer) -> None:
    """Raise for what no caller can do anything about."""
    status = answer.status
    pause = answer.headers.get("Retry-After")
    if status == 429 or (status == 503 and pause is not None):
        raise ShopBusyError(retry_after=_pause(pause))
    if status in {502, 504}:
        raise ShopGatewayError(answer=status, detail=_message(answer))
    if status >= 500:
        raise ShopFailingError(detail=_message(answer))
    if 300 <= status < 400:
        raise ShopRedirectsError(location=str(answer.headers.get("Location") or "?")[:200])


def _pause(text: str | None) -> int:
    """The seconds that Retry-After asks for, as a number or a date; the usual ones for nonsense."""
    given = (text or "").strip()
    try:
        if given.isascii() and given.isdigit():
            seconds = int(given[:9])
        else:
            until = parsedate_to_datetime(given)
            aware = until if until.tzinfo else until.replace(tzinfo=UTC)
            seconds = round((aware - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return _USUAL_PAUSE
    return min(max(seconds, 1), _LONGEST_PAUSE)


def _kind(answer: Answer) -> str:
    """What came instead of JSON."""
    kind = answer.headers.get_content_type()
    return f"{kind} instead of JSON" if "json" not in kind else "the JSON is broken"


def _parse(raw: bytes) -> Any:
    try:
        return json.loads(raw, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None


def _no_number(name: str) -> object:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(name)


def _message(answer: Answer) -> str:
    """The shop's own words with its placeholders filled, and those of each single error."""
    found = _parse(answer.body)
    parts = [_filled(found)] if isinstance(found, dict) else []
    errors = found.get("errors") if isinstance(found, dict) else None
    if isinstance(errors, list):
        parts += [_filled(error) for error in errors if isinstance(error, dict)]
    said = "; ".join(part for part in parts if part)
    return said[:500] or f"{answer.status} {responses.get(answer.status, '')}".strip()


def _filled(error: Mapping[str, Any]) -> str:
    text = str(error.get("message", ""))
    parameters = error.get("parameters") or {}
    if isinstance(parameters, list):
        parameters = {str(index): value for index, value in enumerate(parameters, start=1)}
    if not isinstance(parameters, dict):
        return text
    # Longest names first: %1 is a beginning of %10.
    for name in sorted(parameters, key=len, reverse=True):
        text = text.replace(f"%{name}", str(parameters[name]))
    return text
