"""HTTP towards one control plane: one kept connection, retries that are safe, errors as exceptions.

It is built on http.client, because importing requests alone takes longer than most commands need.
"""

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

RETRY_PAUSES = (0.2, 0.6)
"""Seconds before the second and third attempt after a connection broke."""
TIMEOUT = 30.0

# Refused means that nobody is there, and a slow server is not helped by asking twice.
_BROKEN = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer of the API that is no error."""

    status: int
    body: Any


class Transport:
    """Sends requests to `server` with a bearer token and the language of error texts."""

    def __init__(self, server: str, token: str | None, language: str) -> None:
        self.server = server
        self._address = _split(server)
        self._headers = {"Accept-Language": language, "User-Agent": "storectl"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._kept: http.client.HTTPConnection | None = None

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request and return the answer; a broken connection is tried again as it was.

        Raises ApiRefusal for a problem and ServerUnreachableError when no control plane answers.
        """
        payload = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        sent = {**self._headers, "Accept": "application/json", **(headers or {})}
        if payload is not None:
            sent["Content-Type"] = "application/json"
        for pause in (*RETRY_PAUSES, None):
            try:
                response = self._exchange(method, _target(path, query), payload, sent)
                content = response.read()
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if pause is None or not _worth_another(error):
                    raise self._unreachable() from error
                time.sleep(pause)
                continue
            return self._answer(response, content)
        raise AssertionError("the last attempt returns or raises")

    def stream(
        self,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
    ) -> "Stream":
        """Open an answer that arrives line by line; `timeout` is the longest silence in seconds."""
        connection = self._connect(timeout)
        try:
            connection.request(
                "GET",
                self._address.path + _target(path, query),
                headers={**self._headers, **(headers or {})},
            )
            response = connection.getresponse()
            if response.status >= 400:
                self._answer(response, response.read())
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise self._unreachable() from error
        except Exception:
            connection.close()
            raise
        return Stream(connection, response)

    def _exchange(
        self, method: str, target: str, payload: bytes | None, headers: Mapping[str, str]
    ) -> http.client.HTTPResponse:
        if self._kept is None:
            self._kept = self._connect(TIMEOUT)
        self._kept.request(method, self._address.path + target, body=payload, headers=dict(headers))
        return self._kept.getresponse()

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        secure = self._address.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        return kind(self._address.hostname or "", self._address.port, timeout=timeout)

    def close(self) -> None:
        """Give the kept connection up."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _answer(self, response: http.client.HTTPResponse, content: bytes) -> Reply:
        kind = response.headers.get_content_type()
        is_json = kind.endswith("json")
        try:
            body = (
                json.loads(content) if content and is_json else content.decode("utf-8", "replace")
            )
        except ValueError:
            raise self._unreachable() from None
        if response.status < 400:
            return Reply(status=response.status, body=body)
        if not isinstance(body, dict):
            # It does not speak our API: a proxy without its server, or another program.
            raise self._unreachable()
        from cli.errors import ApiRefusal  # noqa: PLC0415 -- only failures pay for the error tree.

        raise ApiRefusal(response.status, body)

    def _unreachable(self) -> Exception:
        from controller.domain.errors.platform import ServerUnreachableError  # noqa: PLC0415 -- as above.

        return ServerUnreachableError(server=self.server)


class Stream:
    """An open answer; iterating yields its lines, and `close` ends it from this side."""

    def __init__(
        self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse
    ) -> None:
        self._connection = connection
        self._response = response
        self.content_type = response.headers.get_content_type()

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        """Yield lines; a connection that breaks or falls silent raises OSError or HTTPException."""
        while line := self._response.readline():
            yield line

    def close(self) -> None:
        """End the stream."""
        self._response.close()
        self._connection.close()


def _worth_another(error: Exception) -> bool:
    """Whether the server may answer the same request a moment later."""
    return isinstance(error, (*_BROKEN, http.client.HTTPException))


def _target(path: str, query: Mapping[str, Any] | None) -> str:
    given = {key: value for key, value in (query or {}).items() if value is not None}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path


def _split(server: str) -> SplitResult:
    try:
        address = urlsplit(server)
        usable = address.scheme in {"http", "https"} and address.hostname and address.port != 0
    except ValueError:
        usable = False
    if not usable:
        from cli.errors import ServerAddressError  # noqa: PLC0415 -- as above.

        raise ServerAddressError(server=server)
    return address._replace(path=address.path.rstrip("/"))
