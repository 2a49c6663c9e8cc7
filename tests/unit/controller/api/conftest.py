"""A control plane in memory over an empty registry: SQLite, or each database where that matters."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from controller.registry.session import Database
from tests import factories
from tests.databases import (  # noqa: F401 -- fixtures.
    database,
    migrated_postgres,
    sqlite_database,
    sqlite_template,
)
from tests.planes import Plane, plane_over


@pytest.fixture(scope="session")
def shared_plane(
    sqlite_template: Path,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Plane]:
    directory = tmp_path_factory.mktemp("plane")
    url = factories.sqlite_copy(sqlite_template, directory)
    with closing(Database(url)) as own, plane_over(own, directory) as found:
        yield found


@pytest.fixture
def plane(shared_plane: Plane) -> Iterator[Plane]:
    """Give a control plane without tenants and stores; all tests share the app itself."""
    shared_plane.reset()
    yield shared_plane
    shared_plane.check()


@pytest.fixture
def own_plane(sqlite_database: Database, tmp_path: Path) -> Iterator[Plane]:  # noqa: F811
    """Give a control plane of the test's own, for what breaks or listens to it."""
    with plane_over(sqlite_database, tmp_path) as found:
        yield found
        found.check()


@pytest.fixture
def each_plane(database: Database, tmp_path: Path) -> Iterator[Plane]:  # noqa: F811
    """Give a control plane over each database that we support."""
    with plane_over(database, tmp_path) as found:
        yield found
        found.check()


@pytest.fixture
def ann(plane: Plane) -> str:
    """Give the token of a tenant."""
    return plane.tenant("ann@example.com")[1]


@pytest.fixture
def bob(plane: Plane) -> str:
    """Give the token of another tenant."""
    return plane.tenant("bob@example.com")[1]
