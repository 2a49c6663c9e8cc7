"""Whether a cluster lets us in, asked before anything of it is kept."""

from pathlib import Path

from provisioners.kubernetes.connection import Connection
from provisioners.kubernetes.errors import ForbiddenError

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_SECONDS = 10.0


def probe(kubeconfig: Path) -> str:
    """Return the version of Kubernetes.

    Raises ClusterError, ForbiddenError when the account may not make what every stack needs first.
    """
    connection = Connection(kubeconfig, timeout=_SECONDS)
    try:
        version = connection.version()
        # A server tells its version to anybody, so that it proves nothing of the account.
        attributes = {"verb": "create", "resource": "namespaces"}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        if not connection.request("POST", _REVIEWS, body=review)["status"]["allowed"]:
            raise ForbiddenError("its account may not create namespaces")
        return version
    finally:
        connection.close()
