"""Why a pod has no node, from the scheduler's words.

Pure; `podcauses` calls it. A pod whose volume is not there yet is explained by the volume.
"""

import re
from collections.abc import Iterator
from typing import Final

from provisioners.kubernetes.causekinds import Cause, CauseKind
from provisioners.kubernetes.evidence import Evidence
from provisioners.kubernetes.view import Json

_YOUNG_SECONDS: Final = 15.0
"""A pod and its volume are made at once: that one waits for the other is no trouble yet."""
_UNBOUND: Final = re.compile(
    r"unbound immediate PersistentVolumeClaims|persistentvolumeclaim \"[^\"]*\" not found"
)
_WORDS: Final = tuple(
    (kind, re.compile(words))
    for kind, words in (
        (CauseKind.UNSCHEDULABLE, r"Insufficient|Too many pods"),
        (CauseKind.NODE_PRESSURE, r"node\.kubernetes\.io/\w+-pressure"),
        (CauseKind.PINNED, r"volume node affinity|max volume count|available persistent volumes to bind|non-existent persistentvolume|volume zone"),  # noqa: E501
        (CauseKind.RULES, r"taint|affinity|selector|topology spread|free ports|unschedulable\b"),
    )
)  # fmt: skip
_DOWN: Final = re.compile(r"node\.kubernetes\.io/(?:not-ready|unreachable|network-unavailable)")
_PREEMPTION: Final = re.compile(r"\s*preemption: .*$", re.DOTALL)


def unplaced(pod: Json, evidence: Evidence) -> Iterator[Cause]:
    """Why a pod was given no node."""
    name = f"pod/{pod['metadata']['name']}"
    if pod["spec"].get("nodeName"):
        return
    conditions = pod["status"].get("conditions") or ()
    denied = next((item for item in conditions if item["type"] == "PodScheduled"), None)
    age = evidence.age(pod["metadata"].get("creationTimestamp"))
    if denied is None:
        if pod["status"].get("phase") == "Pending" and _asked_long_ago(pod, age):
            words = "no scheduler has looked at it"
            yield Cause(kind=CauseKind.NO_SCHEDULER, thing=name, message=words)
        return
    if denied["status"] != "False" or age < _YOUNG_SECONDS:
        return
    message = denied.get("message") or ""
    told = evidence.first(name, {"FailedScheduling"})
    event = told.reason if told else None
    if denied.get("reason") == "SchedulingGated" or pod["spec"].get("schedulingGates"):
        gates = ", ".join(gate["name"] for gate in pod["spec"].get("schedulingGates", ()))
        yield Cause(
            kind=CauseKind.GATED, thing=name, message=message or gates, event=event, about=gates
        )
    elif _UNBOUND.search(message) and not _only_nodes(message):
        # Not before anything else: a volume that does not come says why itself.
        yield Cause(kind=CauseKind.STARTING, thing=name, message=message, event=event)
    else:
        kind, about = placement_kind(message, evidence), None
        yield Cause(kind=kind, thing=name, message=message, event=event, about=about)


def placement_kind(message: str, evidence: Evidence) -> CauseKind:
    """What kind of trouble the scheduler's words tell of."""
    words = _PREEMPTION.sub("", message)
    nodes = evidence.ground.nodes
    nobody = nodes is not None and not any(node.ready for node in nodes.values())
    if nobody or "no nodes available to schedule pods" in words:
        return CauseKind.NO_NODE
    found = next((kind for kind, each in _WORDS if each.search(words)), CauseKind.UNSCHEDULABLE)
    if found is CauseKind.RULES and _DOWN.search(words) and not _others(words):
        return CauseKind.NO_NODE
    return found


def _others(words: str) -> bool:
    """Whether a node was refused for another reason than that it does not work."""
    listed = words.partition(": ")[2].split(", ")
    return any(part.strip(" .") and not _DOWN.search(part) for part in listed)


def _only_nodes(message: str) -> bool:
    return "Insufficient" in message


def _asked_long_ago(pod: Json, age: float) -> bool:
    """A pod without a time of its own is one that nobody can say this of."""
    return "creationTimestamp" in pod["metadata"] and age > 2 * _YOUNG_SECONDS
