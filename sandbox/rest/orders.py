"""Handlers of /V1/orders…, /V1/order/… and /V1/shipment…: what becomes of an order."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox import orders
from sandbox.errors import NotFoundError, ShopError
from sandbox.orders import Due, Track, amount
from sandbox.rest import search
from sandbox.rest.call import find_decimal, find_text, get_int, get_object, get_objects, get_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping

    from sandbox.rest.call import Call

    Describe = Callable[[sqlite3.Connection, sqlite3.Row], dict[str, object]]

ORDER_COLUMNS = {"entity_id": "id", "increment_id": "increment_id", "state": "state",
                 "status": "status", "store_id": "store_id", "customer_email": "email",
                 "created_at": "created_at", "updated_at": "updated_at"}  # fmt: skip
SHIPMENT_COLUMNS = {"entity_id": "id", "increment_id": "increment_id", "order_id": "order_id",
                    "created_at": "created_at"}  # fmt: skip


def get_order(call: Call) -> object:
    """Return one order."""
    return describe(call.shop.db, orders.find(call.shop.db, call.id()))


def list_orders(call: Call) -> object:
    """Return the orders that match the search criteria."""
    return listing(call, "orders", ORDER_COLUMNS, describe)


def list_shipments(call: Call) -> object:
    """Return the shipments that match the search criteria."""
    return listing(call, "shipment", SHIPMENT_COLUMNS, describe_shipment)


def listing(call: Call, table: str, columns: Mapping[str, str], shown: Describe) -> object:
    """Return one page of a table."""
    criteria = search.read(call.query)
    where, values = criteria.sql(columns)
    db = call.shop.db
    total = db.execute(f"SELECT COUNT(*) FROM {table} WHERE {where}", values)  # noqa: S608
    count = total.fetchone()[0]
    rows = db.execute(
        f"SELECT * FROM {table} WHERE {where} {criteria.limit(columns)}",  # noqa: S608
        values,
    ).fetchall()
    return {
        "items": [shown(db, row) for row in rows],
        "search_criteria": criteria.shown(),
        "total_count": count,
    }


def cancel(call: Call) -> object:
    """Cancel an order; false when it is too late."""
    return orders.cancel(call.shop.db, call.id())


def invoice(call: Call) -> object:
    """Invoice an order and return the invoice's id."""
    return str(orders.invoice(call.shop.db, call.id()))


def ship(call: Call) -> object:
    """Ship an order, or part of it, and return the shipment's id."""
    wanted = []
    if call.body.get("items"):
        wanted = [
            (get_int(one, "order_item_id"), get_int(one, "qty"))
            for one in get_objects(call.body, "items")
        ]
        if len({item for item, _ in wanted}) != len(wanted):
            raise ShopError("An item is given twice.")
    numbers = []
    if call.body.get("tracks"):
        numbers = [read_track(one) for one in get_objects(call.body, "tracks")]
    return str(orders.ship(call.shop.db, call.id(), wanted, numbers))


def read_track(given: Mapping[str, object]) -> Track:
    """Read a tracking number."""
    qty, weight = find_decimal(given, "qty"), find_decimal(given, "weight")
    return Track(
        number=get_text(given, "track_number", longest=128).strip(),
        title=get_text(given, "title", longest=128).strip(),
        carrier_code=get_text(given, "carrier_code", longest=32),
        qty=None if qty is None else float(qty),
        weight=None if weight is None else float(weight),
        description=find_text(given, "description"),
    )


def post_track(call: Call) -> object:
    """Add a tracking number to a shipment."""
    given = get_object(call.body, "entity")
    db = call.shop.db
    shipment_id = get_int(given, "parent_id")
    order_id = get_int(given, "order_id")
    row = db.execute(
        "SELECT id FROM shipment WHERE id = ? AND order_id = ?", (shipment_id, order_id)
    ).fetchone()
    if row is None:
        raise NotFoundError
    track_id = orders.add_track(db, shipment_id, read_track(given))
    return describe_track(db.execute("SELECT * FROM track WHERE id = ?", (track_id,)).fetchone())


def get_shipment(call: Call) -> object:
    """Return one shipment."""
    row = call.shop.db.execute("SELECT * FROM shipment WHERE id = ?", (call.id(),)).fetchone()
    if row is None:
        raise NotFoundError
    return describe_shipment(call.shop.db, row)


