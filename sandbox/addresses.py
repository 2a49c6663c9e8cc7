"""Addresses as the shop keeps them: what a shopper typed, cut to size, with its region found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import places

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.config import Settings
    from sandbox.topology import View

NEEDED = ("firstname", "lastname", "street", "city", "country_id")
COLUMNS = {"regionId": "region_id"}
FIELDS = ("firstname", "lastname", "company", "street", "city", "region", "region_code",
                  "region_id", "postcode", "country_id", "telephone", "email")  # fmt: skip


def read(given: Mapping[str, object]) -> dict[str, object]:
    """Return the parts of an address that the shop keeps."""
    kept: dict[str, object] = {}
    for name in FIELDS:
        value = given.get(name)
        if name == "street":
            lines = value if isinstance(value, list) else [value]
            kept[name] = [str(line)[:255] for line in lines if line][:4]
        elif name == "region_id":
            kept[name] = value if isinstance(value, int) else 0
        elif isinstance(value, str | int) and value != "":
            kept[name] = str(value)[:255]
    if isinstance(region := given.get("region"), dict):
        kept |= {k: str(v)[:255] for k, v in region.items() if k in ("region", "region_code")}
    return kept | region_of(kept)


def lacking(address: Mapping[str, object], settings: Settings, view: View) -> list[str]:
    """Return the fields that an order needs and the address has not, as the contract names them."""
    country = address.get("country_id")
    demanded = list(NEEDED)
    if country not in settings.at(view, "general/country/optional_zip_countries").split(","):
        demanded.append("postcode")
    if country in settings.at(view, "general/region/state_required").split(","):
        demanded.append("regionId" if places.provinces_of(str(country)) else "region")
    return [name for name in demanded if not address.get(COLUMNS.get(name, name))]


def region_of(kept: Mapping[str, object]) -> dict[str, object]:
    """Return number, code and name of an address's region.

    In a country whose regions the shop does not know a name stands for its code and the other way
    round.
    """
    country = str(kept.get("country_id") or "")
    number = kept.get("region_id")
    said = str(kept.get("region_code") or kept.get("region") or "")
    known = places.by_id(number) if isinstance(number, int) and number else None
    if known is None or known.country != country:
        known = places.find(country, said)
    if known is not None:
        return {"region_id": known.id, "region_code": known.code, "region": known.name}
    named = {"region": said, "region_code": said} if said else {}
    return {**named, **{k: str(v) for k, v in kept.items() if k in named}, "region_id": 0}
