"""Kubernetes clusters: where stores may run, and what a cluster answers."""

from controller.domain.errors.base import ConflictError, InvalidInputError, NotFoundError
from controller.domain.errors.stacks import DriverError
from controller.i18n import N_


class ValuesUnusableError(InvalidInputError):
    """The platform's file of values cannot be read, or says what no store can have."""

    code = "values_unusable"
    cause = N_("The file that STORECTL_KUBERNETES__VALUES names cannot be used: %(problems)s")
    action = N_("Correct it, or take the variable away, and start again.")


class InvalidKubeconfigError(InvalidInputError):
    """A kubeconfig cannot be used by the control plane."""

    code = "invalid_kubeconfig"
    cause = N_("This kubeconfig cannot be used: %(detail)s")
    action = N_(
        "Give one that holds everything itself, such as a service account's token and the "
        "cluster's certificate; “kubectl config view --raw --minify --flatten” prints one."
    )


class ClusterNotFoundError(NotFoundError):
    """No such cluster."""

    code = "cluster_not_found"
    cause = N_("There is no cluster “%(cluster)s”.")
    action = N_("“storectl cluster list” shows them.")


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
