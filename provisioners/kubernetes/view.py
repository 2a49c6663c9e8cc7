"""What one cluster holds of ours, in memory, as its watches tell it.

Only what somebody asks about is kept of an object, so that thousands of stores fit.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of object that is watched in all namespaces at once."""

    name: str
    """As people write it: pod, deployment."""
    path: str
    query: Mapping[str, str]
    metadata_only: bool = False
    """Whether the server is to leave out everything else: nobody else's keys are held here."""

    def within(self, namespace: str) -> str:
        """The path of the same kind in one namespace."""
        base, _, plural = self.path.rpartition("/")
        return f"{base}/namespaces/{namespace}/{plural}"


def kinds(selector: str) -> tuple[Kind, ...]:
    """Every kind that is watched; objects carry the label, events cannot and are Warnings.

    What matters of the others, such as that no volume can be bound, is read for whoever asks why.
    """
    ours = {"labelSelector": selector}
    paths = {
        "pod": "/api/v1/pods",
        "claim": "/api/v1/persistentvolumeclaims",
        "deployment": "/apis/apps/v1/deployments",
        "statefulset": "/apis/apps/v1/statefulsets",
        "job": "/apis/batch/v1/jobs",
    }
    return (
        *(Kind(name=name, path=path, query=ours) for name, path in paths.items()),
        Kind(name="secret", path="/api/v1/secrets", query=ours, metadata_only=True),
        Kind(name="event", path="/api/v1/events", query={"fieldSelector": "type=Warning"}),
    )


WORKLOADS = ("deployment", "statefulset", "job")
"""The kinds that a release consists of; all others follow from them."""


class View:
    """Objects by kind, namespace and name; newer versions replace older ones, never the reverse."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        """Of a namespace that is ours: events come from all of them."""
        self._lock = threading.Lock()
        self._held: dict[str, dict[str, dict[str, Json]]] = {}

    def put(self, kind: str, thing: Json) -> None:
        """Take in an object unless a newer version is there."""
        namespace, name = _place(thing)
        if not namespace.startswith(self._prefix):
            return
        with self._lock:
            names = self._held.setdefault(kind, {}).setdefault(namespace, {})
            known = names.get(name)
            if known is None or _version(known) <= _version(thing):
                names[name] = _trimmed(kind, thing)

    def drop(self, kind: str, thing: Json) -> None:
        """Forget an object that was deleted, unless a newer one has its name."""
        namespace, name = _place(thing)
        with self._lock:
            names = self._held.get(kind, {}).get(namespace, {})
            known = names.get(name)
            if known is not None and _version(known) <= _version(thing):
                del names[name]
                if not names:
                    del self._held[kind][namespace]

    def replace(
        self, kind: str, things: Iterable[Json], version: int, namespace: str | None = None
    ) -> None:
        """Take in a whole list; what it lacks and is no newer than `version` is forgotten."""
        things = list(things)
        listed = {_place(thing) for thing in things}
        with self._lock:
            held = self._held.setdefault(kind, {})
            for place in [namespace] if namespace else list(held):
                names = held.get(place, {})
                for name, known in list(names.items()):
                    if (place, name) not in listed and _version(known) <= version:
                        del names[name]
                if not names:
                    held.pop(place, None)
        for thing in things:
            self.put(kind, thing)

    def of(self, kind: str, namespace: str) -> list[Json]:
        """Every object of a kind in a namespace, by name."""
        with self._lock:
            names = self._held.get(kind, {}).get(namespace, {})
            return [names[name] for name in sorted(names)]

    def one(self, kind: str, namespace: str, name: str) -> Json | None:
        """An object, if it is there."""
        with self._lock:
            return self._held.get(kind, {}).get(namespace, {}).get(name)

    def size(self) -> int:
        """How many objects are held."""
        with self._lock:
            return sum(len(names) for places in self._held.values() for names in places.values())


def _place(thing: Json) -> tuple[str, str]:
    return thing["metadata"].get("namespace", ""), thing["metadata"]["name"]


def _version(thing: Json) -> int:
    """The order of changes: one counter for the whole of a kind, as Kubernetes 1.35 promises."""
    return int(thing["metadata"]["resourceVersion"])


_METADATA = (
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
)
_SPEC = ("replicas", "completions", "storageClassName", "suspend", "nodeName", "schedulingGates")
_COMPONENT = "app.kubernetes.io/component"
_EVENT = ("involvedObject", "reason", "message", "count", "lastTimestamp", "eventTime", "series")


def _trimmed(kind: str, thing: Json) -> Json:
    meta = {key: thing["metadata"][key] for key in _METADATA if key in thing["metadata"]}
    meta["owners"] = [
        (owner["kind"], owner["name"]) for owner in thing["metadata"].get("ownerReferences", ())
    ]
    if kind == "secret":
        return {"metadata": {**meta, "labels": thing["metadata"].get("labels", {})}}
    if kind == "event":
        return {"metadata": meta, **{key: thing.get(key) for key in _EVENT}}
    if component := (thing["metadata"].get("labels") or {}).get(_COMPONENT):
        meta["component"] = component
    spec = thing.get("spec") or {}
    kept = {key: spec[key] for key in _SPEC if key in spec}
    if kind == "pod":
        containers = (*spec.get("initContainers", ()), *spec.get("containers", ()))
        kept["images"] = {each["name"]: each.get("image", "") for each in containers}
        volumes = (each.get("persistentVolumeClaim") for each in spec.get("volumes", ()))
        kept["claims"] = [each["claimName"] for each in volumes if each]
    return {"metadata": meta, "spec": kept, "status": thing.get("status") or {}}
