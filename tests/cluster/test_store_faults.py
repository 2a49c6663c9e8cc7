"""What stores on a cluster survive, seen whole: control plane, registry, helm and API server.

A server stands before the API server that refuses, cuts and vanishes as it is told; everything that
the control plane and its helm send goes through it. Two settled shops meet one fault after another.
"""

import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from tests.cluster.conftest import Cluster
from tests.cluster.faulty import Fault, Faulty
from tests.cluster.kubelet import Fate, Object, usual
from tests.cluster.shops import Shops
from tests.cluster.stage import PROBE_SECONDS, Stage, staged, stood_in
from tests.cluster.waiting import until

pytestmark = stood_in
NAMES = ("acme", "bakery")


@pytest.fixture(scope="module")
def stage(
    cluster: Cluster, shops: Shops, faulty: Faulty, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("stage"), cluster) as found, found.running():
        found.join(faulty.kubeconfig, shops.address)
        for operation in [found.create(name, plan="starter") for name in NAMES]:
            assert found.finish(operation)["status"]["state"] == "succeeded"
        yield found


@pytest.fixture
def fated(cluster: Cluster, shops: Shops) -> Iterator[Callable[[str, Fate], None]]:
    """Chooses what becomes of the web servers of one shop."""

    def decide(namespace: str, fate: Fate) -> None:
        def of(pod: Object) -> Fate:
            ours = pod["metadata"]["namespace"] == namespace
            return fate if ours and "-web-" in pod["metadata"]["name"] else usual(pod)

        shops.fate = of
        again()

    def again() -> None:
        assert cluster.stand_in is not None
        cluster.stand_in.decide(shops.of_pod)

    yield decide
    shops.fate = usual
    again()


def settled(stage: Stage) -> bool:
    return all(stage.phase(name) == "Ready" and stage.stack(name).settled for name in NAMES)


def notes(stage: Stage, operation: Any) -> str:
    """Everything that is told of an operation while it goes on."""
    found = stage.call("GET", f"/operations/{operation['metadata']['id']}")
    return " ".join(str(step["detail"]) for step in found["status"]["steps"])


_QUIET = re.compile(r'^storectl_passes_total\{ended="quiet",kind="stack"\} (\S+)$', re.MULTILINE)


def looked(stage: Stage, times: int) -> None:
    """Wait until every release was looked at some times, on the average, and left as it was."""

    def looks() -> float:
        with urllib.request.urlopen(f"{stage.url}/metrics", timeout=10) as answer:
            found = _QUIET.search(answer.read().decode())
        return float(found[1]) if found else 0.0

    before, stacks = looks(), len(stage.registry.stores.stack_uids("helm", "main"))
    until(lambda: looks() >= before + times * stacks)


def test_quiet_stores_are_looked_at_and_never_written(stage: Stage, faulty: Faulty) -> None:
    until(lambda: settled(stage))
    before = [helm_revisions(stage, name) for name in NAMES]
    faulty.forget()
    looked(stage, 8)
    assert faulty.writes() == []
    # What is told by watches is not asked for: 16 looks, and hardly a question.
    assert len(faulty.since(0, "GET .*/namespaces/store-")) <= 4
    assert [helm_revisions(stage, name) for name in NAMES] == before


def helm_revisions(stage: Stage, name: str) -> list[str]:
    inventory = stage.driver.inventory(stage.store(name).stack)
    return [item for item in inventory if item.startswith("secret/sh.helm.release")]


def test_a_creation_is_refused_everywhere_once_and_succeeds(
    stage: Stage, faulty: Faulty, cluster: Cluster
) -> None:
    headers = {"Retry-After": "1"}
    faults = [
        Fault(pattern="PATCH .*/namespaces/store-[^/]*[?]", status=409),
        Fault(pattern="PATCH .*/namespaces/store-.*/limitranges/", status=500),
        Fault(pattern="PATCH .*/secrets/shop-secrets", status=429, headers=headers),
        Fault(pattern="GET .*owner%3Dhelm", status=500),
        Fault(pattern="(POST|PATCH) .*/statefulsets", status=500),
    ]
    faulty.add(*faults)
    done = stage.finish(stage.create("refused", plan="starter"))
    assert done["status"]["state"] == "succeeded", done["status"]
    assert [fault.times for fault in faults] == [0] * len(faults)
    assert stage.phase("refused") == "Ready"
    assert "a fault of the test" in stage.storectl("events", "refused").stdout
    stage.call("POST", "/stores/refused/retire")


