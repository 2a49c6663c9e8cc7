"""The route of plans: which sizes there are on clusters."""

from typing import Any

from fastapi.responses import Response

from controller.api import routing
from controller.api.answers import json_answer
from controller.api.deps import ScopeDep
from controller.api.described import SIGNED_IN
from controller.api.resources import API_VERSION, list_json
from controller.domain.plans import PLAN_SCALES, Plan, scale_to_json
from controller.engines.plans import rooms

router = routing.router(tags=["plans"], responses=SIGNED_IN)


@router.get("/plans")
def list_plans(scope: ScopeDep) -> Response:  # noqa: ARG001 -- a check.
    """Every plan, the smallest first: its web servers, what a shop of it may use, by software."""
    return json_answer(list_json("Plan", map(_plan_json, Plan), None))


def _plan_json(plan: Plan) -> dict[str, Any]:
    found = {
        engine: {key: str(value) for key, value in room["quota"].items()}
        for engine, room in rooms(plan, PLAN_SCALES[plan]).items()
    }
    return {
        "apiVersion": API_VERSION,
        "kind": "Plan",
        "metadata": {"name": str(plan)},
        "spec": {
            "replicas": scale_to_json(PLAN_SCALES[plan]),
            # Of Magento, which every plan is for.
            "room": found["magento"],
            "rooms": found,
        },
    }
