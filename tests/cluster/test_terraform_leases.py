"""Which runs have ended with their machine: runs that vanish, are cut off, or lose their worker.

Another machine is another home for runs, with another worker; what vanishes is killed with all that
it started.
"""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import psutil
import pytest

from provisioners.base import DriverFailure, Infrastructure
from provisioners.terraform.run import Run
from provisioners.terraform.runs import Runs
from tests.cluster import cable, faulty
from tests.cluster.terraform_bench import Bench, nothing_left_behind
from tests.cluster.waiting import until

LEASE = 4.0
OUTSIDE = ["kubernetes", pytest.param("pg", marks=pytest.mark.needs("postgres"))]
"""Where states are that more than one machine can reach."""


class Line(Protocol):
    """What can be cut."""

    down: bool


@pytest.fixture
def here(bench: Bench) -> Bench:
    """The machine that things happen to."""
    bench.spec = replace(bench.spec, limits={"lease": LEASE})
    return bench


@pytest.fixture
def elsewhere(here: Bench) -> Bench:
    """Another machine, with the same stack."""
    spec = replace(here.spec, home=str(here.directory / "elsewhere"))
    return Bench(spec=spec, directory=here.directory, name=here.name)


@pytest.fixture
def line(here: Bench, elsewhere: Bench, request: pytest.FixtureRequest) -> Iterator[Line]:
    """The way from here to the state; from elsewhere there is another one."""
    place = here.spec.place
    with contextlib.ExitStack() as stack:
        if place["kind"] == "pg":
            url = urlsplit(place["address"])
            found = stack.enter_context(cable.running(url.port or 0))
            given = url._replace(netloc=f"{url.username}@127.0.0.1:{found.port}").geturl()
            here.spec = replace(here.spec, place={**place, "address": given})
            yield found
        else:
            kubeconfig = here.directory / "line"
            api = request.getfixturevalue("cluster").api
            way = stack.enter_context(faulty.running(api, kubeconfig))
            here.spec = replace(here.spec, place={**place, "kubeconfig": str(kubeconfig)})
            yield way


def ticking(bench: Bench, **more: Any) -> Infrastructure:
    """The stack, making something for ever and leaving a tick ten times a second."""
    return bench.wanted(making=f"while sleep 0.1; do echo >> {ticks(bench)}; done", **more)


def ticks(bench: Bench) -> Path:
    return bench.directory / "ticks"


def ticked(bench: Bench) -> int:
    return len(ticks(bench).read_bytes()) if ticks(bench).exists() else 0


def stands_still(bench: Bench) -> bool:
    """Whether what is being made leaves no more ticks."""
    before = ticked(bench)
    time.sleep(1.0)
    return ticked(bench) == before


def successor(bench: Bench) -> Infrastructure:
    """The stack once more; while it is made it counts the ticks of the one before, twice."""
    count = f"wc -l < {ticks(bench)} >> {bench.directory / 'counts'}"
    return bench.wanted(making=f"{count}; sleep 1; {count}")


def never_two_at_once(bench: Bench) -> bool:
    """Whether nothing of the first was made after its successor began."""
    counts = (bench.directory / "counts").read_text().split()
    return counts == [str(ticked(bench))] * 2


def vanish(worker: subprocess.Popen[str]) -> None:
    """End a worker and everything that it started, as the end of its machine does."""
    parent = psutil.Process(worker.pid)
    doomed = [parent, *parent.children(recursive=True)]
    for act in ("suspend", "kill"):
        for process in doomed:
            with contextlib.suppress(psutil.NoSuchProcess):
                getattr(process, act)()


def beats(bench: Bench) -> int:
    return max((intent.beat for intent in bench.spec.states().intents(bench.name)), default=0)


def left(bench: Bench) -> Run:
    """The run of this machine."""
    (found,) = Path(bench.spec.home).glob(f"{bench.name}-*")
    return Run.of(found)


def test_the_lock_of_a_machine_that_vanished_is_taken_after_its_lease(
    here: Bench, elsewhere: Bench
) -> None:
    with here.worker(here.wanted(making="sleep 300")) as worker:
        until(lambda: here.made() == 1)
        vanish(worker)
    began = time.monotonic()
    built = elsewhere.builder().apply(elsewhere.wanted(loose=True))
    assert LEASE <= time.monotonic() - began < 4 * LEASE
    assert built.outputs["database"] == {"host": "db.example", "size": 1}
    assert elsewhere.made() == 2
    nothing_left_behind(elsewhere)


def test_a_run_of_another_machine_that_gives_signs_of_life_is_left_alone(
    here: Bench, elsewhere: Bench
) -> None:
    go = here.directory / "go"
    waiting = here.wanted(making=f"until [ -e {go} ]; do sleep 0.05; done")
    with here.worker(waiting) as worker:
        until(lambda: here.made() == 1)
        # Longer than the lease that it was given when it began.
        until(lambda: beats(here) > 8)
        with pytest.raises(DriverFailure) as caught:
            elsewhere.builder().apply(waiting)
        assert (caught.value.code, caught.value.transient) == ("state_locked", True)
        assert "a run of test is at work" in caught.value.detail
        go.touch()
        assert worker.wait(timeout=60) == 0
    assert elsewhere.builder().apply(waiting).changed == 0
    assert here.made() == 1
    nothing_left_behind(here)


