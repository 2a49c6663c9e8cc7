"""The route that explains a store, and the JSON of an explanation."""

from typing import Annotated, Any

from fastapi import Path
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from controller.api import routing
from controller.api.answers import json_answer
from controller.api.deps import ScopeDep, ServicesDep
from controller.api.described import OF_SHOPS
from controller.api.resources import API_VERSION, note_json
from controller.api.shopcalls import ShopCallsDep
from controller.domain.diagnoses import command_of, diagnose
from controller.domain.store import condition_to_json, iso
from controller.services.diagnosis.explaining import Why
from controller.services.diagnosis.layers import Layer
from provisioners.base import Reason

router = routing.router(tags=["stores"], responses=OF_SHOPS)

Name = Annotated[str, Path(max_length=100, description="Name or uid of the store.")]


@router.get("/stores/{name}/why")
async def explain_store(
    services: ServicesDep, scope: ScopeDep, calls: ShopCallsDep, name: Name
) -> Response:
    """Why a store is not well: every layer down to the shop, the probable cause, what to do.

    A layer that cannot be asked is `unknown` and says why.
    """
    store = await run_in_threadpool(services.registry.stores.get, scope, name)
    found = await calls.run(store.uid, lambda: services.explainer.why(scope, store.uid))
    return json_answer(found.redaction.json(why_json(found, owner=not scope.is_operator)))


def why_json(found: Why, *, owner: bool) -> dict[str, Any]:
    """An explanation in English, with what another language needs to say the same."""
    store, cause = found.store, found.cause
    hidden = {"cluster", "about"} if owner else set()
    said = diagnose(cause.code, cause.params, str, owner=owner)
    return {
        "apiVersion": API_VERSION,
        "kind": "Explanation",
        "metadata": {"name": store.spec.slug, "uid": store.uid},
        "status": {
            "phase": str(found.phase),
            "ready": found.ready,
            "layers": [_layer_json(layer) for layer in found.layers],
            "cause": {
                "code": cause.code,
                "params": {k: v for k, v in cause.params.items() if k not in hidden},
                "message": said.message,
                "action": said.action,
                "command": command_of(cause.code, cause.params, owner=owner),
                "due": iso(cause.due),
            },
            "strangers": list(found.strangers),
        },
    }


def _layer_json(layer: Layer) -> dict[str, Any]:
    return {
        "layer": layer.name,
        "state": str(layer.state),
        **note_json(layer.note),
        "code": layer.code,
        "step": layer.step,
        "since": iso(layer.since),
        "due": iso(layer.due),
        "conditions": [condition_to_json(item) for item in layer.conditions],
        "reasons": [_reason_json(item) for item in layer.reasons],
    }


def _reason_json(reason: Reason) -> dict[str, Any]:
    return {
        "kind": str(reason.kind),
        "thing": reason.thing,
        "container": reason.container,
        "message": reason.message,
        "event": reason.event,
        "part": reason.part,
        "about": reason.about,
    }
