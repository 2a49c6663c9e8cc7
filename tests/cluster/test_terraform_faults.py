"""What the builder survives: killed workers, killed terraforms, locks, lost states, halves."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from provisioners import command
from provisioners.base import ChangeKind, DriverFailure
from provisioners.terraform.runs import Runs
from tests.cluster.faulty import running
from tests.cluster.terraform_bench import (
    ADDRESSES,
    MODULE,
    MORTALITY,
    Bench,
    Spec,
    insist,
    nothing_left_behind,
)
from tests.cluster.waiting import until


@pytest.fixture
def local(tool: str, tmp_path: Path) -> Bench:
    place = {"kind": "local", "root": str(tmp_path / "states")}
    spec = Spec(binary=tool, home=str(tmp_path / "runs"), place=place)
    return Bench(spec=spec, directory=tmp_path)


BOUNDARIES = [
    *((verb, when) for verb in ("init", "plan", "apply") for when in MORTALITY),
    *((verb, when) for verb in ("show", "output") for when in ("before", "after")),
]


@pytest.mark.parametrize(("verb", "when"), BOUNDARIES, ids=[f"{w} {v}" for v, w in BOUNDARIES])
@pytest.mark.parametrize("place", ["local", "kubernetes"], indirect=True)
def test_a_worker_killed_at_any_boundary_leaves_the_next_one_a_way(
    bench: Bench, verb: str, when: str
) -> None:
    survives(bench, verb, when)


@pytest.mark.parametrize("when", MORTALITY)
@pytest.mark.parametrize("place", ["pg"], indirect=True)
@pytest.mark.needs("postgres")
def test_a_worker_killed_around_an_apply_over_postgresql(bench: Bench, when: str) -> None:
    survives(bench, "apply", when)


def survives(bench: Bench, verb: str, when: str) -> None:
    """Kill a worker; the next one finishes what it began."""
    wanted = bench.wanted(making="sleep 0.3")
    bench.killed(wanted, binary=bench.mortal(verb, when))
    built = bench.insist(wanted)
    assert built.outputs["database"] == {"host": "db.example", "size": 1}
    builder = bench.builder()
    assert builder.inventory(bench.name) == ADDRESSES
    assert builder.plan(wanted) == ()
    # A plan that went on by itself may have outlasted that; what it said is forgotten by now.
    assert builder.apply(wanted).changed == 0
    # What was being made when everybody died is made again; all else is made once.
    assert bench.made() == 1 or (verb, when) == ("apply", "within")
    nothing_left_behind(bench)


# The shell that this runs in is a child of terraform, and terraform one of the worker.
EVERYBODY = "kill -9 $(cut -d' ' -f4 /proc/$PPID/stat) $PPID"


def test_a_worker_and_its_terraform_killed_in_the_middle_of_an_apply(bench: Bench) -> None:
    """The lock that they leave is known for theirs and taken away."""
    bench.killed(bench.wanted(making=EVERYBODY))
    # The shell that killed them may outlive them for a moment, and it is one of theirs.
    built = bench.insist(bench.wanted())
    assert built.outputs["database"] == {"host": "db.example", "size": 1}
    assert bench.insist(bench.wanted()).changed == 0
    assert bench.builder().inventory(bench.name) == ADDRESSES
    assert bench.made() == 2
    nothing_left_behind(bench)


def test_an_orphan_at_work_is_waited_for_and_told(bench: Bench) -> None:
    go = bench.directory / "go"
    waiting = bench.wanted(making=f"until [ -e {go} ]; do sleep 0.05; done")
    bench.killed(waiting, binary=bench.mortal("apply", "beside"))
    until(lambda: bench.made() == 1)
    with pytest.raises(DriverFailure) as caught:
        bench.builder().apply(waiting)
    assert (caught.value.code, caught.value.transient) == ("state_locked", True)
    go.touch()
    assert bench.insist(waiting).outputs["database"] == {"host": "db.example", "size": 1}
    assert bench.insist(waiting).changed == 0
    assert bench.made() == 1
    nothing_left_behind(bench)


def test_an_orphan_that_never_ends_is_ended_when_its_time_is_over(local: Bench) -> None:
    hanging = local.wanted(making="sleep 300")
    soon = replace(local.spec, limits={"apply": 1.0, "grace": 1.0})
    Bench(spec=soon, directory=local.directory, name=local.name).killed(
        hanging, binary=local.mortal("apply", "beside")
    )
    # What was being made may have been asked to end, and is kept as half made.
    built = local.insist(local.wanted(loose=True))
    assert built.outputs["database"] == {"host": "db.example", "size": 1}
    nothing_left_behind(local)


@contextlib.contextmanager
def by_hand(bench: Bench, making: str = "true", **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Somebody else who applies, without us and without saying so."""
    directory = bench.directory / "by-hand"
    directory.mkdir()
    backend = bench.spec.states().backend(bench.name, "none")
    block = {"terraform": {"backend": {backend.kind: dict(backend.settings)}}}
    (directory / "backend.tf.json").write_text(json.dumps(block))
    for file in (MODULE / "main.tf",):
        (directory / file.name).write_bytes(file.read_bytes())
    values = {"uid": bench.name, "making": making, **more}
    (directory / "a.auto.tfvars.json").write_text(json.dumps(values))
    environment = {**os.environ, **backend.environment, "CHECKPOINT_DISABLE": "1"}
    environment["PGAPPNAME"] = ""
    environment["TF_CLI_CONFIG_FILE"] = os.devnull
    options: dict[str, Any] = {"cwd": directory, "env": environment, "start_new_session": True}
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    subprocess.run([bench.tool, "init", "-input=false"], check=True, **options, **quiet)
    with subprocess.Popen([bench.tool, "apply", "-auto-approve"], **options, **quiet) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def test_a_lock_of_a_stranger_is_told_and_left_alone(bench: Bench) -> None:
    go = bench.directory / "go"
    making = f"echo made >> {bench.marks}; until [ -e {go} ]; do sleep 0.05; done"
    with by_hand(bench, making) as stranger:
        until(lambda: bench.made() == 1)
        for _ in range(2):
            with pytest.raises(DriverFailure) as caught:
                bench.builder().apply(bench.wanted(size=2))
            assert (caught.value.code, caught.value.transient) == ("state_locked", True)
            assert "locked by" in caught.value.detail
            assert " since 20" in caught.value.detail
        assert stranger.poll() is None
        go.touch()
        assert stranger.wait(timeout=30) == 0
    built = bench.builder().apply(bench.wanted(size=2))
    assert built.outputs["database"] == {"host": "db.example", "size": 2}
    nothing_left_behind(bench)


