"""The operator's pages about where stores run: every cluster, and why a store is not well."""

from fastapi import APIRouter, Request, Response

from controller.domain.errors.base import NotAuthenticatedError
from controller.domain.tenant import Scope
from controller.services.services import Services
from controller.web.render import Pages, Visit, part
from controller.web.views import find


class Clusters:
    """Clusters, and explanations as a part of a store's page."""

    def __init__(self, services: Services, pages: Pages) -> None:
        self._services = services
        self._pages = pages

    def routes(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route("/operator/clusters", self.clusters, methods=["GET"])
        router.add_api_route("/operator/clusters/now", self.now, methods=["GET"])
        router.add_api_route("/operator/stores/{name}/why", self.why, methods=["GET"])

    def _scope(self, visit: Visit) -> Scope:
        if visit.session.operator is None:
            raise NotAuthenticatedError
        return Scope.operator(visit.session.operator)

    def clusters(self, request: Request) -> Response:
        """Each cluster: whether new stores go there, how full it is, whether it answers."""
        visit = self._pages.visit(request)
        if visit.session.operator is None:
            return self._pages.to(visit, "/operator")
        found = [known.cluster for known in self._services.clusters.all()]
        return self._pages.show(visit, "operator/clusters.html", clusters=found)

    def now(self, request: Request) -> Response:
        """The same as a part of the page, as it is now."""
        visit = self._pages.visit(request)
        self._scope(visit)
        found = [known.cluster for known in self._services.clusters.all()]
        return part(self._pages.fragment(visit, "operator/_clusters.html", clusters=found))

    def why(self, request: Request, name: str) -> Response:
        """Why a store is not well; asked apart, because its cluster may take long to answer."""
        visit = self._pages.visit(request)
        scope = self._scope(visit)
        store = find(self._services, scope, name)
        found = self._services.explainer.why(scope, store.uid)
        return part(self._pages.fragment(visit, "operator/_why.html", why=found))
