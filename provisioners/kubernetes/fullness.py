"""How full the volumes of shops are, as the kubelets measure it: one request a minute and node.

Asked through the API server's way to a node's statistics, which an account has to be allowed.
"""

import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from provisioners.kubernetes.connection import Connection, Json
from provisioners.kubernetes.errors import ClusterError, ForbiddenError
from provisioners.kubernetes.ground import Ground

_FRESH_SECONDS = 60.0
_AT_ONCE = 8
NEARLY, FULL = 90, 98
"""Percent: from here on it is told, from there on nothing more can be written soon."""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """One volume."""

    claim: str
    percent: int
    """Of its bytes or its files, whatever is scarcer."""
    left: int
    """Bytes."""


class Fullness:
    """The volumes of one cluster that are full or nearly."""

    def __init__(self, connection: Connection, *, prefix: str) -> None:
        self._connection = connection
        self._prefix = prefix
        self._lock = threading.Lock()
        self._read = -1e9
        self._known: Mapping[str, tuple[Usage, ...]] = {}
        self.denied = False
        """Whether our account may not look."""

    def known(self, namespace: str) -> tuple[Usage, ...]:
        """What was measured last in a namespace; asks nothing."""
        return self._known.get(namespace, ())

    def look(self, ground: Ground) -> None:
        """Measure again unless that was done a moment ago; a node that is silent tells nothing."""
        with self._lock:
            if time.monotonic() - self._read < _FRESH_SECONDS:
                return
            self._read = time.monotonic()
        nodes = [node.name for node in (ground.nodes or {}).values() if node.ready]
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fullness") as pool:
            told = [item for each in pool.map(self._of, nodes) for item in each]
        self._known = filling(told, self._prefix)

    def _of(self, node: str) -> list[Json]:
        try:
            found = self._connection.get(f"/api/v1/nodes/{node}/proxy/stats/summary")
        except ForbiddenError:
            self.denied = True
            return []
        except ClusterError:
            return []
        self.denied = False
        return list(found.get("pods") or ())


def filling(pods: Iterable[Json], prefix: str) -> dict[str, tuple[Usage, ...]]:
    """The volumes of these pods that are full or nearly, by namespace, the fullest first."""
    found: dict[str, dict[str, Usage]] = {}
    for pod in pods:
        for volume in pod.get("volume") or ():
            claim = volume.get("pvcRef") or {}
            if not str(claim.get("namespace", "")).startswith(prefix):
                continue
            usage = _usage(claim["name"], volume)
            if usage is not None and usage.percent >= NEARLY:
                # Pods that share a volume all tell of it.
                found.setdefault(claim["namespace"], {})[claim["name"]] = usage
    return {
        namespace: tuple(sorted(each.values(), key=lambda item: -item.percent))
        for namespace, each in found.items()
    }


def _usage(claim: str, volume: Json) -> Usage | None:
    capacity, left = volume.get("capacityBytes"), volume.get("availableBytes")
    if not capacity or left is None:
        return None
    # What is kept for root counts as used: no shop gets it.
    shares = [1 - left / capacity]
    if volume.get("inodes") and volume.get("inodesFree") is not None:
        shares.append(1 - volume["inodesFree"] / volume["inodes"])
    return Usage(claim=claim, percent=min(100, int(max(shares) * 100)), left=left)
