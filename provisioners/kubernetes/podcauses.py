"""Why a pod does not run: where it may go, what it is made of, how its containers fare.

Pure; `causes` calls it. Whatever a start brings with it for a moment is not told in that moment.
"""

import re
import signal
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from provisioners.kubernetes import pulls
from provisioners.kubernetes.causekinds import Cause, CauseKind
from provisioners.kubernetes.evidence import Evidence, Told, moment_of
from provisioners.kubernetes.placement import unplaced
from provisioners.kubernetes.terminations import with_last_lines
from provisioners.kubernetes.view import Json

_CONFIG: Final = {"CreateContainerConfigError"}
_START: Final = {
    "CreateContainerError",
    "RunContainerError",
    "StartError",
    "ContainerCannotRun",
    "PostStartHookError",
    "PreCreateHookError",
    "PreStartHookError",
}
_VOLUME_EVENTS: Final = {"FailedMount", "FailedAttachVolume", "FailedMapVolume"}
_NOT_THERE: Final = re.compile(r"(?:secret|configmap) \"[^\"]*\" not found|references non-existent")
_FULL: Final = re.compile(
    r"no space left on device|disk is full|disk full|ENOSPC|errno:? ?28\b|error number 28\b"
    r"|errcode: 28\b|not enough space",
    re.IGNORECASE,
)
_PLATFORM: Final = "exec format error"
_YOUNG_SECONDS: Final = 20.0
"""What is not there for so long is on its way."""
_RECENT_SECONDS: Final = 600.0
"""How long an end explains that something is not ready again."""
_UNHEALTHY_SECONDS: Final = 330.0
"""Of a check that goes on failing Kubernetes tells every five minutes."""
_STARTUP_SECONDS: Final = {"Startup": 90.0, "Readiness": 30.0, "Liveness": 0.0}
"""For how long a container may fail a kind of check after it began."""
_ENDING_SECONDS: Final = 180.0


def of_pod(pod: Json, evidence: Evidence) -> Iterator[Cause]:
    """Every reason why a pod is not ready; none for one that is over."""
    part = pod["metadata"].get("component")
    for cause in _of_pod(pod, evidence):
        yield replace(cause, part=part)


def name_of(pod: Json) -> str:
    """As causes name it."""
    return f"pod/{pod['metadata']['name']}"


def _of_pod(pod: Json, evidence: Evidence) -> Iterator[Cause]:
    name, status = name_of(pod), pod["status"]
    if ending := pod["metadata"].get("deletionTimestamp"):
        # Where nobody says when it was told so, it was told a moment ago.
        if moment_of(ending) and evidence.age(ending) > _ENDING_SECONDS:
            yield Cause(kind=CauseKind.ENDING, thing=name, message=f"it was to end by {ending}")
        return
    if status.get("phase") == "Failed":
        yield from _over(pod, evidence)
        return
    if status.get("phase") == "Succeeded":
        return
    # Of one that is ready nobody may have said yet that its node is gone.
    yield from _of_node(pod, evidence)
    if _ready(status):
        return
    yield from unplaced(pod, evidence)
    for container in (
        *status.get("initContainerStatuses", ()),
        *status.get("containerStatuses", ()),
    ):
        yield from _of_container(pod, container, evidence)
    if status.get("phase", "Pending") == "Pending":
        yield from _unmade(pod, evidence)


def _ready(status: Json) -> bool:
    conditions = {item["type"]: item["status"] for item in status.get("conditions") or ()}
    return conditions.get("Ready") == "True"


def _over(pod: Json, evidence: Evidence) -> Iterator[Cause]:
    """A pod that a kubelet put an end to; one that failed by itself is told with its job."""
    status = pod["status"]
    reason = status.get("reason")
    if not reason:
        return
    told = evidence.first(name_of(pod), {"Evicted", "Preempted", "NodeShutdown"})
    ends = [item.get("lastTransitionTime") for item in status.get("conditions") or ()]
    at = told.at if told else moment_of(max(filter(None, ends), default=None))
    if at is None or evidence.age(at) <= _RECENT_SECONDS:
        words = f"{reason}: {status.get('message') or (told.message if told else '')}"
        yield Cause(
            kind=CauseKind.EVICTED,
            thing=name_of(pod),
            message=words.rstrip(": "),
            event=told.reason if told else None,
        )


