"""The control plane is killed at every boundary of every step, and always finds its way.

The names come from the steps themselves, so a new step is killed here without a word of ours.
"""

import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from controller.domain.operations import PLANNED_STEPS, OperationKind
from controller.reconciler import backup_steps, failpoints, stack_steps, stacks, stores
from tests.control_plane import ControlPlane, reachable, until
from tests.mail_catcher import catching

pytestmark = pytest.mark.failpoint

STEPS = [step.name for step in (*stacks.STEPS, *stores.STEPS)]
RETIREMENT = PLANNED_STEPS[OperationKind.RETIRE]
PURGE = PLANNED_STEPS[OperationKind.PURGE]
ADOPTION = [stores.Adopt.name]
RESTART = [stack_steps.RestartRelease.name]
# tests/cluster kills these, on a cluster.
CLUSTERED = [
    stack_steps.ApplyInfrastructure.name,
    stack_steps.ApplyScale.name,
    stack_steps.DestroyInfrastructure.name,
    backup_steps.LoadBackup.name,
    backup_steps.MakeBackup.name,
    stack_steps.TakeValues.name,
    stack_steps.TryImage.name,
]
# A shop has it that was told of a mail server.
MAILED = [stores.ProveMailing.name]
ELSEWHERE = {*RETIREMENT, *PURGE, *ADOPTION, *RESTART, *CLUSTERED, *MAILED}
CREATION = [step for step in STEPS if step not in ELSEWHERE]
# Two languages, so that there is something to bind.
SPEC = {"locales": ["de_DE", "en_US"]}


def ask(call: Callable[[], Any]) -> Any:
    """What was answered; None when the control plane died over its answer."""
    try:
        return call()
    except (HTTPException, OSError):
        return None


def killed(plane: ControlPlane) -> None:
    assert plane.await_death() == -signal.SIGKILL


@pytest.mark.parametrize("failpoint", failpoints.names(CREATION))
def test_a_creation_killed_anywhere_ends_with_one_shop_that_sells(
    tmp_path: Path, failpoint: str
) -> None:
    plane = ControlPlane(tmp_path / "home")
    plane.start(STORECTL_FAILPOINT=failpoint)
    plane.await_ready()
    operation = ask(lambda: plane.create("acme", **SPEC))
    killed(plane)

    with plane.running():
        # Who got no answer asks again and is given the operation there is.
        done = plane.finish(operation or plane.create("acme", **SPEC))
        assert done["status"]["state"] == "succeeded"
        assert {step["state"] for step in done["status"]["steps"]} == {"done"}
        store = plane.call("GET", "/stores/acme")
        assert store["status"]["phase"] == "Ready"
        assert reachable(store["status"]["url"])
        assert len(plane.shops()) == 1
    assert plane.shops() == {}


@pytest.mark.parametrize("failpoint", failpoints.names(ADOPTION))
def test_an_adoption_killed_anywhere_ends_with_what_was_changed_in_the_shop(
    tmp_path: Path, failpoint: str
) -> None:
    plane = ControlPlane(tmp_path / "home")
    with plane.running():
        plane.finish(plane.create("acme", drift={"shipping": "adopt"}))
    (stack,) = (plane.home / "stacks").iterdir()
    with closing(sqlite3.connect(stack / "shop.sqlite3")) as shop, shop:
        change = "update config set value = '7.5' where path = ? and scope = 'default'"
        shop.execute(change, ("carriers/flatrate/price",))
    plane.start(STORECTL_FAILPOINT=failpoint)
    killed(plane)

    def adopted() -> bool:
        store = plane.call("GET", "/stores/acme")
        ready = store["status"]["phase"] == "Ready"
        return ready and store["spec"]["shipping"]["flatRate"] == "7.50"

    with plane.running():
        until(adopted, "the adoption")
        assert plane.call("GET", "/stores/acme")["metadata"]["generation"] == 2
        assert plane.call("GET", "/stores/acme/config")["inSync"]


