"""What the builder knows without a terraform: plans, complaints, locks, runs and their ends."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from provisioners.base import Change, ChangeKind, DriverFailure, Infrastructure
from provisioners.command import (
    CommandFailedError,
    CommandMissingError,
    CommandTimeoutError,
    Result,
    run_to_files,
)
from provisioners.leash import moment
from provisioners.terraform.builder import Terraform
from provisioners.terraform.localstates import LocalStates
from provisioners.terraform.plan import HOLDING_DATA, changes, drift, losses
from provisioners.terraform.program import Program, failure
from provisioners.terraform.run import Run
from provisioners.terraform.runs import Runs
from provisioners.terraform.states import Intent, Lock, addresses, renew

PY = sys.executable
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
INTENT = Intent(
    run="a1",
    holder="worker-1",
    who="app@pod-1",
    place="p1",
    started=NOW,
    until=NOW + timedelta(minutes=10),
    patience=20,
)


def lock(seconds: float = 0, **more: Any) -> Lock:
    told: dict[str, Any] = {"id": "x", "who": INTENT.who, "created": NOW}
    return Lock(**{**told, "created": NOW + timedelta(seconds=seconds), **more})


@pytest.mark.parametrize(
    ("held", "ours"),
    [
        (lock(1), True),
        (lock(49), True),
        (lock(51), False),
        (lock(-0.1), False),
        (lock(1, who="ann@desk"), False),
        (lock(900, run="a1"), True),
        (lock(1, run="b2"), False),
        (lock(1, run=""), False),
    ],
    ids=[
        "at once",
        "after waiting",
        "too late for it",
        "before it began",
        "somebody else",
        "says that it is",
        "says that it is another",
        "a session without a name",
    ],
)
def test_a_lock_is_ours_when_holder_and_time_fit_what_a_run_intended(
    held: Lock, ours: bool
) -> None:
    assert held.owner([INTENT]) == (INTENT if ours else None)


COMPLAINT = (
    "Error acquiring the state lock: Error message: resource temporarily unavailable Lock Info: "
    "ID: 94d6b3a6 Path: /a/b Operation: OperationTypeApply Who: root@vm Version: 1.12.6 "
    "Created: 2026-11-22 14:27:39.428939652 +0000 UTC Info: OpenTofu acquires a state lock"
)


def test_a_lock_is_read_from_a_complaint_and_from_its_own_description() -> None:
    found = Lock.of_complaint(COMPLAINT)
    assert found is not None
    assert (found.id, found.who, found.operation) == ("94d6b3a6", "root@vm", "OperationTypeApply")
    assert str(found) == (
        "locked by root@vm since 2026-11-22T14:27:39Z, OperationTypeApply (94d6b3a6)"
    )
    info = '{"ID":"a","Who":"b@c","Created":"2026-11-22T14:27:39.428939652Z","Operation":"o"}'
    assert Lock.of_info(info).created == found.created
    assert Lock.of_complaint("nothing of the kind") is None


def change(*actions: str, before: Any = None, after: Any = None, **more: Any) -> dict[str, Any]:
    told = {"actions": list(actions), "before": before, "after": after}
    return {"address": "a.b", "mode": "managed", "change": {**told, **more}}


@pytest.mark.parametrize(
    ("row", "kind", "attributes"),
    [
        (change("no-op"), None, ()),
        (change("create", after={"a": 1}), ChangeKind.CREATE, ()),
        (change("update", before={"a": 1}, after={"a": 2}), ChangeKind.UPDATE, ("a",)),
        (change("delete", before={"a": 1}), ChangeKind.DELETE, ()),
        (change("delete", "create", before={"a": 1}, after={"a": 2}), ChangeKind.REPLACE, ("a",)),
        (change("create", "delete", before={}, after={}), ChangeKind.REPLACE, ()),
        (change("forget", before={}), ChangeKind.FORGET, ()),
        ({**change("no-op"), "previous_address": "a.c"}, ChangeKind.MOVE, ()),
        ({**change("read"), "mode": "data"}, None, ()),
        (
            change("update", before={"a": 1}, after={}, after_unknown={"a": True}),
            ChangeKind.UPDATE,
            ("a",),
        ),
        (change("something-new"), ChangeKind.UPDATE, ()),
    ],
)
def test_a_plan_becomes_changes(
    row: dict[str, Any], kind: ChangeKind | None, attributes: tuple[str, ...]
) -> None:
    wanted = Change(kind=kind, address="a.b", attributes=attributes) if kind else None
    assert changes({"resource_changes": [row]}) == ((wanted,) if wanted else ())


def test_drift_is_what_differs_of_what_the_module_says() -> None:
    said = [{"address": "a.b", "expressions": {"rights": {}, "parts": {}}}]
    rows = [
        change("update", before={"rights": [1], "seen": 1}, after={"rights": [], "seen": 2}),
        change("update", before={"parts": [{"x": None}]}, after={"parts": [{"x": []}]}),
        change("update", before={"seen": 1}, after={"seen": 2}),
        {**change("delete", before={"rights": [1]}), "address": 'a.b["k"]'},
    ]
    plan = {
        "resource_drift": rows,
        "configuration": {"root_module": {"resources": said}},
    }
    assert drift(plan) == (
        Change(kind=ChangeKind.UPDATE, address="a.b", attributes=("rights",)),
        Change(kind=ChangeKind.DELETE, address='a.b["k"]'),
    )


def test_what_would_lose_data_is_named() -> None:
    found = [
        Change(kind=ChangeKind.DELETE, address="mysql_database.shop[0]"),
        Change(kind=ChangeKind.REPLACE, address='module.a["x.y"].aws_db_instance.shop'),
        Change(kind=ChangeKind.UPDATE, address="aws_s3_bucket.media[0]"),
        Change(kind=ChangeKind.DELETE, address="mysql_user.shop[0]"),
    ]
    assert losses(found, HOLDING_DATA) == (found[0].address, found[1].address)


def ended(*, error: str = "", output: str = "", code: int = 1) -> CommandFailedError:
    return CommandFailedError(
        "tofu", Result(returncode=code, output=output, error=error, seconds=0.1)
    )


DIAGNOSTIC = (
    '{"@level":"error","type":"diagnostic","diagnostic":{"severity":"error",'
    '"address":"mysql_user.shop[0]","summary":"Error 1045","detail":"hunter2-hunter2 denied"}}'
)


@pytest.mark.parametrize(
    ("error", "code", "transient"),
    [
        (CommandMissingError("tofu", "no such file"), "terraform_missing", False),
        (CommandTimeoutError("tofu", ended(code=-15).result), "terraform_timeout", True),
        (ended(code=-9), "terraform_killed", True),
        (ended(error="Error: Error acquiring the state lock"), "state_locked", True),
        (ended(error="Error: Saved plan is stale"), "plan_stale", True),
        (
            ended(error="│ Error: Failed to query available provider packages"),
            "provider_missing",
            False,
        ),
        (
            ended(error="Error: could not connect to registry.opentofu.org"),
            "provider_missing",
            True,
        ),
        (ended(error="Error: Invalid value for variable"), "variables_refused", False),
        (ended(error="Error: Unsupported argument"), "module_broken", False),
        (
            ended(error="Error: dial tcp: refused", output="Initializing the backend..."),
            "state_unreachable",
            True,
        ),
        (ended(output=DIAGNOSTIC), "terraform_failed", True),
    ],
)
def test_a_complaint_becomes_a_code(error: Any, code: str, transient: bool) -> None:
    found = failure(error, ["hunter2-hunter2"])
    assert (found.code, found.transient) == (code, transient)
    assert "hunter2" not in found.detail


def test_a_secret_counts_for_the_digest_and_is_never_shown() -> None:
    one = Infrastructure(name="a", module="m", variables={"x": 1}, secrets={"p": "s3cr3t"})
    assert one.digest != replace(one, secrets={"p": "other"}).digest
    assert one.digest == replace(one, variables={"x": 1}).digest
    assert "s3cr3t" not in repr(one)


def test_addresses_name_every_instance_that_a_state_holds() -> None:
    state = {
        "resources": [
            {
                "mode": "managed",
                "type": "t",
                "name": "n",
                "module": "module.m",
                "instances": [{"index_key": "k"}, {"index_key": 0, "deposed": "d1"}],
            },
            {"mode": "data", "type": "d", "name": "n", "instances": [{}]},
        ]
    }
    assert addresses(state) == ('module.m.t.n["k"]', "module.m.t.n[0] (deposed)")


def test_intents_are_kept_beside_the_state_until_they_are_forgotten(tmp_path: Path) -> None:
    states = LocalStates(tmp_path)
    other = replace(INTENT, run="b2")
    states.intend("s", INTENT)
    states.intend("s", other)
    (tmp_path / "s" / "intent-zz.json").write_text("half")
    assert states.intents("s") == (INTENT, other)
    states.forget("s", ["a1", "b2", "zz"])
    assert (states.intents("s"), states.names(), states.read("s")) == ((), set(), None)
    states.remove("s")
    assert not (tmp_path / "s").exists()


def test_an_intent_is_swapped_only_for_what_was_read(tmp_path: Path) -> None:
    states = LocalStates(tmp_path)
    assert not states.swap("s", INTENT, INTENT)
    states.intend("s", INTENT)
    later, ended = replace(INTENT, beat=1), replace(INTENT, ended=True)
    assert states.swap("s", INTENT, later)
    assert not states.swap("s", INTENT, ended)
    assert states.intents("s") == (later,)
    assert renew(states, "s", "a1", lambda old: replace(old, beat=old.beat + 1))
    assert states.intents("s") == (replace(INTENT, beat=2),)
    assert states.swap("s", replace(INTENT, beat=2), ended)
    assert not renew(states, "s", "a1", lambda old: replace(old, ended=False))
    assert not renew(states, "s", "unknown", lambda old: old)


def sleeper(run: Run, program: str = "import time; time.sleep(60)") -> subprocess.Popen[bytes]:
    """A program that holds the run's lock, as terraform does."""
    with run.held() as held:
        argv = [PY, "-I", "-S", "-c", program]
        options: dict[str, Any] = {"cwd": run.path, "start_new_session": True}
        return subprocess.Popen(argv, pass_fds=[held], **options)


