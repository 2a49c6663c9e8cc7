"""A control plane whose shops are real sandbox shops, and Hypothesis' measure for `make fuzz`."""

import os
import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from controller.commerce import tender
from controller.domain.rates import Quote, QuoteSet
from controller.engines.abilities import abilities_of
from controller.engines.sandbox import SandboxEngine
from controller.reconciler.world import World
from controller.registry.session import Database
from tests import factories
from tests.databases import migrated_sqlite, sqlite_template  # noqa: F401 -- fixtures.
from tests.fakes import FakeDriver
from tests.planes import Plane
from tests.property.shops import InProcessDriver, ShopServer

FUZZ = int(os.environ.get("FUZZ_EXAMPLES", "0"))
"""How many examples of each part of a property `make fuzz` tries; 0 is the measure of the tests."""
Body = Callable[..., None]


def tried(part: int, count: int, body: Body, *strategies: st.SearchStrategy[Any]) -> None:
    """Try one part of a property: so many examples, always the same; `make fuzz` tries others."""
    measure = settings(
        max_examples=FUZZ or count,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    chosen = random.SystemRandom().getrandbits(64) if FUZZ else part
    seed(chosen)(measure(given(*strategies)(body)))()


def every_rate() -> QuoteSet:
    """A quote of every currency."""
    day = date(2026, 11, 30)
    codes = sorted(code for code in abilities_of("magento").currencies if tender.in_force(code))
    quotes = {code: Quote(rate=Decimal("1.25"), as_of=day) for code in codes if code != "EUR"}
    now = datetime.now(UTC)
    return QuoteSet(id=1, provider="test", base="EUR", as_of=day, fetched_at=now, quotes=quotes)


class SandboxPlane(Plane):
    """`Plane` over sandbox shops."""

    def __init__(self, database: Database, home: Path, server: ShopServer) -> None:
        self._server = server
        super().__init__(database, home)

    def _driver(self) -> FakeDriver:
        return InProcessDriver(self._server)

    def _world(self) -> World:
        return World(
            engines={"sandbox": SandboxEngine()},
            drivers={"process": self.driver},
            keyring=factories.KEYRING,
            vault=self.registry.vault.opened,
            quotes=every_rate,
        )


@pytest.fixture(scope="session")
def sandbox_plane(
    migrated_sqlite: Database,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SandboxPlane]:
    """Give a control plane that really opens shops; tests share it."""
    server = ShopServer(tmp_path_factory.mktemp("shops"))
    plane = SandboxPlane(migrated_sqlite, tmp_path_factory.mktemp("plane"), server)
    try:
        yield plane
    finally:
        plane.driver.clear()
        plane.close()
        server.close()
