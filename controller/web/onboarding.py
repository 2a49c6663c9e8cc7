"""From an e-mail address to a shop in the making: the landing page, the code, the shop's form.

Every step is a plain form that leads to the next page; htmx only makes it smoother.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response

from controller.commerce import countries
from controller.commerce.drafts import Draft
from controller.commerce.languages import nearest
from controller.domain.errors.base import NotAuthenticatedError, StoreControllerError
from controller.domain.errors.inputs import (
    CodeUsedError,
    InvalidDisplayNameError,
    InvalidEmailError,
    InvalidNameError,
    UnknownCountryError,
    WrongCodeError,
)
from controller.domain.errors.requests import IdempotencyKeyReusedError
from controller.domain.errors.stores import NameTakenError
from controller.domain.naming import check_display_name, check_email, new_uid
from controller.domain.operations import OperationKind
from controller.domain.spellings import code as spelled_code
from controller.domain.tenant import Scope, Tenant
from controller.i18n import use_language
from controller.registry.idempotency import IdempotencyKey
from controller.registry.stores import StoreQuery
from controller.services.services import Services
from controller.web import words
from controller.web.errors import headers_of
from controller.web.letters import code_letter
from controller.web.names import Advice, advise, choose
from controller.web.outbox import outbox_open
from controller.web.render import Pages, Visit, part

Text = Annotated[str, Form(max_length=1000)]
Asked = Annotated[str, Query(max_length=1000)]

_FIELDS: tuple[tuple[type[StoreControllerError], str], ...] = (
    (InvalidNameError, "name"),
    (NameTakenError, "name"),
    (UnknownCountryError, "country"),
    (InvalidDisplayNameError, "shop"),
    (InvalidEmailError, "email"),
    (WrongCodeError, "code"),
    (CodeUsedError, "code"),
)


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What the shop's form holds."""

    country: str
    shop: str = ""
    advice: Advice
    key: str
    """Makes one shop of a form that is sent twice."""