@pytest.mark.parametrize("status", [409, 429, 500])
def test_a_scale_that_is_refused_is_sent_again(
    stage: Stage, faulty: Faulty, cluster: Cluster, status: int
) -> None:
    until(lambda: settled(stage))
    now = {409: 2, 429: 3, 500: 2}[status]
    fault = Fault(pattern="PATCH .*/deployments/.*/scale", status=status)
    faulty.add(fault)
    stage.do("acme", "scale", {"min": 2, "max": 4, "now": now})
    assert fault.times == 0
    shop = stage.namespace("acme")
    assert cluster.apps.read_namespaced_deployment(f"{shop}-web", shop).spec.replicas == now


@pytest.mark.parametrize(
    "pattern",
    ["PATCH .*/deployments/.*/scale", "GET .*/deployments/.*/scale"],
    ids=["a write", "a question"],
)
def test_a_server_that_asks_for_patience_is_sent_nothing_until_then(
    stage: Stage, faulty: Faulty, pattern: str
) -> None:
    until(lambda: settled(stage))
    shop = stage.namespace("acme")
    ours = f"{pattern.partition(' ')[0]} .*{shop}.*{pattern.partition('.*')[2]}"
    fault = Fault(pattern=ours, status=429, headers={"Retry-After": "4"})
    faulty.forget()
    faulty.add(fault)
    now = stage.stack("acme").spec.replicas.min + 1
    operation = stage.call("POST", "/stores/acme/scale", {"min": 1, "max": 5, "now": now})
    until(lambda: fault.times == 0)
    (refused, _), *_ = faulty.since(0, ours)
    assert stage.finish(operation)["status"]["state"] == "succeeded"
    # Watches go on, and what other threads had sent at that very moment is on its way.
    later = faulty.since(refused + 0.5, "^(?!.*watch=true)")
    assert later
    assert [request for request in later if request[0] < 3.4] == []
    assert stage.cluster().unreachable_since is None


def test_watches_that_are_cut_and_forgotten_in_the_middle_of_a_step_lose_nothing(
    stage: Stage, faulty: Faulty, fated: Callable[[str, Fate], None]
) -> None:
    until(lambda: settled(stage))
    shop = stage.namespace("bakery")
    fated(shop, Fate.UNSCHEDULABLE)
    operation = stage.call("POST", "/stores/bakery/scale", {"min": 2, "max": 2})
    until(lambda: stage.reasons("bakery")[:1] == [("unschedulable", pod_of(stage, "bakery"))])
    gone = [
        Fault(pattern=f"GET .*/{kind}[?].*watch=true", status=410)
        for kind in ("deployments", "pods")
    ]
    faulty.add(*gone)
    assert faulty.cut() > 0
    until(lambda: all(fault.times == 0 for fault in gone))
    assert faulty.cut() > 0
    fated(shop, Fate.READY)
    assert stage.finish(operation)["status"]["state"] == "succeeded"
    # Ours was cut as well as the control plane's, and is told of it in its own time.
    until(lambda: stage.reasons("bakery") == [])


def pod_of(stage: Stage, name: str) -> str:
    """The first thing that stands in the way."""
    return next((thing for _, thing in stage.reasons(name) if thing.startswith("pod/")), "")


