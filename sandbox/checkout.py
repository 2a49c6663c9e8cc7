"""The two steps between a cart and an order: delivery, then payment; `storefront` lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import addresses, mail, orders, places, regions
from sandbox.errors import OutOfStockError, ShopError
from sandbox.structure import is_email
from sandbox.texts import N_

if TYPE_CHECKING:
    from starlette.responses import Response

    from sandbox.carts import Cart
    from sandbox.pages import Visit
    from sandbox.storefront import Front

HOUR = 3600
LONGEST = 120


def countries(visit: Visit) -> list[tuple[str, str]]:
    """Return the countries that the shop sells to, by name."""
    allowed = visit.settings.at(visit.view, "general/country/allow")
    codes = [code for code in allowed.split(",") if code] or list(regions.COUNTRIES)
    return sorted(((code, visit.texts.country(code)) for code in codes), key=lambda pair: pair[1])


def delivery(visit: Visit, front: Front) -> Response:
    """Ask where the goods go, and how."""
    if front.cart is None or not front.pieces:
        return visit.redirect(visit.url("/cart"))
    address = front.cart.shipping_address
    street = address.get("street")
    fields = {name: str(value) for name, value in address.items()}
    lines = [*street, "", ""] if isinstance(street, list) else ["", ""]
    fields["street"], fields["street2"] = lines[:2]
    fields["email"] = front.cart.row["email"]
    fields.setdefault("country_id", default_country(visit))
    fields["shipping"] = front.cart.row["shipping_method"]
    return delivery_page(visit, front, front.cart, fields, {})


def default_country(visit: Visit) -> str:
    """Return the country that is chosen at first: the shop's own."""
    return visit.settings.at(visit.view, "general/country/default")


def delivery_page(
    visit: Visit, front: Front, cart: Cart, fields: dict[str, str], problems: dict[str, str]
) -> Response:
    """Show the form, with what is wrong in it."""
    place = places.of_address(addresses.read(fields))
    methods = cart.shipping_methods(place)
    if fields.get("shipping") not in [one.code for one in methods] and methods:
        fields["shipping"] = methods[0].code
    return visit.render(
        "checkout.html",
        422 if problems else 200,
        front=front,
        fields=fields,
        problems=problems,
        countries=countries(visit),
        methods=methods,
        totals=cart.totals(),
    )


def save_delivery(visit: Visit, front: Front) -> Response:
    """Check and keep the delivery, then go on to the payment."""
    cart = front.cart
    if cart is None or not front.pieces:
        return visit.redirect(visit.url("/cart"))
    fields = {name: value[:LONGEST] for name, value in visit.form.items()}
    address = addresses.read(
        {**fields, "street": [fields.get("street", ""), fields.get("street2", "")]}
    )
    problems = lacking(visit, fields, address)
    if "email" not in problems and not is_email(fields["email"]):
        problems["email"] = visit.texts.say(N_("This is not an e-mail address."))
    if fields.get("country_id") not in dict(countries(visit)):
        problems["country_id"] = visit.texts.say(N_("Please choose a country."))
    methods = cart.shipping_methods(places.of_address(addresses.read(fields)))
    if fields.get("shipping") not in [one.code for one in methods]:
        problems["shipping"] = visit.texts.say(N_("Please choose how we shall send your order."))
    if problems:
        return delivery_page(visit, front, cart, fields, problems)
    cart.choose(email=fields["email"], shipping_address=address, shipping_method=fields["shipping"])
    return visit.redirect(visit.url("/checkout/payment"))


def lacking(visit: Visit, fields: dict[str, str], address: dict[str, object]) -> dict[str, str]:
    """Return what has to be filled in, by the fields of the form."""
    missing = visit.texts.say(N_("Please fill this in."))
    named = addresses.lacking(address, visit.settings, visit.view)
    problems = dict.fromkeys(named, missing)
    if not fields.get("email"):
        problems["email"] = missing
    if problems.pop("regionId", None):
        unknown = visit.texts.say(N_("Please give the state or region by its name or code."))
        problems["region"] = unknown if fields.get("region") else missing
    return problems


def payment(visit: Visit, front: Front, *, problem: str = "") -> Response:
    """Show what the order costs and ask how it is paid."""
    if front.cart is None or not front.pieces:
        return visit.redirect(visit.url("/cart"))
    totals = front.cart.totals()
    if totals.shipping is None:
        return visit.redirect(visit.url("/checkout"))
    return visit.render(
        "payment.html",
        409 if problem else 200,
        front=front,
        totals=totals,
        address=front.cart.shipping_address,
        email=front.cart.row["email"],
        methods=front.cart.payment_methods(totals),
        chosen=visit.form.get("payment", ""),
        problem=problem,
    )


def place(visit: Visit, front: Front) -> Response:
    """Place the order; pressing the button twice places it once."""
    if front.cart is None:
        return visit.redirect(visit.url("/confirmation"))
    method = visit.form.get("payment", "")
    po_number = visit.form.get("po_number", "")[:64]
    if method == "purchaseorder" and not po_number:
        problem = visit.texts.say(N_("Please give the number of your purchase order."))
        return payment(visit, front, problem=problem)
    try:
        order = orders.place(front.cart, method, po_number)
    except OutOfStockError:
        problem = N_("Somebody was faster: one of the products is sold out. Look at your cart.")
        return payment(visit, front, problem=visit.texts.say(problem))
    except ShopError:
        problem = N_("The order could not be placed. Please choose how you want to pay.")
        return payment(visit, front, problem=visit.texts.say(problem))
    mail.confirm(visit.shop, front.cart, order)
    visit.set_cookie("placed", front.cart.masked_id, HOUR)
    visit.set_cookie("cart", "")
    return visit.redirect(visit.url("/confirmation"))