class Onboarding:
    """The pages of somebody who opens a shop."""

    def __init__(self, services: Services, pages: Pages) -> None:
        self._services = services
        self._pages = pages

    def routes(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route("/", self.home, methods=["GET"])
        router.add_api_route("/", self.send_code, methods=["POST"])
        router.add_api_route("/code", self.code, methods=["GET"])
        router.add_api_route("/code", self.check_code, methods=["POST"])
        router.add_api_route("/new", self.new, methods=["GET"])
        router.add_api_route("/new", self.create, methods=["POST"])
        router.add_api_route("/new/name", self.name, methods=["GET"])
        router.add_api_route("/new/country", self.country, methods=["GET"])
        router.add_api_route("/sign-out", self.sign_out, methods=["POST"])

    # --- the address and its code ---------------------------------------------------------------

    def home(self, request: Request) -> Response:
        """The landing page with the first step."""
        return self._home(self._pages.visit(request))

    def _home(
        self, visit: Visit, error: StoreControllerError | None = None, email: str = ""
    ) -> Response:
        days = round(self._services.settings.tombstone.total_seconds() / 86400)
        return self._form(visit, "home.html", error, email=email, days=days)

    def send_code(self, request: Request, email: Text = "", csrf: Text = "") -> Response:
        """Mail a code to the address, then ask for it."""
        visit = self._pages.posted(request, csrf)
        try:
            self._mail_code(visit, email)
        except StoreControllerError as error:
            return self._home(visit, error, email)
        return self._pages.to(
            visit, "/code", session=replace(visit.session, pending=check_email(email))
        )

    def _mail_code(self, visit: Visit, email: str) -> None:
        address = check_email(email)
        client = visit.request.client
        self._services.registry.codes.send(
            address,
            client.host if client else "",
            lambda code: code_letter(address, visit.lang, code),
        )

    def code(self, request: Request) -> Response:
        """The second step; without an address it is the first."""
        visit = self._pages.visit(request)
        if visit.session.pending is None:
            return self._pages.to(visit, "/")
        return self._code(visit)

    def _code(
        self, visit: Visit, error: StoreControllerError | None = None, *, again: bool = False
    ) -> Response:
        return self._form(
            visit,
            "code.html",
            error,
            email=visit.session.pending,
            again=again,
            outbox=outbox_open(self._services.settings),
        )

    def check_code(
        self, request: Request, code: Text = "", csrf: Text = "", again: Text = ""
    ) -> Response:
        """Sign in with the code, or mail another one."""
        visit = self._pages.posted(request, csrf)
        email = visit.session.pending
        if email is None:
            return self._pages.to(visit, "/")
        try:
            if again:
                self._mail_code(visit, email)
                return self._code(visit, again=True)
            self._services.registry.codes.check(email, spelled_code(code)[:20])
        except StoreControllerError as error:
            return self._code(visit, error)
        known = self._services.registry.tenants.of_owner(email)
        goal = visit.session.goal or ("/shops" if known and self._has_shops(known) else "/new")
        return self._pages.enter(goal, email=email)

    def _has_shops(self, tenant: Tenant) -> bool:
        scope = Scope(tenant=tenant.uid, actor=tenant.owner)
        return bool(self._services.registry.stores.page(scope, StoreQuery(limit=1)))

    def sign_out(self, request: Request, csrf: Text = "") -> Response:
        """Forget who this is."""
        self._pages.posted(request, csrf)
        return self._pages.enter("/")

    # --- the shop -------------------------------------------------------------------------------

    def new(self, request: Request) -> Response:
        """The third step: country and name."""
        visit = self._pages.visit(request)
        if visit.session.email is None:
            return self._pages.sign_in_first(visit, "/new")
        tenant = self._services.registry.tenants.of_owner(visit.session.email)
        known = tenant.country if tenant else None
        country = known or countries.suggest(request.headers.get("accept-language")) or ""
        empty = Advice(name="", derived="")
        return self._new(visit, Filled(country=country, advice=empty, key=new_uid()))

    def _new(
        self, visit: Visit, form: Filled, error: StoreControllerError | None = None
    ) -> Response:
        return self._form(
            visit,
            "new.html",
            error,
            key=form.key,
            shop=form.shop,
            advice=advise(self._services.stores, form.advice, visit.lang),
            choices=countries.choices(visit.lang, self._services.stores.abilities()),
            **self._sets(form.country),
            typical=self._services.registry.operations.typical_seconds(OperationKind.CREATE),
        )

    def _sets(self, country: str) -> dict[str, Any]:
        """What a country sets, and what of its languages the shop does not have."""
        abilities = self._services.stores.abilities()
        if not countries.offered(country.upper(), abilities):
            return {"pack": None, "nearest": {}, "untold": []}
        pack = countries.pack(country, abilities)
        return {
            "pack": pack,
            "nearest": nearest(pack.locales, abilities),
            "untold": self._services.stores.untold(pack.locales),
        }

    def name(
        self, request: Request, shop: Asked = "", name: Asked = "", derived: Asked = "",
        pick: Asked = "",
    ) -> Response:  # fmt: skip
        """The address name's field as it is to look now."""
        visit = self._member(request)
        chosen = self._chosen(visit, shop, pick or name, derived)
        found = advise(self._services.stores, chosen, visit.lang)
        return part(self._pages.fragment(visit, "_name.html", advice=found))

    def country(self, request: Request, country: Asked = "") -> Response:
        """What a country sets."""
        visit = self._member(request)
        return part(self._pages.fragment(visit, "_country.html", **self._sets(country)))

    def _member(self, request: Request) -> Visit:
        visit = self._pages.visit(request)
        if visit.session.email is None:
            raise NotAuthenticatedError
        return visit

    @staticmethod
    def _chosen(visit: Visit, shop: str, name: str, derived: str) -> Advice:
        return choose(shop=shop, name=name, derived=derived, email=visit.session.email or "")

    def create(  # noqa: PLR0913, PLR0917 -- the fields of the form.
        self, request: Request, csrf: Text = "", key: Text = "", country: Text = "",
        shop: Text = "", name: Text = "", derived: Text = "", pick: Text = "", check: Text = "",
    ) -> Response:  # fmt: skip
        """Accept the shop and go to where it can be watched; or look again at a name."""
        visit = self._pages.posted(request, csrf)
        if visit.session.email is None:
            return self._pages.sign_in_first(visit, "/new")
        chosen = self._chosen(visit, shop, pick or name, derived)
        form = Filled(country=country, shop=shop, advice=chosen, key=key[:64] or new_uid())
        if pick or check:
            return self._new(visit, form)
        draft = Draft(name=chosen.name, country=country, display_name=shop)
        try:
            slug = self._accept(visit, visit.session.email, draft, form.key)
        except IdempotencyKeyReusedError as error:
            return self._new(visit, replace(form, key=new_uid()), error)
        except StoreControllerError as error:
            return self._new(visit, form, error)
        return self._pages.to(visit, f"/shops/{slug}")

    def _accept(self, visit: Visit, email: str, draft: Draft, key: str) -> str:
        check_display_name(draft.display_name or "")
        if not countries.offered(draft.country.upper(), self._services.stores.abilities()):
            raise UnknownCountryError(country=draft.country[:20])
        # The whole draft is checked before the business is added: a typing error leaves nothing.
        spec = self._services.stores.specify(draft)
        tenant = self._services.registry.tenants.ensure(
            Scope(tenant=None, actor=email),
            owner=email,
            name=spec.display_name,
            country=spec.country,
            language=visit.lang,
        )
        told = "\n".join((spec.slug, spec.country, spec.display_name))
        once = IdempotencyKey(key=key, fingerprint=hashlib.sha256(told.encode()).hexdigest())
        scope = Scope(tenant=tenant.uid, actor=email)
        return self._services.stores.create(scope, None, draft, once).operation.slug

    def _form(
        self,
        visit: Visit,
        template: str,
        error: StoreControllerError | None,
        **context: Any,
    ) -> Response:
        """A page with a form, and beside its field what is wrong."""
        if error is None:
            return self._pages.show(visit, template, errors={}, **context)
        field = next((name for kind, name in _FIELDS if isinstance(error, kind)), "form")
        with use_language(visit.lang):
            found = words.explained(error.code, error.params)
        return self._pages.show(
            visit,
            template,
            status=error.status,
            headers=headers_of(error),
            errors={field: found},
            **context,
        )
