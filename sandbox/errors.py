"""What the shop refuses, in the words and statuses of the REST contract; raised by every noun.

A message is a template; `parameters` fill it, as a list for `%1` and a mapping for `%name`.
The storefront never shows these messages: it says its own, translated, for each class.
"""

from __future__ import annotations

NO_ENTITY = "The entity that was requested doesn't exist. Verify the entity and try again."
Parameters = dict[str, object] | list[object]


class ShopError(Exception):
    """The request is understood and refused; 400 unless a subclass says otherwise."""

    status = 400

    def __init__(
        self,
        message: str,
        parameters: Parameters | None = None,
        errors: list[dict[str, object]] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.parameters = parameters
        self.errors = errors

    def body(self) -> dict[str, object]:
        """Return the answer's JSON object."""
        body: dict[str, object] = {"message": self.message}
        if self.errors:
            body["errors"] = self.errors
        if self.parameters:
            body["parameters"] = self.parameters
        return body


class NotFoundError(ShopError):
    """The thing that the request names does not exist."""

    status = 404

    def __init__(
        self,
        message: str = NO_ENTITY,
        parameters: Parameters | None = None,
    ) -> None:
        super().__init__(message, parameters)


class ConflictError(ShopError):
    """Something newer is already there."""

    status = 409


class InvalidError(ShopError):
    """The items of a batch are not acceptable; nothing of it was applied."""

    status = 422


class UnauthorizedError(ShopError):
    """No token, or not the right one: the contract knows no difference and no 403."""

    status = 401

    def __init__(self, resource: str) -> None:
        super().__init__(
            "The consumer isn't authorized to access %resources.", {"resources": resource}
        )


class OutOfStockError(ShopError):
    """More was asked for than there is."""


def required(field: str) -> ShopError:
    """Return the refusal of a body in which a field is missing."""
    return ShopError('"%fieldName" is required. Enter and try again.', {"fieldName": field})


def wrong_type(value: object, expected: str) -> ShopError:
    """Return the refusal of a value of another type."""
    shown = value if isinstance(value, str | int | float) else type(value).__name__
    return ShopError(
        f'The "{str(shown)[:80]}" value\'s type is invalid. The "{expected}" type was expected. '
        "Verify and try again."
    )
