"""What a shop's answer means, whoever asked and by whatever way it came.

`rest` and `rest_async` send and judge by this, so that settings, rates, orders and probes take one
answer for the same.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import responses
from typing import Any, Protocol, TypeVar

from controller.domain.errors.base import StoreControllerError
from controller.domain.errors.shops import (
    SettingsRefusedError,
    ShopBusyError,
    ShopContendedError,
    ShopFailingError,
    ShopGatewayError,
    ShopRedirectsError,
    ShopUnreadableError,
)

STATUS = "/all/V1/storecontroller/status"
"""What every valid token may read: asked to tell a token that lacks a right from one that died."""
_T = TypeVar("_T")
_LONGEST_PAUSE = 3600
_USUAL_PAUSE = 30


class Headers(Protocol):
    """Headers, found in whatever case their names are asked for."""

    def get(self, name: str, default: _T, /) -> str | _T:
        """One of them."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A whole answer."""

    status: int
    headers: Headers
    body: bytes

    @property
    def kind(self) -> str:
        """Its media type."""
        return self.headers.get("Content-Type", "text/plain").partition(";")[0].strip().lower()


class ShopAnswerError(Exception):
    """The shop understood the request and refused it (4xx)."""

    def __init__(self, status: int, message: str, *, readable: bool = True) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message
        self.readable = readable
        """Whether it came as JSON, as every refusal of a shop does."""

    @property
    def refusal(self) -> StoreControllerError:
        """What it means where something was to be written."""
        kind = ShopContendedError if self.status == 409 else SettingsRefusedError
        return kind(detail=self.message)


def understood(answer: Answer, request: str) -> Any:
    """The answer's JSON, which is never null; `request` names it where it cannot be read.

    Raises ShopBusyError, ShopGatewayError, ShopFailingError, ShopRedirectsError and
    ShopUnreadableError for what no caller can do anything about, ShopAnswerError for a refusal.
    """
    _check(answer)
    found = parsed(answer.body)
    if answer.status >= 400:
        raise ShopAnswerError(answer.status, _message(answer), readable=found is not None)
    if found is None:
        raise ShopUnreadableError(detail=f"{request}: {_kind(answer)}")
    return found


def right_wanted(answer: Answer) -> str:
    """The right that a 401 names; empty where it names none.

    Magento answers a token that is dead and one that lacks a right with the same words.
    """
    found = parsed(answer.body)
    named = found.get("parameters") if isinstance(found, dict) else None
    resources = named.get("resources") if isinstance(named, dict) else None
    return str(resources or "")[:200]


def _check(answer: Answer) -> None:
    """Raise for what no caller can do anything about."""
    status = answer.status
    pause = answer.headers.get("Retry-After", None)
    if status == 429 or (status == 503 and pause is not None):
        raise ShopBusyError(retry_after=_pause(pause or ""))
    if status in {502, 504}:
        raise ShopGatewayError(answer=status, detail=_message(answer))
    if status >= 500:
        raise ShopFailingError(detail=_message(answer))
    if 300 <= status < 400:
        raise ShopRedirectsError(location=(answer.headers.get("Location", "") or "?")[:200])


def _pause(text: str) -> int:
    """The seconds that Retry-After asks for, as a number or a date; the usual ones for nonsense."""
    given = text.strip()
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
    return f"{answer.kind} instead of JSON" if "json" not in answer.kind else "the JSON is broken"


def parsed(raw: bytes) -> Any:
    """JSON; None where it is none."""
    try:
        return json.loads(raw, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None


def _no_number(name: str) -> object:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(name)


def _message(answer: Answer) -> str:
    """The shop's own words with its placeholders filled, and those of each single error."""
    found = parsed(answer.body)
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
