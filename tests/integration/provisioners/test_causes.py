"""Each way in which a release is not ready is explained by the object that is at the root of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from provisioners.kubernetes.causekinds import Cause, CauseKind
from provisioners.kubernetes.causes import causes, failed_jobs, missing
from provisioners.kubernetes.view import View

NAMESPACE = "store-a"
Json = dict[str, Any]


def thing(name: str, *, version: int = 1, **content: Any) -> Json:
    metadata = {"name": name, "namespace": NAMESPACE, "resourceVersion": str(version)}
    metadata |= content.pop("metadata", {})
    return {"metadata": metadata, **content}


def deployment(*, available: int = 0, **more: Any) -> Json:
    status = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1}
    status |= {"availableReplicas": available} | more
    return thing("web", metadata={"generation": 2}, spec={"replicas": 1}, status=status)


def pod(*, owner: str = "ReplicaSet", phase: str = "Pending", **status: Any) -> Json:
    owners = [{"kind": owner, "name": "web-1"}]
    spec = {"containers": [{"name": "php"}]}
    status |= {"phase": phase}
    return thing("web-1-x", metadata={"ownerReferences": owners}, spec=spec, status=status)


def container(state: Json, **more: Any) -> Json:
    return {"containerStatuses": [{"name": "php", "ready": False, "state": state, **more}]}


def event(about: str, reason: str, message: str, at: str = "2026-01-01T00:00:00Z") -> Json:
    kind, name = about.split("/")
    return thing(
        f"{name}.{reason}.{at}",
        involvedObject={"kind": kind, "name": name},
        reason=reason,
        message=message,
        lastTimestamp=at,
    )


def seen(**things: list[Json]) -> View:
    view = View("store-")
    for kind, items in {"deployment": [deployment()], **things}.items():
        for item in items:
            view.put(kind, item)
    return view


NOW = datetime(2026, 1, 1, 0, 6, tzinfo=UTC)


def told(view: View, *workloads: str, **more: Any) -> list[Cause]:
    return causes(view, NAMESPACE, workloads or ("deployment/web",), now=NOW, **more)


WAITING = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m"}}
PROBE = "Readiness probe failed:\n  HTTP probe failed with statuscode: 503"
UNSCHEDULABLE = {
    "conditions": [{"type": "PodScheduled", "status": "False", "message": "Insufficient memory"}]
}


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        pytest.param(
            seen(
                pod=[pod(**container({"waiting": {"reason": "ImagePullBackOff"}}))],
                event=[event("Pod/web-1-x", "Failed", "pull access denied")],
            ),
            Cause(
                kind=CauseKind.IMAGE_DENIED,
                thing="pod/web-1-x",
                container="php",
                message="pull access denied",
                event="Failed",
            ),
            id="image",
        ),
        pytest.param(
            seen(
                deployment=[deployment(replicas=0, updatedReplicas=0)],
                event=[event("ReplicaSet/web-5d9c", "FailedCreate", "exceeded quota: pods=1")],
            ),
            Cause(
                kind=CauseKind.QUOTA,
                thing="deployment/web",
                message="exceeded quota: pods=1",
                event="FailedCreate",
            ),
            id="quota",
        ),
        pytest.param(
            seen(
                deployment=[
                    deployment(
                        conditions=[
                            {
                                "type": "ReplicaFailure",
                                "status": "True",
                                "message": "violates PodSecurity",
                            }
                        ]
                    )
                ]
            ),
            Cause(
                kind=CauseKind.REFUSED,
                thing="deployment/web",
                message="violates PodSecurity",
                event="ReplicaFailure",
            ),
            id="pod security",
        ),
        pytest.param(
            seen(
                pod=[pod(**UNSCHEDULABLE)],
                event=[event("Pod/web-1-x", "FailedScheduling", "0/3 nodes")],
                claim=[thing("data", spec={}, status={"phase": "Pending"})],
            ),
            Cause(
                kind=CauseKind.UNSCHEDULABLE,
                thing="pod/web-1-x",
                message="Insufficient memory",
                event="FailedScheduling",
            ),
            id="unschedulable, and a claim that waits for the pod",
        ),
        pytest.param(
            seen(
                pod=[pod(**UNSCHEDULABLE)],
                claim=[thing("data", spec={}, status={"phase": "Pending"})],
                event=[event("PersistentVolumeClaim/data", "ProvisioningFailed", "no such class")],
            ),
            Cause(
                kind=CauseKind.CLAIM,
                thing="claim/data",
                message="no such class",
                event="ProvisioningFailed",
            ),
            id="claim, and a pod that waits for it",
        ),
        pytest.param(
            seen(
                pod=[
                    pod(
                        phase="Running",
                        **container(
                            WAITING,
                            restartCount=4,
                            lastState={"terminated": {"exitCode": 1, "message": "no env.php\n"}},
                        ),
                    )
                ],
                event=[event("Pod/web-1-x", "BackOff", "Back-off restarting")],
            ),
            Cause(
                kind=CauseKind.CRASH,
                thing="pod/web-1-x",
                container="php",
                message="ended with 1, 4 times: no env.php",
                event="BackOff",
            ),
            id="crash loop",
        ),
        pytest.param(
            seen(
                pod=[
                    pod(
                        **container(
                            WAITING,
                            restartCount=2,
                            lastState={"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
                        )
                    )
                ]
            ),
            Cause(
                kind=CauseKind.MEMORY,
                thing="pod/web-1-x",
                container="php",
                message="ended with 137, 2 times: it needed more memory than its limit",
            ),
            id="memory",
        ),
        pytest.param(
            seen(
                pod=[pod(phase="Running", **container({"running": {}}))],
                event=[
                    event("Pod/web-1-x", "Unhealthy", "older", "2026-01-01T00:00:00Z"),
                    event("Pod/web-1-x", "Unhealthy", PROBE, "2026-01-01T00:05:00Z"),
                ],
            ),
            Cause(
                kind=CauseKind.PROBE,
                thing="pod/web-1-x",
                container="php",
                message="Readiness probe failed: HTTP probe failed with statuscode: 503",
                event="Unhealthy",
            ),
            id="probe, in the words of the newest event",
        ),
        pytest.param(
            seen(
                pod=[
                    pod(
                        **container(
                            {
                                "waiting": {
                                    "reason": "CreateContainerConfigError",
                                    "message": 'secret "shop-secrets" not found',
                                }
                            }
                        )
                    )
                ]
            ),
            Cause(
                kind=CauseKind.CONFIG,
                thing="pod/web-1-x",
                container="php",
                message='secret "shop-secrets" not found',
            ),
            id="missing secret",
        ),
        pytest.param(
            seen(
                pod=[pod(**container({"waiting": {"reason": "ContainerCreating"}}))],
                event=[event("Pod/web-1-x", "FailedMount", "timed out")],
            ),
            Cause(
                kind=CauseKind.VOLUME, thing="pod/web-1-x", message="timed out", event="FailedMount"
            ),
            id="volume",
        ),
        pytest.param(
            seen(pod=[pod(**container({"waiting": {"reason": "ContainerCreating"}}))]),
            Cause(
                kind=CauseKind.STARTING,
                thing="pod/web-1-x",
                message="container php: ContainerCreating",
            ),
            id="nothing wrong, only not there yet",
        ),
    ],
)
def test_the_first_cause_is_the_one_at_the_root(view: View, expected: Cause) -> None:
    assert told(view)[0] == expected


@pytest.mark.parametrize(
    ("status", "is_ready"),
    [
        pytest.param({"available": 1}, True, id="runs"),
        pytest.param({"available": 0}, False, id="no pod is ready"),
        pytest.param({"available": 1, "observedGeneration": 1}, False, id="not looked at yet"),
        pytest.param({"available": 1, "replicas": 2}, False, id="only the old pod is ready"),
        pytest.param({"available": 1, "updatedReplicas": 0}, False, id="no new pod yet"),
    ],
)
def test_a_deployment_is_ready_when_its_newest_pods_are(
    status: dict[str, int], is_ready: bool
) -> None:
    assert (told(seen(deployment=[deployment(**status)])) == []) is is_ready


def test_a_workload_that_is_gone_is_missing_but_a_job_may_be_tidied_up() -> None:
    view = View()
    workloads = ("statefulset/database", "job/install")
    assert missing(view, NAMESPACE, workloads) == ["statefulset/database"]
    assert [str(cause) for cause in causes(view, NAMESPACE, workloads)] == [
        "statefulset/database: missing: it is not there any more"
    ]


GAVE_UP = [{"type": "Failed", "status": "True", "message": "BackoffLimitExceeded"}]


def of_job(name: str, exit_code: int, at: str, **more: Any) -> Json:
    """A pod of the job `install` that failed."""
    state = {"terminated": {"exitCode": exit_code, "finishedAt": at, **more}}
    status = {"phase": "Failed", "containerStatuses": [{"name": "php", "state": state}]}
    owners = [{"kind": "Job", "name": "install"}]
    return thing(name, metadata={"ownerReferences": owners}, spec={}, status=status)


@pytest.mark.parametrize(
    ("conditions", "pods", "message"),
    [
        pytest.param(GAVE_UP, [], "it gave up: BackoffLimitExceeded", id="its pods are gone"),
        pytest.param(
            GAVE_UP,
            [of_job("i-1", 1, "2026-01-01T00:00:00Z"), of_job("i-2", 2, "2026-01-01T00:01:00Z")],
            "pod/i-2, container php: ended with 2, 2 times; it gave up: BackoffLimitExceeded",
            id="it gave up",
        ),
        pytest.param(
            [],
            [of_job("i-1", 1, "2026-01-01T00:00:00Z", message="no such host: database\n")],
            "pod/i-1, container php: ended with 1; it is tried again: no such host: database",
            id="it is tried again",
        ),
        pytest.param(
            [],
            [of_job("i-1", 137, "2026-01-01T00:00:00Z", reason="OOMKilled")],
            "pod/i-1, container php: ended with 137 (out of memory); it is tried again",
            id="out of memory",
        ),
    ],
)
def test_a_job_is_told_by_how_its_last_pod_ended_and_the_pod_is_not_told_twice(
    conditions: list[Json], pods: list[Json], message: str
) -> None:
    view = seen(
        deployment=[deployment(available=1)],
        job=[thing("install", spec={}, status={"conditions": conditions})],
        pod=pods,
    )
    workloads = ("deployment/web", "job/install")
    assert causes(view, NAMESPACE, workloads) == [
        Cause(kind=CauseKind.JOB, thing="job/install", message=message)
    ]
    assert list(failed_jobs(view, NAMESPACE, workloads)) == ["install"] * bool(conditions)


def test_a_job_that_nobody_asked_for_does_not_hold_a_release_up() -> None:
    ended = [{"type": "Failed", "status": "True", "message": "x"}]
    view = seen(
        deployment=[deployment(available=1)],
        job=[thing("backup-123", spec={}, status={"conditions": ended})],
    )
    assert told(view) == []


@pytest.mark.parametrize("stuck", [False, True])
def test_a_backup_that_goes_on_is_told_only_when_it_cannot(stuck: bool) -> None:
    saving = thing(
        "backup-123",
        metadata={"labels": {"app.kubernetes.io/component": "backup"}},
        spec={},
        status={"startTime": "2026-01-01T00:05:00Z", "active": 1},
    )
    runs = {"phase": "Running"} | container({"running": {"startedAt": "2026-01-01T00:05:00Z"}})
    status = {"phase": "Pending", **UNSCHEDULABLE} if stuck else runs
    owners = [{"kind": "Job", "name": "backup-123"}]
    copying = thing("backup-x", metadata={"ownerReferences": owners}, spec={}, status=status)
    view = seen(deployment=[deployment(available=1)], job=[saving], pod=[copying])
    found = [cause.kind for cause in told(view, beside=True)]
    assert found == [CauseKind.UNSCHEDULABLE] * stuck
