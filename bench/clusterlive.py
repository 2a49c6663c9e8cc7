"""Stores that sell on a cluster: who writes while nothing is to do, how soon a scale arrives.

A sandbox shop stands behind each release. BENCH_QUIET_SECONDS and BENCH_SCALES make it shorter.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.cluster import clustered, settled, until
from bench.cluster_world import World, world, writes
from bench.harness import Figure, Plane, machine, median, percentile, served
from controller.domain.tenant import Scope
from controller.metrics import PASSES
from provisioners.kubernetes.connection import Connection

STORES = 10
QUIET_SECONDS = float(os.environ.get("BENCH_QUIET_SECONDS", "300"))
SCALES = int(os.environ.get("BENCH_SCALES", "100"))
STORECTL = Path(sys.executable).with_name("storectl")


def run() -> None:
    """Measure and print."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        world(Path(scratch) / "selling", selling=True) as made,
        clustered(made) as ours,
        served(ours),
    ):
        operations = [ours.create(f"store-{number}") for number in range(STORES)]
        ended = {str(ours.wait(operation).state) for operation in operations}
        assert ended == {"succeeded"}, ended
        _show_quiet(made)
        _show_scales(ours, made)


def _show_quiet(made: World) -> None:
    """Requests that write, by everybody, while nothing is to be done."""
    connection = Connection(made.kubeconfig)
    time.sleep(5.0)
    before, looked = writes(connection), _looks()
    time.sleep(QUIET_SECONDS)
    written = writes(connection) - before
    figure = sum(written.values())
    Figure(
        name="cluster_quiet_writes",
        figure=figure,
        unit=f"write requests in {QUIET_SECONDS:g} quiet seconds",
        floor=0,
        ratio=0.0 if figure == 0 else float("inf"),
        spread=[figure, figure],
        goal="0",
        met=figure == 0,
        detail={
            "stores": STORES,
            "passes": round(_looks() - looked),
            "written": dict(written),
            **machine(),
        },
    ).show()


def _looks() -> float:
    return sum(
        sample.value
        for metric in PASSES.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    )


def _show_scales(ours: Plane, made: World) -> None:
    """From the start of `storectl scale` until the cluster's API server has the other number."""
    took = [_scaled(ours, made, number) for number in range(SCALES)]
    floor = [_nothing() for _ in range(20)]
    figure = percentile(took, 0.99)
    Figure(
        name="cluster_scale_ms",
        figure=round(figure, 1),
        unit="ms, p99",
        floor=round(median(floor), 1),
        ratio=round(figure / median(floor), 1),
        spread=[round(min(took), 1), round(max(took), 1)],
        goal="<= 250 ms",
        met=figure <= 250,
        detail={"p50": round(median(took), 1), "scales": SCALES, "stores": STORES, **machine()},
    ).show()


def _scaled(ours: Plane, made: World, number: int) -> float:
    """Milliseconds of one scale, of another store each time."""
    name = f"store-{number % STORES}"
    store = ours.registry.stores.get(Scope.system(), name)
    now = 2 + number // STORES
    argv = [str(STORECTL), "scale", name, "--now", str(now), "--no-wait"]
    path = f"/apis/apps/v1/namespaces/store-{store.stack}/deployments"
    connection = Connection(made.kubeconfig)
    version = connection.get(path)["metadata"]["resourceVersion"]
    query: dict[str, str | int | bool] = {"watch": True, "resourceVersion": version}
    with connection.stream(path, query, idle=60.0) as stream:
        began = time.perf_counter()
        quiet = subprocess.DEVNULL
        called = subprocess.Popen(argv, env=ours.environment, stdout=quiet, stderr=quiet)
        for line in stream.lines():
            if json.loads(line)["object"]["spec"].get("replicas") == now:
                break
        took = (time.perf_counter() - began) * 1000
    assert called.wait() == 0
    until(lambda: settled(ours) >= STORES)
    return took


def _nothing() -> float:
    """Milliseconds of the interpreter doing nothing: what a command costs at least."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return (time.perf_counter() - began) * 1000
