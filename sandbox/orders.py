"""Orders and what becomes of them: placed, canceled, invoiced, shipped, tracked.

States: new → processing (something is invoiced or shipped) → complete (everything is);
new → canceled. Each change is one transaction, with the stock that it moves.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox import addresses
from sandbox.catalog import return_stock, take_stock
from sandbox.database import now, transaction
from sandbox.errors import NotFoundError, ShopError
from sandbox.structure import is_email

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from sandbox.carts import Cart, Totals

NO_SHIPMENT = (
    "Shipment Document Validation Error(s):\nThe order does not allow a shipment to be created.\n"
    "You can't create a shipment without products."
)
NO_INVOICE = (
    "Invoice Document Validation Error(s):\nThe order does not allow an invoice to be created.\n"
    "You can't create an invoice without products."
)


@dataclass(frozen=True, kw_only=True)
class Track:
    """One tracking number of a carrier."""

    number: str
    title: str
    carrier_code: str
    qty: float | None = None
    weight: float | None = None
    description: str | None = None


def place(cart: Cart, payment_code: str, po_number: str = "") -> int:
    """Turn a cart into an order and return its id; ShopError when something is missing.

    The stock is taken and the cart closed in the same transaction.
    """
    totals = cart.totals()
    check(cart, totals)
    payment = next((m for m in cart.payment_methods(totals) if m.code == payment_code), None)
    if payment is None:
        raise ShopError("The requested Payment Method is not available.")
    if payment_code == "purchaseorder" and not po_number:
        raise ShopError("Purchase order number is a required field.")
    assert totals.shipping is not None  # noqa: S101 - `check` made sure
    with transaction(cart.db):
        values: dict[str, object] = {
            "increment_id": next_number(cart.db, cart.view.id, "order"),
            "cart_id": cart.id,
            "store_id": cart.view.id,
            "state": "new",
            "status": cart.settings.at(cart.view, f"payment/{payment.code}/order_status"),
            "email": cart.row["email"],
            "base_currency": totals.base_currency,
            "currency": totals.currency,
            "rate": str(totals.rate),
            "subtotal": str(totals.goods.net),
            "base_subtotal": str(totals.base_goods.net),
            "shipping": str(totals.shipping.taxed.net),
            "base_shipping": str(totals.shipping.base_taxed.net),
            "shipping_tax": str(totals.shipping.taxed.tax),
            "base_shipping_tax": str(totals.shipping.base_taxed.tax),
            "tax": str(totals.tax),
            "base_tax": str(totals.base_whole.tax),
            "taxes": written_taxes(totals),
            "grand_total": str(totals.grand_total),
            "base_grand_total": str(totals.base_grand_total),
            "shipping_method": totals.shipping.code,
            "shipping_title": f"{totals.shipping.title} - {totals.shipping.name}",
            "payment_method": payment.code,
            "payment_title": payment.title,
            "po_number": po_number,
            "shipping_address": json.dumps(cart.shipping_address),
            "billing_address": json.dumps(cart.billing_address),
            "created_at": now(),
            "updated_at": now(),
        }
        order_id = insert(cart.db, "orders", values)
        for line in totals.lines:
            take_stock(cart.db, line.product.id, line.qty)
            item: dict[str, object] = {
                "order_id": order_id,
                "product_id": line.product.id,
                "cart_item_id": line.item_id,
                "sku": line.product.sku,
                "name": line.product.name,
                "price": str(line.shown.unit.net),
                "base_price": str(line.base.unit.net),
                "row_total": str(line.shown.row.net),
                "base_row_total": str(line.base.row.net),
                "tax": str(line.shown.row.tax),
                "base_tax": str(line.base.row.tax),
                "tax_percent": str(line.percent),
                "weight": None if line.product.weight is None else str(line.product.weight),
                "qty": line.qty,
            }
            insert(cart.db, "order_item", item)
        cart.db.execute("UPDATE cart SET is_active = 0 WHERE id = ?", (cart.id,))
    return order_id


def written_taxes(totals: Totals) -> str:
    """Return what the tax is made of, as an order keeps it."""
    base = totals.base_whole.parts
    kept = [
        {
            "rates": [[code, str(percent)] for code, percent in levy.rates],
            "amount": str(tax),
            "base_amount": str(base.get(levy, 0)),
        }
        for levy, tax in totals.whole.parts.items()
    ]
    return json.dumps(kept)


@dataclass(frozen=True, kw_only=True)
class Due:
    """One levy of an order: the codes and percents of its rates, and what they come to."""

    rates: tuple[tuple[str, Decimal], ...]
    amount: Decimal
    base_amount: Decimal


def taxes(order: sqlite3.Row) -> tuple[Due, ...]:
    """Return what an order's tax is made of."""
    return tuple(
        Due(
            rates=tuple((str(code), Decimal(percent)) for code, percent in kept["rates"]),
            amount=Decimal(kept["amount"]),
            base_amount=Decimal(kept["base_amount"]),
        )
        for kept in json.loads(order["taxes"])
    )


