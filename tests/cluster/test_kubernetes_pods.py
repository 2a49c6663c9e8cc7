"""Logs and programs of a release's containers, through the API server to the door of a kubelet."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioners.base import DriverFailure, LogQuery, Release
from provisioners.kubernetes.errors import StreamCutError
from tests.cluster.conftest import Cluster
from tests.cluster.given import stood_in
from tests.cluster.helm_bench import HelmBench, benched, tiny
from tests.cluster.kubelet_door import Door, opened
from tests.cluster.waiting import until


@pytest.fixture
def door(cluster: Cluster, tmp_path: Path) -> Iterator[Door]:
    """The door of the stand-in's node."""
    with opened(cluster.api, tmp_path / "door") as found:
        yield found


@pytest.fixture
def bench(cluster: Cluster, tools: Path, tmp_path: Path) -> Iterator[HelmBench]:
    with benched(cluster.kubeconfig, tmp_path, tools / "helm4") as found:
        yield found


@pytest.fixture
def release(bench: HelmBench) -> Release:
    found = tiny(replicas=2)
    bench.run(found)
    return found


def pods(bench: HelmBench, release: Release) -> list[str]:
    held = bench.driver.inventory(release.name)
    return [item.removeprefix("pod/") for item in held if item.startswith("pod/")]


@stood_in
def test_the_last_lines_of_every_container_are_told(
    door: Door, bench: HelmBench, release: Release
) -> None:
    one, two = pods(bench, release)
    door.printed = {(one, "shop"): ["a", "b", "c"], (two, "shop"): ["d"]}
    assert bench.driver.logs(release.name, LogQuery(tail=2)) == [f"{one} shop: c", f"{two} shop: d"]
    assert len(bench.driver.logs(release.name, LogQuery(tail=9))) == 4
    assert bench.driver.logs(release.name, LogQuery(tail=0)) == []


@stood_in
def test_lines_of_all_pods_are_in_the_order_of_time_and_can_be_chosen(
    door: Door, bench: HelmBench, release: Release
) -> None:
    one, two = pods(bench, release)
    stamp = "2026-01-01T00:00:0{}.000000000Z {}"
    door.printed = {
        (one, "shop"): [stamp.format(1, "a"), stamp.format(4, "d")],
        (two, "shop"): [stamp.format(2, "b"), stamp.format(3, "c")],
    }
    told = bench.driver.logs(release.name, LogQuery(tail=3))
    assert told == [f"{two} shop: b", f"{two} shop: c", f"{one} shop: d"]
    for chosen in (LogQuery(pod=two), LogQuery(pod=two, container="shop")):
        lines = bench.driver.logs(release.name, chosen)
        assert lines == [f"{two} shop: b", f"{two} shop: c"]
    with pytest.raises(DriverFailure, match="shop") as refused:
        bench.driver.logs(release.name, LogQuery(container="nginx"))
    assert refused.value.code == "no_log"


@stood_in
def test_what_is_in_trouble_is_told_alone_with_what_it_said_before(
    door: Door, bench: HelmBench, cluster: Cluster, release: Release
) -> None:
    one, two = pods(bench, release)
    last = {"exitCode": 1, "reason": "Error", "message": "m"}
    state = {
        "name": "shop",
        "image": "x",
        "imageID": "",
        "ready": False,
        "restartCount": 3,
        "state": {"running": None, "waiting": {"reason": "CrashLoopBackOff", "message": "m"}},
        "lastState": {"terminated": last},
    }
    unready = [{"type": kind, "status": "False"} for kind in ("Ready", "ContainersReady")]
    status = {"phase": "Running", "conditions": unready, "containerStatuses": [state]}
    namespace = f"store-{release.name}"
    cluster.core.patch_namespaced_pod_status(
        two, namespace, {"status": status}, _preload_content=False
    )
    door.printed = {(one, "shop"): ["fine"], (two, "shop"): ["again"]}
    door.before = {(two, "shop"): ["out of room"]}
    wanted = [f"{two} shop (before): out of room", f"{two} shop: again"]
    until(lambda: bench.driver.logs(release.name, LogQuery()) == wanted)
    assert f"{one} shop: fine" in bench.driver.logs(release.name, LogQuery(whole=True))


@stood_in
def test_new_lines_are_followed_until_nobody_reads(
    door: Door, bench: HelmBench, release: Release
) -> None:
    one, two = pods(bench, release)
    door.printed = {(one, "shop"): ["old"], (two, "shop"): []}
    told: list[str] = []
    following = bench.driver.follow(release.name, LogQuery())
    end = time.monotonic() + 30
    # Lines are written until both followers are there to see one of them.
    while {line.split()[0] for line in told} != {one, two}:
        assert time.monotonic() < end
        for place, lines in door.printed.items():
            lines.append(f"new {place[0]}")
        if line := next(following):
            told.append(line)
    following.close()  # type: ignore[attr-defined]
    assert all(line.partition(" shop: ")[2].startswith("new ") for line in told)


@stood_in
@pytest.mark.parametrize(("program", "status"), [("echo", 0), ("false", 3)])
def test_a_program_runs_in_a_container_and_tells_how_it_ended(
    door: Door, bench: HelmBench, release: Release, program: str, status: int
) -> None:
    argv = [program, "cache:flush", "--with a space & more"]
    result = bench.driver.execute(release.name, "web", "shop", argv, timeout=20)
    assert (result.returncode, result.error) == (status, program)
    assert result.output == "cache:flush --with a space & more"


@stood_in
def test_a_program_that_does_not_end_is_left(
    door: Door, bench: HelmBench, release: Release
) -> None:
    with pytest.raises(StreamCutError) as caught:
        bench.driver.execute(release.name, "web", "shop", ["sleep", "60"], timeout=0.5)
    assert "0.5 seconds" in caught.value.detail


def test_a_component_without_a_ready_pod_is_named(bench: HelmBench, release: Release) -> None:
    with pytest.raises(DriverFailure) as caught:
        bench.driver.execute(release.name, "cron", "shop", ["true"], timeout=5)
    assert caught.value.code == "no_pod"
