"""The control plane in the cluster itself, by its own chart, restricted, every policy enforced."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from scripts.clusterkit.base import BIN
from scripts.nodekit import images
from scripts.nodekit.base import ROOT
from tests.cluster.given import DOMAIN
from tests.cluster.walk import small, walk
from tests.control_plane import until
from tests.node.asking import front, status
from tests.node.beside import shop as shop_image
from tests.node.conftest import Node

SPACE = "store-controller"
HOST = "control.example.com"
MINUTES = 60.0
VALUES = {
    "image": {"repository": images.CONTROLLER.rpartition(":")[0], "tag": "test"},
    "publicUrl": f"https://{HOST}",
    "existingSecret": "control-plane",
    "database": {"mode": "internal", "storage": {"size": "1Gi"}},
    "redis": {"mode": "internal"},
    "ingress": {"enabled": True, "className": "nginx", "tls": {"enabled": True}},
    "api": {"replicas": 1, "resources": {"requests": {"cpu": "50m", "memory": "256Mi"}}},
    "workers": {
        "people": {"queues": ["people", "resync"], "replicas": 1},
        "resync": {"enabled": False},
    },
    "settings": {
        "STORECTL_SANDBOX_IMAGE": images.SANDBOX,
        "STORECTL_MAGENTO_IMAGE": images.IMAGES[shop_image()].reference,
    },
}


class Inside:
    """The release, and `storectl` before it."""

    def __init__(self, node: Node, home: Path) -> None:
        self.node = node
        self.home = home
        self.token = secrets.token_hex(24)

    def program(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a program where the cluster is reached."""
        return self._run(command, self.node.environ)

    def run(self, *command: str) -> None:
        """The same, for one that has to succeed."""
        done = self.program(*command)
        assert done.returncode == 0, done.stdout + done.stderr

    def install(self) -> None:
        """As docs/kubernetes.md says."""
        self.run("kubectl", "create", "namespace", SPACE)
        level = "pod-security.kubernetes.io/enforce=restricted"
        self.run("kubectl", "label", "namespace", SPACE, level)
        keys = {"master-key": secrets.token_hex(24), "operator-token": self.token}
        keys |= {f"{name}-password": secrets.token_hex(12) for name in ("database", "redis")}
        literals = [f"--from-literal={key}={value}" for key, value in keys.items()]
        create = ("kubectl", "create", "secret", "generic", "control-plane", "-n", SPACE)
        self.run(*create, *literals)
        (self.home / "values.json").write_text(json.dumps(VALUES))
        where = ("upgrade", "--install", "control-plane", str(ROOT / "helm" / "controller"))
        told = ("-n", SPACE, "-f", "values.json", "--wait", "--timeout", "10m")
        self.run(str(BIN / "helm4"), *where, *told)
        # Its pods are ready; the Ingress follows in its own time.
        ready = f"https://{HOST}/readyz"
        until(lambda: status(ready) == 200, "the control plane answers over the Ingress", MINUTES)

    def typed(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run `storectl` outside of the cluster, over the Ingress."""
        environ = {
            **os.environ,
            "STORECTL_SERVER": f"https://{HOST}",
            "STORECTL_TOKEN": self.token,
            "STORECTL_LANG": "en",
        }
        return self._run((str(Path(sys.executable).with_name("storectl")), *words), environ)

    def storectl(self, *words: str) -> str:
        """The same, for what has to succeed; returns what it printed."""
        done = self.typed(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _run(
        self, command: Sequence[str], environ: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command,
            env=environ,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=MINUTES * 10,
            check=False,
        )

    def namespace(self, name: str) -> str:
        """The namespace of a store."""
        chosen = f"storecontroller.io/store={name}"
        (found,) = self.node.core.list_namespace(label_selector=chosen).items
        return str(found.metadata.name)


@pytest.fixture(scope="module")
def inside(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    found = Inside(node, tmp_path_factory.mktemp("inside"))
    try:
        found.install()
        yield found
    finally:
        for space in (SPACE, *_stores(node)):
            node.core.delete_namespace(space)
        until(lambda: SPACE not in _names(node), "the control plane is gone", 120)


def _names(node: Node) -> set[str]:
    return {item.metadata.name for item in node.core.list_namespace().items}


def _stores(node: Node) -> list[str]:
    return [name for name in _names(node) if name.startswith("store-01")]


def test_the_first_cluster_is_as_the_guide_says(inside: Inside) -> None:
    def helm(*argv: str) -> "subprocess.CompletedProcess[str]":
        return inside.program(str(BIN / "helm4"), *argv)

    walk(adding=["--in-cluster", *small(inside.home)], storectl=inside.typed, helm=helm)
    assert "main" not in inside.storectl("cluster", "list")


@pytest.fixture(scope="module")
def home(inside: Inside) -> str:
    """The cluster, added to the control plane in it."""
    inside.storectl("cluster", "add", "home", "--in-cluster", "--domain", DOMAIN)
    return "home"


@pytest.fixture(scope="module")
def shop(inside: Inside, home: str) -> str:
    """A shop that sells, and its namespace."""
    owner = ("--country", "DE", "--email", "owner@example.com", "--engine", "sandbox")
    said = inside.storectl("create", "gamma", *owner, "--cluster", home)
    assert said.startswith(f"gamma is ready: https://gamma.{DOMAIN}"), said
    return inside.namespace("gamma")


def test_a_shop_is_reached_by_its_public_name_and_knows_no_other(inside: Inside, shop: str) -> None:
    assert status(front("gamma")) == 200
    link = inside.storectl("login-link", "gamma").strip().splitlines()[-1]
    assert f"https://gamma.{DOMAIN}/" in link
    assert ".svc" not in link


def test_a_setting_comes_into_the_shop_from_inside(inside: Inside, shop: str) -> None:
    inside.storectl("config", "set", "gamma", "shipping.flatRate=7.50")
    assert "Nothing is wrong" in inside.storectl("why", "gamma")


def test_who_has_no_business_with_a_shop_does_not_reach_it(
    inside: Inside, node: Node, shop: str
) -> None:
    """A pod of another namespace: names are told, the shop's port stays silent."""
    stranger = {
        "metadata": {"name": "stranger"},
        "spec": {
            "containers": [
                {
                    "name": "shell",
                    "image": images.IMAGES["valkey"].reference,
                    "command": ["sleep", "infinity"],
                }
            ],
            "terminationGracePeriodSeconds": 0,
        },
    }
    node.core.create_namespaced_pod("default", stranger)
    inside.run("kubectl", "wait", "--for=condition=Ready", "pod/stranger", "--timeout=120s")
    try:
        host = f"{shop}-web.{shop}.svc.cluster.local"
        asked = ("kubectl", "exec", "stranger", "--", "timeout", "4", "bash", "-c")
        inside.run(*asked, f"getent hosts {host}")
        done = subprocess.run(
            [*asked, f"</dev/tcp/{host}/80"], env=node.environ, capture_output=True, check=False
        )
        assert done.returncode == 124, done.stderr
    finally:
        node.core.delete_namespaced_pod("stranger", "default")


def test_a_worker_that_is_killed_is_followed_by_another(
    inside: Inside, node: Node, home: str
) -> None:
    owner = ("--country", "DE", "--email", "owner@example.com", "--engine", "sandbox")
    inside.storectl("create", "delta", *owner, "--cluster", home, "--no-wait")
    chosen = "storecontroller.io/role=worker"
    node.core.delete_collection_namespaced_pod(SPACE, label_selector=chosen, grace_period_seconds=0)
    until(lambda: "Ready" in inside.storectl("get", "delta"), "delta is ready", MINUTES * 4)
    assert status(front("delta")) == 200


def test_purged_a_shop_leaves_nothing(inside: Inside, node: Node, shop: str) -> None:
    inside.storectl("retire", "gamma", "--yes")
    inside.storectl("purge", "gamma", "--confirm", "gamma", "--yes")
    assert shop not in _names(node)
