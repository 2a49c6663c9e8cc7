"""The ways to send and to pay an order that the settings offer; `carts` asks for its own."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox import money

if TYPE_CHECKING:
    from sandbox.config import Settings
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
    amount: Decimal
    base_amount: Decimal

    @property
    def code(self) -> str:
        """Return the name under which a cart remembers it."""
        return f"{self.carrier}_{self.method}"


@dataclass(frozen=True, kw_only=True)
class PaymentMethod:
    """One way to pay, in the words that the merchant gave it."""

    code: str
    title: str
    instructions: str


def shipping_methods(
    settings: Settings,
    view: View,
    currency: str,
    country: str,
    *,
    pieces: int,
    base_subtotal: Decimal,
) -> list[ShippingMethod]:
    """Return the ways to send so many pieces of this worth to a country, in order."""
    base = settings.base_currency(view.website_id)
    rate = settings.rate(base, currency) or Decimal(1)
    amounts = {
        "flatrate": flat_rate(settings, view, pieces),
        "freeshipping": free_shipping(settings, view, base_subtotal),
    }
    offered = []
    for code, amount in amounts.items():
        group = f"carriers/{code}"
        if amount is None or not reaches(settings, view, group, "sallowspecific", country):
            continue
        base_amount = money.rounded(amount, base)
        method = ShippingMethod(
            carrier=code,
            method=code,
            title=settings.at(view, f"{group}/title"),
            name=settings.at(view, f"{group}/name"),
            amount=money.convert(base_amount, rate, currency),
            base_amount=base_amount,
        )
        offered.append((settings.number(view, f"{group}/sort_order") or ZERO, method))
    return [method for _, method in sorted(offered, key=lambda pair: pair[0])]


def flat_rate(settings: Settings, view: View, pieces: int) -> Decimal | None:
    """Return the flat rate, per order or per piece; None when it is not offered."""
    kind = settings.at(view, "carriers/flatrate/type")
    if not settings.flag(view, "carriers/flatrate/active") or not kind:
        return None
    price = settings.number(view, "carriers/flatrate/price") or ZERO
    return price * pieces if kind == "I" else price


def free_shipping(settings: Settings, view: View, base_subtotal: Decimal) -> Decimal | None:
    """Return zero when the order is large enough, None otherwise."""
    if not settings.flag(view, "carriers/freeshipping/active"):
        return None
    least = settings.number(view, "carriers/freeshipping/free_shipping_subtotal")
    return ZERO if base_subtotal >= (least or ZERO) else None


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
