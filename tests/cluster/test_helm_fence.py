"""Nobody acts behind our back for long: orphaned helms, changes by hand, blocked stops."""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from provisioners.base import DriverFailure, Release, ReleaseState, ReleaseStatus
from provisioners.helm.program import Helm
from provisioners.helm.releases import RUN, Records
from tests.cluster.conftest import Cluster
from tests.cluster.helm_bench import CHART, HelmBench, benched, tiny
from tests.cluster.waiting import until

MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"


@pytest.fixture(params=["helm3", "helm4"])
def bench(
    request: pytest.FixtureRequest, cluster: Cluster, tools: Path, tmp_path: Path
) -> Iterator[HelmBench]:
    with benched(cluster.kubeconfig, tmp_path, tools / str(request.param)) as found:
        yield found


@contextlib.contextmanager
def another_helm(
    cluster: Cluster, tools: Path, release: Release, *argv: str, **values: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """A helm that is not this process's, at work on a release until its hook ends."""
    namespace = f"store-{release.name}"
    given = ["--reset-values", "--set-json", json.dumps(values), "--namespace", namespace, *argv]
    with subprocess.Popen(
        [str(tools / "helm4"), "upgrade", namespace, str(CHART), *given, "--force-conflicts"],
        env={**os.environ, **cluster.environ},
    ) as helm:
        records = Records(_connection(cluster))
        try:
            until(lambda: records.history(namespace)[-1].pending)
            yield helm
        finally:
            helm.kill()


def _connection(cluster: Cluster) -> Any:
    from provisioners.kubernetes.connection import Connection  # noqa: PLC0415

    return Connection(cluster.kubeconfig)


def patched(
    bench: HelmBench, path: str, body: Any, *, content: str = MERGE, by: str = "kubectl-edit"
) -> None:
    """Change an object as a person does."""
    bench.connection.request("PATCH", f"{path}?fieldManager={by}", body=body, content=content)


def place(release: Release, kind: str) -> str:
    """The path of an object of the tiny chart."""
    core = f"/api/v1/namespaces/store-{release.name}"
    return {
        "service": f"{core}/services/web",
        "configmap": f"{core}/configmaps/settings",
        "deployment": f"/apis/apps/v1/namespaces/store-{release.name}/deployments/web",
    }[kind]


CHANGES: dict[str, tuple[str, Any, str, str]] = {
    "a service's port": (
        "service",
        {"spec": {"ports": [{"port": 80, "protocol": "TCP", "targetPort": 9999}]}},
        MERGE,
        "spec.ports[80].targetPort",
    ),
    "a setting": ("configmap", {"data": {"storefront": "mine"}}, MERGE, "data.storefront"),
    "a setting's removal": (
        "configmap",
        [{"op": "remove", "path": "/data/storefront"}],
        JSON_PATCH,
        "data.storefront",
    ),
    "an image": (
        "deployment",
        [
            {
                "op": "replace",
                "path": "/spec/template/spec/containers/0/image",
                "value": "registry.k8s.io/pause:3.9",
            }
        ],
        JSON_PATCH,
        "spec.template.spec.containers[shop].image",
    ),
    "the label of whose it is": (
        "service",
        {"metadata": {"labels": {"storecontroller.io/uid": None}}},
        MERGE,
        "metadata.labels.storecontroller.io/uid",
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_somebody_changed_is_found_told_and_put_back(bench: HelmBench, what: str) -> None:
    kind, body, content, field = CHANGES[what]
    release = tiny()
    bench.run(release)
    path = place(release, kind)
    before = bench.connection.get(path)
    patched(bench, path, body, content=content)
    status = bench.wait(lambda: bench.driver.status(release), ReleaseState.OUTDATED)
    (changed,) = status.changed
    assert changed.thing.startswith(f"{kind}/")
    assert field in changed.fields
    if "removal" not in what and "label" not in what:
        assert changed.who == "kubectl-edit"
    bench.driver.apply(release)
    bench.until(release, ReleaseState.CURRENT)
    after = bench.connection.get(path)
    for part in ("spec", "data"):
        assert after.get(part) == before.get(part)
    assert after["metadata"]["labels"] == before["metadata"]["labels"]


@pytest.mark.parametrize("kind", ["service", "configmap"])
def test_what_somebody_took_away_is_made_again(bench: HelmBench, kind: str) -> None:
    release = tiny()
    bench.run(release)
    bench.remove(place(release, kind))
    status = bench.wait(lambda: bench.driver.status(release), ReleaseState.OUTDATED)
    assert [item.fields for item in status.changed] == [("deleted",)]
    bench.driver.apply(release)
    bench.until(release, ReleaseState.CURRENT)
    bench.connection.get(place(release, kind))


def test_what_is_marked_to_be_kept_or_is_nobodys_business_is_left(bench: HelmBench) -> None:
    release = tiny()
    bench.run(release)
    kept, open_ = place(release, "configmap"), place(release, "service")
    note = {"metadata": {"annotations": {"storecontroller.io/drift": "keep"}}}
    patched(bench, kept, {**note, "data": {"storefront": "mine"}})
    # What the chart does not say is anybody's.
    patched(bench, open_, {"metadata": {"labels": {"team": "blue"}}})
    patched(bench, open_, {"spec": {"sessionAffinity": "ClientIP"}}, by="kubectl-patch")
    until(lambda: bench.driver.watches.view.marks(f"store-{release.name}", [("service", "web")]))
    runs = list(bench.runs)
    for _ in range(20):
        assert bench.driver.status(release).changed == ()
        assert bench.driver.apply(release).state in {ReleaseState.CURRENT, ReleaseState.PENDING}
    bench.until(release, ReleaseState.CURRENT)
    assert bench.runs == runs
    assert bench.connection.get(kept)["data"] == {"storefront": "mine"}
    assert bench.connection.get(open_)["metadata"]["labels"]["team"] == "blue"


def test_a_release_that_somebody_changed_with_helm_is_ours_again(
    bench: HelmBench, cluster: Cluster, tools: Path
) -> None:
    release = tiny()
    bench.run(release)
    namespace = f"store-{release.name}"
    done = subprocess.run(
        [
            *(str(tools / "helm4"), "upgrade", namespace, str(CHART), "--namespace", namespace),
            *("--set", "storefront=theirs", "--server-side=true", "--force-conflicts"),
        ],
        env={**os.environ, **cluster.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    bench.wait(lambda: bench.driver.status(release), ReleaseState.OUTDATED)
    bench.driver.apply(release)
    bench.until(release, ReleaseState.CURRENT)
    assert bench.connection.get(place(release, "configmap"))["data"] == {"storefront": "open"}


def test_an_orphan_that_writes_over_a_newer_release_is_found_and_put_back(
    cluster: Cluster, tools: Path, tmp_path: Path
) -> None:
    """A helm that outlived its control plane waits on a hook, and goes on when that ends."""
    with benched(cluster.kubeconfig, tmp_path, tools / "helm4") as bench:
        release = tiny()
        bench.run(release)
        old = {"hook": True, "image": "registry.k8s.io/pause:3.9", "digest": "0" * 63}
        run = ("--labels", f"{RUN}=orphan")
        with another_helm(cluster, tools, release, *run, **old) as orphan:
            # Whoever has the lease now knows that it cannot be alive, and is wrong this once.
            newer = replace(release, values={"storefront": "newer"})
            bench.driver.apply(newer)
            bench.until(newer, ReleaseState.CURRENT)
            hook = f"/apis/batch/v1/namespaces/store-{release.name}/jobs/before"
            with contextlib.suppress(DriverFailure):
                patched(bench, hook, {"spec": {"suspend": False}})
            orphan.wait(60)
        found = bench.connection.get(place(release, "deployment"))
        image = found["spec"]["template"]["spec"]["containers"][0]["image"]
        assert image == "registry.k8s.io/pause:3.9", "the orphan was not in time to do harm"
        status = bench.wait(lambda: bench.driver.status(newer), ReleaseState.OUTDATED)
        assert "deployment/web" in {changed.thing for changed in status.changed}
        bench.driver.apply(newer)
        bench.until(newer, ReleaseState.CURRENT)
        found = bench.connection.get(place(release, "deployment"))
        image = found["spec"]["template"]["spec"]["containers"][0]["image"]
        assert image == "registry.k8s.io/pause:3.10"
        assert bench.connection.get(place(release, "configmap"))["data"] == {"storefront": "newer"}


def test_somebody_elses_helm_is_waited_for_and_holds_up_no_stop(
    cluster: Cluster, tools: Path, tmp_path: Path
) -> None:
    with benched(cluster.kubeconfig, tmp_path, tools / "helm4") as bench:
        release = tiny()
        bench.run(release)
        with another_helm(cluster, tools, release, hook=True):
            newer = replace(release, values={"storefront": "newer"})
            bench.wait(lambda: bench.driver.status(newer), ReleaseState.PENDING)
            assert bench.driver.apply(newer).state is ReleaseState.PENDING
            bench.driver.stop(release.name)
            found = bench.connection.get(place(release, "deployment"))
            assert found["spec"]["replicas"] == 0

            # As it begins its hook that helm writes its record anew; who wants a stop asks again.
            def stopped() -> ReleaseStatus:
                if (status := bench.driver.status(newer)).state is not ReleaseState.STOPPED:
                    bench.driver.stop(release.name)
                return status

            bench.wait(stopped, ReleaseState.STOPPED)


def test_neither_helm_nor_chart_holds_up_a_stop_or_an_end(
    cluster: Cluster, tools: Path, tmp_path: Path
) -> None:
    with benched(cluster.kubeconfig, tmp_path, tools / "helm4") as bench:
        release = tiny()
        bench.run(release)
        usual = bench.driver._helm
        bench.driver._helm = Helm(bench.connection, tmp_path, binary="/nonexistent/helm")
        bench.driver.stop(release.name)
        assert bench.driver.status(release).state is ReleaseState.STOPPED
        assert bench.connection.get(place(release, "deployment"))["spec"]["replicas"] == 0
        bench.driver._helm = usual
        bench.driver.apply(release)
        bench.until(release, ReleaseState.CURRENT)
        bench.driver._helm = Helm(bench.connection, tmp_path, binary="/nonexistent/helm")
        bench.driver.delete(release.name)
        assert bench.driver.inventory(release.name) == ()


def test_what_somebody_starts_of_a_stopped_release_is_stopped_again(bench: HelmBench) -> None:
    release = tiny()
    bench.run(release)
    bench.driver.stop(release.name)
    assert bench.driver.status(release).state is ReleaseState.STOPPED
    patched(bench, place(release, "deployment"), {"spec": {"replicas": 1}}, by="kubectl")
    bench.wait(lambda: bench.driver.status(release), ReleaseState.OUTDATED)
    bench.driver.stop(release.name)
    assert bench.driver.status(release).state is ReleaseState.STOPPED
