"""`storectl why` over a running control plane: which part of a shop it is, what the server said.

What people meet daily on real clusters, on shops that live through one fault after another. The
words are read as a person reads them; faults that other tests bring about are asked for there.
"""

import fcntl
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import podstatus
from tests.cluster.conftest import Cluster
from tests.cluster.faulty import Fault, Faulty
from tests.cluster.kubelet import Fate, Object, usual
from tests.cluster.shops import Shops
from tests.cluster.stage import Stage, staged, stood_in
from tests.cluster.test_store_infrastructure import MODULE
from tests.cluster.waiting import until

pytestmark = stood_in
NEXT = r"Next attempt (at \d\d:\d\d:\d\d \(in \d+ (s|min)\)|at any moment)\."


@pytest.fixture(scope="module")
def stage(
    cluster: Cluster,
    shops: Shops,
    faulty: Faulty,
    tools: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stage]:
    modules = tmp_path_factory.mktemp("modules")
    (modules / "around").mkdir()
    (modules / "around" / "main.tf").write_text(MODULE)
    with staged(tmp_path_factory.mktemp("stage"), cluster) as found:
        found.set(
            STORECTL_TERRAFORM__PROGRAM=str(tools / "tofu"),
            STORECTL_TERRAFORM__MODULES=str(modules),
        )
        with found.running():
            around = ("--infrastructure", "around", "--variable", "tier=small")
            found.join(faulty.kubeconfig, shops.address, "main", *around)
            found.join(faulty.kubeconfig, shops.address, "dry", "--storage-class", "nowhere")
            yield found


@pytest.fixture(scope="module")
def acme(stage: Stage) -> str:
    """The namespace of a shop that sells."""
    return stage.made("acme", plan="starter", cluster="main")


def asked(stage: Stage, name: str) -> Any:
    """The explanation as programs read it."""
    return stage.call("GET", f"/stores/{name}/why")["status"]


def told(stage: Stage, name: str, code: str, word: str = "") -> str:
    """What a person reads once a cause is the probable one; lines are taken together."""

    def known() -> bool:
        cause = asked(stage, name)["cause"]
        return cause["code"] == code and word in cause["message"]

    until(known)
    done = stage.storectl("why", name)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout
    return " ".join(done.stdout.split())


def test_a_shop_that_is_well_is_told_in_one_line(stage: Stage, acme: str) -> None:
    until(lambda: asked(stage, "acme")["cause"]["code"] == "nothing")
    line = stage.storectl("why", "acme").stdout
    assert line == "acme  Ready  Nothing is wrong: it takes orders.\n"
    whole = stage.storectl("why", "acme", "-o", "wide").stdout
    assert "Every part of it is ready." in whole


FATES = [
    (Fate.CRASHING, "crash_loop", ["ended with 3, 4 times", podstatus.LAST_LINES]),
    (Fate.OUT_OF_MEMORY, "out_of_memory", ["ended with 137, 4 times", "larger plan"]),
    (Fate.KEYLESS, "container_config", ["couldn't find key db-password"]),
    (Fate.IMAGE_MISSING, "image_pull", ["Back-off pulling image", "STORECTL_MAGENTO_IMAGE"]),
]


def test_whatever_keeps_a_pod_from_running_is_named_with_its_container(
    stage: Stage,
    acme: str,
    cluster: Cluster,
    faulty: Faulty,
    fated: Callable[[str, Fate], None],
) -> None:
    fated("-web-", Fate.UNSCHEDULABLE)
    operation = stage.call("POST", "/stores/acme/scale", {"min": 2, "max": 2})
    found = told(stage, "acme", "unschedulable")
    assert re.search(rf"pod/{acme}-web-\S+ No node of the cluster has room", found)
    assert "0/1 nodes are available" in found

    # What the watches miss is seen all the same: they are cut, and their place is forgotten.
    forgotten = Fault(pattern="GET .*/pods[?].*watch=true", status=410)
    faulty.add(forgotten)
    assert faulty.cut() > 0
    fated("-web-", Fate.UNHEALTHY)
    until(lambda: forgotten.times == 0)
    pods = cluster.core.list_namespaced_pod(acme).items
    pod = next(item.metadata.name for item in pods if "-web-" in item.metadata.name)
    cluster.core.create_namespaced_event(acme, unhealthy(acme, pod))
    found = told(stage, "acme", "probe_failing")
    assert f"pod/{pod} › web" in found
    assert "Unhealthy: Readiness probe failed: statuscode: 503" in found

    for fate, code, words in FATES:
        fated("-web-", fate)
        found = told(stage, "acme", code)
        assert re.search(rf"pod/{acme}-web-\S+ › web ", found), found
        for word in words:
            assert word in found
    fated("-web-", Fate.READY)
    assert stage.finish(operation)["status"]["state"] == "succeeded"


