"""Backups of stores: which there are, one made by hand, one loaded, and wishes that end in time."""

from typing import Any

import pytest

from controller.domain.tenant import Scope
from controller.registry.leases import Kind, Leases, Ref
from provisioners.base import Backup, DriverFailure, Reason, ReleaseState
from tests.planes import Plane, follow, problem

IMAGE = "registry.example.com/shop:1"
OLD = Backup(name="20261128T031700Z", size=1_000, version="Magento 2.4.7-p3")
NEW = Backup(name="20261129T031700Z", size=2_000, version="Magento 2.4.7-p3")
GAVE_UP = Reason(kind="restore_failed", thing="job/restore", message="it gave up: damaged")


@pytest.fixture(autouse=True)
def _cluster(plane: Plane) -> Any:
    before, plane.magento.image = plane.magento.image, IMAGE
    body = {"name": "north", "inCluster": True, "domain": "shops.example.com", "capacity": 9}
    assert plane.post("clusters", body).status_code == 201
    yield
    plane.magento.image = before


@pytest.fixture
def uid(plane: Plane) -> str:
    """The stack of a store that sells and has two backups."""
    plane.make(cluster="north")
    found = str(plane.get("stores/acme").json()["stack"]["uid"])
    plane.remote.copies[found] = [NEW, OLD]
    return found


def loaded(plane: Plane, uid: str) -> Any:
    """What of a backup stands in the values that run in the cluster."""
    runs = plane.remote.held[uid].runs
    return runs and runs.values.get("restore")


def phase(plane: Plane, name: str = "acme") -> str:
    return str(plane.get(f"stores/{name}").json()["status"]["phase"])


def seen_through(plane: Plane, answer: Any) -> Any:
    """The operation once the looks that it needs were had."""
    for _ in range(4):
        plane.look_again()
    return follow(plane, answer)


def restore(plane: Plane, backup: str = OLD.name) -> Any:
    return plane.post("stores/acme/restores", {"backup": backup})


def test_they_are_listed_the_newest_first(plane: Plane, uid: str) -> None:
    items = plane.get("stores/acme/backups").json()["items"]
    assert [item["name"] for item in items] == [NEW.name, OLD.name]
    assert items[0]["madeAt"].startswith("2026-11-29T03:17:00")
    assert (items[0]["bytes"], items[0]["version"]) == (2_000, "Magento 2.4.7-p3")


@pytest.mark.parametrize("kind", ["list", "make", "load"])
def test_where_none_are_made_that_is_said(plane: Plane, kind: str) -> None:
    plane.make("here", engine="fake")
    answer = {
        "list": lambda: plane.get("stores/here/backups"),
        "make": lambda: plane.post("stores/here/backups"),
        "load": lambda: plane.post("stores/here/restores", {"backup": "latest"}),
    }[kind]()
    problem(answer, 409, "no_backups")


def test_where_the_operator_has_none_made_that_is_said(plane: Plane, uid: str) -> None:
    plane.magento.saves = False
    plane.remote.fail("backups", DriverFailure("no_backups", "no CronJob", transient=False))
    try:
        problem(plane.get("stores/acme/backups"), 409, "no_backups")
        problem(plane.post("stores/acme/backups"), 409, "no_backups")
    finally:
        plane.magento.saves = True


def test_what_cannot_be_looked_at_is_no_empty_list(plane: Plane, uid: str) -> None:
    plane.remote.fail("backups", DriverFailure("backups_unread", "Back-off pulling image"))
    answer = plane.get("stores/acme/backups")
    problem(answer, 503, "backups_unread")
    assert "Back-off pulling image" in answer.text


def test_another_tenant_has_nothing_to_do_with_them(plane: Plane, uid: str) -> None:
    _, token = plane.tenant("eve@example.com")
    for answer in (
        plane.get("stores/acme/backups", token=token),
        plane.post("stores/acme/restores", {"backup": "latest"}, token=token),
    ):
        assert answer.status_code == 404


