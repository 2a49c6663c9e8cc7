"""Two workers, PostgreSQL and Redis as real processes, and what happens when one of them dies.

The lease lasts two seconds here. Each test leaves both workers and Redis running.
"""

import json
import os
import signal
import statistics
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import psycopg
import pytest
from redis import Redis

from controller.jobs.app import PEOPLE, build_publisher
from controller.registry.leases import Kind, Ref
from tests.integration.cluster import LEASE_SECONDS, Cluster, until
from tests.integration.conftest import Distributed
from tests.services.redis import RedisServer

pytestmark = pytest.mark.distributed

OVERTAKING = LEASE_SECONDS + 15.0
"""The lease, a sweep, and what is left of the creation on a busy machine. Celery by itself would
give the work to another worker after two minutes."""


@contextmanager
def paused(*processes: int | psutil.Process) -> Iterator[None]:
    pids = [each if isinstance(each, int) else each.pid for each in processes]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def hints_arrive(cluster: Cluster, url: str, marker: str) -> bool:
    """Ring for a subject that does not exist, and say whether a worker heard any such ring."""
    build_publisher(url)(Ref(kind=Kind.STORE, uid=marker))
    return any(f"store:{marker}" in cluster.log(name) for name in cluster.workers)


def one_process_each(cluster: Cluster, *names: str) -> None:
    """Wait until each store is sold, from exactly one process."""
    until(lambda: cluster.ready(*names), f"{names} ready")
    uids = {name: stack_of(cluster, name) for name in names}
    until(
        lambda: all(len(cluster.shops(uid)) == 1 for uid in uids.values()),
        "one process for each store",
    )
    for name in names:
        with urllib.request.urlopen(cluster.store(name)["status"]["url"], timeout=5) as page:
            assert page.status == 200


def stack_of(cluster: Cluster, name: str) -> str:
    """The directory name of a store's stack."""
    address = cluster.environ["STORECTL_DATABASE_URL"]
    with psycopg.connect(address) as connection:
        query = "SELECT stack_uid FROM stores WHERE reserved_slug = %s"
        row = connection.execute(query, (name,)).fetchone()
    assert row is not None
    return str(row[0])


def holder(cluster: Cluster, name: str) -> int:
    """The pid of the worker that holds a store's stack; 0 for nobody."""
    subject = f"stack:{stack_of(cluster, name)}"
    with psycopg.connect(cluster.environ["STORECTL_DATABASE_URL"]) as connection:
        query = "SELECT holder FROM leases WHERE subject = %s"
        row = connection.execute(query, (subject,)).fetchone()
    return int(row[0].rpartition("/")[2]) if row else 0


def awaits_its_shop(cluster: Cluster, name: str) -> bool:
    """Whether a worker has written that it waits for the store's shop, and now does just that."""
    operation = cluster.store(name)["metadata"]["operation"]
    steps = cluster.call("GET", f"/api/v1/operations/{operation}")[1]["status"]["steps"]
    return any(step["name"] == "await-engine" and step["state"] == "running" for step in steps)


def succeeded(cluster: Cluster, name: str) -> int:
    """How often the journal says that an operation of the store succeeded."""
    events = cluster.call("GET", f"/api/v1/stores/{name}/events")[1]["items"]
    return sum(event["reason"] == "OperationSucceeded" for event in events)


def test_two_workers_make_five_stores_with_one_process_each(distributed: Distributed) -> None:
    cluster = distributed.cluster
    names = [f"five-{number}" for number in range(5)]
    for name in names:
        cluster.create(name)
    one_process_each(cluster, *names)
    assert [succeeded(cluster, name) for name in names] == [1] * 5
    # Nobody drove a subject that somebody else held.
    assert not any("lease_lost" in cluster.log(name) for name in cluster.workers)


def test_stores_complete_by_the_sweep_while_redis_is_dead_and_hints_return_with_it(
    distributed: Distributed,
) -> None:
    cluster, redis = distributed.cluster, distributed.redis
    names = [f"bell-{number}" for number in range(6)]
    for name in names[:3]:
        cluster.create(name)
    redis.kill()
    for name in names[3:]:
        cluster.create(name)
    one_process_each(cluster, *names)
    redis.start()
    until(lambda: hints_arrive(cluster, redis.url, "redis-is-back"), "a hint heard", 30)
    cluster.create("bell-again")
    one_process_each(cluster, "bell-again")


@pytest.mark.parametrize("how", ["dead", "silent"])
def test_requests_do_not_wait_for_a_redis_that_is(distributed: Distributed, how: str) -> None:
    cluster, redis = distributed.cluster, distributed.redis
    # Nothing but the API works meanwhile: what is measured is the answer alone.
    with paused(*cluster.workers.values()):
        usual = statistics.median(cluster.create(f"{how}-usual-{number}") for number in range(5))
        with broken(redis, how):
            took = [cluster.create(f"{how}-{number}") for number in range(5)]
    # A caller that waited for Redis would wait half a second for each of two hints.
    assert statistics.median(took) < usual + 0.25, (usual, took)
    assert max(took) < usual + 0.8, (usual, took)
    names = [f"{how}-{number}" for number in range(5)]
    one_process_each(cluster, *names)


