"""What a merchant means by money, shipping and tax; an engine's adapter makes settings of it.

Secrets are never part of it: a gateway's or carrier's secret lies in the vault under the name that
`controller.domain.providers` gives it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class Payment(StrEnum):
    """Payment methods by the names a merchant uses."""

    BANK_TRANSFER = "bank_transfer"
    CHECK = "check"
    CASH_ON_DELIVERY = "cash_on_delivery"
    PURCHASE_ORDER = "purchase_order"
    PAYPAL = "paypal"
    BRAINTREE = "braintree"
    STRIPE = "stripe"
    ADYEN = "adyen"


OFFLINE = frozenset(
    {Payment.BANK_TRANSFER, Payment.CHECK, Payment.CASH_ON_DELIVERY, Payment.PURCHASE_ORDER}
)
"""Those that no payment provider stands behind: an order goes through without paying."""


class Carrier(StrEnum):
    """Carriers that quote by their own interface."""

    UPS = "ups"
    FEDEX = "fedex"
    USPS = "usps"
    DHL = "dhl"


class TableBasis(StrEnum):
    """What a table rate is chosen by."""

    WEIGHT = "weight"
    VALUE = "value"
    ITEMS = "items"


class DriftPolicy(StrEnum):
    """What happens to a setting that was changed in the shop behind our back."""

    REVERT = "revert"
    """It is written back."""
    WARN = "warn"
    """It is told and left, until somebody pushes or changes that field."""
    ADOPT = "adopt"
    """It becomes what is wanted."""


@dataclass(frozen=True, kw_only=True)
class Currencies:
    """ISO 4217 codes: prices are kept in `base`, shown in `default`, offered in `allowed`."""

    base: str
    default: str
    allowed: tuple[str, ...]
    markup_bps: int = 0
    """Added to every exchange rate, in basis points."""
    pins: Mapping[str, Decimal] = field(default_factory=dict)
    """Rates that are fixed by hand, such as {"EUR/USD": Decimal("1.08")}."""


@dataclass(frozen=True, kw_only=True)
class TableRate:
    """One row: the price of an order of at least `above` to this place; `*` is everywhere."""

    country: str
    region: str
    postcode: str
    above: Decimal
    price: Decimal


@dataclass(frozen=True, kw_only=True)
class TableRates:
    """Prices by destination and weight, value or number of items."""

    by: TableBasis
    rows: tuple[TableRate, ...]


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where parcels leave from, within the store's country."""

    region: str = ""
    postcode: str = ""
    city: str = ""
    street: str = ""


@dataclass(frozen=True, kw_only=True)
class Shipping:
    """How parcels are priced; amounts are in the base currency."""

    flat_rate: Decimal | None
    """Per order; None when it is not offered."""
    free_from: Decimal | None = None
    """The order value from which shipping is free; None for never."""
    table: TableRates | None = None
    origin: Origin = field(default_factory=Origin)
    carriers: Mapping[Carrier, Mapping[str, str]] = field(default_factory=dict)
    """Options of each carrier that quotes."""


@dataclass(frozen=True, kw_only=True)
class TaxRate:
    """A tax of a place; region and postcode `*` mean all of the country.

    Of the taxes of one priority, the one that fits a place most closely is due; those of several
    priorities are due together, such as a province's beside the country's.
    """

    country: str
    region: str
    postcode: str
    percent: Decimal
    name: str
    priority: int = 0
    compound: bool = False
    """Whether it is also due on the taxes of lower priorities, not on the price alone."""


TAX_PRIORITIES = 10
"""How many taxes can be due together in one place."""


def tax_order(rate: TaxRate) -> tuple[str, str, str, int]:
    """The order in which tax rates are kept: those of one place together."""
    return rate.country, rate.region, rate.postcode, rate.priority


@dataclass(frozen=True, kw_only=True)
class CommerceSpec:
    """Currency, payment, shipping and tax of one website."""

    currencies: Currencies
    payments: tuple[Payment, ...]
    shipping: Shipping
    prices_include_tax: bool
    gateways: Mapping[Payment, Mapping[str, str]] = field(default_factory=dict)
    """Options of payment methods, such as the account of a bank transfer."""
