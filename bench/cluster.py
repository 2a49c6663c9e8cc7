"""Stores on a cluster: how many a minute, what watching them costs, how soon a scale arrives.

Everybody works on the same chart, values and kind of API server, each on a fresh one. Peers: helm
by `xargs -P4` with its best flags, and by a serial loop with its defaults. Floor of the processor
time: the same objects by server-side apply over one connection. BENCH_STORES and
BENCH_QUIET_SECONDS make it smaller.
"""

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import func, select, update

from bench.cluster_world import World, world
from bench.harness import Figure, Plane, machine, median, percentile, plane, served
from controller.commands import Commands, Owner
from controller.commerce.drafts import Draft
from controller.domain import kubeconfig
from controller.domain.clusters import ClusterSpec
from controller.domain.naming import new_uid
from controller.domain.tenant import Scope
from controller.metrics import PASSES
from controller.registry.clusters import KUBECONFIG
from controller.registry.leases import Kind, Ref
from controller.registry.tables import StackRow, StoreRow, table
from controller.settings import KubernetesSettings
from provisioners.connection import APPLY, Connection
from scripts.clusterkit.base import BIN

STORES = int(os.environ.get("BENCH_STORES", "200"))
SERIAL = max(3, STORES // 10)
LOOKS = 1000
QUIET_SECONDS = float(os.environ.get("BENCH_QUIET_SECONDS", "300"))
SCALES = 100
CHART = Path(__file__).resolve().parents[1] / "helm" / "magento"
HELM = BIN / "helm4"
AT_ONCE = 4
STORECTL = Path(sys.executable).with_name("storectl")
_COUNTED = re.compile(r'apiserver_request_total\{.*verb="(\w+)".*\} (\S+)$')
_stacks = table(StackRow)
_stores = table(StoreRow)


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What some stores took."""

    stores: int
    applied: float
    """Seconds until the last release was there."""
    ready: float
    """Seconds until the last shop's pods were ready."""
    ours: float = 0.0
    """Processor seconds of this process."""
    helm: float = 0.0
    """Processor seconds of the programs that it started."""

    @property
    def a_minute(self) -> float:
        """Stores that were ready, in a minute."""
        return self.stores / self.ready * 60


def run() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        with world(directory / "ours") as made, _clustered(made) as ours:
            reference = _values(ours)
            controlled = _controlled(ours, made)
            _watching(ours, made)
        with world(directory / "loop") as made:
            loop = _peer(made, directory, reference, STORES, ["--disable-openapi-validation"])
        with world(directory / "serial") as made:
            serial = _peer(made, directory, reference, SERIAL, [], at_once=1)
        with world(directory / "raw") as made:
            raw = _raw(made, directory, reference, STORES)
    _show_rate(controlled, loop, serial)
    _show_cost(controlled, loop, raw)


@contextmanager
def _clustered(made: World) -> Iterator[Plane]:
    """A control plane with the world's cluster, answering `storectl`."""
    options = KubernetesSettings(helm=str(HELM), helm_at_once=AT_ONCE)
    image = "registry.example.com/shop:2.4.7-p3"
    with plane(kubernetes=options, magento_image=image) as found:
        text, server = kubeconfig.checked(
            kubeconfig.flattened(made.kubeconfig.read_text(), None, lambda p: Path(p).read_bytes())
        )
        spec = ClusterSpec(
            name="bench",
            capacity=10_000,
            domain="shops.example.com",
            tls=False,
            shop_address=made.shops,
        )
        found.registry.clusters.add(Scope.operator("bench"), spec, server, "", {KUBECONFIG: text})
        with served(found):
            yield found


def _values(ours: Plane) -> dict[str, Any]:
    """The values of one store, as peers get them; its uid stands for any."""
    first = _create(ours, "first")
    _until(lambda: _settled(ours) == 1)
    found = ours.registry.stores.with_stack(first)
    assert found is not None
    values: dict[str, Any] = dict(ours.world.release(found[1]).values)
    anybody: dict[str, Any] = json.loads(json.dumps(values).replace(found[1].uid, "THEUID"))
    return anybody


def _create(ours: Plane, name: str) -> str:
    draft = Draft(name=name, country="DE")
    owner = Owner(email="b@example.com")
    commands = Commands(
        ours.registry,
        ours.world,
        "process",
        ("sandbox",),
        lambda ref: ours.worker.hint(ref) if ref.kind is Kind.STACK else None,
    )
    store = commands.create(Scope.operator("bench"), owner, draft).operation.store
    # Peers configure no shop: what would be written into one is left out here too.
    with ours.registry.database.write() as connection:
        connection.execute(update(_stores).where(_stores.c.uid == store).values(due_at=None))
    return store


def _settled(ours: Plane) -> int:
    query = (
        select(func.count())
        .select_from(_stacks)
        .where(_stacks.c.observed_generation == _stacks.c.generation)
    )
    with ours.registry.database.read() as connection:
        return connection.execute(query).scalar_one()


def _controlled(ours: Plane, made: World) -> Spent:
    """Registry, leases, events and audit, placement, secrets, quotas: the whole way of a stack."""
    connection = Connection(made.kubeconfig)
    before, began = _processor(), time.perf_counter()
    for number in range(STORES):
        _create(ours, f"store-{number}")
    _until(lambda: _released(connection) > STORES)
    applied = time.perf_counter() - began
    _until(lambda: _settled(ours) > STORES)
    ready = time.perf_counter() - began
    after = _processor()
    return Spent(
        stores=STORES,
        applied=applied,
        ready=ready,
        ours=after[0] - before[0],
        helm=after[1] - before[1],
    )


def _peer(
    made: World,
    directory: Path,
    reference: dict[str, Any],
    stores: int,
    flags: Sequence[str],
    *,
    at_once: int = AT_ONCE,
) -> Spent:
    """A shell loop of helm over files of values."""
    connection = Connection(made.kubeconfig)
    names = [_file(directory, reference) for _ in range(stores)]
    command = [
        str(HELM), "upgrade", "--install", "{}", str(CHART), "--namespace", "{}",
        "--create-namespace", "--values", f"{directory}/{{}}.json", *flags,
    ]  # fmt: skip
    environment = {**os.environ, "KUBECONFIG": str(made.kubeconfig)}
    argv = ["xargs", f"-P{at_once}", "-I{}", *command]
    before, began = _processor(), time.perf_counter()
    listed = "\n".join(names).encode()
    subprocess.run(argv, input=listed, env=environment, check=True, stdout=subprocess.DEVNULL)
    applied = time.perf_counter() - began
    _until(lambda: _ready(connection) >= stores)
    ready = time.perf_counter() - began
    helm = _processor()[1] - before[1]
    return Spent(stores=stores, applied=applied, ready=ready, helm=helm)


def _file(directory: Path, reference: dict[str, Any]) -> str:
    uid = new_uid()
    values = json.dumps(reference).replace("THEUID", uid)
    (directory / f"store-{uid}.json").write_text(values)
    return f"store-{uid}"


def _raw(made: World, directory: Path, reference: dict[str, Any], stores: int) -> Spent:
    """The chart's objects by server-side apply, rendered beforehand: no helm at all."""
    connection = Connection(made.kubeconfig)
    name = _file(directory, reference)
    argv = [str(HELM), "template", name, str(CHART), "--namespace", name]
    argv += ["--values", f"{directory}/{name}.json"]
    rendered = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    objects = [item for item in yaml.safe_load_all(rendered) if item]
    text = json.dumps(objects)
    sets = []
    for _ in range(stores):
        other = f"store-{new_uid()}"
        sets.append((other, json.loads(text.replace(name.removeprefix("store-"), other[6:]))))
    paths = dict(_paths(connection))
    before, began = _processor(), time.perf_counter()
    for namespace, things in sets:
        metadata = {"metadata": {"name": namespace}}
        connection.request("POST", "/api/v1/namespaces", body=metadata)
        for thing in things:
            base = paths[thing["apiVersion"], thing["kind"]].format(namespace=namespace)
            connection.request(
                "PATCH",
                f"{base}/{thing['metadata']['name']}",
                query={"fieldManager": "bench", "force": True},
                body=thing,
                content=APPLY,
            )
    applied = time.perf_counter() - began
    ours = _processor()[0] - before[0]
    return Spent(stores=stores, applied=applied, ready=applied, ours=ours)


def _paths(connection: Connection) -> Iterator[tuple[tuple[str, str], str]]:
    """Where objects of each kind are written."""
    groups = connection.get("/apis")["groups"]
    found = (f"/apis/{group['preferredVersion']['groupVersion']}" for group in groups)
    for base in ("/api/v1", *found):
        version = base.split("/", 2)[2]
        for kind in connection.get(base)["resources"]:
            if kind["namespaced"] and "/" not in kind["name"]:
                yield (version, kind["kind"]), f"{base}/namespaces/{{namespace}}/{kind['name']}"


def _watching(ours: Plane, made: World) -> None:
    """What is measured of stores that stand: quiet, a pass without anything to do, a scale."""
    _show_quiet(made)
    _show_scales(ours, made)
    _until(lambda: _settled(ours) > STORES)
    ours.worker.stop()
    looks, seconds = _quiet_looks(ours)
    again = _helm_again(ours, made)
    ratio = again / looks
    Figure(
        name="cluster_noop_pass_cost",
        figure=round(looks, 2),
        unit="ms CPU per store",
        floor=round(again, 1),
        ratio=round(ratio, 1),
        spread=[round(seconds, 2), round(seconds, 2)],
        goal=">= 20 x cheaper than helm upgrade --install",
        met=ratio >= 20,
        detail={"looks": LOOKS, "stores": STORES, "wall_ms": round(seconds, 2), **machine()},
    ).show()


def _show_quiet(made: World) -> None:
    """Requests that write, by everybody, while nothing is to be done."""
    connection = Connection(made.kubeconfig)
    time.sleep(5.0)
    writes, looked = _writes(connection), _looks()
    time.sleep(QUIET_SECONDS)
    figure = _writes(connection) - writes
    Figure(
        name="cluster_quiet_writes",
        figure=figure,
        unit=f"write requests in {QUIET_SECONDS:g} quiet seconds",
        floor=0,
        ratio=0.0 if figure == 0 else float("inf"),
        spread=[figure, figure],
        goal="0",
        met=figure == 0,
        detail={"stores": STORES, "passes": round(_looks() - looked), **machine()},
    ).show()


def _writes(connection: Connection) -> float:
    """How many requests that write the API server has answered."""
    counted = 0.0
    for line in connection.text("/metrics").splitlines():
        found = _COUNTED.match(line)
        if found and found[1] in {"POST", "PUT", "PATCH", "DELETE", "APPLY"}:
            counted += float(found[2])
    return counted


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
        called = subprocess.Popen(argv, env=ours.environment, stdout=subprocess.DEVNULL)
        for line in stream.lines():
            if json.loads(line)["object"]["spec"].get("replicas") == now:
                break
        took = (time.perf_counter() - began) * 1000
    assert called.wait() == 0
    _until(lambda: _settled(ours) > STORES)
    return took


def _nothing() -> float:
    """Milliseconds of the interpreter doing nothing: what a command costs at least."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return (time.perf_counter() - began) * 1000


def _refs(ours: Plane) -> list[Ref]:
    with ours.registry.database.read() as connection:
        return [
            Ref(kind=Kind.STACK, uid=uid)
            for uid in connection.execute(select(_stacks.c.uid)).scalars()
        ]


def _quiet_looks(ours: Plane) -> tuple[float, float]:
    """Milliseconds of processor and of time for a look at a stack that is as wanted."""
    refs = _refs(ours)
    reconciler = ours.worker.reconciler
    done = 0
    before, began = _processor(), time.perf_counter()
    while done < LOOKS:
        known = reconciler.load(refs)
        results = [(ref, reconciler.run(ref, known[ref])) for ref in refs]
        ours.registry.queue.postpone([(ref, result.due_in or 5.0) for ref, result in results])
        assert {result.ended for _, result in results} == {"quiet"}, results
        done += len(refs)
    took = _processor()[0] - before[0]
    return took * 1000 / done, (time.perf_counter() - began) * 1000 / done


def _helm_again(ours: Plane, made: World) -> float:
    """Milliseconds of processor for helm's own upgrade that changes nothing."""
    uids = [ref.uid for ref in _refs(ours)][:10]
    environment = {**os.environ, "KUBECONFIG": str(made.kubeconfig)}
    before = _processor()
    for uid in uids:
        name = f"store-{uid}"
        argv = [str(HELM), "upgrade", "--install", name, str(CHART), "-n", name, "--reuse-values"]
        argv += ["--disable-openapi-validation"]
        subprocess.run(argv, env=environment, check=True, stdout=subprocess.DEVNULL)
    return (_processor()[1] - before[1]) * 1000 / len(uids)


def _show_rate(controlled: Spent, loop: Spent, serial: Spent) -> None:
    ratio = controlled.a_minute / loop.a_minute
    twice = controlled.a_minute / serial.a_minute
    Figure(
        name="cluster_stores_per_minute",
        figure=round(controlled.a_minute, 1),
        unit="stores ready a minute",
        floor=round(loop.a_minute, 1),
        ratio=round(ratio, 3),
        spread=[round(controlled.a_minute, 1), round(controlled.a_minute, 1)],
        goal=">= 0.9 x xargs -P4 of helm at its best, >= 2 x a serial loop with its defaults",
        met=ratio >= 0.9 and twice >= 2,
        detail={
            "stores": STORES,
            "against_serial": round(twice, 2),
            "serial_a_minute": round(serial.a_minute, 1),
            "applied_a_minute": round(STORES / controlled.applied * 60, 1),
            "loop_applied_a_minute": round(STORES / loop.applied * 60, 1),
            **machine(),
        },
    ).show()


def _show_cost(controlled: Spent, loop: Spent, raw: Spent) -> None:
    ours = controlled.ours * 1000 / STORES
    floor = raw.ours * 1000 / STORES
    Figure(
        name="cluster_cpu_ms_per_store",
        figure=round(ours, 1),
        unit="ms CPU of ours per store",
        floor=round(floor, 1),
        ratio=round(ours / floor, 1),
        spread=[round(ours, 1), round(ours, 1)],
        goal="stated",
        met=True,
        detail={
            "helm_ms": round(controlled.helm * 1000 / STORES, 1),
            "loop_helm_ms": round(loop.helm * 1000 / STORES, 1),
            "raw_apply_a_minute": round(STORES / raw.applied * 60, 1),
            **machine(),
        },
    ).show()


def _processor() -> tuple[float, float]:
    """Processor seconds of this process, and of those that it waited for."""
    own, others = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime, others.ru_utime + others.ru_stime


def _released(connection: Connection) -> int:
    query = {"labelSelector": "owner=helm,status=deployed"}
    metadata = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    pages = connection.pages("/api/v1/secrets", query, accept=metadata)
    return sum(len(page["items"]) for page in pages)


def _ready(connection: Connection) -> int:
    """Shops whose every workload is ready."""
    ready: dict[str, bool] = {}
    for path in ("/apis/apps/v1/deployments", "/apis/apps/v1/statefulsets"):
        for page in connection.pages(path):
            for item in page["items"]:
                status = item["status"]
                well = status.get("readyReplicas", 0) >= item["spec"].get("replicas", 1)
                namespace = item["metadata"]["namespace"]
                ready[namespace] = ready.get(namespace, True) and well
    return sum(ready.values())


def _until(done: Callable[[], bool], seconds: float = 1800.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.5)
