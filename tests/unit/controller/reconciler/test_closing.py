"""A shop is closed when no visitor is shown it any more."""

from typing import Any

import pytest

from tests.planes import Plane, follow


@pytest.fixture
def sold(plane: Plane) -> Any:
    """A store on a cluster that sells."""
    before, plane.magento.image = plane.magento.image, "registry.example.com/shop:1"
    body = {"name": "north", "inCluster": True, "domain": "shops.example.com", "capacity": 9}
    assert plane.post("clusters", body).status_code == 201
    plane.make(cluster="north")
    yield
    plane.magento.image = before


@pytest.mark.usefixtures("sold")
def test_it_is_not_closed_while_what_was_open_may_still_answer(plane: Plane) -> None:
    plane.remote.ending = ("pod/web-1",)
    asked = plane.post("stores/acme/suspend")
    ended = follow(plane, asked)
    assert ended["status"]["state"] == "running"
    assert plane.get("stores/acme/why").json()["status"]["cause"]["code"] == "storefront_pending"
    plane.remote.ending = ()
    plane.look_again()
    assert follow(plane, asked)["status"]["state"] == "succeeded"
    assert plane.get("stores/acme").json()["status"]["phase"] == "Suspended"


@pytest.mark.usefixtures("sold")
def test_it_opens_without_waiting_for_what_goes(plane: Plane) -> None:
    assert follow(plane, plane.post("stores/acme/suspend"))["status"]["state"] == "succeeded"
    plane.remote.ending = ("pod/web-1",)
    assert follow(plane, plane.post("stores/acme/resume"))["status"]["state"] == "succeeded"
