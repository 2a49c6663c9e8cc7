"""What the helm driver survives: killed helms and workers, servers that refuse, cut or vanish."""

import contextlib
import itertools
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from provisioners.base import DriverFailure, Release, ReleaseState
from provisioners.kubernetes.causekinds import CauseKind
from provisioners.kubernetes.errors import (
    BusyError,
    ConflictError,
    FaultError,
    TerminatingError,
    UnreachableError,
)
from tests.cluster.conftest import Cluster
from tests.cluster.faulty import Fault, Faulty, running
from tests.cluster.helm_bench import HelmBench, Killed, Killing, Mortality, benched, tiny
from tests.cluster.kubelet import Fate, usual
from tests.cluster.waiting import until

SECRETS = {"access_token": "a"}


@pytest.fixture(params=["helm3", "helm4"])
def each_helm(request: pytest.FixtureRequest, tools: Path) -> Path:
    return tools / str(request.param)


@pytest.fixture
def bench(cluster: Cluster, tools: Path, tmp_path: Path) -> Iterator[HelmBench]:
    with benched(cluster.kubeconfig, tmp_path, tools / "helm4") as found:
        yield found


@pytest.fixture
def faulty(cluster: Cluster, tmp_path: Path) -> Iterator[Faulty]:
    with running(cluster.api, tmp_path / "faulty") as found:
        yield found


@pytest.fixture
def behind(faulty: Faulty, tools: Path, tmp_path: Path) -> Iterator[HelmBench]:
    """A bench whose every request, helm's too, goes through the faulty server."""
    with benched(tmp_path / "faulty", tmp_path, tools / "helm4") as found:
        yield found


def test_a_helm_killed_while_installing_is_cleared_away(
    cluster: Cluster, each_helm: Path, tmp_path: Path
) -> None:
    killing = Killing(cluster.kubeconfig)
    with benched(cluster.kubeconfig, tmp_path, each_helm, runner=killing) as bench:
        stuck, release = tiny(hook=True), tiny()
        release = replace(release, name=stuck.name)
        bench.driver.apply_secrets(release.name, SECRETS)
        with pytest.raises(DriverFailure) as caught:
            bench.driver.apply(stuck)
        assert (caught.value.code, caught.value.transient) == ("helm_killed", True)
        status = bench.driver.status(stuck)
        assert status.state is ReleaseState.FAILED
        assert status.detail == "helm was interrupted: pending-install"
        bench.driver.apply(release)
        bench.until(release, ReleaseState.CURRENT)
        assert bench.runs.count("uninstall") == 1


def test_a_helm_killed_while_upgrading_goes_back_and_then_on(
    cluster: Cluster, each_helm: Path, tmp_path: Path
) -> None:
    killing = Killing(cluster.kubeconfig)
    killing.armed = False
    with benched(cluster.kubeconfig, tmp_path, each_helm, runner=killing) as bench:
        release = tiny()
        bench.run(release)
        claim = f"/api/v1/namespaces/store-{release.name}/persistentvolumeclaims/data"
        uid = bench.connection.get(claim)["metadata"]["uid"]
        killing.armed = True
        with pytest.raises(DriverFailure):
            bench.driver.apply(replace(release, values={"hook": True}))
        assert bench.driver.status(release).detail == "helm was interrupted: pending-upgrade"
        closed = replace(release, values={"storefront": "closed"})
        bench.driver.apply(closed)
        bench.until(closed, ReleaseState.CURRENT)
        assert (bench.runs.count("rollback"), bench.runs.count("uninstall")) == (1, 0)
        assert bench.connection.get(claim)["metadata"]["uid"] == uid


def test_a_helm_that_may_still_live_is_not_disturbed(
    cluster: Cluster, tools: Path, tmp_path: Path
) -> None:
    killing = Killing(cluster.kubeconfig)
    helm = tools / "helm4"
    with benched(cluster.kubeconfig, tmp_path, helm, runner=killing, grace=300) as bench:
        release = tiny(hook=True)
        bench.driver.apply_secrets(release.name, SECRETS)
        with pytest.raises(DriverFailure):
            bench.driver.apply(release)
        assert bench.driver.status(release).state is ReleaseState.PENDING
        assert bench.driver.apply(release).state is ReleaseState.PENDING
        # That holds up no stop, which needs no helm.
        bench.driver.stop(release.name)
        assert bench.driver.status(release).state is ReleaseState.STOPPED


