"""How many web servers a release has, changed where the cluster counts them.

Both writes name a field manager of our own. The chart's values say the same afterwards, and helm
takes the fields over.
"""

from contextlib import suppress

from provisioners.base import Replicas
from provisioners.kubernetes.connection import MERGE, Connection
from provisioners.kubernetes.errors import NotFoundError

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
