"""People who visit the pages."""

import pytest

from tests.planes import Plane
from tests.unit.controller.web.visitor import Visitor


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
