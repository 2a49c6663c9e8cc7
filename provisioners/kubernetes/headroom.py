"""Whether what is to grow fits onto a node, before the one pod of it makes way for the larger one.

A pod of a StatefulSet is ended before the next one is begun: where that does not fit, the shop is
down until somebody makes room. Reckoned as the scheduler does it, from what pods request and nodes
offer; of its finer rules only what closes a node counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
_SHUT = {"NoSchedule", "NoExecute"}


@dataclass(frozen=True, kw_only=True)
class Growth:
    """One pod that is to be replaced by a larger one."""

    part: str
    node: str
    """Where it is now."""
    now: Size
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

    def check(self, namespace: str, wanted: Mapping[str, Mapping[str, Any]]) -> None:
        """Raise DriverFailure `no_headroom` where a part's larger pod fits nowhere.

        `wanted` are the requests of the first container of each part's StatefulSet. What our
        account may not see is not judged.
        """
        try:
            grows = [*self._growing(namespace, wanted)]
            if grows and (told := crowded(grows, self._places())):
                raise DriverFailure("no_headroom", told)
        except (ForbiddenError, NotFoundError):
            return

    def _growing(self, namespace: str, wanted: Mapping[str, Mapping[str, Any]]) -> Iterable[Growth]:
        path = f"/apis/apps/v1/namespaces/{namespace}/statefulsets"
        listed = self._connection.get(f"/api/v1/namespaces/{namespace}/pods").get("items") or ()
        pods = {pod["metadata"]["name"]: pod for pod in listed}
        for each in self._connection.get(path).get("items") or ():
            part = str(each["metadata"]["name"]).removeprefix(f"{namespace}-")
            containers = each["spec"]["template"]["spec"]["containers"]
            was = size((containers[0].get("resources") or {}).get("requests") or {})
            want = size(wanted.get(part) or {})
            if part not in wanted or all(want[kind] <= was[kind] for kind in _KINDS):
                continue
            pod = pods.get(f"{namespace}-{part}-0")
            if pod is not None and (node := pod["spec"].get("nodeName")):
                now = requested(pod)
                grown = {kind: now[kind] - was[kind] + want[kind] for kind in _KINDS}
                yield Growth(part=part, node=node, now=now, wanted=grown)

    def _places(self) -> list[Place]:
        # From the server's memory: a moment old is new enough.
        nodes = self._connection.get("/api/v1/nodes", {"resourceVersion": "0"})
        pods = [
            pod
            for page in self._connection.pages("/api/v1/pods", {})
            for pod in page.get("items") or ()
        ]
        return places(nodes.get("items") or (), pods)


def crowded(grows: Sequence[Growth], nodes: Iterable[Place]) -> str:
    """Which larger pod fits nowhere, and what is left; empty where all do, one after another."""
    left = {place.name: dict(place.left) for place in nodes}
    shut = {place.name for place in nodes if not place.open}
    for grow in grows:
        if grow.node not in left:
            continue
        _add(left[grow.node], grow.now)
        others = [name for name in left if name != grow.node and name not in shut]
        fit = next((name for name in (grow.node, *others) if _fits(grow.wanted, left[name])), None)
        if fit is None:
            most = "; ".join(f"{name} has {_said(free)}" for name, free in [*left.items()][:5])
            return f"{grow.part} is to have {_said(grow.wanted)}, and with its own freed {most}"
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


def _fits(wanted: Size, left: Size) -> bool:
    return all(wanted[kind] <= left[kind] for kind in _KINDS)


def _add(to: dict[str, Decimal], more: Size) -> None:
    for kind in _KINDS:
        to[kind] += more[kind]


def _said(sizes: Size) -> str:
    memory = int(sizes["memory"] / 1024**2)
    return f"{sizes['cpu'].normalize():f} CPU and {memory} MiB"
