"""The pages that shoppers see; `pages` hands them a visit and gets an answer.

Every view of the shop has the same pages: a website's default one at `/`, others at `/{code}/`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from sandbox import bill, carts, checkout, money, offers, orders, topology
from sandbox.bill import Bill
from sandbox.catalog import Catalog
from sandbox.errors import NotFoundError, OutOfStockError, ShopError
from sandbox.places import Place
from sandbox.tax import Taxes, Till
from sandbox.texts import N_, own_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from sandbox.carts import Cart
    from sandbox.catalog import Product
    from sandbox.pages import Visit
    from sandbox.tax import Taxed

MONTH = 30 * 24 * 3600


class Choice(NamedTuple):
    """One entry of the language switcher."""

    name: str
    lang: str
    url: str
    current: bool


class Front:
    """What every storefront page shows: cart, currency and the switchers."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        settings, view = visit.settings, visit.view
        self.currencies = settings.currencies(view)
        chosen = visit.request.cookies.get("currency", "")
        default = settings.display_currency(view)
        self.currency = chosen if chosen in self.currencies else default
        self.cart = self._cart()
        self.pieces = sum(line.qty for line in self.cart.lines()) if self.cart else 0
        self.languages = self._languages()
        self.bill = Bill(settings, view, visit.texts, bill.CART)

    def _cart(self) -> Cart | None:
        """Return the visitor's open cart; it follows them to another language and currency."""
        visit = self._visit
        try:
            cart = carts.find(visit.shop.db, visit.request.cookies.get("cart", ""))
        except NotFoundError:
            return None
        if cart.view.website_id != visit.view.website_id:
            return None
        if cart.view.id != visit.view.id or cart.row["currency"] != self.currency:
            return cart.choose(store_id=visit.view.id, currency=self.currency)
        return cart

    def open_cart(self) -> Cart:
        """Return the visitor's cart, a new one if there is none."""
        if self.cart is None:
            self.cart = carts.create(self._visit.shop.db, self._visit.view, self.currency)
            self._visit.set_cookie("cart", self.cart.masked_id, MONTH)
        return self.cart

    def _languages(self) -> list[Choice]:
        """Return the website's languages, each leading to the same page."""
        visit = self._visit
        views = [v for v in topology.views(visit.shop.db, visit.view.website_id) if v.active]
        locales = [visit.settings.at(view, "general/locale/code") for view in views]
        languages = [locale.partition("_")[0] for locale in locales]
        return [
            Choice(
                name=own_name(locale, with_territory=languages.count(lang) > 1),
                lang=locale.replace("_", "-"),
                url=f"{'' if view.id == visit.home.id else f'/{view.code}'}{visit.path}",
                current=view.id == visit.view.id,
            )
            for view, locale, lang in zip(views, locales, languages, strict=True)
        ]

    def shown(self, product: Product) -> str:
        """Return a product's price in the visitor's currency, with tax where the shop says so."""
        taxed = self._priced(product)
        with_tax = self._visit.settings.at(self._visit.view, "tax/display/type") != "1"
        return self._visit.texts.price(taxed.gross if with_tax else taxed.net, self.currency)

    def without_tax(self, product: Product) -> str:
        """Return the price without tax where the shop shows both, else nothing."""
        taxed = self._priced(product)
        both = self._visit.settings.at(self._visit.view, "tax/display/type") == "3"
        return self._visit.texts.price(taxed.net, self.currency) if both and taxed.tax else ""

    def _priced(self, product: Product) -> Taxed:
        settings, view = self._visit.settings, self._visit.view
        rate = settings.rate(settings.base_currency(view.website_id), self.currency) or Decimal(1)
        price = money.convert(product.price, rate, self.currency)
        return Till(self.currency, self._taxes.algorithm).one(
            price, self._taxes.product(product.tax_class)
        )

    @cached_property
    def _taxes(self) -> Taxes:
        if self.cart is not None:
            return self.cart.taxes()
        visit = self._visit
        return Taxes(visit.shop.db, visit.settings, visit.view, Place())


def answer(visit: Visit) -> Response:
    """Find the page and let it answer."""
    method = "GET" if visit.request.method == "HEAD" else visit.request.method
    for verb, pattern, page in PAGES:
        if verb == method and (found := pattern.fullmatch(visit.path)):
            if verb == "POST":
                visit.check_form()
            front = Front(visit)
            return page(visit, front, *map(unquote, found.groups()))
    raise NotFoundError


def home(visit: Visit, front: Front) -> Response:
    """Show what the shop sells."""
    catalog = Catalog(visit.shop.db, visit.settings, visit.view)
    return visit.render("home.html", front=front, products=catalog.offered())


