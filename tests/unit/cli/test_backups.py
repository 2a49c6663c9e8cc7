"""`storectl backup` and `restore`: what is listed, what is asked before data is replaced."""

from typing import Any

import pytest

from tests.unit.cli.fake_control_plane import FakeApi
from tests.unit.cli.runner import Storectl

NEW, OLD = "20261129T031700Z", "20261128T031700Z"


def backup(name: str) -> dict[str, Any]:
    at = f"2026-11-{name[6:8]}T03:17:00.000Z"
    return {"name": name, "madeAt": at, "bytes": 12_345_678, "version": "Magento 2.4.7-p3"}


@pytest.fixture
def acme(connected: Storectl, api: FakeApi) -> Storectl:
    connected("create", "acme", "--country", "DE")
    api.backups = [backup(NEW), backup(OLD)]
    return connected


def test_backups_are_listed_with_age_size_and_version(acme: Storectl) -> None:
    heading, first, _ = acme("backup", "list", "acme").out.splitlines()
    assert heading.split() == ["BACKUP", "AGE", "SIZE", "VERSION"]
    assert first.startswith(NEW)
    assert "12.3 MB" in first
    assert "2.4.7-p3" in first
    assert acme("backup", "list", "acme", "-o", "name").out.split() == [NEW, OLD]


def test_none_yet_is_no_failure_and_nothing_for_programs(acme: Storectl, api: FakeApi) -> None:
    api.backups = []
    outcome = acme("backup", "list", "acme")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "None yet.\n")
    assert acme("backup", "list", "acme", "-o", "json").out == "[]\n"


def test_one_is_made_and_named(acme: Storectl) -> None:
    assert "acme has the backup 20261130T120000Z." in acme("backup", "create", "acme").out
    assert acme("backup", "create", "acme", "-o", "name").out == "20261130T120000Z\n"


def test_a_restore_is_followed_until_the_store_sells(acme: Storectl, api: FakeApi) -> None:
    outcome = acme("restore", "acme", "--from", OLD, "--yes")
    assert (outcome.code, api.restored) == (0, [("acme", OLD)])
    assert "acme is ready" in outcome.out


def test_nothing_is_replaced_without_a_yes(acme: Storectl, api: FakeApi) -> None:
    outcome = acme("restore", "acme", "--from", OLD)
    assert outcome.code != 0
    assert f"storectl restore acme --from {OLD} --yes" in outcome.err
    assert api.restored == []


def test_the_latest_is_the_server_s_to_choose(acme: Storectl, api: FakeApi) -> None:
    assert acme("restore", "acme", "--from", "latest", "--yes").code == 0
    assert api.restored == [("acme", "latest")]


def test_from_which_backup_must_be_said(acme: Storectl, api: FakeApi) -> None:
    assert acme("restore", "acme", "--yes").code == 2
    assert api.restored == []
