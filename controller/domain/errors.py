"""The one tree of errors: each has a stable code, a cause a person understands and a next action.

Three boundaries turn them into something else, once each: `reconciler.outcome.attempt()`,
`api.errors` (problem+json) and `cli.output` (a sentence and an exit code).

    StoreControllerError
    ├── InvalidInputError     422, exit 2   the payload cannot be accepted
    ├── NotAuthenticatedError 401, exit 4
    ├── NotAllowedError       403, exit 4
    ├── NotFoundError         404, exit 3   also for what belongs to another tenant
    ├── ConflictError         409, exit 5   the payload is fine, the state of the world is not
    ├── LimitError            429, exit 6   quota or rate; carries retry_after
    ├── UnavailableError      503, exit 1   a part of the control plane is down or full
    ├── TransientError        a step meets this: the reconciler waits and tries again
    └── PermanentError        a step meets this: the operation fails
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

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


# --- 422: the payload ---------------------------------------------------------------------------


class InvalidInputError(StoreControllerError):
    """The payload does not have the documented form; `errors` names each field."""

    code = "invalid_input"
    status = 422
    exit_code = 2
    cause = N_("Some of what was sent cannot be accepted.")
    action = N_("Correct the fields that are named and send it again.")

    def __init__(self, errors: tuple[tuple[str, str], ...] = (), **params: str | int) -> None:
        self.errors = errors
        super().__init__(**params)


class ValuesUnusableError(InvalidInputError):
    """The platform's file of values cannot be read, or says what no store can have."""

    code = "values_unusable"
    cause = N_("The file that STORECTL_KUBERNETES__VALUES names cannot be used: %(problems)s")
    action = N_("Correct it, or take the variable away, and start again.")


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


class UnknownCountryError(InvalidInputError):
    """No country pack can be made for this code."""

    code = "unknown_country"
    cause = N_("“%(country)s” is not a country that a shop can be opened in.")
    action = N_("Choose a country from the list.")


class UnknownEngineError(InvalidInputError):
    """No shop software of this name is installed."""

    code = "unknown_engine"
    cause = N_("There is no shop software called “%(engine)s” here.")
    action = N_("Choose one of: %(engines)s.")


class EngineUnavailableError(InvalidInputError):
    """The shop software is known, but nothing here can start it."""

    code = "engine_unavailable"
    cause = N_("This platform can look after a “%(engine)s” shop, but not start one.")
    action = N_(
        "Start it elsewhere and take it over with “storectl adopt”, or choose: %(engines)s."
    )


class InvalidEmailError(InvalidInputError):
    """The text is no e-mail address."""

    code = "invalid_email"
    cause = N_("“%(email)s” is not an e-mail address.")
    action = N_("Enter an address such as you@example.com.")


class InvalidNameError(InvalidInputError):
    """The shop's address name breaks a rule."""

    code = "name_characters"
    cause = N_("A shop's address may hold small letters, digits and hyphens only.")
    action = N_("Choose a name such as “tea-house”.")


class NameEmptyError(InvalidNameError):
    """No name was given."""

    code = "name_empty"
    cause = N_("The shop needs a name for its address.")


class NameTooShortError(InvalidNameError):
    """The name is too short."""

    code = "name_too_short"
    cause = N_("The name for the shop's address is too short.")


class NameTooLongError(InvalidNameError):
    """The name is too long."""

    code = "name_too_long"
    cause = N_("The name for the shop's address is longer than 40 characters.")
    action = N_("Choose a shorter name.")


class NameHyphenError(InvalidNameError):
    """The name starts or ends with a hyphen."""

    code = "name_hyphen"
    cause = N_(
        "The name for the shop's address must start with a letter and not end with a hyphen."
    )


class NamePunycodeError(InvalidNameError):
    """The name has hyphens in the places that encoded international names use."""

    code = "name_punycode"
    cause = N_(
        "The name for the shop's address must not have hyphens as its third and fourth sign."
    )


class NameReservedError(InvalidNameError):
    """The name is kept for the platform, or looks like one that is."""

    code = "name_reserved"
    cause = N_("The name “%(name)s” is kept for the platform itself.")
    action = N_("Choose another name.")


class InvalidDisplayNameError(InvalidInputError):
    """The shop's display name is empty, too long or has invisible characters."""

    code = "invalid_display_name"
    cause = N_("The shop's name must have 1 to 80 visible characters.")
    action = N_("Enter the name as customers should read it.")


class InvalidDurationError(InvalidInputError):
    """A time to live that cannot be read."""

    code = "invalid_duration"
    cause = N_("“%(duration)s” is not a duration.")
    action = N_("Write it with its units, such as 90s, 30m, 2h, 1d12h or 2 weeks.")


class LifetimeRangeError(InvalidDurationError):
    """A time to live that is too short or too long."""

    code = "lifetime_range"
    cause = N_("“%(duration)s” is too short or too long for a store.")
    action = N_("A store can live for one minute up to 366 days.")


class ConfirmationMissingError(InvalidInputError):
    """A purge was not confirmed by the store's name."""

    code = "confirmation_missing"
    cause = N_("Purging “%(store)s” destroys its data for ever and was not confirmed.")
    action = N_("Confirm by giving the name of the store.")