@contextmanager
def broken(redis: RedisServer, how: str) -> Iterator[None]:
    """Redis gone, or there and never answering."""
    if how == "dead":
        redis.kill()
        try:
            yield
        finally:
            redis.start()
        return
    served = next(
        child
        for child in psutil.Process().children(recursive=True)
        if f":{redis.port}" in " ".join(child.cmdline())
    )
    with paused(served):
        yield


def test_the_other_worker_takes_over_from_one_that_was_killed(distributed: Distributed) -> None:
    cluster = distributed.cluster
    before = cluster.pids()
    cluster.create("orphan")
    victim, shop = until(lambda: cluster.births(since=before), "a shop that starts")[0]
    cluster.kill(victim)
    until(lambda: cluster.ready("orphan"), "the other worker's success", OVERTAKING)
    one_process_each(cluster, "orphan")
    assert shop.is_running(), "the shop belongs to no worker"
    assert succeeded(cluster, "orphan") == 1
    cluster.start(victim)
    until(cluster.workers_sweep, "two workers again")


def test_a_worker_that_slept_past_its_lease_writes_nothing(distributed: Distributed) -> None:
    cluster = distributed.cluster
    before = cluster.pids()
    cluster.create("sleeper")
    name, shop = until(lambda: cluster.births(since=before), "a shop that starts")[0]
    sleeper = cluster.workers[name]
    lost = cluster.log(name).count("lease_lost")
    # While the shop sleeps the worker waits for it, and holds no transaction open.
    with paused(shop):
        until(lambda: awaits_its_shop(cluster, "sleeper"), "the first worker waiting")
        until(lambda: holder(cluster, "sleeper") == sleeper, "the lease of the first worker")
        with paused(sleeper):
            others = set(cluster.workers.values()) - {sleeper}
            until(
                lambda: holder(cluster, "sleeper") in others or cluster.ready("sleeper"),
                "the lease of the other worker",
                OVERTAKING,
            )
            os.kill(shop.pid, signal.SIGCONT)
            until(lambda: cluster.ready("sleeper"), "the other worker's success")
            was = cluster.store("sleeper")
    until(lambda: cluster.log(name).count("lease_lost") > lost, "the sleeper noticed")
    one_process_each(cluster, "sleeper")
    now = cluster.store("sleeper")
    assert now["metadata"]["generation"] == now["status"]["observedGeneration"] == 1
    assert now["status"]["conditions"] == was["status"]["conditions"]
    assert succeeded(cluster, "sleeper") == 1


def test_a_worker_ends_in_order_and_its_shops_run_on(distributed: Distributed) -> None:
    cluster = distributed.cluster
    cluster.create("stays")
    one_process_each(cluster, "stays")
    before = cluster.pids()
    names = sorted(cluster.workers)
    cluster.stop(*names)
    assert cluster.pids() == before
    # It says good-bye: nobody has to wait for its lease to end.
    assert cluster.readiness() == {"worker": False, "database": True, "storage": True}
    cluster.start(*names)
    until(cluster.workers_sweep, "two workers again")
    assert cluster.readiness() == {"worker": True, "database": True, "storage": True}


def test_workers_share_the_work_by_queue(distributed: Distributed) -> None:
    cluster = distributed.cluster
    names = sorted(cluster.workers)
    cluster.stop(*names)
    for queue in ("people", "resync"):
        cluster.start(queue, arguments=("--queues", queue))
    until(cluster.workers_sweep, "both workers")
    cluster.create("shared")
    one_process_each(cluster, "shared")
    assert "hint_received" in cluster.log("people")
    assert "hint_received" not in cluster.log("resync")
    assert "bell_received" not in cluster.log("people")
    # Nobody waits for what has died since: it is found by those who look at everything else.
    stack = stack_of(cluster, "shared")
    (before,) = cluster.shops(stack)
    cluster.stop("people")
    before.kill()
    until(lambda: any(shop != before for shop in cluster.shops(stack)), "the shop again")
    cluster.stop("resync")
    cluster.start(*names)
    until(cluster.workers_sweep, "two workers again")


def test_messages_are_json_with_a_kind_and_a_uid_and_nothing_else(
    breakable_redis: RedisServer,
) -> None:
    build_publisher(breakable_redis.url)(Ref(kind=Kind.STACK, uid="abc"))
    with Redis.from_url(breakable_redis.url) as client:
        message = json.loads(client.lpop(PEOPLE))
    assert message["content-type"] == "application/json"
    assert message["headers"]["argsrepr"] == "('stack', 'abc')"
    assert message["headers"]["eta"] is None
    assert message["headers"]["ignore_result"] is True
