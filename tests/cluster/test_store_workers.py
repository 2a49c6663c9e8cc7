"""Two workers on one store, over PostgreSQL: one pauses or dies while helm is at work."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from controller.domain.kubeconfig import flattened
from provisioners.connection import Connection
from provisioners.helmreleases import Records, Revision
from scripts.clusterkit.base import BIN
from tests.cluster.conftest import Cluster
from tests.cluster.given import DOMAIN, IMAGE, AnyShops, whole
from tests.cluster.waiting import until
from tests.integration import cluster as distributed
from tests.services.postgres import PostgresServer
from tests.services.redis import RedisServer

pytestmark = [whole, pytest.mark.distributed]


class Pair:
    """An API and two workers, and what helm recorded of their stores."""

    def __init__(self, running: distributed.Cluster, records: Records) -> None:
        self.running = running
        self._records = records

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What the API answers; it has to agree."""
        status, content, _ = self.running.call(method, f"/api/v1{path}", body)
        assert status < 300, content
        return content

    def namespace(self, operation: Any) -> str:
        """The namespace of an operation's store."""
        return (
            f"store-{self.ask('GET', '/stores/' + operation['spec']['storeUid'])['stack']['uid']}"
        )

    def history(self, namespace: str) -> list[Revision]:
        """What helm recorded."""
        return self._records.history(namespace)

    def at_work(self, namespace: str) -> tuple[str, psutil.Process]:
        """The worker that has a helm in the middle of an installation, and that helm."""

        def pending() -> bool:
            history = self.history(namespace)
            return bool(history) and history[-1].pending

        until(pending)
        for name, pid in self.running.workers.items():
            for child in psutil.Process(pid).children():
                with contextlib.suppress(psutil.Error):
                    if namespace in child.cmdline():
                        return name, child
        raise AssertionError("helm ended before it could be found")

    def state(self, operation: Any) -> str:
        """How an operation stands."""
        found = self.ask("GET", f"/operations/{operation['metadata']['id']}")
        return str(found["status"]["state"])

    def finish(self, operation: Any) -> None:
        """See an operation through."""
        until(lambda: self.state(operation) == "succeeded", 180)

    def create(self, name: str) -> Any:
        """Ask for a store."""
        body = {"name": name, "country": "DE", "email": "owner@example.com", "plan": "starter"}
        return self.ask("POST", "/stores", body)


@pytest.fixture(scope="module")
def pair(
    cluster: Cluster,
    shops: AnyShops,
    postgres_server: PostgresServer,
    redis_server: RedisServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Pair]:
    connection = Connection(cluster.kubeconfig)
    with contextlib.closing(connection), postgres_server.database() as url:
        found = distributed.Cluster(
            tmp_path_factory.mktemp("pair"), url.replace("+psycopg", ""), redis_server.url
        )
        found.environ |= {
            "STORECTL_MAGENTO_IMAGE": IMAGE,
            "STORECTL_KUBERNETES__HELM": str(BIN / "helm4"),
        }
        found.run("migrate")
        held: set[str] = set()
        try:
            found.start("api", "one", "two")
            until(found.workers_sweep)
            until(lambda: found.readiness().get("worker"))
            pair = Pair(found, Records(connection))
            kubeconfig = flattened(cluster.kubeconfig.read_text(), None, _file)
            spec = {
                "kubeconfig": kubeconfig,
                "domain": DOMAIN,
                "shopAddress": shops.address or None,
            }
            pair.ask("POST", "/clusters", {"name": "main", "capacity": 10, **spec})
            yield pair
            held = {item["metadata"]["name"] for item in pair.ask("GET", "/stores")["items"]}
            held = {pair.ask("GET", f"/stores/{name}")["stack"]["uid"] for name in held}
        finally:
            found.end()
        for uid in held:
            cluster.core.delete_namespace(f"store-{uid}")


def _file(path: str) -> bytes:
    return Path(path).read_bytes()


def test_a_worker_that_sleeps_past_its_lease_is_overtaken_and_writes_nothing(pair: Pair) -> None:
    operation = pair.create("acme")
    namespace = pair.namespace(operation)
    sleeper, _ = pair.at_work(namespace)
    pair.running.signal(sleeper, signal.SIGSTOP)
    pair.finish(operation)
    assert [item.status for item in pair.history(namespace)] == ["deployed"]
    before = pair.ask("GET", "/stores/acme")
    pair.running.signal(sleeper, signal.SIGCONT)
    until(lambda: "lease_lost" in pair.running.log(sleeper))
    assert pair.ask("GET", "/stores/acme")["metadata"] == before["metadata"]
    assert pair.ask("GET", "/stores/acme")["status"]["phase"] == "Ready"
    assert len(pair.history(namespace)) == 1


def test_both_at_once_change_a_release_once_for_each_wish(pair: Pair, cluster: Cluster) -> None:
    until(pair.running.workers_sweep)
    until(lambda: pair.running.ready("acme"))
    namespace = f"store-{pair.ask('GET', '/stores/acme')['stack']['uid']}"
    before = pair.history(namespace)[-1].number
    for now in (2, 3):
        operation = pair.ask("POST", "/stores/acme/scale", {"min": now, "max": 4, "now": now})
        pair.finish(operation)
        web = cluster.apps.read_namespaced_deployment(f"{namespace}-web", namespace)
        assert web.spec.replicas == now
    assert pair.history(namespace)[-1].number == before + 2


def test_a_worker_killed_with_its_helm_is_followed_by_the_other(pair: Pair) -> None:
    operation = pair.create("bakery")
    namespace = pair.namespace(operation)
    doomed, helm = pair.at_work(namespace)
    pair.running.kill(doomed)
    with contextlib.suppress(ProcessLookupError):
        os.kill(helm.pid, signal.SIGKILL)
    pair.finish(operation)
    assert [item.status for item in pair.history(namespace)][-1] == "deployed"
    assert pair.ask("GET", "/stores/bakery")["status"]["phase"] == "Ready"