class WrongCodeError(InvalidInputError):
    """The one-time code is not the one that was sent."""

    code = "wrong_code"
    cause = N_("This is not the code from the mail.")
    action = N_("Check the six digits, or ask for a new code.")


class CodeUsedError(InvalidInputError):
    """The one-time code was used before, is too old or was tried too often."""

    code = "code_spent"
    cause = N_("This code was already used, is too old or was tried too often.")
    action = N_("Ask for a new code.")


class UnknownOrderItemError(InvalidInputError):
    """The order has no item of this SKU."""

    code = "item_not_in_order"
    cause = N_("Order %(order)s has no item “%(sku)s” that can be sent.")
    action = N_("“storectl order get %(store)s %(order)s” shows its items.")


class TooManyItemsError(InvalidInputError):
    """More of an item is to be sent than is left."""

    code = "too_many_items"
    cause = N_("Of “%(sku)s” %(left)s can still be sent, not %(wanted)s.")
    action = N_("“storectl order get %(store)s %(order)s” shows what is left.")


class UnknownCarrierError(InvalidInputError):
    """Nobody of this name carries parcels, as far as we know."""

    code = "unknown_carrier"
    cause = N_("“%(carrier)s” is no carrier that is known here.")
    action = N_("Choose dhl, ups, fedex, usps or one of templates/carriers.yaml, or custom.")


class CarrierTitleMissingError(InvalidInputError):
    """A carrier that we have no name for needs one."""

    code = "carrier_title_missing"
    cause = N_("A carrier of your own needs a name that customers read.")
    action = N_("Give its name as the title.")


class InvalidTrackingNumberError(InvalidInputError):
    """The text is no tracking number."""

    code = "invalid_tracking_number"
    cause = N_("“%(number)s” is not a tracking number.")
    action = N_("Copy it from the label: 1 to 64 letters and digits, with spaces or hyphens.")


class UnknownSecretError(InvalidInputError):
    """Nothing needs a secret of this name."""

    code = "unknown_secret"
    cause = N_("“%(secret)s” is no secret that a payment provider or carrier needs.")
    action = N_("Choose one of: %(names)s.")


class MalformedSecretError(InvalidInputError):
    """The secret does not have the form that its provider gives it."""

    code = "malformed_secret"
    cause = N_("That is not how %(secret)s looks.")
    action = N_("Copy it from the provider's console once more, whole and without spaces.")


class SecretModeError(InvalidInputError):
    """A key of the test mode where live ones are wanted, or the other way round."""

    code = "secret_mode"
    cause = N_("%(secret)s is a key of the %(mode)s mode, and the shop is set to %(wanted)s.")
    action = N_("Take the key of the same mode from the provider's console, or change the mode.")


class UnknownPlanError(InvalidInputError):
    """No plan has this name."""

    code = "unknown_plan"
    cause = N_("“%(plan)s” is not a plan; there are: %(plans)s.")
    action = N_("Choose one of them.")


class InvalidScaleError(InvalidInputError):
    """The numbers of web servers do not fit together."""

    code = "invalid_scale"
    cause = N_("A shop cannot have %(min)s to %(max)s web servers, and %(now)s now.")
    action = N_("Give 1 ≤ min ≤ now ≤ max ≤ %(most)s.")


class InvalidImageError(InvalidInputError):
    """A text is no reference to an image, or leaves its version open."""

    code = "invalid_image"
    cause = N_("“%(image)s” does not name an image and its version.")
    action = N_("Give REPOSITORY:TAG or REPOSITORY@DIGEST: registry.example.com/shop:2.4.7-p3.")


class InvalidKubeconfigError(InvalidInputError):
    """A kubeconfig cannot be used by the control plane."""

    code = "invalid_kubeconfig"
    cause = N_("This kubeconfig cannot be used: %(detail)s")
    action = N_(
        "Give one that holds everything itself, such as a service account's token and the "
        "cluster's certificate; “kubectl config view --raw --minify --flatten” prints one."
    )


# --- 401, 403, 404 ------------------------------------------------------------------------------


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


class StoreNotFoundError(NotFoundError):
    """No such store, or another tenant's."""

    code = "store_not_found"
    cause = N_("There is no store called “%(store)s”.")
    action = N_("“storectl list” shows the stores there are.")


class OperationNotFoundError(NotFoundError):
    """No such operation, or another tenant's."""

    code = "operation_not_found"
    cause = N_("There is no operation “%(operation)s”.")
    action = N_("“storectl op list” shows the operations there are.")


class RolloutNotFoundError(NotFoundError):
    """No such rollout of an image."""

    code = "rollout_not_found"
    cause = N_("There is no rollout “%(rollout)s”.")
    action = N_("“storectl image rollouts” shows the rollouts there are.")


class TenantNotFoundError(NotFoundError):
    """No such tenant."""

    code = "tenant_not_found"
    cause = N_("There is no tenant “%(tenant)s”.")
    action = N_("Check the tenant's id.")


class OrderNotFoundError(NotFoundError):
    """The shop has no order of this number."""

    code = "order_not_found"
    cause = N_("There is no order “%(order)s” in this shop.")
    action = N_("“storectl order list %(store)s” shows the orders there are.")


class ShipmentNotFoundError(NotFoundError):
    """The order has no shipment of this id."""

    code = "shipment_not_found"
    cause = N_("Order %(order)s has no shipment “%(shipment)s”.")
    action = N_("“storectl order get %(store)s %(order)s” shows its shipments.")


