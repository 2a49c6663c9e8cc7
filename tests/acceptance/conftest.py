"""A running control plane for a module of tests."""

from collections.abc import Iterator

import pytest

from tests.control_plane import ControlPlane


@pytest.fixture(scope="module")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    with ControlPlane(tmp_path_factory.mktemp("home")).running() as running:
        yield running