def describe_shipment(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, object]:
    """Return a shipment as the contract shows it."""
    items = db.execute(
        "SELECT s.id, s.order_item_id, s.qty, o.name, o.sku, o.price, o.product_id"
        " FROM shipment_item s JOIN order_item o ON o.id = s.order_item_id"
        " WHERE s.shipment_id = ? ORDER BY s.id",
        (row["id"],),
    ).fetchall()
    tracks = db.execute("SELECT * FROM track WHERE shipment_id = ? ORDER BY id", (row["id"],))
    return {
        "entity_id": row["id"],
        "increment_id": row["increment_id"],
        "order_id": row["order_id"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "total_qty": sum(one["qty"] for one in items),
        "items": [
            {
                "entity_id": one["id"],
                "parent_id": row["id"],
                "order_item_id": one["order_item_id"],
                "product_id": one["product_id"],
                "name": one["name"],
                "sku": one["sku"],
                "price": amount(one, "price"),
                "qty": one["qty"],
            }
            for one in items
        ],
        "tracks": [describe_track(one) for one in tracks] or None,
        "comments": [],
    }


def describe_track(row: sqlite3.Row) -> dict[str, object]:
    """Return a tracking number as the contract shows it."""
    shown: dict[str, object] = {
        "order_id": row["order_id"],
        "created_at": row["created_at"],
        "entity_id": row["id"],
        "parent_id": row["shipment_id"],
        "updated_at": row["updated_at"],
        "weight": None if row["weight"] is None else Decimal(str(row["weight"])),
        "qty": None if row["qty"] is None else Decimal(str(row["qty"])),
        "description": row["description"],
        "track_number": row["track_number"],
        "title": row["title"],
        "carrier_code": row["carrier_code"],
    }
    return {name: value for name, value in shown.items() if value is not None}


def describe(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, object]:
    """Return an order as the contract shows it."""
    items = [describe_item(row, one) for one in orders.items(db, row["id"])]
    total, base_total = amount(row, "grand_total"), amount(row, "base_grand_total")
    shipping, base_shipping = amount(row, "shipping"), amount(row, "base_shipping")
    paid = {"total_paid": amount(row, "paid")} if Decimal(row["paid"]) else {}
    number = {"po_number": row["po_number"]} if row["po_number"] else {}
    return {
        "base_currency_code": row["base_currency"],
        "base_grand_total": base_total,
        "base_shipping_amount": base_shipping,
        "base_subtotal": amount(row, "base_subtotal"),
        "base_tax_amount": amount(row, "base_tax"),
        "base_to_order_rate": Decimal(row["rate"]),
        "base_total_due": base_total if not paid else 0,
        "created_at": row["created_at"],
        "customer_email": row["email"],
        "customer_is_guest": 1,
        "discount_amount": 0,
        "entity_id": row["id"],
        "global_currency_code": row["base_currency"],
        "grand_total": total,
        "increment_id": row["increment_id"],
        "is_virtual": 0,
        "order_currency_code": row["currency"],
        "quote_id": row["cart_id"],
        "shipping_amount": shipping,
        "shipping_description": row["shipping_title"],
        "state": row["state"],
        "status": row["status"],
        "store_id": row["store_id"],
        "subtotal": amount(row, "subtotal"),
        "subtotal_incl_tax": total - shipping - amount(row, "shipping_tax"),
        "tax_amount": amount(row, "tax"),
        "total_due": total - amount(row, "paid"),
        "total_item_count": len(items),
        **paid,
        "updated_at": row["updated_at"],
        "items": items,
        "billing_address": describe_address(row, "billing"),
        "payment": {
            "method": row["payment_method"],
            "amount_ordered": total,
            "base_amount_ordered": base_total,
            "shipping_amount": shipping,
            "additional_information": [row["payment_title"]],
            **number,
        },
        "status_histories": [],
        "extension_attributes": {
            "shipping_assignments": [
                {
                    "shipping": {
                        "address": describe_address(row, "shipping"),
                        "method": row["shipping_method"],
                        "total": describe_shipping(row),
                    },
                    "items": items,
                }
            ],
            **describe_taxes(row),
        },
    }


def describe_taxes(row: sqlite3.Row) -> dict[str, object]:
    """Return what an order's tax is made of, rate by rate."""
    shown = [
        {
            "code": code,
            "title": code,
            "percent": percent,
            "amount": share(due.amount, percent, due),
            "base_amount": share(due.base_amount, percent, due),
        }
        for due in orders.taxes(row)
        for code, percent in due.rates
    ]
    return {"applied_taxes": shown, "converting_from_quote": True} if shown else {}


def share(amount: Decimal, percent: Decimal, due: Due) -> Decimal:
    """Return a rate's share of what the rates of one priority come to together."""
    together = sum(rate for _, rate in due.rates)
    return round(amount * percent / together, 4) if together else amount


def describe_shipping(row: sqlite3.Row) -> dict[str, object]:
    """Return what sending an order cost."""
    shipping, base_shipping = amount(row, "shipping"), amount(row, "base_shipping")
    tax, base_tax = amount(row, "shipping_tax"), amount(row, "base_shipping_tax")
    return {
        "base_shipping_amount": base_shipping,
        "base_shipping_discount_amount": 0,
        "base_shipping_discount_tax_compensation_amnt": 0,
        "base_shipping_incl_tax": base_shipping + base_tax,
        "base_shipping_tax_amount": base_tax,
        "shipping_amount": shipping,
        "shipping_discount_amount": 0,
        "shipping_discount_tax_compensation_amount": 0,
        "shipping_incl_tax": shipping + tax,
        "shipping_tax_amount": tax,
    }


def describe_address(row: sqlite3.Row, kind: str) -> dict[str, object]:
    """Return an order's address as the contract shows it."""
    stored = json.loads(row[f"{kind}_address"])
    entity_id = row["id"] * 2 - (1 if kind == "shipping" else 0)
    return {
        "address_type": kind,
        "entity_id": entity_id,
        "parent_id": row["id"],
        **stored,
        "email": row["email"],
    }


def describe_item(order: sqlite3.Row, row: sqlite3.Row) -> dict[str, object]:
    """Return an order's item as the contract shows it."""
    zeros = dict.fromkeys(
        ("amount_refunded", "base_amount_refunded", "base_discount_amount",
         "base_discount_invoiced", "base_discount_tax_compensation_amount",
         "base_tax_invoiced", "discount_amount", "discount_invoiced", "discount_percent",
         "free_shipping", "discount_tax_compensation_amount", "is_qty_decimal", "is_virtual",
         "no_discount", "qty_refunded", "tax_invoiced"),
        0,
    )  # fmt: skip
    price, base_price = amount(row, "price"), amount(row, "base_price")
    total, base_total = amount(row, "row_total"), amount(row, "base_row_total")
    tax, base_tax = amount(row, "tax"), amount(row, "base_tax")
    weight = Decimal(row["weight"]) if row["weight"] else None
    weights = {} if weight is None else {"weight": weight, "row_weight": weight * row["qty"]}
    return {
        **zeros,
        "base_original_price": base_price,
        "base_price": base_price,
        "base_price_incl_tax": base_price + round(base_tax / row["qty"], 4),
        "base_row_invoiced": base_price * row["invoiced"],
        "base_row_total": base_total,
        "base_row_total_incl_tax": base_total + base_tax,
        "base_tax_amount": base_tax,
        "created_at": order["created_at"],
        "item_id": row["id"],
        "name": row["name"],
        "order_id": row["order_id"],
        "original_price": price,
        "price": price,
        "price_incl_tax": price + round(tax / row["qty"], 4),
        "product_id": row["product_id"],
        "product_type": "simple",
        "qty_canceled": row["canceled"],
        "qty_invoiced": row["invoiced"],
        "qty_ordered": row["qty"],
        "qty_shipped": row["shipped"],
        "quote_item_id": row["cart_item_id"],
        "row_invoiced": price * row["invoiced"],
        "row_total": total,
        "row_total_incl_tax": total + tax,
        "tax_amount": tax,
        "tax_percent": amount(row, "tax_percent"),
        "sku": row["sku"],
        "store_id": order["store_id"],
        "updated_at": order["updated_at"],
        **weights,
        "extension_attributes": {"itemized_taxes": []},
    }