def abandoned(runs: Runs) -> Run:
    """A run whose worker is gone and left everything."""
    with runs.opened("s") as opened:
        pass
    opened.path.mkdir()
    (opened.path / "worker.lock").touch()
    return opened


def test_what_a_dead_worker_left_is_removed_once_nothing_runs_there(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    left = abandoned(runs)
    left.until(time.time() + 60, 1)
    with sleeper(left) as process:
        assert runs.awake(left.token)
        runs.sweep()
        assert left.path.exists()
        process.kill()
    runs.sweep()
    assert (runs.awake(left.token), left.path.exists()) == (None, False)


def state_of(process: subprocess.Popen[bytes]) -> str:
    """As the kernel writes it: T for a process that is stopped."""
    return Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, "not within 20 s"
        time.sleep(0.02)


def test_a_guard_stops_what_is_not_renewed_and_ends_what_is_lost(tmp_path: Path) -> None:
    run = abandoned(Runs(tmp_path))
    run.until(time.time() + 60, 1)
    run.lease(moment())
    argv = [PY, "-m", "provisioners.terraform.guard", str(run.path), "0.5"]
    with sleeper(run) as process, subprocess.Popen(argv, cwd=Path(__file__).parents[3]) as guard:
        until(lambda: state_of(process) == "T")
        assert moment() - (run.renewal or 0) > 0.5
        run.renewed(moment() + 60)
        until(lambda: state_of(process) != "T")
        assert run.guarded
        run.lose()
        assert process.wait(timeout=20) == -signal.SIGKILL
        assert guard.wait(timeout=20) == 0
    assert not run.awake


def test_a_guard_ends_what_outlives_its_time_without_anybody(tmp_path: Path) -> None:
    run = abandoned(Runs(tmp_path))
    run.until(time.time() - 2, 1)
    run.lease(moment() + 60)
    argv = [PY, "-m", "provisioners.terraform.guard", str(run.path), "60"]
    with sleeper(run) as process, subprocess.Popen(argv, cwd=Path(__file__).parents[3]) as guard:
        assert process.wait(timeout=20) == -signal.SIGKILL
        assert guard.wait(timeout=20) == 0


@pytest.mark.parametrize(("late", "kind"), [(1, signal.SIGTERM), (60, signal.SIGKILL)])
def test_what_is_overdue_is_asked_to_end_and_then_ended(
    tmp_path: Path, late: float, kind: signal.Signals
) -> None:
    runs = Runs(tmp_path)
    left = abandoned(runs)
    left.until(time.time() - late, 30)
    with sleeper(left) as process:
        runs.sweep()
        assert process.wait(timeout=20) == -kind
    runs.sweep()
    assert not left.path.exists()


def test_a_state_that_was_left_behind_is_kept(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    with runs.opened("s") as opened:
        (opened.path / "errored.tfstate").write_text("{}")
        assert (opened.path.stat().st_mode & 0o777) == 0o700
    found = runs.rescued("s")
    assert found is not None
    assert (found.read_text(), opened.path.exists()) == ("{}", False)


def test_two_homes_are_told_apart_and_one_stays_the_same(tmp_path: Path) -> None:
    one, same, other = Runs(tmp_path / "a"), Runs(tmp_path / "a"), Runs(tmp_path / "b")
    assert one.place == same.place != other.place


def test_a_program_that_writes_into_files_survives_whoever_started_it(tmp_path: Path) -> None:
    done = tmp_path / "done"
    child = (
        "import sys, time; time.sleep(0.5); print('x' * 100000, flush=True); "
        f"open({str(done)!r}, 'w').close()"
    )
    parent = (
        "import os, threading, sys; from pathlib import Path\n"
        "from provisioners.command import run_to_files\n"
        "threading.Timer(0.2, lambda: os.kill(os.getpid(), 9)).start()\n"
        f"run_to_files([{PY!r}, '-c', {child!r}], directory=Path({str(tmp_path)!r}),"
        " timeout=30, grace=1)"
    )
    root = Path(__file__).parents[3]
    ended = subprocess.run([PY, "-c", parent], cwd=root, check=False)
    assert ended.returncode == -9
    end = time.monotonic() + 20
    while not done.exists():
        assert time.monotonic() < end, "it died with its parent"
        time.sleep(0.02)


def test_a_late_program_is_asked_alone_and_its_group_ended_after_its_grace(tmp_path: Path) -> None:
    polite = (
        "import os, signal, sys, time\n"
        "def leave(*_): print('left', flush=True); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, leave)\n"
        "print('started', flush=True); time.sleep(60)"
    )
    with pytest.raises(CommandTimeoutError) as caught:
        run_to_files([PY, "-c", polite], directory=tmp_path, timeout=1.0, grace=10)
    assert (caught.value.result.returncode, caught.value.result.output) == (0, "started\nleft\n")
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)"
    began = time.monotonic()
    with pytest.raises(CommandTimeoutError) as caught:
        run_to_files([PY, "-c", deaf], directory=tmp_path, timeout=0.7, grace=0.5)
    assert caught.value.result.returncode == -signal.SIGKILL
    assert time.monotonic() - began < 15
    assert not (tmp_path / "group").exists()


def test_its_files_are_for_the_owner_and_secrets_are_blotted_out(tmp_path: Path) -> None:
    program = "import os; open('plan', 'w').close(); print('a s3cr3t-value b')"
    result = run_to_files(
        [PY, "-c", program], directory=tmp_path, timeout=20, grace=1, secrets=["s3cr3t-value"]
    )
    assert result.output == "a [redacted] b\n"
    modes = {name: (tmp_path / name).stat().st_mode & 0o777 for name in ("plan", "stdout")}
    assert modes == {"plan": 0o600, "stdout": 0o600}


def test_a_name_that_is_no_stacks_is_refused(tmp_path: Path) -> None:
    builder = Terraform(Program(), LocalStates(tmp_path / "s"), {}, home=tmp_path / "r")
    for name in ("../a", "A", "", "a-b", "x" * 41):
        with pytest.raises(DriverFailure) as caught:
            builder.inventory(name)
        assert caught.value.code == "bad_name"
    with pytest.raises(DriverFailure) as caught:
        builder.apply(Infrastructure(name="a", module="none"))
    assert caught.value.code == "module_missing"
