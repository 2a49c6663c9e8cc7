"""The keeper of exchange rates: what it asks, what it sends, and what it leaves alone."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from bench.rates import seed
from bench.stub_shops import Mix, Stub, stub
from controller.commerce.rate_calendar import newest_expected
from controller.commerce.rates import Answer, Policy
from controller.domain.clusters import ClusterSpec
from controller.domain.errors.base import StoreControllerError
from controller.domain.errors.rates import RatesUnavailableError
from controller.domain.notes import Note
from controller.domain.rates import Push, PushState, Quote
from controller.domain.stack import Stack
from controller.domain.store import spec_to_json
from controller.domain.tenant import Scope
from controller.engines.base import Engine
from controller.engines.beside import Beside
from controller.engines.sandbox import SandboxEngine
from controller.jobs.rate_pusher import RateLimits, RatePusher
from controller.jobs.rate_sync import FLEET_RATES, RateSync
from controller.reconciler.world import World
from controller.registry.leases import Leases
from controller.registry.registry import Registry
from controller.registry.session import Database
from controller.registry.tables import LeaseRow, RatePushRow, StackRow, StoreRow, table
from provisioners.external import ExternalDriver
from tests import factories
from tests.control_plane import until
from tests.databases import sqlite_database, sqlite_template  # noqa: F401 -- fixtures.
from tests.tls import certificate, encrypted

TODAY = newest_expected(datetime.now(UTC))


@pytest.fixture(scope="module")
def all_shops() -> Iterator[Stub]:
    with stub() as found:
        yield found


@pytest.fixture
def shops(all_shops: Stub) -> Stub:
    """Give shops that answer at once and were sent nothing."""
    all_shops.clear()
    all_shops.faults({})
    all_shops.mix(Mix(median=0.0))
    return all_shops


@dataclass
class Said:
    """A source that says what a test puts into it."""

    name: str = "ecb"
    answers: list[Answer | Exception] = field(default_factory=list)
    asked: int = 0

    async def fetch(self) -> Answer:
        self.asked += 1
        found = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


def answer(as_of: date = TODAY, **rates: str) -> Answer:
    found = {code: Decimal(rate) for code, rate in rates.items()}
    return Answer(provider="ecb", base="EUR", as_of=as_of, rates=found)


PLAIN = answer(USD="1.08", GBP="0.84")


class Fleet:
    """Some stores with stub shops, and their keeper."""

    def __init__(self, database: Database, shops: Stub) -> None:
        self.registry: Registry = factories.registry_over(database)
        self.shops = shops
        self.engines: dict[str, Engine] = {"sandbox": SandboxEngine()}
        self.world = World(
            engines=self.engines,
            drivers={"process": ExternalDriver(), "external": ExternalDriver()},
            keyring=factories.KEYRING,
        )
        self.source = Said(answers=[PLAIN])
        self.stacks = seed(self.registry, shops, 6)
        self.keeper = self.another("one")

    def another(self, holder: str, **pace: Any) -> RateSync:
        """One more keeper over the same database."""
        return RateSync(
            self.registry.rates,
            self.registry.rate_pushes,
            Leases(self.registry.database, holder=holder, seconds=15),
            self.world,
            self.source,
            policy=Policy(),
            pace=RateLimits(**{"timeout": 1.0, "gather": 0.01, **pace}),
            every=3600,
        )

    def run(self) -> None:
        """A pass that finds the stores, and one that has the rates to send."""
        self.keeper.run_once()
        self.keeper.run_once()

    def again(self) -> None:
        """Ask the source again and send."""
        self.registry.rates.ask("ecb")
        self.keeper.run_once()

    def push(self, number: int) -> Push:
        found = self.registry.rate_pushes.push(f"store{number:05d}")
        assert found is not None
        return found

    def states(self) -> list[str]:
        return [str(self.push(number).state) for number in range(6)]

    def sent(self) -> dict[str, list[dict[str, Any]]]:
        """The rates that each shop was sent, one entry per request."""
        found: dict[str, list[dict[str, Any]]] = {}
        for uid, _, body in self.shops.puts():
            rates = {rate["to"]: rate["rate"] for rate in json.loads(body)["rates"]}
            found.setdefault(uid, []).append(rates)
        return found

    def change(self, row: Any, number: int | None = None, **values: Any) -> None:
        statement = update(table(row)).values(**values)
        if number is not None:
            kind = "stack" if row is StackRow else "store"
            statement = statement.where(table(row).c.uid == f"{kind}{number:05d}")
        with self.registry.database.write() as connection:
            connection.execute(statement)

    def offer(self, number: int, **currencies: Any) -> None:
        """Let a store want other currencies."""
        store = self.registry.stores.get(Scope.system(), f"store{number:05d}")
        commerce = store.spec.commerce
        wanted = replace(
            store.spec,
            commerce=replace(commerce, currencies=replace(commerce.currencies, **currencies)),
        )
        text = json.dumps(spec_to_json(wanted))
        self.change(StoreRow, number, spec=text, generation=store.generation + 1)


@pytest.fixture
def fleet(
    sqlite_database: Database,  # noqa: F811
    shops: Stub,
) -> Fleet:
    return Fleet(sqlite_database, shops)


EVERY = {"USD": 1.08, "GBP": 0.84}


def test_every_shop_that_needs_rates_is_sent_them_once(fleet: Fleet) -> None:
    fleet.offer(0, allowed=("EUR",))
    fleet.run()
    assert fleet.sent() == {uid: [EVERY] for uid in fleet.stacks[1:]}
    assert fleet.states() == ["unneeded"] + ["sent"] * 5
    assert fleet.source.asked == 1
    fleet.run()
    assert len(fleet.shops.puts()) == 5
    assert fleet.registry.rate_pushes.counts(Scope.system()) == {"unneeded": 1, "sent": 5}


def test_nobody_is_asked_when_no_store_needs_it(fleet: Fleet) -> None:
    for number in range(6):
        fleet.offer(number, allowed=("EUR",))
    fleet.run()
    assert fleet.source.asked == 0
    assert fleet.shops.puts() == []


def test_a_newer_set_goes_to_every_shop_and_an_equal_one_to_none(fleet: Fleet) -> None:
    fleet.run()
    fleet.shops.clear()
    fleet.source.answers = [answer(USD="1.09", GBP="0.84")]
    fleet.again()
    assert fleet.sent() == {uid: [{"USD": 1.09, "GBP": 0.84}] for uid in fleet.stacks}
    fleet.shops.clear()
    fleet.source.answers = [answer(TODAY + timedelta(days=1), USD="1.09", GBP="0.84")]
    fleet.again()
    # The same rates of a younger day: the shops have them already.
    assert fleet.sent() == {}
    newest = fleet.registry.rates.newest()
    assert newest is not None
    assert {fleet.push(number).sent_set_id for number in range(6)} == {newest.id}


def test_a_store_that_changes_its_currencies_gets_its_rates(fleet: Fleet) -> None:
    fleet.run()
    fleet.shops.clear()
    fleet.offer(2, allowed=("EUR", "GBP"), markup_bps=100)
    fleet.offer(3, default="USD", pins={"EUR/USD": Decimal("1.5")})
    # A change that has nothing to do with rates.
    fleet.change(StoreRow, 4, generation=2)
    fleet.keeper.run_once()
    assert fleet.sent() == {
        "stack00002": [{"GBP": 0.8484}],
        "stack00003": [{"USD": 1.5, "GBP": 0.84}],
    }
    assert fleet.states() == ["sent"] * 6


def test_pinned_rates_need_no_source(fleet: Fleet) -> None:
    fleet.source.answers = [RatesUnavailableError(source="ecb", detail="down")]
    fleet.offer(0, allowed=("EUR", "USD"), pins={"EUR/USD": Decimal("1.5")})
    fleet.run()
    assert fleet.sent() == {"stack00000": [{"USD": 1.5}]}
    assert fleet.states() == ["sent"] + ["pending"] * 5


# --- sources that fail ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (RatesUnavailableError(source="ecb", detail="down"), "rates_unavailable"),
        (answer(TODAY - timedelta(days=30), USD="1.5", GBP="0.9"), "rates_refused"),
        (answer(TODAY + timedelta(days=9), USD="1.5", GBP="0.9"), "rates_refused"),
    ],
    ids=["down", "stale", "of the future"],
)
def test_a_source_that_fails_leaves_the_last_good_rates(fleet: Fleet, said: Any, code: str) -> None:
    fleet.run()
    before = fleet.registry.rates.newest()
    fleet.shops.clear()
    fleet.source.answers = [said]
    fleet.again()
    assert fleet.registry.rates.newest() == before
    assert fleet.sent() == {}
    (state,) = fleet.registry.rates.sources()
    assert state.error is not None
    assert (state.error.reason, state.failures) == (code, 1)
    assert state.succeeded_at is not None


def test_a_source_that_was_always_stale_gives_no_rates(fleet: Fleet) -> None:
    fleet.source.answers = [answer(TODAY - timedelta(days=30), USD="1.5")]
    fleet.run()
    (state,) = fleet.registry.rates.sources()
    assert state.error is not None
    assert state.error.reason == "rates_stale"
    assert fleet.states() == ["pending"] * 6
    assert fleet.sent() == {}


def test_a_jump_is_not_sent_before_somebody_approved_it(fleet: Fleet) -> None:
    fleet.run()
    fleet.shops.clear()
    fleet.source.answers = [answer(USD="1080", GBP="0.85")]
    fleet.again()
    assert fleet.sent() == {uid: [{"USD": 1.08, "GBP": 0.85}] for uid in fleet.stacks}
    held = fleet.registry.rates.newest()
    assert held is not None
    assert held.quotes["USD"].held == Decimal(1080)
    # The same again changes nothing.
    fleet.again()
    assert fleet.registry.rates.newest() == held
    fleet.shops.clear()
    fleet.registry.rates.approve(Scope.operator(), held.id)
    fleet.keeper.run_once()
    assert fleet.sent() == {uid: [{"USD": 1080, "GBP": 0.85}] for uid in fleet.stacks}


def test_a_currency_that_nobody_quotes_is_that_stores_trouble_alone(fleet: Fleet) -> None:
    fleet.offer(1, allowed=("EUR", "USD", "BGN"))
    fleet.offer(2, allowed=("EUR", "RUB"))
    fleet.run()
    assert fleet.states() == ["sent", "failed", "failed", "sent", "sent", "sent"]
    for number, pairs in ((1, "EUR/BGN"), (2, "EUR/RUB")):
        push = fleet.push(number)
        assert push.error is not None
        assert (push.error.reason, push.error.params) == ("rate_missing", {"pairs": pairs})
        assert push.due_in is None
    # What is known went through.
    assert fleet.sent()["stack00001"] == [{"USD": 1.08}]
    assert "stack00002" not in fleet.sent()


# --- shops that fail ------------------------------------------------------------------------------


def seldom(due: float | None) -> bool:
    """Nothing that passes by itself, so that it is looked at once an hour."""
    return due is not None and due > 3000


FAULTS: dict[str, tuple[str, str, Callable[[float | None], bool]]] = {
    "another shop": ("wrong", "wrong_shop", seldom),
    "expired token": ("denied", "shop_denied", lambda due: due is not None),
    "a token without the right": ("401", "shop_forbidden", seldom),
    "busy": ("429", "shop_busy", lambda due: due is not None and due <= 2),
    "in maintenance": ("503", "shop_busy", lambda due: due is not None and due <= 2),
    "failing": ("500", "shop_failing", lambda due: due is not None and due > 2),
    "refusing": ("422", "settings_refused", seldom),
    "written to by another": ("409", "shop_contended", lambda due: due is not None and due < 60),
    "behind a gateway without it": ("502", "shop_gateway", lambda due: due is not None),
    "sending on": ("302", "shop_redirects", seldom),
    "no Bridge": ("404", "wrong_shop", seldom),
    "a page": ("html", "shop_unreadable", lambda due: due is not None),
    "cut off": ("cut", "shop_unreadable", lambda due: due is not None),
    "dead": ("dead", "shop_unreachable", lambda due: due is not None),
    "keeping others": ("forgets", "settings_refused", seldom),
}


def test_a_shop_that_fails_is_that_stores_trouble_alone(
    sqlite_database: Database,  # noqa: F811
    shops: Stub,
) -> None:
    fleet = Fleet(sqlite_database, shops)
    every = list(FAULTS.items())
    for part in (every[:5], every[5:10], every[10:]):
        assert len(part) <= 5
        shops.faults({uid: fault[0] for uid, (_, fault) in zip(fleet.stacks, part, strict=False)})
        fleet.change(RatePushRow, digest="", set_id=0, due_at=None)
        fleet.run()
        for number, (name, (_, code, due)) in enumerate(part):
            push = fleet.push(number)
            assert push.error is not None, name
            assert (push.state, push.error.reason) == (PushState.FAILED, code), name
            assert due(push.due_in), (name, push.due_in)
        assert fleet.push(5).state is PushState.SENT


def test_a_shop_that_recovers_is_sent_its_rates(fleet: Fleet) -> None:
    fleet.shops.faults({"stack00003": "500"})
    fleet.run()
    assert fleet.push(3).attempts == 1
    fleet.keeper.run_once()
    assert fleet.push(3).attempts == 1
    fleet.change(RatePushRow, due_at=1.0)
    fleet.keeper.run_once()
    assert fleet.push(3).attempts == 2
    fleet.shops.faults({})
    fleet.change(RatePushRow, due_at=1.0)
    fleet.keeper.run_once()
    assert fleet.states() == ["sent"] * 6
    assert (fleet.push(3).attempts, fleet.push(3).error) == (0, None)


def test_a_stack_without_a_token_is_its_own_trouble(fleet: Fleet) -> None:
    fleet.change(StackRow, 1, driver="external")
    fleet.change(StackRow, 2, engine="unknown")
    fleet.run()
    assert fleet.states() == ["sent", "failed", "failed", "sent", "sent", "sent"]
    codes = [push.error.reason for push in map(fleet.push, (1, 2)) if push.error]
    assert codes == ["secret_missing", "permanent"]


class Trusting(SandboxEngine):
    """Its operator names an authority for the shops."""

    def __init__(self, trust: str) -> None:
        super().__init__()
        self._trust = trust

    def beside(self, stack: Stack, cluster: ClusterSpec | None = None) -> Beside:
        return Beside(trust=self._trust)


def test_an_authority_of_the_operators_is_trusted_where_rates_are_sent(
    fleet: Fleet, tmp_path: Path
) -> None:
    file, pem = certificate(tmp_path)
    with encrypted(file) as port:
        fleet.change(StackRow, 1, endpoint=f"https://127.0.0.1:{port}")
        fleet.run()
        assert fleet.push(1).error == Note.of(
            "shop_untrusted", host="127.0.0.1", detail="self-signed certificate"
        )
        fleet.engines["sandbox"] = Trusting(pem)
        fleet.change(RatePushRow, due_at=1.0)
        fleet.keeper.run_once()
        # It is reached, and is none that we know.
        error = fleet.push(1).error
        assert error is not None
        assert error.reason == "wrong_shop"


# --- many at once ---------------------------------------------------------------------------------


def test_two_keepers_send_once(fleet: Fleet) -> None:
    other = fleet.another("two")
    threads = [
        threading.Thread(target=lambda keeper=keeper: [keeper.run_once() for _ in range(4)])
        for keeper in (fleet.keeper, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fleet.run()
    assert {uid: len(sent) for uid, sent in fleet.sent().items()} == dict.fromkeys(fleet.stacks, 1)
    assert fleet.source.asked == 1


def test_a_keeper_that_lost_its_lease_sends_and_writes_nothing_more(fleet: Fleet) -> None:
    fleet.keeper.run_once()
    original = fleet.source.fetch

    async def overtaken() -> Answer:
        fleet.change(LeaseRow, token="another's", expires_at=9e12)
        return await original()

    fleet.source.fetch = overtaken  # type: ignore[method-assign]
    fleet.keeper.run_once()
    assert fleet.registry.rates.newest() is None
    assert fleet.sent() == {}


def test_a_keeper_that_was_paused_past_its_lease_sends_nothing(fleet: Fleet) -> None:
    lease = Leases(fleet.registry.database, holder="x", seconds=60).acquire(FLEET_RATES)
    assert lease is not None
    quotes = {"USD": Quote(rate=Decimal(2), as_of=TODAY)}
    assert fleet.registry.rates.accept(lease, None, "ecb", "EUR", TODAY, quotes)
    written: list[Any] = []

    async def send() -> None:
        # What was true when it began is not any more when it is about to write.
        fan_out = RatePusher(RateLimits(gather=0.01), written.extend, lambda: False)
        await fan_out.run(fleet.keeper._parcels(lease, fleet.registry.rates.newest()))

    with pytest.raises(ExceptionGroup):
        asyncio.run(send())
    assert fleet.sent() == {}
    assert written == []


def test_few_places_are_enough_for_many_shops(fleet: Fleet) -> None:
    fleet.keeper = fleet.another("narrow", concurrency=1)
    fleet.run()
    assert fleet.states() == ["sent"] * 6


def test_closing_ends_a_pass_and_keeps_what_was_sent(fleet: Fleet) -> None:
    fleet.shops.faults(dict.fromkeys(fleet.stacks[3:], "dead"))
    fleet.keeper = fleet.another("one", timeout=60.0, gather=60.0)
    fleet.keeper.run_once()
    fleet.keeper.tick()
    until(lambda: len(fleet.shops.puts()) == 3, "the healthy shops have their rates", 10)
    fleet.keeper.close()
    assert fleet.states()[3:] == ["pending"] * 3
    assert fleet.states()[:3] == ["sent"] * 3
    # Closed is closed.
    fleet.keeper.tick()
    assert fleet.registry.rate_pushes.any_due()


def test_a_tick_begins_nothing_when_there_is_nothing_to_do(fleet: Fleet) -> None:
    fleet.run()
    before = set(threading.enumerate())
    fleet.keeper.tick()
    assert set(threading.enumerate()) <= before


def test_a_pass_that_cannot_reach_the_database_is_over_and_said(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def down(*_: Any, **__: Any) -> None:
        raise StoreControllerError

    monkeypatch.setattr(fleet.registry.rate_pushes, "due", down)
    fleet.keeper.run_once()
    assert "rates_failed" in "".join(capsys.readouterr())
    # It rests before it tries again, so that a full disk is not asked twice a second.
    before = set(threading.enumerate())
    fleet.keeper.tick()
    assert set(threading.enumerate()) <= before
