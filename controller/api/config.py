"""Routes of a shop's settings and secrets: the plan, a push, what payment providers need."""

from typing import Annotated

from fastapi import Path
from fastapi.responses import Response
from pydantic import Field, SecretStr

from controller.api import routing
from controller.api.answers import accepted_answer, json_answer
from controller.api.deps import OnceDep, ScopeDep, ServicesDep
from controller.api.described import ALREADY, OF_SHOPS
from controller.api.inputs import Input
from controller.api.resources import API_VERSION, list_json
from controller.api.shopcalls import ShopCallsDep
from controller.domain.store import iso
from controller.registry.vault import KeptSecret

router = routing.router(prefix="/stores/{name}", tags=["configuration"], responses=OF_SHOPS)

Name = Annotated[str, Path(max_length=100, description="Name or uid of the store.")]
SecretName = Annotated[
    str,
    Path(
        max_length=120,
        description="Such as stripe.secretKey; a website's own is sites.us.stripe.secretKey.",
    ),
]


class SecretInput(Input):
    """A secret; it is never shown again."""

    value: Annotated[SecretStr, Field(min_length=1, max_length=4000)]


@router.get("/config")
async def get_config(
    services: ServicesDep, scope: ScopeDep, calls: ShopCallsDep, name: Name
) -> Response:
    """Compare every field of the specification with what the shop has; writes nothing."""
    plan = await calls.run(name, lambda: services.config.plan(scope, name))
    return json_answer({"apiVersion": API_VERSION, "kind": "Config", **plan.to_json()})


@router.post("/config/push", status_code=202, responses=ALREADY)
def push_config(services: ServicesDep, scope: ScopeDep, once: OnceDep, name: Name) -> Response:
    """Write every setting again, also those that were changed in the shop and left so."""
    return accepted_answer(services, services.config.push(scope, name, once))


@router.get("/secrets")
def list_secrets(services: ServicesDep, scope: ScopeDep, name: Name) -> Response:
    """The secrets that are kept for a store, without their values."""
    kept = services.config.secrets(scope, name)
    return json_answer(list_json("Secret", (_secret_json(item) for item in kept), None))


@router.put("/secrets/{secret}", status_code=202, responses=ALREADY)
def put_secret(
    services: ServicesDep,
    scope: ScopeDep,
    once: OnceDep,
    name: Name,
    secret: SecretName,
    body: SecretInput,
) -> Response:
    """Keep a secret and bring it into the shop."""
    value = body.value.get_secret_value()
    accepted = services.config.set_secret(scope, name, secret, value, once)
    return accepted_answer(services, accepted)


@router.delete("/secrets/{secret}", status_code=202)
def delete_secret(
    services: ServicesDep, scope: ScopeDep, name: Name, secret: SecretName
) -> Response:
    """Forget a secret and take it out of the shop."""
    return accepted_answer(services, services.config.remove_secret(scope, name, secret))


def _secret_json(kept: KeptSecret) -> dict[str, object]:
    return {
        "apiVersion": API_VERSION,
        "kind": "Secret",
        "metadata": {"name": kept.name, "updatedAt": iso(kept.updated_at)},
        "status": {"last4": kept.last4, "fingerprint": kept.fingerprint},
    }
