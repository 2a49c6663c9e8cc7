"""Routes of the operator about everything at once."""

from fastapi.responses import Response

from controller.api import routing
from controller.api.answers import json_answer
from controller.api.deps import OperatorDep, ServicesDep
from controller.api.described import SIGNED_IN
from controller.api.resources import API_VERSION
from controller.services.fleet import unmanaged

router = routing.router(tags=["fleet"], responses=SIGNED_IN)


@router.get("/fleet")
def fleet(services: ServicesDep, scope: OperatorDep) -> Response:  # noqa: ARG001 -- a check.
    """How many stores are in each phase, and what the drivers hold that nobody knows.

    What is unknown is shown and left alone: a registry restored from yesterday is older than the
    world.
    """
    return json_answer(
        {
            "apiVersion": API_VERSION,
            "kind": "Fleet",
            "phases": services.registry.stores.count_by_phase(),
            "openOperations": services.registry.operations.count_open(),
            "unknown": unmanaged(services.registry, services.world),
        }
    )