class SecretNotFoundError(NotFoundError):
    """No such secret is kept."""

    code = "secret_not_found"
    cause = N_("There is no secret “%(secret)s”.")
    action = N_("“storectl secret list STORE” shows those that are kept.")


class MethodNotAllowedError(StoreControllerError):
    """The address is there, and takes other methods."""

    code = "method_not_allowed"
    status = 405
    exit_code = 2
    cause = N_("There is no %(method)s here; there is %(allowed)s.")
    action = N_("Use one of those methods.")


class LogNotFoundError(NotFoundError):
    """Nothing of the shop has the name whose lines are wanted."""

    code = "log_not_found"
    cause = N_("Nothing of the shop prints under that name.")
    action = N_("Choose one of: %(names)s.")


class ClusterNotFoundError(NotFoundError):
    """No such cluster."""

    code = "cluster_not_found"
    cause = N_("There is no cluster “%(cluster)s”.")
    action = N_("“storectl cluster list” shows them.")


# --- 409, 412 -----------------------------------------------------------------------------------


class ConflictError(StoreControllerError):
    """The state of the world does not allow it."""

    code = "conflict"
    status = 409
    exit_code = 5
    cause = N_("Somebody changed this at the same time.")
    action = N_("Look at it again and repeat the change.")


class NameTakenError(ConflictError):
    """A live or tombstoned store holds the name."""

    code = "name_taken"
    cause = N_("The name “%(name)s” is taken.")
    action = N_("Choose another name.")


class HostTakenError(ConflictError):
    """A further website's address is another one's already."""

    code = "host_taken"
    cause = N_("The host “%(host)s” of the website “%(site)s” is another website's already.")
    action = N_("Give the website another address (sites.%(site)s.url) or another code.")


class NameRetiredError(NameTakenError):
    """The name is that of a store of one's own which is out of service; told to its owner alone."""

    code = "name_retired"
    cause = N_("“%(name)s” is the name of a shop of yours that is out of service.")
    action = N_("Bring it back (storectl undelete %(name)s), or choose another name.")


class NoEndError(ConflictError):
    """The store does not end by itself."""

    code = "no_end"
    cause = N_("“%(store)s” does not end by itself, so that there is nothing to extend.")
    action = N_("Give it an end with expiresAt, or leave it as it is.")


class StoreDiffersError(ConflictError):
    """`create` met the caller's own store of that name with another specification."""

    code = "store_exists_differs"
    cause = N_("The store “%(store)s” exists already and is set up differently: %(fields)s.")
    action = N_("Use “storectl apply” to change it, or choose another name.")


class OperationInProgressError(ConflictError):
    """Another operation on the store has not finished."""

    code = "operation_in_progress"
    cause = N_("Another operation on “%(store)s” is still running.")
    action = N_("Wait for operation %(operation)s, then repeat.")


class WrongStateError(ConflictError):
    """The store's state does not allow the transition."""

    code = "wrong_state"
    cause = N_("This cannot be done while “%(store)s” is as it is now (%(state)s).")
    action = N_("“storectl describe %(store)s” shows its state and what can follow.")


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


class PortTakenError(ConflictError):
    """The control plane's own port is in use."""

    code = "port_taken"
    cause = N_("Port %(port)s is in use by another program.")
    action = N_("Stop that program, or choose another port: STORECTL_PORT=8081 make up")


class AlreadyRunningError(ConflictError):
    """Another control plane works on the same data directory."""

    code = "already_running"
    cause = N_("A control plane is already running on %(home)s.")
    action = N_("Use it, or stop it first, or choose another directory with STORECTL_HOME.")


class NothingToShipError(ConflictError):
    """Every item of the order was sent, cancelled or refunded."""

    code = "nothing_to_ship"
    cause = N_("Nothing of order %(order)s is left to be sent (%(state)s).")
    action = N_("“storectl order get %(store)s %(order)s” shows what became of it.")


class ShipmentRefusedError(ConflictError):
    """The shop's own rules refuse the shipment or the tracking number."""

    code = "shipment_refused"
    cause = N_("The shop refused the shipment: %(detail)s")
    action = N_("Correct in the shop what it names, then repeat.")


class ShipmentDiffersError(ConflictError):
    """A parcel of this carrier and number was recorded before with other items."""

    code = "shipment_differs"
    cause = N_("Parcel %(number)s of order %(order)s was recorded before with other items.")
    action = N_("“storectl order get %(store)s %(order)s” shows it; check the number on the label.")


class ShipmentInWorkError(ConflictError):
    """Another request records a shipment of the same order."""

    code = "shipment_in_work"
    cause = N_("Another shipment of order %(order)s is being recorded right now.")
    action = N_("Wait a moment, then repeat: the same parcel is not recorded twice.")


class RatesMovedOnError(ConflictError):
    """The quotes that were to be approved are not the newest any more, or none wait."""

    code = "rates_moved_on"
    cause = N_("The exchange rates that wait for approval are others by now (set %(set)s).")
    action = N_("“storectl rates get” shows them; look again, then approve.")


class ShopAdoptedError(ConflictError):
    """The shop is looked after under another name already."""

    code = "shop_adopted"
    cause = N_("The shop at %(endpoint)s is looked after already, as “%(store)s”.")
    action = N_("Retire and purge that one first, which leaves the shop itself as it is.")