@pytest.mark.parametrize("place", ["kubernetes"], indirect=True)
def test_a_lock_of_a_dead_stranger_is_left_alone_too(bench: Bench) -> None:
    with by_hand(bench, f"echo made >> {bench.marks}; sleep 300") as stranger:
        until(lambda: bench.made() == 1)
        os.killpg(stranger.pid, signal.SIGKILL)
        stranger.wait(timeout=30)
    before = bench.spec.states().lock(bench.name)
    assert before is not None
    with pytest.raises(DriverFailure) as caught:
        bench.builder().apply(bench.wanted())
    assert caught.value.code == "state_locked"
    assert before.who in caught.value.detail
    assert bench.spec.states().lock(bench.name) == before


def test_two_workers_on_one_stack_make_everything_once(bench: Bench) -> None:
    wanted = bench.wanted(making="sleep 0.3")
    builders = [bench.builder() for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda one: insist(lambda: one.apply(wanted)), builders))
    assert sorted(result.changed for result in results) == [0, 3]
    assert bench.made() == 1
    nothing_left_behind(bench)


def test_a_plan_never_takes_a_first_state_from_under_an_apply(local: Bench) -> None:
    """Terraform removes an empty state file that it made to lock it: nobody may hold that one."""
    wanted = local.wanted()
    for name in ("one", "two", "three"):
        fresh = replace(wanted, name=f"{local.name}{name}")
        builders = [local.builder() for _ in range(3)]
        with ThreadPoolExecutor(3) as pool:
            results = list(pool.map(lambda one, it=fresh: insist(lambda: one.apply(it)), builders))
        assert sorted(result.changed for result in results) == [0, 0, 3]


def test_a_plan_that_went_stale_is_made_again(local: Bench) -> None:
    seen: list[str] = []

    def meddled(argv: Sequence[str], **options: Any) -> command.Result:
        if argv[1] == "apply" and "apply" not in seen:
            seen.append("apply")
            with by_hand(local, f"echo made >> {local.marks}", size=7) as other:
                assert other.wait(timeout=60) == 0
        else:
            seen.append(argv[1])
        return command.run_to_files(argv, **options)

    built = local.builder(outlasting=meddled).apply(local.wanted(size=3))
    assert built.outputs["database"] == {"host": "db.example", "size": 3}
    assert seen == ["init", "plan", "apply", "plan", "apply"]
    assert local.made() == 1


def test_what_failed_half_way_is_kept_and_finished_by_the_next_run(bench: Bench) -> None:
    with pytest.raises(DriverFailure) as caught:
        bench.builder().apply(bench.wanted(making="echo no room >&2; exit 3"))
    assert (caught.value.code, caught.value.transient) == ("terraform_failed", True)
    assert "terraform_data.second" in caught.value.detail
    assert bench.builder().inventory(bench.name) == ADDRESSES[:2]
    # Without leave nothing that holds data is made anew, not even what failed.
    with pytest.raises(DriverFailure) as caught:
        bench.builder().apply(bench.wanted())
    assert caught.value.code == "data_protected"
    assert bench.builder().apply(bench.wanted(loose=True)).changed == 2
    assert bench.builder().inventory(bench.name) == ADDRESSES
    nothing_left_behind(bench)


