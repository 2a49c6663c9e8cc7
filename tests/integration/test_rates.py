"""The fan-out of exchange rates over processes that die and that meet, on each kind of database."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bench.rates import seed
from bench.stub_shops import Mix, Stub, stub
from controller.commerce.rate_calendar import newest_expected
from controller.domain.rates import Quote
from controller.domain.tenant import Scope
from controller.jobs.rate_sync import FLEET_RATES
from controller.registry.leases import Leases
from controller.registry.migrate import migrate
from controller.registry.registry import Registry
from controller.registry.session import Database
from tests import factories
from tests.control_plane import ROOT, until

STORES = 400
PLACES = 40
LEASE = 1.0

KEEPER = f"""
import sys, time
from controller.commerce.rates import Policy
from controller.engines.sandbox import SandboxEngine
from controller.jobs.rate_pusher import RateLimits
from controller.jobs.rate_sync import RateSync
from controller.reconciler.world import World
from controller.registry.leases import Leases
from controller.registry.session import Database
from provisioners.external import ExternalDriver
from tests import factories

registry = factories.registry_over(Database(sys.argv[1]))
drivers = {{"process": ExternalDriver()}}
world = World(engines={{"sandbox": SandboxEngine()}}, drivers=drivers, keyring=factories.KEYRING)
keeper = RateSync(
    registry.rates, registry.rate_pushes,
    Leases(registry.database, holder=sys.argv[2], seconds={LEASE}), world, None,
    policy=Policy(), pace=RateLimits(concurrency={PLACES}), every=3600,
)
print("here", flush=True)
while registry.rate_pushes.any_due():
    keeper.run_once()
    time.sleep(0.05)
"""


@pytest.fixture
def shops() -> Iterator[Stub]:
    with stub() as found:
        found.mix(Mix(median=0.03))
        yield found


@pytest.fixture
def registry(database_url: str) -> Iterator[Registry]:
    with opened(database_url) as found:
        yield found


@contextmanager
def opened(url: str) -> Iterator[Registry]:
    with closing(Database(url)) as database:
        migrate(database)
        yield factories.registry_over(database)


def new_set(registry: Registry, rate: str) -> None:
    """Put a set in force as its keeper does; also while somebody sends."""
    lease = until(
        lambda: Leases(registry.database, holder="a test", seconds=60).acquire(FLEET_RATES),
        "the lease is free",
    )
    today = newest_expected(datetime.now(UTC))
    quotes = {code: Quote(rate=Decimal(rate), as_of=today) for code in ("USD", "GBP")}
    last = registry.rates.newest()
    assert registry.rates.accept(lease, last, "ecb", "EUR", today, quotes)
    Leases(registry.database, holder="a test", seconds=60).release(lease)


@contextmanager
def keeper(database_url: str, name: str) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [sys.executable, "-c", KEEPER, database_url, name],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def rate_of(body: str) -> float:
    return float(json.loads(body)["rates"][0]["rate"])


def test_a_keeper_killed_at_half_loses_nothing_and_sends_little_twice(
    registry: Registry, database_url: str, shops: Stub
) -> None:
    uids = seed(registry, shops, STORES)
    new_set(registry, "1.08")
    with keeper(database_url, "first") as process:
        until(lambda: len(shops.puts()) >= STORES // 2, "half of the shops have their rates")
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert len(shops.puts()) < STORES
    with keeper(database_url, "second") as process:
        assert process.wait(60) == 0
    sent = Counter(uid for uid, _, _ in shops.puts())
    assert set(sent) == set(uids)
    assert sent.total() - STORES <= PLACES
    assert max(sent.values()) <= 2
    assert registry.rate_pushes.counts(Scope.system()) == {"sent": STORES}


def test_two_keepers_at_once_send_once(registry: Registry, database_url: str, shops: Stub) -> None:
    uids = seed(registry, shops, STORES)
    new_set(registry, "1.08")
    with keeper(database_url, "one") as one, keeper(database_url, "two") as two:
        assert (one.wait(60), two.wait(60)) == (0, 0)
    assert Counter(uid for uid, _, _ in shops.puts()) == Counter(uids)


def test_a_keeper_that_slept_while_a_newer_set_was_sent_writes_nothing_older(
    postgres_url: str, shops: Stub
) -> None:
    with opened(postgres_url) as registry:
        uids = seed(registry, shops, STORES)
        new_set(registry, "1.08")
        with keeper(postgres_url, "sleeper") as sleeper:
            until(lambda: len(shops.puts()) >= STORES // 3, "a third of the shops have their rates")
            sleeper.send_signal(signal.SIGSTOP)
            new_set(registry, "1.09")
            with keeper(postgres_url, "other") as other:
                assert other.wait(60) == 0
            before = len(shops.puts())
            sleeper.send_signal(signal.SIGCONT)
            assert sleeper.wait(60) == 0
        assert shops.puts()[before:] == []
        assert {uid: rate_of(body) for uid, _, body in shops.puts()} == dict.fromkeys(uids, 1.09)
        assert registry.rate_pushes.counts(Scope.system()) == {"sent": STORES}
