"""The owner's console: the shops of a business, and one shop with everything its owner can do."""

import time
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Form, Request, Response

from controller.commerce.languages import nearest
from controller.domain.errors.base import NotAuthenticatedError
from controller.domain.errors.stores import WrongStateError
from controller.domain.operations import OperationKind
from controller.domain.store import moment
from controller.domain.tenant import Scope
from controller.domain.watching import unwatched
from controller.registry.stores import StoreQuery
from controller.services.services import Services
from controller.web.render import Pages, Visit
from controller.web.stream import Frame, live
from controller.web.views import StoreView, view

Text = Annotated[str, Form(max_length=1000)]

_MOST_SHOPS = 200
_ACTIONS = {
    "pause": OperationKind.SUSPEND,
    "open": OperationKind.RESUME,
    "close": OperationKind.RETIRE,
    "restore": OperationKind.UNDELETE,
}


class Shops:
    """The pages of a signed-in owner."""

    def __init__(self, services: Services, pages: Pages) -> None:
        self._services = services
        self._pages = pages

    def routes(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route("/shops", self.overview, methods=["GET"])
        router.add_api_route("/shops/{slug}", self.shop, methods=["GET"])
        router.add_api_route("/shops/{slug}/live", self.progress, methods=["GET"])
        router.add_api_route("/shops/{slug}/close", self.confirm, methods=["GET"])
        router.add_api_route("/shops/{slug}/administration", self.administration, methods=["POST"])
        router.add_api_route("/shops/{slug}/retry", self.retry, methods=["POST"])
        router.add_api_route("/shops/{slug}/{action}", self.act, methods=["POST"])

    def _scope(self, visit: Visit) -> Scope | None:
        """Whose shops the visitor may see; None when nobody is signed in."""
        email = visit.session.email
        if email is None:
            return None
        tenant = self._services.registry.tenants.of_owner(email)
        # Who has no shop yet sees what an unknown business would see: nothing.
        return Scope(tenant=tenant.uid if tenant else "nobody", actor=email)

    def overview(self, request: Request) -> Response:
        """All shops of the business."""
        visit = self._pages.visit(request)
        scope = self._scope(visit)
        if scope is None:
            return self._pages.sign_in_first(visit, "/shops")
        rows = self._services.registry.stores.page(scope, StoreQuery(limit=_MOST_SHOPS))
        shops = [shop_row(row) for row in rows]
        return self._pages.show(visit, "shops.html", shops=shops)

    def shop(self, request: Request, slug: str) -> Response:
        """One shop: how it is, what can be done, what happened."""
        visit = self._pages.visit(request)
        scope = self._scope(visit)
        if scope is None:
            return self._pages.sign_in_first(visit, request.url.path)
        found = view(self._services, scope, slug)
        return self._pages.show(
            visit,
            "shop.html",
            **self._context(scope, found),
        )

    def _context(self, scope: Scope, found: StoreView) -> dict[str, Any]:
        registry = self._services.registry
        spec = found.store.spec
        return {
            "view": found,
            "nearest": nearest(spec.locales, self._services.stores.abilities(spec.engine)),
            "operations": registry.operations.page(scope, store=found.store.uid, limit=10),
            "events": registry.journal.latest(scope, store=found.store.uid, limit=30)[::-1],
        }

    def progress(self, request: Request, slug: str) -> Response:
        """The shop's page as it changes, until nothing is in work and all is well."""
        visit = self._pages.visit(request)
        scope = self._scope(visit)
        if scope is None:
            raise NotAuthenticatedError

        def look() -> Frame:
            found = view(self._services, scope, slug)
            body = self._pages.fragment(visit, "_shop.html", **self._context(scope, found))
            return Frame(parts={"shop": body}, final=not found.moving)

        return live(self._services.event_stream, look)

    def confirm(self, request: Request, slug: str) -> Response:
        """What closing the shop means."""
        visit = self._pages.visit(request)
        scope = self._scope(visit)
        if scope is None:
            return self._pages.sign_in_first(visit, request.url.path)
        found = view(self._services, scope, slug)
        if OperationKind.RETIRE not in found.actions:
            return self._pages.to(visit, f"/shops/{slug}")
        return self._pages.show(visit, "close.html", view=found)

    def _posted(self, request: Request, csrf: str) -> tuple[Visit, Scope]:
        visit = self._pages.posted(request, csrf)
        scope = self._scope(visit)
        if scope is None:
            raise NotAuthenticatedError
        return visit, scope

    def act(self, request: Request, slug: str, action: str, csrf: Text = "") -> Response:
        """Pause, open again, close or bring back."""
        visit, scope = self._posted(request, csrf)
        found = view(self._services, scope, slug)
        if action not in _ACTIONS:
            raise WrongStateError(store=slug, state=str(found.store.desired))
        self._services.stores.transition(scope, slug, _ACTIONS[action])
        return self._pages.to(visit, f"/shops/{slug}")

    def retry(self, request: Request, slug: str, csrf: Text = "") -> Response:
        """Try again what failed."""
        visit, scope = self._posted(request, csrf)
        found = view(self._services, scope, slug)
        if found.failed:
            self._services.stores.retry(scope, found.failed.id)
        return self._pages.to(visit, f"/shops/{slug}")

    def administration(self, request: Request, slug: str, csrf: Text = "") -> Response:
        """Go to the shop's administration, signed in."""
        visit, scope = self._posted(request, csrf)
        found = view(self._services, scope, slug)
        link = self._services.stores.login_link(scope, found.store.spec.slug)
        return self._pages.leave(visit, link.url)


def shop_row(row: Any) -> dict[str, Any]:
    """A store of a list: the row with its JSON read."""
    spec, status = orjson.loads(row["spec"]), orjson.loads(row["status"])
    return {
        "uid": row["uid"],
        "slug": row["slug"],
        "owner": row["owner"],
        "name": spec["displayName"],
        "country": spec["country"],
        "timezone": spec["timezone"],
        "phase": status["phase"],
        "url": status["url"],
        "since": moment(status["sellingSince"]),
        "updated": row["updated_at"],
        "late": unwatched(row["due_at"], time.time()),
    }
