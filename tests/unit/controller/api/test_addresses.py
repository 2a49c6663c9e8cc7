"""Public addresses of stores: what a shop is told, what is served, whose each host is."""

from typing import Any

import pytest

from tests.planes import Plane, follow, problem

SITES = {"us": {"country": "US"}, "mx": {"country": "MX", "url": "https://acme.mx"}}


@pytest.fixture(autouse=True)
def _cluster(plane: Plane) -> None:
    body = {"name": "north", "inCluster": True, "domain": "shops.example.com", "capacity": 9}
    assert plane.post("clusters", body).status_code == 201


def stack_spec(plane: Plane, name: str = "acme") -> Any:
    store = plane.registry.stores.with_stack(plane.get(f"stores/{name}").json()["metadata"]["uid"])
    assert store is not None
    return store[1].spec


def test_a_shop_is_told_its_public_addresses_and_not_how_we_reach_it(plane: Plane) -> None:
    plane.make(cluster="north", sites=SITES)
    store = plane.get("stores/acme").json()
    assert store["stack"]["endpoint"].startswith("fake://")
    assert store["status"]["url"] == "https://acme.shops.example.com"
    assert store["status"]["siteUrls"] == {
        "us": "https://acme-us.shops.example.com",
        "mx": "https://acme.mx",
    }
    told = {"base": store["status"]["url"], **store["status"]["siteUrls"]}
    assert plane.magento.addresses["acme"] == told
    assert stack_spec(plane).websites == {"acme-us.shops.example.com": "us", "acme.mx": "mx"}


def test_a_website_that_is_added_is_served_and_one_that_goes_is_not(plane: Plane) -> None:
    plane.make(cluster="north")
    body = {"country": "DE", "sites": SITES}
    follow(plane, plane.request("PUT", "stores/acme", json=body))
    assert set(stack_spec(plane).websites.values()) == {"us", "mx"}
    follow(plane, plane.request("PUT", "stores/acme", json={"country": "DE"}))
    assert stack_spec(plane).websites == {}
    plane.make("other", cluster="north", sites={"us": {"country": "US", "url": "https://acme.mx"}})


def test_a_name_that_is_anothers_websites_address_is_taken(plane: Plane) -> None:
    plane.make(cluster="north", sites=SITES)
    body = {"name": "acme-us", "country": "DE", "cluster": "north"}
    problem(plane.post("stores", body), 409, "name_taken")
    assert plane.get("names/acme-us").json()["available"] is False


@pytest.mark.parametrize(
    "url", ["https://acme.shops.example.com", "http://ACME-us.shops.example.com:80"]
)
def test_a_website_does_not_take_anothers_host(plane: Plane, url: str) -> None:
    plane.make(cluster="north", sites=SITES)
    sites = {"uk": {"country": "GB", "url": url}}
    for place in ({"cluster": "north"}, {"engine": "fake"}):
        body = {"name": "thief", "country": "DE", "sites": sites, **place}
        problem(plane.post("stores", body), 409, "host_taken")
    plane.make("honest", cluster="north")
    changed = plane.request("PUT", "stores/honest", json={"country": "DE", "sites": sites})
    assert "“uk”" in problem(changed, 409, "host_taken")["detail"]


def test_a_website_added_meets_the_store_that_has_its_derived_name(plane: Plane) -> None:
    plane.make("acme-us", cluster="north")
    plane.make(cluster="north")
    body = {"country": "DE", "sites": {"us": {"country": "US"}}}
    problem(plane.request("PUT", "stores/acme", json=body), 409, "host_taken")
    body["sites"]["us"]["url"] = "https://us.example.com"  # type: ignore[index]
    follow(plane, plane.request("PUT", "stores/acme", json=body))


def test_hosts_are_free_again_once_nothing_is_left_of_a_store(plane: Plane) -> None:
    plane.make(cluster="north", sites=SITES)
    follow(plane, plane.post("stores/acme/retire"))
    body = {"name": "acme-us", "country": "DE", "cluster": "north"}
    problem(plane.post("stores", body), 409, "name_taken")
    follow(plane, plane.post("stores/acme/purge", {"confirm": "acme"}))
    plane.make("acme-us", cluster="north")
