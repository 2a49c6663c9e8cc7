"""What every driver promises, asked of the one in memory and of the one with real processes."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from controller.domain.naming import new_uid
from provisioners.base import Driver, DriverFailure, LogQuery, Release, ReleaseState
from provisioners.sandbox import SandboxDriver
from tests.fakes import FakeDriver
from tests.services.process import first_port

SECRETS = {"access_token": "a", "session_key": "b"}
DEADLINE = 30.0


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A driver, and how its processes are killed from outside."""

    driver: Driver
    kill: Callable[[str], None]

    def until(self, release: Release, state: ReleaseState) -> str | None:
        """Wait for a state; return the endpoint."""
        end = time.monotonic() + DEADLINE
        while (status := self.driver.status(release)).state is not state:
            assert time.monotonic() < end, f"{status} instead of {state}"
            time.sleep(0.01)
        return status.endpoint


@pytest.fixture(params=["memory", "processes"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    if request.param == "memory":
        memory = FakeDriver()
        yield Bench(driver=memory, kill=memory.lose)
        return
    first = first_port()
    driver = SandboxDriver(tmp_path, ports=range(first, first + 200))

    def kill(name: str) -> None:
        (process,) = [item for item in driver.inventory(name) if item.startswith("process")]
        os.kill(int(process.split()[1]), signal.SIGKILL)

    yield Bench(driver=driver, kill=kill)
    driver.stop_all()


@pytest.fixture
def release() -> Release:
    return Release(name=new_uid(), chart="sandbox", version="1", values={"storefront": "open"})


def test_a_release_lives_from_its_secrets_to_an_empty_inventory(
    bench: Bench, release: Release
) -> None:
    driver, name = bench.driver, release.name
    assert driver.status(release).state is ReleaseState.ABSENT
    assert driver.names() == set()
    assert not driver.has_secrets(name, SECRETS)

    driver.apply_secrets(name, SECRETS)
    driver.apply_secrets(name, SECRETS)
    assert driver.has_secrets(name, SECRETS)
    assert not driver.has_secrets(name, {**SECRETS, "access_token": "other"})
    assert not driver.has_secrets(name, {"access_token": "a"})
    assert driver.names() == {name}

    started = driver.apply(release)
    assert started.state in {ReleaseState.PENDING, ReleaseState.CURRENT}
    endpoint = bench.until(release, ReleaseState.CURRENT)
    assert endpoint == started.endpoint is not None
    assert driver.apply(release).endpoint == endpoint
    assert bench.until(release, ReleaseState.CURRENT) == endpoint
    assert sum(item.startswith("process") for item in driver.inventory(name)) == 1

    closed = replace(release, values={"storefront": "closed"})
    assert driver.status(closed).state is ReleaseState.OUTDATED
    driver.apply(closed)
    assert bench.until(closed, ReleaseState.CURRENT) == endpoint

    for _ in range(2):
        driver.stop(name)
        assert driver.status(closed).state is ReleaseState.STOPPED
    assert not any(item.startswith("process") for item in driver.inventory(name))
    assert driver.inventory(name)
    assert driver.has_secrets(name, SECRETS)
    driver.apply(closed)
    bench.until(closed, ReleaseState.CURRENT)

    for _ in range(2):
        driver.delete(name)
        assert driver.inventory(name) == ()
    assert driver.status(closed).state is ReleaseState.ABSENT
    assert driver.names() == set()
    assert driver.logs(name, LogQuery(tail=5)) == []


def test_a_killed_process_is_seen_and_comes_back(bench: Bench, release: Release) -> None:
    bench.driver.apply_secrets(release.name, SECRETS)
    bench.driver.apply(release)
    endpoint = bench.until(release, ReleaseState.CURRENT)
    bench.kill(release.name)
    bench.until(release, ReleaseState.FAILED)
    bench.driver.apply(release)
    assert bench.until(release, ReleaseState.CURRENT) == endpoint


def test_going_down_stops_everything_and_keeps_it(bench: Bench, release: Release) -> None:
    other = replace(release, name=new_uid())
    for item in (release, other):
        bench.driver.apply_secrets(item.name, SECRETS)
        bench.driver.apply(item)
    bench.until(release, ReleaseState.CURRENT)
    bench.until(other, ReleaseState.CURRENT)
    bench.driver.stop_all()
    assert bench.driver.status(release).state is ReleaseState.STOPPED
    assert bench.driver.status(other).state is ReleaseState.STOPPED
    assert bench.driver.names() == {release.name, other.name}


def test_what_is_not_there_can_be_stopped_and_deleted(bench: Bench) -> None:
    bench.driver.stop("nothing")
    bench.driver.delete("nothing")
    assert bench.driver.inventory("nothing") == ()
    assert bench.driver.logs("nothing", LogQuery(tail=5)) == []


@pytest.mark.parametrize("name", ["", "..", "a/b", "../../etc", "a b", ".purged-a"])
def test_a_name_that_could_be_a_path_is_refused(bench: Bench, name: str) -> None:
    for call in (bench.driver.stop, bench.driver.delete, bench.driver.inventory):
        with pytest.raises(DriverFailure) as caught:
            call(name)
        assert not caught.value.transient


def test_a_restored_shop_has_the_address_that_people_know(tmp_path: Path) -> None:
    first = first_port()
    one, two, new = (
        Release(name=new_uid(), chart="sandbox", version="1", values={}) for _ in range(3)
    )
    told = {one.name: f"http://127.0.0.1:{first + 8}", two.name: f"http://127.0.0.1:{first}"}
    driver = SandboxDriver(tmp_path, ports=range(first, first + 10), told=lambda: told)
    try:
        # An online backup holds the shops' databases, and nothing of where they ran.
        assert driver.apply(new).endpoint not in told.values()
        assert driver.apply(one).endpoint == told[one.name]
        assert driver.apply(two).endpoint == told[two.name]
    finally:
        driver.stop_all()
