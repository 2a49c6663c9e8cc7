"""Tenants who call the API."""

import pytest

from tests.planes import Plane


@pytest.fixture
def ann(plane: Plane) -> str:
    """Give the token of a tenant."""
    return plane.tenant("ann@example.com")[1]


@pytest.fixture
def bob(plane: Plane) -> str:
    """Give the token of another tenant."""
    return plane.tenant("bob@example.com")[1]
