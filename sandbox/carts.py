"""Carts: what a shopper has chosen, what it costs, how it can be sent and paid.

The storefront's cart and the REST API's guest carts are the same thing.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox import config, money, offers, places, topology
from sandbox.catalog import Catalog, Product
from sandbox.database import now, transaction
from sandbox.errors import NotFoundError, OutOfStockError, ShopError
from sandbox.offers import Counter, Parcel
from sandbox.tax import NOTHING, Taxes, Till

if TYPE_CHECKING:
    import sqlite3

    from sandbox.offers import PaymentMethod, ShippingMethod
    from sandbox.places import Place
    from sandbox.tax import Amounts, Taxed
    from sandbox.topology import View

MOST_OF_ONE = 10_000
ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One product in a cart, in the shopper's currency and in the base currency."""

    item_id: int
    product: Product
    qty: int
    percent: Decimal
    shown: Amounts
    base: Amounts

    @property
    def price(self) -> Decimal:
        """Return the price of one piece without tax."""
        return self.shown.unit.net

    @property
    def row_total(self) -> Decimal:
        """Return the price of all pieces without tax."""
        return self.shown.row.net


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What a cart costs. `shipping` is None while no method is chosen."""

    currency: str
    base_currency: str
    rate: Decimal
    lines: tuple[Line, ...]
    goods: Taxed
    base_goods: Taxed
    shipping: ShippingMethod | None

    @property
    def qty(self) -> int:
        """Return the number of pieces."""
        return sum(line.qty for line in self.lines)

    @property
    def whole(self) -> Taxed:
        """Return goods and shipping."""
        return self.goods + (self.shipping.taxed if self.shipping else NOTHING)

    @property
    def base_whole(self) -> Taxed:
        """Return goods and shipping in the base currency."""
        return self.base_goods + (self.shipping.base_taxed if self.shipping else NOTHING)

    @property
    def subtotal(self) -> Decimal:
        """Return the goods without tax."""
        return self.goods.net

    @property
    def tax(self) -> Decimal:
        """Return the tax on goods and shipping."""
        return self.whole.tax

    @property
    def grand_total(self) -> Decimal:
        """Return what is to be paid."""
        return self.whole.gross

    @property
    def base_grand_total(self) -> Decimal:
        """Return what is to be paid in the base currency."""
        return self.base_whole.gross


class Cart:
    """One open cart and its arithmetic, over one reading of the settings."""

    def __init__(self, db: sqlite3.Connection, row: sqlite3.Row) -> None:
        self.db = db
        self.row = row
        self.id: int = row["id"]
        self.masked_id: str = row["masked_id"]
        self.view: View = next(v for v in topology.views(db) if v.id == row["store_id"])
        self.settings = config.load(db)
        self.catalog = Catalog(db, self.settings, self.view)

    @property
    def shipping_address(self) -> dict[str, object]:
        """Return where the goods go, empty while nobody said."""
        return json.loads(self.row["shipping_address"] or "{}")  # type: ignore[no-any-return]

    @property
    def billing_address(self) -> dict[str, object]:
        """Return who pays: the same as the shipping address unless said otherwise."""
        own = json.loads(self.row["billing_address"] or "{}")
        return own or self.shipping_address

    @property
    def currency(self) -> str:
        """Return the currency that the shopper chose, as long as it can be shown."""
        chosen: str = self.row["currency"]
        if chosen in self.settings.currencies(self.view):
            return chosen
        return self.settings.display_currency(self.view)

    def taxes(self, place: Place | None = None) -> Taxes:
        """Return the taxes of a place, or of the one that the shopper gave."""
        billing = self.settings.at(self.view, "tax/calculation/based_on") == "billing"
        if place is None or billing:
            place = places.of_address(self.billing_address if billing else self.shipping_address)
        return Taxes(self.db, self.settings, self.view, place)

    def lines(self, taxes: Taxes | None = None) -> tuple[Line, ...]:
        """Return what is in the cart, at today's prices and with the taxes of a place."""
        taxes = taxes or self.taxes()
        base = self.settings.base_currency(self.view.website_id)
        currency = self.currency
        rate = self.settings.rate(base, currency) or Decimal(1)
        till, base_till = Till(currency, taxes.algorithm), Till(base, taxes.algorithm)
        lines = []
        for row in self.db.execute(
            "SELECT * FROM cart_item WHERE cart_id = ? ORDER BY id", (self.id,)
        ).fetchall():
            product = self.catalog.by_id(row["product_id"])
            percent = taxes.product(product.tax_class)
            price = money.convert(product.price, rate, currency)
            lines.append(
                Line(
                    item_id=row["id"],
                    product=product,
                    qty=row["qty"],
                    percent=percent.here,
                    shown=till.add(price, row["qty"], percent),
                    base=base_till.add(product.price, row["qty"], percent),
                )
            )
        return tuple(lines)

    def totals(self) -> Totals:
        """Return the sums, with shipping when a method was chosen that is still offered."""
        lines = self.lines()
        base = self.settings.base_currency(self.view.website_id)
        currency = self.currency
        offered = self.shipping_methods() if lines else []
        return Totals(
            currency=currency,
            base_currency=base,
            rate=self.settings.rate(base, currency) or Decimal(1),
            lines=lines,
            goods=sum((line.shown.row for line in lines), NOTHING),
            base_goods=sum((line.base.row for line in lines), NOTHING),
            shipping=next((m for m in offered if m.code == self.row["shipping_method"]), None),
        )

    def shipping_methods(self, place: Place | None = None) -> list[ShippingMethod]:
        """Return the ways to send this cart to a place, or to the one that the shopper gave."""
        place = places.of_address(self.shipping_address) if place is None else place
        taxes = self.taxes(place)
        lines = self.lines(taxes)
        if not lines:
            return []
        parcel = Parcel(
            place=place,
            pieces=sum(line.qty for line in lines),
            weight=sum(((line.product.weight or ZERO) * line.qty for line in lines), ZERO),
            worth=sum((line.base.row for line in lines), NOTHING),
        )
        counter = Counter(
            db=self.db,
            settings=self.settings,
            view=self.view,
            currency=self.currency,
            parcel=parcel,
        )
        return offers.shipping_methods(counter, taxes)

    def payment_methods(self, totals: Totals) -> list[PaymentMethod]:
        """Return the ways to pay this cart, in the merchant's order."""
        country = str(self.billing_address.get("country_id") or "")
        return offers.payment_methods(self.settings, self.view, totals.base_grand_total, country)

    def add(self, sku: str, qty: int) -> int:
        """Put pieces of a product in the cart, on top of those that are in it; return the item."""
        product = self.catalog.get(sku)
        if not product.on(self.view.website_id) or not product.enabled or not product.in_stock:
            raise OutOfStockError("Product that you are trying to add is not available.")
        known = self.db.execute(
            "SELECT id, qty FROM cart_item WHERE cart_id = ? AND product_id = ?",
            (self.id, product.id),
        ).fetchone()
        wanted = qty + (known["qty"] if known else 0)
        check_qty(product, wanted)
        with transaction(self.db):
            self.db.execute(
                "INSERT INTO cart_item (cart_id, product_id, qty) VALUES (?1, ?2, ?3)"
                " ON CONFLICT (cart_id, product_id) DO UPDATE SET qty = ?3",
                (self.id, product.id, wanted),
            )
            self._touch()
        row = self.db.execute(
            "SELECT id FROM cart_item WHERE cart_id = ? AND product_id = ?", (self.id, product.id)
        ).fetchone()
        return int(row["id"])

    def set_qty(self, item_id: int, qty: int) -> None:
        """Change the pieces of an item; zero takes it out."""
        row = self.db.execute(
            "SELECT product_id FROM cart_item WHERE id = ? AND cart_id = ?", (item_id, self.id)
        ).fetchone()
        if row is None:
            raise NotFoundError(f"The {self.id} Cart doesn't contain the {item_id} item.")
        with transaction(self.db):
            if qty == 0:
                self.db.execute("DELETE FROM cart_item WHERE id = ?", (item_id,))
            else:
                check_qty(self.catalog.by_id(row["product_id"]), qty)
                self.db.execute("UPDATE cart_item SET qty = ? WHERE id = ?", (qty, item_id))
            self._touch()

    def choose(self, **columns: object) -> Cart:
        """Remember what the shopper said (addresses, method, e-mail, currency)."""
        with transaction(self.db):
            for name, value in columns.items():
                stored = json.dumps(value) if isinstance(value, dict) else value
                self.db.execute(
                    f"UPDATE cart SET {name} = ? WHERE id = ?",  # noqa: S608 - our own names
                    (stored, self.id),
                )
            self._touch()
        return find(self.db, self.masked_id)

    def _touch(self) -> None:
        self.db.execute("UPDATE cart SET updated_at = ? WHERE id = ?", (now(), self.id))