def test_one_that_is_made_is_named_at_the_end_and_closes_nothing(plane: Plane, uid: str) -> None:
    before = plane.get("stores/acme").json()["metadata"]["generation"]
    plane.remote.fail("back_up", DriverFailure("backup_under_way", ""))
    answer = plane.post("stores/acme/backups")
    assert answer.status_code == 202
    plane.settle()
    store = plane.get("stores/acme").json()
    assert (store["status"]["phase"], store["metadata"]["generation"]) == ("Ready", before)
    problem(plane.post("stores/acme/config/push"), 409, "operation_in_progress")
    plane.look_again()
    done = seen_through(plane, answer)
    assert done["status"]["state"] == "succeeded"
    assert [step["name"] for step in done["status"]["steps"]] == ["back-up"]
    assert done["status"]["result"]["backup"] in plane.get("stores/acme/backups").text


def test_one_that_fails_may_be_tried_again(plane: Plane, uid: str) -> None:
    gone = DriverFailure("backup_failed", "No space left on device", transient=False)
    plane.remote.fail("back_up", gone)
    failed = seen_through(plane, plane.post("stores/acme/backups"))
    assert failed["status"]["error"]["code"] == "backup_not_made"
    assert "No space left" in failed["status"]["error"]["message"]
    assert phase(plane) == "Ready"
    # The wish went with the operation.
    plane.look_again()
    assert len(plane.remote.copies[uid]) == 2
    again = plane.post(f"operations/{failed['metadata']['id']}/retry")
    assert seen_through(plane, again)["status"]["state"] == "succeeded"
    assert len(plane.remote.copies[uid]) == 3


def test_a_shop_rests_until_nobody_writes_and_wakes_after_the_load(plane: Plane, uid: str) -> None:
    plane.remote.writing = ("pod/web-1",)
    answer = restore(plane)
    plane.look_again()
    assert (loaded(plane, uid)["backup"], loaded(plane, uid)["load"]) == (OLD.name, False)
    assert phase(plane) == "Changing"
    cause = plane.get("stores/acme/why").json()["status"]["cause"]
    assert cause["code"] == "restore_under_way"
    assert OLD.name in cause["message"]
    plane.remote.writing = ()
    plane.remote.load = ReleaseState.PENDING
    plane.look_again()
    assert loaded(plane, uid)["load"] is True
    plane.remote.load = None
    plane.look_again()
    done = seen_through(plane, answer)
    assert done["status"]["state"] == "succeeded"
    assert done["status"]["result"]["backup"] == OLD.name
    assert {step["state"] for step in done["status"]["steps"]} == {"done"}
    assert loaded(plane, uid) is None
    assert phase(plane) == "Ready"


def test_a_job_that_nobody_saw_complete_has_loaded_nothing(plane: Plane, uid: str) -> None:
    plane.remote.jobs_done = False
    answer = restore(plane)
    plane.look_again()
    plane.look_again()
    assert plane.get(answer.headers["location"].removeprefix("/api/v1/")).json()["status"][
        "state"
    ] in {"pending", "running"}
    assert loaded(plane, uid) is not None
    plane.remote.jobs_done = True
    plane.look_again()
    plane.look_again()
    assert seen_through(plane, answer)["status"]["state"] == "succeeded"


def test_the_settings_are_written_again_over_what_was_loaded(plane: Plane, uid: str) -> None:
    before = plane.remote.held[uid].revision
    seen_through(plane, restore(plane, "latest"))
    assert plane.remote.held[uid].revision > before


@pytest.mark.parametrize("backup", ["20200101T000000Z", "latest"])
def test_one_that_is_not_there_is_refused_before_anything_rests(
    plane: Plane, uid: str, backup: str
) -> None:
    plane.remote.copies[uid] = []
    problem(restore(plane, backup), 404, "backup_not_found")
    assert loaded(plane, uid) is None
    assert phase(plane) == "Ready"


def test_a_load_that_fails_wakes_the_shop_and_may_be_repeated(plane: Plane, uid: str) -> None:
    answer = _failing(plane, uid)
    failed = seen_through(plane, answer)
    assert failed["status"]["error"]["code"] == "backup_not_loaded"
    assert "damaged" in failed["status"]["error"]["message"]
    plane.look_again()
    assert loaded(plane, uid) is None
    assert phase(plane) == "Ready"
    again = plane.post(f"operations/{failed['metadata']['id']}/retry")
    assert seen_through(plane, again)["status"]["state"] == "succeeded"
    assert seen_through(plane, restore(plane, NEW.name))["status"]["state"] == "succeeded"


