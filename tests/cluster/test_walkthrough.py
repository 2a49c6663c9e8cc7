"""The “first cluster” of docs/operations.md, with a control plane outside of it."""

import contextlib
import subprocess
from collections.abc import Iterator

import pytest

from tests.cluster.conftest import Cluster
from tests.cluster.given import AnyShops, whole
from tests.cluster.kubelet_door import opened
from tests.cluster.stage import Stage, staged
from tests.cluster.walk import small, walk

pytestmark = whole


@pytest.fixture(scope="module")
def stage(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    directory = tmp_path_factory.mktemp("walk")
    with contextlib.ExitStack() as stack:
        if cluster.stand_in:
            stack.enter_context(opened(cluster.api, directory / "door"))
        found = stack.enter_context(staged(directory, cluster))
        stack.enter_context(found.running())
        yield found


def test_the_first_cluster_is_as_the_guide_says(
    stage: Stage, cluster: Cluster, shops: AnyShops
) -> None:
    def helm(*argv: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["helm4", *argv], env=cluster.environ, capture_output=True, text=True, check=False
        )

    adding = ["--kubeconfig", str(cluster.kubeconfig)]
    adding += ["--shop-address", shops.address or "https://{host}"]
    if cluster.stand_in is None:
        adding += small(stage.home)
    walk(adding=adding, storectl=stage.storectl, helm=helm)
    assert stage.registry.clusters.all() == []
