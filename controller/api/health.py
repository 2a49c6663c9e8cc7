"""Probes and metrics, for whoever watches the process."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from controller.api.answers import json_answer
from controller.api.deps import ServicesDep
from controller.api.described import problems
from controller.domain.conditions import Phase
from controller.domain.errors.base import StoreControllerError
from controller.domain.watching import LATE_SECONDS
from controller.metrics import OPERATIONS_OPEN, STORES, STORES_UNWATCHED
from provisioners.base import DriverFailure

router = APIRouter(tags=["health"], responses=problems())


@router.get("/healthz")
async def healthz() -> Response:
    """The process answers."""
    return json_answer({"ok": True})


@router.get("/readyz")
def readyz(services: ServicesDep) -> Response:
    """The parts that requests need: the database, room to write, and somebody who reconciles."""
    checks: dict[str, Any] = {"worker": services.worker_alive()}
    causes: dict[str, str] = {}
    try:
        services.registry.database.ping()
        checks["database"] = True
    except StoreControllerError:
        checks["database"] = False
    checks["storage"] = True
    try:
        # What keeps shops on this machine keeps them beside the registry; no path is named here.
        for driver in services.world.drivers.values():
            driver.ping()
    except DriverFailure as failure:
        checks["storage"] = False
        causes["storage"] = f"{failure.code}: {failure.detail}"
    # Without a worker orders are still accepted; nothing is lost, so requests may come.
    ok = bool(checks["database"] and checks["storage"])
    return json_answer({"ok": ok, "checks": checks, "causes": causes}, 200 if ok else 503)


@router.get("/metrics")
def metrics(services: ServicesDep) -> Response:
    """Prometheus metrics."""
    counts = services.registry.stores.count_by_phase()
    for phase in Phase:
        STORES.labels(phase=str(phase)).set(counts.get(str(phase), 0))
    STORES_UNWATCHED.set(services.registry.stores.count_overdue(LATE_SECONDS))
    OPERATIONS_OPEN.set(services.registry.operations.count_open())
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
