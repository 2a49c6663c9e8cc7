"""The operator's console: the whole fleet, and one store with the cause of everything."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response

from controller.domain.conditions import Phase
from controller.domain.errors.base import (
    NotAllowedError,
    NotAuthenticatedError,
    StoreControllerError,
)
from controller.domain.errors.inputs import ConfirmationMissingError
from controller.domain.errors.stores import WrongStateError
from controller.domain.operations import OperationKind, OperationState
from controller.domain.tenant import Scope
from controller.i18n import use_language
from controller.registry.journal import WARNING
from controller.registry.stores import StoreQuery
from controller.services.services import Services
from controller.web import words
from controller.web.render import Pages, Visit, part
from controller.web.shops import shop_row
from controller.web.stream import Frame, live
from controller.web.views import StoreView, view
from provisioners.base import DriverFailure, LogQuery

Text = Annotated[str, Form(max_length=1000)]
Asked = Annotated[str, Query(max_length=200)]

_PAGE = 50
_EVENTS = 60
_WARNINGS = 8
_LOG_LINES = 200
_ACTIONS = {
    kind.value: kind
    for kind in (
        OperationKind.SUSPEND,
        OperationKind.RESUME,
        OperationKind.RETIRE,
        OperationKind.UNDELETE,
        OperationKind.PURGE,
    )
}

_CONFIRMED = {OperationKind.SUSPEND.value, OperationKind.RETIRE.value}
"""What takes an open shop from its customers."""


class OperatorConsole:
    """The pages of whoever runs the platform."""

    def __init__(self, services: Services, pages: Pages) -> None:
        self._services = services
        self._pages = pages

    def routes(self, router: APIRouter) -> None:
        """Add the routes."""
        at = "/operator"
        router.add_api_route(at, self.fleet, methods=["GET"])
        router.add_api_route(at, self.enter, methods=["POST"])
        router.add_api_route(f"{at}/live", self.pulse, methods=["GET"])
        router.add_api_route(f"{at}/stores/{{name}}", self.store, methods=["GET"])
        router.add_api_route(f"{at}/stores/{{name}}/live", self.progress, methods=["GET"])
        router.add_api_route(f"{at}/stores/{{name}}/log", self.log, methods=["GET"])
        router.add_api_route(f"{at}/stores/{{name}}/retry", self.retry, methods=["POST"])
        router.add_api_route(f"{at}/stores/{{name}}/confirm", self.confirm, methods=["GET"])
        router.add_api_route(
            f"{at}/stores/{{name}}/administration", self.administration, methods=["POST"]
        )
        router.add_api_route(f"{at}/stores/{{name}}/{{action}}", self.act, methods=["POST"])

    # --- who may enter --------------------------------------------------------------------------

    def _actor(self, token: str) -> str:
        """The name of an operator's token; raises NotAuthenticatedError, NotAllowedError."""
        scope, _ = self._services.registry.tokens.scope(token.strip())
        if not scope.is_operator:
            raise NotAllowedError
        return scope.actor

    def _scope(self, visit: Visit) -> Scope:
        if visit.session.operator is None:
            raise NotAuthenticatedError
        return Scope.operator(visit.session.operator)

    def enter(self, request: Request, token: Text = "", csrf: Text = "") -> Response:
        """Exchange the token for a session."""
        visit = self._pages.posted(request, csrf)
        return self._exchange(visit, token)

    def _exchange(self, visit: Visit, token: str) -> Response:
        try:
            actor = self._actor(token)
        except (NotAuthenticatedError, NotAllowedError) as error:
            return self._door(visit, error)
        return self._pages.enter("/operator", operator=actor, email=visit.session.email)

    def _door(self, visit: Visit, error: StoreControllerError | None = None) -> Response:
        status = error.status if error else 200
        return self._pages.show(
            visit, "operator/door.html", status=status, refused=error is not None
        )

    # --- the fleet ------------------------------------------------------------------------------

    def fleet(
        self, request: Request, token: Asked = "", phase: Asked = "", search: Asked = "",
        after: Asked = "",
    ) -> Response:  # fmt: skip
        """Counts, what is in work, warnings, and the stores page by page."""
        visit = self._pages.visit(request)
        if token:
            # The redirect takes the token out of the address bar and the history.
            return self._exchange(visit, token)
        if visit.session.operator is None:
            return self._door(visit)
        query = StoreQuery(
            limit=_PAGE,
            after=_plain(after),
            phase=phase if phase in set(Phase) else None,
            search=_plain(search),
        )
        rows = self._services.registry.stores.page(self._scope(visit), query)
        following = rows[-1]["slug"] if len(rows) == query.limit else None
        return self._pages.show(
            visit,
            "operator/fleet.html",
            stores=[shop_row(row) for row in rows],
            query=query,
            following=following,
            **self._now(self._scope(visit), query.phase),
        )

    def _now(self, scope: Scope, phase: str | None) -> dict[str, Any]:
        registry = self._services.registry
        counts = registry.stores.count_by_phase()
        open_states = (OperationState.RUNNING, OperationState.PENDING)
        running = [
            operation
            for state in open_states
            for operation in registry.operations.page(scope, state=str(state), limit=10)
        ]
        events = registry.journal.latest(scope, limit=500)
        return {
            "counts": {one: counts[one] for one in Phase if counts.get(one)},
            "total": sum(counts.values()),
            "running": running[:10],
            "warnings": [one for one in events if one.severity == WARNING][: -_WARNINGS - 1 : -1],
            "worker_alive": self._services.worker_alive(),
            "chosen": phase,
        }

    def pulse(self, request: Request, phase: Asked = "") -> Response:
        """Counts, what is in work and warnings, as they change."""
        visit = self._pages.visit(request)
        scope = self._scope(visit)
        chosen = phase if phase in set(Phase) else None

        def look() -> Frame:
            body = self._pages.fragment(visit, "operator/_pulse.html", **self._now(scope, chosen))
            return Frame(parts={"pulse": body})

        return live(self._services.event_stream, look)

    # --- one store ------------------------------------------------------------------------------

    def store(self, request: Request, name: str) -> Response:
        """One store."""
        visit = self._pages.visit(request)
        if visit.session.operator is None:
            return self._pages.to(visit, "/operator")
        scope = self._scope(visit)
        return self._store(visit, view(self._services, scope, name))

    def _store(
        self, visit: Visit, found: StoreView, error: StoreControllerError | None = None
    ) -> Response:
        scope = self._scope(visit)
        with use_language(visit.lang):
            refusal = words.explained(error.code, error.params) if error else None
        operations = self._services.registry.operations.page(scope, store=found.store.uid, limit=20)
        return self._pages.show(
            visit,
            "operator/store.html",
            status=error.status if error else 200,
            refusal=refusal,
            view=found,
            earlier=[one for one in operations if one.id != found.store.operation],
            events=self._events(scope, found),
            log=self._log(found),
        )

    def _events(self, scope: Scope, found: StoreView) -> list[Any]:
        journal = self._services.registry.journal
        return journal.latest(scope, store=found.store.uid, limit=_EVENTS)[::-1]

    def _log(self, found: StoreView) -> list[str]:
        stack = found.stack
        if stack is None:
            return []
        try:
            return self._services.world.driver(stack).logs(stack.uid, LogQuery(tail=_LOG_LINES))
        except StoreControllerError as error:
            return [error.reason]
        except DriverFailure as failure:
            return [failure.detail]

    def progress(self, request: Request, name: str) -> Response:
        """The store's state and events as they change."""
        visit = self._pages.visit(request)
        scope = self._scope(visit)

        def look() -> Frame:
            found = view(self._services, scope, name)
            events = self._events(scope, found)
            return Frame(
                parts={
                    "state": self._pages.fragment(visit, "operator/_state.html", view=found),
                    "events": self._pages.fragment(visit, "operator/_events.html", events=events),
                }
            )

        return live(self._services.event_stream, look)

    def log(self, request: Request, name: str) -> Response:
        """The last lines that the store printed."""
        visit = self._pages.visit(request)
        found = view(self._services, self._scope(visit), name)
        return part(self._pages.fragment(visit, "operator/_log.html", log=self._log(found)))

    def act(
        self, request: Request, name: str, action: str, csrf: Text = "", confirm: Text = ""
    ) -> Response:
        """A transition of the life cycle.

        What takes a shop from its customers must be confirmed by its name: a purge by typing it,
        the others on a page of their own.
        """
        visit = self._pages.posted(request, csrf)
        scope = self._scope(visit)
        found = view(self._services, scope, name)
        slug = found.store.spec.slug
        if action not in _ACTIONS:
            raise WrongStateError(store=slug, state=str(found.store.desired))
        if action == OperationKind.PURGE and confirm.strip() != slug:
            return self._store(visit, found, ConfirmationMissingError(store=slug))
        if action in _CONFIRMED and confirm != slug:
            return self._pages.to(visit, f"/operator/stores/{found.store.uid}/confirm?to={action}")
        self._services.stores.transition(scope, found.store.uid, _ACTIONS[action])
        return self._pages.to(visit, f"/operator/stores/{found.store.uid}")

    def confirm(self, request: Request, name: str, to: Asked = "") -> Response:
        """What it means to take a shop from its customers, before it is done."""
        visit = self._pages.visit(request)
        if visit.session.operator is None:
            return self._pages.to(visit, "/operator")
        found = view(self._services, self._scope(visit), name)
        if to not in _CONFIRMED or _ACTIONS[to] not in found.actions:
            return self._pages.to(visit, f"/operator/stores/{found.store.uid}")
        return self._pages.show(visit, "operator/confirm.html", view=found, action=to)

    def retry(self, request: Request, name: str, csrf: Text = "") -> Response:
        """Try again what failed."""
        visit = self._pages.posted(request, csrf)
        scope = self._scope(visit)
        found = view(self._services, scope, name)
        if found.failed:
            self._services.stores.retry(scope, found.failed.id)
        return self._pages.to(visit, f"/operator/stores/{name}")

    def administration(self, request: Request, name: str, csrf: Text = "") -> Response:
        """Go to the shop's administration, signed in."""
        visit = self._pages.posted(request, csrf)
        link = self._services.stores.login_link(self._scope(visit), name)
        return self._pages.leave(visit, link.url)


def _plain(text: str) -> str | None:
    """What can be (the beginning of) a name; anything else is no filter."""
    text = text.strip().lower()
    return text if text and text.isascii() and text.replace("-", "").isalnum() else None