def _of_node(pod: Json, evidence: Evidence) -> Iterator[Cause]:
    """The node that a pod was given to, where it does not work."""
    node = (evidence.ground.nodes or {}).get(pod["spec"].get("nodeName", ""))
    told = evidence.first(name_of(pod), {"NodeNotReady"})
    if node is not None and not node.ready:
        words = f"node/{node.name} is not ready since {node.since or '?'}: {node.message}"
        yield Cause(
            kind=CauseKind.NODE_LOST,
            thing=name_of(pod),
            message=words,
            about=node.name,
            event=told.reason if told else None,
        )
    elif node is None and evidence.ground.nodes is None and told and _since_ready(pod, told):
        yield Cause(
            kind=CauseKind.NODE_LOST,
            thing=name_of(pod),
            message=told.message,
            event=told.reason,
            about=pod["spec"].get("nodeName"),
        )


def _since_ready(pod: Json, told: Told) -> bool:
    """Whether it was told no earlier than when the pod ceased to be ready."""
    for item in pod["status"].get("conditions") or ():
        if item["type"] == "Ready" and (since := moment_of(item.get("lastTransitionTime"))):
            return told.at is None or (since - told.at).total_seconds() < _YOUNG_SECONDS
    return True


def _unmade(pod: Json, evidence: Evidence) -> Iterator[Cause]:
    """What a pod without containers waits for: its network, its volumes."""
    name = name_of(pod)
    if evidence.age(pod["metadata"].get("creationTimestamp")) < _YOUNG_SECONDS:
        return
    ready = {item["type"]: item["status"] for item in pod["status"].get("conditions") or ()}
    began = ready.get("PodReadyToStartContainers") == "True"
    sandbox = evidence.first(name, {"FailedCreatePodSandBox"})
    if sandbox and not began and evidence.age(sandbox.at) <= _UNHEALTHY_SECONDS:
        words = _line(sandbox.message)
        yield Cause(kind=CauseKind.SANDBOX, thing=name, message=words, event=sandbox.reason)
    volume = evidence.first(name, _VOLUME_EVENTS)
    if volume and not began:
        kind = CauseKind.CONFIG if _NOT_THERE.search(volume.message) else CauseKind.VOLUME
        yield Cause(kind=kind, thing=name, message=_line(volume.message), event=volume.reason)


def _of_container(pod: Json, container: Json, evidence: Evidence) -> Iterator[Cause]:
    if container.get("ready"):
        return
    thing, name = name_of(pod), container["name"]
    state = container.get("state") or {}
    waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
    last = (container.get("lastState") or {}).get("terminated") or ended
    reason, message = waiting.get("reason", ""), waiting.get("message") or ""
    if reason in pulls.REASONS:
        yield _unpulled(pod, container, waiting, evidence)
    elif reason in _CONFIG or (reason in _START and "not found" in message and "key" in message):
        if evidence.age(pod["metadata"].get("creationTimestamp")) >= _YOUNG_SECONDS / 2:
            yield _told_so(CauseKind.CONFIG, pod, name, message, evidence)
    elif reason in _START or ended.get("reason") in _START:
        words = message or ended.get("message") or ""
        yield _told_so(CauseKind.CONTAINER, pod, name, words, evidence)
    elif (
        reason == "CrashLoopBackOff" or ended.get("exitCode", 0) != 0 or _just_ended(last, evidence)
    ):
        yield _crashed(pod, container, last, evidence)
    elif "running" in state:
        began = (state["running"] or {}).get("startedAt")
        yield from _unhealthy(thing, container, began, evidence)


def _just_ended(last: Json, evidence: Evidence) -> bool:
    """Whether it failed a moment ago and runs again, not ready yet."""
    at = last.get("finishedAt")
    return bool(last.get("exitCode")) and bool(at) and evidence.age(at) <= _RECENT_SECONDS


