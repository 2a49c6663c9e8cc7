"""What ends a command besides the errors of the domain, and the exit codes.

`cli.error_view` turns each into a cause and the next action.
"""

from collections.abc import Mapping
from typing import Any

from controller.domain.errors.base import StoreControllerError
from controller.domain.errors.platform import ServerUnreachableError
from controller.i18n import N_

INTERNAL, USAGE, NOT_FOUND, NOT_ALLOWED, CONFLICT, LIMITED = 1, 2, 3, 4, 5, 6
FAILED, TIMED_OUT, PARTIAL, CHANGES, UNREACHABLE, INTERRUPTED = 7, 8, 9, 10, 11, 130


class UsageFaultError(StoreControllerError):
    """The command cannot be run as it was typed."""

    code = "usage"
    status = 422
    exit_code = USAGE
    cause = "%(detail)s"
    action = N_("“%(command)s --help” shows how it is written.")


class UnknownOptionError(UsageFaultError):
    """No such option."""

    cause = N_("There is no option %(option)s.")


class OptionValueError(UsageFaultError):
    """An option or argument cannot have this value."""

    cause = N_("%(name)s takes %(detail)s.")


class MissingArgumentError(UsageFaultError):
    """A required option or argument is not there."""

    cause = N_("%(name)s is missing.")


class UnknownVerbError(UsageFaultError):
    """No such command."""

    code = "unknown_command"
    cause = N_("There is no command “%(verb)s”.")
    action = N_("“storectl --help” lists the commands.")


class LikelyVerbError(UnknownVerbError):
    """No such command, and one is spelled almost like it."""

    action = N_("Did you mean “%(likely)s”?")


class UnknownTopicError(UsageFaultError):
    """No such topic of the help."""

    code = "unknown_topic"
    cause = N_("There is no help on “%(topic)s”.")
    action = N_("“storectl --help” lists the commands; “storectl help exit-codes” is a topic too.")


class TokenFaultError(StoreControllerError):
    """The token holds what no token can, such as the end of a line."""

    code = "token_malformed"
    exit_code = USAGE
    cause = N_("The token holds a space, a line break or another sign that no token has.")
    action = N_("Copy it once more, whole, into STORECTL_TOKEN.")


class ServerAddressError(StoreControllerError):
    """The server's address is no http or https URL."""

    code = "server_address"
    exit_code = USAGE
    cause = N_("“%(server)s” is not the address of a control plane.")
    action = N_("Write it as http://127.0.0.1:8080 (--server or STORECTL_SERVER).")


class NotOurApiError(ServerUnreachableError):
    """Something answers at the address, and it is no control plane."""

    code = "not_our_api"
    cause = N_("What answers at this address is not a control plane.")
    action = N_("Check --server or STORECTL_SERVER; “storectl doctor” shows what is used.")


class ManifestError(StoreControllerError):
    """A file for `apply` or `diff` cannot be understood."""

    code = "manifest_invalid"
    status = 422
    exit_code = USAGE
    cause = N_("%(file)s cannot be applied: %(detail)s")
    action = N_("“storectl apply --help” shows an example.")


class FieldNotSetError(StoreControllerError):
    """A field is not among a store's settings: it is none, or nothing is set for it."""

    code = "field_not_set"
    status = 404
    exit_code = NOT_FOUND
    cause = N_("“%(field)s” is not among the settings of “%(store)s”.")
    action = N_("“storectl config get %(store)s” lists them.")


class LabelError(StoreControllerError):
    """A label is not written as key=value."""

    code = "label_invalid"
    status = 422
    exit_code = USAGE
    cause = N_("“%(label)s” is not a label.")
    action = N_("Write it as key=value.")


class ItemFaultError(StoreControllerError):
    """An item of a parcel is not written as SKU=QUANTITY."""

    code = "item_invalid"
    status = 422
    exit_code = USAGE
    cause = N_("“%(item)s” is not an item of a parcel.")
    action = N_("Write it as SKU=QUANTITY, such as stoneware-mug=2.")


class NothingSentError(StoreControllerError):
    """A tracking number has no shipment that it could be added to."""

    code = "nothing_sent"
    status = 409
    exit_code = CONFLICT
    cause = N_("Nothing of order %(order)s was sent yet.")
    action = N_("“storectl order ship %(store)s %(order)s” records a shipment with its number.")


class WhichShipmentError(StoreControllerError):
    """The order has several shipments and none was named."""

    code = "which_shipment"
    status = 409
    exit_code = CONFLICT
    cause = N_("Order %(order)s has several shipments: %(ids)s.")
    action = N_("Name one of them with --shipment.")


