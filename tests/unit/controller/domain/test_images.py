"""References to images: what names one and its version, and what does not."""

import pytest

from controller.domain.errors.stacks import InvalidImageError
from controller.domain.images import parse_image

SHA = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("shop:2.4.7", ("shop", "2.4.7", "")),
        ("registry.example.com/shop:2.4.7-p3", ("registry.example.com/shop", "2.4.7-p3", "")),
        ("registry:5000/team/shop:1", ("registry:5000/team/shop", "1", "")),
        ("[::1]:5000/shop:1", ("[::1]:5000/shop", "1", "")),
        (f"registry:5000/shop@{SHA}", ("registry:5000/shop", "", SHA)),
        (f"r.example.com/a__b/c.d/e--f:T_1@{SHA}", ("r.example.com/a__b/c.d/e--f", "T_1", SHA)),
        ("docker.io/library/mariadb:10.11", ("docker.io/library/mariadb", "10.11", "")),
    ],
)
def test_a_reference_is_read_into_its_parts(text: str, parts: tuple[str, str, str]) -> None:
    image = parse_image(text)
    assert (image.repository, image.tag, image.digest) == parts
    assert str(image) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "shop",
        "registry:5000/shop",
        "https://registry.example.com/shop:1",
        "Registry/Shop:1",
        "shop:",
        "shop:.1",
        f"shop:{'a' * 129}",
        "shop@sha256:abc",
        "shop@md5:" + "a" * 32,
        "shop: 1",
        "shop:1\n",
        "a//b:1",
        "/shop:1",
        "shop_:1",
        f"{'a' * 256}:1",
        "shop:1@" + SHA.upper(),
    ],
)
def test_what_leaves_the_version_open_or_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(InvalidImageError):
        parse_image(text)


def test_people_call_an_image_by_its_tag() -> None:
    assert parse_image(f"shop:1@{SHA}").version == "1"
    assert parse_image(f"shop@{SHA}").version == "sha256:aaaaaaaaaaaa"
