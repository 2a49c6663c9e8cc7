"""The REST APIs of thousands of shops at once: requests as `rest` makes them, judged alike."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from controller.domain.errors.shops import (
    ShopDeniedError,
    ShopForbiddenError,
    ShopUnreachableError,
    ShopUnreadableError,
)
from controller.engines.answers import STATUS, Answer, right_wanted, understood
from controller.engines.beside import context
from controller.engines.wire import unreached

_LONGEST_ANSWER = 1024 * 1024
"""Bytes; hundreds of them may be in memory."""


@asynccontextmanager
async def sessions() -> AsyncIterator[aiohttp.ClientSession]:
    """What all shops are asked through; it bounds neither their number nor their time."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=5),
        timeout=aiohttp.ClientTimeout(total=None),
        cookie_jar=aiohttp.DummyCookieJar(),
        # Nothing is asked to be packed, so that what is read is what was counted.
        headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        auto_decompress=False,
    ) as session:
        yield session


class AsyncRestClient:
    """JSON over HTTP to one endpoint."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        endpoint: str,
        token: str,
        *,
        timeout: float,
        trust: str = "",
    ) -> None:
        """`timeout` is how many seconds a whole call may take.

        `trust` are certificates of authorities that count beside the system's.
        """
        self._session = session
        self._endpoint = endpoint.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._timeout = timeout
        self._trust = trust

    async def call(
        self, method: str, path: str, body: bytes | None = None, *, last: bool = False
    ) -> Any:
        """As `RestClient.call`, and raises what that raises; after the `last` it hangs up."""
        answer = await self._send(method, path, body, last=last)
        if answer.status == 401:
            raise await self._denial(path, answer)
        return understood(answer, f"{method} {path}")

    async def _send(
        self, method: str, path: str, body: bytes | None = None, *, last: bool = False
    ) -> Answer:
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        if last:
            # Thousands of idle connections would be left open.
            headers["Connection"] = "close"
        try:
            async with self._session.request(
                method,
                f"{self._endpoint}/rest{path}",
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=self._timeout),
                ssl=context(self._trust) if self._endpoint.startswith("https:") else True,
            ) as answer:
                whole = await _whole(answer)
                return Answer(status=answer.status, headers=answer.headers, body=whole)
        except TimeoutError as error:
            raise ShopUnreachableError(detail=f"no whole answer in {self._timeout:g} s") from error
        except aiohttp.ClientPayloadError as error:
            raise ShopUnreadableError(detail="the answer broke off") from error
        except aiohttp.ServerDisconnectedError as error:
            raise ShopUnreachableError(detail="the connection was closed") from error
        except aiohttp.ClientResponseError as error:
            raise ShopUnreadableError(detail=f"not HTTP ({type(error).__name__})") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            host = urlsplit(self._endpoint).hostname or ""
            raise unreached(host, _cause(error)) from error

    async def _denial(self, path: str, answer: Answer) -> ShopDeniedError | ShopForbiddenError:
        """Whether the token is dead or only lacks a right."""
        wanted = right_wanted(answer)
        if not wanted or path == STATUS:
            return ShopDeniedError()
        try:
            known = (await self._send("GET", STATUS)).status == 200
        except ShopUnreachableError:
            known = False
        return ShopForbiddenError(resources=wanted) if known else ShopDeniedError()


def _cause(error: Exception) -> Exception:
    """What the system said, without what aiohttp puts around it."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error
    if not isinstance(error, aiohttp.ClientConnectorError):
        return error
    found = error.os_error
    if isinstance(found, ConnectionError) and found.errno:
        # asyncio words it otherwise than the system.
        return OSError(found.errno, os.strerror(found.errno))
    return found


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    """The body, refused as soon as it is known to be too long."""
    if answer.content_length is not None and answer.content_length <= _LONGEST_ANSWER:
        return await answer.read()
    parts, size = [], 0
    async for part in answer.content.iter_chunked(65_536):
        size += len(part)
        if size > _LONGEST_ANSWER:
            raise ShopUnreadableError(detail="the answer is longer than 1 MB")
        parts.append(part)
    return b"".join(parts)