def check(cart: Cart, totals: Totals) -> None:
    """Refuse a cart that cannot become an order yet."""
    if not totals.lines:
        raise ShopError("The shipping method can't be set for an empty cart. Add an item to cart "
                        "and try again.")  # fmt: skip
    if any(not line.product.enabled for line in totals.lines):
        raise ShopError("Some of the products are disabled.")
    for kind, address in (("shipping", cart.shipping_address), ("billing", cart.billing_address)):
        missing = addresses.lacking(address, cart.settings, cart.view)
        if missing:
            told = " ".join(f'"{name}" is required. Enter and try again.' for name in missing)
            raise ShopError(f"Please check the {kind} address information. {told}")
    if totals.shipping is None:
        raise ShopError("The shipping method is missing. Select the shipping method and try again.")
    if not is_email(cart.row["email"]):
        raise ShopError("Invalid email format")


def find(db: sqlite3.Connection, order_id: int) -> sqlite3.Row:
    """Return an order's row; NotFoundError when there is none."""
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM orders WHERE id = ?", (order_id,)
    ).fetchone()
    if row is None:
        raise NotFoundError
    return row


def find_by_number(db: sqlite3.Connection, number: str, email: str) -> sqlite3.Row | None:
    """Return the order that a shopper names by its number and the e-mail it was placed with."""
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM orders WHERE increment_id = ? AND lower(email) = lower(?)", (number, email)
    ).fetchone()
    return row


def items(db: sqlite3.Connection, order_id: int) -> list[sqlite3.Row]:
    """Return the order's items."""
    query = "SELECT * FROM order_item WHERE order_id = ? ORDER BY id"
    return db.execute(query, (order_id,)).fetchall()


def tracks(db: sqlite3.Connection, order_id: int) -> list[sqlite3.Row]:
    """Return all tracking numbers of an order, oldest first."""
    return db.execute("SELECT * FROM track WHERE order_id = ? ORDER BY id", (order_id,)).fetchall()


def cancel(db: sqlite3.Connection, order_id: int) -> bool:
    """Cancel an order that nothing was done for yet, and give its goods back to the stock.

    False when it is too late or was done before.
    """
    with transaction(db):
        order = find(db, order_id)
        if order["state"] != "new":
            return False
        for item in items(db, order_id):
            return_stock(db, item["product_id"], item["qty"])
        db.execute("UPDATE order_item SET canceled = qty WHERE order_id = ?", (order_id,))
        move(db, order_id, "canceled", "canceled")
    return True


def invoice(db: sqlite3.Connection, order_id: int) -> int:
    """Invoice and take as paid everything that is not invoiced yet; return the invoice's id."""
    with transaction(db):
        order = find(db, order_id)
        open_items = [one for one in items(db, order_id) if one["qty"] > one["invoiced"]]
        if order["state"] not in ("new", "processing") or not open_items:
            raise ShopError(NO_INVOICE)
        db.execute("UPDATE order_item SET invoiced = qty WHERE order_id = ?", (order_id,))
        db.execute("UPDATE orders SET paid = grand_total WHERE id = ?", (order_id,))
        invoice_id = insert(
            db,
            "invoice",
            {
                "increment_id": next_number(db, order["store_id"], "invoice"),
                "order_id": order_id,
                "grand_total": order["grand_total"],
                "created_at": now(),
            },
        )
        settle(db, order_id)
    return invoice_id


