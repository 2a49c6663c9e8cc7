"""Turning templates into answers: language, session, security headers.

Every page handler asks `Pages`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from controller import i18n
from controller.commerce import cldr
from controller.services.services import Services
from controller.settings import ROOT
from controller.web import formats, words
from controller.web.assets import asset
from controller.web.session import Session, Sessions

LANGUAGE_NAMES: Final = {lang: cldr.own_name(lang) for lang in i18n.LANGUAGES}
_LANGUAGE_COOKIE: Final = "storectl_language"
_YEAR: Final = 365 * 24 * 3600
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Accept-Language, Cookie",
}


# Nothing inline and nothing from elsewhere. Browsers apply form-action to redirects too, so what
# leads out of the house is a page with a link, never the answer to a form.
_POLICY: Final = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self'"
)


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request for a page: who, and in which language."""

    request: Request
    lang: str
    session: Session
    fresh: bool
    """Whether the browser has yet to be given the session."""

    def say(self, text: str) -> str:
        """Translate a marked text."""
        return i18n.translator(self.lang).gettext(text)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=select_autoescape(["html"]),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: i18n.translator(i18n.current()).gettext(text),
        lambda one, many, n: i18n.translator(i18n.current()).ngettext(one, many, n),
        newstyle=True,
    )
    environment.filters.update(formats.FILTERS)
    environment.globals.update(words.GLOBALS, asset=asset)
    return environment


def text(template: str, lang: str, **context: Any) -> str:
    """A template below `templates/` in a language."""
    with i18n.use_language(lang):
        return (
            _environment()
            .get_template(template)
            .render(lang=lang, dir=i18n.direction(lang), **context)
        )


def language(request: Request) -> str:
    """The language asked for: in the address, else remembered, else as the browser says."""
    for wanted in (request.query_params.get("lang"), request.cookies.get(_LANGUAGE_COOKIE)):
        if wanted in i18n.LANGUAGES:
            return wanted
    return i18n.negotiate(request.headers.get("accept-language"))


def document(
    request: Request,
    lang: str,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> Response:
    """A whole page with its headers."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    languages = [
        (code, name, f"?{urlencode([*kept, ('lang', code)])}")
        for code, name in LANGUAGE_NAMES.items()
    ]
    context = {"csrf": "", "member": None, "operator": None, **context}
    body = text(
        f"web/{template}", lang, languages=languages, path=request.url.path, now=formats.now(),
        **context,
    )  # fmt: skip
    response = HTMLResponse(body, status_code=status, headers={**_HEADERS, **(headers or {})})
    response.headers["Content-Language"] = lang
    response.headers["Content-Security-Policy"] = _POLICY
    if request.query_params.get("lang") == lang:
        response.set_cookie(_LANGUAGE_COOKIE, lang, max_age=_YEAR, path="/", samesite="lax")
    return response


class Pages:
    """Pages for whoever visits."""

    def __init__(self, services: Services) -> None:
        secure = services.settings.url.startswith("https:")
        self.sessions = Sessions(services.keyring, secure=secure)

    def visit(self, request: Request) -> Visit:
        """Who asks, in which language."""
        session = self.sessions.load(request)
        return Visit(
            request=request,
            lang=language(request),
            session=session or self.sessions.begin(),
            fresh=session is None,
        )

    def posted(self, request: Request, csrf: str) -> Visit:
        """The same for a form; raises FormExpiredError unless it came from a page of ours."""
        visit = self.visit(request)
        self.sessions.check(visit.session, csrf)
        return visit

    def show(
        self, visit: Visit, template: str, *, session: Session | None = None, **context: Any
    ) -> Response:
        """A page for this visit; `session` replaces the one there was."""
        kept = session or visit.session
        response = document(visit.request, visit.lang, template, **self._of(kept), **context)
        if session is not None or visit.fresh:
            self.sessions.write(response, kept)
        return response

    def fragment(self, visit: Visit, template: str, **context: Any) -> str:
        """A part of a page."""
        return text(
            f"web/{template}", visit.lang, now=formats.now(), **self._of(visit.session), **context
        )

    def _of(self, session: Session) -> dict[str, Any]:
        return {
            "csrf": self.sessions.token(session),
            "member": session.email,
            "operator": session.operator,
        }

    def to(self, visit: Visit, path: str, *, session: Session | None = None) -> Response:
        """Go to another page of ours; `session` replaces the one there was."""
        response = RedirectResponse(path, status_code=303, headers=_HEADERS)
        if session is not None or visit.fresh:
            self.sessions.write(response, session or visit.session)
        return response

    def leave(self, visit: Visit, url: str) -> Response:
        """Go to an address outside that opens something once: no other site may learn it."""
        return self.show(visit, "leave.html", url=url, headers={"Referrer-Policy": "no-referrer"})

    def sign_in_first(self, visit: Visit, goal: str) -> Response:
        """Go to the start page; signing in leads back to `goal`, a page of ours."""
        return self.to(visit, "/", session=replace(visit.session, goal=goal))

    def enter(
        self, path: str, *, email: str | None = None, operator: str | None = None
    ) -> Response:
        """Go to another page of ours with a new session."""
        response = RedirectResponse(path, status_code=303, headers=_HEADERS)
        self.sessions.write(response, self.sessions.begin(email=email, operator=operator))
        return response


def part(body: str) -> Response:
    """A fragment as an answer to htmx."""
    return HTMLResponse(body, headers=_HEADERS)
