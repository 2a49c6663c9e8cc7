"""Ranges of postcodes, as taxes have them: `90001-90010`."""

import re
from typing import Final

_RANGE: Final = re.compile(r"([0-9]{3,9})-([0-9]{3,9})")
_LIKE_RANGES: Final = {"IR"}
"""Where one postcode is two numbers of one length with a hyphen between them."""


def range_of(country: str, postcode: str) -> tuple[int, int] | None:
    """The first and the last postcode of a range; None for what is a single one, or a pattern.

    Both ends have as many digits, which tells a range from `90001-1234`.
    """
    match = _RANGE.fullmatch(postcode)
    if match is None or len(match[1]) != len(match[2]) or country in _LIKE_RANGES:
        return None
    return int(match[1]), int(match[2])


def written(first: int, last: int) -> str:
    """A range in its one spelling, from which `range_of` reads the same again."""
    width = max(3, len(str(last)))
    return f"{first:0{width}}-{last:0{width}}"
