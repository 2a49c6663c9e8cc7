"""Handlers of /V1/guest-carts…: a shopper without an account, from an empty cart to an order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import carts, orders, topology
from sandbox.errors import ShopError
from sandbox.regions import COUNTRIES
from sandbox.rest.call import find_text, get_int, get_object, get_text
from sandbox.structure import is_email

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.carts import Cart, Line, Totals
    from sandbox.offers import ShippingMethod
    from sandbox.rest.call import Call


def cart_of(call: Call) -> Cart:
    """Return the cart that the path names."""
    return carts.find(call.shop.db, call.path["cart"])


def create(call: Call) -> object:
    """Make an empty cart and return its id."""
    view = call.view or topology.default_view(call.shop.db)
    return carts.create(call.shop.db, view).masked_id


def get_cart(call: Call) -> object:
    """Return a cart."""
    cart = cart_of(call)
    totals = cart.totals()
    return {
        "id": cart.id,
        "created_at": cart.row["created_at"],
        "updated_at": cart.row["updated_at"],
        "is_active": True,
        "is_virtual": False,
        "items": [describe_line(cart, line) for line in totals.lines],
        "items_count": len(totals.lines),
        "items_qty": totals.qty,
        "customer": {"email": cart.row["email"] or None, "firstname": None, "lastname": None},
        "billing_address": cart.billing_address,
        "orig_order_id": 0,
        "currency": {
            "global_currency_code": totals.base_currency,
            "base_currency_code": totals.base_currency,
            "store_currency_code": totals.base_currency,
            "quote_currency_code": totals.currency,
            "base_to_quote_rate": totals.rate,
        },
        "customer_is_guest": True,
        "store_id": cart.view.id,
    }


def get_items(call: Call) -> object:
    """Return what is in a cart."""
    cart = cart_of(call)
    return [describe_line(cart, line) for line in cart.lines()]


def post_item(call: Call) -> object:
    """Put a product in a cart."""
    given = get_object(call.body, "cartItem")
    cart = cart_of(call)
    item_id = cart.add(get_text(given, "sku", longest=64), get_int(given, "qty"))
    return describe_line(cart, next(one for one in cart.lines() if one.item_id == item_id))


def put_item(call: Call) -> object:
    """Change how many pieces of an item are in a cart."""
    cart, item_id = cart_of(call), call.id("item")
    cart.set_qty(item_id, get_int(get_object(call.body, "cartItem"), "qty"))
    found = [one for one in cart.lines() if one.item_id == item_id]
    return describe_line(cart, found[0]) if found else True


def delete_item(call: Call) -> object:
    """Take an item out of a cart."""
    cart_of(call).set_qty(call.id("item"), 0)
    return True


def describe_line(cart: Cart, line: Line) -> dict[str, object]:
    """Return an item as the contract shows it."""
    return {
        "item_id": line.item_id,
        "sku": line.product.sku,
        "qty": line.qty,
        "name": line.product.name,
        "price": line.price,
        "product_type": "simple",
        "quote_id": str(cart.id),
    }


def read_address(given: Mapping[str, object]) -> dict[str, object]:
    """Read an address; its country must exist."""
    address = carts.address(given)
    country = address.get("country_id")
    if country is not None and country not in COUNTRIES:
        raise ShopError('Invalid value of "%value" provided for the country_id field.',
                        {"value": str(country)[:16]})  # fmt: skip
    return address


def estimate_shipping(call: Call) -> object:
    """Return the ways to send a cart to an address and what they cost."""
    address = read_address(get_object(call.body, "address"))
    methods = cart_of(call).shipping_methods(str(address.get("country_id") or ""))
    return [describe_method(method) for method in methods]


def describe_method(method: ShippingMethod) -> dict[str, object]:
    """Return a shipping method as the contract shows it."""
    return {
        "carrier_code": method.carrier,
        "method_code": method.method,
        "carrier_title": method.title,
        "method_title": method.name,
        "amount": method.amount,
        "base_amount": method.base_amount,
        "available": True,
        "error_message": "",
        "price_excl_tax": method.amount,
        "price_incl_tax": method.amount,
    }


def get_payment_methods(call: Call) -> object:
    """Return the ways to pay a cart."""
    cart = cart_of(call)
    return describe_payments(cart, cart.totals())


def describe_payments(cart: Cart, totals: Totals) -> list[dict[str, object]]:
    """Return payment methods as the contract shows them."""
    return [{"code": one.code, "title": one.title} for one in cart.payment_methods(totals)]


def shipping_information(call: Call) -> object:
    """Set where a cart goes and how; return its totals and the ways to pay it."""
    given = get_object(call.body, "addressInformation")
    cart = cart_of(call)
    if not cart.lines():
        raise ShopError("The shipping method can't be set for an empty cart. Add an item to cart "
                        "and try again.")  # fmt: skip
    address = read_address(get_object(given, "shipping_address"))
    method = "_".join(
        [get_text(given, "shipping_carrier_code"), get_text(given, "shipping_method_code")]
    )
    offered = cart.shipping_methods(str(address.get("country_id") or ""))
    if method not in [one.code for one in offered]:
        raise ShopError(
            "Carrier with such method not found: %1, %2",
            [str(given["shipping_carrier_code"])[:64], str(given["shipping_method_code"])[:64]],
        )
    billing = given.get("billing_address")
    chosen: dict[str, object] = {"shipping_address": address, "shipping_method": method}
    if isinstance(billing, dict):
        chosen["billing_address"] = read_address(billing)
    if is_email(str(address.get("email", ""))):
        chosen["email"] = address["email"]
    cart = cart.choose(**chosen)
    totals = cart.totals()
    return {
        "payment_methods": describe_payments(cart, totals),
        "totals": describe_totals(totals),
    }


def get_totals(call: Call) -> object:
    """Return what a cart costs."""
    return describe_totals(cart_of(call).totals())


def describe_totals(totals: Totals) -> dict[str, object]:
    """Return totals as the contract shows them; the shop adds no tax of its own."""
    shipping = totals.shipping.amount if totals.shipping else 0
    base_shipping = totals.shipping.base_amount if totals.shipping else 0
    title = f" ({totals.shipping.title} - {totals.shipping.name})" if totals.shipping else ""
    return {
        "grand_total": totals.grand_total,
        "base_grand_total": totals.base_grand_total,
        "subtotal": totals.subtotal,
        "base_subtotal": totals.base_subtotal,
        "discount_amount": 0,
        "base_discount_amount": 0,
        "subtotal_with_discount": totals.subtotal,
        "base_subtotal_with_discount": totals.base_subtotal,
        "shipping_amount": shipping,
        "base_shipping_amount": base_shipping,
        "shipping_discount_amount": 0,
        "base_shipping_discount_amount": 0,
        "tax_amount": 0,
        "base_tax_amount": 0,
        "weee_tax_applied_amount": None,
        "shipping_tax_amount": 0,
        "base_shipping_tax_amount": 0,
        "subtotal_incl_tax": totals.subtotal,
        "shipping_incl_tax": shipping,
        "base_shipping_incl_tax": base_shipping,
        "base_currency_code": totals.base_currency,
        "quote_currency_code": totals.currency,
        "items_qty": totals.qty,
        "items": [describe_total_line(line) for line in totals.lines],
        "total_segments": [
            {"code": "subtotal", "title": "Subtotal", "value": totals.subtotal},
            {"code": "shipping", "title": f"Shipping & Handling{title}", "value": shipping},
            {
                "code": "tax",
                "title": "Tax",
                "value": 0,
                "extension_attributes": {"tax_grandtotal_details": []},
            },
            {
                "code": "grand_total",
                "title": "Grand Total",
                "value": totals.grand_total,
                "area": "footer",
            },
        ],
    }


def describe_total_line(line: Line) -> dict[str, object]:
    """Return one item of the totals."""
    return {
        "item_id": line.item_id,
        "price": line.price,
        "base_price": line.product.price,
        "qty": line.qty,
        "row_total": line.row_total,
        "base_row_total": line.base_row_total,
        "row_total_with_discount": 0,
        "tax_amount": 0,
        "base_tax_amount": 0,
        "tax_percent": 0,
        "discount_amount": 0,
        "base_discount_amount": 0,
        "discount_percent": 0,
        "price_incl_tax": line.price,
        "base_price_incl_tax": line.product.price,
        "row_total_incl_tax": line.row_total,
        "base_row_total_incl_tax": line.base_row_total,
        "options": "[]",
        "weee_tax_applied_amount": None,
        "weee_tax_applied": None,
        "name": line.product.name,
    }


def payment_information(call: Call) -> object:
    """Place the order and return its id."""
    cart = cart_of(call)
    chosen: dict[str, object] = {}
    email = get_text(call.body, "email", longest=254)
    if not is_email(email):
        raise ShopError("Invalid email format")
    chosen["email"] = email
    billing = call.body.get("billingAddress", call.body.get("billing_address"))
    if isinstance(billing, dict):
        chosen["billing_address"] = read_address(billing)
    return place(call, cart.choose(**chosen))


def put_order(call: Call) -> object:
    """Place the order of a cart that has its addresses already."""
    return place(call, cart_of(call))


def place(call: Call, cart: Cart) -> int:
    """Place the order with the method that the body names."""
    payment = get_object(call.body, "paymentMethod")
    number = find_text(payment, "po_number", longest=64) or ""
    return orders.place(cart, get_text(payment, "method", longest=64), number)
