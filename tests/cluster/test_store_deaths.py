"""Workers that are killed at every boundary of every step, and helms in the middle of one.

The names come from the steps themselves, so a new step is killed here without a word of ours. Two
shops live through it: one is killed before, at the start and after each step's work, the other when
it was written down; each time the next worker goes on from where the dead one was.
"""

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import psutil
import pytest

from controller.domain.operations import PLANNED_STEPS, OperationKind
from controller.reconciler import backup_steps, failpoints, stack_steps, stacks
from provisioners.helm.releases import Records
from provisioners.kubernetes.connection import Connection
from tests.cluster.conftest import Cluster
from tests.cluster.given import AnyShops, stood_in, whole
from tests.cluster.kubelet import Fate, Object, usual
from tests.cluster.shops import Shops
from tests.cluster.stage import Stage, helm, staged
from tests.cluster.waiting import FACTOR, until

pytestmark = [whole, pytest.mark.failpoint]

AROUND = {stack_steps.ApplyInfrastructure.name, stack_steps.DestroyInfrastructure.name}
"""Steps of shops that need something outside their cluster; tests of Terraform kill those."""
ALONE = {stack_steps.RestartRelease.name}
"""Of shops beside the control plane; tests/acceptance kills it."""
BACKUPS = {backup_steps.MakeBackup.name, backup_steps.LoadBackup.name}
"""Killed in test_store_backups, where it shows what was loaded."""
STEPS = [step.name for step in stacks.STEPS if step.name not in AROUND | ALONE | BACKUPS]
WAIT = stack_steps.AwaitEngine.name
RECORDED = failpoints.POINTS[-1]


@pytest.fixture
def stage(cluster: Cluster, shops: AnyShops, tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path / "stage", cluster) as found:
        with found.running():
            found.join(cluster.kubeconfig, shops.address)
        yield found


@pytest.fixture
def unready(cluster: Cluster, shops: Shops) -> Iterator[None]:
    """Keeps web servers from becoming ready until it is told otherwise."""
    yield
    shops.fate = usual


def slow_web(pod: Object) -> Fate:
    """A web server that gets no node."""
    return Fate.UNSCHEDULABLE if "-web-" in pod["metadata"]["name"] else usual(pod)


def ask(stage: Stage, verb: str, body: object = None, name: str = "acme") -> Any:
    """What was answered; None when the control plane died over its answer."""
    with contextlib.suppress(HTTPException, OSError):
        path = f"/stores/{name}/{verb}" if verb else "/stores"
        return stage.call("POST", path, body)
    return None


def die(stage: Stage, failpoint: str, *asking: Any) -> None:
    """Start a control plane that is killed there; it is asked for something once it answers."""
    stage.start(STORECTL_FAILPOINT=failpoint)
    if asking:
        stage.await_ready()
        ask(stage, *asking)
    assert stage.await_death(120 * FACTOR) == -signal.SIGKILL, failpoint


CREATE = ("", {"name": "acme", "country": "DE", "email": "owner@example.com", "plan": "starter"})
SCALE = ("scale", {"min": 2, "max": 3, "now": 2})
IMAGE = "registry.example.com/shop:2.4.7-p4"


def steps_of(kind: OperationKind) -> list[str]:
    """The steps of a stack that belong to an operation, in their order."""
    return [name for name in PLANNED_STEPS[kind] if name in STEPS]


SECONDS = 77
"""Between two runs of cron, once the cluster's values were changed."""
VALUES = {stack_steps.TakeValues.name}
"""Of what was changed of a cluster: no operation has it."""


def lived(stage: Stage, cluster: Cluster, name: str) -> None:
    """See that one release runs and the store sells."""
    until(lambda: stage.phase(name) == "Ready", 120)
    namespace = stage.namespace(name)

    def states() -> list[str]:
        return [item["status"] for item in helm(cluster, "list", "-n", namespace)]

    # A shop stays ready while what was changed of its cluster is applied.
    until(lambda: states() == ["deployed"], 120)
    assert stage.reasons(name) == []


def change(stage: Stage, point: str) -> None:
    """Change the values of the cluster; the control plane is killed while the shop takes them."""
    file = stage.home / "values.yaml"
    file.write_text(json.dumps({"cron": {"intervalSeconds": SECONDS}}))
    stage.start(STORECTL_FAILPOINT=f"{stack_steps.TakeValues.name}:{point}")
    stage.await_ready()
    stage.storectl("cluster", "set", "main", "--values", str(file))
    assert stage.await_death(120 * FACTOR) == -signal.SIGKILL, point


def changed(stage: Stage, cluster: Cluster) -> None:
    """See that the shop runs with the values of the cluster."""
    namespace = stage.namespace("acme")

    def taken() -> bool:
        cron = cluster.apps.read_namespaced_deployment(f"{namespace}-cron", namespace)
        (container,) = cron.spec.template.spec.containers
        told = {item.name: item.value for item in container.env}
        return bool(told["SHOP_CRON_INTERVAL"] == str(SECONDS))

    until(taken, 120 * FACTOR)
    lived(stage, cluster, "acme")


def try_image(stage: Stage, cluster: Cluster, points: list[str]) -> None:
    """Move the shop to another image, killed at each of the points."""
    shop = stage.namespace("acme")
    for number, point in enumerate(points):
        stage.start(STORECTL_FAILPOINT=f"{stack_steps.TryImage.name}:{point}")
        stage.await_ready()
        if number == 0:
            with contextlib.suppress(HTTPException, OSError):
                stage.call("PUT", "/stores/acme/image", {"image": IMAGE})
        assert stage.await_death(120 * FACTOR) == -signal.SIGKILL, point
    with stage.running():
        lived(stage, cluster, "acme")
        web = cluster.apps.read_namespaced_deployment(f"{shop}-web", shop)
        assert [each.image for each in web.spec.template.spec.containers] == [IMAGE]
        jobs = cluster.batch.list_namespaced_job(shop).items
        assert not [job for job in jobs if job.metadata.name.startswith("image-trial")]


