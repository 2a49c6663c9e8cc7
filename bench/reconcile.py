"""Processor time of a quiet look at a store, its stack included: what watching a store costs.

Floor: the question that every look asks of the shop, over the same client, without registry.
"""

import time

from bench.harness import Figure, Plane, machine, median, percentile, plane
from controller.domain.tenant import Scope
from controller.engines.rest import RestClient
from controller.registry.leases import Kind, Ref
from controller.registry.stores import StoreQuery

STORES = 24
ROUNDS = 15
GOAL_MS = 1.0


def run() -> None:
    """Measure and print."""
    with plane() as made:
        operations = [made.create(f"quiet-{number}") for number in range(STORES)]
        for operation in operations:
            made.wait(operation)
        made.worker.stop()
        quiet = _quiet(made)
        floor = _floor(made)
    figure = median(quiet)
    Figure(
        name="reconcile_noop_cpu_ms_per_store",
        figure=round(figure, 3),
        unit="ms CPU",
        floor=round(median(floor), 3),
        ratio=round(figure / median(floor), 2),
        spread=[round(min(quiet), 3), round(max(quiet), 3)],
        goal=f"<= {GOAL_MS} ms",
        met=figure <= GOAL_MS,
        detail={"p99": round(percentile(quiet, 0.99), 3), "stores": STORES, **machine()},
    ).show()


def _quiet(made: Plane) -> list[float]:
    """Milliseconds of our processor time per store, the bulk write of the sweep included."""
    rows = made.registry.stores.page(Scope.system(), StoreQuery(limit=STORES))
    found = [made.registry.stores.get(Scope.system(), row["uid"]) for row in rows]
    refs = [Ref(kind=Kind.STACK, uid=store.stack) for store in found]
    refs += [Ref(kind=Kind.STORE, uid=store.uid) for store in found]
    reconciler = made.worker.reconciler
    took = []
    for _ in range(ROUNDS):
        began = time.process_time()
        known = reconciler.load(refs)
        results = [(ref, reconciler.run(ref, known[ref])) for ref in refs]
        made.registry.queue.postpone([(ref, result.due_in or 5.0) for ref, result in results])
        made.registry.queue.due(100)
        took.append((time.process_time() - began) * 1000 / STORES)
        assert {result.ended for _, result in results} == {"quiet"}, results
    return took[3:]


def _floor(made: Plane) -> list[float]:
    rows = made.registry.stores.page(Scope.system(), StoreQuery(limit=STORES))
    found = [made.registry.stores.with_stack(row["uid"]) for row in rows]
    took = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for pair in found:
            assert pair is not None
            stack = pair[1]
            token = made.world.secrets(stack)["access_token"]
            rest = RestClient(stack.endpoint or "", token)
            rest.call("GET", "/all/V1/storecontroller/status")
            rest.close()
        took.append((time.process_time() - began) * 1000 / STORES)
    return took[3:]