class BadAssignmentError(StoreControllerError):
    """A setting is not written as FIELD=VALUE, or its value is none."""

    code = "assignment_invalid"
    status = 422
    exit_code = USAGE
    cause = N_("“%(text)s” cannot be read as a field and its value.")
    action = N_("Write it as shipping.flatRate=4.90; “storectl config set --help” shows more.")


class UnreadableFileError(StoreControllerError):
    """A file cannot be read."""

    code = "file_unreadable"
    status = 422
    exit_code = USAGE
    cause = N_("%(file)s cannot be read: %(detail)s")
    action = N_("Check its name, its rights and what is in it.")


class EmptySecretError(StoreControllerError):
    """Nothing was given for a secret."""

    code = "secret_empty"
    status = 422
    exit_code = USAGE
    cause = N_("Nothing was given for “%(secret)s”.")
    action = N_("Pipe the secret in, or name a file with --from-file.")


class NotConfirmedError(StoreControllerError):
    """A destructive command was not confirmed and nobody can be asked."""

    code = "not_confirmed"
    status = 422
    exit_code = USAGE
    cause = N_("Nothing was done: “%(command)s” needs a confirmation.")
    action = N_("Run it again as: %(again)s")


class NoTableRatesError(StoreControllerError):
    """There are no table rates to print."""

    code = "no_table_rates"
    status = 404
    exit_code = NOT_FOUND
    cause = N_("“%(store)s” has no table rates there.")
    action = N_("Set some: storectl config set %(store)s shipping.tableRates=@tablerates.csv")


class OperationFailedError(StoreControllerError):
    """The operation that was waited for ended in failure; `error` is what the API says of it."""

    code = "operation_failed"
    status = 502
    exit_code = FAILED
    cause = N_("Operation %(operation)s failed.")
    action = N_("“storectl describe %(store)s” shows the cause of each part.")
    further = N_("Try it again: storectl op retry %(operation)s")

    def __init__(self, error: Mapping[str, Any] | None, **params: str | int) -> None:
        self.error = dict(error or {})
        super().__init__(**params)


class OperationSupersededError(StoreControllerError):
    """A retirement, or a newer change, took the operation's place."""

    code = "operation_superseded"
    status = 409
    exit_code = FAILED
    cause = N_("Operation %(operation)s was given up: something newer is done to “%(store)s”.")
    action = N_("“storectl describe %(store)s” shows what happens now.")


class WaitTimedOutError(StoreControllerError):
    """The wait ended before the operation; `unmet` has each missing condition and its cause."""

    code = "wait_timed_out"
    status = 504
    exit_code = TIMED_OUT
    cause = N_("Not finished after %(waited)s. The operation goes on without this command.")
    action = N_("Go on waiting: storectl op wait %(operation)s")

    def __init__(self, unmet: tuple[tuple[str, str], ...], **params: str | int) -> None:
        self.unmet = unmet
        super().__init__(**params)


class LostContactError(StoreControllerError):
    """The server went away while its operation was followed."""

    code = "contact_lost"
    status = 503
    exit_code = UNREACHABLE
    cause = N_("%(server)s stopped answering. The operation goes on when it is back.")
    action = N_("Go on waiting then: storectl op wait %(operation)s")


class InterruptedWaitError(StoreControllerError):
    """Ctrl-C while an operation was followed."""

    code = "interrupted"
    status = 499
    exit_code = INTERRUPTED
    cause = N_("Interrupted. The server goes on with the operation.")
    action = N_("Go on waiting: storectl op wait %(operation)s")


class NoAddressError(StoreControllerError):
    """The store has no URL yet."""

    code = "no_address"
    status = 409
    exit_code = CONFLICT
    cause = N_("“%(store)s” has no address yet.")
    action = N_("“storectl describe %(store)s” shows how far it is.")


class BrowserError(StoreControllerError):
    """No web browser could be started."""

    code = "no_browser"
    exit_code = INTERNAL
    cause = N_("No web browser could be started here.")
    action = N_("Open this address yourself: %(url)s")


class ApiRefusal(Exception):  # noqa: N818 -- the API's answer, not a fault of ours.
    """The API answered with a problem."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = dict(problem)
        super().__init__(self.problem.get("detail", status))

    @property
    def code(self) -> str:
        """The stable code of the problem."""
        return str(self.problem.get("code", ""))
