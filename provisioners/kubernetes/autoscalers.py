"""Which autoscalers of shops know no figures, so that they change nothing: asked once a minute."""

import threading
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from provisioners.kubernetes.connection import Connection, Json
from provisioners.kubernetes.errors import ForbiddenError, NotFoundError
from provisioners.kubernetes.evidence import moment_of
from provisioners.kubernetes.view import PATHS

_FRESH_SECONDS = 60.0
_PATIENCE_SECONDS = 180.0
"""For so long every autoscaler is without figures when its pods are new."""
_AT_REST = "ScalingDisabled"
"""It has no pods to scale, which is meant so."""


class Autoscalers:
    """The autoscalers of one cluster that are blind."""

    def __init__(self, connection: Connection, *, selector: str) -> None:
        self._connection = connection
        self._query = {"labelSelector": selector, "resourceVersion": "0"}
        self._lock = threading.Lock()
        self._read = -1e9
        self._known: Mapping[str, str] = {}

    def known(self, namespace: str) -> str:
        """Why the one of a namespace was blind when somebody looked last; empty when it was not."""
        return self._known.get(namespace, "")

    def look(self) -> None:
        """Look again unless that was done a moment ago; raises ClusterError."""
        with self._lock:
            if time.monotonic() - self._read < _FRESH_SECONDS:
                return
            self._read = time.monotonic()
        try:
            found = self._connection.get(PATHS["horizontalpodautoscaler"], self._query)
        except (ForbiddenError, NotFoundError):
            return
        self._known = blind(found.get("items") or (), datetime.now(UTC))


def blind(scalers: Iterable[Json], now: datetime) -> dict[str, str]:
    """Why autoscalers have had no figures for a while, by namespace."""
    found = {}
    for scaler in scalers:
        for each in (scaler.get("status") or {}).get("conditions") or ():
            if each["type"] != "ScalingActive" or each["status"] != "False":
                continue
            since = moment_of(each.get("lastTransitionTime"))
            late = since is not None and (now - since).total_seconds() > _PATIENCE_SECONDS
            if late and each.get("reason") != _AT_REST:
                said = each.get("message") or each.get("reason") or ""
                found[scaler["metadata"]["namespace"]] = str(said)[:300]
    return found
