"""Events of a store with what its cluster noticed, in the order of time."""

from datetime import UTC, datetime, timedelta

import pytest

from provisioners.base import DriverFailure, Happening
from tests.planes import Plane


@pytest.fixture(autouse=True)
def _cluster(plane: Plane) -> None:
    plane.post("clusters", {"name": "north", "inCluster": True, "domain": "shops.example.com"})
    now = datetime.now(UTC)
    plane.remote.happenings = tuple(
        Happening(
            at=f"{now + offset:%Y-%m-%dT%H:%M:%SZ}",
            severity="Warning",
            reason="BackOff",
            thing="pod/web-1",
            message="Back-off restarting; DB_PASSWORD=hunter22",
            count=3,
        )
        for offset in (timedelta(hours=-1), timedelta(hours=1))
    )
    plane.make()


def test_both_are_in_the_order_of_time_and_marked(plane: Plane) -> None:
    answer = plane.get("stores/acme/events?place=true")
    found = answer.json()
    sources = [item["source"] for item in found["items"]]
    assert (sources[0], sources[-1]) == ("place", "place")
    assert set(sources[1:-1]) == {"platform"}
    assert found["items"][0]["thing"] == "pod/web-1"
    assert found["items"][0]["count"] == 3
    assert found["metadata"] == {"next": None, "unasked": None}
    assert "hunter22" not in answer.text
    last = plane.get("stores/acme/events?place=true&limit=1").json()["items"]
    assert [item["source"] for item in last] == ["place"]
    plain = plane.get("stores/acme/events").json()["items"]
    assert {item["source"] for item in plain} == {"platform"}


def test_owners_get_the_platforms_own_alone(plane: Plane, ann: str) -> None:
    plane.make("hers", token=ann)
    items = plane.get("stores/hers/events?place=true", token=ann).json()["items"]
    assert {item["source"] for item in items} == {"platform"}


@pytest.mark.parametrize("noticed", [True, False], ids=["known", "just met"])
def test_a_cluster_that_does_not_answer_costs_only_its_own(plane: Plane, noticed: bool) -> None:
    if noticed:
        plane.registry.clusters.lost("north", "connection refused")
    failure = DriverFailure("cluster_unreachable", "connection refused")
    plane.remote.fail("happened", failure)
    found = plane.get("stores/acme/events?place=true").json()
    assert {item["source"] for item in found["items"]} == {"platform"}
    assert "connection refused" in found["metadata"]["unasked"]["message"]
