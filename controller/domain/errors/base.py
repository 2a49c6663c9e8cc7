"""The roots of the tree of errors, and how one is put into words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from controller.i18n import N_

Params = Mapping[str, str | int]


class StoreControllerError(Exception):
    """The base: `params` fill the placeholders of `cause` and `action`."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    cause: ClassVar[str] = N_("Something went wrong inside Store Controller.")
    action: ClassVar[str] = N_("Try again. If it happens again, tell the operator the time.")
    asked: ClassVar[str] = ""
    """The next action of whoever asked and got this for an answer, where it is another one."""

    def __init__(self, **params: str | int) -> None:
        self.params = params
        super().__init__(self.cause % params)

    @property
    def reason(self) -> str:
        """The CamelCase name that conditions and events carry."""
        return type(self).__name__.removesuffix("Error")


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """An error in a person's language."""

    code: str
    message: str
    action: str


def explain(
    code: str, params: Params, translate: Callable[[str], str], *, asked: bool = False
) -> Explanation:
    """Render the error `code` with `params`; an unknown code is rendered as `internal`.

    `asked` is for the answer to a request: nothing goes on by itself then.
    """
    kind = by_code().get(code, StoreControllerError)
    action = (kind.asked if asked else "") or kind.action
    return Explanation(
        code=code, message=translate(kind.cause) % params, action=translate(action) % params
    )


def by_code() -> dict[str, type[StoreControllerError]]:
    """Every concrete error by its code."""
    found: dict[str, type[StoreControllerError]] = {}
    pending: list[type[StoreControllerError]] = [StoreControllerError]
    while pending:
        kind = pending.pop()
        found[kind.code] = kind
        pending.extend(kind.__subclasses__())
    return found


class Message(str):
    """What is wrong with a field: English, and sayable in other languages (`translated`)."""

    template: str
    params: Params

    def __new__(cls, template: str, **params: str | int) -> Self:
        """`params` fill the placeholders of the template, which is marked with `N_`."""
        made = super().__new__(cls, template % params if params else template)
        made.template, made.params = template, params
        return made

    def translated(self, translate: Callable[[str], str]) -> str:
        """The message in the language that `translate` speaks."""
        said = translate(self.template)
        return said % self.params if self.params else said


class InvalidInputError(StoreControllerError):
    """The payload does not have the documented form; `errors` names each field."""

    code = "invalid_input"
    status = 422
    exit_code = 2
    cause = N_("Some of what was sent cannot be accepted.")
    action = N_("Correct the fields that are named and send it again.")

    def __init__(self, errors: tuple[tuple[str, str], ...] = (), **params: str | int) -> None:
        """`errors` are fields and what is wrong with each, best as `Message`."""
        self.errors = errors
        super().__init__(**params)

    def explained(self, translate: Callable[[str], str]) -> list[tuple[str, str]]:
        """The fields, and what is wrong with each in a person's language."""
        return [
            (field, told.translated(translate) if isinstance(told, Message) else told)
            for field, told in self.errors
        ]


class NotAuthenticatedError(StoreControllerError):
    """No valid token or session came with the request."""

    code = "not_authenticated"
    status = 401
    exit_code = 4
    cause = N_("Nobody is signed in, or the token is not valid.")
    action = N_("Sign in, or give a valid token (STORECTL_TOKEN).")


class NotAllowedError(StoreControllerError):
    """The caller is known and may not do this."""

    code = "not_allowed"
    status = 403
    exit_code = 4
    cause = N_("Your account may not do this.")
    action = N_("Ask the operator.")


class NotFoundError(StoreControllerError):
    """Nothing of this name is there for the caller."""

    code = "not_found"
    status = 404
    exit_code = 3
    cause = N_("There is no such thing here.")
    action = N_("Check the address.")


class ConflictError(StoreControllerError):
    """The state of the world does not allow it."""

    code = "conflict"
    status = 409
    exit_code = 5
    cause = N_("Somebody changed this at the same time.")
    action = N_("Look at it again and repeat the change.")


class LimitError(StoreControllerError):
    """A quota or a rate is used up; `retry_after` is in seconds."""

    code = "rate_limited"
    status = 429
    exit_code = 6
    cause = N_("Too many requests in a short time.")
    action = N_("Wait %(retry_after)s seconds and try again.")

    def __init__(self, *, retry_after: int = 30, **params: str | int) -> None:
        self.retry_after = retry_after
        super().__init__(retry_after=retry_after, **params)


class UnavailableError(StoreControllerError):
    """A part of the control plane cannot be used right now."""

    code = "unavailable"
    status = 503
    cause = N_("A part of the platform cannot be reached right now.")
    action = N_("Nothing was lost. Try again in a few seconds.")


class TransientError(StoreControllerError):
    """Will pass by itself: the reconciler waits with backoff and tries again."""

    retry_after: float = 0.0
    """Seconds to wait at least, because whoever is waited for asked for it."""

    code = "transient"
    status = 503
    cause = N_("A part of the shop's surroundings does not answer: %(detail)s")
    action = N_("Nothing needs to be done; it is tried again by itself.")
    asked = N_("Nothing was done. Put right what is named, or wait, and ask for the same again.")


class PermanentError(StoreControllerError):
    """Will not pass by itself: the operation fails."""

    code = "permanent"
    cause = N_("This cannot work as it is: %(detail)s")
    action = N_("Correct the cause, then retry the operation.")
