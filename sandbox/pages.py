"""What every page shares: the visit, its cookies and forms, templates and errors.

`app` hands every request that is not REST to `answer_page`; `storefront` and `admin` have the
pages themselves.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import sqlite3
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sandbox import config, hosts, topology
from sandbox.errors import NotFoundError, ShopError
from sandbox.texts import N_, Texts

if TYPE_CHECKING:
    from starlette.requests import Request

    from sandbox.config import Settings
    from sandbox.shop import Shop
    from sandbox.topology import View

log = logging.getLogger("sandbox")
HERE = Path(__file__).parent
YEAR = 365 * 24 * 3600
RETRY_SECONDS = 600


class ForgedError(ShopError):
    """A form came without the token that its page had; the visitor shall try again."""


UNAVAILABLE = (N_("We will be right back"), "")
APOLOGIES: list[tuple[type[Exception], tuple[int, str, str]]] = [
    (
        NotFoundError,
        (
            404,
            N_("This page does not exist"),
            N_("It may have moved, or the address has a typing error."),
        ),
    ),
    (
        ForgedError,
        (
            403,
            N_("Please try again"),
            N_("The page was open for too long. Nothing was changed."),
        ),
    ),
    (
        Exception,
        (400, N_("That did not work"), N_("Nothing was changed. Go back and try again.")),
    ),
]


@dataclass(kw_only=True)
class Visit:
    """One request of a browser, with all that an answer needs."""

    shop: Shop
    request: Request
    home: View
    """The view that has its pages at `/`: the default one of the website that this host names."""
    view: View
    settings: Settings
    texts: Texts
    prefix: str
    path: str
    form: dict[str, str]
    session: str
    cookies: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def token(self) -> str:
        """Return what this visitor's forms must carry."""
        message = f"csrf:{self.session}".encode()
        return hmac.new(self.shop.session_key, message, hashlib.sha256).hexdigest()

    def check_form(self) -> None:
        """Refuse a form that is not from one of our own pages."""
        if not hmac.compare_digest(self.form.get("csrf", "").encode(), self.token.encode()):
            raise ForgedError("The form is not valid any more.")

    def url(self, path: str) -> str:
        """Return a page's address in this view."""
        return f"{self.prefix}{path}"

    def set_cookie(self, name: str, value: str, seconds: int = YEAR) -> None:
        """Let the answer carry a cookie; an empty value takes it away."""
        self.cookies[name] = (value, seconds if value else 0)

    def redirect(self, path: str) -> Response:
        """Send the browser to another page of ours."""
        return self.dress(RedirectResponse(path, 303))

    def render(self, template: str, status: int = 200, **values: object) -> Response:
        """Return a page."""
        page = environment(self.texts.lang).get_template(template)
        shared = {"visit": self, "texts": self.texts, "view": self.view, "settings": self.settings}
        html = page.render(shared | {"brand": self.brand} | values)
        return self.dress(HTMLResponse(html, status, {"Cache-Control": "no-store"}))

    @property
    def brand(self) -> str:
        """Return the shop's name as it is configured."""
        name = self.settings.at(self.view, "general/store_information/name")
        return name or self.texts.say(N_("The small shop"))

    def dress(self, response: Response) -> Response:
        """Add the cookies."""
        url = self.settings.at(self.view, "web/secure/base_url")
        secure = url.startswith("https:") and self.settings.flag(
            self.view, "web/secure/use_in_frontend"
        )
        for name, (value, seconds) in self.cookies.items():
            response.set_cookie(
                name, value, max_age=seconds, httponly=True, samesite="lax", secure=secure
            )
        return response


def answer_page(shop: Shop, request: Request, raw: bytes) -> Response:
    """Answer a browser. Whatever the input, the answer is a page and never a traceback."""
    path = request.url.path
    if path.startswith("/static/"):
        return static(path, request.headers.get("if-none-match", ""))
    try:
        visit = receive(shop, request, raw)
        return respond(visit)
    except Exception:
        log.exception("unexpected error in %s %s", request.method, path)
        return Response("Something went wrong. Please try again.", 500, media_type="text/plain")


def respond(visit: Visit) -> Response:
    """Answer with the page, or with one that says what is wrong."""
    from sandbox import admin, storefront  # noqa: PLC0415 - they are made of what is here

    try:
        if visit.path == "/admin" or visit.path.startswith("/admin/"):
            return admin.answer(visit)
        return closed(visit) if visit.shop.release.closed else storefront.answer(visit)
    except sqlite3.OperationalError as error:
        log.warning("data file: %s", error)
        return apologize(visit, 503, *UNAVAILABLE)
    except (ShopError, UnicodeError, OverflowError) as error:
        return apologize(visit, *next(said for kind, said in APOLOGIES if isinstance(error, kind)))


def closed(visit: Visit) -> Response:
    """Say that the shop takes a break, in words and in the status."""
    response = visit.render("closed.html", 503)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def apologize(visit: Visit, status: int, title: str, text: str) -> Response:
    """Say what is wrong and that nothing is lost."""
    say = visit.texts.say
    response = visit.render("message.html", status, title=say(title), text=say(text))
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response


def receive(shop: Shop, request: Request, raw: bytes) -> Visit:
    """Find out which view is visited, by whom, and what the form says."""
    path = request.url.path
    settings = config.load(shop.db)
    website = hosts.website_at(settings, request.headers.get("host", ""))
    home = view = topology.default_view(shop.db, website)
    prefix = ""
    first, _, rest = path.removeprefix("/").partition("/")
    named = topology.find_view(shop.db, first) if first not in ("", "admin") else None
    if named is not None and named.active:
        view, path = named, f"/{rest}"
        prefix = "" if view.id == home.id else f"/{view.code}"
    session = request.cookies.get("sid", "")
    visit = Visit(
        shop=shop,
        request=request,
        home=home,
        view=view,
        settings=settings,
        texts=Texts(
            settings.at(view, "general/locale/code"), settings.at(view, "general/locale/timezone")
        ),
        prefix=prefix,
        path=path,
        form=read_form(request, raw),
        session=session if len(session) == 43 else secrets.token_urlsafe(32),
    )
    if visit.session != session:
        visit.set_cookie("sid", visit.session)
    return visit


def read_form(request: Request, raw: bytes) -> dict[str, str]:
    """Return a form's fields; what is no form is an empty one and fails for want of a token."""
    if request.method != "POST":
        return {}
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=200, errors="strict")
    except ValueError:
        return {}
    return {name: value.replace("\x00", "").strip() for name, value in pairs}


@cache
def environment(lang: str) -> Environment:
    """Return the templates of one language."""
    from sandbox.texts import translations  # noqa: PLC0415 - used here only

    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(translations(lang), newstyle=True)  # type: ignore[attr-defined]
    return made


@cache
def static_file(name: str) -> tuple[bytes, str] | None:
    """Return a static file and its tag, None when there is none of this name."""
    if name != "shop.css":
        return None
    content = (HERE / "static" / name).read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:16]}"'


def static(path: str, known: str) -> Response:
    """Answer with the style sheet, or say that the browser's copy is still good."""
    found = static_file(path.removeprefix("/static/"))
    if found is None:
        return Response("Not found", 404, media_type="text/plain")
    content, tag = found
    headers = {"ETag": tag, "Cache-Control": "public, max-age=300"}
    if known == tag:
        return Response(b"", 304, headers)
    return Response(content, 200, headers, "text/css; charset=utf-8")