@pytest.mark.parametrize("failpoint", failpoints.names(RESTART))
def test_a_restart_killed_anywhere_ends_with_one_shop_that_sells(
    tmp_path: Path, failpoint: str
) -> None:
    plane = ControlPlane(tmp_path / "home")
    plane.start(STORECTL_FAILPOINT=failpoint)
    plane.await_ready()
    plane.finish(plane.create("acme"))
    (hung,) = plane.shops()
    os.kill(hung, signal.SIGSTOP)
    try:
        killed(plane)
        with plane.running():
            until(lambda: hung not in plane.shops(), "the end of what hangs")
            until(lambda: plane.call("GET", "/stores/acme")["status"]["ready"], "that it sells")
            assert len(plane.shops()) == 1
    finally:
        with suppress(ProcessLookupError):
            os.kill(hung, signal.SIGKILL)


@pytest.mark.parametrize("failpoint", failpoints.names(MAILED))
def test_a_test_mail_killed_anywhere_is_sent_and_told(tmp_path: Path, failpoint: str) -> None:
    plane = ControlPlane(tmp_path / "home")
    with plane.running():
        plane.finish(plane.create("acme", contact={"email": "owner@acme.example"}))
    plane.start(STORECTL_FAILPOINT=failpoint)
    plane.await_ready()
    with catching(password="right-password") as server:
        # Saved before the kill: the password is what the step needs.
        mail = {"host": "127.0.0.1", "port": server.port, "encryption": "none", "username": "shop"}
        secret = {"value": "right-password"}
        ask(lambda: plane.call("PUT", "/stores/acme/secrets/smtp.password", secret))
        operation = ask(lambda: plane.call("PATCH", "/stores/acme", {"mail": mail}))
        killed(plane)

        with plane.running():
            again = operation or plane.call("PATCH", "/stores/acme", {"mail": mail})
            assert plane.finish(again)["status"]["state"] == "succeeded"
            conditions = plane.call("GET", "/stores/acme")["status"]["conditions"]
            (mailing,) = [one for one in conditions if one["type"] == "Mailing"]
            assert mailing["reason"] == "MailDelivered"
        # Only one that was sent and not written down is sent once more.
        assert len(server.mails) == (2 if failpoint.endswith(":done") else 1)
        assert {str(sent["To"]) for sent in server.mails} == {"owner@acme.example"}


@pytest.mark.parametrize("failpoint", failpoints.names(RETIREMENT))
def test_a_retirement_killed_anywhere_ends_with_nothing_running(
    tmp_path: Path, failpoint: str
) -> None:
    plane = ControlPlane(tmp_path / "home")
    with plane.running():
        plane.finish(plane.create("acme"))
    plane.start(STORECTL_FAILPOINT=failpoint)
    plane.await_ready()
    until(lambda: len(plane.shops()) == 1, "the shop's return")
    operation = ask(lambda: plane.call("POST", "/stores/acme/retire"))
    killed(plane)

    with plane.running():
        retired = plane.finish(operation or plane.call("POST", "/stores/acme/retire"))
        assert retired["status"]["state"] == "succeeded"
        assert plane.call("GET", "/stores/acme")["status"]["phase"] == "Retired"
        assert plane.shops() == {}
        undeleted = plane.finish(plane.call("POST", "/stores/acme/undelete"))
        assert undeleted["status"]["state"] == "succeeded"
        assert len(plane.shops()) == 1


@pytest.mark.parametrize("failpoint", failpoints.names(PURGE))
def test_a_purge_killed_anywhere_ends_with_nothing_left(tmp_path: Path, failpoint: str) -> None:
    plane = ControlPlane(tmp_path / "home")
    with plane.running():
        plane.finish(plane.create("acme"))
        plane.finish(plane.call("POST", "/stores/acme/retire"))
        uid = plane.call("GET", "/stores/acme")["metadata"]["uid"]
    plane.start(STORECTL_FAILPOINT=failpoint)
    plane.await_ready()

    def purge() -> Any:
        return plane.call("POST", f"/stores/{uid}/purge", {"confirm": "acme"})

    operation = ask(purge)
    killed(plane)

    with plane.running():
        done = plane.finish(operation or purge())
        assert done["status"]["state"] == "succeeded"
        assert done["status"]["result"]["inventory"] == []
        assert list((plane.home / "stacks").iterdir()) == []
        # The name is free again.
        assert plane.finish(plane.create("acme"))["status"]["state"] == "succeeded"
