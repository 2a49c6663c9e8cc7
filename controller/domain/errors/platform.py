"""The control plane itself: its home, its limits, its database, its address."""

from controller.domain.errors.base import (
    ConflictError,
    LimitError,
    TransientError,
    UnavailableError,
)
from controller.i18n import N_


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


class CapacityError(LimitError):
    """As many operations are in work as the platform takes on at once."""

    code = "at_capacity"
    cause = N_("The platform is setting up as many shops as it can at once.")


class QuotaExceededError(LimitError):
    """The tenant has as many stores as its quota allows."""

    code = "quota_exceeded"
    cause = N_("Your account has %(limit)s shops, which is all that it may have.")
    action = N_("Close a shop you no longer need, or ask the operator for more.")


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


class VaultClosedError(TransientError):
    """The key that secrets were sealed with is not among those given."""

    code = "vault_closed"
    status = 503
    cause = N_("The secrets cannot be opened: their key is missing.")
    action = N_("Add the former key to STORECTL_VAULT_KEYS and start again.")
    asked = action