class NotOursError(ConflictError):
    """Somebody else runs the shop, so that this cannot be done to it."""

    code = "not_ours"
    cause = N_("Somebody else runs the shop of “%(store)s”: it cannot be closed from here.")
    action = N_("Close it where it runs, or retire the store to let go of it.")


class ClusterExistsError(ConflictError):
    """A cluster of this name is there already, with other data."""

    code = "cluster_exists"
    cause = N_("There is a cluster “%(cluster)s” already, and it differs in: %(fields)s.")
    action = N_("Change it with “storectl cluster set”, or choose another name.")


class ClusterRefusedError(ConflictError):
    """A cluster that was to be kept does not answer, or does not let us in."""

    code = "cluster_refused"
    cause = N_("The cluster “%(cluster)s” cannot be used: %(detail)s")
    action = N_(
        "Nothing was kept. Check the server's address, the certificate and the token in the "
        "kubeconfig, and what its account may do; then do the same again."
    )


class StoreElsewhereError(ConflictError):
    """A store that is there was asked for in another place."""

    code = "store_elsewhere"
    cause = N_("“%(store)s” runs on the cluster “%(cluster)s”, not where this asks for it.")
    action = N_("A store stays where it was created: leave cluster and region out.")


class ClusterDrainingError(ConflictError):
    """A draining cluster takes nothing new."""

    code = "cluster_draining"
    cause = N_("The cluster “%(cluster)s” is being drained and takes no new stores.")
    action = N_("Choose another one, or “storectl cluster activate %(cluster)s”.")


class ClusterFullError(ConflictError):
    """A cluster holds as many stacks as it may."""

    code = "cluster_full"
    cause = N_("The cluster “%(cluster)s” has the %(capacity)s stores that it may have.")
    action = N_("Choose another one, or raise its capacity with “storectl cluster set”.")


class NoClusterError(ConflictError):
    """No cluster can take a new stack."""

    code = "no_cluster"
    cause = N_(
        "No cluster can take a new store. Draining: %(draining)s. Not answering: %(unreachable)s. "
        "Not fit for shops: %(unfit)s. Full: %(full)s."
    )
    action = N_(
        "Add a cluster, raise one's capacity, or activate one; see “storectl cluster list”."
    )


class NoClusterThereError(NoClusterError):
    """There is no cluster at all where a stack is wanted."""

    code = "no_cluster_there"
    cause = N_("There is no cluster that a new store could go to (region: %(region)s).")
    action = N_("Add one with “storectl cluster add”, or leave the region out.")


class ClusterInUseError(ConflictError):
    """A cluster that still holds stacks cannot be forgotten."""

    code = "cluster_in_use"
    cause = N_("The cluster “%(cluster)s” is not empty; stores on it: %(stacks)s.")
    action = N_("Drain it, retire and purge its stores, then remove it.")


class NotOnClusterError(ConflictError):
    """What runs beside the control plane cannot be sized or placed."""

    code = "not_on_cluster"
    cause = N_(
        "The shop of “%(store)s” does not run on a cluster: "
        "it has one size and no image of its own."
    )
    action = N_("Create the store on a cluster to choose its plan, its scale and its image.")


class NoBackupsError(ConflictError):
    """What the store runs on makes no backups of it."""

    code = "no_backups"
    cause = N_("There are no backups of “%(store)s”: none are made where it runs.")
    action = N_(
        "Only stores on a cluster have backups of their own. One that runs beside the control "
        "plane is saved with its home, one that somebody else runs is saved there."
    )


class BackupNotFoundError(NotFoundError):
    """There is no backup of this name."""

    code = "backup_not_found"
    cause = N_("“%(store)s” has no backup %(backup)s.")
    action = N_("“storectl backup list %(store)s” shows those that there are.")


class RolloutOpenError(ConflictError):
    """One rollout of images at a time: two would undo each other."""

    code = "rollout_open"
    cause = N_("A rollout of %(image)s goes on already (%(rollout)s).")
    action = N_("Wait for it, or end it: storectl image stop.")


class LogUndividedError(ConflictError):
    """A shop that is one process has one log, and its lines no times."""

    code = "log_undivided"
    cause = N_("“%(store)s” prints one log, of which nothing can be chosen.")
    action = N_("Leave out the part, pod, container or age; --tail says how many lines.")


class OneSizeError(ConflictError):
    """Shop software that is one process has no plan but the smallest."""

    code = "one_size"
    cause = N_("A shop on %(engine)s has one size: one web server, the plan “starter”.")
    action = N_("Leave plan and scale out, or create it with other shop software.")


class ImageMissingError(ConflictError):
    """Nobody said which image of the shop software clusters are to run."""

    code = "image_missing"
    cause = N_("No image of %(engine)s is set, so that a cluster has nothing to run.")
    action = N_("Build images/%(engine)s, push it, and name it in STORECTL_%(variable)s_IMAGE.")


# --- 429 ----------------------------------------------------------------------------------------


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


class CapacityError(LimitError):
    """As many operations are in work as the platform takes on at once."""

    code = "at_capacity"
    cause = N_("The platform is setting up as many shops as it can at once.")


