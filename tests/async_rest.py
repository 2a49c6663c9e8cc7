"""The client for many shops at once, held to the same tests as the one for a single shop."""

import asyncio
from typing import Any

from controller.engines.rest_async import AsyncRestClient, sessions


class Waiting:
    """`AsyncRestClient` for one call at a time, each over a session of its own."""

    def __init__(
        self, endpoint: str, token: str = "t", *, timeout: float = 5.0, trust: str = ""
    ) -> None:
        self._endpoint, self._token = endpoint, token
        self._timeout, self._trust = timeout, trust

    def call(self, method: str, path: str, body: object = None) -> Any:
        """As `AsyncRestClient.call`; whatever the body is, an empty object is sent."""
        return asyncio.run(self._call(method, path, None if body is None else b"{}"))

    async def _call(self, method: str, path: str, body: bytes | None) -> Any:
        async with sessions() as session:
            rest = AsyncRestClient(
                session, self._endpoint, self._token, timeout=self._timeout, trust=self._trust
            )
            return await rest.call(method, path, body)

    def close(self) -> None:
        """Nothing is kept open."""
