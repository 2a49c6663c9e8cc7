"""A store that needs something outside its cluster: built before its release, gone after it.

The module is an operator's own over what OpenTofu has built in, so that a whole life needs no
provider. Workers are killed at every boundary of both steps.
"""

import contextlib
import json
import signal
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from controller.domain.operations import OperationKind
from controller.reconciler import failpoints, stack_steps
from tests.cluster.conftest import Cluster
from tests.cluster.given import AnyShops, whole
from tests.cluster.stage import Stage, staged
from tests.cluster.waiting import FACTOR, until

pytestmark = [whole, pytest.mark.failpoint]
MODULE = """
variable "uid" { type = string }
variable "labels" { type = map(string) }
variable "tier" { type = string }
variable "deletion_protection" {
  type    = bool
  default = true
}
variable "force_destroy" {
  type    = bool
  default = false
}
resource "terraform_data" "thing" { input = "${var.uid} ${var.tier}" }
output "database" { value = null }
output "media" { value = null }
output "dns" { value = { name = "${var.labels.store}.example.com" } }
"""
APPLY, DESTROY = stack_steps.ApplyInfrastructure.name, stack_steps.DestroyInfrastructure.name


@pytest.fixture
def stage(cluster: Cluster, shops: AnyShops, tmp_path: Path, tools: Path) -> Iterator[Stage]:
    module = tmp_path / "modules" / "around"
    module.mkdir(parents=True)
    (module / "main.tf").write_text(MODULE)
    with staged(tmp_path / "stage", cluster) as found:
        found.set(
            STORECTL_TERRAFORM__PROGRAM=str(tools / "tofu"),
            STORECTL_TERRAFORM__MODULES=str(tmp_path / "modules"),
        )
        with found.running():
            more = ("--infrastructure", "around", "--variable", "tier=small")
            found.join(cluster.kubeconfig, shops.address, "main", *more)
        yield found


def die(stage: Stage, failpoint: str, *asking: Any) -> None:
    """Start a control plane that is killed there; it is asked for something once it answers."""
    stage.start(STORECTL_FAILPOINT=failpoint)
    if asking:
        stage.await_ready()
        with contextlib.suppress(HTTPException, OSError):
            stage.call("POST", *asking)
    assert stage.await_death(120 * FACTOR) == -signal.SIGKILL, failpoint


def held(stage: Stage, uid: str) -> Any:
    """What the state of a stack holds; None when there is no state."""
    (path,) = stage.home.glob(f"terraform/states/{uid}/*.tfstate") or [None]
    if path is None:
        return None
    return [
        item["instances"][0]["attributes"] for item in json.loads(path.read_text())["resources"]
    ]


def test_killed_anywhere_what_is_around_a_store_is_built_once_and_leaves_nothing(
    stage: Stage, cluster: Cluster
) -> None:
    asking: tuple[Any, ...] = ("/stores", {"name": "acme", "country": "DE", "email": "o@a.example"})
    for point in failpoints.POINTS:
        die(stage, f"{APPLY}:{point}", *asking)
        asking = ()
    with stage.running():
        until(lambda: stage.phase("acme") == "Ready", 120)
        stack = stage.stack("acme")
        assert stack.infrastructure is not None
        assert stack.infrastructure.outputs["dns"] == {"name": "acme.example.com"}
        assert stack.conditions["InfrastructureReady"].met
        (thing,) = held(stage, stack.uid)
        assert thing["input"]["value"] == f"{stack.uid} small"

        done = stage.storectl("cluster", "set", "main", "--variable", "tier=large")
        assert done.returncode == 0, done.stderr
        until(lambda: held(stage, stack.uid)[0]["input"]["value"].endswith("large"), 60)
        (again,) = held(stage, stack.uid)
        assert again["id"] == thing["id"], "it was changed, and not made anew"
        until(lambda: stage.phase("acme") == "Ready", 60)
        stage.made("other")
        for name in ("acme", "other"):
            stage.do(name, "retire")
        acme, other = (stage.store(name).uid for name in ("acme", "other"))

    # Once it is destroyed nothing is left to do but to write that down: that takes another store.
    asking = (f"/stores/{acme}/purge", {"confirm": "acme"})
    for point in ("before", "started", "done"):
        die(stage, f"{DESTROY}:{point}", *asking)
        asking = ()
    assert failpoints.POINTS == ("before", "started", "done", "recorded")
    die(stage, f"{DESTROY}:recorded", f"/stores/{other}/purge", {"confirm": "other"})
    with stage.running():
        for uid in (acme, other):
            (last, *_) = stage.call("GET", f"/operations?store={uid}")["items"]
            ended = stage.finish(last)
            assert ended["spec"]["operation"] == str(OperationKind.PURGE)
            assert ended["status"]["state"] == "succeeded", ended["status"]
            assert ended["status"]["result"]["inventory"] == []
    assert list(stage.home.glob("terraform/states/*")) == []
