"""Control planes in memory, over SQLite, or over each database where that matters."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.registry.session import Database
from tests.databases import (  # noqa: F401 -- fixtures.
    database,
    migrated_postgres,
    migrated_sqlite,
    sqlite_database,
    sqlite_template,
)
from tests.planes import Plane, plane_over


@pytest.fixture(scope="session")
def shared_plane(
    migrated_sqlite: Database,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Plane]:
    """Give the control plane that tests share: to build an app takes as long as thirty requests."""
    with plane_over(migrated_sqlite, tmp_path_factory.mktemp("plane")) as found:
        yield found


@pytest.fixture(scope="session")
def shared_postgres_plane(
    migrated_postgres: Database,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Plane]:
    """Give the same over PostgreSQL."""
    with plane_over(migrated_postgres, tmp_path_factory.mktemp("plane")) as found:
        yield found


@pytest.fixture
def plane(shared_plane: Plane) -> Iterator[Plane]:
    """Give a control plane without tenants and stores; all tests share the app itself."""
    shared_plane.reset()
    yield shared_plane
    shared_plane.check()


@pytest.fixture(
    params=[
        pytest.param("shared_plane", id="sqlite"),
        pytest.param("shared_postgres_plane", id="postgresql", marks=pytest.mark.needs("postgres")),
    ]
)
def each_plane(request: pytest.FixtureRequest) -> Iterator[Plane]:
    """Give the same over each database that we support."""
    found: Plane = request.getfixturevalue(request.param)
    found.reset()
    yield found
    found.check()


@pytest.fixture
def own_plane(sqlite_database: Database, tmp_path: Path) -> Iterator[Plane]:  # noqa: F811
    """Give a control plane of the test's own, for what breaks or listens to it."""
    with plane_over(sqlite_database, tmp_path) as found:
        yield found
        found.check()
