"""A control plane in memory for each test of a page, and people who visit it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.registry.session import Database
from tests.databases import sqlite_database, sqlite_template  # noqa: F401 -- fixtures.
from tests.planes import Plane, plane_over
from tests.unit.controller.web.visitor import Visitor


@pytest.fixture
def plane(sqlite_database: Database, tmp_path: Path) -> Iterator[Plane]:  # noqa: F811
    with plane_over(sqlite_database, tmp_path) as found:
        yield found


@pytest.fixture
def nobody(plane: Plane) -> Visitor:
    """Give somebody who has not signed in."""
    return Visitor(plane)


@pytest.fixture
def ann(plane: Plane) -> Visitor:
    """Give an owner without a shop."""
    return Visitor(plane).sign_in("ann@example.com")


@pytest.fixture
def operator(plane: Plane) -> Visitor:
    """Give the operator."""
    return Visitor(plane).enter_as_operator()
