"""The JSON form of what a website sells and how, for the HTTP API and the registry's columns.

`store` builds a specification's document from these.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from controller.domain.commerce import (
    Carrier,
    CommerceSpec,
    Currencies,
    Origin,
    Payment,
    Shipping,
    TableBasis,
    TableRate,
    TableRates,
    TaxRate,
)


def commerce_to_json(commerce: CommerceSpec) -> dict[str, Any]:
    """Money, payment, shipping and tax display as the API shows them."""
    currencies = commerce.currencies
    return {
        "currencies": {
            "base": currencies.base,
            "default": currencies.default,
            "allowed": list(currencies.allowed),
            "markupBps": currencies.markup_bps,
            "pins": {pair: str(rate) for pair, rate in currencies.pins.items()},
        },
        "payments": [str(payment) for payment in commerce.payments],
        "gateways": {str(name): dict(said) for name, said in commerce.gateways.items()},
        "shipping": _shipping_to_json(commerce.shipping),
        "pricesIncludeTax": commerce.prices_include_tax,
    }


def commerce_from_json(data: Mapping[str, Any]) -> CommerceSpec:
    """The inverse of `commerce_to_json`; what an older release did not write has its default."""
    currencies = data["currencies"]
    return CommerceSpec(
        currencies=Currencies(
            base=currencies["base"],
            default=currencies["default"],
            allowed=tuple(currencies["allowed"]),
            markup_bps=currencies.get("markupBps", 0),
            pins={pair: Decimal(rate) for pair, rate in currencies.get("pins", {}).items()},
        ),
        payments=tuple(Payment(name) for name in data["payments"]),
        gateways={Payment(name): said for name, said in data.get("gateways", {}).items()},
        shipping=_shipping_from_json(data["shipping"]),
        prices_include_tax=data["pricesIncludeTax"],
    )


def _shipping_to_json(shipping: Shipping) -> dict[str, Any]:
    table, origin = shipping.table, shipping.origin
    return {
        "flatRate": amount(shipping.flat_rate),
        "freeFrom": amount(shipping.free_from),
        "tableRates": {"by": str(table.by), "rows": [row_to_json(row) for row in table.rows]}
        if table
        else None,
        "origin": {
            "region": origin.region,
            "postcode": origin.postcode,
            "city": origin.city,
            "street": origin.street,
        },
        "carriers": {str(name): dict(said) for name, said in shipping.carriers.items()},
    }


def _shipping_from_json(data: Mapping[str, Any]) -> Shipping:
    table = data.get("tableRates")
    return Shipping(
        flat_rate=_decimal(data["flatRate"]),
        free_from=_decimal(data.get("freeFrom")),
        table=TableRates(
            by=TableBasis(table["by"]), rows=tuple(_row_from_json(row) for row in table["rows"])
        )
        if table
        else None,
        origin=Origin(**data.get("origin", {})),
        carriers={Carrier(name): said for name, said in data.get("carriers", {}).items()},
    )


def row_to_json(row: TableRate) -> dict[str, str]:
    """One table rate."""
    return {
        "country": row.country,
        "region": row.region,
        "postcode": row.postcode,
        "above": str(row.above),
        "price": str(row.price),
    }


def _row_from_json(data: Mapping[str, str]) -> TableRate:
    return TableRate(
        country=data["country"],
        region=data["region"],
        postcode=data["postcode"],
        above=Decimal(data["above"]),
        price=Decimal(data["price"]),
    )


def tax_rate_to_json(rate: TaxRate) -> dict[str, Any]:
    """One tax rate; how it goes with others is said where it has any to go with."""
    return {
        "country": rate.country,
        "region": rate.region,
        "postcode": rate.postcode,
        "percent": str(rate.percent),
        "name": rate.name,
        **({"priority": rate.priority} if rate.priority else {}),
        **({"compound": rate.compound} if rate.compound else {}),
    }


def tax_rate_from_json(data: Mapping[str, Any]) -> TaxRate:
    """The inverse of `tax_rate_to_json`."""
    return TaxRate(
        country=data["country"],
        region=data["region"],
        postcode=data["postcode"],
        percent=Decimal(data["percent"]),
        name=data["name"],
        priority=data.get("priority", 0),
        compound=data.get("compound", False),
    )


def amount(value: Decimal | None) -> str | None:
    """An amount as text, which keeps its zeros."""
    return None if value is None else str(value)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
