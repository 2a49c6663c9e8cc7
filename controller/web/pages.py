"""Every page as one router, and the files beside them. `wiring` puts both into the app."""

from fastapi import APIRouter, FastAPI

from controller.services.services import Services
from controller.web.assets import FILES, Assets
from controller.web.clusters import Clusters
from controller.web.docs import Reference
from controller.web.errors import html_error
from controller.web.onboarding import Onboarding
from controller.web.operator import OperatorConsole
from controller.web.outbox import Outbox
from controller.web.render import Pages
from controller.web.shops import Shops

__all__ = ["build_router", "html_error", "mount_static"]


def build_router(services: Services) -> APIRouter:
    """The routes of all pages; they are no part of the API's description."""
    pages = Pages(services)
    router = APIRouter(include_in_schema=False)
    for part in (Onboarding, Shops, OperatorConsole, Clusters, Outbox, Reference):
        part(services, pages).routes(router)
    return router


def mount_static(app: FastAPI) -> None:
    """Serve style sheet, scripts and pictures below /static."""
    app.mount("/static", Assets(directory=FILES), name="static")
