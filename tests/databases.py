"""Fixtures that give a migrated, empty database of each kind we support; conftests import them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from controller.registry.migrate import migrate
from controller.registry.session import Database
from tests import factories
from tests.services.postgres import PostgresServer


@contextmanager
def hasty(url: str) -> Iterator[Database]:
    """Give a SQLite database that does not wait for the disk: no test cuts the power."""

    def hurry(connection: Any, _: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    with closing(Database(url)) as found:
        for engine in (found._readers, found._writers):
            event.listen(engine, "connect", hurry)
        yield found


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a migrated SQLite file; copying it is faster than migrating."""
    return factories.sqlite_template(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def migrated_sqlite(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """Give a migrated SQLite database that all tests of the run share."""
    directory = tmp_path_factory.mktemp("shared")
    with hasty(factories.sqlite_copy(sqlite_template, directory)) as shared:
        yield shared


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PostgresServer) -> Iterator[Database]:
    """Give a migrated PostgreSQL database that all tests of the run share."""
    with postgres_server.database() as url, closing(Database(url)) as database:
        migrate(database)
        yield database


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """Give a migrated, empty SQLite database of the test's own."""
    with hasty(factories.sqlite_copy(sqlite_template, tmp_path)) as own:
        yield own


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgres"))],
)
def database(request: pytest.FixtureRequest) -> Database:
    """Give a migrated, empty database; the test runs once on each kind we support."""
    # A new database opens its connections and compiles every statement anew.
    name = "migrated_sqlite" if request.param == "sqlite" else "migrated_postgres"
    shared: Database = request.getfixturevalue(name)
    factories.empty(shared)
    return shared
