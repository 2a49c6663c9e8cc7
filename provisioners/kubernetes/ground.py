"""What the shops of a cluster stand on: its nodes and its storage classes.

`GroundKeeper` reads them when somebody asks why; nothing here is watched.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from provisioners.kubernetes.connection import Connection, Json
from provisioners.kubernetes.errors import ForbiddenError, NotFoundError

Made = TypeVar("Made")
_FRESH_SECONDS = 10.0
_DEFAULT = "storageclass.kubernetes.io/is-default-class"
_DEFAULT_BEFORE = "storageclass.beta.kubernetes.io/is-default-class"
_PRESSURES = ("DiskPressure", "MemoryPressure", "PIDPressure", "NetworkUnavailable")


@dataclass(frozen=True, kw_only=True)
class Node:
    """A node, as far as it matters to pods."""

    name: str
    ready: bool
    message: str = ""
    """Why it is not ready."""
    since: str | None = None
    closed: bool = False
    """It takes no new pods: somebody cordoned it."""
    pressures: tuple[str, ...] = ()
    """As DiskPressure."""


@dataclass(frozen=True, kw_only=True)
class StorageClass:
    """A storage class."""

    name: str
    provisioner: str
    default: bool


@dataclass(frozen=True, kw_only=True)
class Ground:
    """None is what could not be read."""

    nodes: Mapping[str, Node] | None = None
    classes: Mapping[str, StorageClass] | None = None

    @property
    def default_class(self) -> StorageClass | None:
        """What claims get that name none."""
        return next((item for item in (self.classes or {}).values() if item.default), None)


class GroundKeeper:
    """The ground of one cluster; may be asked by any number of threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._read = -1e9
        self._known = Ground()

    @property
    def known(self) -> Ground:
        """What was read last; asks nothing."""
        return self._known

    def look(self) -> Ground:
        """What is there now, at most a few seconds old; raises ClusterError."""
        with self._lock:
            if time.monotonic() - self._read > _FRESH_SECONDS:
                nodes = self._listed("/api/v1/nodes")
                classes = self._listed("/apis/storage.k8s.io/v1/storageclasses")
                self._known = Ground(
                    nodes=_by_name(nodes, node_of), classes=_by_name(classes, class_of)
                )
                self._read = time.monotonic()
            return self._known

    def _listed(self, path: str) -> list[Json] | None:
        """Every object; None where our account may not look."""
        try:
            # From the server's memory: a moment old is new enough.
            query = {"resourceVersion": "0"}
            return list(self._connection.get(path, query).get("items") or ())
        except (ForbiddenError, NotFoundError):
            return None


def node_of(thing: Json) -> Node:
    """What matters of a node."""
    status = {item["type"]: item for item in (thing.get("status") or {}).get("conditions") or ()}
    ready = status.get("Ready") or {}
    return Node(
        name=thing["metadata"]["name"],
        ready=ready.get("status") == "True",
        message=str(ready.get("message") or ready.get("reason") or ""),
        since=ready.get("lastTransitionTime"),
        closed=bool((thing.get("spec") or {}).get("unschedulable")),
        pressures=tuple(
            kind for kind in _PRESSURES if (status.get(kind) or {}).get("status") == "True"
        ),
    )


def class_of(thing: Json) -> StorageClass:
    """What matters of a storage class."""
    said = thing["metadata"].get("annotations") or {}
    default = "true" in {said.get(_DEFAULT), said.get(_DEFAULT_BEFORE)}
    return StorageClass(
        name=thing["metadata"]["name"], provisioner=thing.get("provisioner", ""), default=default
    )


def _by_name(things: list[Json] | None, make: Callable[[Json], Made]) -> dict[str, Made] | None:
    return None if things is None else {thing["metadata"]["name"]: make(thing) for thing in things}
