# ruff: noqa: E501 -- the words are kept as others write them.
"""Words and shapes of real clusters (kubelet, scheduler, containerd, CRI-O, admission) are known.

Each is as Kubernetes 1.30 to 1.36 writes it; the age of what is told decides with it.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from provisioners.kubernetes.causekinds import Cause, CauseKind
from provisioners.kubernetes.causes import causes
from provisioners.kubernetes.evidence import Evidence
from provisioners.kubernetes.ground import Ground, class_of, node_of
from provisioners.kubernetes.placement import placement_kind
from provisioners.kubernetes.pulls import pull_kind
from provisioners.kubernetes.view import View

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
SPACE = "store-a"
Json = dict[str, Any]


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def thing(name: str, component: str, *, age: float = 600, **content: Any) -> Json:
    metadata = {
        "name": name,
        "namespace": SPACE,
        "resourceVersion": "1",
        "generation": 1,
        "creationTimestamp": ago(age),
        "labels": {"app.kubernetes.io/component": component},
        **content.pop("metadata", {}),
    }
    return {"metadata": metadata, **content}


def database(*, ready: int = 0, **status: Any) -> Json:
    known = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": ready}
    return thing("s-database", "database", spec={"replicas": 1}, status=known | status)


def pod(
    *, name: str = "s-database-0", component: str = "database", owner: str = "StatefulSet/s-database",
    age: float = 600, node: str | None = "n1", **status: Any,
) -> Json:  # fmt: skip
    kind, _, owner_name = owner.partition("/")
    return thing(
        name,
        component,
        age=age,
        metadata={"ownerReferences": [{"kind": kind, "name": owner_name}]},
        spec={
            **({"nodeName": node} if node else {}),
            "containers": [{"name": "mariadb", "image": "docker.io/library/mariadb:10.11"}],
            "initContainers": [{"name": "prepare", "image": "registry.example/tools:1"}],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "s-database"}}],
        },
        status={"phase": "Pending"} | status,
    )


def containers(state: Json, *, initial: bool = False, **more: Any) -> Json:
    name = "prepare" if initial else "mariadb"
    key = "initContainerStatuses" if initial else "containerStatuses"
    return {key: [{"name": name, "ready": False, "restartCount": 0, "state": state, **more}]}


def event(about: str, reason: str, message: str, *, age: float = 30, kind: str = "Warning") -> Json:
    involved, _, name = about.partition("/")
    return {
        "metadata": {"name": f"{name}.{reason}.{age}", "namespace": SPACE, "resourceVersion": "1"},
        "involvedObject": {"kind": involved, "name": name},
        "type": kind,
        "reason": reason,
        "message": message,
        "lastTimestamp": ago(age),
    }


POD = "Pod/s-database-0"


def told(*things: tuple[str, Json], **more: Any) -> list[Cause]:
    view = View("store-")
    if not any(kind == "statefulset" for kind, _ in things):
        view.put("statefulset", database())
    for kind, item in things:
        view.put(kind, item)
    workloads = ["statefulset/s-database"]
    workloads += [f"job/{item['metadata']['name']}" for kind, item in things if kind == "job"]
    return causes(view, SPACE, workloads, now=NOW, **more)


PULLS = [
    ("image_missing", 'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {image}: not found'),
    ("image_missing", "reading manifest 10.11 in docker.io/library/mariadb: manifest unknown"),
    ("image_denied", 'failed to pull and unpack image "{image}": failed to resolve reference "{image}": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed'),
    ("image_denied", "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token?scope=x: 403 Forbidden"),
    ("image_denied", "failed to resolve reference: unexpected status from HEAD request to https://r.example/v2/x: 401 Unauthorized"),
    ("image_denied", "unable to retrieve auth token: invalid username/password: unauthorized: authentication required"),
    ("registry_unreachable", 'failed to do request: Head "https://registry.invalid/v2/x": dial tcp: lookup registry.invalid on 10.96.0.10:53: no such host'),
    ("registry_unreachable", 'failed to do request: Head "https://r.example/v2/x": dial tcp 192.0.2.1:443: i/o timeout'),
    ("registry_unreachable", 'failed to do request: Head "https://r.example/v2/x": dial tcp 192.0.2.1:443: connect: connection refused'),
    ("registry_unreachable", 'failed to do request: Head "https://r.example/v2/x": tls: failed to verify certificate: x509: certificate signed by unknown authority'),
    ("registry_unreachable", "http: server gave HTTP response to HTTPS client"),
    ("registry_unreachable", "unexpected status code 502 Bad Gateway"),
    ("registry_busy", "429 Too Many Requests - Server message: toomanyrequests: You have reached your unauthenticated pull rate limit."),
    ("image_platform", "no match for platform in manifest: not found"),
    ("volume_full", "failed to extract layer sha256:4031404404: write /var/lib/containerd/x: no space left on device"),
    ("image_pull", "rpc error: code = Unknown desc = something new"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "message"), PULLS)
@pytest.mark.parametrize(
    "image", ["docker.io/library/mariadb:10.11", "r.example/denied/not-found:403"]
)
@pytest.mark.parametrize("initial", [False, True])
@pytest.mark.parametrize("words", ["in the state", "in the event alone"])
def test_an_image_that_cannot_be_fetched_is_told_by_its_reason(
    kind: str, message: str, image: str, *, initial: bool, words: str
) -> None:
    message = message.format(image=image)
    waits = f'Back-off pulling image "{image}"'
    said = f"{waits}: ErrImagePull: {message}" if words == "in the state" else waits
    seen = pod(
        **containers({"waiting": {"reason": "ImagePullBackOff", "message": said}}, initial=initial)
    )
    for each in (*seen["spec"]["containers"], *seen["spec"]["initContainers"]):
        each["image"] = image
    events = [
        event(POD, "Failed", f'Failed to pull image "{image}": {message}', age=40),
        event(POD, "Failed", "Error: ErrImagePull", age=39),
        event(POD, "Failed", "Error: ImagePullBackOff", age=5),
    ]
    first = told(("pod", seen), *(("event", item) for item in events))[0]
    assert (first.kind, first.part, first.about) == (kind, "database", image)
    assert first.container == ("prepare" if initial else "mariadb")


@pytest.mark.parametrize(
    ("reason", "kind"),
    [("InvalidImageName", "image_name"), ("ErrImageNeverPull", "image_missing"),
     ("RegistryUnavailable", "registry_unreachable"), ("ErrImagePull", "image_pull")],
)  # fmt: skip
def test_what_a_kubelet_calls_it_counts_too(reason: str, kind: str) -> None:
    assert pull_kind(reason, "", "x") == kind


PLACES = [
    ("unschedulable", "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }. preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling."),
    ("unschedulable", "0/1 nodes are available: 1 Too many pods."),
    ("node_rules", "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."),
    ("node_rules", "0/1 nodes are available: 1 node(s) were unschedulable."),
    ("node_rules", "0/2 nodes are available: 1 node(s) had untolerated taint {dedicated: gpu}, 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }."),
    ("no_node", "0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }."),
    ("no_node", "0/2 nodes are available: 2 node(s) had untolerated taint(s) {node.kubernetes.io/unreachable: }. no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."),
    ("no_node", "no nodes available to schedule pods"),
    ("node_pressure", "0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }."),
    ("volume_elsewhere", "0/2 nodes are available: 1 node(s) had volume node affinity conflict, 1 node(s) were unschedulable."),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "message"), PLACES)
def test_the_schedulers_words_are_told_apart(kind: str, message: str) -> None:
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": message,
    }
    first = told(("pod", pod(node=None, conditions=[condition])))[0]
    assert (first.kind, first.thing, first.message) == (kind, "pod/s-database-0", message)


def test_without_a_ready_node_that_is_the_cause_whatever_else_is_said() -> None:
    lost = node_of(
        {
            "metadata": {"name": "n1"},
            "status": {"conditions": [{"type": "Ready", "status": "Unknown"}]},
        }
    )
    evidence = Evidence(View(), SPACE, ground=Ground(nodes={"n1": lost}))
    assert placement_kind("0/1 nodes are available: 1 Insufficient memory.", evidence) == "no_node"


CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}}


def claim(*, age: float = 600, cls: str | None = None, phase: str = "Pending") -> Json:
    spec = CLAIM | ({"storageClassName": cls} if cls is not None else {})
    return thing("s-database", "database", age=age, spec=spec, status={"phase": phase})


def waiting_for_it(age: float = 600) -> Json:
    message = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": message,
    }
    return pod(node=None, age=age, conditions=[condition])


CLAIMS = "PersistentVolumeClaim/s-database"
STANDARD = {
    "standard": class_of({"metadata": {"name": "standard"}, "provisioner": "disk.csi.example"})
}
DEFAULT = {
    "standard": class_of(
        {
            "metadata": {
                "name": "standard",
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
            "provisioner": "disk.csi.example",
        }
    )
}


@pytest.mark.parametrize(
    ("kind", "about", "seen", "events", "classes"),
    [
        pytest.param(
            "no_storage_class", None, claim(),
            [event(CLAIMS, "FailedBinding", "no persistent volumes available for this claim and no storage class is set", kind="Normal")],
            None, id="told by a Normal event",
        ),
        pytest.param("no_storage_class", None, claim(), [], STANDARD, id="seen in the cluster"),
        pytest.param(
            "storage_class_unknown", "fast", claim(cls="fast"),
            [event(CLAIMS, "ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found')],
            None, id="unknown class, told",
        ),
        pytest.param("storage_class_unknown", "fast", claim(cls="fast"), [], DEFAULT, id="unknown class, seen"),
        pytest.param(
            "provisioner_silent", "disk.csi.example", claim(cls="standard"),
            [event(CLAIMS, "ExternalProvisioning", "Waiting for a volume to be created either by the external provisioner 'disk.csi.example' or manually by the system administrator.", kind="Normal")],
            None, id="provisioner",
        ),
        pytest.param(
            "claim_pending", "standard", claim(cls="standard"),
            [event(CLAIMS, "ProvisioningFailed", "failed to provision volume with StorageClass: rpc error: code = ResourceExhausted desc = quota")],
            DEFAULT, id="provisioning fails",
        ),
        pytest.param("volume_lost", None, claim(cls="standard", phase="Lost"), [], None, id="lost"),
    ],
)  # fmt: skip
def test_a_volume_that_does_not_come_is_the_cause_and_not_the_nodes(
    kind: str, about: str | None, seen: Json, events: list[Json], classes: Any
) -> None:
    found = told(
        ("pod", waiting_for_it()),
        ("claim", seen),
        events=events,
        ground=Ground(classes=classes),
    )
    assert (found[0].kind, found[0].about) == (kind, about)
    assert (found[0].thing, found[0].part) == ("claim/s-database", "database")
    assert "unschedulable" not in {str(cause.kind) for cause in found}


def test_a_normal_creation_is_no_trouble_in_its_first_seconds() -> None:
    creating = {"waiting": {"reason": "ContainerCreating"}}
    started = {"running": {"startedAt": ago(8)}}
    probe = "Startup probe failed: command timed out"
    for seen in (
        [("pod", waiting_for_it(age=5)), ("claim", claim(age=6, cls="standard"))],
        [("pod", pod(node=None, age=1))],
        [("pod", pod(age=8, **containers(creating))), ("event", event(POD, "FailedMount", "object not registered", age=3))],
        [("pod", pod(age=12, phase="Running", **containers(started))), ("event", event(POD, "Unhealthy", probe, age=2))],
    ):  # fmt: skip
        assert {str(cause.kind) for cause in told(*seen)} <= {"starting"}, seen


RUNS = {"running": {"startedAt": ago(120)}}


def test_a_check_that_failed_before_the_container_began_or_long_ago_is_over() -> None:
    broken = pod(phase="Running", **containers(RUNS))
    now = told(
        ("pod", broken), ("event", event(POD, "Unhealthy", "Readiness probe failed: 503", age=20))
    )
    assert now[0].kind is CauseKind.PROBE
    for age in (121, 400):
        before = told(
            ("pod", broken),
            ("event", event(POD, "Unhealthy", "Readiness probe failed: 503", age=age)),
        )
        assert "probe_failing" not in {str(cause.kind) for cause in before}


def crashed(said: str | None, code: int = 1, reason: str = "Error") -> Json:
    last = {"exitCode": code, "reason": reason, "finishedAt": ago(20), "message": said}
    backing = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting"}}
    return pod(phase="Running", **containers(backing, lastState={"terminated": last}))


FULL = [
    "[ERROR] mariadbd: Disk is full writing './binlog.000003' (Errcode: 28 \"No space left on device\")",
    "[ERROR] InnoDB: Operating system error number 28 in a file operation.",
    "java.io.IOException: No space left on device",
    "Error opening /setting AOF rewrite IPC pipes: No space left on device",
]


@pytest.mark.parametrize("said", FULL)
def test_a_program_that_dies_of_a_full_volume_says_which_volume(said: str) -> None:
    first = told(("pod", crashed(said)))[0]
    assert (first.kind, first.about, first.part) == ("volume_full", "s-database", "database")
    assert said in first.message


@pytest.mark.parametrize(
    ("kind", "words", "seen", "events"),
    [
        ("crash_loop", "ended with 139 (SIGSEGV)", crashed(None, 139), []),
        ("image_platform", "exec format error", crashed("exec /usr/bin/x: exec format error"), []),
        ("out_of_memory", "more memory", crashed(None, 137, "OOMKilled"), []),
        ("probe_failing", "Liveness probe failed: dial tcp", crashed(None, 137),
         [event(POD, "Unhealthy", "Liveness probe failed: dial tcp 10.0.0.3:3306: connect: connection refused")]),
        ("container_start", "executable file not found",
         pod(**containers({"waiting": {"reason": "RunContainerError", "message": 'failed to create containerd task: OCI runtime create failed: exec: "x": executable file not found in $PATH'}})), []),
        ("container_config", 'secret "shop" not found',
         pod(**containers({"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "shop" not found'}})), []),
        ("container_config", 'configmap "s-hosts" not found',
         pod(**containers({"waiting": {"reason": "ContainerCreating"}})),
         [event(POD, "FailedMount", 'MountVolume.SetUp failed for volume "hosts" : configmap "s-hosts" not found')]),
        ("volume_mount", "Multi-Attach",
         pod(**containers({"waiting": {"reason": "ContainerCreating"}})),
         [event(POD, "FailedAttachVolume", 'Multi-Attach error for volume "pvc-1" Volume is already exclusively attached to one node')]),
        ("pod_sandbox", "failed to setup network",
         pod(**containers({"waiting": {"reason": "ContainerCreating"}})),
         [event(POD, "FailedCreatePodSandBox", 'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "ab": plugin type="calico" failed (add)')]),
        ("evicted", 'emptyDir volume "var" exceeds',
         pod(phase="Failed", reason="Evicted", message='Usage of EmptyDir volume "var" exceeds the limit "1Gi". emptyDir volume "var" exceeds'), []),
        ("scheduling_gated", "non-empty scheduling gates",
         pod(node=None, conditions=[{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated", "message": "Scheduling is blocked due to non-empty scheduling gates"}]), []),
        ("scheduler_silent", "no scheduler", pod(node=None), []),
        ("node_lost", "Node is not ready",
         pod(phase="Running", **containers(RUNS)), [event(POD, "NodeNotReady", "Node is not ready")]),
    ],
)  # fmt: skip
def test_every_way_not_to_run_is_told_by_its_kind_and_part(
    kind: str, words: str, seen: Json, events: list[Json]
) -> None:
    first = told(("pod", seen), *(("event", item) for item in events))[0]
    assert (first.kind, first.part, first.thing) == (kind, "database", "pod/s-database-0")
    assert words in first.message


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("quota_exceeded", 'create Pod s-database-0 failed error: pods "s-database-0" is forbidden: exceeded quota: store-controller, requested: requests.cpu=500m, used: requests.cpu=2, limited: requests.cpu=2'),
        ("quota_exceeded", 'pods "x" is forbidden: failed quota: store-controller: must specify limits.memory for: mariadb'),
        ("account_missing", 'pods "x" is forbidden: error looking up service account store-a/s-services: serviceaccount "s-services" not found'),
        ("webhook_refused", 'Internal error occurred: failed calling webhook "validate.kyverno.svc-fail": failed to call webhook: Post "https://kyverno-svc.kyverno.svc:443/validate/fail?timeout=10s": dial tcp 10.96.1.2:443: connect: connection refused'),
        ("webhook_refused", 'admission webhook "validation.gatekeeper.sh" denied the request: [repos] image from a foreign registry'),
        ("pod_refused", 'pods "x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false'),
        ("pod_refused", 'pods "x" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi'),
    ],
)  # fmt: skip
def test_a_pod_that_may_not_be_made_is_told_by_who_refuses(kind: str, message: str) -> None:
    nothing = database(replicas=0, updatedReplicas=0)
    made = event("StatefulSet/s-database", "FailedCreate", message)
    (first,) = told(("statefulset", nothing), ("event", made))
    assert (first.kind, first.message) == (kind, message)
    # What was refused before the pod was made after all is over.
    later = told(("pod", pod(phase="Running", **containers(RUNS))), ("event", made))
    assert kind not in {str(cause.kind) for cause in later}


def test_controllers_that_do_not_act_are_told() -> None:
    untouched = thing("s-database", "database", spec={"replicas": 1}, status={"replicas": 0})
    assert told(("statefulset", untouched))[0].kind is CauseKind.NO_CONTROLLERS


def test_what_nobody_explains_is_told_as_it_is_seen_once_it_lasts() -> None:
    creating = {"waiting": {"reason": "ContainerCreating"}}
    pulling = event(
        POD, "Pulling", 'Pulling image "docker.io/library/mariadb:10.11"', age=200, kind="Normal"
    )
    young = told(("pod", pod(age=60, **containers(creating))))
    assert [cause.kind for cause in young] == [CauseKind.STARTING]
    (old,) = told(("pod", pod(age=210, **containers(creating))), events=[pulling])
    assert (old.kind, old.part) == (CauseKind.STUCK, "database")
    assert f"container mariadb: ContainerCreating since {ago(210)}" in old.message
    assert "Pulling image" in old.message


def test_web_servers_that_wait_for_a_long_installation_are_no_trouble() -> None:
    waits = {"running": {"startedAt": ago(900)}}
    install = thing("s-install", "install", spec={}, status={"active": 1, "startTime": ago(900)})
    found = told(
        ("statefulset", database(ready=1)),
        ("job", install),
        ("pod", pod(name="s-web-1", component="web", owner="ReplicaSet/s-web-5d", **containers(waits, initial=True))),
        ("pod", pod(name="i-1", component="install", owner="Job/s-install", phase="Running", **containers(waits))),
    )  # fmt: skip
    assert {cause.kind for cause in found} == {CauseKind.STARTING}


HOOK = thing("s-upgrade", "upgrade", age=300, spec={}, status={"active": 1, "startTime": ago(300)})


def test_the_pod_of_a_hook_is_seen_though_the_release_is_ready() -> None:
    view = View("store-")
    view.put("statefulset", database(ready=1))
    view.put("job", HOOK)
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "x: not found"}}
    hook = pod(
        name="s-upgrade-x", component="upgrade", owner="Job/s-upgrade", **containers(waiting)
    )
    view.put("pod", hook)
    workloads = ["statefulset/s-database"]
    assert causes(view, SPACE, workloads, now=NOW) == []
    (found,) = causes(view, SPACE, workloads, now=NOW, beside=True)
    assert (found.kind, found.part) == ("image_missing", "upgrade")


def test_the_last_backup_counts_and_no_earlier_one() -> None:
    failed = {
        "conditions": [{"type": "Failed", "status": "True", "message": "BackoffLimitExceeded"}]
    }
    done = {"conditions": [{"type": "Complete", "status": "True"}]}
    view = View("store-")
    view.put("statefulset", database(ready=1))
    view.put("job", thing("b-1", "backup", age=90000, spec={}, status=failed))
    workloads = ["statefulset/s-database"]
    (found,) = causes(view, SPACE, workloads, now=NOW, beside=True)
    assert (found.kind, found.thing) == (CauseKind.BACKUP, "job/b-1")
    view.put("job", thing("b-2", "backup", age=3600, spec={}, status=done))
    assert causes(view, SPACE, workloads, now=NOW, beside=True) == []


def test_a_lost_node_is_told_even_while_its_pods_still_count_as_ready() -> None:
    ready = [{"type": "Ready", "status": "True"}]
    view = View("store-")
    view.put("statefulset", database(ready=1))
    view.put("pod", pod(phase="Running", conditions=ready))
    down = {"type": "Ready", "status": "Unknown", "message": "Kubelet stopped posting node status.", "lastTransitionTime": ago(60)}  # fmt: skip
    ground = Ground(
        nodes={"n1": node_of({"metadata": {"name": "n1"}, "status": {"conditions": [down]}})}
    )
    (found,) = causes(view, SPACE, ["statefulset/s-database"], now=NOW, ground=ground, beside=True)
    assert (found.kind, found.about) == (CauseKind.NODE_LOST, "n1")
    assert "Kubelet stopped posting node status." in found.message


def test_a_clock_of_ours_that_is_behind_hides_nothing() -> None:
    view = View("store-")
    view.put("statefulset", database())
    view.put("pod", waiting_for_it())
    view.put("event", event(POD, "FailedScheduling", "x", age=0))
    view.put("claim", claim(cls="fast"))
    early = NOW - timedelta(hours=5)
    assert causes(view, SPACE, ["statefulset/s-database"], now=early)[0].kind is CauseKind.CLAIM
