"""Addresses of websites have one spelling, or are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.websites import host_of, website_url


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("https://shop.example.com", "https://shop.example.com"),
        ("https://shop.example.com/", "https://shop.example.com"),
        ("HTTPS://Shop.EXAMPLE.com:443/", "https://shop.example.com"),
        ("http://shop.example.com:80", "http://shop.example.com"),
        ("http://shop.example.com:443", "http://shop.example.com:443"),
        ("https://shop.example.com.", "https://shop.example.com"),
        ("https://münchen.example", "https://xn--mnchen-3ya.example"),
        ("https://MÜNCHEN.example", "https://xn--mnchen-3ya.example"),
        ("https://xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example"),
        ("https://shop。example", "https://shop.example"),
        ("http://localhost:8080", "http://localhost:8080"),
    ],
)
def test_an_address_is_kept_in_one_spelling(said: str, kept: str) -> None:
    assert website_url(said) == kept
    assert website_url(kept) == kept


@pytest.mark.parametrize(
    "said",
    [
        "",
        "shop.example.com",
        "//shop.example.com",
        "ftp://shop.example.com",
        "https://",
        "https://shop.example.com/de",
        "https://shop.example.com?",
        "https://shop.example.com#",
        "https://shop.example.com\\x",
        "https://ann:secret@shop.example.com",
        "https://shop example.com",
        "https://shop_1.example.com",
        "https://<b>.example.com",
        "https://a..b.example",
        "https://.example",
        "https://shop.example..",
        "https://-x.example",
        "https://x-.example",
        "https://ab--c.example",
        "https://xn--zzzzz---.example",
        "https://shop.example:0",
        "https://shop.example:65536",
        "https://shop.example:",
        "https://shop.example:８０",
        "https://127.0.0.1",
        "https://1.2.3",
        "https://0x7f.1",
        "https://[::1]:8080",
        f"https://{'a' * 64}.example",
        f"https://{'.'.join(['a' * 60] * 5)}",
        "https://shop.example.com\n",
        "https://shop.example.com\x00",
    ],
)
def test_what_no_shop_can_be_reached_at_is_no_address(said: str) -> None:
    assert website_url(said) is None


@given(st.text(max_size=300) | st.from_regex(r"https?://[^/]{1,80}/?", fullmatch=True))
def test_any_text_has_one_spelling_or_none(said: str) -> None:
    found = website_url(said)
    if found is None:
        return
    assert website_url(found) == found
    assert found.isascii()
    assert 0 < len(host_of(found)) <= 253
