"""Why a release is not ready: which object, which container and which event explains it.

Pure: from a view of one namespace to a list of causes, the deepest one first. What is not ready and
not explained is told as it is seen, since when, with what was told of it last.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from provisioners.kubernetes.causekinds import Cause, CauseKind
from provisioners.kubernetes.claimcauses import of_claim
from provisioners.kubernetes.evidence import Evidence, moment_of
from provisioners.kubernetes.fullness import FULL, Usage
from provisioners.kubernetes.ground import Ground
from provisioners.kubernetes.podcauses import name_of, of_pod
from provisioners.kubernetes.refusals import condition, refusal
from provisioners.kubernetes.terminations import ends, told
from provisioners.kubernetes.view import Json, View

_ORDER = {kind: place for place, kind in enumerate(CauseKind)}
_SOON_SECONDS = 20.0
"""The cluster's controllers see a change within this."""
_LONG_SECONDS = {"Job": 1800.0}
"""For how long something may go on without a change before that is told; an installation longer."""
_USUALLY_LONG_SECONDS = 180.0
_EXPLAINS_NOTHING = {CauseKind.STARTING, CauseKind.BACKUP, CauseKind.FILLING}
_OF_JOBS = {"restore": CauseKind.RESTORE, "backup": CauseKind.BACKUP}
"""By the component; any other job is the release's own."""


def causes(
    view: View,
    namespace: str,
    workloads: Sequence[str],
    *,
    now: datetime | None = None,
    events: Iterable[Json] = (),
    ground: Ground | None = None,
    full: Sequence[Usage] = (),
    beside: bool = False,
) -> list[Cause]:
    """Every reason why the workloads are not ready, what explains most first; empty when they are.

    `workloads` are what the release consists of, as `deployment/web`. `events` are more than the
    view's, `ground` is what the cluster has for them, `full` are volumes without room. With
    `beside` it is also told what troubles hooks, backups and single pods, whether or not the
    workloads are ready.
    """
    evidence = Evidence(view, namespace, now=now, events=events, ground=ground)
    found = list(_missing(view, namespace, workloads))
    waiting = [
        (thing, workload)
        for workload, thing in _standing(view, namespace, workloads).items()
        if not ready(workload, thing)
    ]
    aside: set[str] = set()
    if beside:
        hooks = _hooks(evidence, workloads)
        waiting += hooks
        # A backup that goes on is nothing that is waited for.
        aside = {name for job, name in hooks if _is_backup(job)}
    if not waiting and not found and not beside:
        return []
    for thing, workload in waiting:
        found += _of_workload(thing, workload, evidence)
    names = {*workloads, *(workload for _, workload in waiting)}
    pods = [pod for pod in evidence.of("pod") if _owned(pod, names)]
    for pod in pods:
        found += of_pod(pod, evidence)
    for claim in evidence.of("claim"):
        found += of_claim(claim, evidence)
    if beside:
        found += _of_backups(evidence, names)
    found += _of_volumes(evidence, full)
    explained = any(cause.kind not in _EXPLAINS_NOTHING for cause in found)
    if explained:
        found = [cause for cause in found if cause.kind is not CauseKind.STARTING]
    elif waiting:
        waited = [item for item in waiting if item[1] not in aside]
        found += _seen([pod for pod in pods if not _owned_by(pod, aside)], waited, evidence)
        if any(cause.kind is CauseKind.STUCK for cause in found):
            found = [cause for cause in found if cause.kind is CauseKind.STUCK]
    return sorted(dict.fromkeys(found), key=_rank)


def _rank(cause: Cause) -> tuple[float, str]:
    place: float = _ORDER[cause.kind]
    if cause.kind is CauseKind.CLAIM and cause.event is None:
        # Many volumes are made only when a pod was given its place: then the pod says more.
        place = _ORDER[CauseKind.NO_SCHEDULER] + 0.5
    return place, cause.thing


def ready(workload: str, thing: Json) -> bool:
    """Whether a workload runs as its newest specification says."""
    spec, status = thing["spec"], thing["status"]
    if workload.startswith("job/"):
        return condition(thing, "Complete") is not None or bool(spec.get("suspend"))
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
        if workload.startswith("job/") and condition(thing, "Failed") is not None
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


def _hooks(evidence: Evidence, workloads: Sequence[str]) -> list[tuple[Json, str]]:
    """Jobs that are under way and none of the release's: hooks, and what was started by hand."""
    return [
        (job, name)
        for job in evidence.of("job")
        if (name := f"job/{job['metadata']['name']}") not in workloads
        and not job["spec"].get("suspend")
        and condition(job, "Complete") is None
        and condition(job, "Failed") is None
    ]


def _owned(pod: Json, names: set[str]) -> bool:
    """Whether a pod belongs to something that is asked about; jobs' pods come one by one."""
    jobs = [f"job/{name}" for kind, name in pod["metadata"]["owners"] if kind == "Job"]
    return not jobs or any(job in names for job in jobs)


def _owned_by(pod: Json, jobs: set[str]) -> bool:
    return any(kind == "Job" and f"job/{name}" in jobs for kind, name in pod["metadata"]["owners"])


def _is_backup(job: Json) -> bool:
    return (job["metadata"].get("component") or "") in {"backup", "backup-list"}


def _of_workload(thing: Json, workload: str, evidence: Evidence) -> Iterator[Cause]:
    if refused := refusal(thing, workload, evidence):
        yield refused
        return
    if workload.startswith("job/"):
        yield from _of_job(thing, workload, evidence)
    if not _taken_up(thing, workload) and evidence.age(_made(thing)) > _SOON_SECONDS:
        words = "the cluster's controllers have not taken it up"
        yield Cause(kind=CauseKind.NO_CONTROLLERS, thing=workload, message=words)


