"""What a release hands over once it is installed: the Secret that its installer writes.

The magento chart calls it `RELEASE-integration`; its one key holds the credentials of the control
plane's integration as JSON.
"""

import base64
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping

from provisioners.kubernetes.connection import Connection
from provisioners.kubernetes.errors import NotFoundError

_KEY = "integration.json"
_FRESH_SECONDS = 60.0
_KEPT = 4096


class Credentials:
    """The handed over secrets of one cluster, kept in memory for a minute."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: OrderedDict[str, tuple[float, Mapping[str, str]]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, namespace: str) -> Mapping[str, str]:
        """What the release in a namespace handed over; empty before. Raises ClusterError."""
        now = time.monotonic()
        with self._lock:
            until, known = self._known.get(namespace, (0.0, {}))
        if now < until:
            return known
        found = self._read(namespace)
        if found:
            with self._lock:
                self._known[namespace] = (now + _FRESH_SECONDS, found)
                self._known.move_to_end(namespace)
                while len(self._known) > _KEPT:
                    self._known.popitem(last=False)
        return found

    def _read(self, namespace: str) -> dict[str, str]:
        path = f"/api/v1/namespaces/{namespace}/secrets/{namespace}-integration"
        try:
            data = self._connection.get(path).get("data", {})
            found = json.loads(base64.b64decode(data[_KEY]))
            return {"access_token": str(found["access_token"])}
        except (NotFoundError, KeyError, ValueError, TypeError):
            return {}
