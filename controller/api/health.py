"""Probes and metrics, for whoever watches the process."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from controller.api.answers import json_answer
from controller.api.deps import ServicesDep
from controller.api.described import problems
from controller.domain.conditions import Phase
from controller.domain.errors import StoreControllerError
from controller.metrics import OPERATIONS_OPEN, STORES

router = APIRouter(tags=["health"], responses=problems())


@router.get("/healthz")
async def healthz() -> Response:
    """The process answers."""
    return json_answer({"ok": True})


@router.get("/readyz")
def readyz(services: ServicesDep) -> Response:
    """The parts that requests need: the database, and somebody who reconciles."""
    checks: dict[str, Any] = {"worker": services.worker_alive()}
    try:
        services.registry.database.ping()
        checks["database"] = True
    except StoreControllerError:
        checks["database"] = False
    # Without a worker orders are still accepted; nothing is lost, so requests may come.
    ok = bool(checks["database"])
    return json_answer({"ok": ok, "checks": checks}, 200 if ok else 503)


@router.get("/metrics")
def metrics(services: ServicesDep) -> Response:
    """Prometheus metrics."""
    counts = services.registry.stores.count_by_phase()
    for phase in Phase:
        STORES.labels(phase=str(phase)).set(counts.get(str(phase), 0))
    OPERATIONS_OPEN.set(services.registry.operations.count_open())
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