def test_a_quota_that_is_used_up_is_named_until_there_is_room(
    stage: Stage, cluster: Cluster
) -> None:
    until(lambda: settled(stage))
    shop = stage.namespace("acme")
    pods = len(cluster.core.list_namespaced_pod(shop).items)
    quota = {"metadata": {"name": "other"}, "spec": {"hard": {"pods": str(pods)}}}
    cluster.core.create_namespaced_resource_quota(shop, quota)
    until(lambda: cluster.core.read_namespaced_resource_quota("other", shop).status.hard)
    wanted = cluster.apps.read_namespaced_deployment(f"{shop}-web", shop).spec.replicas + 2
    operation = stage.call("POST", "/stores/acme/scale", {"min": wanted, "max": wanted})
    until(lambda: stage.reasons("acme")[:1] == [("quota_exceeded", f"deployment/{shop}-web")])
    until(lambda: "exceeded quota: other" in notes(stage, operation))
    told = " ".join(stage.storectl("why", "acme").stdout.split())
    assert f"deployment/{shop}-web The shop needs more than its plan may use." in told
    assert "exceeded quota: other" in told
    assert "Probable cause: The shop needs more than its plan may use." in told
    assert "storectl plan set acme growth" in told
    cluster.core.delete_namespaced_resource_quota("other", shop)
    # What makes pods waits longer after each refusal, as it does everywhere.
    assert stage.finish(operation)["status"]["state"] == "succeeded"


def test_an_image_that_cannot_be_pulled_is_named_with_its_pod_and_container(
    stage: Stage, fated: Callable[[str, Fate], None]
) -> None:
    until(lambda: settled(stage))
    shop = stage.namespace("bakery")
    fated(shop, Fate.IMAGE_MISSING)
    operation = stage.call("POST", "/stores/bakery/scale", {"min": 3, "max": 3})
    until(lambda: [kind for kind, _ in stage.reasons("bakery")][:1] == ["image_pull"])
    reason = stage.driver.why(stage.store("bakery").stack)[0]
    assert reason.thing.startswith(f"pod/{shop}-web-")
    assert reason.container == "web"
    assert '"registry.example.com/shop:2.4.7-p3"' in reason.message
    until(lambda: "image_pull" in notes(stage, operation))
    told = stage.why("bakery")
    assert reason.thing in told
    assert "registry.example.com/shop:2.4.7-p3" in told
    fated(shop, Fate.READY)
    assert stage.finish(operation)["status"]["state"] == "succeeded"


def test_what_nobody_knows_in_a_namespace_is_shown_and_left(
    stage: Stage, cluster: Cluster, faulty: Faulty
) -> None:
    until(lambda: settled(stage))
    shop, uid = stage.namespace("acme"), stage.store("acme").stack
    cluster.core.create_namespaced_config_map(shop, {"metadata": {"name": "left-here"}})
    assert stage.driver.strangers(uid) == ("configmap/left-here",)
    assert "configmap/left-here" in stage.why("acme")
    stage.do("acme", "scale", {"min": 1, "max": 1})
    looked(stage, 3)
    assert stage.phase("acme") == "Ready"
    assert stage.driver.strangers(uid) == ("configmap/left-here",)
    cluster.core.delete_namespaced_config_map("left-here", shop)


def test_a_namespace_that_the_registry_does_not_know_is_shown_and_left(
    stage: Stage, cluster: Cluster, faulty: Faulty
) -> None:
    uid = "01kzzzzzzzzzzzzzzzzzzzzzzz"
    labels = {
        "app.kubernetes.io/managed-by": "store-controller",
        "storecontroller.io/uid": uid,
    }
    metadata = {"name": f"store-{uid}", "labels": labels}
    cluster.core.create_namespace({"metadata": metadata})
    cluster.core.create_namespaced_config_map(f"store-{uid}", {"metadata": {"name": "data"}})
    # Other tests may have left namespaces that are on their way out.
    told = stage.call("GET", "/fleet")["unknown"]
    (unknown,) = (item for item in told if item["name"] == uid)
    assert (unknown["driver"], unknown["cluster"]) == ("helm", "main")
    assert "configmap/data" in unknown["holds"]
    looked(stage, 3)
    found = cluster.core.read_namespace(f"store-{uid}")
    assert found.metadata.deletion_timestamp is None
    assert cluster.core.read_namespaced_config_map("data", f"store-{uid}")
    cluster.core.delete_namespace(f"store-{uid}")


