"""A migrated registry over each database we support; every test gets one of its own."""

import pytest

from controller.domain.tenant import Tenant
from controller.registry.registry import Registry
from controller.registry.session import Database
from tests import factories
from tests.databases import (  # noqa: F401 -- fixtures.
    database,
    migrated_postgres,
    sqlite_database,
    sqlite_template,
)


@pytest.fixture
def registry(database: Database) -> Registry:  # noqa: F811
    return factories.registry_over(database)


@pytest.fixture
def ann(registry: Registry) -> Tenant:
    return factories.tenant(registry, "ann@example.com")


@pytest.fixture
def bob(registry: Registry) -> Tenant:
    return factories.tenant(registry, "bob@example.com")
