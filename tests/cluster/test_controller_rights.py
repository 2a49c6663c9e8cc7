"""The rights that the controller chart gives: enough for a store's whole life, and none too many.

Each life runs under a service account with the chart's rules: namespace and secrets, installation,
upgrade, faults explained, scaling, logs, a program, stop, rollback, end. What was asked of the API
server on the way is recorded and held against the rules.
"""

import contextlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from controller.domain.naming import new_uid
from controller.domain.plans import Plan
from provisioners.base import (
    DriverFailure,
    Infrastructure,
    LogQuery,
    Release,
    ReleaseState,
    Replicas,
)
from provisioners.helm.charts import HelmChart
from provisioners.helm.driver import HelmDriver
from provisioners.helm.program import Helm
from provisioners.kubernetes.connection import Connection
from provisioners.kubernetes.namespaces import Namespaces, NamespaceSpec
from provisioners.kubernetes.pods import Pods
from provisioners.terraform.builder import Module, Terraform
from provisioners.terraform.clusterstates import KubernetesStates
from provisioners.terraform.program import Program
from tests.cluster import controller_chart, faulty, magento_chart
from tests.cluster.conftest import Cluster
from tests.cluster.controller_account import Accounts, Right, granted, used, written
from tests.cluster.given import stood_in
from tests.cluster.kubelet import connected
from tests.cluster.kubelet_door import Door, opened
from tests.cluster.magento_chart import GATEWAY, Charted, Object, laid_over, planned
from tests.cluster.waiting import until

pytestmark = stood_in
# Everything that the magento chart can consist of.
EVERYTHING: Object = {
    "metrics": {"enabled": True, "serviceMonitor": {"enabled": True}},
    "gateway": GATEWAY,
    "ingress": {"enabled": True},
}
NOTHING_MORE: Object = {
    "metrics": {"enabled": False, "serviceMonitor": {"enabled": False}},
    "gateway": {"enabled": False},
    "ingress": {"enabled": False},
    "networkPolicy": {"enabled": False},
    "install": {"enabled": False},
    "backup": {"enabled": False},
    "web": {"autoscaling": {"enabled": False}, "disruptionBudget": False},
}


def title(rule: Object) -> str:
    return "+".join(rule["resources"])


RULES = written("ClusterRole")
STATES = written("Role")


@dataclass(frozen=True, kw_only=True)
class Life:
    """One store's release, from its namespace to an empty inventory."""

    cluster: Cluster
    door: Door
    driver: HelmDriver
    pods: Pods
    wanted: dict[str, Mapping[str, str]]
    patience: float
    """Seconds for the cause of a fault to be found."""
    name: str

    def release(self, *over: Object) -> Release:
        values: Object = laid_over(planned(Plan.GROWTH), {"store": {"uid": self.name}})
        for each in over:
            values = laid_over(values, each)
        return Release(name=self.name, chart="magento", version="1", values=values)

    def live(self, *, helm_alone: bool = False) -> None:
        """Raises what the driver raises, and AssertionError for what does not come to pass.

        `helm_alone` leaves out what is the same with every helm.
        """
        driver, name = self.driver, self.name
        driver.apply_secrets(name, {"crypt_key": "a"})
        self.run(self.release(EVERYTHING))
        if not helm_alone:
            self.look_inside(driver)
            self.explain()
        self.wanted.clear()
        self.run(self.release(NOTHING_MORE, {"image": {"tag": "2.4.7-p4"}}))
        driver.stop(name)
        assert driver.rollback(name)
        driver.delete(name)
        assert driver.inventory(name) == ()

    def run(self, release: Release) -> None:
        self.driver.apply(release)
        current = ReleaseState.CURRENT
        until(lambda: self.driver.status(release).state is current)

    def look_inside(self, driver: HelmDriver) -> None:
        namespace = f"store-{self.name}"
        assert self.name in driver.names()
        assert driver.has_secrets(self.name, {"crypt_key": "a"})
        self.cluster.core.create_namespaced_secret(
            namespace,
            {
                "metadata": {"name": f"{namespace}-integration"},
                "stringData": {"integration.json": '{"access_token": "handed"}'},
            },
        )
        assert driver.handed(self.name) == {"access_token": "handed"}
        assert driver.happened(self.name)
        assert driver.strangers(self.name) == (f"secret/{namespace}-integration",)
        assert driver.scale(self.name, Replicas(min=3, max=5)) == 3
        pod = self.pods.first(namespace, "web")
        self.door.printed = {(pod, "web"): ["hello"]}
        assert driver.logs(self.name, LogQuery(tail=5)) == [f"{pod} web: hello"]
        assert self.pods.execute(namespace, pod, "web", ["echo", "a"], timeout=20).output == "a"

    def explain(self) -> None:
        """An image that somebody changed and that is not there is named: only watches tell."""
        namespace = f"store-{self.name}"
        container = {"name": "web", "image": "registry.example.com/shop:missing"}
        spec = {"template": {"spec": {"containers": [container]}}}
        self.cluster.apps.patch_namespaced_deployment(f"{namespace}-web", namespace, {"spec": spec})
        until(
            lambda: any(reason.kind == "image_pull" for reason in self.driver.why(self.name)),
            self.patience,
        )


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What lives need."""

    cluster: Cluster
    door: Door
    tools: Path
    accounts: Accounts
    directory: Path

    @contextlib.contextmanager
    def life(
        self, kubeconfig: Path, helm: str, *, through: Path | None = None, patience: float = 60
    ) -> Iterator[Life]:
        """A life under an account; `through`: a kubeconfig of the recorder in front of it."""
        name = new_uid()
        connection, direct = Connection(through or kubeconfig), Connection(kubeconfig)
        wanted: dict[str, Mapping[str, str]] = {
            "quota": {"pods": "100"},
            "default_limits": {"memory": "1Gi"},
        }
        namespaces = Namespaces(connection, wanted=lambda _: NamespaceSpec(**wanted))
        program = Helm(
            connection, self.directory / "home", binary=str(self.tools / helm), timeout=60
        )
        chart = HelmChart(path=magento_chart.CHART, endpoint=lambda *_: "http://web")
        driver = HelmDriver(namespaces, program, {"magento": chart}, patience=60, grace=0, sync=5)
        try:
            yield Life(
                cluster=self.cluster,
                door=self.door,
                driver=driver,
                pods=Pods(direct, selector="storecontroller.io/uid"),
                wanted=wanted,
                patience=patience,
                name=name,
            )
        finally:
            driver.stop_all()
            direct.close()
            with contextlib.suppress(client.ApiException):
                self.cluster.core.delete_namespace(f"store-{name}")

    def recorded(self, kubeconfig: Path, live: Callable[[Path], None]) -> list[str]:
        """What an account asks of the API server while something is done through a recorder."""
        through = self.directory / f"through-{secrets.token_hex(4)}"
        with connected(kubeconfig) as api, faulty.running(api, through) as recorder:
            live(through)
            return list(recorder.seen)


@pytest.fixture(scope="module")
def home_namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace for the accounts of these tests."""
    name = f"test-{secrets.token_hex(4)}"
    cluster.core.create_namespace({"metadata": {"name": name}})
    yield name
    rbac: Any = client.RbacAuthorizationV1Api(cluster.api)
    for item in rbac.list_cluster_role().items:
        if item.metadata.name.startswith("rights-"):
            rbac.delete_cluster_role_binding(item.metadata.name)
            rbac.delete_cluster_role(item.metadata.name)
    cluster.core.delete_namespace(name)


