"""Products: their texts, prices and stock; storefront, administration and REST read them here.

A starter product has no price of its own but an idea of it in euros: it becomes a price in
whatever base currency the shop is given, until somebody sets one.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox import money
from sandbox.database import now, transaction
from sandbox.errors import NotFoundError, OutOfStockError

if TYPE_CHECKING:
    import sqlite3

    from sandbox.config import Settings
    from sandbox.topology import View

ENABLED = 1
NOT_FOUND = "The product that was requested doesn't exist. Verify the product and try again."


@dataclass(frozen=True, kw_only=True)
class Product:
    """A product as one store view shows it; the price is in the website's base currency."""

    id: int
    sku: str
    name: str
    description: str
    price: Decimal
    weight: Decimal | None
    tax_class: int
    picture: str
    enabled: bool
    visibility: int
    qty: int
    in_stock: bool
    url_key: str
    website_ids: tuple[int, ...]
    created_at: str
    updated_at: str

    @property
    def salable(self) -> bool:
        """Tell whether somebody can buy it now."""
        return self.enabled and self.in_stock and self.qty > 0

    def on(self, website_id: int) -> bool:
        """Tell whether a website offers it; a product that names no website is on all of them."""
        return not self.website_ids or website_id in self.website_ids


class Catalog:
    """The products as one view sees them; view None sees what all views share."""

    def __init__(self, db: sqlite3.Connection, settings: Settings, view: View | None) -> None:
        self._db = db
        self._view = view
        self._website = view.website_id if view else 0
        self._base = settings.base_currency(self._website)
        code = settings.at(view, "general/locale/code") if view else "en"
        self._lang = code.partition("_")[0]
        self._own_prices = settings.value("catalog/price/scope") == "1"

    def find(self, sku: str) -> Product | None:
        """Return a product by its SKU, None when there is none."""
        row = self._db.execute("SELECT * FROM product WHERE sku = ?", (sku,)).fetchone()
        return None if row is None else self.product(row)

    def get(self, sku: str) -> Product:
        """Return a product by its SKU; NotFoundError when there is none."""
        product = self.find(sku)
        if product is None:
            raise NotFoundError(NOT_FOUND)
        return product

    def by_id(self, identity: int) -> Product:
        """Return a product that a row of ours points to."""
        row = self._db.execute("SELECT * FROM product WHERE id = ?", (identity,)).fetchone()
        return self.product(row)

    def offered(self) -> list[Product]:
        """Return what the view's website sells, in the order in which it was added."""
        rows = self._db.execute(
            "SELECT * FROM product WHERE status = ? AND visibility > 1 ORDER BY id LIMIT 300",
            (ENABLED,),
        ).fetchall()
        return [one for one in map(self.product, rows) if one.on(self._website)]

    def product(self, row: sqlite3.Row) -> Product:
        """Return a row as this view shows it."""
        name, description = self._text(row)
        sites = self._db.execute(
            "SELECT website_id FROM product_website WHERE product_id = ? ORDER BY 1", (row["id"],)
        )
        return Product(
            id=row["id"],
            sku=row["sku"],
            name=name,
            description=description,
            price=self._price(row),
            weight=Decimal(row["weight"]) if row["weight"] else None,
            tax_class=row["tax_class_id"],
            picture=row["picture"],
            enabled=row["status"] == ENABLED,
            visibility=row["visibility"],
            qty=row["qty"],
            in_stock=bool(row["is_in_stock"]),
            url_key=row["url_key"],
            website_ids=tuple(site[0] for site in sites),
            created_at=row["created_at"],
            updated_at=row["updated_at"],
        )

    def _text(self, row: sqlite3.Row) -> tuple[str, str]:
        """Return name and description: the view's own, else its language's, else the product's."""
        found = self._db.execute(
            "SELECT name, description FROM product_text WHERE product_id = ?"
            " AND ((store_id = ? AND store_id > 0) OR lang = ?) ORDER BY store_id DESC LIMIT 1",
            (row["id"], self._view.id if self._view else 0, self._lang),
        ).fetchone()
        return tuple(found) if found else (row["name"], row["description"])

    def _price(self, row: sqlite3.Row) -> Decimal:
        """Return the website's own price, else the shared one, else the starter price."""
        if self._own_prices and self._website:
            own = self._db.execute(
                "SELECT price FROM product_price WHERE product_id = ? AND website_id = ?",
                (row["id"], self._website),
            ).fetchone()
            if own:
                return Decimal(own[0])
        if row["price"] is not None:
            return Decimal(row["price"])
        return money.starter_price(Decimal(row["starter_price"] or "0"), self._base)

    def set_price(self, product: Product, price: Decimal) -> None:
        """Set the price: for the view's website where prices are per website, else for all."""
        with transaction(self._db):
            if self._own_prices and self._website:
                self._db.execute(
                    "INSERT OR REPLACE INTO product_price VALUES (?, ?, ?)",
                    (product.id, self._website, str(price)),
                )
            else:
                self._db.execute(
                    "UPDATE product SET price = ? WHERE id = ?", (str(price), product.id)
                )
            self.touch(product.id)

    def set_text(self, product: Product, name: str, description: str) -> None:
        """Set name and description for the view, or for every view when there is none."""
        with transaction(self._db):
            if self._view is not None:
                self._db.execute(
                    "INSERT OR REPLACE INTO product_text VALUES (?, '', ?, ?, ?)",
                    (product.id, self._view.id, name, description),
                )
            else:
                self._db.execute(
                    "UPDATE product SET name = ?, description = ? WHERE id = ?",
                    (name, description, product.id),
                )
                # A renamed product is no starter product any more: its translations are stale.
                self._db.execute(
                    "DELETE FROM product_text WHERE product_id = ? AND lang <> ''", (product.id,)
                )
            self.touch(product.id)

    def touch(self, identity: int) -> None:
        """Remember that a product changed now."""
        self._db.execute("UPDATE product SET updated_at = ? WHERE id = ?", (now(), identity))


def take_stock(db: sqlite3.Connection, product_id: int, qty: int) -> None:
    """Take pieces out of the stock; OutOfStockError when there are not enough."""
    done = db.execute(
        "UPDATE product SET qty = qty - ?1 WHERE id = ?2 AND qty >= ?1 AND is_in_stock = 1"
        " AND status = 1",
        (qty, product_id),
    )
    if done.rowcount != 1:
        raise OutOfStockError("The requested qty is not available.")


def return_stock(db: sqlite3.Connection, product_id: int, qty: int) -> None:
    """Put pieces back; a product that was deleted meanwhile has no stock to go to."""
    db.execute("UPDATE product SET qty = qty + ? WHERE id = ?", (qty, product_id))