def live(bench: HelmBench, release: Release) -> None:
    """Everything that becomes of a release, short of its end."""
    bench.wanted = replace(bench.wanted, quota={"pods": "9"})
    bench.driver.apply_secrets(release.name, SECRETS)
    bench.driver.apply(release)
    bench.until(release, ReleaseState.CURRENT)
    closed = replace(release, values={"storefront": "closed"})
    bench.driver.apply(closed)
    bench.driver.stop(release.name)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_worker_killed_at_any_write_or_helm_leaves_the_next_one_a_way(
    cluster: Cluster, tools: Path, tmp_path: Path, after: bool
) -> None:
    """Each round is killed one boundary later, until one comes through unharmed."""
    helm, death = tools / "helm4", Mortality(after=after)
    mortal: dict[str, Any] = {"runner": death.runner, "connect": death.connection, "leave": True}
    for last in itertools.count(1):
        release = tiny()
        with benched(cluster.kubeconfig, tmp_path, helm, **mortal) as bench:
            death.countdown = last
            with contextlib.suppress(Killed):
                live(bench, release)
            survived = death.countdown > 0
        with benched(cluster.kubeconfig, tmp_path, helm) as bench:
            live(bench, release)
            assert bench.driver.has_secrets(release.name, SECRETS)
            assert bench.driver.status(release).state is ReleaseState.STOPPED
        if survived:
            break
    assert last > 7


def test_a_failed_release_is_told_and_tried_again(
    cluster: Cluster, each_helm: Path, tmp_path: Path
) -> None:
    with benched(cluster.kubeconfig, tmp_path, each_helm) as bench:
        broken = tiny(broken=True)
        bench.driver.apply_secrets(broken.name, SECRETS)
        for _ in range(2):
            with pytest.raises(DriverFailure) as caught:
                bench.driver.apply(broken)
            assert "defaultBackend" in caught.value.detail
            status = bench.driver.status(broken)
            assert status.state is ReleaseState.FAILED
            assert "defaultBackend" in status.detail
        mended = replace(broken, values={})
        assert bench.driver.status(mended).state is ReleaseState.OUTDATED
        bench.driver.apply(mended)
        bench.until(mended, ReleaseState.CURRENT)


REFUSALS = {
    409: ConflictError,
    429: BusyError,
    500: FaultError,
    503: FaultError,
}


def patience(bench: HelmBench) -> None:
    """Wait as long as the server asked for; until then nothing is sent to it."""

    def asked() -> bool:
        try:
            bench.driver.ping()
        except BusyError:
            return False
        return True

    until(asked)


@pytest.mark.parametrize("status", REFUSALS)
def test_a_server_that_refuses_once_is_asked_again(
    behind: HelmBench, faulty: Faulty, status: int
) -> None:
    release, headers = tiny(), {"Retry-After": "1"}
    for pattern in ("PATCH .*/secrets/", "PATCH .*/namespaces/[^/]*[?]"):
        faulty.add(Fault(pattern=pattern, status=status, headers=headers))
        with pytest.raises(REFUSALS[status]) as caught:
            behind.driver.apply_secrets(release.name, SECRETS)
        assert caught.value.transient
        assert caught.value.retry_after == 1.0
        patience(behind)
    behind.driver.apply_secrets(release.name, SECRETS)
    faulty.add(Fault(pattern="GET .*owner%3Dhelm", status=status, headers=headers))
    with pytest.raises(REFUSALS[status]):
        behind.driver.apply(release)
    patience(behind)
    assert behind.driver.status(release).state is ReleaseState.ABSENT
    behind.driver.apply(release)
    behind.until(release, ReleaseState.CURRENT)


@pytest.mark.parametrize("status", [409, 429, 500])
def test_a_server_that_refuses_helm_is_survived(
    behind: HelmBench, faulty: Faulty, status: int
) -> None:
    release = tiny()
    behind.driver.apply_secrets(release.name, SECRETS)
    fault = Fault(
        pattern="(POST|PATCH) .*/deployments", status=status, headers={"Retry-After": "1"}
    )
    faulty.add(fault)
    try:
        behind.driver.apply(release)
    except DriverFailure as failure:
        assert failure.transient  # noqa: PT017 -- helm may as well try again by itself.
        assert behind.driver.status(release).state is ReleaseState.FAILED
        behind.driver.apply(release)
    assert fault.times == 0
    behind.until(release, ReleaseState.CURRENT)


