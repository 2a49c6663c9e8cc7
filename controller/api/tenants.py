"""Routes of tenants and tokens."""

from typing import Annotated

from fastapi import Path, Query, Request
from fastapi.responses import Response

from controller.api import routing
from controller.api.answers import json_answer
from controller.api.deps import After, Limit, OperatorDep, ScopeDep, ServicesDep, TokenCache
from controller.api.described import SIGNED_IN
from controller.api.inputs import TokenInput
from controller.api.resources import list_json, tenant_json, token_json
from controller.commerce.drafts import lifetime
from controller.domain.errors.base import InvalidInputError, Message, NotAllowedError, NotFoundError
from controller.domain.naming import display_name_problem
from controller.i18n import N_

router = routing.router(responses=SIGNED_IN)

Uid = Annotated[str, Path(max_length=40)]


@router.get("/tenants", tags=["tenants"])
def list_tenants(
    services: ServicesDep, scope: ScopeDep, limit: Limit = 50, after: After = None
) -> Response:
    """List tenants."""
    found = services.registry.tenants.page(scope, limit=limit, after=after)
    following = found[-1].uid if len(found) == limit else None
    return json_answer(list_json("Tenant", map(tenant_json, found), following))


@router.get("/tenants/{uid}", tags=["tenants"])
def get_tenant(services: ServicesDep, scope: ScopeDep, uid: Uid) -> Response:
    """One tenant."""
    return json_answer(tenant_json(services.registry.tenants.get(scope, uid)))


@router.get("/tokens", tags=["tokens"])
def list_tokens(
    services: ServicesDep,
    scope: ScopeDep,
    tenant: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """List tokens, newest first, without their texts."""
    found = services.registry.tokens.page(scope, tenant)
    return json_answer(list_json("Token", map(token_json, found), None))


@router.post("/tokens", status_code=201, tags=["tokens"])
def create_token(services: ServicesDep, scope: ScopeDep, body: TokenInput) -> Response:
    """Make a token; its text is in this answer and nowhere else. A tenant makes its own only."""
    tenant = body.tenant if scope.is_operator else scope.tenant
    if not scope.is_operator and body.tenant not in {None, scope.tenant}:
        raise NotAllowedError
    if display_name_problem(body.display_name):
        raise InvalidInputError((("displayName", Message(N_("1 to 80 visible characters"))),))
    if tenant is not None:
        services.registry.tenants.get(scope, tenant)
    token, text = services.registry.tokens.issue(
        name=body.display_name,
        tenant=tenant,
        lifetime=None if body.ttl is None else lifetime(body.ttl),
    )
    return json_answer(token_json(token, text), 201)


@router.delete("/tokens/{uid}", status_code=204, tags=["tokens"])
def revoke_token(request: Request, services: ServicesDep, scope: ScopeDep, uid: Uid) -> Response:
    """Make a token invalid; it may pass for a few seconds more."""
    if not services.registry.tokens.revoke(scope, uid):
        raise NotFoundError
    token_cache: TokenCache = request.app.state.token_cache
    token_cache.forget()
    return Response(status_code=204)


@router.get("/audit", tags=["audit"])
def audit_trail(
    services: ServicesDep,
    scope: OperatorDep,  # noqa: ARG001 -- the check is what it is for.
    subject: Annotated[str, Query(max_length=60, description="store:<uid> or tenant:<uid>")],
) -> Response:
    """Who changed a subject, oldest first."""
    return json_answer({"kind": "AuditList", "items": services.registry.journal.audit_of(subject)})
