"""What every driver promises, asked of the helm driver over a real API server, helm 3 and 4."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from provisioners.base import DriverFailure, LogQuery, ReleaseState
from provisioners.kubernetes.errors import StrangerError
from tests.cluster.conftest import Cluster
from tests.cluster.helm_bench import HelmBench, benched, tiny

SECRETS = {"access_token": "a", "session_key": "b"}


@pytest.fixture(params=["helm3", "helm4"])
def bench(
    request: pytest.FixtureRequest, cluster: Cluster, tools: Path, tmp_path: Path
) -> Iterator[HelmBench]:
    with benched(cluster.kubeconfig, tmp_path, tools / request.param) as found:
        yield found


def pods(bench: HelmBench, name: str) -> int:
    return sum(item.startswith("pod/") for item in bench.driver.inventory(name))


def test_a_release_lives_from_its_secrets_to_an_empty_inventory(bench: HelmBench) -> None:
    driver, release = bench.driver, tiny(storefront="open")
    name = release.name
    assert driver.status(release).state is ReleaseState.ABSENT
    assert name not in driver.names()
    assert not driver.has_secrets(name, SECRETS)

    driver.apply_secrets(name, SECRETS)
    driver.apply_secrets(name, SECRETS)
    assert driver.has_secrets(name, SECRETS)
    assert not driver.has_secrets(name, {**SECRETS, "access_token": "other"})
    assert not driver.has_secrets(name, {"access_token": "a"})
    assert name in driver.names()

    started = driver.apply(release)
    assert started.state in {ReleaseState.PENDING, ReleaseState.CURRENT}
    endpoint = bench.until(release, ReleaseState.CURRENT)
    assert endpoint == started.endpoint == f"http://web.store-{name}.svc"
    assert driver.apply(release).endpoint == endpoint
    assert bench.runs.count("upgrade") == 1
    assert driver.why(name) == ()
    assert pods(bench, name) == 1

    closed = replace(release, values={"storefront": "closed"})
    assert driver.status(closed).state is ReleaseState.OUTDATED
    driver.apply(closed)
    assert bench.until(closed, ReleaseState.CURRENT) == endpoint

    for _ in range(2):
        driver.stop(name)
        assert driver.status(closed).state is ReleaseState.STOPPED
    assert {"persistentvolumeclaim/data", "secret/shop-secrets"} <= set(driver.inventory(name))
    assert driver.has_secrets(name, SECRETS)
    driver.apply(closed)
    bench.until(closed, ReleaseState.CURRENT)

    for _ in range(2):
        driver.delete(name)
        assert driver.inventory(name) == ()
    assert driver.status(closed).state is ReleaseState.ABSENT
    assert name not in driver.names()
    assert driver.logs(name, LogQuery(tail=5)) == []


def test_what_somebody_took_away_is_seen_and_comes_back(bench: HelmBench) -> None:
    release = tiny()
    bench.run(release)
    bench.kill(release.name)
    status = bench.wait(lambda: bench.driver.status(release), ReleaseState.FAILED)
    assert status.detail == "deployment/web: missing: it is not there any more"
    bench.driver.apply(release)
    bench.until(release, ReleaseState.CURRENT)


def test_going_down_lets_the_cluster_go_on(bench: HelmBench) -> None:
    release = tiny()
    bench.run(release)
    bench.driver.stop_all()
    assert pods(bench, release.name) == 1


def test_what_is_not_there_can_be_stopped_and_deleted(bench: HelmBench) -> None:
    bench.driver.stop("nothing")
    bench.driver.delete("nothing")
    assert bench.driver.inventory("nothing") == ()
    assert bench.driver.logs("nothing", LogQuery(tail=5)) == []
    assert bench.runs == []


@pytest.mark.parametrize("name", ["", "..", "a/b", "../../etc", "a b", "A", "é", "a" * 49])
def test_a_name_that_a_namespace_cannot_have_is_refused(bench: HelmBench, name: str) -> None:
    for call in (bench.driver.stop, bench.driver.delete, bench.driver.inventory):
        with pytest.raises(DriverFailure) as caught:
            call(name)
        assert not caught.value.transient


def test_the_namespace_is_ours_restricted_and_has_its_limits(bench: HelmBench) -> None:
    release = tiny()
    limits = {"memory": "256Mi"}
    bench.wanted = replace(bench.wanted, quota={"pods": "4"}, default_limits=limits)
    bench.run(release)
    namespace = bench.connection.get(f"/api/v1/namespaces/store-{release.name}")
    labels = namespace["metadata"]["labels"]
    assert labels["storecontroller.io/uid"] == release.name
    assert labels["storecontroller.io/tenant"] == "t1"
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    base = f"/api/v1/namespaces/store-{release.name}"
    quota = bench.connection.get(f"{base}/resourcequotas/store-controller")
    assert quota["spec"]["hard"] == {"pods": "4"}
    (pod,) = bench.connection.get(f"{base}/pods")["items"]
    assert pod["spec"]["containers"][0]["resources"]["limits"] == limits

    bench.wanted = replace(bench.wanted, quota={"pods": "5"}, default_limits={})
    bench.driver.apply_secrets(release.name, SECRETS)
    quota = bench.connection.get(f"{base}/resourcequotas/store-controller")
    assert quota["spec"]["hard"] == {"pods": "5"}
    assert bench.connection.get(f"{base}/limitranges")["items"] == []


def test_a_namespace_of_somebody_else_is_left_alone(bench: HelmBench) -> None:
    release = tiny()
    path = f"/api/v1/namespaces/store-{release.name}"
    metadata = {"name": f"store-{release.name}", "labels": {"team": "other"}}
    bench.connection.request("POST", "/api/v1/namespaces", body={"metadata": metadata})
    for call in (
        lambda: bench.driver.apply_secrets(release.name, SECRETS),
        lambda: bench.driver.apply(release),
        lambda: bench.driver.delete(release.name),
        lambda: bench.driver.inventory(release.name),
    ):
        with pytest.raises(StrangerError) as caught:
            call()
        assert not caught.value.transient
    assert "storecontroller.io/uid" not in bench.connection.get(path)["metadata"]["labels"]
    assert release.name not in bench.driver.names()
    bench.remove(path)


def test_an_object_of_somebody_else_is_shown_and_stays_until_the_namespace_goes(
    bench: HelmBench,
) -> None:
    release = tiny()
    bench.run(release)
    path = bench.create(release.name, "configmaps", {"metadata": {"name": "mine"}, "data": {}})
    assert bench.driver.strangers(release.name) == ("configmap/mine",)
    bench.driver.apply(replace(release, values={"storefront": "closed"}))
    bench.driver.stop(release.name)
    assert bench.connection.get(path)["metadata"]["name"] == "mine"
    assert "configmap/mine" in bench.driver.inventory(release.name)
    bench.driver.delete(release.name)
    assert bench.driver.inventory(release.name) == ()


def test_a_rollback_runs_what_ran_before(bench: HelmBench) -> None:
    release = tiny(storefront="open")
    assert not bench.driver.rollback(release.name)
    bench.run(release)
    assert not bench.driver.rollback(release.name)
    closed = replace(release, values={"storefront": "closed"})
    bench.driver.apply(closed)
    bench.until(closed, ReleaseState.CURRENT)
    assert bench.driver.rollback(release.name)
    settings = f"/api/v1/namespaces/store-{release.name}/configmaps/settings"
    assert bench.connection.get(settings)["data"] == {"storefront": "open"}
    assert bench.driver.status(closed).state is ReleaseState.OUTDATED
    bench.until(release, ReleaseState.CURRENT)


def test_history_is_bounded(bench: HelmBench) -> None:
    release = tiny()
    bench.run(release)
    for number in range(7):
        release = replace(release, values={"storefront": str(number)})
        bench.driver.apply(release)
    bench.until(release, ReleaseState.CURRENT)
    held = bench.driver.inventory(release.name)
    assert sum("sh.helm.release" in item for item in held) == 5


def test_helm_4_takes_over_what_helm_3_made(cluster: Cluster, tools: Path, tmp_path: Path) -> None:
    release = tiny()
    with (
        benched(cluster.kubeconfig, tmp_path, tools / "helm3") as old,
        benched(cluster.kubeconfig, tmp_path, tools / "helm4") as new,
    ):
        old.run(release)
        assert new.driver.status(release).state is ReleaseState.CURRENT
        closed = replace(release, values={"storefront": "closed"})
        new.driver.apply(closed)
        new.until(closed, ReleaseState.CURRENT)
        new.driver.stop(release.name)
        assert old.driver.status(closed).state is ReleaseState.STOPPED