def take_values(stage: Stage, cluster: Cluster, points: list[str]) -> None:
    """Have the shop take the cluster's values, killed at each of the points."""
    first, *others = points
    change(stage, first)
    for point in others:
        die(stage, f"{stack_steps.TakeValues.name}:{point}")
    with stage.running():
        changed(stage, cluster)


def test_every_step_of_a_stack_is_killed_here() -> None:
    kinds = (
        OperationKind.CREATE,
        OperationKind.SCALE,
        OperationKind.IMAGE,
        OperationKind.RETIRE,
        OperationKind.PURGE,
    )
    assert {name for kind in kinds for name in steps_of(kind)} | VALUES == set(STEPS)


@stood_in
def test_killed_before_and_in_each_step_a_shop_still_lives_its_life(
    stage: Stage, shops: Shops, cluster: Cluster, unready: None
) -> None:
    points = [point for point in failpoints.POINTS if point != RECORDED]
    shops.fate = slow_web
    asked: tuple[Any, ...] = CREATE
    for step in steps_of(OperationKind.CREATE):
        # Nothing is ready yet, so that every point of the waiting is reached.
        for point in failpoints.POINTS if step == WAIT else points:
            die(stage, f"{step}:{point}", *asked)
            asked = ()
    shops.fate = usual
    assert cluster.stand_in is not None
    cluster.stand_in.decide(shops.of_pod)
    with stage.running():
        lived(stage, cluster, "acme")
        (operation,) = stage.call("GET", "/operations?store=acme")["items"]
        assert operation["status"]["state"] == "succeeded"
        uid, shop = stage.store("acme").uid, stage.namespace("acme")
        assert shop in shops.running()

    asked = SCALE
    for point in points:
        die(stage, f"{stack_steps.ApplyScale.name}:{point}", *asked)
        asked = ()
    with stage.running():
        lived(stage, cluster, "acme")
        web = cluster.apps.read_namespaced_deployment(f"{shop}-web", shop)
        assert web.spec.replicas == 2

    try_image(stage, cluster, points)
    take_values(stage, cluster, points)

    asked = ("retire",)
    for point in points:
        die(stage, f"{stack_steps.StopRelease.name}:{point}", *asked)
        asked = ()
    with stage.running():
        until(lambda: stage.phase("acme") == "Retired")
        until(lambda: shop not in shops.running())

    purge: tuple[Any, ...] = ("purge", {"confirm": "acme"}, uid)
    for point in points:
        die(stage, f"{stack_steps.DeleteRelease.name}:{point}", *purge)
        purge = ()
    with stage.running():
        done = stage.finish(stage.call("GET", "/operations?store=" + uid)["items"][0])
        assert done["status"]["state"] == "succeeded"
        assert done["status"]["result"]["inventory"] == []
        until(lambda: shop not in shops.kept())


def test_killed_after_each_step_was_written_down_it_does_too(
    stage: Stage, cluster: Cluster
) -> None:
    die(stage, f"{stack_steps.ApplySecrets.name}:{RECORDED}", *CREATE)
    die(stage, f"{stack_steps.ApplyRelease.name}:{RECORDED}")
    with stage.running():
        lived(stage, cluster, "acme")
        uid = stage.store("acme").uid
    die(stage, f"{stack_steps.ApplyScale.name}:{RECORDED}", *SCALE)
    with stage.running():
        lived(stage, cluster, "acme")
    change(stage, RECORDED)
    with stage.running():
        changed(stage, cluster)
    die(stage, f"{stack_steps.StopRelease.name}:{RECORDED}", "retire")
    with stage.running():
        until(lambda: stage.phase("acme") == "Retired")
    die(stage, f"{stack_steps.DeleteRelease.name}:{RECORDED}", "purge", {"confirm": "acme"}, uid)
    with stage.running():
        (last, *_) = stage.call("GET", "/operations?store=" + uid)["items"]
        assert stage.finish(last)["status"]["result"]["inventory"] == []
        # The name is free again.
        assert stage.create("acme")["status"]["state"] == "pending"


def helms(namespace: str) -> list[psutil.Process]:
    """Every helm that is at work in a namespace, whoever started it."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            argv = process.cmdline()
            if "helm" in Path(argv[0] if argv else "").name and namespace in argv:
                found.append(process)
    return found


def test_a_helm_killed_while_installing_is_cleared_away(stage: Stage, cluster: Cluster) -> None:
    connection = Connection(cluster.kubeconfig)
    records = Records(connection)
    with contextlib.closing(connection), stage.running():
        operation = stage.create("acme", plan="starter")
        namespace = stage.namespace("acme")

        def at_work() -> bool:
            history = records.history(namespace)
            return bool(history) and history[-1].pending

        until(at_work)
        doomed = helms(namespace)
        assert doomed
        for process in doomed:
            os.kill(process.pid, signal.SIGKILL)
        assert [item.status for item in records.history(namespace)] == ["pending-install"]
        until(lambda: f"{namespace} is left pending-install" in stage.why("acme"))
        cause = json.loads(stage.why("acme"))["status"]["cause"]
        assert cause["code"] in {"tool_killed", "release_unfinished"}
        assert cause["action"].startswith("Nothing needs to be done")
        done = stage.finish(operation)
        assert done["status"]["state"] == "succeeded", done["status"]
        lived(stage, cluster, "acme")
        assert "pending-install" in stage.storectl("events", "acme").stdout
