"""What the API's description says about answers, so that clients know every status beforehand."""

from typing import Any

Responses = dict[int | str, dict[str, Any]]

_PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "action"],
    "properties": {
        "type": {"type": "string", "description": "urn:storectl:error:<code>"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; programs decide by it."},
        "detail": {"type": "string", "description": "The cause, in the caller's language."},
        "action": {"type": "string", "description": "What to do next."},
        "params": {"type": "object"},
        "instance": {"type": "string"},
        "operation": {"type": "string", "description": "The operation that is in the way."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}

_PROBLEMS = {
    400: "The request cannot be read.",
    401: "Nobody is signed in, or the token is not valid.",
    403: "The caller may not do this.",
    404: "There is no such thing, or it is another tenant's.",
    406: "`Accept` leaves no room for the answer.",
    409: "The state of the world does not allow it; `code` says why.",
    412: "It was changed since it was read.",
    413: "The body is too large.",
    415: "The body is not JSON in UTF-8, or is compressed.",
    417: "`Expect` asks for what cannot be promised.",
    422: "Something in the request cannot be accepted; `errors` names the fields.",
    429: "A quota or rate is used up; `Retry-After` says when to come again.",
    502: "The shop answers in a way that cannot be used; `code` says how.",
    503: "A part of the platform does not answer; nothing was lost.",
    507: "The disk is full; what is stored can be read.",
}

ALREADY: Responses = {
    200: {"description": "It is so already: the latest operation. With `dryRun`, what differs."}
}
"""Beside 202, for requests that may find nothing to do."""


def problems(*statuses: int) -> Responses:
    """Each status that is an error, with the form that all errors have."""
    content = {"application/problem+json": {"schema": _PROBLEM}}
    return {
        status: {"description": _PROBLEMS[status], "content": content}
        for status in (*statuses, 400, 406, 415, 417, 422, 503, 507)
    }


SIGNED_IN = problems(401, 403, 404, 409, 412, 413, 429)
"""What routes may answer that want a token."""
OF_SHOPS = problems(401, 403, 404, 409, 412, 413, 429, 502)
"""What routes may answer that ask the shop itself."""
OPEN = problems(404)
"""What routes may answer that anybody may ask."""
