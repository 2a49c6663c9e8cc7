"""Services of a release that lead to nobody, although its pods are ready."""

from collections.abc import Iterator

from provisioners.kubernetes.causekinds import Cause, CauseKind
from provisioners.kubernetes.connection import Connection
from provisioners.kubernetes.errors import ForbiddenError, NotFoundError

_SERVICE = "kubernetes.io/service-name"
_COMPONENT = "app.kubernetes.io/component"


def unserved(connection: Connection, namespace: str, selector: str) -> Iterator[Cause]:
    """Each Service without a ready endpoint; nothing where that may not be read."""
    slices = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
    services = f"/api/v1/namespaces/{namespace}/services"
    try:
        known = connection.get(services, {"labelSelector": selector}).get("items") or ()
        told = connection.get(slices).get("items") or ()
    except (ForbiddenError, NotFoundError):
        return
    served = {
        (each["metadata"].get("labels") or {}).get(_SERVICE)
        for each in told
        for endpoint in each.get("endpoints") or ()
        if (endpoint.get("conditions") or {}).get("ready") is not False
    }
    for service in known:
        name, chosen = service["metadata"]["name"], service["spec"].get("selector") or {}
        if chosen and name not in served:
            wanted = ", ".join(f"{key}={value}" for key, value in sorted(chosen.items()))
            yield Cause(
                kind=CauseKind.UNSERVED,
                thing=f"service/{name}",
                message=f"no ready pod has its labels: {wanted}"[:500],
                part=(service["metadata"].get("labels") or {}).get(_COMPONENT),
            )
