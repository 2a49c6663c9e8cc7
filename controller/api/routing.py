"""Routes of the API, strict in what they take: nothing of a request is dropped in silence.

Refused are parameters that are unknown or stand twice, headers that would have changed the answer
and which the route cannot honour, a body where none is taken, and JSON that loses something.
"""

from collections.abc import Callable, Collection, Coroutine
from json import JSONDecodeError
from typing import Any

from fastapi import APIRouter, Request, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.responses import Response
from fastapi.routing import APIRoute

from controller.api import conditions, negotiation
from controller.domain import jsontext
from controller.domain.errors.base import InvalidInputError, Message
from controller.domain.errors.requests import BadRequestError, HeaderUnsupportedError
from controller.i18n import N_

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_SAFE = {"GET", "HEAD"}
_UNKNOWN = N_("there is no such parameter")
_TWICE = N_("it stands twice")
_ONCE = ("authorization", "content-type", "content-range", "idempotency-key", "last-event-id")
_CHANGING = ("if-match", "if-none-match", "if-unmodified-since", "idempotency-key", "content-range")
"""Headers that decide whether and how often something is changed, or how much of it."""


class CheckedRoute(APIRoute):
    """A route that checks the whole request, and answers 304 where the caller has the answer."""

    def get_route_handler(self) -> Handler:
        """The handler behind the checks."""
        handle = super().get_route_handler()
        known = get_flat_params(self.dependant)
        parameters = {item.alias for item in known if isinstance(item.field_info, params.Query)}
        headers = {
            item.alias.lower() for item in known if isinstance(item.field_info, params.Header)
        }
        takes_body = self.body_field is not None

        async def checked(request: Request) -> Response:
            _check_parameters(request, parameters)
            _check_headers(request, headers)
            if request.method in _SAFE:
                return _conditional(request, await handle(request))
            negotiation.check_accepted(request.headers, negotiation.JSON)
            await _check_body(request, takes_body=takes_body)
            return await handle(request)

        return checked


def router(**said: Any) -> APIRouter:
    """A router of such routes."""
    return APIRouter(route_class=CheckedRoute, **said)


def _check_parameters(request: Request, known: Collection[str]) -> None:
    """Name every query parameter that is unknown or stands twice."""
    if not request.url.query:
        return
    said = [name for name, _ in request.query_params.multi_items()]
    wrong = [
        (name[:80], Message(_UNKNOWN if name not in known else _TWICE))
        for name in dict.fromkeys(said)
        if name not in known or said.count(name) > 1
    ]
    if wrong:
        raise InvalidInputError(tuple(wrong[:50]))


def _check_headers(request: Request, known: Collection[str]) -> None:
    for name in _ONCE:
        if len(request.headers.getlist(name)) > 1:
            raise BadRequestError(((name.title(), Message(N_("it is sent more than once"))),))
    if request.method not in _SAFE:
        for name in _CHANGING:
            # A route that knows If-Match leaves dates aside, as it should (RFC 9110, 13.2.2).
            if name in request.headers and name not in known:
                raise HeaderUnsupportedError(header=name.title())


async def _check_body(request: Request, *, takes_body: bool) -> None:
    """Read the body as JSON, before anything reads it that would keep the last of two keys."""
    body = await request.body()
    if not body:
        return
    if takes_body:
        negotiation.check_json(request.headers)
    try:
        found = jsontext.loads(body)
    except ValueError as error:
        raise BadRequestError((("body", _unreadable(error)),)) from None
    if takes_body:
        request._json = found
    elif found not in (None, {}):
        raise InvalidInputError((("body", Message(N_("nothing can be said here"))),))


def _unreadable(error: ValueError) -> Message:
    """Where a body ceases to be JSON, or what else it is."""
    if isinstance(error, JSONDecodeError):
        place = {"line": error.lineno, "column": error.colno}
        return Message(N_("it is not JSON at line %(line)d, column %(column)d"), **place)
    if isinstance(error, UnicodeDecodeError):
        return Message(N_("it is not in UTF-8"))
    return Message(N_("it is not JSON: %(detail)s"), detail=str(error)[:100])


def _conditional(request: Request, answer: Response) -> Response:
    """The answer with its ETag, or 304 when the caller has it."""
    if answer.status_code != 200:
        return answer
    negotiation.check_accepted(request.headers, answer.headers.get("content-type", ""))
    content = getattr(answer, "body", None)
    if not isinstance(content, bytes):
        return answer
    tag = answer.headers.get("etag")
    tag = conditions.tag_of(content, f"{tag.strip(chr(34))}." if tag else "")
    answer.headers["ETag"] = tag
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Vary"] = "Authorization, Accept, Accept-Language"
    known = ",".join(request.headers.getlist("if-none-match"))
    if known and conditions.is_known(tag, known):
        kept = ("ETag", "Cache-Control", "Vary", "Content-Language")
        return Response(
            None, 304, {name: answer.headers[name] for name in kept if name in answer.headers}
        )
    return answer