@pytest.mark.parametrize("place", OUTSIDE, indirect=True)
def test_a_run_that_nobody_looks_after_stands_still_before_another_machine_goes_on(
    here: Bench, elsewhere: Bench
) -> None:
    with here.worker(ticking(here)) as worker:
        until(lambda: ticked(here) > 2)
        worker.kill()
    assert elsewhere.insist(successor(elsewhere)).changed
    assert never_two_at_once(here)
    # Here a worker begins anew; what stood still since then has nothing to go back to.
    old = left(here)
    assert old.at_work
    assert here.insist(successor(elsewhere)).changed == 0
    until(lambda: not old.awake)
    assert never_two_at_once(here)
    assert here.insist(successor(elsewhere)).changed == 0
    nothing_left_behind(here)


@pytest.mark.parametrize("place", ["kubernetes"], indirect=True)
def test_a_run_whose_worker_died_lives_on_when_another_one_here_looks_after_it(
    here: Bench,
) -> None:
    go = here.directory / "go"
    waiting = here.wanted(making=f"until [ -e {go} ]; do echo >> {ticks(here)}; sleep 0.1; done")
    with here.worker(waiting) as worker:
        until(lambda: ticked(here) > 2)
        worker.kill()
    until(lambda: stands_still(here), 4 * LEASE)
    before, successor = ticked(here), here.builder()
    with pytest.raises(DriverFailure) as caught:
        successor.apply(waiting)
    assert caught.value.code == "state_locked"
    until(lambda: ticked(here) > before)
    until(lambda: beats(here) > 8)
    go.touch()
    assert here.insist(waiting).outputs["database"] == {"host": "db.example", "size": 1}
    assert here.made() == 1


@pytest.mark.parametrize("place", OUTSIDE, indirect=True)
def test_a_run_that_is_cut_from_its_state_stands_still_and_is_ended_once_it_was_replaced(
    here: Bench, elsewhere: Bench, line: Line
) -> None:
    with here.worker(ticking(here)) as worker:
        until(lambda: ticked(here) > 2)
        line.down = True
        assert elsewhere.insist(successor(elsewhere)).changed
        assert never_two_at_once(here)
        assert worker.poll() is None
        line.down = False
        told, _ = worker.communicate(timeout=60)
    assert "terraform_killed" in told
    assert never_two_at_once(here)
    assert here.insist(successor(elsewhere)).changed == 0
    assert here.made() == 2
    nothing_left_behind(here)


@pytest.mark.parametrize("place", OUTSIDE, indirect=True)
def test_a_run_that_is_cut_from_its_state_for_a_while_goes_on_when_nobody_replaced_it(
    here: Bench, line: Line
) -> None:
    go = here.directory / "go"
    waiting = here.wanted(making=f"until [ -e {go} ]; do echo >> {ticks(here)}; sleep 0.1; done")
    with here.worker(waiting) as worker:
        until(lambda: ticked(here) > 2)
        line.down = True
        until(lambda: stands_still(here), 4 * LEASE)
        line.down = False
        before = ticked(here)
        until(lambda: ticked(here) > before)
        go.touch()
        worker.communicate(timeout=60)
    # PostgreSQL's session was lost with the line: the state is brought in by the next run.
    assert here.insist(waiting).changed == 0
    assert here.made() == 1
    assert not Runs(Path(here.spec.home)).leased()
    nothing_left_behind(here)


@pytest.mark.parametrize("place", ["local"], indirect=True)
def test_a_worker_that_sleeps_between_two_commands_is_overtaken_and_does_no_more(
    here: Bench,
) -> None:
    asleep, script = here.directory / "asleep", here.directory / "sleepy"
    stop = f"touch {asleep}; kill -STOP $PPID"
    script.write_text(
        f'#!/bin/sh\ncase " $* " in *" show "*) {stop};; esac\nexec {here.tool} "$@"\n'
    )
    script.chmod(0o755)
    with here.worker(here.wanted(), binary=script) as worker:
        until(asleep.exists)
        with pytest.raises(DriverFailure) as caught:
            here.builder().apply(here.wanted(size=2))
        assert caught.value.code == "state_locked"
        assert here.insist(here.wanted(size=2)).changed == 3
        psutil.Process(worker.pid).resume()
        told, _ = worker.communicate(timeout=60)
    assert "taken this run for gone" in told
    assert here.made() == 1
    nothing_left_behind(here)


@pytest.mark.parametrize("place", ["local"], indirect=True)
def test_a_guard_that_was_killed_is_replaced(here: Bench) -> None:
    with here.worker(ticking(here)) as worker:
        until(lambda: ticked(here) > 2)
        (first,) = guards(worker)
        first.kill()
        until(lambda: [guard for guard in guards(worker) if guard != first])
        vanish(worker)


def guards(worker: subprocess.Popen[str]) -> list[psutil.Process]:
    """Those of a worker's children that guard a run; one that was killed has no command."""
    found = []
    for child in psutil.Process(worker.pid).children():
        with contextlib.suppress(psutil.ZombieProcess):
            if "provisioners.terraform.guard" in child.cmdline():
                found.append(child)
    return found
