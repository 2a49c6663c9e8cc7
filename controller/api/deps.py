"""What routes are given: the services, who is asking, and the idempotency key of the request."""

import hashlib
import time
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Header, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from controller.api.inputs import Whole
from controller.domain.errors.base import NotAllowedError, NotAuthenticatedError
from controller.domain.tenant import Scope
from controller.registry.access import Tokens
from controller.registry.idempotency import IdempotencyKey
from controller.services.services import Services

_REMEMBERED_SECONDS = 5.0
"""For how long a revoked token may still pass."""
_MOST_REMEMBERED = 10_000


class TokenCache:
    """Whose token it is, remembered for a few seconds so that a hot caller costs no query."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._known: dict[str, tuple[float, Scope]] = {}

    async def scope(self, text: str) -> Scope:
        """The scope of a token; raises NotAuthenticatedError."""
        known = self._known.get(text)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        scope, end = await run_in_threadpool(self._tokens.scope, text)
        left = (end - datetime.now(UTC)).total_seconds() if end else _REMEMBERED_SECONDS
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[text] = (time.monotonic() + min(left, _REMEMBERED_SECONDS), scope)
        return scope

    def forget(self) -> None:
        """Ask again for every token."""
        self._known.clear()


async def services(request: Request) -> Services:
    """The control plane's parts."""
    found: Services = request.app.state.services
    return found


_bearer = HTTPBearer(auto_error=False, description="A token of the API.")


async def scope(
    request: Request,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Scope:
    """Who is asking; raises NotAuthenticatedError."""
    if given is None or not given.credentials:
        raise NotAuthenticatedError
    token_cache: TokenCache = request.app.state.token_cache
    return await token_cache.scope(given.credentials.strip())


async def operator(scope: Annotated[Scope, Depends(scope)]) -> Scope:
    """The operator; raises NotAllowedError for a tenant."""
    if not scope.is_operator:
        raise NotAllowedError
    return scope


async def once(
    request: Request,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None,
) -> IdempotencyKey | None:
    """The idempotency key with a digest of the request, when there is one."""
    if idempotency_key is None:
        return None
    body = await request.body()
    told = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + body
    return IdempotencyKey(key=idempotency_key, fingerprint=hashlib.sha256(told).hexdigest())


ServicesDep = Annotated[Services, Depends(services)]
ScopeDep = Annotated[Scope, Depends(scope)]
OperatorDep = Annotated[Scope, Depends(operator)]
OnceDep = Annotated[IdempotencyKey | None, Depends(once)]
Limit = Annotated[Whole, Query(ge=1, le=200, description="How many at most.")]
After = Annotated[
    str | None, Query(max_length=100, description="Cursor: `metadata.next` of the page before.")
]
