"""Public addresses: one host for each website, below the domain that a wildcard covers."""

import pytest

from controller.domain.addresses import authority, beside


@pytest.mark.parametrize(
    ("url", "code", "expected"),
    [
        pytest.param("http://127.0.0.1:18100", "us", "http://us.localhost:18100", id="address"),
        pytest.param("http://[::1]:80", "us", "http://us.localhost:80", id="ipv6"),
        pytest.param("http://localhost:81", "us", "http://us.localhost:81", id="machine"),
        pytest.param(
            "https://acme.shops.example.com", "us", "https://acme-us.shops.example.com", id="host"
        ),
        pytest.param("https://a.b.co", "us_west", "https://a-us-west.b.co", id="underscore"),
    ],
)
def test_a_website_without_an_address_stands_beside_the_main_one(
    url: str, code: str, expected: str
) -> None:
    assert beside(url, code) == expected


def test_every_derived_name_is_a_label_of_its_own() -> None:
    codes = ("us", "us_", "us__", "a" * 24, "a" * 23 + "_", "a" * 23 + "b")
    for store in ("https://ab.example.com", f"https://{'s' * 40}.example.com", "http://[::1]:80"):
        hosts = [beside(store, code).partition("://")[2] for code in codes]
        labels = [host.partition(".")[0] for host in hosts]
        assert len(set(hosts)) == len(codes)
        assert all(len(label) <= 63 and not label.endswith("-") for label in labels)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://Shop.Example.com", "shop.example.com"),
        ("https://shop.example.com:443", "shop.example.com"),
        ("http://shop.example.com.:80", "shop.example.com"),
        ("https://shop.example.com:8443", "shop.example.com"),
        ("http://us.localhost:18100", "us.localhost:18100"),
    ],
)
def test_two_spellings_of_an_address_are_one(url: str, expected: str) -> None:
    assert authority(url) == expected
