"""What a merchant means by money and shipping; an engine's adapter translates it into settings."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Payment(StrEnum):
    """Offline payment methods by the names a merchant uses."""

    BANK_TRANSFER = "bank_transfer"
    CHECK = "check"
    CASH_ON_DELIVERY = "cash_on_delivery"
    PURCHASE_ORDER = "purchase_order"


@dataclass(frozen=True, kw_only=True)
class Currencies:
    """ISO 4217 codes: prices are kept in `base`, shown in `default`, offered in `allowed`."""

    base: str
    default: str
    allowed: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CommerceSpec:
    """Currency, payment, shipping and tax display of one store."""

    currencies: Currencies
    payments: tuple[Payment, ...]
    flat_rate: Decimal
    """Shipping price per order, in the base currency."""
    prices_include_tax: bool