def _unpulled(pod: Json, container: Json, waiting: Json, evidence: Evidence) -> Cause:
    """Why the image of a container is not there."""
    image = pod["spec"].get("images", {}).get(container["name"]) or container.get("image", "")
    told = next(
        (
            item
            for item in evidence.told(name_of(pod))
            if item.reason in {"Failed", "InspectFailed", "BackOff", "ErrImageNeverPull"}
            and (not image or image in item.message or "image" not in item.message)
            and not item.message.startswith("Error: ")
        ),
        None,
    )
    message = waiting.get("message") or ""
    kind = pulls.pull_kind(waiting["reason"], message, image)
    if told and kind is CauseKind.IMAGE:
        # While a kubelet waits it says no more than that it waits.
        kind = pulls.pull_kind(waiting["reason"], told.message, image)
        message = told.message if kind is not CauseKind.IMAGE else message or told.message
    return Cause(
        kind=kind,
        thing=name_of(pod),
        container=container["name"],
        message=_line(message),
        event=told.reason if told else None,
        about=image or None,
    )


def _told_so(kind: CauseKind, pod: Json, container: str, message: str, evidence: Evidence) -> Cause:
    told = evidence.first(name_of(pod), {"Failed"})
    return Cause(
        kind=kind,
        thing=name_of(pod),
        container=container,
        message=_line(message or (told.message if told else "")),
        event=told.reason if told else None,
    )


def _crashed(pod: Json, container: Json, last: Json, evidence: Evidence) -> Cause:
    """How a container ended that is to run, and what it said last."""
    thing, name = name_of(pod), container["name"]
    code, times = last.get("exitCode", "?"), container.get("restartCount", 0)
    said = str(last.get("message") or "")
    about = None
    if last.get("reason") == "OOMKilled":
        words = f"ended with {code}, {times} times: it needed more memory than its limit"
        return Cause(kind=CauseKind.MEMORY, thing=thing, container=name, message=words)
    kind, event = CauseKind.CRASH, evidence.first(thing, {"BackOff"})
    killed = evidence.first(thing, {"Unhealthy"})
    if _FULL.search(said):
        kind, about = CauseKind.DISK, ", ".join(pod["spec"].get("claims", ())) or None
    elif _PLATFORM in said:
        kind, about = CauseKind.IMAGE_PLATFORM, pod["spec"].get("images", {}).get(name)
    elif (
        code in {137, 143, 0}
        and killed
        and "iveness" in killed.message
        and (evidence.age(killed.at) <= _RECENT_SECONDS)
    ):
        words = f"ended after a check, {times} times: {_line(killed.message)}"
        return Cause(
            kind=CauseKind.PROBE, thing=thing, container=name, message=words, event=killed.reason
        )
    return Cause(
        kind=kind,
        thing=thing,
        container=name,
        message=with_last_lines(f"ended with {_code(code)}, {times} times", last),
        event=event.reason if event else None,
        about=about,
    )


def _code(code: int | str) -> str:
    """The status of a program that ended, with the signal that ended it."""
    if not isinstance(code, int) or code <= 128:
        return str(code)
    known = {each.value: each.name for each in signal.Signals}
    return f"{code} ({known[code - 128]})" if code - 128 in known else str(code)


def _unhealthy(
    thing: str, container: Json, began: str | None, evidence: Evidence
) -> Iterator[Cause]:
    """A check that fails now: not one of before, nor one that nobody expects to pass yet."""
    started = moment_of(began)
    told = evidence.first(thing, {"Unhealthy", "ProbeError"})
    if told is None or (started and told.at and told.at < started):
        return
    if evidence.age(told.at or evidence.now) > _UNHEALTHY_SECONDS:
        return
    kind = told.message.partition(" ")[0]
    patience = 0.0 if container.get("restartCount") else _STARTUP_SECONDS.get(kind, 0.0)
    if started is None or evidence.age(started) >= patience:
        yield Cause(
            kind=CauseKind.PROBE,
            thing=thing,
            container=container["name"],
            message=_line(told.message),
            event=told.reason,
        )


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
