"""Handlers of /V1/directory/…: the currencies and countries of a store view."""

# ruff: noqa: PLC0415 - what is not needed to start is imported where it is used.

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox import config, places, regions, topology
from sandbox.errors import NotFoundError

if TYPE_CHECKING:
    from sandbox.rest.call import Call


def currency(call: Call) -> object:
    """Return the currencies of a view; a rate that nobody gave shows as 0."""
    from babel.numbers import get_currency_symbol

    settings = config.load(call.shop.db)
    view = call.view or topology.default_view(call.shop.db)
    base = settings.base_currency(view.website_id)
    default = settings.at(view, "currency/options/default")
    locale = settings.at(view, "general/locale/code")
    allowed = settings.allowed_currencies(view)
    return {
        "base_currency_code": base,
        "base_currency_symbol": get_currency_symbol(base, locale),
        "default_display_currency_code": default,
        "default_display_currency_symbol": get_currency_symbol(default, locale),
        "available_currency_codes": allowed,
        "exchange_rates": [
            {"currency_to": code, "rate": settings.rate(base, code) or Decimal(0)}
            for code in allowed
        ],
    }


def countries(call: Call) -> object:
    """Return all countries, named in the view's language."""
    return [describe(call, code) for code in regions.COUNTRIES]


def country(call: Call) -> object:
    """Return one country."""
    code = call.path["country"]
    if code not in regions.COUNTRIES:
        raise NotFoundError("The country isn't available.")
    return describe(call, code)


def describe(call: Call, code: str) -> dict[str, object]:
    """Return one country as the contract shows it."""
    from babel import Locale

    settings = config.load(call.shop.db)
    view = call.view or topology.default_view(call.shop.db)
    own = Locale.parse(settings.at(view, "general/locale/code"))
    known = [
        {"id": str(one.id), "code": one.code, "name": one.name} for one in places.provinces_of(code)
    ]
    return {
        "id": code,
        "two_letter_abbreviation": code,
        "three_letter_abbreviation": regions.COUNTRIES[code],
        "full_name_locale": own.territories.get(code, code),
        "full_name_english": Locale.parse("en").territories.get(code, code),
        **({"available_regions": known} if known else {}),
    }