@pytest.fixture(scope="module")
def bench(
    cluster: Cluster,
    tools: Path,
    home_namespace: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Bench]:
    directory = tmp_path_factory.mktemp("rights")
    controller_chart.know_foreign_kinds(Charted(tools=tools, cluster=cluster))
    with opened(cluster.api, directory / "door") as door:
        accounts = Accounts(cluster=cluster, namespace=home_namespace, directory=directory)
        yield Bench(cluster=cluster, door=door, tools=tools, accounts=accounts, directory=directory)


def test_a_store_lives_under_these_rights_and_every_one_of_them_is_used(bench: Bench) -> None:
    account = bench.accounts.of(RULES)
    asked: set[Right] = set()
    for helm in ("helm3", "helm4"):

        def live(through: Path, helm: str = helm) -> None:
            with bench.life(account, helm, through=through) as life:
                life.live(helm_alone=helm == "helm3")

        asked |= used(bench.recorded(account, live))
    # A program's connection does not pass the recorder; without these two it is refused below.
    asked |= {(verb, "", "pods/exec") for verb in ("get", "create")}
    # Objects of every kind are listed, whatever the cluster knows.
    asked = {right for right in asked if right[0] != "list"} | {("list", "*", "*")}
    assert granted(RULES) == asked


@pytest.mark.parametrize("rule", RULES, ids=title)
def test_a_store_does_not_live_without(rule: Object, bench: Bench) -> None:
    account = bench.accounts.of([each for each in RULES if each is not rule])
    with (
        bench.life(account, "helm4", patience=6) as life,
        pytest.raises((DriverFailure, AssertionError)) as caught,
    ):
        life.live()
    if rule["verbs"] == ["watch"]:
        # Nothing else fails than that the cause of a fault is not found.
        assert isinstance(caught.value, AssertionError)
    else:
        assert isinstance(caught.value, DriverFailure)
        # A connection for a program that is refused is told as one that was cut.
        codes = {"cluster_forbidden", "cluster_cut", "helm_failed", "chart_broken"}
        assert caught.value.code in codes


@pytest.mark.parametrize("verb", ["get", "create"])
def test_no_program_is_run_without(verb: str, bench: Bench) -> None:
    others = [rule for rule in RULES if rule["resources"] != ["pods/exec"]]
    rest = {"apiGroups": [""], "resources": ["pods/exec"], "verbs": [verb]}
    kubeconfig = bench.accounts.of([*others, rest])
    connection = Connection(kubeconfig)
    namespace, pod = bench.accounts.namespace, "nothing"
    try:
        with pytest.raises(DriverFailure) as caught:
            Pods(connection, selector="a").execute(namespace, pod, "web", ["true"], timeout=5)
    finally:
        connection.close()
    assert "orbidden" in str(caught.value)


MODULE = """
variable "size" { type = number }
resource "terraform_data" "one" { input = var.size }
output "size" { value = terraform_data.one.output }
"""


def test_terraforms_states_live_under_the_role_and_every_right_of_it_is_used(
    bench: Bench,
) -> None:
    account = bench.accounts.of(STATES, here=True)
    module = bench.directory / "module"
    module.mkdir()
    (module / "main.tf").write_text(MODULE)

    def live(through: Path) -> None:
        connection = Connection(through)
        states = KubernetesStates(connection, bench.accounts.namespace)
        program = Program(binary=str(bench.tools / "tofu"))
        builder = Terraform(
            program, states, {"m": Module(path=module)}, home=bench.directory / "runs"
        )
        wanted = Infrastructure(name="rights", module="m", variables={"size": 1})
        try:
            assert builder.apply(wanted).outputs["size"] == 1
            assert builder.drift(wanted) == ()
            assert builder.names() == {"rights"}
            builder.destroy(wanted)
            assert builder.names() == set()
        finally:
            connection.close()

    assert granted(STATES) == used(bench.recorded(account, live))
