"""Handlers of /V1/guest-carts…: a shopper without an account, from an empty cart to an order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import addresses, carts, mail, orders, places, topology
from sandbox.errors import ShopError
from sandbox.regions import COUNTRIES
from sandbox.rest.call import find_text, get_int, get_object, get_text
from sandbox.structure import is_email
from sandbox.tax import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from sandbox.carts import Cart, Line, Totals
    from sandbox.offers import ShippingMethod
    from sandbox.rest.call import Call
    from sandbox.tax import Levy


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
    address = addresses.read(given)
    country = address.get("country_id")
    if country is not None and country not in COUNTRIES:
        raise ShopError('Invalid value of "%value" provided for the country_id field.',
                        {"value": str(country)[:16]})  # fmt: skip
    return address


def estimate_shipping(call: Call) -> object:
    """Return the ways to send a cart to an address and what they cost."""
    address = read_address(get_object(call.body, "address"))
    methods = cart_of(call).shipping_methods(places.of_address(address))
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
        "price_incl_tax": method.taxed.gross,
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
    offered = cart.shipping_methods(places.of_address(address))
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
    """Return totals as the contract shows them."""
    sending = totals.shipping.taxed if totals.shipping else NOTHING
    base_sending = totals.shipping.base_taxed if totals.shipping else NOTHING
    return {
        "grand_total": totals.grand_total,
        "base_grand_total": totals.base_grand_total,
        "subtotal": totals.goods.net,
        "base_subtotal": totals.base_goods.net,
        "discount_amount": 0,
        "base_discount_amount": 0,
        "subtotal_with_discount": totals.goods.net,
        "base_subtotal_with_discount": totals.base_goods.net,
        "shipping_amount": sending.net,
        "base_shipping_amount": base_sending.net,
        "shipping_discount_amount": 0,
        "base_shipping_discount_amount": 0,
        "tax_amount": totals.tax,
        "base_tax_amount": totals.base_whole.tax,
        "weee_tax_applied_amount": None,
        "shipping_tax_amount": sending.tax,
        "base_shipping_tax_amount": base_sending.tax,
        "subtotal_incl_tax": totals.goods.gross,
        "shipping_incl_tax": sending.gross,
        "base_shipping_incl_tax": base_sending.gross,
        "base_currency_code": totals.base_currency,
        "quote_currency_code": totals.currency,
        "items_qty": totals.qty,
        "items": [describe_total_line(line) for line in totals.lines],
        "total_segments": describe_segments(totals),
    }


def describe_segments(totals: Totals) -> list[dict[str, object]]:
    """Return the rows of a cart's bill."""
    way = totals.shipping
    title = f" ({way.title} - {way.name})" if way else ""
    return [
        {"code": "subtotal", "title": "Subtotal", "value": totals.goods.net},
        {
            "code": "shipping",
            "title": f"Shipping & Handling{title}",
            "value": way.amount if way else 0,
        },
        {
            "code": "tax",
            "title": "Tax",
            "value": totals.tax,
            "extension_attributes": {
                "tax_grandtotal_details": [
                    describe_levy(group, levy, tax)
                    for group, (levy, tax) in enumerate(totals.whole.parts.items(), start=1)
                ]
            },
        },
        {
            "code": "grand_total",
            "title": "Grand Total",
            "value": totals.grand_total,
            "area": "footer",
        },
    ]


def describe_levy(group: int, levy: Levy, tax: Decimal) -> dict[str, object]:
    """Return one levy of a bill with the rates that make it."""
    rates = [{"percent": f"{percent.normalize():f}", "title": code} for code, percent in levy.rates]
    return {"amount": tax, "rates": rates, "group_id": group}


def describe_total_line(line: Line) -> dict[str, object]:
    """Return one item of the totals."""
    return {
        "item_id": line.item_id,
        "price": line.shown.unit.net,
        "base_price": line.base.unit.net,
        "qty": line.qty,
        "row_total": line.shown.row.net,
        "base_row_total": line.base.row.net,
        "row_total_with_discount": 0,
        "tax_amount": line.shown.row.tax,
        "base_tax_amount": line.base.row.tax,
        "tax_percent": line.percent,
        "discount_amount": 0,
        "base_discount_amount": 0,
        "discount_percent": 0,
        "price_incl_tax": line.shown.unit.gross,
        "base_price_incl_tax": line.base.unit.gross,
        "row_total_incl_tax": line.shown.row.gross,
        "base_row_total_incl_tax": line.base.row.gross,
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
    order = orders.place(cart, get_text(payment, "method", longest=64), number)
    mail.confirm(call.shop, cart, order)
    return order