def test_a_cluster_that_is_away_for_long_is_unreachable_and_never_empty(
    stage: Stage, faulty: Faulty, cluster: Cluster
) -> None:
    until(lambda: settled(stage))
    rows = [(stage.stack(name), stage.store(name).generation) for name in NAMES]
    held = [stage.driver.inventory(stage.store(name).stack) for name in NAMES]
    assert stage.cluster().unreachable_since is None
    faulty.down = True
    faulty.cut()
    until(lambda: stage.cluster().unreachable_since is not None)
    since = stage.cluster().unreachable_since
    operation = stage.call("POST", "/stores/acme/scale", {"min": 2, "max": 2})
    # Ten probes: what would be half a minute, or five with slower ones.
    time.sleep(10 * PROBE_SECONDS)
    # Nor does a worker that starts meanwhile and remembers nothing draw a conclusion.
    stage.stop()
    with_nothing_known(stage)
    time.sleep(4 * PROBE_SECONDS)
    assert stage.cluster().unreachable_since == since
    assert {name: stage.phase(name) for name in NAMES} in (
        {"acme": "Ready", "bakery": "Ready"},
        {"acme": "Changing", "bakery": "Ready"},
    )
    assert stage.stack("bakery") == rows[1][0]
    assert [stage.store(name).generation for name in NAMES] == [rows[0][1] + 1, rows[1][1]]
    assert "unreachable since" in stage.storectl("events", "acme").stdout
    told = stage.storectl("why", "bakery").stdout
    assert re.search(r"Cluster +The cluster does not answer: Remote end .* since \d\d:\d\d", told)
    assert "Probable cause: The cluster that the shop runs on does not answer." in told
    going_on = stage.call("GET", f"/operations/{operation['metadata']['id']}")
    assert going_on["status"]["state"] in {"pending", "running"}

    faulty.down = False
    assert stage.finish(operation)["status"]["state"] == "succeeded"
    until(lambda: stage.cluster().unreachable_since is None)
    assert stage.cluster().unreachable_detail == ""
    until(lambda: settled(stage))
    assert stage.driver.inventory(stage.store("bakery").stack) == held[1]


def with_nothing_known(stage: Stage) -> None:
    stage.start()
    stage.await_ready()


def test_a_namespace_that_cannot_end_says_what_holds_it_and_ends_when_that_goes(
    stage: Stage, cluster: Cluster
) -> None:
    until(lambda: settled(stage))
    shop, uid = stage.namespace("bakery"), stage.store("bakery").uid
    held = {"metadata": {"name": "held", "finalizers": ["example.org/hold"]}}
    cluster.core.create_namespaced_config_map(shop, held)
    stage.do("bakery", "retire")
    operation = stage.call("POST", f"/stores/{uid}/purge", {"confirm": "bakery"})
    # Until helm is done with it, what helm takes away is told.
    until(lambda: stage.reasons(uid) == [("terminating", f"namespace/{shop}")], 120)
    until(lambda: "example.org/hold" in notes(stage, operation), 120)
    assert "configmap/held" in stage.driver.inventory(stage.store(uid).stack)
    words = (
        f"namespace/{shop} What ran in its place before is being removed",
        "example.org/hold",
        "Find out whose finalizer it is",
    )

    def told() -> bool:
        said = " ".join(stage.storectl("why", uid).stdout.split())
        return all(text in said for text in words)

    # An attempt that begins anew is told as work under way for a moment.
    until(told, 60)
    cluster.core.patch_namespaced_config_map("held", shop, {"metadata": {"finalizers": None}})
    done = stage.finish(operation)
    assert done["status"]["state"] == "succeeded"
    assert done["status"]["result"]["inventory"] == []
    with pytest.raises(ApiException):
        cluster.core.read_namespace(shop)
