"""What one cluster holds of ours, in memory, as its watches tell it.

Only what somebody asks about is kept of an object, so that thousands of stores fit.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
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
        return within(self.path, namespace)


def within(path: str, namespace: str) -> str:
    """The path of a kind in one namespace."""
    base, _, plural = path.rpartition("/")
    return f"{base}/namespaces/{namespace}/{plural}"


PATHS: Mapping[str, str] = {
    "deployment": "/apis/apps/v1/deployments",
    "statefulset": "/apis/apps/v1/statefulsets",
    "job": "/apis/batch/v1/jobs",
    "cronjob": "/apis/batch/v1/cronjobs",
    "service": "/api/v1/services",
    "configmap": "/api/v1/configmaps",
    "serviceaccount": "/api/v1/serviceaccounts",
    "ingress": "/apis/networking.k8s.io/v1/ingresses",
    "networkpolicy": "/apis/networking.k8s.io/v1/networkpolicies",
    "horizontalpodautoscaler": "/apis/autoscaling/v2/horizontalpodautoscalers",
    "poddisruptionbudget": "/apis/policy/v1/poddisruptionbudgets",
    "role": "/apis/rbac.authorization.k8s.io/v1/roles",
    "rolebinding": "/apis/rbac.authorization.k8s.io/v1/rolebindings",
}
"""What releases consist of and somebody may change or take away."""
WORKLOADS = ("deployment", "statefulset", "job")
"""The kinds that run; all others follow from them or lead to them."""


def kinds(selector: str) -> tuple[Kind, ...]:
    """Every kind that is watched; objects carry the label, events cannot and are Warnings.

    What matters of the others, such as that no volume can be bound, is read for whoever asks why.
    """
    ours = {"labelSelector": selector}
    paths = {
        "pod": "/api/v1/pods",
        "claim": "/api/v1/persistentvolumeclaims",
        **{name: PATHS[name] for name in WORKLOADS},
    }
    others = [name for name in PATHS if name not in WORKLOADS]
    return (
        *(Kind(name=name, path=path, query=ours) for name, path in paths.items()),
        *(Kind(name=name, path=PATHS[name], query=ours, metadata_only=True) for name in others),
        Kind(name="secret", path="/api/v1/secrets", query=ours, metadata_only=True),
        Kind(name="event", path="/api/v1/events", query={"fieldSelector": "type=Warning"}),
    )


DIGEST = "storecontroller.io/digest"
"""The label of what a release was made from, on its record and on its objects."""
DRIFT = "storecontroller.io/drift"
KEEP = "keep"
"""The value of this label or annotation by which an object is left as somebody made it."""
_CLUSTERS_OWN = {"kube-controller-manager", "kube-scheduler", "kubelet", "kube-apiserver"}
_OURS = ("helm", "store-controller", "store-handover")
"""What names of field managers begin with that are no strangers."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """By whom an object was written, as far as that shows in its metadata."""

    uid: str
    digest: str
    """Of the release that wrote it; empty where its chart does not say."""
    kept: bool
    """Whether it is to stay as somebody made it."""
    strangers: tuple[str, ...]
    """Who else set fields of it."""
    owned: tuple[str, int]
    """When helm wrote it, and which fields are helm's since."""
    lost: bool = False
    """Whether helm owns less of it than when it wrote it."""

    def pristine(self, digest: str) -> bool:
        """Whether the release of this digest wrote it and nobody else since."""
        return self.digest in {"", digest} and not self.strangers and not self.lost


def strangers_of(thing: Json) -> set[str]:
    """Who set fields of an object and is neither helm, nor we, nor the cluster itself."""
    return {
        entry.get("manager", "")
        for entry in thing["metadata"].get("managedFields", ())
        if entry.get("subresource", "") in {"", "scale"}
        and entry.get("manager", "") not in _CLUSTERS_OWN
        and not entry.get("manager", "").startswith(_OURS)
    }


def _mark(thing: Json) -> Mark:
    meta = thing["metadata"]
    labels, notes = meta.get("labels") or {}, meta.get("annotations") or {}
    owned = [
        (entry.get("time", ""), repr(entry.get("fieldsV1")))
        for entry in meta.get("managedFields", ())
        if entry.get("manager", "").startswith("helm") and not entry.get("subresource")
    ]
    return Mark(
        uid=meta.get("uid", ""),
        digest=labels.get(DIGEST, ""),
        kept=KEEP in {labels.get(DRIFT), notes.get(DRIFT)},
        strangers=tuple(sorted(strangers_of(thing))),
        owned=(max((at for at, _ in owned), default=""), hash(tuple(owned))),
    )


def _followed(known: Json | None, fresh: Json) -> None:
    """Note that helm lost fields of an object since the version before, and did not write it."""
    mark: Mark = fresh["mark"]
    before: Mark | None = known["mark"] if known is not None else None
    if before is None or before.uid != mark.uid or before.owned[0] != mark.owned[0]:
        return
    if before.lost or before.owned[1] != mark.owned[1]:
        fresh["mark"] = replace(mark, lost=True)


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
                if kind in PATHS:
                    _followed(known, names[name])

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

    def marks(self, namespace: str, things: Iterable[tuple[str, str]]) -> list[Mark | None]:
        """The marks of objects by kind and name; None for those that are not there."""
        with self._lock:
            places = {kind: self._held.get(kind, {}).get(namespace, {}) for kind in PATHS}
            found = [places[kind].get(name) for kind, name in things]
        return [thing["mark"] if thing else None for thing in found]

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
    if kind in PATHS and kind not in WORKLOADS:
        return {"metadata": meta, "mark": _mark(thing)}
    spec = thing.get("spec") or {}
    kept = {key: spec[key] for key in _SPEC if key in spec}
    if kind == "pod":
        containers = (*spec.get("initContainers", ()), *spec.get("containers", ()))
        kept["images"] = {each["name"]: each.get("image", "") for each in containers}
        volumes = (each.get("persistentVolumeClaim") for each in spec.get("volumes", ()))
        kept["claims"] = [each["claimName"] for each in volumes if each]
    marked = {"mark": _mark(thing)} if kind in WORKLOADS else {}
    return {"metadata": meta, "spec": kept, "status": thing.get("status") or {}, **marked}
