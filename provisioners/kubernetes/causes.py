"""Why a release is not ready: which object, which container and which event explains it.

Pure: from a view of one namespace to a list of causes, the deepest one first.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from provisioners.base import Reason
from provisioners.kubernetes.ends import ends, told, with_last_lines
from provisioners.kubernetes.view import Json, View


class CauseKind(StrEnum):
    """What stands in the way; the order is that of how much each explains."""

    TERMINATING = "terminating"
    QUOTA = "quota_exceeded"
    REFUSED = "pod_refused"
    """The admission does not let a pod be made, such as one that may too much."""
    CLAIM = "claim_pending"
    IMAGE = "image_pull"
    CONFIG = "container_config"
    """A Secret, ConfigMap or key that a container needs is not there."""
    MEMORY = "out_of_memory"
    CRASH = "crash_loop"
    UNSCHEDULABLE = "unschedulable"
    VOLUME = "volume_mount"
    JOB = "job_failed"
    PROBE = "probe_failing"
    MISSING = "missing"
    STARTING = "starting"


_ORDER = {kind: place for place, kind in enumerate(CauseKind)}


@dataclass(frozen=True, kw_only=True)
class Cause(Reason):
    """A reason of a kind that is known here."""

    kind: CauseKind


def causes(view: View, namespace: str, workloads: Sequence[str]) -> list[Cause]:
    """Every reason why the workloads are not ready, what explains most first; empty when they are.

    `workloads` are what the release consists of, as `deployment/web`.
    """
    found = list(_missing(view, namespace, workloads))
    waiting = [
        (thing, workload)
        for workload, thing in _standing(view, namespace, workloads).items()
        if not ready(workload, thing)
    ]
    if not waiting and not found:
        return []
    events = _events(view, namespace)
    for thing, workload in waiting:
        found += _of_workload(thing, workload, events)
        if workload.startswith("job/"):
            found += _of_job(view, namespace, thing, workload)
    for pod in view.of("pod", namespace):
        found += _of_pod(pod, events)
    for claim in view.of("claim", namespace):
        found += _of_claim(claim, events)
    explained = any(cause.kind is not CauseKind.STARTING for cause in found)
    if explained:
        found = [cause for cause in found if cause.kind is not CauseKind.STARTING]
    return sorted(dict.fromkeys(found), key=_rank)


def _rank(cause: Cause) -> tuple[float, str]:
    place: float = _ORDER[cause.kind]
    if cause.kind is CauseKind.CLAIM and cause.event is None:
        # Many volumes are made only when a pod was given its place: then the pod says more.
        place = _ORDER[CauseKind.UNSCHEDULABLE] + 0.5
    return place, cause.thing


def ready(workload: str, thing: Json) -> bool:
    """Whether a workload runs as its newest specification says."""
    spec, status = thing["spec"], thing["status"]
    if workload.startswith("job/"):
        return _condition(thing, "Complete") is not None or bool(spec.get("suspend"))
    if status.get("observedGeneration", 0) < thing["metadata"].get("generation", 0):
        return False
    wanted, there = spec.get("replicas", 1), status.get("replicas", 0)
    if wanted == 0:
        return not there
    running = "availableReplicas" if workload.startswith("deployment/") else "readyReplicas"
    updated = status.get("updatedReplicas", 0)
    # Pods of the version before that still run hide that the new ones do not.
    return bool(there <= updated >= wanted <= status.get(running, 0))


def failed_jobs(view: View, namespace: str, workloads: Sequence[str]) -> dict[str, Json]:
    """The jobs of the release that gave up, by name."""
    return {
        workload.removeprefix("job/"): thing
        for workload, thing in _standing(view, namespace, workloads).items()
        if workload.startswith("job/") and _condition(thing, "Failed") is not None
    }


def missing(view: View, namespace: str, workloads: Sequence[str]) -> list[str]:
    """Workloads that somebody took away. A job is not one: it may have been tidied up."""
    there = _standing(view, namespace, workloads)
    return [item for item in workloads if item not in there and not item.startswith("job/")]


def _missing(view: View, namespace: str, workloads: Sequence[str]) -> Iterator[Cause]:
    for workload in missing(view, namespace, workloads):
        yield Cause(kind=CauseKind.MISSING, thing=workload, message="it is not there any more")


def _standing(view: View, namespace: str, workloads: Sequence[str]) -> dict[str, Json]:
    return {
        f"{kind}/{thing['metadata']['name']}": thing
        for kind in ("deployment", "statefulset", "job")
        for thing in view.of(kind, namespace)
        if f"{kind}/{thing['metadata']['name']}" in workloads
    }


def _condition(thing: Json, kind: str) -> str | None:
    """The message of a condition that is met; None when it is not."""
    for condition in thing["status"].get("conditions", ()):
        if condition["type"] == kind and condition["status"] == "True":
            return str(condition.get("message", ""))
    return None


Events = dict[str, list[tuple[str, str]]]


def _events(view: View, namespace: str) -> Events:
    """Reason and message of each warning, newest first, by what it is about."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for event in view.of("event", namespace):
        about = event["involvedObject"] or {}
        series = event["series"] or {}
        at = series.get("lastObservedTime") or event["lastTimestamp"] or event["eventTime"] or ""
        thing = f"{about.get('kind', '').lower()}/{about.get('name', '')}"
        found.setdefault(thing, []).append((at, event["reason"] or "", event["message"] or ""))
    return {
        thing: [(reason, message) for _, reason, message in sorted(told, reverse=True)]
        for thing, told in found.items()
    }