def product(visit: Visit, front: Front, sku: str, *, problem: str = "") -> Response:
    """Show one product."""
    found = Catalog(visit.shop.db, visit.settings, visit.view).get(sku)
    if not found.enabled or not found.on(visit.view.website_id):
        raise NotFoundError
    status = 409 if problem else 200
    return visit.render("product.html", status, front=front, product=found, problem=problem)


def add(visit: Visit, front: Front) -> Response:
    """Put a product in the cart."""
    sku = visit.form.get("sku", "")[:64]
    try:
        front.open_cart().add(sku, number(visit.form.get("qty", "1")))
    except OutOfStockError:
        problem = visit.texts.say(N_("There are not that many left. Try a smaller number."))
        return product(visit, front, sku, problem=problem)
    return visit.redirect(visit.url("/cart"))


def number(text: str) -> int:
    """Read a number of pieces from a form."""
    if not re.fullmatch(r"[0-9]{1,5}", text):
        raise ShopError("Give a whole number of pieces.")
    return int(text)


def cart_page(visit: Visit, front: Front, *, problem: str = "") -> Response:
    """Show the cart."""
    totals = front.cart.totals() if front.cart else None
    status = 409 if problem else 200
    return visit.render("cart.html", status, front=front, totals=totals, problem=problem)


def change(visit: Visit, front: Front) -> Response:
    """Change or remove an item of the cart."""
    if front.cart is None:
        return visit.redirect(visit.url("/cart"))
    qty = 0 if "remove" in visit.form else number(visit.form.get("qty", ""))
    try:
        front.cart.set_qty(number(visit.form.get("item", "")), qty)
    except OutOfStockError:
        problem = visit.texts.say(N_("There are not that many left. Try a smaller number."))
        return cart_page(visit, front, problem=problem)
    return visit.redirect(visit.url("/cart"))


def choose_currency(visit: Visit, front: Front) -> Response:
    """Remember the currency and go back to the page."""
    if visit.form.get("currency") in front.currencies:
        visit.set_cookie("currency", visit.form["currency"])
    back = visit.form.get("back", "/")
    return visit.redirect(visit.url(back if re.fullmatch(r"/[\w./%-]*", back) else "/"))


def confirmation(visit: Visit, front: Front) -> Response:
    """Thank for the order that this browser placed last."""
    masked_id = visit.request.cookies.get("placed", "")
    row = visit.shop.db.execute(
        "SELECT o.id FROM orders o JOIN cart c ON c.id = o.cart_id WHERE c.masked_id = ?",
        (masked_id,),
    ).fetchone()
    if row is None:
        return visit.redirect(visit.url("/"))
    order = orders.find(visit.shop.db, row["id"])
    return visit.render(
        "confirmation.html",
        front=front,
        order=order,
        items=orders.items(visit.shop.db, order["id"]),
        instructions=offers.instructions(visit.settings, visit.view, order["payment_method"]),
        amount=orders.amount,
        bill=Bill(visit.settings, visit.view, visit.texts, bill.SALES),
    )


def track_form(visit: Visit, front: Front) -> Response:
    """Ask which order to look for."""
    return visit.render("track.html", front=front, order=None, problem="")


def track(visit: Visit, front: Front) -> Response:
    """Show where an order is, to whoever knows its number and its e-mail address."""
    order_number, email = visit.form.get("number", "")[:32], visit.form.get("email", "")[:254]
    order = orders.find_by_number(visit.shop.db, order_number, email)
    if order is None:
        problem = visit.texts.say(N_("We know no order with this number and this e-mail address."))
        return visit.render("track.html", 404, front=front, order=None, problem=problem)
    return visit.render(
        "track.html",
        front=front,
        order=order,
        items=orders.items(visit.shop.db, order["id"]),
        tracks=orders.tracks(visit.shop.db, order["id"]),
        amount=orders.amount,
        bill=Bill(visit.settings, visit.view, visit.texts, bill.SALES),
        problem="",
    )


PAGES: list[tuple[str, re.Pattern[str], Callable[..., Response]]] = [
    ("GET", re.compile("/"), home),
    ("GET", re.compile("/product/([^/]+)"), product),
    ("POST", re.compile("/cart/add"), add),
    ("GET", re.compile("/cart"), cart_page),
    ("POST", re.compile("/cart"), change),
    ("POST", re.compile("/currency"), choose_currency),
    ("GET", re.compile("/checkout"), checkout.delivery),
    ("POST", re.compile("/checkout"), checkout.save_delivery),
    ("GET", re.compile("/checkout/payment"), checkout.payment),
    ("POST", re.compile("/checkout/payment"), checkout.place),
    ("GET", re.compile("/confirmation"), confirmation),
    ("GET", re.compile("/track"), track_form),
    ("POST", re.compile("/track"), track),
]