def test_a_cut_watch_resumes_and_a_forgotten_place_is_listed_again(
    behind: HelmBench, faulty: Faulty
) -> None:
    release = tiny()
    behind.run(release)
    watches = behind.driver.watches
    assert set(watches.relists().values()) == {1}
    for values in ({"replicas": 2}, {"replicas": 1}):
        until(lambda: faulty.cut() >= len(watches.relists()))
        changed = replace(release, values=values)
        behind.driver.apply(changed)
        behind.until(changed, ReleaseState.CURRENT)
    assert set(watches.relists().values()) == {1}

    faulty.add(Fault(pattern="GET /apis/apps/v1/deployments[?].*watch=true", status=410))
    until(lambda: faulty.cut() >= len(watches.relists()))
    until(lambda: watches.relists()["deployment"] == 2)
    behind.kill(release.name)
    behind.wait(lambda: behind.driver.status(release), ReleaseState.OUTDATED)
    behind.wait(
        lambda: behind.driver.status(replace(release, values={"replicas": 1})), ReleaseState.FAILED
    )
    assert {name for name, lists in watches.relists().items() if lists > 1} == {"deployment"}


def test_a_quiet_look_starts_no_process_and_writes_nothing(
    behind: HelmBench, faulty: Faulty
) -> None:
    release = tiny()
    behind.run(release)
    faulty.forget()
    behind.runs.clear()
    for _ in range(50):
        assert behind.driver.status(release).state is ReleaseState.CURRENT
        assert behind.driver.has_secrets(release.name, {"key": "a"})
    asked = [request for request in faulty.seen if "watch=true" not in request]
    assert asked == []
    for _ in range(50):
        assert behind.driver.apply(release).state is ReleaseState.CURRENT
    assert behind.runs == []
    assert faulty.writes() == []
    asked = [request for request in faulty.seen if "watch=true" not in request]
    assert len(asked) == 50


def test_an_unreachable_cluster_says_since_when_and_is_never_empty(
    behind: HelmBench, faulty: Faulty
) -> None:
    release = tiny()
    behind.run(release)
    faulty.down = True
    faulty.cut()
    until(lambda: behind.connection.unreachable_since is not None)
    since = set()
    for look in (
        lambda: behind.driver.status(release),
        lambda: behind.driver.inventory(release.name),
        behind.driver.names,
        lambda: behind.driver.apply(replace(release, values={"storefront": "closed"})),
        lambda: behind.driver.delete(release.name),
        lambda: behind.driver.why(release.name),
    ):
        with pytest.raises(UnreachableError) as caught:
            look()
        assert caught.value.transient
        since.add(caught.value.since)
    assert len(since) == 1
    faulty.down = False
    behind.until(release, ReleaseState.CURRENT)
    assert behind.connection.unreachable_since is None


def why(bench: HelmBench, release: Release, kind: CauseKind) -> Mapping[str, Any]:
    """Wait until a kind of cause is the first one; return it."""
    until(lambda: [cause.kind for cause in bench.driver.why(release.name)][:1] == [kind])
    return vars(bench.driver.why(release.name)[0])


def test_a_quota_that_is_too_small_for_a_pod_is_the_cause(bench: HelmBench) -> None:
    release = tiny(replicas=2)
    bench.wanted = replace(bench.wanted, quota={"pods": "1"})
    bench.driver.apply_secrets(release.name, SECRETS)
    bench.driver.apply(release)
    cause = why(bench, release, CauseKind.QUOTA)
    assert cause["thing"] == "deployment/web"
    assert "exceeded quota: store-controller" in cause["message"]
    status = bench.driver.status(release)
    assert status.state is ReleaseState.PENDING
    assert status.detail.startswith("deployment/web: quota_exceeded: ")
    bench.wanted = replace(bench.wanted, quota={"pods": "9"})
    bench.driver.apply_secrets(release.name, SECRETS)
    bench.driver.apply(replace(release, values={"replicas": 3}))
    bench.until(replace(release, values={"replicas": 3}), ReleaseState.CURRENT)


