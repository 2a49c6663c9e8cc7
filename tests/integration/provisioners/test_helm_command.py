"""How helm is called, and what its complaints mean. The runner refuses what helm would refuse."""

import json
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from provisioners.base import DriverFailure
from provisioners.command import (
    CommandFailedError,
    CommandMissingError,
    CommandTimeoutError,
    Result,
)
from provisioners.helm.program import Helm, failure
from provisioners.kubernetes.connection import Connection

from .conftest import Script

COMMON = {"--namespace": 1, "--timeout": 1, "--kubeconfig": 1, "--kube-context": 1}
KNOWN = {
    "version": {"--template": 1},
    "upgrade": COMMON
    | {
        "--install": 0,
        "--values": 1,
        "--reset-values": 0,
        "--description": 1,
        "--labels": 1,
        "--disable-openapi-validation": 0,
        "--hide-notes": 0,
        "--history-max": 1,
        "--no-hooks": 0,
    },
    "rollback": COMMON | {"--history-max": 1},
    "uninstall": COMMON | {"--ignore-not-found": 0, "--no-hooks": 0},
}
ONLY_4 = {"--server-side=true": 0, "--force-conflicts": 0}


class FakeHelm:
    """Takes the arguments that helm of a version takes, nothing else."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.calls: list[tuple[str, list[str], dict[str, str], bytes]] = []
        self.at_once = 0
        self.most = 0
        self._lock = threading.Lock()

    def __call__(
        self, argv: Sequence[str], *, timeout: float, stdin: bytes, env: dict[str, str]
    ) -> Result:
        verb, words, options = argv[1], [], {}
        known: dict[str, int] = KNOWN[verb] | (
            ONLY_4 if self.version.startswith("v4") and verb in {"upgrade", "rollback"} else {}
        )
        rest = list(argv[2:])
        while rest:
            word = rest.pop(0)
            if word.startswith("--"):
                assert word in known, f"unknown flag: {word}"
                options[word] = rest.pop(0) if known[word] else ""
            else:
                words.append(word)
        assert env["HELM_PLUGINS"]
        with self._lock:
            self.calls.append((verb, words, options, stdin))
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        if verb != "version":
            time.sleep(0.01)
        with self._lock:
            self.at_once -= 1
        output = self.version if verb == "version" else ""
        return Result(returncode=0, output=output, error="", seconds=0.0)


@pytest.fixture
def connection(api: Script, tmp_path: Path) -> Any:
    found = Connection(tmp_path / "kubeconfig", context="a")
    yield found
    found.close()


@pytest.mark.parametrize("version", ["v3.18.0", "v4.2.3+gabc"])
def test_each_version_is_called_with_what_it_takes(
    connection: Connection, tmp_path: Path, version: str
) -> None:
    fake = FakeHelm(version)
    helm = Helm(connection, tmp_path, runner=fake, timeout=90)
    values = {"websites": {"a.example": "de"}}
    helm.upgrade("store-a", Path("/chart"), values, description="d1", labels={"x/digest": "d1"})
    helm.rollback("store-a", 3)
    helm.uninstall("store-a")
    told, upgrade, rollback, uninstall = fake.calls
    assert told[0] == "version"
    assert upgrade[1] == ["store-a", "/chart"]
    assert json.loads(upgrade[3]) == values
    assert upgrade[2]["--values"] == "-"
    assert "--reset-values" in upgrade[2]
    assert upgrade[2]["--labels"] == "x/digest=d1"
    assert upgrade[2]["--timeout"] == "90s"
    assert upgrade[2]["--kube-context"] == "a"
    assert ("--force-conflicts" in upgrade[2]) is version.startswith("v4")
    assert (rollback[1], uninstall[1]) == (["store-a", "3"], ["store-a"])


def test_no_more_than_a_few_run_at_once(connection: Connection, tmp_path: Path) -> None:
    fake = FakeHelm("v3.18.0")
    helm = Helm(connection, tmp_path, runner=fake, at_once=2)
    threads = [threading.Thread(target=helm.uninstall, args=(f"store-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fake.calls) == 8
    assert fake.most == 2


def failed(error: str, returncode: int = 1) -> CommandFailedError:
    return CommandFailedError(
        "helm", Result(returncode=returncode, output="", error=error, seconds=1.0)
    )


@pytest.mark.parametrize(
    ("error", "code", "transient"),
    [
        ("Error: pods is forbidden: exceeded quota: x", "quota_exceeded", True),
        ("Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress",
         "release_pending", True),
        ("Error: Kubernetes cluster unreachable: Get …", "cluster_unreachable", True),
        ("Error: x because it is being terminated", "namespace_terminating", True),
        ("Error: Operation cannot be fulfilled on deployments", "cluster_conflict", True),
        ("Error: values don't meet the specifications of the schema(s)", "values_refused", False),
        ("Error: template: a.yaml:1:2: executing", "chart_broken", False),
        ('Error: path "/chart" not found', "chart_missing", False),
        ("Error: something new", "helm_failed", True),
    ],
)  # fmt: skip
def test_a_complaint_has_a_meaning(error: str, code: str, transient: bool) -> None:
    found = failure(failed(f"level=WARN msg=progress\n{error}\n"))
    assert (found.code, found.transient) == (code, transient)
    assert found.detail == error.removeprefix("Error: ")


def test_what_ended_it_is_told_apart() -> None:
    late = Result(returncode=-15, output="", error="", seconds=300.0)
    assert failure(CommandTimeoutError("helm", late)).code == "helm_timeout"
    assert failure(failed("", -9)).code == "helm_killed"
    missing = failure(CommandMissingError("helm", "No such file"))
    assert (missing.code, missing.transient) == ("helm_missing", False)


def test_a_version_that_is_none_is_a_failure(connection: Connection, tmp_path: Path) -> None:
    with pytest.raises(DriverFailure):
        Helm(connection, tmp_path, runner=FakeHelm("nonsense")).rollback("store-a", 1)
