"""A shop's whole life on real pods, volumes and an Ingress; the control plane is outside.

The tests follow one another: each goes on with the shop as the one before left it.
"""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from scripts.nodekit.images import NEXT_SHOP, SHOP
from tests.cluster.given import DOMAIN
from tests.cluster.stage import Stage
from tests.control_plane import until
from tests.node.asking import Shopper, front, status, told, well
from tests.node.conftest import Node
from tests.node.postbox import Postbox

NAME = "acme"


@pytest.fixture(scope="module")
def namespace(stage: Stage) -> str:
    """The namespace of a shop that sells."""
    done = stage.storectl(
        "create", NAME, "--country", "DE", "--email", "owner@example.com", "--cluster", "main"
    )
    assert done.stdout.startswith(f"{NAME} is ready: https://{NAME}.{DOMAIN}"), done.stderr
    return stage.namespace(NAME)


def pods(node: Node, namespace: str, component: str) -> list[Any]:
    """The pods of a part of the shop that are not on their way out."""
    chosen = f"app.kubernetes.io/component={component}"
    found = node.core.list_namespaced_pod(namespace, label_selector=chosen).items
    return [pod for pod in found if pod.metadata.deletion_timestamp is None]


def running(node: Node, namespace: str) -> set[str]:
    """What the web servers run."""
    return {pod.spec.containers[0].image for pod in pods(node, namespace, "web")}


def inside(pod: Any) -> int:
    """The first process of a pod's first container, as it is numbered here."""
    uid = pod.status.container_statuses[0].container_id.rpartition("/")[2]
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                groups = (place / "cgroup").read_text()
            except OSError:
                continue
            if uid in groups:
                return int(place.name)
    raise LookupError(uid)


def test_shoppers_reach_it_by_its_name(namespace: str) -> None:
    assert status(front(NAME)) == 200


def test_a_mail_of_the_shop_arrives(mails: Postbox, namespace: str) -> None:
    until(lambda: mails.of("owner@example.com"), "the test mail", 60)


def test_a_setting_comes_into_the_shop(stage: Stage, namespace: str) -> None:
    done = stage.storectl("config", "set", NAME, "shipping.flatRate=7.50")
    assert done.returncode == 0, done.stderr
    well(stage, NAME)


def test_a_second_website_is_reached_by_an_address_of_its_own(stage: Stage, namespace: str) -> None:
    fields = ("country=US", "displayName=Acme US", "payments=check")
    done = stage.storectl("config", "set", NAME, "--site", "us", *fields)
    assert done.returncode == 0, done.stderr
    assert status(f"https://{NAME}-us.{DOMAIN}/") == 200
    well(stage, NAME)


def test_scaled_to_two_it_loses_no_request_with_a_pod(
    stage: Stage, node: Node, namespace: str
) -> None:
    stage.do(NAME, "scale", {"min": 2, "max": 2})
    before = {pod.metadata.name for pod in pods(node, namespace, "web")}
    with Shopper(front(NAME)).shopping() as shopper:
        gone = min(before)
        node.core.delete_namespaced_pod(gone, namespace)

        def replaced() -> bool:
            ready = {
                pod.metadata.name
                for pod in pods(node, namespace, "web")
                if all(each.ready for each in pod.status.container_statuses or [])
            }
            return len(ready) > 1 and bool(ready - before)

        until(replaced, "another pod", 120)
        until(lambda: len(shopper.answers) > 20, "pages were asked for", 60)
    assert set(shopper.answers) == {200}, shopper.answers
    stage.do(NAME, "scale", {})
    well(stage, NAME)


def test_a_database_that_is_killed_comes_back_with_its_data(
    stage: Stage, node: Node, namespace: str
) -> None:
    (pod,) = pods(node, namespace, "database")
    before = pod.status.container_statuses[0].restart_count
    os.kill(inside(pod), signal.SIGKILL)

    def restarted() -> bool:
        (found,) = pods(node, namespace, "database")
        state = found.status.container_statuses[0]
        return bool(state.restart_count > before and state.ready)

    until(restarted, "a new database", 180)
    until(lambda: status(front(NAME)) == 200, "the shop answers", 60)
    well(stage, NAME)


def test_a_database_that_is_away_is_named(stage: Stage, node: Node, namespace: str) -> None:
    (pod,) = pods(node, namespace, "database")
    pid = inside(pod)
    os.kill(pid, signal.SIGSTOP)
    try:
        told(stage, NAME, "probe_failing", f"pod/{namespace}-database-0")
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: status(front(NAME)) == 200, "the shop answers", 120)
    well(stage, NAME)


def test_another_image_comes_without_a_failed_page(
    stage: Stage, node: Node, namespace: str
) -> None:
    with Shopper(front(NAME)).shopping() as shopper:
        done = stage.storectl("image", "set", NAME, NEXT_SHOP)
        assert done.returncode == 0, done.stdout + done.stderr
    assert running(node, namespace) == {NEXT_SHOP}
    assert set(shopper.answers) == {200}, shopper.answers
    well(stage, NAME)


def test_an_image_that_is_nowhere_is_refused_and_the_shop_goes_on(
    stage: Stage, node: Node, namespace: str
) -> None:
    done = stage.storectl("image", "set", NAME, f"{SHOP}-nowhere")
    assert done.returncode != 0
    assert f"{SHOP}-nowhere" in done.stdout + done.stderr
    assert status(front(NAME)) == 200
    assert running(node, namespace) == {NEXT_SHOP}
    done = stage.storectl("image", "set", NAME, NEXT_SHOP)
    assert done.returncode == 0, done.stdout + done.stderr
    well(stage, NAME)


def test_suspended_it_is_closed_and_resumed_it_is_open(stage: Stage, namespace: str) -> None:
    stage.do(NAME, "suspend")
    assert status(front(NAME)) == 503
    stage.do(NAME, "resume")
    until(lambda: status(front(NAME)) == 200, "the shop is open", 60)


def test_retired_it_keeps_its_volumes_and_comes_back(
    stage: Stage, node: Node, namespace: str
) -> None:
    held = {claim.metadata.name for claim in claims(node, namespace)}
    stage.do(NAME, "retire")
    assert not pods(node, namespace, "web")
    assert {claim.metadata.name for claim in claims(node, namespace)} == held
    stage.do(stage.store(NAME).uid, "undelete")
    until(lambda: status(front(NAME)) == 200, "the shop is back", 60)


def test_purged_it_leaves_nothing(stage: Stage, node: Node, namespace: str) -> None:
    uids = {f"pvc-{claim.metadata.uid}" for claim in claims(node, namespace)}
    assert uids
    stage.purged(NAME)
    names = {item.metadata.name for item in node.core.list_namespace().items}
    assert namespace not in names
    until(lambda: not uids & volumes(node), "its volumes are gone", 60)


def claims(node: Node, namespace: str) -> list[Any]:
    found: list[Any] = node.core.list_namespaced_persistent_volume_claim(namespace).items
    return found


def volumes(node: Node) -> set[str]:
    """Every volume that the cluster knows or the node holds."""
    known = {item.metadata.name for item in node.core.list_persistent_volume().items}
    held = {path.stem for path in (node.directory / "volumes").iterdir()}
    return known | held
