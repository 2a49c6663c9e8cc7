"""A migrated registry over each database we support; every test gets one of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.domain.tenant import Tenant
from controller.registry.registry import Registry
from tests import factories
from tests.services.postgres import PostgresServer


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return factories.sqlite_template(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PostgresServer) -> Iterator[str]:
    with postgres_server.database() as url:
        factories.migrated(url)
        yield url


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgres"))],
)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of a migrated, empty database."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        return factories.sqlite_copy(template, tmp_path)
    # Making a database takes ten times as long as emptying one.
    shared: str = request.getfixturevalue("migrated_postgres")
    factories.emptied(shared)
    return shared


@pytest.fixture
def registry(url: str) -> Iterator[Registry]:
    with factories.registry_at(url) as found:
        yield found


@pytest.fixture
def ann(registry: Registry) -> Tenant:
    return factories.tenant(registry, "ann@example.com")


@pytest.fixture
def bob(registry: Registry) -> Tenant:
    return factories.tenant(registry, "bob@example.com")