def test_a_destruction_that_cannot_finish_says_what_is_left(bench: Bench) -> None:
    block = bench.directory / "block"
    wanted = bench.wanted(ending=f"test ! -e {block}", loose=True)
    bench.builder().apply(wanted)
    block.touch()
    with pytest.raises(DriverFailure) as caught:
        bench.builder().destroy(wanted)
    assert (caught.value.code, caught.value.transient) == ("destroy_incomplete", True)
    assert "still holds terraform_data.first, terraform_data.second" in caught.value.detail
    assert bench.builder().inventory(bench.name) == ADDRESSES[:2]
    block.unlink()
    bench.builder().destroy(wanted)
    assert bench.builder().inventory(bench.name) == ()
    assert bench.builder().names() == set()
    nothing_left_behind(bench)


@pytest.mark.parametrize("when", MORTALITY)
def test_a_worker_killed_while_destroying_leaves_the_next_one_a_way(
    local: Bench, when: str
) -> None:
    wanted = local.wanted(loose=True, ending="sleep 0.3")
    local.builder().apply(wanted)
    local.killed(wanted, binary=local.mortal("apply", when), act="destroy")
    insist(lambda: local.builder().destroy(wanted))
    assert (local.builder().inventory(local.name), local.builder().names()) == ((), set())
    nothing_left_behind(local)


UNREACHABLE = {
    "local": {"kind": "local", "root": "/dev/null/states"},
    "pg": {"kind": "pg", "address": "postgresql://nobody@127.0.0.1:1/none"},
}


@pytest.mark.parametrize("kind", UNREACHABLE)
def test_a_place_that_cannot_be_reached_is_told(local: Bench, kind: str) -> None:
    builder = replace(local.spec, place=UNREACHABLE[kind]).builder()
    with pytest.raises(DriverFailure) as caught:
        builder.apply(local.wanted())
    assert (caught.value.code, caught.value.transient) == ("state_unreachable", True)
    assert local.made() == 0


def test_a_state_that_could_not_be_written_at_the_end_is_brought_in_later(
    cluster: Any, namespace: str, tool: str, tmp_path: Path
) -> None:
    with running(cluster.api, tmp_path / "faulty") as faulty:
        place = {"kind": "kubernetes", "namespace": namespace}
        place["kubeconfig"] = str(tmp_path / "faulty")
        spec = Spec(binary=tool, home=str(tmp_path / "runs"), place=place)
        bench = Bench(spec=spec, directory=tmp_path)
        go = tmp_path / "go"
        wanted = bench.wanted(making=f"until [ -e {go} ]; do sleep 0.05; done")
        with ThreadPoolExecutor(1) as pool:
            applying = pool.submit(bench.builder().apply, wanted)
            until(lambda: bench.made() == 1)
            faulty.down = True
            with pytest.raises(DriverFailure) as caught:
                bench.builder().inventory(bench.name)
            assert caught.value.code == "state_unreachable"
            go.touch()
            with pytest.raises(DriverFailure) as caught:
                applying.result(timeout=120)
            assert (caught.value.code, caught.value.transient) == ("state_unreachable", True)
        assert Runs(tmp_path / "runs").rescued(bench.name) is not None
        faulty.down = False
        built = bench.builder().apply(wanted)
        assert built.changed == 0
        assert bench.made() == 1
        assert Runs(tmp_path / "runs").rescued(bench.name) is None
        nothing_left_behind(bench)


def test_a_terraform_that_is_late_is_asked_to_end_and_writes_what_it_made(local: Bench) -> None:
    late = replace(local.spec, limits={"apply": 2.0})
    began = time.monotonic()
    with pytest.raises(DriverFailure) as caught:
        late.builder().apply(local.wanted(making="sleep 300"))
    assert (caught.value.code, caught.value.transient) == ("terraform_timeout", True)
    assert time.monotonic() - began < 30
    assert ADDRESSES[0] in local.builder().inventory(local.name)


def test_a_look_before_the_first_run_leaves_nothing(bench: Bench) -> None:
    wanted = bench.wanted()
    assert [item.kind for item in bench.builder().plan(wanted)] == [ChangeKind.CREATE] * 3
    assert bench.builder().drift(wanted) == ()
    assert bench.builder().outputs(bench.name) == {}
    assert (bench.builder().names(), bench.builder().inventory(bench.name)) == (set(), ())
    nothing_left_behind(bench)


def test_a_look_at_what_stands_writes_nothing(local: Bench) -> None:
    wanted = local.wanted()
    local.builder().apply(wanted)
    before = local.spec.states().read(local.name)
    assert local.builder().drift(wanted) == ()
    changes = local.builder().plan(local.wanted(size=2))
    assert [(item.kind, item.address) for item in changes] == [
        (ChangeKind.UPDATE, "terraform_data.first")
    ]
    assert local.spec.states().read(local.name) == before
