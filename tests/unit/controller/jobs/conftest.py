"""Stub shops in a process of their own, and a migrated registry."""

from collections.abc import Iterator

import pytest

from bench.stub_shops import Mix, Stub, stub
from tests.databases import sqlite_database, sqlite_template  # noqa: F401 -- fixtures.


@pytest.fixture(scope="session")
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
