"""A control plane in memory for each test, over SQLite; over each database where that matters."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.registry.session import Database
from tests.databases import (  # noqa: F401 -- fixtures.
    database,
    migrated_postgres,
    sqlite_database,
    sqlite_template,
)
from tests.planes import Plane, plane_over


@pytest.fixture
def plane(sqlite_database: Database, tmp_path: Path) -> Iterator[Plane]:  # noqa: F811
    with plane_over(sqlite_database, tmp_path) as found:
        yield found


@pytest.fixture
def each_plane(database: Database, tmp_path: Path) -> Iterator[Plane]:  # noqa: F811
    """Give a control plane over each database that we support."""
    with plane_over(database, tmp_path) as found:
        yield found


@pytest.fixture
def ann(plane: Plane) -> str:
    """Give the token of a tenant."""
    return plane.tenant("ann@example.com")[1]


@pytest.fixture
def bob(plane: Plane) -> str:
    """Give the token of another tenant."""
    return plane.tenant("bob@example.com")[1]