class QuotaExceededError(LimitError):
    """The tenant has as many stores as its quota allows."""

    code = "quota_exceeded"
    cause = N_("Your account has %(limit)s shops, which is all that it may have.")
    action = N_("Close a shop you no longer need, or ask the operator for more.")


# --- 503 ----------------------------------------------------------------------------------------


class UnavailableError(StoreControllerError):
    """A part of the control plane cannot be used right now."""

    code = "unavailable"
    status = 503
    cause = N_("A part of the platform cannot be reached right now.")
    action = N_("Nothing was lost. Try again in a few seconds.")


class DatabaseBusyError(UnavailableError):
    """The database is locked, down or too slow."""

    code = "database_busy"
    cause = N_("The platform's database does not answer in time.")


class StorageFullError(UnavailableError):
    """The disk has no room."""

    code = "storage_full"
    status = 507
    cause = N_("The disk that holds the platform's data is full.")
    action = N_("Free some space; everything stored so far is safe and readable.")


class StorageUnusableError(UnavailableError):
    """What holds the platform's data cannot be read or written, and it is not for want of room."""

    code = "storage_unusable"
    cause = N_("The platform's data cannot be used: %(detail)s")
    action = N_("Put the disk, its mount or its rights right; what is stored is left as it is.")


class HomeUnusableError(UnavailableError):
    """The directory that everything is kept in cannot be used."""

    code = "home_unusable"
    cause = N_("The directory %(home)s cannot be used: %(detail)s")
    action = N_("Put it right, or choose another one with STORECTL_HOME.")


class HomeReadOnlyError(HomeUnusableError):
    """It lies on a file system that is mounted for reading."""

    code = "home_read_only"
    cause = N_("The directory %(home)s lies on a file system that can only be read.")
    action = N_("Mount it for writing, or choose another directory with STORECTL_HOME.")


class HomeForbiddenError(HomeUnusableError):
    """The account may not write there."""

    code = "home_forbidden"
    cause = N_("This account may not write into the directory %(home)s.")
    action = N_("Give it the right (chown, chmod), or choose another one with STORECTL_HOME.")


class HomeNoDirectoryError(HomeUnusableError):
    """A file is where the directory should be."""

    code = "home_no_directory"
    cause = N_("%(home)s is no directory, or something on the way to it is none.")
    action = N_("Move that file away, or choose another directory with STORECTL_HOME.")


class TooManyFilesError(UnavailableError):
    """No descriptor is left."""

    code = "too_many_files"
    cause = N_("Too many files and connections are open: the limit of the system is reached.")
    action = N_("Raise it (ulimit -n, LimitNOFILE=), or end what holds them.")


class AddressUnusableError(UnavailableError):
    """The address that the control plane should answer at is not this machine's to use."""

    code = "address_unusable"
    cause = N_("Nothing can answer at %(host)s:%(port)s here: %(detail)s")
    action = N_("Choose another address: STORECTL_HOST=127.0.0.1 STORECTL_PORT=8080")


class ServerUnreachableError(UnavailableError):
    """The command line cannot reach the control plane."""

    code = "server_unreachable"
    exit_code = 11
    cause = N_("No control plane answers at %(server)s.")
    action = N_("Start one with “make up”, or set STORECTL_SERVER.")


class ShipmentUnsureError(UnavailableError):
    """The shop broke off while it recorded a shipment, and cannot be asked whether it did."""

    code = "shipment_unsure"
    cause = N_("The shop broke off while it recorded the shipment; it may have done it. %(detail)s")
    action = N_("Repeat it with the same tracking number: what is there is not recorded twice.")


# --- what steps meet ----------------------------------------------------------------------------


class TransientError(StoreControllerError):
    """Will pass by itself: the reconciler waits with backoff and tries again."""

    retry_after: float = 0.0
    """Seconds to wait at least, because whoever is waited for asked for it."""

    code = "transient"
    status = 503
    cause = N_("A part of the shop's surroundings does not answer: %(detail)s")
    action = N_("Nothing needs to be done; it is tried again by itself.")
    asked = N_("Nothing was done. Put right what is named, or wait, and ask for the same again.")


class ShopUnreachableError(TransientError):
    """The running shop gives no answer that could be used; its kinds say why."""

    code = "shop_unreachable"
    cause = N_("The shop does not answer: %(detail)s")


class ShopWayError(ShopUnreachableError):
    """Not the shop but what lies between it and us is in the way: its kinds say what."""

    code = "shop_way"
    status = 502


class ShopNameUnknownError(ShopWayError):
    """No name server knows the host."""

    code = "shop_name_unknown"
    cause = N_("The name of the shop's host, %(host)s, cannot be resolved: %(detail)s")
    action = N_(
        "Check the name and its DNS entry; on a cluster it comes from --shop-address or --domain."
    )


class ShopUntrustedError(ShopWayError):
    """The certificate is signed by nobody that we trust."""

    code = "shop_untrusted"
    cause = N_("The certificate of %(host)s is not trusted: %(detail)s")
    action = N_(
        "Give the control plane the certificate of the CA that signed it, as SSL_CERT_FILE, or "
        "have one made by a CA that everybody trusts."
    )


class ShopCertificateAgeError(ShopWayError):
    """The certificate is not valid now."""

    code = "shop_certificate_age"
    cause = N_("The certificate of %(host)s is not valid at this time: %(detail)s")
    action = N_("Renew it; where it is fresh, set the clock of the control plane right.")