def test_a_quota_that_helm_runs_into_is_told_apart(
    cluster: Cluster, each_helm: Path, tmp_path: Path
) -> None:
    with benched(cluster.kubeconfig, tmp_path, each_helm) as bench:
        release = tiny()
        bench.wanted = replace(bench.wanted, quota={"persistentvolumeclaims": "0"})
        bench.driver.apply_secrets(release.name, SECRETS)
        path = f"/api/v1/namespaces/store-{release.name}/resourcequotas/store-controller"
        until(lambda: bench.connection.get(path).get("status", {}).get("hard"))
        with pytest.raises(DriverFailure) as caught:
            bench.driver.apply(release)
        assert (caught.value.code, caught.value.transient) == ("quota_exceeded", True)


def test_an_image_that_cannot_be_pulled_is_the_cause_while_the_old_one_runs(
    bench: HelmBench,
) -> None:
    release = tiny()
    bench.run(release)
    missing = replace(release, values={"image": "registry.example.invalid/shop:missing"})
    bench.driver.apply(missing)
    cause = why(bench, missing, CauseKind.IMAGE)
    assert str(cause["thing"]).startswith("pod/web-")
    assert cause["container"] == "shop"
    assert bench.driver.status(missing).state is ReleaseState.PENDING
    assert "image_pull" in bench.driver.status(missing).detail
    bench.driver.apply(release)
    bench.until(release, ReleaseState.CURRENT)


@pytest.fixture
def fated(cluster: Cluster) -> Iterator[Callable[[str, Fate], None]]:
    """Chooses what becomes of the pods of a release whose name begins so."""
    stand_in = cluster.stand_in
    assert stand_in is not None, "a real kubelet takes no orders"

    def decide(start: str, fate: Fate) -> None:
        stand_in.decide(
            lambda pod: fate if pod["metadata"]["name"].startswith(start) else usual(pod)
        )

    yield decide
    stand_in.decide(usual)


ours_only = pytest.mark.skipif(
    "STORECTL_TEST_KUBECONFIG" in os.environ, reason="needs the stand-in for kubelets"
)


@ours_only
def test_a_pod_without_a_node_is_the_cause(
    bench: HelmBench, fated: Callable[[str, Fate], None]
) -> None:
    release = tiny()
    fated("web-", Fate.UNSCHEDULABLE)
    bench.driver.apply_secrets(release.name, SECRETS)
    bench.driver.apply(release)
    cause = why(bench, release, CauseKind.UNSCHEDULABLE)
    assert "0/1 nodes are available" in cause["message"]
    fated("web-", Fate.READY)
    bench.until(release, ReleaseState.CURRENT)


@ours_only
def test_a_job_that_gave_up_is_the_cause_and_is_made_again(
    bench: HelmBench, fated: Callable[[str, Fate], None]
) -> None:
    release = tiny(job=True)
    fated("install", Fate.FAILED)
    bench.driver.apply_secrets(release.name, SECRETS)
    bench.driver.apply(release)
    status = bench.wait(lambda: bench.driver.status(release), ReleaseState.FAILED)
    assert status.detail.startswith("job/install: job_failed: ")
    assert why(bench, release, CauseKind.JOB)["thing"] == "job/install"
    fated("install", Fate.SUCCEEDED)
    bench.driver.apply(release)
    bench.until(release, ReleaseState.CURRENT)


def test_a_namespace_that_cannot_end_says_what_holds_it(bench: HelmBench) -> None:
    release = tiny()
    bench.run(release)
    held = {"name": "held", "finalizers": ["example.org/hold"]}
    path = bench.create(release.name, "configmaps", {"metadata": held})
    bench.driver.patience = 0.5
    finalizer = "example.org/hold"
    end = time.monotonic() + 60
    while True:
        with pytest.raises(TerminatingError) as caught:
            bench.driver.delete(release.name)
        if finalizer in caught.value.detail:
            break
        assert time.monotonic() < end, caught.value.detail
    assert caught.value.transient
    for call in (
        lambda: bench.driver.apply_secrets(release.name, SECRETS),
        lambda: bench.driver.apply(release),
    ):
        with pytest.raises(TerminatingError):
            call()
    assert finalizer in why(bench, release, CauseKind.TERMINATING)["message"]
    assert "configmap/held" in bench.driver.inventory(release.name)
    bench.connection.request(
        "PATCH",
        path,
        body={"metadata": {"finalizers": None}},
        content="application/merge-patch+json",
    )
    bench.driver.patience = 60
    bench.driver.delete(release.name)
    assert bench.driver.inventory(release.name) == ()
