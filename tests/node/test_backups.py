"""Backups on real volumes: made by hand, loaded over a shop that was changed, loaded once more.

The tests follow one another. What is changed is what the control plane knows nothing of: a row of
the shop's database and a file among its pictures.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.cluster.stage import Stage
from tests.control_plane import until
from tests.node.asking import Shopper, front, status, well
from tests.node.conftest import Node

NAME = "keeper"
PICTURE = "/magento/pub/media/word.txt"
SQL = "MYSQL_PWD=$(cat /run/secrets/database/db-root-password) exec mariadb -N -u root magento -e "


@pytest.fixture(scope="module")
def namespace(stage: Stage) -> str:
    """The namespace of a shop that sells."""
    return stage.made(NAME, plan="starter", cluster="main")


def run(stage: Stage, component: str, container: str, script: str) -> str:
    """What a script prints in one of the shop's pods."""
    driver: Any = stage.driver
    uid = stage.store(NAME).stack
    done = driver.execute(uid, component, container, ["sh", "-c", script], timeout=60)
    assert done.returncode == 0, done
    return str(done.output).strip()


def say(stage: Stage, word: str) -> None:
    """Leave a word in the database and among the pictures."""
    table = "CREATE TABLE IF NOT EXISTS kept_word (id INT PRIMARY KEY, word TEXT)"
    row = f"REPLACE INTO kept_word VALUES (1, '{word}')"
    run(stage, "database", "mariadb", f'{SQL}"{table}; {row}"')
    run(stage, "web", "web", f"echo {word} > {PICTURE}")


def said(stage: Stage) -> tuple[str, str]:
    """The word of the database, and that of the pictures."""
    row = run(stage, "database", "mariadb", f'{SQL}"SELECT word FROM kept_word"')
    return row, run(stage, "web", "web", f"cat {PICTURE}")


def names(stage: Stage) -> list[str]:
    """The backups that there are, the newest first."""
    done = stage.storectl("backup", "list", NAME, "-o", "name")
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def restore(stage: Stage, backup: str) -> Any:
    return stage.storectl("restore", NAME, "--from", backup, "--yes")


def test_one_is_made_by_hand_while_the_shop_sells(stage: Stage, namespace: str) -> None:
    say(stage, "first")
    with Shopper(front(NAME)).shopping() as shopper:
        done = stage.storectl("backup", "create", NAME, "-o", "name")
    assert done.returncode == 0, done.stderr
    assert set(shopper.answers) == {200}
    assert names(stage) == done.stdout.split()
    (item,) = stage.call("GET", f"/stores/{NAME}/backups")["items"]
    assert item["bytes"] > 0


def test_what_was_changed_is_back_and_visitors_read_that_it_is_closed(
    stage: Stage, namespace: str
) -> None:
    (first,) = names(stage)
    say(stage, "second")
    with Shopper(front(NAME)).shopping() as shopper:
        done = restore(stage, first)
    assert done.returncode == 0, done.stderr
    assert set(shopper.answers) == {200, 503}
    assert said(stage) == ("first", "first")
    assert status(front(NAME)) == 200
    well(stage, NAME)


def test_it_may_be_repeated(stage: Stage, namespace: str) -> None:
    first = names(stage)[-1]
    say(stage, "third")
    done = restore(stage, first)
    assert done.returncode == 0, done.stderr
    assert said(stage) == ("first", "first")
    well(stage, NAME)


def test_one_that_is_damaged_touches_nothing_and_another_is_loaded(
    stage: Stage, node: Node, namespace: str
) -> None:
    say(stage, "fourth")
    done = stage.storectl("backup", "create", NAME, "-o", "name")
    assert done.returncode == 0, done.stderr
    damaged, good = done.stdout.strip(), names(stage)[-1]
    claim: Any = node.core.read_namespaced_persistent_volume_claim(f"{namespace}-backup", namespace)
    volume: Path = node.directory / "volumes" / f"pvc-{claim.metadata.uid}"
    (volume / damaged / "database.sql.gz").write_bytes(b"no copy of anything")
    say(stage, "fifth")
    failed = restore(stage, damaged)
    assert failed.returncode != 0
    assert "backup could not be loaded" in failed.stderr
    until(lambda: status(front(NAME)) == 200, "the shop runs as before", 300)
    well(stage, NAME)
    assert said(stage) == ("fifth", "fifth")
    done = restore(stage, good)
    assert done.returncode == 0, done.stderr
    assert said(stage) == ("first", "first")
    well(stage, NAME)


def test_a_store_that_is_retired_meanwhile_is_not_restored_later(
    stage: Stage, namespace: str
) -> None:
    say(stage, "sixth")
    newest = stage.storectl("backup", "create", NAME, "-o", "name").stdout.strip()
    stage.call("POST", f"/stores/{NAME}/restores", {"backup": newest})
    stage.do(NAME, "retire")
    stage.do(NAME, "undelete")
    assert stage.stack(NAME).spec.restore is None
    done = restore(stage, newest)
    assert done.returncode == 0, done.stderr
    assert said(stage) == ("sixth", "sixth")
    stage.purged(NAME)
