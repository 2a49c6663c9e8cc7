"""Stores, tenants and operations: what is not there, is taken, or is in another state."""

from controller.domain.errors.base import ConflictError, NotFoundError, PermanentError
from controller.i18n import N_


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


class TenantNotFoundError(NotFoundError):
    """No such tenant."""

    code = "tenant_not_found"
    cause = N_("There is no tenant “%(tenant)s”.")
    action = N_("Check the tenant's id.")


class SecretNotFoundError(NotFoundError):
    """No such secret is kept."""

    code = "secret_not_found"
    cause = N_("There is no secret “%(secret)s”.")
    action = N_("“storectl secret list STORE” shows those that are kept.")


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


class NotOursError(ConflictError):
    """Somebody else runs the shop, so that this cannot be done to it."""

    code = "not_ours"
    cause = N_("Somebody else runs the shop of “%(store)s”: it cannot be closed from here.")
    action = N_("Close it where it runs, or retire the store to let go of it.")


class DeadlineExceededError(PermanentError):
    """The operation ran past its deadline."""

    code = "deadline_exceeded"
    cause = N_("It did not finish in %(minutes)s minutes. What is missing: %(missing)s.")
    action = N_("Retry the operation; “storectl describe %(store)s” shows the cause of each part.")
