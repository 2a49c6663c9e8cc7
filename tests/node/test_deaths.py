"""The control plane ends in the middle of a helm run; the shop ends up as it was asked to be."""

import base64
import gzip
import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from scripts.nodekit.images import NEXT_SHOP, SHOP
from tests.cluster.stage import Stage
from tests.control_plane import until
from tests.node.asking import front, status, well
from tests.node.conftest import Node

NAME = "chandler"


@pytest.fixture(scope="module")
def namespace(stage: Stage) -> str:
    """The namespace of a shop that sells."""
    return stage.made(NAME, plan="starter", cluster="main")


def helms() -> list[int]:
    """Every helm that runs here."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                program = (place / "cmdline").read_bytes().split(b"\0")[0]
            except OSError:
                continue
            if Path(program.decode()).name.startswith("helm"):
                found.append(int(place.name))
    return found


def releases(node: Node, namespace: str) -> dict[int, Any]:
    """Helm's own records, by revision."""
    found = node.core.list_namespaced_secret(namespace, label_selector="owner=helm").items
    return {
        int(item.metadata.labels["version"]): json.loads(
            gzip.decompress(base64.b64decode(base64.b64decode(item.data["release"])))
        )
        for item in found
    }


def image(node: Node, namespace: str) -> str:
    """What the web servers are said to run."""
    found = node.apps.read_namespaced_deployment(f"{namespace}-web", namespace)
    return str(found.spec.template.spec.containers[0].image)


def pending(node: Node, namespace: str) -> bool:
    """Whether helm is in the middle of an upgrade."""
    return any(
        item["info"]["status"].startswith("pending") for item in releases(node, namespace).values()
    )


@pytest.mark.parametrize(("how", "wanted"), [(signal.SIGKILL, NEXT_SHOP), (signal.SIGTERM, SHOP)])
def test_whoever_ends_it_within_helm_the_next_one_finishes(
    stage: Stage, node: Node, namespace: str, how: signal.Signals, wanted: str
) -> None:
    well(stage, NAME)
    stage.call("PUT", f"/stores/{NAME}/image", {"image": wanted})
    until(lambda: pending(node, namespace) and helms(), "helm is at work", 120)
    began = time.monotonic()
    stage.end(how)
    assert time.monotonic() - began < 5
    until(lambda: not helms(), "helm is gone", 2)
    stage.start()
    stage.await_ready()
    until(lambda: image(node, namespace) == wanted, "the image is the one asked for", 240)
    well(stage, NAME)
    assert status(front(NAME)) == 200
    states = {each: item["info"]["status"] for each, item in releases(node, namespace).items()}
    assert [each for each in states if states[each] == "deployed"] == [max(states)], states
