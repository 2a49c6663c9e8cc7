"""The “first cluster” of docs/operations.md, command by command, as it is written there."""

import contextlib
import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.conftest import Cluster
from tests.cluster.given import DOMAIN, AnyShops, whole
from tests.cluster.kubelet_door import opened
from tests.cluster.stage import Stage, staged

pytestmark = whole
GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"
SAID = {
    "storectl cluster list": "main",
    "storectl describe acme": f"https://acme.{DOMAIN}",
    "storectl events acme": "acme",
    "helm list": "deployed",
}
"""Words that a command's answer has, by its beginning."""


@pytest.fixture(scope="module")
def stage(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    directory = tmp_path_factory.mktemp("walk")
    with contextlib.ExitStack() as stack:
        if cluster.stand_in:
            stack.enter_context(opened(cluster.api, directory / "door"))
        found = stack.enter_context(staged(directory, cluster))
        stack.enter_context(found.running())
        yield found


def commands() -> list[str]:
    """The lines of the walk-through that are typed once the control plane runs."""
    _, _, rest = GUIDE.read_text().partition("\n## The first cluster\n")
    blocks = re.findall(r"```sh\n(.*?)```", rest.partition("\n## ")[0], re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith(("storectl ", "helm "))]


def run(
    line: str, stage: Stage, cluster: Cluster, shops: AnyShops
) -> "subprocess.CompletedProcess[str]":
    program, *argv = shlex.split(line)
    ours = {"~/.kube/config": str(cluster.kubeconfig), "shops.example.com": DOMAIN}
    if shops.address:
        ours["https://{host}"] = shops.address
    argv = [ours.get(word, word) for word in argv]
    if line.startswith("storectl cluster add") and cluster.stand_in is None:
        argv += small(stage.home)
    if program == "storectl":
        return stage.storectl(*argv)
    return subprocess.run(
        ["helm4", *argv], env=cluster.environ, capture_output=True, text=True, check=False
    )


def small(directory: Path) -> list[str]:
    """What lets a small machine hold a larger plan, on volumes that need not grow."""
    little, room = {"resources": {"requests": {"cpu": "25m"}}}, {"storage": {"size": "4Gi"}}
    values = {
        **dict.fromkeys(("web", "pageCache", "cron", "jobs"), little),
        **{part: {**little, **room} for part in ("database", "search")},
        **dict.fromkeys(("media", "sessions", "backup"), room),
    }
    file = directory / "small.yaml"
    file.write_text(json.dumps(values))
    return ["--values", str(file)]


def test_the_first_cluster_is_as_the_guide_says(
    stage: Stage, cluster: Cluster, shops: AnyShops
) -> None:
    lines = commands()
    assert len(lines) > 10
    for line in lines:
        done = run(line, stage, cluster, shops)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        for beginning, word in SAID.items():
            if line.startswith(beginning):
                assert word in done.stdout, (line, done.stdout)
    assert stage.registry.clusters.all() == []
