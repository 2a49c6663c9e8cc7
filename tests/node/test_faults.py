"""What goes wrong below a shop on a real node, and that `why` names what is at fault."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from scripts.nodekit import images, volumes
from scripts.nodekit.base import STORAGE_CLASS
from tests.cluster.given import DOMAIN
from tests.cluster.stage import Stage
from tests.control_plane import until
from tests.node import containers
from tests.node.asking import cause, front, status, told, well
from tests.node.conftest import Node

OWNER = {"plan": "starter", "cluster": "main"}
QUICK = {**OWNER, "engine": "sandbox"}
SHOP = "shop" if images.TREE in os.environ else "standin"
SYSTEM = "/etc/ssl/certs/ca-certificates.crt"
"""What the machine itself trusts, which is not the Ingress's authority."""


def reference(name: str) -> str:
    """What an image is called on the node."""
    return images.IMAGES[name].reference


def removed(stage: Stage, name: str) -> None:
    """Have nothing left of a store, whatever became of it."""
    stage.purged(name)


def again(node: Node, namespace: str) -> None:
    """New pods: what waits for an image is asked for again at once."""
    node.core.delete_collection_namespaced_pod(namespace, grace_period_seconds=0)


@pytest.fixture(scope="module", autouse=True)
def _registry() -> Iterator[None]:
    with containers.registry():
        yield


@pytest.fixture(scope="module")
def namespace(stage: Stage) -> str:
    """The namespace of a shop that sells."""
    return stage.made("draper", **OWNER)


def test_each_image_that_is_missing_is_named_with_the_part_that_needs_it(
    stage: Stage, node: Node
) -> None:
    parts = {
        "mariadb": "database",
        "valkey": "(cache|sessions)",
        "opensearch": "search",
        SHOP: "(cron|install|web)",
        "kubectl": "install",
    }
    taken = [reference(name) for name in parts]
    with containers.missing(*taken):
        operation = stage.create("bakery", **OWNER)
        until(lambda: stage.stack("bakery").placement, "its place", 60)
        space = stage.namespace("bakery")
        for name, part in parts.items():
            found = told(stage, "bakery", "image_missing", reference(name))
            assert re.search(f"pod/{space}-{part}-", found), found
            containers.there(reference(name))
            again(node, space)
    assert stage.finish(operation)["status"]["state"] == "succeeded"
    removed(stage, "bakery")


def test_a_cluster_without_a_storage_class_is_named(stage: Stage, node: Node) -> None:
    storage: Any = client.StorageV1Api(node.api)
    storage.delete_storage_class(STORAGE_CLASS)
    try:
        operation = stage.create("cake", **QUICK)
        found = told(stage, "cake", "no_storage_class")
        assert "claim/" in found
    finally:
        storage.create_storage_class(volumes.storage_class())
    # Claims that name no class are given the default one as soon as there is one.
    assert stage.finish(operation)["status"]["state"] == "succeeded"
    removed(stage, "cake")


def test_a_network_that_gives_pods_no_address_is_named(stage: Stage, node: Node) -> None:
    path = node.directory / "cni.d" / "10-pods.conflist"
    whole = path.read_text()
    broken = json.loads(whole)
    broken["plugins"][0]["ipam"]["type"] = "nowhere"
    path.write_text(json.dumps(broken))
    try:
        operation = stage.create("dairy", **QUICK)
        found = told(stage, "dairy", "pod_sandbox")
        assert "nowhere" in found
    finally:
        path.write_text(whole)
    assert stage.finish(operation)["status"]["state"] == "succeeded"
    removed(stage, "dairy")


def test_a_certificate_that_is_not_trusted_is_named(stage: Stage, namespace: str) -> None:
    stage.stop()
    trust = {"SSL_CERT_FILE": SYSTEM, "REQUESTS_CA_BUNDLE": SYSTEM}
    with stage.running(**trust):
        found = until(lambda: _of_certificate(stage), "the certificate is named", 120)
        assert f"draper.{DOMAIN}" in found
    stage.start()
    stage.await_ready()
    well(stage, "draper")


def _of_certificate(stage: Stage) -> str | None:
    text = " ".join(stage.storectl("why", "draper").stdout.split())
    return text if "certificate" in text.lower() else None


def test_a_volume_of_the_database_that_is_full_is_named(
    stage: Stage, node: Node, namespace: str
) -> None:
    claim: Any = node.core.read_namespaced_persistent_volume_claim(
        f"{namespace}-database", namespace
    )
    filler = node.directory / "volumes" / f"pvc-{claim.metadata.uid}" / "filler"
    filled(filler)
    try:
        node.core.delete_namespaced_pod(f"{namespace}-database-0", namespace)
        found = told(stage, "draper", "volume_full")
        assert f"{namespace}-database" in found
    finally:
        filler.unlink()
    again(node, namespace)
    until(lambda: status(front("draper")) == 200, "the shop is back", 180)
    well(stage, "draper")


def filled(path: Path) -> None:
    """Leave no block of a filesystem free."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        block = b"\0" * (1 << 20)
        free = os.statvfs(path.parent).f_bavail * os.statvfs(path.parent).f_frsize
        os.posix_fallocate(descriptor, 0, max(free - (4 << 20), 1))
        os.lseek(descriptor, 0, os.SEEK_END)
        while len(block):
            try:
                os.write(descriptor, block)
            except OSError:
                block = block[: len(block) // 2]
    finally:
        os.close(descriptor)


def test_a_node_that_is_silent_is_named(stage: Stage, node: Node, namespace: str) -> None:
    with node.paused("kubelet"):
        found = told(stage, "draper", "node_lost")
        assert "node1" in found
    well(stage, "draper")
    assert cause(stage, "draper")["code"] == "nothing"
