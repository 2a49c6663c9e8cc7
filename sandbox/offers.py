"""The ways to send and to pay an order that the settings offer; `carts` asks for its own."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox import money, tablerates
from sandbox.tax import Till

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from sandbox.config import Settings
    from sandbox.places import Place
    from sandbox.tax import Taxed, Taxes
    from sandbox.topology import View

ZERO = Decimal(0)
PAYMENTS = ("checkmo", "banktransfer", "cashondelivery", "purchaseorder", "free")
INSTRUCTIONS = {
    "checkmo": ("payable_to", "mailing_address"),
    "banktransfer": ("instructions",),
    "cashondelivery": ("instructions",),
}


@dataclass(frozen=True, kw_only=True)
class ShippingMethod:
    """One way to send the goods and what it costs."""

    carrier: str
    method: str
    title: str
    name: str
    taxed: Taxed
    base_taxed: Taxed

    @property
    def code(self) -> str:
        """Return the name under which a cart remembers it."""
        return f"{self.carrier}_{self.method}"

    @property
    def amount(self) -> Decimal:
        """Return the price without tax."""
        return self.taxed.net

    @property
    def base_amount(self) -> Decimal:
        """Return the price without tax in the base currency."""
        return self.base_taxed.net


@dataclass(frozen=True, kw_only=True)
class PaymentMethod:
    """One way to pay, in the words that the merchant gave it."""

    code: str
    title: str
    instructions: str


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """What is to be sent, and where; its worth is in the base currency."""

    place: Place
    pieces: int
    weight: Decimal
    worth: Taxed


@dataclass(frozen=True, kw_only=True)
class Counter:
    """Where offers are made: one view's settings, and a parcel to send in a currency."""

    db: sqlite3.Connection
    settings: Settings
    view: View
    currency: str
    parcel: Parcel

    def number(self, path: str) -> Decimal | None:
        """Return a number setting of the view, None when it is not set."""
        return self.settings.number(self.view, f"carriers/{path}")

    def flag(self, path: str) -> bool:
        """Tell whether a carrier's yes/no setting is yes."""
        return self.settings.flag(self.view, f"carriers/{path}")

    def say(self, path: str) -> str:
        """Return a carrier's setting."""
        return self.settings.at(self.view, f"carriers/{path}")


def shipping_methods(counter: Counter, taxes: Taxes) -> list[ShippingMethod]:
    """Return the ways to send the parcel, in the merchant's order.

    Carriers that must be asked for a price offer nothing here: the sandbox reaches none of them.
    """
    settings, view = counter.settings, counter.view
    base = settings.base_currency(view.website_id)
    rate = settings.rate(base, counter.currency) or Decimal(1)
    percent = taxes.shipping()
    offered = []
    for code, (method, quote) in QUOTES.items():
        group = f"carriers/{code}"
        country = counter.parcel.place.country
        if not reaches(settings, view, group, "sallowspecific", country):
            continue
        amount = quote(counter) if counter.flag(f"{code}/active") else None
        if amount is None:
            continue
        price = money.rounded(amount, base)
        shown = money.convert(price, rate, counter.currency)
        way = ShippingMethod(
            carrier=code,
            method=method,
            title=counter.say(f"{code}/title"),
            name=counter.say(f"{code}/name"),
            taxed=Till(counter.currency, taxes.algorithm).one(shown, percent),
            base_taxed=Till(base, taxes.algorithm).one(price, percent),
        )
        offered.append((counter.number(f"{code}/sort_order") or ZERO, way))
    return [way for _, way in sorted(offered, key=lambda pair: pair[0])]


def with_handling(counter: Counter, code: str, price: Decimal) -> Decimal:
    """Return a carrier's price with its handling fee: an amount, or a part of the price."""
    fee = counter.number(f"{code}/handling_fee") or ZERO
    if counter.say(f"{code}/handling_type") == "P":
        return price + price * fee / 100
    return price + fee


def flat_rate(counter: Counter) -> Decimal | None:
    """Return the flat rate, per order or per piece; None when there is no type."""
    kind = counter.say("flatrate/type")
    if not kind:
        return None
    price = counter.number("flatrate/price") or ZERO
    whole = price * counter.parcel.pieces if kind == "I" else price
    return with_handling(counter, "flatrate", whole)


def free_shipping(counter: Counter) -> Decimal | None:
    """Return zero when the order is large enough, None otherwise."""
    least = counter.number("freeshipping/free_shipping_subtotal") or ZERO
    worth = counter.parcel.worth
    value = worth.gross if counter.flag("freeshipping/tax_including") else worth.net
    return ZERO if value >= least else None


def table_rate(counter: Counter) -> Decimal | None:
    """Return the price of the row that fits the parcel best, None when none does."""
    condition, parcel = counter.say("tablerate/condition_name"), counter.parcel
    amounts = {
        "package_weight": parcel.weight,
        "package_value_with_discount": parcel.worth.net,
        "package_qty": Decimal(parcel.pieces),
    }
    price = tablerates.price(
        counter.db, counter.view.website_id, condition, parcel.place, amounts[condition]
    )
    return None if price is None else with_handling(counter, "tablerate", price)


QUOTES: dict[str, tuple[str, Callable[[Counter], Decimal | None]]] = {
    "tablerate": ("bestway", table_rate),
    "flatrate": ("flatrate", flat_rate),
    "freeshipping": ("freeshipping", free_shipping),
}


def payment_methods(
    settings: Settings, view: View, total: Decimal, country: str
) -> list[PaymentMethod]:
    """Return the ways to pay a total in the base currency from a country, in order."""
    offered = []
    for code in PAYMENTS:
        group = f"payment/{code}"
        if (
            settings.flag(view, f"{group}/active")
            and (code == "free") == (total == 0)
            and fits(settings, view, group, total)
            and reaches(settings, view, group, "allowspecific", country)
        ):
            method = PaymentMethod(
                code=code,
                title=settings.at(view, f"{group}/title"),
                instructions=instructions(settings, view, code),
            )
            offered.append((settings.number(view, f"{group}/sort_order") or ZERO, method))
    return [method for _, method in sorted(offered, key=lambda pair: pair[0])]


def fits(settings: Settings, view: View, group: str, total: Decimal) -> bool:
    """Tell whether a total is within a payment method's limits."""
    least = settings.number(view, f"{group}/min_order_total")
    most = settings.number(view, f"{group}/max_order_total")
    return (least is None or total >= least) and (most is None or total <= most)


def reaches(settings: Settings, view: View, group: str, restricted: str, country: str) -> bool:
    """Tell whether a carrier or a payment method serves a country."""
    if not settings.flag(view, f"{group}/{restricted}"):
        return True
    return country in settings.at(view, f"{group}/specificcountry").split(",")


def instructions(settings: Settings, view: View, code: str) -> str:
    """Return what a shopper must know to pay this way, as the merchant wrote it."""
    names = INSTRUCTIONS.get(code, ())
    return "\n".join(filter(None, (settings.at(view, f"payment/{code}/{n}") for n in names)))
