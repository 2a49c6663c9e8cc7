"""One shop's REST API over one connection. `bridge` speaks through this.

It retries nothing: every call is repeatable and the reconciler looks again anyway. The standard
library's client costs a fifth of the processor time of `requests`, which decides how many shops one
controller can watch (docs/decisions/0005).
"""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from controller.domain.errors import SettingsRefusedError, ShopUnreachableError

_LONGEST_ANSWER = 4 * 1024 * 1024


class ShopAnswerError(Exception):
    """The shop answered with an error status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message


class RestClient:
    """JSON over HTTP to one endpoint; not shared between threads."""

    def __init__(self, endpoint: str, token: str | None = None, *, timeout: float = 10.0) -> None:
        parts = urlsplit(endpoint)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self._connection = kind(parts.hostname or "", parts.port, timeout=timeout)
        self._headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The answer's JSON.

        Raises ShopUnreachableError when nothing or nonsense comes back or the shop is failing,
        ShopAnswerError for a refusal (4xx).
        """
        content = None if body is None else json.dumps(body).encode()
        try:
            self._connection.request(method, f"/rest{path}", content, self._headers)
            answer = self._connection.getresponse()
            raw = answer.read(_LONGEST_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            detail = str(error) or type(error).__name__
            raise ShopUnreachableError(detail=detail) from error
        if answer.status >= 500 or answer.status in {401, 429}:
            raise ShopUnreachableError(detail=f"{method} {path}: {answer.status}")
        found = _parse(raw)
        if answer.status >= 400:
            raise ShopAnswerError(answer.status, _message(found))
        if found is None:
            raise ShopUnreachableError(detail=f"{method} {path}: the answer is not JSON")
        return found

    def write(self, method: str, path: str, body: object) -> Any:
        """As `call`; a refusal is SettingsRefusedError."""
        try:
            return self.call(method, path, body)
        except ShopAnswerError as error:
            raise SettingsRefusedError(detail=error.message) from error

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _parse(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _message(found: Any) -> str:
    """The shop's own words with its placeholders filled, and those of each single error."""
    if not isinstance(found, dict):
        return "no reason given"
    parts = [_filled(found)]
    parts += [_filled(error) for error in found.get("errors") or [] if isinstance(error, dict)]
    return "; ".join(part for part in parts if part)[:500]


def _filled(error: dict[str, Any]) -> str:
    text = str(error.get("message", ""))
    parameters = error.get("parameters") or {}
    if isinstance(parameters, list):
        parameters = {str(index): value for index, value in enumerate(parameters, start=1)}
    # Longest names first: %1 is a beginning of %10.
    for name in sorted(parameters, key=len, reverse=True):
        text = text.replace(f"%{name}", str(parameters[name]))
    return text