def _failing(plane: Plane, uid: str) -> Any:
    """Order a restore whose job gives up."""
    plane.remote.writing = ("pod/web-1",)
    answer = restore(plane)
    plane.look_again()
    plane.remote.writing, plane.remote.load = (), ReleaseState.PENDING
    plane.look_again()
    assert loaded(plane, uid)["load"] is True
    plane.remote.load, plane.remote.reasons = ReleaseState.FAILED, (GAVE_UP,)
    plane.look_again()
    plane.remote.load, plane.remote.reasons = None, ()
    return answer


def test_another_restore_takes_its_place_and_nothing_else_does(plane: Plane, uid: str) -> None:
    plane.remote.writing = ("pod/web-1",)
    first = restore(plane)
    plane.settle()
    problem(
        plane.request("PATCH", "stores/acme", json={"displayName": "B"}),
        409,
        "operation_in_progress",
    )
    problem(plane.post("stores/acme/backups"), 409, "operation_in_progress")
    second = restore(plane, NEW.name)
    assert second.status_code == 202
    plane.remote.writing = ()
    plane.look_again()
    assert seen_through(plane, second)["status"]["state"] == "succeeded"
    assert follow(plane, first)["status"]["state"] == "superseded"


def test_an_operation_that_takes_too_long_takes_its_wish_along(plane: Plane, uid: str) -> None:
    plane.remote.writing = ("pod/web-1",)
    answer = restore(plane)
    plane.look_again()
    number = answer.json()["metadata"]["id"]
    operation = plane.registry.operations.get(Scope.system(), number)
    leases = Leases(plane.registry.database, holder="a test", seconds=60)
    lease = leases.acquire(Ref(kind=Kind.STORE, uid=operation.store))
    assert lease is not None
    plane.registry.progress.expire(operation, ["Answering"], lease)
    leases.release(lease)
    plane.look_again()
    assert plane.get(f"operations/{number}").json()["status"]["state"] == "failed"
    assert loaded(plane, uid) is None
    assert phase(plane) == "Ready"


@pytest.mark.parametrize("kind", ["backups", "restores"])
def test_a_suspension_ends_the_wish_for_good(plane: Plane, uid: str, kind: str) -> None:
    plane.remote.writing = ("pod/web-1",)
    plane.remote.fail("back_up", DriverFailure("backup_under_way", ""))
    first = plane.post(f"stores/acme/{kind}", {"backup": OLD.name} if kind == "restores" else None)
    plane.settle()
    assert seen_through(plane, plane.post("stores/acme/suspend"))["status"]["state"] == "succeeded"
    assert seen_through(plane, first)["status"]["state"] == "superseded"
    plane.remote.writing = ()
    assert seen_through(plane, plane.post("stores/acme/resume"))["status"]["state"] == "succeeded"
    assert loaded(plane, uid) is None
    assert len(plane.remote.copies[uid]) == 2


def test_a_retirement_ends_the_wish_for_good(plane: Plane, uid: str) -> None:
    plane.remote.writing = ("pod/web-1",)
    first = restore(plane)
    plane.settle()
    assert follow(plane, plane.post("stores/acme/retire"))["status"]["state"] == "succeeded"
    assert follow(plane, first)["status"]["state"] == "superseded"
    problem(restore(plane), 409, "wrong_state")
    plane.remote.writing = ()
    assert follow(plane, plane.post("stores/acme/undelete"))["status"]["state"] == "succeeded"
    assert loaded(plane, uid) is None


def test_a_suspended_store_is_restored_and_stays_closed(plane: Plane, uid: str) -> None:
    follow(plane, plane.post("stores/acme/suspend"))
    assert seen_through(plane, restore(plane))["status"]["state"] == "succeeded"
    assert phase(plane) == "Suspended"


def test_an_image_that_was_not_tried_is_tried_before_anything_rests(plane: Plane, uid: str) -> None:
    missing = {"image": "registry.example.com/shop:missing"}
    follow(plane, plane.request("PUT", "stores/acme/image", json=missing))
    failed = seen_through(plane, restore(plane))
    assert failed["status"]["error"]["code"] == "image_unpullable"
    assert loaded(plane, uid) is None
