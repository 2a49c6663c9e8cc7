"""Stores on a cluster: how many a minute, what they cost, what watching them costs.

Everybody works on the same chart, values and kind of API server, each on a fresh one. Peers: helm
by `xargs -P4` with its best flags, and by a serial loop with its defaults. Floor of the processor
time: the same objects by server-side apply over one connection. BENCH_STORES makes it smaller, as
BENCH_WATCHED does the pass over stores that stand as they should.
"""

import json
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import func, select, update

from bench.cluster_world import World, world, writes
from bench.harness import Figure, Plane, machine, plane
from controller.commerce.drafts import Draft
from controller.domain import kubeconfig
from controller.domain.clusters import ClusterSpec
from controller.domain.naming import new_uid
from controller.domain.tenant import Scope
from controller.registry.clusters import KUBECONFIG
from controller.registry.leases import Kind, Ref
from controller.registry.tables import StackRow, StoreRow, table
from controller.services.stores import Owner, StoreService
from controller.settings import KubernetesSettings
from provisioners.helm.program import GO
from provisioners.kubernetes.connection import APPLY, Connection
from scripts.clusterkit.base import BIN

STORES = int(os.environ.get("BENCH_STORES", "200"))
SERIAL = max(3, STORES // 10)
WATCHED = max(STORES, int(os.environ.get("BENCH_WATCHED", "1000")))
CHART = Path(__file__).resolve().parents[1] / "helm" / "magento"
HELM = BIN / "helm4"
AT_ONCE = 4
_BATCH = 200
_BEST = ["--disable-openapi-validation"]
_stacks = table(StackRow)
_stores = table(StoreRow)


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What some stores took."""

    stores: int
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
        with world(directory / "ours") as made, clustered(made) as ours:
            reference = _values(ours)
            controlled = _controlled(ours, made)
            _watching(ours, made)
        with world(directory / "loop") as made:
            loop = _peer(made, directory, reference, STORES, _BEST)
        with world(directory / "tuned") as made:
            tuned = _peer(made, directory, reference, STORES, _BEST, tuned=GO)
        with world(directory / "serial") as made:
            serial = _peer(made, directory, reference, SERIAL, [], at_once=1)
        with world(directory / "raw") as made:
            raw = _raw(made, directory, reference, STORES)
    _show_rate(controlled, loop, tuned, serial)
    _show_cost(controlled, loop, raw)


@contextmanager
def clustered(made: World) -> Iterator[Plane]:
    """A control plane with the world's cluster."""
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
        yield found


def _values(ours: Plane) -> dict[str, Any]:
    """The values of one store, as peers get them; its uid stands for any."""
    first = _create(ours, "first")
    until(lambda: settled(ours) == 1)
    found = ours.registry.stores.with_stack(first)
    assert found is not None
    values: dict[str, Any] = dict(ours.world.release(found[1]).values)
    anybody: dict[str, Any] = json.loads(json.dumps(values).replace(found[1].uid, "THEUID"))
    return anybody


def _create(ours: Plane, name: str) -> str:
    draft = Draft(name=name, country="DE")
    owner = Owner(email="b@example.com")
    commands = StoreService(
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


def settled(ours: Plane) -> int:
    query = (
        select(func.count())
        .select_from(_stacks)
        .where(_stacks.c.observed_generation == _stacks.c.generation)
    )
    with ours.registry.database.read() as connection:
        return connection.execute(query).scalar_one()


def _controlled(ours: Plane, made: World) -> Spent:
    """Registry, leases, events and audit, placement, secrets, quotas: the whole way of a stack."""
    before, began = _processor(), time.perf_counter()
    for number in range(STORES):
        _create(ours, f"store-{number}")
    # The registry is asked: lists of all releases would be work for the server that nobody wants.
    until(lambda: settled(ours) > STORES)
    ready = time.perf_counter() - began
    after = _processor()
    assert _released(Connection(made.kubeconfig)) > STORES
    return Spent(
        stores=STORES,
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
    tuned: Mapping[str, str] | None = None,
) -> Spent:
    """A shell loop of helm over files of values."""
    connection = Connection(made.kubeconfig)
    names = [_file(directory, reference) for _ in range(stores)]
    command = [
        str(HELM), "upgrade", "--install", "{}", str(CHART), "--namespace", "{}",
        "--create-namespace", "--values", f"{directory}/{{}}.json", *flags,
    ]  # fmt: skip
    environment = {**os.environ, "KUBECONFIG": str(made.kubeconfig), **(tuned or {})}
    argv = ["xargs", f"-P{at_once}", "-I{}", *command]
    before, began = _processor(), time.perf_counter()
    listed = "\n".join(names).encode()
    subprocess.run(argv, input=listed, env=environment, check=True, stdout=subprocess.DEVNULL)
    until(lambda: _ready(connection) >= stores)
    ready = time.perf_counter() - began
    helm = _processor()[1] - before[1]
    return Spent(stores=stores, ready=ready, helm=helm)


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
    return Spent(stores=stores, ready=applied, ours=ours)


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
    """What a pass over stores costs that stand as they should."""
    for number in range(STORES, WATCHED):
        _create(ours, f"store-{number}")
    until(lambda: settled(ours) > WATCHED)
    ours.worker.stop()
    connection = Connection(made.kubeconfig)
    before = writes(connection)
    looks, seconds = _quiet_looks(ours)
    written = dict(writes(connection) - before)
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
        met=ratio >= 20 and not written,
        detail={
            "stores": WATCHED,
            "wall_ms": round(seconds, 2),
            "written": written,
            **machine(),
        },
    ).show()


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
    before, began = _processor(), time.perf_counter()
    for start in range(0, len(refs), _BATCH):
        batch = refs[start : start + _BATCH]
        known = reconciler.load(batch)
        results = [(ref, reconciler.run(ref, known[ref])) for ref in batch]
        ours.registry.queue.postpone([(ref, result.due_in or 5.0) for ref, result in results])
        assert {result.ended for _, result in results} == {"quiet"}, results
    took = _processor()[0] - before[0]
    return took * 1000 / len(refs), (time.perf_counter() - began) * 1000 / len(refs)


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


def _show_rate(controlled: Spent, loop: Spent, tuned: Spent, serial: Spent) -> None:
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
            "against_loop_with_our_go_settings": round(controlled.a_minute / tuned.a_minute, 3),
            "against_serial": round(twice, 2),
            "serial_a_minute": round(serial.a_minute, 1),
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
            "raw_apply_a_minute": round(raw.a_minute, 1),
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


def until(done: Callable[[], bool], seconds: float = 1800.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.5)
