"""A migrated registry over each database we support; every test gets one of its own."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from controller.domain.tenant import Tenant
from controller.registry.migrate import migrate
from controller.registry.registry import Registry
from controller.registry.session import Database
from tests import factories
from tests.services.postgres import PostgresServer


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return factories.sqlite_template(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PostgresServer) -> Iterator[Database]:
    with postgres_server.database() as url, closing(Database(url)) as database:
        migrate(database)
        yield database


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgres"))],
)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give a migrated, empty database."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        with closing(Database(factories.sqlite_copy(template, tmp_path))) as own:
            yield own
        return
    # Making a database and its connections takes ten times as long as emptying one.
    shared: Database = request.getfixturevalue("migrated_postgres")
    factories.empty(shared)
    yield shared


@pytest.fixture
def registry(database: Database) -> Registry:
    return factories.registry_over(database)


@pytest.fixture
def ann(registry: Registry) -> Tenant:
    return factories.tenant(registry, "ann@example.com")


@pytest.fixture
def bob(registry: Registry) -> Tenant:
    return factories.tenant(registry, "bob@example.com")
