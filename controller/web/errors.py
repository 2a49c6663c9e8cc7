"""Errors as pages: what happened and what to do next. The app's exception handlers call this."""

from fastapi import Request, Response

from controller.domain.errors.base import (
    InvalidInputError,
    LimitError,
    NotAuthenticatedError,
    NotFoundError,
    StoreControllerError,
    UnavailableError,
)
from controller.domain.errors.requests import MethodNotAllowedError
from controller.i18n import translator, use_language
from controller.web import words
from controller.web.render import document, language


def html_error(request: Request, error: StoreControllerError) -> Response:
    """A page that explains the error, with its status."""
    lang = language(request)
    with use_language(lang):
        found = words.explained(error.code, error.params)
    translate = translator(lang).gettext
    fields = error.explained(translate) if isinstance(error, InvalidInputError) else ()
    headers = headers_of(error)
    if isinstance(error, NotAuthenticatedError) and "hx-request" in request.headers:
        # A part of a page was asked for after the session's end: the page leads to the door.
        headers["HX-Refresh"] = "true"
    return document(
        request,
        lang,
        "error.html",
        status=error.status,
        headers=headers,
        error=found,
        status_code=error.status,
        missing=isinstance(error, NotFoundError),
        fields=fields,
    )


def headers_of(error: StoreControllerError) -> dict[str, str]:
    """The header that says when to come again, or what would have been right."""
    if isinstance(error, MethodNotAllowedError):
        return {"Allow": str(error.params["allowed"])}
    if isinstance(error, LimitError):
        return {"Retry-After": str(error.retry_after)}
    return {"Retry-After": "5"} if isinstance(error, UnavailableError) else {}