class ShopCertificateNameError(ShopWayError):
    """The certificate is another host's."""

    code = "shop_certificate_name"
    cause = N_("The certificate of %(host)s was made for another name: %(detail)s")
    action = N_("Have one made that names this host, or correct the name in the address.")


class ShopTlsError(ShopWayError):
    """No encrypted connection comes about."""

    code = "shop_tls"
    cause = N_("No encrypted connection to %(host)s comes about: %(detail)s")
    action = N_("Check that what listens there speaks TLS, and the port of the address.")


class ShopGatewayError(ShopWayError):
    """What stands before the shop answers for it that it does not reach it."""

    code = "shop_gateway"
    cause = N_("What stands in front of the shop does not reach it (%(answer)s): %(detail)s")
    action = N_("It is tried again by itself. If it lasts, look at the proxy or ingress there.")


class ShopUnroutedError(ShopWayError):
    """A web server answers, and it knows nothing of the shop."""

    code = "shop_unrouted"
    cause = N_("A web server answers at %(endpoint)s and does not lead to the shop (404).")
    action = N_(
        "It is tried again by itself: an ingress needs a moment. If it lasts, check the address, "
        "and that the cluster's ingress class has a controller."
    )


class ShopBusyError(ShopUnreachableError):
    """The shop asks to be left alone for `retry_after` seconds."""

    code = "shop_busy"
    exit_code = 6
    cause = N_("The shop gets more requests than it accepts.")
    action = N_("Nothing needs to be done; it is asked again in %(retry_after)s seconds.")

    def __init__(self, *, retry_after: int = 30, **params: str | int) -> None:
        self.retry_after = retry_after
        super().__init__(retry_after=retry_after, **params)


class ShopFailingError(ShopUnreachableError):
    """The shop answers that it failed inside (5xx), as it does in maintenance."""

    code = "shop_failing"
    cause = N_("The shop fails inside: %(detail)s")
    action = N_("It is tried again by itself. If it lasts, the shop's own log has the cause.")


class ShopUnreadableError(ShopUnreachableError):
    """What came back is no whole answer of a shop: a page, half a text, another form."""

    code = "shop_unreadable"
    status = 502
    cause = N_("What the shop answers cannot be read: %(detail)s")
    action = N_("It is tried again by itself. If it lasts, look what answers at its address.")


class ShopDeniedError(ShopUnreachableError):
    """The shop does not know our access token: it expired or was revoked."""

    code = "shop_denied"
    status = 502
    cause = N_("The shop does not accept our access token: it expired or was revoked.")
    action = N_(
        "Make a new one (bin/magento storecontroller:integration:ensure) and keep it with "
        "“storectl secret set STORE access_token”; until then it is tried again."
    )


class HandoverMissingError(ShopUnreachableError):
    """The shop runs and has not given us the key to it yet."""

    code = "handover_missing"
    cause = N_("The shop is being installed: it has not handed over its access token yet.")
    action = N_("Nothing needs to be done; “storectl why STORE” shows how far it is.")


class ShopContendedError(TransientError):
    """Somebody else writes settings of the shop at the same time, and was faster."""

    code = "shop_contended"
    cause = N_("Somebody else changes the shop's settings at the same time: %(detail)s")
    action = N_("Nothing was written. It is looked at and tried again by itself.")


class ShopStartingError(TransientError):
    """The shop's process runs and is not ready yet."""

    code = "shop_starting"
    cause = N_("The shop is starting.")


class HostsPendingError(TransientError):
    """The shop answers, and a host of it does not lead to its website yet."""

    code = "hosts_pending"
    cause = N_("Not all of the shop's addresses lead to their website yet: %(hosts)s.")
    action = N_(
        "They follow within two minutes. If not, see that the cluster's Ingress or Gateway leads "
        "these hosts to the shop."
    )


class StorefrontPendingError(TransientError):
    """The shop answers, and some of what shoppers reach is not opened or closed yet."""

    code = "storefront_pending"
    cause = N_("Some visitors are still shown the shop as it was before it was opened or closed.")
    action = N_("Nothing needs to be done: what serves them follows within two minutes.")


class ShopSilentError(TransientError):
    """A shop that answered before and still runs gives no answer: it hangs, or is cut off."""

    code = "shop_silent"
    cause = N_("The shop runs and stopped answering.")
    action = N_(
        "A shop that we run is ended and started again by itself. If it happens again and again, "
        "its last lines say what it was busy with."
    )


class ShopCannotWriteError(TransientError):
    """The shop answers and cannot keep anything: a full disk, a quota, a locked database."""

    code = "shop_cannot_write"
    cause = N_("The shop cannot write its data: %(detail)s")
    action = N_(
        "Make room on the disk that holds the shop's data, or let it be written to; nothing is "
        "lost, and it goes on by itself then."
    )


class ShopUnwellError(TransientError):
    """The shop answers and says that a part of it does not work."""

    code = "shop_unwell"
    cause = N_("The shop says that a part of it does not work: %(detail)s")
    action = N_("It is looked at again by itself. If it lasts, the shop's own log has the cause.")


class StackNotReadyError(TransientError):
    """The stack below the store has not reached its state."""

    code = "stack_not_ready"
    cause = N_("What the shop runs on is not ready yet.")


