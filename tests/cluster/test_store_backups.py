"""Backups of stores on a cluster, made and loaded by the control plane.

The shop is a sandbox whose jobs are real: what is changed in it is there, and gone after a restore.
"""

import json
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from controller.reconciler import backup_steps, failpoints
from tests.cluster.conftest import Cluster
from tests.cluster.given import front_page, stood_in
from tests.cluster.kubelet import Fate, Object
from tests.cluster.shops import Shops
from tests.cluster.stage import Stage, joined
from tests.cluster.test_sandbox_life import status
from tests.cluster.waiting import FACTOR, until

pytestmark = stood_in
NAME = "keeper"
OWNER = {"engine": "sandbox", "plan": "starter", "cluster": "main"}


@pytest.fixture(scope="module")
def stage(
    cluster: Cluster, shops: Shops, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with joined(tmp_path_factory.mktemp("stage"), cluster, shops) as found:
        yield found


@pytest.fixture(scope="module")
def namespace(stage: Stage) -> str:
    """The namespace of a shop that sells."""
    return stage.made(NAME, **OWNER)


def say(shops: Shops, namespace: str, word: str) -> None:
    """Change something in a shop that nobody but itself knows of."""
    data = shops.sandboxes.volume(namespace, "data") / "shop.sqlite3"
    with closing(sqlite3.connect(data, timeout=20)) as db, db:
        db.execute("INSERT OR REPLACE INTO meta VALUES ('word', ?)", (word,))


def said(shops: Shops, namespace: str) -> str | None:
    data = shops.sandboxes.volume(namespace, "data") / "shop.sqlite3"
    with closing(sqlite3.connect(data, timeout=20)) as db:
        found = db.execute("SELECT value FROM meta WHERE name = 'word'").fetchone()
    return found[0] if found else None


def names(stage: Stage, name: str = NAME) -> list[str]:
    """The backups that there are."""
    done = stage.storectl("backup", "list", name, "-o", "name")
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def restore(stage: Stage, backup: str) -> Any:
    return stage.call("POST", f"/stores/{NAME}/restores", {"backup": backup})


def jobs(cluster: Cluster, namespace: str, word: str) -> list[str]:
    found = cluster.batch.list_namespaced_job(namespace).items
    return [job.metadata.name for job in found if word in job.metadata.name]


def test_a_magento_tells_its_visitors_that_it_is_closed_meanwhile(
    stage: Stage, cluster: Cluster, shops: Shops, fated: Callable[[str, Fate], None]
) -> None:
    space = stage.made("acme", plan="starter", cluster="main")
    done = stage.storectl("backup", "create", "acme", "-o", "name")
    assert done.returncode == 0, done.stderr
    (item,) = stage.call("GET", "/stores/acme/backups")["items"]
    assert item["version"] == "Magento 2.4.7-p3"
    fated("-restore-", Fate.UNHEALTHY)
    operation = stage.call("POST", "/stores/acme/restores", {"backup": done.stdout.strip()})
    until(lambda: jobs(cluster, space, "-restore-"))
    assert space not in shops.running()
    running = cluster.core.list_namespaced_pod(space, label_selector="storecontroller.io/role=shop")
    assert {pod.metadata.labels["app.kubernetes.io/component"] for pod in running.items} <= {
        "backup",
        "restore",
    }
    cache = cluster.apps.read_namespaced_deployment(f"{space}-page-cache", space)
    assert cache.status.available_replicas == 1
    fated("-restore-", Fate.SUCCEEDED)
    assert stage.finish(operation)["status"]["state"] == "succeeded"
    assert stage.phase("acme") == "Ready"
    assert jobs(cluster, space, "-install-")


def test_a_new_store_has_no_backup_and_one_that_is_not_there_is_refused(
    stage: Stage, namespace: str
) -> None:
    done = stage.storectl("backup", "list", NAME)
    assert (done.returncode, done.stdout) == (0, "")
    for wanted in ("latest", "20261130T031700Z"):
        done = stage.storectl("restore", NAME, "--from", wanted, "--yes")
        assert done.returncode != 0
        assert f"has no backup {wanted}" in done.stderr
    assert stage.phase(NAME) == "Ready"


def test_one_is_made_by_hand_while_the_shop_sells(
    stage: Stage, shops: Shops, cluster: Cluster, namespace: str
) -> None:
    say(shops, namespace, "first")
    done = stage.storectl("backup", "create", NAME, "-o", "name")
    assert done.returncode == 0, done.stderr
    assert names(stage) == done.stdout.split()
    (item,) = stage.call("GET", f"/stores/{NAME}/backups")["items"]
    assert item["bytes"] > 0
    assert item["madeAt"].replace("-", "").replace(":", "")[:15] == item["name"][:15]
    told = stage.storectl("events", NAME).stdout
    assert f"The backup {item['name']} is made." in told
    # Whoever only asks leaves nothing behind.
    until(lambda: not jobs(cluster, namespace, "backup-list"))


def test_a_backup_that_waits_closes_nothing(
    stage: Stage, shops: Shops, namespace: str, fated: Callable[[str, Fate], None]
) -> None:
    before = names(stage)
    fated("-backup-", Fate.UNSCHEDULABLE)
    operation = stage.call("POST", f"/stores/{NAME}/backups")
    until(lambda: "back-up" in _running(stage, operation))
    assert stage.phase(NAME) == "Ready"
    assert status(front_page(shops, NAME, namespace)) == 200
    # Orders are looked at in the shop itself.
    assert stage.call("GET", f"/stores/{NAME}/orders")["items"] is not None
    assert stage.storectl("config", "push", NAME).returncode != 0
    fated("-backup-", Fate.SUCCEEDED)
    assert stage.finish(operation)["status"]["state"] == "succeeded"
    assert len(names(stage)) == len(before) + 1


def test_a_backup_that_fails_says_why_and_is_made_again(
    stage: Stage, namespace: str, fated: Callable[[str, Fate], None]
) -> None:
    before = names(stage)
    fated("-backup-", Fate.FAILED)
    operation = stage.call("POST", f"/stores/{NAME}/backups")
    ended = stage.finish(operation)["status"]
    assert (ended["state"], ended["error"]["code"]) == ("failed", "backup_not_made")
    assert stage.phase(NAME) == "Ready"
    fated("-backup-", Fate.SUCCEEDED)
    stage.call("POST", f"/operations/{operation['metadata']['id']}/retry")
    assert stage.finish(operation)["status"]["state"] == "succeeded"
    assert len(names(stage)) == len(before) + 1


def test_what_was_changed_is_back_after_a_restore_and_after_another(
    stage: Stage, shops: Shops, cluster: Cluster, namespace: str
) -> None:
    first = names(stage)[-1]
    for word in ("second", "third"):
        say(shops, namespace, word)
        done = stage.storectl("restore", NAME, "--from", first, "--yes")
        assert done.returncode == 0, done.stderr
        assert said(shops, namespace) == "first"
        assert stage.phase(NAME) == "Ready"
        assert stage.stack(NAME).spec.restore is None
        assert jobs(cluster, namespace, "-restore-") == []
        assert stage.reasons(NAME) == []
        assert status(front_page(shops, NAME, namespace)) == 200
    say(shops, namespace, "fourth")
    done = stage.storectl("restore", NAME, "--from", "latest", "--yes")
    assert done.returncode == 0, done.stderr
    assert said(shops, namespace) != "fourth"


def test_while_it_is_loaded_the_shop_rests_and_everybody_says_so(
    stage: Stage,
    shops: Shops,
    cluster: Cluster,
    namespace: str,
    fated: Callable[[str, Fate], None],
) -> None:
    backup = names(stage)[-1]
    fated("-restore-", Fate.UNHEALTHY)
    operation = restore(stage, backup)
    until(lambda: jobs(cluster, namespace, "-restore-"))
    until(lambda: namespace not in shops.running())
    until(lambda: "is being loaded" in stage.storectl("why", NAME).stdout)
    why = json.loads(stage.why(NAME))["status"]
    assert why["cause"]["code"] == "restore_under_way"
    assert backup in why["cause"]["message"]
    assert stage.phase(NAME) == "Changing"
    assert "is being loaded" in stage.storectl("describe", NAME).stdout
    refused = stage.storectl("config", "set", NAME, "shipping.flatRate=6")
    assert refused.returncode != 0
    # Another backup may be the right one: it takes the place of this one.
    newest = names(stage)[0]
    fated("-restore-", Fate.SUCCEEDED)
    again = restore(stage, newest)
    assert stage.finish(again)["status"]["state"] == "succeeded"
    assert stage.finish(operation)["status"]["state"] == "superseded"
    assert status(front_page(shops, NAME, namespace)) == 200


def test_a_restore_that_fails_says_why_wakes_the_shop_and_is_repeated(
    stage: Stage, shops: Shops, cluster: Cluster, namespace: str
) -> None:
    first = names(stage)[-1]
    copy = shops.sandboxes.volume(namespace, "backup") / first / "shop.sqlite3"
    whole = copy.read_bytes()
    copy.write_bytes(b"no copy of anything")
    say(shops, namespace, "fifth")
    operation = restore(stage, first)
    ended = stage.finish(operation)["status"]
    assert (ended["state"], ended["error"]["code"]) == ("failed", "backup_not_loaded")
    assert "The backup is damaged; nothing was touched" in ended["error"]["message"]
    # It runs on with what it had.
    until(lambda: stage.phase(NAME) == "Ready")
    assert said(shops, namespace) == "fifth"
    assert jobs(cluster, namespace, "-restore-") == []
    copy.write_bytes(whole)
    stage.call("POST", f"/operations/{operation['metadata']['id']}/retry")
    assert stage.finish(operation)["status"]["state"] == "succeeded"
    assert said(shops, namespace) != "fifth"


def test_without_its_image_nothing_rests_and_nothing_is_given_up(
    stage: Stage, shops: Shops, namespace: str, fated: Callable[[str, Fate], None]
) -> None:
    first = names(stage)[-1]
    fated("-backup-list", Fate.IMAGE_MISSING)
    refused = stage.storectl("restore", NAME, "--from", first, "--yes")
    assert refused.returncode != 0
    assert "Back-off pulling image" in refused.stderr
    assert stage.phase(NAME) == "Ready"
    fated("-restore-", Fate.IMAGE_MISSING)
    until(lambda: names(stage))
    operation = restore(stage, first)

    def told() -> bool:
        return bool(json.loads(stage.why(NAME))["status"]["cause"]["code"] == "image_pull")

    until(told)
    assert "Back-off pulling image" in stage.storectl("why", NAME).stdout
    fated("-restore-", Fate.SUCCEEDED)
    assert stage.finish(operation)["status"]["state"] == "succeeded"


def test_a_suspended_shop_is_restored_and_stays_closed(
    stage: Stage, shops: Shops, namespace: str, fated: Callable[[str, Fate], None]
) -> None:
    first = names(stage)[-1]
    stage.do(NAME, "suspend")
    say(shops, namespace, "sixth")
    fated("-restore-", Fate.UNHEALTHY)
    operation = restore(stage, first)
    until(lambda: "load-backup" in _running(stage, operation))
    refused = stage.storectl("resume", NAME)
    assert refused.returncode != 0
    fated("-restore-", Fate.SUCCEEDED)
    assert stage.finish(operation)["status"]["state"] == "succeeded"
    assert stage.phase(NAME) == "Suspended"
    assert status(front_page(shops, NAME, namespace)) == 503
    assert said(shops, namespace) != "sixth"
    stage.do(NAME, "resume")


def test_a_suspension_closes_it_at_once_and_ends_the_wish(
    stage: Stage,
    shops: Shops,
    cluster: Cluster,
    namespace: str,
    fated: Callable[[str, Fate], None],
) -> None:
    first = names(stage)[-1]
    say(shops, namespace, "kept")
    fated("-restore-", Fate.UNHEALTHY)
    operation = restore(stage, first)
    until(lambda: jobs(cluster, namespace, "-restore-"))
    stage.do(NAME, "suspend")
    assert stage.finish(operation)["status"]["state"] == "superseded"
    assert jobs(cluster, namespace, "-restore-") == []
    assert status(front_page(shops, NAME, namespace)) == 503
    fated("-restore-", Fate.SUCCEEDED)
    stage.do(NAME, "resume")
    assert stage.phase(NAME) == "Ready"
    assert said(shops, namespace) == "kept"


def test_a_control_plane_that_is_killed_anywhere_in_it_goes_on(
    stage: Stage, shops: Shops, namespace: str
) -> None:
    first = names(stage)[-1]
    for step, path, body in (
        (backup_steps.LoadBackup.name, "restores", {"backup": first}),
        (backup_steps.MakeBackup.name, "backups", None),
    ):
        copies = len(names(stage))
        say(shops, namespace, "seventh")
        operation = None
        for point in failpoints.POINTS:
            stage.stop()
            stage.start(STORECTL_FAILPOINT=f"{step}:{point}")
            if operation is None:
                stage.await_ready()
                operation = stage.call("POST", f"/stores/{NAME}/{path}", body)
            assert stage.await_death(120 * FACTOR) == -signal.SIGKILL, point
        stage.start()
        stage.await_ready()
        done = stage.finish(operation)
        assert done["status"]["state"] == "succeeded", done["status"]
        until(lambda: stage.phase(NAME) == "Ready")
        if step == backup_steps.LoadBackup.name:
            assert said(shops, namespace) != "seventh"
        else:
            assert len(names(stage)) == copies + 1


def test_a_retirement_ends_the_wish(
    stage: Stage,
    shops: Shops,
    cluster: Cluster,
    namespace: str,
    fated: Callable[[str, Fate], None],
) -> None:
    first = names(stage)[-1]
    say(shops, namespace, "last")
    fated("-restore-", Fate.UNHEALTHY)
    operation = restore(stage, first)
    until(lambda: jobs(cluster, namespace, "-restore-"))
    stage.do(NAME, "retire")
    assert stage.finish(operation)["status"]["state"] == "superseded"
    assert jobs(cluster, namespace, "-restore-") == []
    fated("-restore-", Fate.SUCCEEDED)
    refused = stage.storectl("restore", NAME, "--from", first, "--yes")
    assert refused.returncode != 0
    stage.do(NAME, "undelete")
    assert said(shops, namespace) == "last"
    assert stage.phase(NAME) == "Ready"
    stage.purged(NAME)


def _running(stage: Stage, operation: Object) -> set[str]:
    found = stage.call("GET", f"/operations/{operation['metadata']['id']}")["status"]["steps"]
    return {step["name"] for step in found if step["state"] == "running"}
