"""A migrated, empty registry over each database we support."""

import pytest

from controller.domain.tenant import Tenant
from controller.registry.registry import Registry
from controller.registry.session import Database
from tests import factories


@pytest.fixture
def registry(database: Database) -> Registry:
    return factories.registry_over(database)


@pytest.fixture
def ann(registry: Registry) -> Tenant:
    return factories.tenant(registry, "ann@example.com")


@pytest.fixture
def bob(registry: Registry) -> Tenant:
    return factories.tenant(registry, "bob@example.com")