def check_qty(product: Product, qty: int) -> None:
    """Refuse fewer than one piece, or more than there are."""
    if not 0 < qty <= MOST_OF_ONE:
        raise ShopError("Invalid qty: give a whole number of pieces, one at least.")
    if qty > product.qty:
        raise OutOfStockError("The requested qty is not available.")


def create(db: sqlite3.Connection, view: View, currency: str = "") -> Cart:
    """Make an empty cart for a view; its id cannot be guessed.

    Carts that nobody touched for a month go, so that visits do not fill the disk.
    """
    masked_id = secrets.token_hex(16)
    with transaction(db):
        db.execute(
            "DELETE FROM cart WHERE is_active = 1 AND updated_at < datetime('now', '-30 days')"
        )
        db.execute(
            "INSERT INTO cart (masked_id, store_id, currency, created_at, updated_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (masked_id, view.id, currency, now(), now()),
        )
    return find(db, masked_id)


def find(db: sqlite3.Connection, masked_id: str) -> Cart:
    """Return an open cart; NotFoundError when there is none of this id."""
    row = db.execute(
        "SELECT * FROM cart WHERE masked_id = ? AND is_active = 1", (masked_id,)
    ).fetchone()
    if row is None:
        raise NotFoundError(
            "No such entity with %fieldName = %fieldValue",
            {"fieldName": "cartId", "fieldValue": masked_id[:64]},
        )
    return Cart(db, row)