class DriverError(TransientError):
    """The driver's tool failed in a way that may pass."""

    code = "driver_failed"
    cause = N_("The shop's process could not be changed: %(detail)s")


class PodsNotReadyError(ShopStartingError):
    """The release is as wanted, and something of it is not ready."""

    code = "pods_not_ready"
    cause = N_("The shop is starting; not ready yet: %(detail)s")
    action = N_("“storectl why STORE” says what it waits for.")


class BackupsUnreadError(DriverError):
    """What a store's backups are kept on cannot be looked at just now."""

    code = "backups_unread"
    cause = N_("The store's backups cannot be looked at: %(detail)s")
    action = N_("Look what keeps the job from running, and ask again; nothing was changed.")


class BackupUnderWayError(TransientError):
    """A backup is being made."""

    code = "backup_under_way"
    cause = N_("A backup is being made.")
    action = N_("Nothing needs to be done: the shop goes on meanwhile.")


class RestoreUnderWayError(TransientError):
    """A backup is being loaded, and the shop rests for it."""

    code = "restore_under_way"
    cause = N_("Its backup %(backup)s is being loaded; the shop is closed meanwhile.")
    action = N_("Nothing needs to be done: it opens again once the backup is loaded.")


class ClusterUnreachableError(DriverError):
    """A cluster does not answer: nothing is known of what runs there, and nothing is given up."""

    code = "cluster_unreachable"
    cause = N_("The cluster does not answer: %(detail)s")
    action = N_("What runs there is left as it is and looked at again once the cluster answers.")


class ClusterAnswerError(DriverError):
    """A cluster's API server answered with an error; `answer` is HTTP's number for it."""

    code = "cluster_answer"
    cause = N_("The cluster's API server answered %(answer)s: %(detail)s")
    action = N_("Nothing needs to be done: the same is sent again by itself.")


class ClusterBusyError(ClusterAnswerError):
    """A cluster's API server has too much to do and wants to be left alone for a moment."""

    code = "cluster_busy"
    cause = N_("The cluster's API server asks for patience (%(answer)s): %(detail)s")
    action = N_("Nothing needs to be done: the same is sent again as soon as it may be.")


class ClusterForbiddenError(ClusterAnswerError):
    """The account that a cluster knows us by may not do what is needed."""

    code = "cluster_forbidden"
    cause = N_("The cluster does not let us (%(answer)s): %(detail)s")
    action = N_("Give our account in the cluster the right that is named; it is tried until then.")


class ClusterCutError(DriverError):
    """The connection to a cluster ended in the middle of an answer."""

    code = "cluster_cut"
    cause = N_("The connection to the cluster was cut in the middle of an answer: %(detail)s")
    action = N_("Nothing needs to be done: it goes on by itself from where it was.")


class StillEndingError(DriverError):
    """What is being removed, or has to be gone first, is not gone yet."""

    code = "still_ending"
    cause = N_("What was there is still being removed: %(detail)s")
    action = N_(
        "It goes on by itself. If it lasts, find out whose finalizer it is that the cluster names."
    )


class ToolKilledError(DriverError):
    """The program that was changing the stack was killed in the middle."""

    code = "tool_killed"
    cause = N_("The program that was changing the shop was killed in the middle (%(detail)s).")
    action = N_("Nothing needs to be done: what it left half done is put right by itself.")


class ReleaseUnfinishedError(DriverError):
    """A change of the release was begun and not ended; somebody may still be at work on it."""

    code = "release_unfinished"
    cause = N_("A change of the release was begun and did not end: %(detail)s")
    action = N_("Nothing needs to be done: once nobody can be at work on it, it is put right.")


class StateLockedError(DriverError):
    """Somebody holds the lock of the state of what is around the stack."""

    code = "state_locked"
    cause = N_("What is around the shop cannot be changed, its state is locked: %(detail)s")
    action = N_(
        "Where a run of ours holds it, it goes on by itself once that has ended. A stranger's lock "
        "is left alone: let them finish, or take it away with “terraform force-unlock”."
    )


class RoomExceededError(DriverError):
    """The stack wants more than its namespace may use."""

    code = "room_exceeded"
    cause = N_("The shop needs more than its plan may use: %(detail)s")
    action = N_("Raise the plan's quota, or lower what the shop scales to.")


class HeadroomError(DriverError):
    """What is to grow fits onto no node; it was not touched."""

    code = "no_headroom"
    cause = N_("No node has room for a larger part of the shop, which runs on as it is: %(detail)s")
    action = N_(
        "Add a node or make room, and it goes on by itself; or go back: "
        "storectl plan set NAME PLAN."
    )


class VolumesRigidError(DriverError):
    """Volumes are to grow and their class lets none grow; nothing was touched."""

    code = "volumes_rigid"
    cause = N_("The storage class lets no volume grow, and the shop runs on as it is: %(detail)s")
    action = N_(
        "Set allowVolumeExpansion on the class where its driver can do it, or keep the sizes in "
        "the cluster's values (“storage.size” of each part), and it goes on by itself; or go back: "
        "storectl plan set NAME PLAN."
    )


class RatesUnavailableError(TransientError):
    """A source of exchange rates does not answer."""

    code = "rates_unavailable"
    cause = N_("The source of exchange rates “%(source)s” does not answer: %(detail)s")
    action = N_("Nothing needs to be done; the last good rates stay and it is asked again.")


