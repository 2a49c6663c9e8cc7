"""Whether what is to grow can: onto which node it fits, and whether its volumes grow.

A pod of a StatefulSet is ended before the next one is begun: where that does not fit, the shop is
down until somebody makes room. So is it where the new pods of a Deployment, which come beside the
old ones, take the place that it needs. Reckoned as the scheduler does it, from what pods request
and nodes offer; of its finer rules only what closes a node counts.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from provisioners.base import DriverFailure
from provisioners.kubernetes.connection import Connection, Json
from provisioners.kubernetes.errors import ForbiddenError, NotFoundError
from provisioners.kubernetes.quantities import quantity

Size = Mapping[str, Decimal]
_KINDS = ("cpu", "memory")
_UNKNOWN = dict.fromkeys(_KINDS, Decimal("Infinity"))
"""Of a node that does not say what it offers, which is not judged."""
_OVER = ("Succeeded", "Failed")
JOBS = "jobs"
"""The part whose size Jobs have: one of them runs while the rest is replaced."""
_OURS = re.compile("[0-9]+[MGT]i")
_SHUT = {"NoSchedule", "NoExecute"}


@dataclass(frozen=True, kw_only=True)
class Part:
    """What a part of a release is to have."""

    requests: Mapping[str, Any]
    """Of its first container."""
    replicas: int = 1
    """At least."""
    storage: str = ""
    """Of its volume, when it has one."""


@dataclass(frozen=True, kw_only=True)
class Growth:
    """One pod that is to be replaced by a larger one, or that comes beside those that are there."""

    part: str
    node: str = ""
    """Where it is now; empty for one that comes beside."""
    now: Size = field(default_factory=lambda: dict.fromkeys(_KINDS, Decimal(0)))
    wanted: Size


@dataclass(frozen=True, kw_only=True)
class Place:
    """A node, with what is left of it."""

    name: str
    left: Size
    open: bool = True
    """Whether it takes pods from elsewhere."""


class Headroom:
    """Asks one cluster, when something is to grow and not otherwise."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def check(self, namespace: str, wanted: Mapping[str, Part]) -> None:
        """Raise DriverFailure where something cannot grow, before anything is touched.

        `volumes_rigid` where a volume's class lets none grow, `no_headroom` where a pod fits
        nowhere. What our account may not see is not judged.
        """
        with suppress(ForbiddenError, NotFoundError):
            if told := self._rigid(namespace, wanted):
                raise DriverFailure("volumes_rigid", told)
        with suppress(ForbiddenError, NotFoundError):
            replaced = [*self._replaced(namespace, wanted)]
            if not replaced:
                return
            grows = [*self._beside(namespace, wanted), *replaced]
            if told := crowded(grows, self._places()):
                raise DriverFailure("no_headroom", told)

    def _rigid(self, namespace: str, wanted: Mapping[str, Part]) -> str:
        """The volumes that are to grow and cannot."""
        claims = self._of(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims", namespace)
        grows: dict[str, list[str]] = {}
        for part, claim in claims.items():
            known = str(claim["spec"]["resources"]["requests"].get("storage"))
            want = quantity(wanted[part].storage) if part in wanted else None
            bound = (claim.get("status") or {}).get("phase") == "Bound"
            # A size in other units was set by hand; charts let it stay.
            if bound and want and _OURS.fullmatch(known) and want > (quantity(known) or 0):
                kept = claim["spec"].get("storageClassName") or ""
                grows.setdefault(kept, []).append(f"{part} {known} → {wanted[part].storage}")
        for name, parts in grows.items():
            path = f"/apis/storage.k8s.io/v1/storageclasses/{name}"
            if not name or not self._connection.get(path).get("allowVolumeExpansion"):
                return f"{name or '-'}: {', '.join(parts)}"
        return ""

    def _replaced(self, namespace: str, wanted: Mapping[str, Part]) -> Iterable[Growth]:
        """Pods of StatefulSets that make way for larger ones."""
        listed = self._connection.get(f"/api/v1/namespaces/{namespace}/pods").get("items") or ()
        pods = {pod["metadata"]["name"]: pod for pod in listed}
        sets = self._of(f"/apis/apps/v1/namespaces/{namespace}/statefulsets", namespace)
        for part, each in sets.items():
            if part not in wanted:
                continue
            was, want = _template(each), size(wanted[part].requests)
            pod = pods.get(f"{each['metadata']['name']}-0")
            if _fits(want, was) or pod is None or not pod["spec"].get("nodeName"):
                continue
            now = requested(pod)
            grown = {kind: now[kind] - was[kind] + want[kind] for kind in _KINDS}
            yield Growth(part=part, node=pod["spec"]["nodeName"], now=now, wanted=grown)

    def _beside(self, namespace: str, wanted: Mapping[str, Part]) -> Iterable[Growth]:
        """Pods that come before the old ones go: of Deployments, and of the Job."""
        deployments = self._of(f"/apis/apps/v1/namespaces/{namespace}/deployments", namespace)
        for part, each in deployments.items():
            strategy = (each["spec"].get("strategy") or {}).get("rollingUpdate") or {}
            surge = strategy.get("maxSurge")
            if part not in wanted or not isinstance(surge, int):
                continue
            runs = int(each["spec"].get("replicas") or 0)
            come = max(wanted[part].replicas, runs) + surge - runs
            yield from [Growth(part=part, wanted=size(wanted[part].requests))] * come
        if JOBS in wanted:
            yield Growth(part=JOBS, wanted=size(wanted[JOBS].requests))

    def _of(self, path: str, namespace: str) -> dict[str, Json]:
        """The objects of a release by their parts, as the chart's values call them."""
        found = {}
        for each in self._connection.get(path).get("items") or ():
            head, *rest = str(each["metadata"]["name"]).removeprefix(f"{namespace}-").split("-")
            found[head + "".join(word.title() for word in rest)] = each
        return found

    def _places(self) -> list[Place]:
        # From the server's memory: a moment old is new enough.
        nodes = self._connection.get("/api/v1/nodes", {"resourceVersion": "0"})
        pods = [
            pod
            for page in self._connection.pages("/api/v1/pods", {})
            for pod in page.get("items") or ()
        ]
        return places(nodes.get("items") or (), pods)


def crowded(grows: Sequence[Growth], nodes: Sequence[Place]) -> str:
    """Which larger pod fits nowhere, and what is left; empty where all do, one after another."""
    left = {place.name: dict(place.left) for place in nodes}
    # Where pods of it are, others of it may be: it tolerates what keeps others away.
    shut = {place.name for place in nodes if not place.open} - {grow.node for grow in grows}
    for grow in grows:
        if grow.node and grow.node not in left:
            # A node that is not ready is told by somebody else.
            continue
        if grow.node:
            _add(left[grow.node], grow.now)
        # It stays where it is if it can.
        open_ones = sorted((it for it in left if it not in shut), key=lambda it: it != grow.node)
        fit = next((name for name in open_ones if _fits(grow.wanted, left[name])), None)
        if fit is None:
            most = "; ".join(f"{name} has {_said(free)}" for name, free in [*left.items()][:5])
            freed = "with its own freed " if grow.node else "beside what runs "
            return f"{grow.part} is to have {_said(grow.wanted)}, and {freed}{most}"
        _add(left[fit], {kind: -grow.wanted[kind] for kind in _KINDS})
    return ""


def places(nodes: Iterable[Json], pods: Iterable[Json]) -> list[Place]:
    """The nodes that are ready, with what no pod has requested of them."""
    used: dict[str, dict[str, Decimal]] = {}
    for pod in pods:
        node = pod["spec"].get("nodeName")
        if node and (pod.get("status") or {}).get("phase") not in _OVER:
            _add(used.setdefault(node, dict.fromkeys(_KINDS, Decimal(0))), requested(pod))
    found = []
    for node in nodes:
        status, spec = node.get("status") or {}, node.get("spec") or {}
        conditions = {item["type"]: item["status"] for item in status.get("conditions") or ()}
        if conditions.get("Ready") != "True":
            continue
        name = node["metadata"]["name"]
        taints = {item.get("effect") for item in spec.get("taints") or ()}
        said = status.get("allocatable")
        offered = size(said) if said else _UNKNOWN
        taken = used.get(name) or dict.fromkeys(_KINDS, Decimal(0))
        left = {kind: offered[kind] - taken[kind] for kind in _KINDS}
        shut = bool(spec.get("unschedulable")) or bool(taints & _SHUT)
        found.append(Place(name=name, left=left, open=not shut))
    return found


def requested(pod: Json) -> dict[str, Decimal]:
    """What a pod requests, as the scheduler counts it."""
    spec = pod["spec"]

    def of(containers: Iterable[Json]) -> list[Size]:
        return [size((each.get("resources") or {}).get("requests") or {}) for each in containers]

    initial = spec.get("initContainers") or ()
    beside = [each for each in initial if each.get("restartPolicy") == "Always"]
    before = of(each for each in initial if each.get("restartPolicy") != "Always")
    steady = of((*spec.get("containers", ()), *beside))
    extra = size(spec.get("overhead") or {})
    return {
        kind: max(
            sum((each[kind] for each in steady), Decimal(0)),
            max((each[kind] for each in before), default=Decimal(0)),
        )
        + extra[kind]
        for kind in _KINDS
    }


def size(said: Mapping[str, Any]) -> dict[str, Decimal]:
    """Processors and bytes; what is not said is none."""
    return {kind: quantity(said.get(kind)) or Decimal(0) for kind in _KINDS}


def _template(workload: Json) -> dict[str, Decimal]:
    containers = workload["spec"]["template"]["spec"]["containers"]
    return size((containers[0].get("resources") or {}).get("requests") or {})


def _fits(wanted: Size, left: Size) -> bool:
    return all(wanted[kind] <= left[kind] for kind in _KINDS)


def _add(to: dict[str, Decimal], more: Size) -> None:
    for kind in _KINDS:
        to[kind] += more[kind]


def _said(sizes: Size) -> str:
    memory = int(sizes["memory"] / 1024**2)
    return f"{sizes['cpu'].normalize():f} CPU and {memory} MiB"
