"""Where something goes: country, region and postcode, and the regions that the shop knows.

Shipping and tax ask by place. A country without regions in `provinces.txt` has none.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.config import Settings
    from sandbox.topology import View

ANYWHERE = "*"


@dataclass(frozen=True, kw_only=True)
class Province:
    """A state or region of a country, numbered as the contract numbers it."""

    id: int
    country: str
    code: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where goods go, or come from. A region of 0 is none that the shop knows."""

    country: str = ""
    region_id: int = 0
    postcode: str = ""


@cache
def provinces() -> tuple[Province, ...]:
    """Return all regions that the shop knows."""
    lines = (files("sandbox") / "provinces.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split("|") for line in lines if not line.startswith("#")]
    return tuple(Province(id=int(r[0]), country=r[1], code=r[2], name=r[3]) for r in rows)


def provinces_of(country: str) -> list[Province]:
    """Return a country's regions."""
    return [one for one in provinces() if one.country == country]


def by_id(identity: int) -> Province | None:
    """Return a region by its number."""
    return next((one for one in provinces() if one.id == identity), None)


def find(country: str, said: str) -> Province | None:
    """Return a country's region by its code or name, whatever its case and accents."""
    wanted = folded(said)
    if not wanted:
        return None
    known = provinces_of(country)
    return next((one for one in known if wanted in (folded(one.code), folded(one.name))), None)


def folded(text: str) -> str:
    """Return a name without case and accents."""
    plain = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


def of_address(address: Mapping[str, object]) -> Place:
    """Return the place of an address as the shop keeps it."""
    region = address.get("region_id")
    return Place(
        country=str(address.get("country_id") or ""),
        region_id=region if isinstance(region, int) else 0,
        postcode=str(address.get("postcode") or ""),
    )


def origin(settings: Settings, view: View) -> Place:
    """Return where the view's website sends from."""
    region = settings.at(view, "shipping/origin/region_id")
    return Place(
        country=settings.at(view, "shipping/origin/country_id"),
        region_id=int(region) if region.isdecimal() and len(region) < 10 else 0,
        postcode=settings.at(view, "shipping/origin/postcode"),
    )


def usual(settings: Settings, view: View) -> Place:
    """Return where a shopper is taken to be who has not said it yet."""
    region = settings.at(view, "tax/defaults/region")
    return Place(
        country=settings.at(view, "tax/defaults/country"),
        region_id=int(region) if region.isdecimal() and len(region) < 10 else 0,
        postcode=settings.at(view, "tax/defaults/postcode"),
    )
