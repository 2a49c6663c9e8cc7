"""New exchange rates to 5,000 stub shops, with a durable row per store.

Floor of the first figure: a bare asynchronous loop over the same shops with the same two requests
each (who are you; here are your rates) and as many in flight, which keeps no account of anything.
The second compares the healthy shops' time until they have the rates, with and without sick ones
beside them.
"""

import asyncio
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import insert

from bench.harness import Figure, machine, median, percentile
from bench.stub_shops import Mix, Stub, stub
from controller.bootstrap import wiring
from controller.commerce.drafts import Draft, specify
from controller.domain.conditions import Phase
from controller.domain.rates import Quote
from controller.domain.store import StoreStatus, spec_to_json
from controller.domain.tenant import Scope
from controller.engines.abilities import abilities_of
from controller.jobs.rate_pusher import RateLimits
from controller.jobs.rate_sync import FLEET_RATES, RateSync
from controller.reconciler.world import World
from controller.registry.leases import Leases
from controller.registry.migrate import migrate
from controller.registry.registry import Registry
from controller.registry.rows import dump, status_columns
from controller.registry.session import Database, utcnow
from controller.registry.tables import StackRow, StoreRow, table
from controller.settings import RateSettings, Settings

STORES = 5_000
ROUNDS = 3
GOAL_RATIO = 0.8
GOAL_DELAY = 1.2
HEALTHY = Mix()
WITH_SICK = Mix(slow=0.05, dead=0.02)


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Stores whose shops are stubs, and the one who sends them rates."""

    registry: Registry
    world: World
    leases: Leases
    keeper: RateSync
    stub: Stub
    uids: list[str]
    """Of the stacks, which is how the shops know themselves."""

    def new_set(self, rate: str) -> None:
        """Put another set in force."""
        lease = self.leases.acquire(FLEET_RATES)
        assert lease is not None
        quotes = {
            code: Quote(rate=Decimal(rate) * factor, as_of=date(2026, 11, 20))
            for code, factor in (("USD", 1), ("GBP", 2))
        }
        newest = self.registry.rates.newest()
        as_of = date(2026, 11, 20)
        assert self.registry.rates.accept(lease, newest, "bench", "EUR", as_of, quotes)
        self.leases.release(lease)


def seed(registry: Registry, shops: Stub, stores: int) -> list[str]:
    """Fill a registry with stores that are ready; return the uids of their stacks."""
    now = utcnow()
    tenant = registry.tenants.ensure(
        Scope.system(), owner="o@example.com", name="T", country="DE", language="de"
    )
    draft = Draft(name="shop-00000", country="DE")
    plain = spec_to_json(specify(draft, {"sandbox": abilities_of("magento")}))
    plain["currencies"] |= {"allowed": ["EUR", "USD", "GBP"]}
    common = {"generation": 1, "failures": 0, "waited_on": False, "due_at": None}
    common |= {"created_at": now, "updated_at": now}
    uids = [f"stack{number:05d}" for number in range(stores)]
    stacks = [
        {
            "uid": uid,
            "tenant_uid": tenant.uid,
            "engine": "sandbox",
            "version": "1",
            "driver": "process",
            "desired": "running",
            "observed_generation": 1,
            "conditions": "[]",
            "endpoint": shops.endpoint(uid),
            **common,
        }
        for uid in uids
    ]
    rows = [
        {
            "uid": f"store{number:05d}",
            "tenant_uid": tenant.uid,
            "owner": tenant.owner,
            "slug": f"shop-{number:05d}",
            "reserved_slug": f"shop-{number:05d}",
            "stack_uid": uid,
            "desired": "active",
            "labels": "{}",
            "spec": dump(plain),
            **status_columns(StoreStatus(phase=Phase.READY, ready=True)),
            **common,
        }
        for number, uid in enumerate(uids)
    ]
    with registry.database.write() as connection:
        connection.execute(insert(table(StackRow)), stacks)
        connection.execute(insert(table(StoreRow)), rows)
    return uids


@contextmanager
def fleet(stores: int, **pace: Any) -> Iterator[Fleet]:
    """A fleet in a directory that is removed."""
    with tempfile.TemporaryDirectory() as directory, stub() as shops:
        settings = Settings(home=Path(directory), database_url="", redis_url="")
        database = Database(settings.effective_database_url)
        migrate(database)
        keyring = wiring.build_keyring(settings)
        registry = wiring.build_registry(settings, keyring)
        uids = seed(registry, shops, stores)
        world = wiring.build_world(settings, keyring, registry)
        leases = Leases(registry.database, holder="bench", seconds=15)
        options = RateSettings(source="none", **pace)
        keeper = wiring.build_rate_sync(options, registry, leases, world)
        try:
            yield Fleet(
                registry=registry,
                world=world,
                leases=leases,
                keeper=keeper,
                stub=shops,
                uids=uids,
            )
        finally:
            registry.database.close()
            database.close()


def run() -> None:
    """Measure and print."""
    with fleet(STORES) as made:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        ours, bare, applied, delayed = [], [], [], []
        for number in range(ROUNDS):
            made.stub.mix(HEALTHY)
            bare.append(STORES / _bare(made))
            took, times = _ours(made, f"1.0{number + 1}")
            ours.append(STORES / took)
            applied.append(percentile(list(times.values()), 0.99))
            made.stub.mix(WITH_SICK)
            _, times = _ours(made, f"1.1{number + 1}", sick=True)
            healthy = [at for uid, at in times.items() if WITH_SICK.sick(uid) is None]
            delayed.append(percentile(healthy, 0.99))
        made.stub.mix(HEALTHY)
        unasked = STORES / _bare(made, identify=False)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    _show_rate(ours, bare, unasked, grown)
    _show_delay(delayed, applied)


def _ours(made: Fleet, rate: str, *, sick: bool = False) -> tuple[float, dict[str, float]]:
    """Seconds of a whole run with a new set, and when each shop had its rates."""
    made.stub.clear()
    made.new_set(rate)
    began = time.monotonic()
    made.keeper.run_once()
    took = time.monotonic() - began
    times = {uid: at - began for uid, at, _ in made.stub.puts()}
    states = made.registry.rate_pushes.counts(Scope.system())
    if not sick:
        assert states == {"sent": STORES}, states
    else:
        dead = sum(WITH_SICK.sick(uid) == "dead" for uid in made.uids)
        assert states == {"sent": STORES - dead, "failed": dead}, states
    return took, times


def _bare(made: Fleet, *, identify: bool = True) -> float:
    """Seconds of the loop alone; tokens and body are made before."""
    stacks = made.registry.rate_pushes.due(1 << 40, after="", limit=STORES)
    work = [
        (due.stack.endpoint, made.world.secrets(due.stack)["access_token"]) for due in stacks
    ] or [(made.stub.endpoint(uid), "token") for uid in made.uids]
    body = b'{"rates":[{"from":"EUR","to":"USD","rate":1.08},{"from":"EUR","to":"GBP","rate":0.8}]}'

    async def one(session: aiohttp.ClientSession, endpoint: str, token: str) -> None:
        url = f"{endpoint}/rest/all/V1/storecontroller"
        headers = {"Authorization": f"Bearer {token}"}
        if identify:
            async with session.get(f"{url}/status", headers=headers) as answer:
                await answer.json()
        headers |= {"Content-Type": "application/json", "Connection": "close"}
        async with session.put(f"{url}/currency-rates", data=body, headers=headers) as answer:
            await answer.json()

    async def loop() -> None:
        room = asyncio.Semaphore(RateLimits().quick)
        connector = aiohttp.TCPConnector(limit=0)

        async def bounded(endpoint: str, token: str) -> None:
            async with room:
                await one(session, endpoint, token)

        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(bounded(endpoint or "", token) for endpoint, token in work))

    began = time.monotonic()
    asyncio.run(loop())
    return time.monotonic() - began


def _show_rate(ours: list[float], bare: list[float], unasked: float, grown: float) -> None:
    ratio = median(ours) / median(bare)
    Figure(
        name="rates_stores_per_second",
        figure=round(median(ours), 1),
        unit="stores/s",
        floor=round(median(bare), 1),
        ratio=round(ratio, 2),
        spread=[round(min(ours), 1), round(max(ours), 1)],
        goal=f"ratio >= {GOAL_RATIO}",
        met=ratio >= GOAL_RATIO,
        detail={
            "stores": STORES,
            "in_flight": RateLimits().quick,
            "floor_without_asking_who": round(unasked, 1),
            "memory_grown_mib": round(grown, 1),
            **machine(),
        },
    ).show()


def _show_delay(delayed: list[float], applied: list[float]) -> None:
    ratio = median(delayed) / median(applied)
    Figure(
        name="rates_healthy_p99_seconds_beside_sick_shops",
        figure=round(median(delayed), 2),
        unit="s",
        floor=round(median(applied), 2),
        ratio=round(ratio, 2),
        spread=[round(min(delayed), 2), round(max(delayed), 2)],
        goal=f"ratio <= {GOAL_DELAY}",
        met=ratio <= GOAL_DELAY,
        detail={"stores": STORES, "slow": WITH_SICK.slow, "dead": WITH_SICK.dead, **machine()},
    ).show()
