"""A merge patch (RFC 7396) laid over a draft: what is named changes, null takes away.

`inputs` calls it for new stores, the routes for stores that are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from controller.commerce.drafts import Draft, Offer, SiteDraft
from controller.domain.plans import Wanted

if TYPE_CHECKING:
    from pydantic import BaseModel

    from controller.api.inputs import OfferInput, SiteInput, SpecInput

_Offer = TypeVar("_Offer", bound=Offer)
_PLAIN = ("timezone", "weight_unit", "expires_at", "labels")


def patched(draft: Draft, body: SpecInput) -> Draft:
    """The draft with what the body names laid over it."""
    given = body.model_fields_set
    changes: dict[str, Any] = {name: getattr(body, name) for name in _PLAIN if name in given}
    if changes.get("labels", ()) is None:
        changes["labels"] = {}
    if body.plan is not None:
        changes["plan"] = body.plan
    if "scale" in given:
        changes["scale"] = body.scale and Wanted(min=body.scale.min, max=body.scale.max)
    if body.contact is not None:
        said = body.contact.model_fields_set
        changes |= {f"contact_{name}": getattr(body.contact, name) for name in said}
    if "mail" in given:
        changes["mail"] = body.mail and merged(draft.mail or {}, _named(body.mail))
    if "tax_rates" in given:
        rates = body.tax_rates or ()
        changes["tax_rates"] = tuple(_present(rate) for rate in rates)
    if "drift" in given:
        changes["drift"] = merged(draft.drift, body.drift)
    if "sites" in given:
        changes["sites"] = _sites(draft.sites, body.sites)
    return replace(_offer(draft, body), **changes)


def _sites(
    known: Mapping[str, SiteDraft], said: Mapping[str, SiteInput | None] | None
) -> dict[str, SiteDraft]:
    sites = {} if said is None else dict(known)
    for code, body in (said or {}).items():
        if body is None:
            sites.pop(code, None)
            continue
        site = sites.get(code, SiteDraft())
        names = body.model_fields_set & {"country", "url"}
        sites[code] = replace(_offer(site, body), **{name: getattr(body, name) for name in names})
    return sites


def _offer(offer: _Offer, body: OfferInput) -> _Offer:
    given = body.model_fields_set
    changes: dict[str, Any] = {}
    for name in ("locales", "payments", "prices_include_tax", "display_name"):
        # Null leaves these as they are: a shop without them is none.
        if name in given and getattr(body, name) is not None:
            changes[name] = getattr(body, name)
    if body.currencies is not None:
        changes |= _currencies(offer, body.currencies)
    if "gateways" in given:
        changes["gateways"] = merged(offer.gateways, body.gateways)
    if body.shipping is not None:
        changes |= _shipping(offer, body.shipping)
    return replace(offer, **changes)


def _currencies(offer: Offer, body: Any) -> dict[str, Any]:
    said = body.model_fields_set
    changes: dict[str, Any] = {}
    if "base" in said:
        # What was shown and offered in the old currency was said about that one.
        changes |= {"default_currency": None, "allowed_currencies": None}
    for name in {"base", "default", "allowed"} & said:
        changes[f"{name}_currency" if name != "allowed" else "allowed_currencies"] = getattr(
            body, name
        )
    if "markup_bps" in said:
        changes["markup_bps"] = body.markup_bps or 0
    if "pins" in said:
        changes["pins"] = merged(offer.pins, body.pins)
    return changes


def _shipping(offer: Offer, body: Any) -> dict[str, Any]:
    said = body.model_fields_set
    changes: dict[str, Any] = {}
    if "flat_rate" in said:
        changes |= {
            "flat_rate": body.flat_rate,
            "flat_rate_offered": body.flat_rate is not None,
        }
    if "free_from" in said:
        changes["free_from"] = body.free_from
    if "table_rates" in said:
        table = body.table_rates
        rows = table and [_present(row) for row in table.rows]
        changes["table"] = table and {"by": table.by, "rows": rows}
    if body.origin is not None:
        named = {name: getattr(body.origin, name) or "" for name in body.origin.model_fields_set}
        changes["origin"] = {**offer.origin, **named}
    if "carriers" in said:
        changes["carriers"] = merged(offer.carriers, body.carriers)
    return changes


def merged(known: Mapping[str, Any], said: Mapping[str, Any] | None) -> dict[str, Any]:
    """Merge one level deep, and options of one more; null takes away, as a whole or one by one."""
    if said is None:
        return {}
    found = dict(known)
    for name, value in said.items():
        if value is None:
            found.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(found.get(name), Mapping):
            found[name] = merged(found[name], value)
        else:
            found[name] = value
    return found


def _named(model: BaseModel) -> dict[str, Any]:
    """What was said, nulls too, by the API's names."""
    return model.model_dump(exclude_unset=True, by_alias=True)


def _present(model: BaseModel) -> dict[str, Any]:
    """What was said of one row."""
    return model.model_dump(exclude_none=True)