class RatesRefusedError(TransientError):
    """A source of exchange rates answered with what cannot be used."""

    code = "rates_refused"
    cause = N_("The source of exchange rates “%(source)s” said what cannot be used: %(detail)s")
    action = N_("The last good rates stay. If it lasts, choose another source.")


class RatesStaleError(TransientError):
    """A source of exchange rates has nothing newer than some business days."""

    code = "rates_stale"
    cause = N_("The source of exchange rates “%(source)s” is behind; business days: %(days)s.")
    action = N_("The last good rates stay. If it lasts, choose another source.")


class AdoptionRefusedError(TransientError):
    """What the shop has cannot become what is wanted."""

    code = "adoption_refused"
    cause = N_("The shop's own value of %(fields)s cannot be adopted: %(detail)s")
    action = N_("Change it in the shop, or push the wanted value with “storectl config push”.")


class VaultClosedError(TransientError):
    """The key that secrets were sealed with is not among those given."""

    code = "vault_closed"
    status = 503
    cause = N_("The secrets cannot be opened: their key is missing.")
    action = N_("Add the former key to STORECTL_VAULT_KEYS and start again.")
    asked = action


class CannotSellError(TransientError):
    """The synthetic shopper could not complete a purchase."""

    code = "cannot_sell"
    cause = N_("A test purchase failed at “%(stage)s”: %(detail)s")
    action = N_("It is tried again by itself; the shop's settings show what is missing.")


class MailRefusedError(TransientError):
    """A test mail of a shop did not leave; `detail` is the mail server's own words."""

    code = "mail_refused"
    cause = N_("The mail server %(relay)s did not take a test mail: %(detail)s")
    action = N_("Correct its mail settings (storectl config set); it is tried again.")


class PermanentError(StoreControllerError):
    """Will not pass by itself: the operation fails."""

    code = "permanent"
    cause = N_("This cannot work as it is: %(detail)s")
    action = N_("Correct the cause, then retry the operation.")


class BackupNotMadeError(PermanentError):
    """The job that makes a backup gave up."""

    code = "backup_not_made"
    cause = N_("The backup could not be made: %(detail)s")
    action = N_("Correct the cause and make it again; the backups that there were are kept.")


class BackupNotLoadedError(PermanentError):
    """The job that loads a backup gave up."""

    code = "backup_not_loaded"
    cause = N_("The backup could not be loaded: %(detail)s")
    action = N_(
        "Correct the cause and restore again, from this backup or another. The shop runs as before "
        "where nothing was touched; where half of it is loaded, it stays closed until then."
    )


class ImageUnpullableError(PermanentError):
    """The cluster cannot fetch an image that a shop is to run; what ran before runs on."""

    code = "image_unpullable"
    cause = N_("The cluster cannot fetch the new image, so the old one stays: %(detail)s")
    action = N_("Push the image or correct its name (storectl image set), then retry.")


class WrongShopError(PermanentError):
    """Another shop than the expected one answers at the address."""

    code = "wrong_shop"
    status = 502
    cause = N_("Another shop answers at %(endpoint)s than the one expected.")
    action = N_("Free the port or address, then retry the operation.")


class ShopForbiddenError(PermanentError):
    """The shop knows our access token, and it may not do this."""

    code = "shop_forbidden"
    status = 502
    cause = N_("Our access token may not use this part of the shop: %(resources)s")
    action = N_(
        "Give the shop's integration this right (bin/magento storecontroller:integration:ensure "
        "gives all that are needed), then retry the operation."
    )


class ShopRedirectsError(PermanentError):
    """The shop sends its callers to another address, which a token is never sent to."""

    code = "shop_redirects"
    status = 502
    cause = N_("The shop's API sends us on to %(location)s.")
    action = N_("Give the store the address at which its API answers itself, then retry.")


class SettingsRefusedError(PermanentError):
    """The shop's own validation refused settings."""

    code = "settings_refused"
    status = 502
    cause = N_("The shop refused settings: %(detail)s")
    action = N_("Change the settings that are named, then retry the operation.")


class CapabilityMissingError(PermanentError):
    """The shop cannot do what was asked of it; nothing was written."""

    code = "capability_missing"
    status = 409
    cause = N_("This shop has no “%(capability)s”.")
    action = N_("Install the module that brings it, or leave it out.")


class SecretMissingError(PermanentError):
    """A payment provider or carrier needs a secret that nobody has given."""

    code = "secret_missing"
    status = 409
    cause = N_("The secret “%(secret)s” is missing.")
    action = N_("Set it with “storectl secret set STORE %(secret)s”, then retry the operation.")


class DeadlineExceededError(PermanentError):
    """The operation ran past its deadline."""

    code = "deadline_exceeded"
    cause = N_("It did not finish in %(minutes)s minutes. What is missing: %(missing)s.")
    action = N_("Retry the operation; “storectl describe %(store)s” shows the cause of each part.")


class RateMissingError(PermanentError):
    """A store offers a currency that the source of exchange rates does not know."""

    code = "rate_missing"
    cause = N_("Nobody says the exchange rate of %(pairs)s, so that the currency waits.")
    action = N_(
        "The shop offers it as soon as there is a rate. Pin one (currencies.pins), choose a source "
        "that has it, or no longer offer the currency."
    )
