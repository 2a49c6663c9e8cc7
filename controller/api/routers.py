"""Every route of the API, put into an application."""

from fastapi import FastAPI

from controller.api import (
    catalogue,
    clusters,
    config,
    fleet,
    health,
    images,
    logs,
    operations,
    orders,
    plans,
    rates,
    stores,
    tenants,
    why,
)

_ROUTERS = (
    stores.router,
    config.router,
    orders.router,
    operations.router,
    tenants.router,
    catalogue.router,
    fleet.router,
    clusters.router,
    images.router,
    plans.router,
    rates.router,
    logs.router,
    why.router,
    images.stores,
)
"""In the order in which the reference shows them."""


def mount(app: FastAPI) -> None:
    """Have the application answer at all of them."""
    for router in _ROUTERS:
        app.include_router(router, prefix="/api/v1")
    app.include_router(health.router)