def unhealthy(namespace: str, pod: str) -> Object:
    """What a kubelet tells of a check that failed."""
    return {
        "metadata": {"generateName": "unhealthy-"},
        "involvedObject": {"kind": "Pod", "name": pod, "namespace": namespace},
        "type": "Warning",
        "reason": "Unhealthy",
        "message": "Readiness probe failed: statuscode: 503",
    }


def test_an_installation_that_fails_is_named_while_it_is_tried_again(
    stage: Stage, fated: Callable[[str, Fate], None]
) -> None:
    fated("-install-", Fate.FAILED)
    operation = stage.create("bakery", plan="starter", cluster="main")
    shop = stage.namespace("bakery")
    found = told(stage, "bakery", "job_failed")
    assert re.search(rf"job/{shop}-install\S* Installing or upgrading", found)
    assert re.search(rf"pod/{shop}-install-\S+, container \S+: ended with 1", found)
    assert "it is tried again" in found
    assert podstatus.LAST_LINES in found
    fated("-install-", Fate.SUCCEEDED)
    assert stage.finish(operation)["status"]["state"] == "succeeded"


ANSWERS = [
    (409, "cluster_answer", "answered 409: a fault of the test"),
    (429, "cluster_busy", "asks for patience (429): a fault of the test"),
    (500, "cluster_answer", "answered 500: a fault of the test"),
]


def test_what_the_api_server_answered_is_told_with_when_it_is_sent_again(
    stage: Stage, acme: str, faulty: Faulty
) -> None:
    until(lambda: stage.phase("acme") == "Ready" and stage.stack("acme").settled)
    pattern = f"PATCH .*/{acme}/horizontalpodautoscalers/"
    # Each asks for patience, so that few attempts meet it and none has to wait for long.
    fault = Fault(pattern=pattern, status=409, times=100, headers={"Retry-After": "2"})
    faulty.add(fault)
    operation = stage.call("POST", "/stores/acme/scale", {"min": 1, "max": 5})
    for status, code, words in ANSWERS:
        fault.status = status
        found = told(stage, "acme", code, str(status))
        assert f"Changing the number of web servers: The cluster's API server {words}" in found
        assert f"Probable cause: The cluster's API server {words}" in found
        assert "Nothing needs to be done: the same is sent again" in found
        assert re.search(NEXT, found) or "is at work on it" in found
    fault.times = 0
    assert stage.finish(operation)["status"]["state"] == "succeeded"


@contextmanager
def locked(stage: Stage, name: str) -> Iterator[None]:
    """Hold the lock of what is around a store, as a terraform of somebody else does."""
    (state,) = stage.home.glob(f"terraform/states/{stage.store(name).stack}/*.tfstate")
    told = {
        "ID": "4c1f3a52-0c5e-4c0e-9f0e-5d6f7a8b9c0d",
        "Operation": "OperationTypeApply",
        "Info": "",
        "Who": "ann@laptop",
        "Version": "1.11.0",
        "Created": "2026-11-20T08:30:00.123456789Z",
        "Path": state.name,
    }
    info = state.with_name(f".{state.name}.lock.info")
    with state.open("r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        info.write_text(json.dumps(told))
        yield
        info.unlink(missing_ok=True)


def unplaced(pod: Object) -> Fate:
    """What a scheduler makes of pods whose volume is not there."""
    return Fate.UNSCHEDULABLE if "-database-" in pod["metadata"]["name"] else usual(pod)


def without_volumes(stage: Stage, shops: Shops) -> None:
    """Make a shop that gets none and read why."""
    shops.fate = unplaced
    try:
        stage.create("cake", plan="starter", cluster="dry")
        found = told(stage, "cake", "storage_class_unknown")
    finally:
        shops.fate = usual
    assert f"claim/{stage.namespace('cake')}-database The shop's data gets no volume" in found
    assert 'ProvisioningFailed: storageclass.storage.k8s.io "nowhere" not found' in found
    assert "Make the storage class “nowhere”" in found


def test_a_lock_of_a_stranger_and_a_volume_that_stays_away_are_named(
    stage: Stage, acme: str, shops: Shops, cluster: Cluster
) -> None:
    until(lambda: stage.phase("acme") == "Ready" and stage.stack("acme").settled)
    # Terraform waits a while for the lock: meanwhile another store has its own trouble.
    with locked(stage, "acme"):
        done = stage.storectl("cluster", "set", "main", "--variable", "tier=large")
        assert done.returncode == 0, done.stderr
        operation = stage.call("POST", "/stores/acme/scale", {"min": 1, "max": 3})
        without_volumes(stage, shops)
        cluster.core.delete_namespace(stage.namespace("cake"))

        found = told(stage, "acme", "state_locked")
    assert "Building what it needs around it: What is around the shop cannot be changed" in found
    assert "its state is locked: locked by ann@laptop since 2026-11-20T08:30:00Z" in found
    assert "A stranger's lock is left alone" in found
    assert "terraform force-unlock" in found
    assert re.search(NEXT, found) or "is at work on it" in found
    assert stage.finish(operation)["status"]["state"] == "succeeded"