def _of_workload(thing: Json, workload: str, events: Events) -> Iterator[Cause]:
    _, name = workload.split("/", 1)
    refusals = [("ReplicaFailure", message) for message in [_condition(thing, "ReplicaFailure")]]
    told = [item for item in events.get(workload, ()) if item[0] == "FailedCreate"]
    for about, items in events.items():
        if about.startswith(f"replicaset/{name}-"):
            told += [item for item in items if item[0] == "FailedCreate"]
    for reason, message in [*told[:1], *refusals]:
        if message:
            quota = "exceeded quota" in message
            found = CauseKind.QUOTA if quota else CauseKind.REFUSED
            yield Cause(kind=found, thing=workload, message=message, event=reason)
            return
    if (stuck := _stuck(thing)) is not None:
        yield Cause(kind=CauseKind.STARTING, thing=workload, message=stuck)
    else:
        yield Cause(kind=CauseKind.STARTING, thing=workload, message="not every pod is ready yet")


def _of_job(view: View, namespace: str, job: Json, workload: str) -> Iterator[Cause]:
    """How a job's last pod ended, while it tries again or after it gave up."""
    gave_up = _condition(job, "Failed")
    ended = ends(view, namespace, workload.removeprefix("job/"))
    verdict = "it is tried again" if gave_up is None else f"it gave up: {gave_up}"
    if ended:
        yield Cause(kind=CauseKind.JOB, thing=workload, message=told(ended, verdict))
    elif gave_up is not None:
        yield Cause(kind=CauseKind.JOB, thing=workload, message=verdict)


def _stuck(thing: Json) -> str | None:
    for condition in thing["status"].get("conditions", ()):
        if condition["type"] == "Progressing" and condition["status"] == "False":
            return str(condition.get("message", ""))
    return None


_IMAGE = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}
_CONFIG = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
_VOLUME_EVENTS = {"FailedMount", "FailedAttachVolume", "FailedMapVolume"}


def _of_pod(pod: Json, events: Events) -> Iterator[Cause]:
    name = f"pod/{pod['metadata']['name']}"
    status = pod["status"]
    told = events.get(name, [])
    if pod["metadata"].get("deletionTimestamp") or status.get("phase") == "Succeeded":
        return
    if any(kind == "Job" for kind, _ in pod["metadata"]["owners"]) and status.get("phase") == (
        "Failed"
    ):
        return  # It is told with its job, which tries again or gives up.
    for condition in status.get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            yield Cause(
                kind=CauseKind.UNSCHEDULABLE,
                thing=name,
                message=condition.get("message", ""),
                event=_first(told, {"FailedScheduling"})[0],
            )
    for container in (
        *status.get("initContainerStatuses", ()),
        *status.get("containerStatuses", ()),
    ):
        yield from _of_container(name, container, told)
    event, message = _first(told, _VOLUME_EVENTS)
    if event and status.get("phase") == "Pending":
        yield Cause(kind=CauseKind.VOLUME, thing=name, message=message, event=event)


def _of_container(pod: str, container: Json, told: list[tuple[str, str]]) -> Iterator[Cause]:
    name = container["name"]
    if container.get("ready"):
        return
    waiting = container.get("state", {}).get("waiting") or {}
    ended = container.get("state", {}).get("terminated") or {}
    last = container.get("lastState", {}).get("terminated") or ended
    reason, message = waiting.get("reason", ""), waiting.get("message", "")
    if reason in _IMAGE:
        event, words = _first(told, {"Failed", "InspectFailed", "BackOff"})
        yield Cause(
            kind=CauseKind.IMAGE, thing=pod, container=name, message=message or words, event=event
        )
    elif reason in _CONFIG:
        event, words = _first(told, {"Failed"})
        yield Cause(
            kind=CauseKind.CONFIG, thing=pod, container=name, message=message or words, event=event
        )
    elif last.get("reason") == "OOMKilled":
        words = f"ended with {last.get('exitCode', '?')}, {container.get('restartCount', 0)} times"
        words = f"{words}: it needed more memory than its limit"
        yield Cause(kind=CauseKind.MEMORY, thing=pod, container=name, message=words)
    elif reason == "CrashLoopBackOff" or (ended and ended.get("exitCode", 0) != 0):
        words = f"ended with {last.get('exitCode', '?')}, {container.get('restartCount', 0)} times"
        event, _ = _first(told, {"BackOff"})
        yield Cause(
            kind=CauseKind.CRASH,
            thing=pod,
            container=name,
            message=with_last_lines(words, last),
            event=event,
        )
    elif "running" in container.get("state", {}):
        event, words = _first(told, {"Unhealthy"})
        if event:
            words = re.sub(r"\s+", " ", words)
            yield Cause(kind=CauseKind.PROBE, thing=pod, container=name, message=words, event=event)


def _of_claim(claim: Json, events: Events) -> Iterator[Cause]:
    if claim["status"].get("phase") == "Bound":
        return
    thing = f"claim/{claim['metadata']['name']}"
    told = events.get(f"persistentvolumeclaim/{claim['metadata']['name']}", [])
    event, message = _first(told, {"ProvisioningFailed", "FailedBinding"})
    words = message or f"storage class {claim['spec'].get('storageClassName') or 'default'}"
    yield Cause(kind=CauseKind.CLAIM, thing=thing, message=words, event=event)


def _first(told: list[tuple[str, str]], reasons: set[str]) -> tuple[str | None, str]:
    for reason, message in told:
        if reason in reasons:
            return reason, message
    return None, ""
