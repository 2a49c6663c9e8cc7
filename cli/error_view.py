"""An error as a person or a program is shown it: cause, next action, exit code, problem+json.

`cli.main` shows the error that ended a command, `apply` those of single stores.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cli.errors import (
    CONFLICT,
    INTERNAL,
    LIMITED,
    NOT_ALLOWED,
    NOT_FOUND,
    USAGE,
    ApiRefusal,
    OperationFailedError,
)
from controller.domain.errors.base import StoreControllerError, by_code, explain

EXIT_BY_STATUS: Mapping[int, int] = {
    400: USAGE,
    401: NOT_ALLOWED,
    403: NOT_ALLOWED,
    404: NOT_FOUND,
    409: CONFLICT,
    412: CONFLICT,
    413: USAGE,
    422: USAGE,
    423: CONFLICT,
    429: LIMITED,
}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An error as it is shown: sentences for a person, `problem` for a machine."""

    message: str
    action: str
    exit_code: int
    problem: Mapping[str, Any]
    further: str = ""
    details: tuple[tuple[str, str], ...] = ()


def shown(error: Exception, translate: Callable[[str], str]) -> Shown:
    """Return what to show for any error; one that nobody expected becomes `internal`."""
    if isinstance(error, ApiRefusal):
        return _shown_refusal(error, translate)
    known = error if isinstance(error, StoreControllerError) else StoreControllerError()
    details = tuple(getattr(known, "unmet", ()) or getattr(known, "errors", ()))
    message, action = _words(known, translate)
    return Shown(
        message=message,
        action=action,
        exit_code=known.exit_code,
        problem=_problem(known, details),
        further=translate(further) % known.params if (further := _further(known)) else "",
        details=details,
    )


def _words(error: StoreControllerError, translate: Callable[[str], str]) -> tuple[str, str]:
    own = (translate(error.cause) % error.params, translate(error.action) % error.params)
    if not isinstance(error, OperationFailedError) or not error.error:
        return own
    sent = error.error
    fallback = (str(sent.get("message") or own[0]), str(sent.get("action") or own[1]))
    return explained(str(sent.get("code")), sent.get("params"), translate, fallback=fallback)


def _further(error: StoreControllerError) -> str:
    return error.further if isinstance(error, OperationFailedError) else ""


def _problem(
    error: StoreControllerError, details: tuple[tuple[str, str], ...]
) -> Mapping[str, Any]:
    """Return the form of RFC 9457 that the API uses too; always English."""
    message, action = _words(error, str)
    problem: dict[str, Any] = {
        "type": f"urn:storectl:error:{error.code}",
        "title": error.cause % error.params,
        "status": error.status,
        "code": error.code,
        "detail": message,
        "action": action,
        "params": dict(error.params),
    }
    if isinstance(error, OperationFailedError):
        problem["cause"] = error.error
    if details:
        problem["unmet"] = [{"condition": name, "message": text} for name, text in details]
    return problem


def _shown_refusal(refusal: ApiRefusal, translate: Callable[[str], str]) -> Shown:
    problem = refusal.problem
    kind = by_code().get(refusal.code)
    message, action = explained(
        refusal.code,
        problem.get("params"),
        translate,
        fallback=(str(problem.get("detail") or refusal.status), str(problem.get("action") or "")),
        asked=True,
    )
    fields = tuple(
        (str(item.get("field", "")), str(item.get("message", "")))
        for item in problem.get("errors") or ()
    )
    return Shown(
        message=message,
        action=action,
        exit_code=kind.exit_code if kind else EXIT_BY_STATUS.get(refusal.status, INTERNAL),
        problem=problem,
        details=fields,
    )


def explained(
    code: str,
    params: Mapping[str, Any] | None,
    translate: Callable[[str], str],
    *,
    fallback: tuple[str, str],
    asked: bool = False,
) -> tuple[str, str]:
    """Return an error's cause and next action in our words when the code is known, else as sent.

    `asked` is for the answer to a request: nothing goes on by itself then.
    """
    if code in by_code() and params is not None:
        try:
            words = explain(code, params, translate, asked=asked)
        except (KeyError, TypeError, ValueError):
            # A newer server fills the placeholders of a newer sentence.
            return fallback
        return words.message, words.action
    return fallback
