"""Requests that HTTP itself is not content with: their form, their headers, their preconditions."""

from controller.domain.errors.base import ConflictError, InvalidInputError, StoreControllerError
from controller.i18n import N_


class BadRequestError(InvalidInputError):
    """The request itself cannot be read (not JSON, a bad header or cursor)."""

    code = "bad_request"
    status = 400
    cause = N_("The request could not be read.")
    action = N_("Send well-formed JSON and headers as the API's documentation shows.")


class HeaderUnsupportedError(BadRequestError):
    """A header that would change what happens, where it cannot be honoured."""

    code = "header_unsupported"
    cause = N_("“%(header)s” cannot be honoured here, and nothing was done.")
    action = N_("Send the request without it.")


class NotAcceptableError(InvalidInputError):
    """The caller takes no form that the answer can have."""

    code = "not_acceptable"
    status = 406
    cause = N_("The answer is %(offered)s, which “Accept” does not take.")
    action = N_("Send “Accept: %(offered)s”, or leave it out.")


class UnsupportedMediaError(InvalidInputError):
    """The body has another form than is read, or is encoded."""

    code = "unsupported_media"
    status = 415
    cause = N_("What was sent is “%(sent)s”; %(wanted)s is read here.")
    action = N_("Send it as %(wanted)s in UTF-8, not compressed, with that Content-Type.")


class ExpectationError(InvalidInputError):
    """The Expect header wants what cannot be promised."""

    code = "expectation_failed"
    status = 417
    cause = N_("“Expect” can ask for 100-continue alone.")
    action = N_("Send the request without it.")


class BodyTooLargeError(InvalidInputError):
    """The body is over the limit."""

    code = "body_too_large"
    status = 413
    cause = N_("What was sent is larger than the %(limit)s KB that are read here.")
    action = N_(
        "Send less at once: one store in each request, and only what differs from its country."
    )


class MethodNotAllowedError(StoreControllerError):
    """The address is there, and takes other methods."""

    code = "method_not_allowed"
    status = 405
    exit_code = 2
    cause = N_("There is no %(method)s here; there is %(allowed)s.")
    action = N_("Use one of those methods.")


class IdempotencyKeyReusedError(ConflictError):
    """The same Idempotency-Key came with another body."""

    code = "idempotency_key_reused"
    cause = N_("This Idempotency-Key was used before with another request.")
    action = N_("Use a new key for a new request.")


class PreconditionFailedError(ConflictError):
    """If-Match names an older version."""

    code = "precondition_failed"
    status = 412
    cause = N_("“%(store)s” was changed since you read it.")
    action = N_("Read it again and repeat the change.")


class AlreadyThereError(ConflictError):
    """If-None-Match: * was sent, and there is something."""

    code = "already_there"
    status = 412
    cause = N_("“%(store)s” is there already, and was to be made anew.")
    action = N_("Choose another name, or leave out If-None-Match to change the one that is there.")


class NotThereError(ConflictError):
    """If-Match was sent, and there is nothing."""

    code = "not_there"
    status = 412
    cause = N_("There is no “%(store)s” that could be changed.")
    action = N_("Check the name, or leave out If-Match to make it.")