def _taken_up(thing: Json, workload: str) -> bool:
    """Whether a controller ever wrote of it; where nobody says its age, nobody can say that."""
    told = "startTime" if workload.startswith("job/") else "observedGeneration"
    return bool(thing["status"].get(told) or thing["status"].get("conditions")) or not _made(thing)


def _made(thing: Json) -> str | None:
    made: str | None = thing["metadata"].get("creationTimestamp")
    return made


def _of_job(job: Json, workload: str, evidence: Evidence) -> Iterator[Cause]:
    """How a job's last pod ended, while it tries again or after it gave up."""
    part = job["metadata"].get("component")
    kind = _OF_JOBS.get(part or "", CauseKind.JOB)
    gave_up = condition(job, "Failed")
    ended = ends(evidence.view, evidence.namespace, workload.removeprefix("job/"))
    verdict = "it is tried again" if gave_up is None else f"it gave up: {gave_up}"
    if ended:
        yield Cause(kind=kind, thing=workload, message=told(ended, verdict), part=part)
    elif gave_up is not None:
        yield Cause(kind=kind, thing=workload, message=verdict, part=part)


def _of_backups(evidence: Evidence, names: set[str]) -> Iterator[Cause]:
    """The last backup, where it failed; one that succeeded since makes up for it."""
    jobs = [
        job
        for job in evidence.of("job")
        if job["metadata"].get("component") == "backup"
        and (condition(job, "Failed") is not None or condition(job, "Complete") is not None)
    ]
    last = max(jobs, key=lambda job: job["metadata"].get("creationTimestamp") or "", default=None)
    name = f"job/{last['metadata']['name']}" if last else ""
    if last and name not in names and condition(last, "Failed") is not None:
        yield from _of_job(last, name, evidence)


def _of_volumes(evidence: Evidence, full: Sequence[Usage]) -> Iterator[Cause]:
    """Volumes that are full or soon will be, before anything dies of it."""
    parts = {claim["metadata"]["name"]: claim["metadata"] for claim in evidence.of("claim")}
    for usage in full:
        yield Cause(
            kind=CauseKind.DISK if usage.percent >= FULL else CauseKind.FILLING,
            thing=f"claim/{usage.claim}",
            message=f"{usage.percent} % of it is used, {usage.left // 1024**2} MiB are left",
            part=parts.get(usage.claim, {}).get("component"),
            about=usage.claim,
        )


def _seen(
    pods: Sequence[Json], waiting: Sequence[tuple[Json, str]], evidence: Evidence
) -> Iterator[Cause]:
    """What is not ready without anybody saying why: as it is seen, and since when."""
    unready = [pod for pod in pods if _state(pod) is not None]
    for pod in unready:
        words, since = _state(pod) or ("", None)
        name = name_of(pod)
        last = next(iter(evidence.told(name)), None)
        if last:
            words += f"; {last.reason}: {last.message}"
        owner = next((kind for kind, _ in pod["metadata"]["owners"]), "")
        times = [at for at in (moment_of(since), last.at if last else None) if at]
        age = evidence.age(max(times, default=None))
        long = since is not None and age > _LONG_SECONDS.get(owner, _USUALLY_LONG_SECONDS)
        kind = CauseKind.STUCK if long and not _waits_for_a_job(pod, pods) else CauseKind.STARTING
        part = pod["metadata"].get("component")
        event = last.reason if last else None
        yield Cause(kind=kind, thing=name, message=words, part=part, event=event)
    for thing, workload in waiting:
        if not unready:
            made = _made(thing)
            long = made is not None and evidence.age(made) > _USUALLY_LONG_SECONDS
            yield Cause(
                kind=CauseKind.STUCK if long else CauseKind.STARTING,
                thing=workload,
                message=_stuck(thing) or "not every pod is ready yet",
                part=thing["metadata"].get("component"),
            )


def _waits_for_a_job(pod: Json, pods: Sequence[Json]) -> bool:
    """Whether it waits in front of its start while a job of the release is at work."""
    if any(kind == "Job" for kind, _ in pod["metadata"]["owners"]):
        return False
    initial = pod["status"].get("initContainerStatuses") or ()
    if not any("running" in (each.get("state") or {}) for each in initial):
        return False
    return any(
        kind == "Job" and other["status"].get("phase") in {"Pending", "Running"}
        for other in pods
        for kind, _ in other["metadata"]["owners"]
    )


def _state(pod: Json) -> tuple[str, str | None] | None:
    """What a pod that is not ready does, and since when; None for one that is, or is over."""
    status = pod["status"]
    conditions = {item["type"]: item for item in status.get("conditions") or ()}
    if status.get("phase") in {"Succeeded", "Failed"} or pod["metadata"].get("deletionTimestamp"):
        return None
    if (conditions.get("Ready") or {}).get("status") == "True":
        return None
    since = pod["metadata"].get("creationTimestamp")
    for container in (
        *(status.get("initContainerStatuses") or ()),
        *(status.get("containerStatuses") or ()),
    ):
        state = container.get("state") or {}
        if container.get("ready") or state.get("terminated"):
            continue
        began = (state.get("running") or {}).get("startedAt") or since
        word = "runs" if state.get("running") else (state.get("waiting") or {}).get("reason")
        if word:
            return f"container {container['name']}: {word}{_since(began)}", began
    return f"{status.get('phase', 'Pending')}{_since(since)}", since


def _since(moment: str | None) -> str:
    return f" since {moment}" if moment else ""


def _stuck(thing: Json) -> str | None:
    for each in thing["status"].get("conditions") or ():
        if each["type"] == "Progressing" and each["status"] == "False":
            return str(each.get("message", ""))
    return None