def ship(
    db: sqlite3.Connection,
    order_id: int,
    wanted: Sequence[tuple[int, int]] = (),
    numbers: Sequence[Track] = (),
) -> int:
    """Ship the wanted (item, pieces), or all that is left; return the shipment's id."""
    with transaction(db):
        order = find(db, order_id)
        left = {one["id"]: one["qty"] - one["shipped"] for one in items(db, order_id)}
        if order["state"] not in ("new", "processing") or not any(left.values()):
            raise ShopError(NO_SHIPMENT)
        parcel = dict(wanted) if wanted else {item: qty for item, qty in left.items() if qty}
        for item, qty in parcel.items():
            if item not in left:
                raise ShopError(
                    "Shipment Document Validation Error(s):\nThe shipment contains product item "
                    "that is not part of the original order."
                )
            if not 0 < qty <= left[item]:
                raise ShopError(
                    "Shipment Document Validation Error(s):\nThe quantity to ship must not be "
                    "greater than the unshipped quantity."
                )
        shipment_id = insert(
            db,
            "shipment",
            {
                "increment_id": next_number(db, order["store_id"], "shipment"),
                "order_id": order_id,
                "created_at": now(),
                "updated_at": now(),
            },
        )
        for item, qty in parcel.items():
            db.execute("UPDATE order_item SET shipped = shipped + ? WHERE id = ?", (qty, item))
            insert(
                db,
                "shipment_item",
                {"shipment_id": shipment_id, "order_item_id": item, "qty": qty},
            )
        for one in numbers:
            add_track(db, shipment_id, one)
        settle(db, order_id)
    return shipment_id


def add_track(db: sqlite3.Connection, shipment_id: int, track: Track) -> int:
    """Add a tracking number to a shipment and return its id."""
    shipment = db.execute("SELECT order_id FROM shipment WHERE id = ?", (shipment_id,)).fetchone()
    if shipment is None:
        raise NotFoundError
    if not track.number or not track.title:
        raise ShopError("The tracking number and the carrier's title are required.")
    with transaction(db):
        return insert(
            db,
            "track",
            {
                "shipment_id": shipment_id,
                "order_id": shipment["order_id"],
                "track_number": track.number,
                "title": track.title,
                "carrier_code": track.carrier_code,
                "qty": track.qty,
                "weight": track.weight,
                "description": track.description,
                "created_at": now(),
                "updated_at": now(),
            },
        )


def settle(db: sqlite3.Connection, order_id: int) -> None:
    """Move an order to processing, or to complete when everything is invoiced and shipped."""
    done = all(one["qty"] == one["invoiced"] == one["shipped"] for one in items(db, order_id))
    state = "complete" if done else "processing"
    move(db, order_id, state, state)


def move(db: sqlite3.Connection, order_id: int, state: str, status: str) -> None:
    """Write an order's state."""
    db.execute(
        "UPDATE orders SET state = ?, status = ?, updated_at = ? WHERE id = ?",
        (state, status, now(), order_id),
    )


def next_number(db: sqlite3.Connection, store_id: int, kind: str) -> str:
    """Return the next number that people see; each view counts for itself."""
    row = db.execute(
        "INSERT INTO sequence VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET last = last + 1"
        " RETURNING last",
        (store_id, kind),
    ).fetchone()
    return f"{store_id if store_id > 1 else ''}{row[0]:09d}"


def insert(db: sqlite3.Connection, table: str, values: dict[str, object]) -> int:
    """Insert one row and return its id."""
    columns, marks = ", ".join(values), ", ".join("?" * len(values))
    query = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - our own names
    return int(db.execute(query, tuple(values.values())).lastrowid or 0)


def amount(row: sqlite3.Row, column: str) -> Decimal:
    """Return an amount of money from a row."""
    return Decimal(row[column])
