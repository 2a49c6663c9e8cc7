"""How many web servers a release has, changed where the cluster counts them.

Both writes name a field manager of our own. The chart's values say the same afterwards, and helm
takes the fields over.
"""

from contextlib import suppress

from provisioners.base import Replicas
from provisioners.kubernetes.connection import MERGE, METADATA_ONLY, Connection, Json
from provisioners.kubernetes.errors import NotFoundError
from provisioners.kubernetes.view import PATHS, View, within

MANAGER = "store-controller-scale"


def scale(connection: Connection, namespace: str, name: str, replicas: Replicas) -> int:
    """Give the Deployment and its autoscaler these numbers; return how many there will be now.

    Raises ClusterError, NotFoundError when there is no such Deployment.
    """
    path = f"/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers/{name}"
    limits = {"minReplicas": replicas.min, "maxReplicas": replicas.max}
    scaler = f"{path}?fieldManager={MANAGER}"
    # Without an autoscaler the number itself is all there is.
    with suppress(NotFoundError):
        connection.request("PATCH", scaler, body={"spec": limits}, content=MERGE)
    target = f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale"
    are = int(connection.get(target)["spec"].get("replicas", 0))
    now = min(max(replicas.now or are, replicas.min), replicas.max)
    if now != are:
        body = {"spec": {"replicas": now}}
        connection.request("PATCH", f"{target}?fieldManager={MANAGER}", body=body, content=MERGE)
    return now


def halt(connection: Connection, namespace: str, selector: str) -> None:
    """Have nothing of ours run in a namespace, whatever any chart says; data stay.

    For a release that helm cannot stop. An autoscaler leaves alone what has no pods. Raises
    ClusterError.
    """
    none, suspended = {"replicas": 0}, {"suspend": True}
    for kind, spec in (("deployment", none), ("statefulset", none), ("cronjob", suspended)):
        for path in _paths(connection, kind, namespace, selector):
            with suppress(NotFoundError):
                asked = f"{path}?fieldManager={MANAGER}"
                connection.request("PATCH", asked, body={"spec": spec}, content=MERGE)
    end_jobs(connection, namespace, selector)


def end_jobs(connection: Connection, namespace: str, selector: str) -> None:
    """End every job of ours in a namespace: those of hooks are no part of a release."""
    for path in _paths(connection, "job", namespace, selector):
        with suppress(NotFoundError):
            connection.request("DELETE", path, body={"propagationPolicy": "Background"})


def halted(view: View, namespace: str) -> bool:
    """Whether nothing of ours is meant to run in a namespace."""
    wanted: list[Json] = [*view.of("deployment", namespace), *view.of("statefulset", namespace)]
    return not any(thing["spec"].get("replicas", 1) for thing in wanted)


def _paths(connection: Connection, kind: str, namespace: str, selector: str) -> list[str]:
    path = within(PATHS[kind], namespace)
    pages = connection.pages(path, {"labelSelector": selector}, accept=METADATA_ONLY)
    return [f"{path}/{item['metadata']['name']}" for page in pages for item in page["items"]]
