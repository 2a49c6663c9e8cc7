"""Programs that are run in the pods of a namespace."""

import time
from collections.abc import Sequence
from urllib.parse import quote, urlencode

from provisioners.base import DriverFailure
from provisioners.command import Result
from provisioners.kubernetes.connection import Connection, Json


class Pods:
    """The pods of one cluster that carry a label."""

    def __init__(self, connection: Connection, *, selector: str) -> None:
        self._connection = connection
        self._selector = selector

    def execute(
        self, namespace: str, pod: str, container: str, argv: Sequence[str], *, timeout: float
    ) -> Result:
        """Run a program in a container to its end, whatever its status; raises ClusterError."""
        began = time.monotonic()
        query = urlencode(
            [("command", word) for word in argv]
            + [("container", container), ("stdout", "true"), ("stderr", "true")],
            quote_via=quote,
        )
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/exec"
        status, output, error = self._connection.execute(path, query, timeout=timeout)
        spent = time.monotonic() - began
        return Result(returncode=status, output=output, error=error, seconds=spent)

    def first(self, namespace: str, component: str) -> str:
        """A ready pod of a component of the release; raises DriverFailure when there is none."""
        selector = f"{self._selector},app.kubernetes.io/component={component}"
        for pod in self._listed(namespace, selector):
            conditions = pod.get("status", {}).get("conditions", ())
            if any(item["type"] == "Ready" and item["status"] == "True" for item in conditions):
                return str(pod["metadata"]["name"])
        raise DriverFailure("no_pod", f"no pod of “{component}” is ready")

    def _listed(self, namespace: str, selector: str) -> list[Json]:
        path = f"/api/v1/namespaces/{namespace}/pods"
        return list(self._connection.get(path, {"labelSelector": selector})["items"])
