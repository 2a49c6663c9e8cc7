"""The one place where an error becomes an HTTP answer: RFC 9457, in the caller's language.

Pages get their own rendering from `web`; `bootstrap.wiring` passes it in.
"""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from controller.api.methods import allowed
from controller.api.resources import dump
from controller.domain.errors.base import (
    InvalidInputError,
    LimitError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    StoreControllerError,
    UnavailableError,
    explain,
)
from controller.domain.errors.requests import (
    BadRequestError,
    MethodNotAllowedError,
    UnsupportedMediaError,
)
from controller.domain.errors.shops import ShopBusyError
from controller.domain.errors.stores import OperationInProgressError
from controller.domain.fielderrors import field_errors
from controller.i18n import negotiate, translator
from controller.logging import log

PageError = Callable[[Request, StoreControllerError], Response]


def problem(request: Request, error: StoreControllerError) -> Response:
    """The error as application/problem+json."""
    language = negotiate(request.headers.get("accept-language"))
    translate = translator(language).gettext
    found = explain(error.code, error.params, translate, asked=True)
    body: dict[str, Any] = {
        "type": f"urn:storectl:error:{error.code}",
        "title": found.message,
        "status": error.status,
        "code": error.code,
        "detail": found.message,
        "action": found.action,
        "params": dict(error.params),
        "instance": request.url.path,
    }
    if isinstance(error, InvalidInputError) and error.errors:
        told = error.explained(translate)
        body["errors"] = [{"field": _utf8(field), "message": _utf8(text)} for field, text in told]
    if isinstance(error, OperationInProgressError):
        body["operation"] = f"/api/v1/operations/{error.params['operation']}"
    return Response(
        dump(body),
        status_code=error.status,
        media_type="application/problem+json",
        headers={"Content-Language": language, **_headers(error)},
    )


def _utf8(text: str) -> str:
    """A name that a caller made up: JSON can hold halves of characters, answers cannot."""
    return text.encode(errors="replace").decode()


def _headers(error: StoreControllerError) -> dict[str, str]:
    if isinstance(error, LimitError | ShopBusyError):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, UnavailableError):
        return {"Retry-After": "5"}
    if isinstance(error, NotAuthenticatedError):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, MethodNotAllowedError):
        return {"Allow": str(error.params["allowed"])}
    if isinstance(error, UnsupportedMediaError):
        # What would be read: a form of the body, or none over it (RFC 9110, 15.5.16).
        wanted = str(error.params["wanted"])
        return {"Accept" if "/" in wanted else "Accept-Encoding": wanted}
    return {}


_BY_STATUS: dict[int, type[StoreControllerError]] = {
    400: BadRequestError,
    401: NotAuthenticatedError,
    403: NotAllowedError,
    404: NotFoundError,
}


def install(app: FastAPI, page_error: PageError) -> None:
    """Answer every error of the app; paths below /api get problem+json, others a page."""

    def answer(request: Request, error: StoreControllerError) -> Response:
        path = request.url.path
        machine = path.startswith(("/api/", "/metrics", "/healthz", "/readyz"))
        return problem(request, error) if machine else page_error(request, error)

    def of_ours(request: Request, error: Exception) -> Response:
        if not isinstance(error, StoreControllerError):
            return of_nobody(request, error)
        return answer(request, error)

    def of_validation(request: Request, error: Exception) -> Response:
        found = error.errors() if isinstance(error, RequestValidationError) else []
        if any(item["type"] == "json_invalid" for item in found):
            return answer(request, BadRequestError())
        return answer(request, InvalidInputError(field_errors(list(found))))

    def of_starlette(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == 405:
            methods = ", ".join(allowed(request.scope)) or "–"
            return answer(request, MethodNotAllowedError(method=request.method, allowed=methods))
        return answer(request, _BY_STATUS.get(status, StoreControllerError)())

    def of_nobody(request: Request, error: Exception) -> Response:
        log.error("request_broke", path=request.url.path, exc_info=error)
        return answer(request, StoreControllerError())

    app.add_exception_handler(StoreControllerError, of_ours)
    app.add_exception_handler(RequestValidationError, of_validation)
    app.add_exception_handler(HTTPException, of_starlette)
    app.add_exception_handler(Exception, of_nobody)
