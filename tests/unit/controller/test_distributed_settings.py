"""Each process of the distributed control plane says which settings it misses."""

from collections.abc import Callable
from pathlib import Path

import pytest

from controller.bootstrap import distributed

ALL = ["STORECTL_DATABASE_URL", "STORECTL_REDIS_URL", "STORECTL_MASTER_KEY"]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ALL:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("STORECTL_HOME", str(tmp_path))


@pytest.mark.parametrize(
    ("start", "missing"),
    [
        pytest.param(distributed.api, ALL, id="api"),
        pytest.param(distributed.worker, ALL, id="worker"),
        pytest.param(distributed.beat, ["STORECTL_REDIS_URL"], id="beat"),
        pytest.param(distributed.migrate_now, ["STORECTL_DATABASE_URL"], id="migrate"),
    ],
)
def test_what_is_missing_is_named(
    start: Callable[[], int], missing: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        start()
    assert ended.value.code == 2
    said = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in said] == missing
    assert all(" is not set: " in line for line in said)


@pytest.mark.parametrize("queues", ["", "peolpe", "people,other"])
def test_a_queue_that_nobody_rings_is_refused(
    queues: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        distributed.worker(["--queues", queues])
    assert ended.value.code == 2
    assert "people, resync" in capsys.readouterr().err


def test_what_cannot_be_shared_by_processes_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STORECTL_DATABASE_URL", "sqlite:////tmp/hunter2")
    monkeypatch.setenv("STORECTL_REDIS_URL", "amqp://user:hunter2@localhost")
    monkeypatch.setenv("STORECTL_MASTER_KEY", "hunter2" * 6)
    with pytest.raises(SystemExit) as ended:
        distributed.worker()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert [line.split(":")[0] for line in said.splitlines()] == [
        "STORECTL_DATABASE_URL cannot be used",
        "STORECTL_REDIS_URL cannot be used",
    ]
    assert "hunter2" not in said
