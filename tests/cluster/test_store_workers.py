"""Two workers on one store, over PostgreSQL: one pauses or dies while helm or tofu is at work."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from controller.domain.kubeconfig import flattened
from provisioners.helm.releases import Records, Revision
from provisioners.kubernetes.connection import Connection
from scripts.clusterkit.base import BIN
from tests.cluster.conftest import Cluster
from tests.cluster.given import DOMAIN, IMAGE, AnyShops, whole
from tests.cluster.waiting import FACTOR, SECONDS, until
from tests.control_plane import settled
from tests.integration import cluster as distributed
from tests.services.postgres import PostgresServer
from tests.services.redis import RedisServer

pytestmark = [whole, pytest.mark.distributed]
GOING_ON = {"working", "starting", "shop_starting", "release_behind", "nothing"}
"""What is told while nothing is wrong."""
MODULE = """
variable "uid" { type = string }
variable "labels" { type = map(string) }
variable "go" { type = string }
variable "deletion_protection" {
  type    = bool
  default = true
}
variable "force_destroy" {
  type    = bool
  default = false
}
resource "terraform_data" "thing" {
  input = var.uid
  provisioner "local-exec" {
    command = "touch ${var.go}.begun; until [ -e ${var.go} ]; do sleep 0.1; done"
  }
}
output "database" { value = null }
output "media" { value = null }
output "dns" { value = null }
"""


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

    def create(self, name: str, cluster: str = "main") -> Any:
        """Ask for a store."""
        wish = {"country": "DE", "email": "owner@example.com", "plan": "starter"}
        return self.ask("POST", "/stores", {"name": name, "cluster": cluster, **wish})

    def why(self, name: str) -> tuple[str, dict[str, Any]]:
        """The probable cause, and each link of the chain."""
        status = self.ask("GET", f"/stores/{name}/why")["status"]
        return status["cause"]["code"], {layer["layer"]: layer for layer in status["layers"]}

    def missed(self, name: str) -> dict[str, Any]:
        """What is told of a worker once it is missed."""
        _, at = settled(
            lambda: self.why(name), lambda found: found[0] == "worker_lost", SECONDS * FACTOR
        )
        worker: dict[str, Any] = at["worker"]
        return worker

    def told(self, name: str, code: str) -> str:
        """What a person reads once a cause is the probable one; lines are taken together."""
        until(lambda: self.why(name)[0] == code)
        server = {
            "STORECTL_SERVER": f"http://127.0.0.1:{self.running.port}",
            "STORECTL_TOKEN": (self.running.home / "operator.token").read_text().strip(),
        }
        done = subprocess.run(
            [sys.executable, "-m", "cli", "why", name],
            env={**self.running.environ, **server, "STORECTL_LANG": "en"},
            cwd=self.running.home,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return " ".join(done.stdout.split())


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
        modules = found.home / "modules"
        (modules / "slow").mkdir(parents=True)
        (modules / "slow" / "main.tf").write_text(MODULE)
        found.environ |= {
            # Long enough for a busy machine to be asked in between, who is missed and not followed.
            "STORECTL_WORKER__LEASE_SECONDS": "6",
            "STORECTL_MAGENTO_IMAGE": IMAGE,
            "STORECTL_KUBERNETES__HELM": str(BIN / "helm4"),
            "STORECTL_TERRAFORM__PROGRAM": str(BIN / "tofu"),
            "STORECTL_TERRAFORM__MODULES": str(modules),
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
            slow = {"infrastructure": "slow", "variables": {"go": str(found.home / "go")}}
            pair.ask("POST", "/clusters", {"name": "slow", "capacity": 10, **spec, **slow})
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
    try:
        missed = pair.missed("acme")
        assert f"/{pair.running.workers[sleeper]} was at work on it" in missed["message"]
        assert missed["since"] < missed["due"]
        pair.finish(operation)
        assert [item.status for item in pair.history(namespace)] == ["deployed"]
        before = pair.ask("GET", "/stores/acme")
    finally:
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
        while pair.state(operation) != "succeeded":
            cause, at = pair.why("acme")
            assert cause in GOING_ON, at
            assert at["operation"]["code"] in {None, "pods_not_ready", "stack_not_ready"}, at
        pair.finish(operation)
        web = cluster.apps.read_namespaced_deployment(f"{namespace}-web", namespace)
        assert web.spec.replicas == now
    assert pair.history(namespace)[-1].number == before + 2


def test_a_worker_killed_with_its_helm_is_followed_by_the_other(pair: Pair) -> None:
    operation = pair.create("bakery")
    namespace = pair.namespace(operation)
    doomed, helm = pair.at_work(namespace)
    pid = pair.running.workers[doomed]
    pair.running.kill(doomed)
    with contextlib.suppress(ProcessLookupError):
        os.kill(helm.pid, signal.SIGKILL)
    until(lambda: pair.why("bakery")[0] == "worker_lost")
    found = pair.told("bakery", "release_unfinished")
    assert f"{namespace} is left pending-install" in found
    assert "what was left is cleared away and the change is made again" in found
    assert f"/{pid} is at work on it" not in found
    pair.finish(operation)
    assert [item.status for item in pair.history(namespace)][-1] == "deployed"
    assert pair.ask("GET", "/stores/bakery")["status"]["phase"] == "Ready"


def test_workers_killed_in_a_terraform_step_are_missed_until_another_one_follows(
    pair: Pair,
) -> None:
    go = pair.running.home / "go"
    operation = pair.create("cake", "slow")
    until(go.with_name("go.begun").exists)
    cause, at = pair.why("cake")
    assert cause == "working"
    assert at["operation"]["step"] == "apply-infrastructure"
    (lost,) = re.findall(r"(\S+/\d+) is at work on it", at["worker"]["message"])
    assert int(lost.rpartition("/")[2]) in pair.running.workers.values()

    gone = [*pair.running.workers]
    for name in gone:
        pair.running.kill(name)
    until(lambda: pair.why("cake")[0] == "worker_lost")
    found = pair.told("cake", "no_worker")
    assert "Building what it needs around it: “create” is at work." in found
    assert re.search(r"Nobody is at work on it: no worker runs. since \d\d:\d\d", found)
    assert "Start a worker; it goes on by itself then." in found

    # What the dead one began still holds the state; the next worker tells whose that is.
    pair.running.start(*gone)
    found = pair.told("cake", "state_locked")
    assert re.search(rf"a run of {lost} is at work: .*since 20\d\d-", found), found
    assert "it goes on by itself once that has ended" in found
    go.touch()
    pair.finish(operation)
