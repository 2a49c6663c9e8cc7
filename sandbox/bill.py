"""How a bill shows its amounts: with tax or without, as the merchant chose; pages ask for it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.orders import amount, taxes
from sandbox.texts import N_

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from sandbox.config import Settings
    from sandbox.tax import Taxed
    from sandbox.texts import Texts
    from sandbox.topology import View

    Rates = tuple[tuple[str, Decimal], ...]

CART, SALES = "tax/cart_display", "tax/sales_display"


class Bill:
    """One view's way to show amounts, of carts or of orders."""

    def __init__(self, settings: Settings, view: View, texts: Texts, group: str) -> None:
        self._settings = settings
        self._view = view
        self._texts = texts
        self._group = group

    def with_tax(self, part: str) -> bool:
        """Tell whether a part of the bill (price, subtotal, shipping) is shown with its tax."""
        return self._settings.at(self._view, f"{self._group}/{part}") != "1"

    def shown(self, taxed: Taxed, part: str) -> Decimal:
        """Return an amount of a cart as it is shown."""
        return taxed.gross if self.with_tax(part) else taxed.net

    def sum(self, row: sqlite3.Row, column: str, tax: str, part: str) -> Decimal:
        """Return an amount of an order as it is shown."""
        return amount(row, column) + (amount(row, tax) if self.with_tax(part) else 0)

    def goods(self, order: sqlite3.Row) -> Decimal:
        """Return what an order's goods cost, as it is shown."""
        tax = amount(order, "tax") - amount(order, "shipping_tax")
        return amount(order, "subtotal") + (tax if self.with_tax("subtotal") else 0)

    def has_line(self, tax: Decimal) -> bool:
        """Tell whether the tax has a line of its own."""
        return bool(tax) or self._settings.flag(self._view, f"{self._group}/zero_tax")

    def parts(self, taxed: Taxed) -> list[tuple[str, Decimal]]:
        """Return what the tax of a cart is made of, when it is more than one."""
        return self._named((levy.rates, tax) for levy, tax in taxed.parts.items())

    def parts_of(self, order: sqlite3.Row) -> list[tuple[str, Decimal]]:
        """Return what the tax of an order is made of, when it is more than one."""
        return self._named((due.rates, due.amount) for due in taxes(order))

    def _named(self, parts: Iterable[tuple[Rates, Decimal]]) -> list[tuple[str, Decimal]]:
        found = [(self._names(rates), tax) for rates, tax in parts if tax]
        return found if len(found) > 1 else []

    def _names(self, rates: Rates) -> str:
        return ", ".join(f"{code} ({self._texts.percent(percent)})" for code, percent in rates)

    @property
    def label(self) -> str:
        """Return what the tax is called: it is added, or it is contained."""
        return self._texts.say(N_("Tax included") if self.with_tax("subtotal") else N_("Tax"))
