"""Where a new stack goes, and that the reason is the true one."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from controller.domain.clusters import (
    Cluster,
    ClusterOffer,
    ClusterSpec,
    ClusterState,
    Wish,
    cluster_spec_from_json,
    cluster_spec_to_json,
    place,
)
from controller.domain.errors.base import StoreControllerError
from controller.domain.errors.clusters import (
    ClusterDrainingError,
    ClusterFullError,
    ClusterNotFoundError,
    NoClusterError,
    NoClusterThereError,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def cluster(name: str, region: str = "eu", *, stacks: int = 0, capacity: int = 10) -> Cluster:
    spec = ClusterSpec(name=name, region=region, capacity=capacity, domain="shops.example.com")
    return Cluster(
        spec=spec,
        state=ClusterState.ACTIVE,
        generation=1,
        stacks=stacks,
        server="https://10.0.0.1",
        created_at=NOW,
    )


def drained(found: Cluster) -> Cluster:
    return replace(found, state=ClusterState.DRAINING)


def lost(found: Cluster) -> Cluster:
    return replace(found, unreachable_since=NOW)


@pytest.mark.parametrize(
    ("clusters", "wish", "name", "reason"),
    [
        pytest.param(
            [cluster("a", stacks=5), cluster("b", stacks=2)],
            Wish(),
            "b",
            ("PlacedByRoom", {"cluster": "b", "room": 8, "capacity": 10}),
            id="most-room",
        ),
        pytest.param(
            [cluster("a", stacks=50, capacity=100), cluster("b", stacks=2)],
            Wish(),
            "b",
            ("PlacedByRoom", {"cluster": "b", "room": 8, "capacity": 10}),
            id="by-share-and-not-by-number",
        ),
        pytest.param(
            [cluster("a"), cluster("b", "us", stacks=9)],
            Wish(region="us"),
            "b",
            ("PlacedByRegion", {"region": "us", "cluster": "b", "room": 1, "capacity": 10}),
            id="region",
        ),
        pytest.param(
            [cluster("a"), cluster("b", stacks=9)],
            Wish(cluster="b"),
            "b",
            ("PlacedByName", {"cluster": "b"}),
            id="name",
        ),
        pytest.param(
            [lost(cluster("a"))],
            Wish(cluster="a"),
            "a",
            ("PlacedByName", {"cluster": "a"}),
            id="a-named-one-is-waited-for",
        ),
        pytest.param(
            [drained(cluster("a")), lost(cluster("b")), cluster("c", stacks=9)],
            Wish(),
            "c",
            ("PlacedByRoom", {"cluster": "c", "room": 1, "capacity": 10}),
            id="neither-drained-nor-lost",
        ),
    ],
)
def test_a_stack_goes_where_it_should(
    clusters: list[Cluster], wish: Wish, name: str, reason: tuple[str, dict[str, object]]
) -> None:
    placed = place(clusters, wish)
    assert placed.cluster.spec.name == name
    assert (placed.reason.reason, placed.reason.params) == reason


@pytest.mark.parametrize(
    ("clusters", "wish", "error", "params"),
    [
        pytest.param([], Wish(), NoClusterThereError, {"region": "–"}, id="none-at-all"),
        pytest.param(
            [drained(cluster("a")), lost(cluster("b")), cluster("c", stacks=10)],
            Wish(),
            NoClusterError,
            {"draining": "a", "unfit": "–", "unreachable": "b", "full": "c"},
            id="none-that-takes-it",
        ),
        pytest.param(
            [cluster("a"), cluster("b")],
            Wish(region="us"),
            NoClusterThereError,
            {"region": "us"},
            id="region",
        ),
        pytest.param(
            [drained(cluster("a")), drained(cluster("b"))],
            Wish(),
            NoClusterError,
            {"draining": "a, b", "unfit": "–", "unreachable": "–", "full": "–"},
            id="all-drained",
        ),
        pytest.param(
            [cluster("a")], Wish(cluster="b"), ClusterNotFoundError, {"cluster": "b"}, id="unknown"
        ),
        pytest.param(
            [drained(cluster("a"))],
            Wish(cluster="a"),
            ClusterDrainingError,
            {"cluster": "a"},
            id="drained",
        ),
        pytest.param(
            [cluster("a", stacks=11)],
            Wish(cluster="a"),
            ClusterFullError,
            {"cluster": "a", "capacity": 10},
            id="over-full",
        ),
    ],
)
def test_a_stack_that_fits_nowhere_is_told_why(
    clusters: list[Cluster],
    wish: Wish,
    error: type[StoreControllerError],
    params: dict[str, object],
) -> None:
    with pytest.raises(error) as told:
        place(clusters, wish)
    assert told.value.params == params


def test_shoppers_reach_a_shop_below_the_clusters_domain() -> None:
    found = cluster("a")
    assert found.url_of("acme") == "https://acme.shops.example.com"
    plain = replace(found, spec=replace(found.spec, tls=False))
    assert plain.url_of("acme") == "http://acme.shops.example.com"


def test_what_is_said_of_a_cluster_survives_its_json() -> None:
    spec = ClusterSpec(
        name="a",
        region="eu",
        capacity=7,
        domain="shops.example.com",
        tls=False,
        shop_address="https://{host}",
        offer=ClusterOffer(storage_class="fast", gateway="public", gateway_namespace="edge"),
        infrastructure="shared-services",
        variables={"database": {"host": "db"}},
        in_cluster=True,
    )
    assert cluster_spec_from_json("a", cluster_spec_to_json(spec)) == spec
