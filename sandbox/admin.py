"""The merchant's pages under /admin, opened by a one-time link; `pages` hands them a visit.

Settings are shown and not changed: they belong to Store Controller.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sandbox import catalog, money, orders, topology
from sandbox.bill import SALES, Bill
from sandbox.database import transaction
from sandbox.errors import NotFoundError, ShopError
from sandbox.orders import Track
from sandbox.texts import LANGUAGES, N_, Texts, own_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from sandbox.pages import Visit

SESSION = timedelta(hours=8)
CARRIERS = {"ups": "UPS", "fedex": "FedEx", "dhl": "DHL", "usps": "USPS", "custom": ""}
MOST_ORDERS = 100


def digest(token: str) -> str:
    """Return the form in which a token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def answer(visit: Visit) -> Response:
    """Let who has a session in; turn everybody else away."""
    speak(visit)
    method = "GET" if visit.request.method == "HEAD" else visit.request.method
    path = visit.path.removeprefix("/admin").rstrip("/") or "/"
    if (method, path) == ("GET", "/enter"):
        return enter(visit)
    session = visit.request.cookies.get("admin", "")
    now = datetime.now(UTC).isoformat()
    known = visit.shop.db.execute(
        "SELECT 1 FROM admin_session WHERE token_hash = ? AND expires_at > ?",
        (digest(session), now),
    ).fetchone()
    if known is None:
        return visit.render("admin/outside.html", 403, used=False)
    # The forms of the administration are tied to its session, not to the shopper's.
    visit.session = session
    for verb, pattern, page in PAGES:
        if verb == method and (found := pattern.fullmatch(path)):
            if verb == "POST":
                visit.check_form()
            return page(visit, *found.groups())
    raise NotFoundError


def speak(visit: Visit) -> None:
    """Take the language that the merchant chose, or the default view's."""
    wanted = visit.request.query_params.get("lang", visit.request.cookies.get("admin_lang", ""))
    if wanted in LANGUAGES:
        timezone = visit.settings.at(visit.view, "general/locale/timezone")
        visit.texts = Texts(wanted, timezone)
        if "lang" in visit.request.query_params:
            visit.set_cookie("admin_lang", wanted)


def enter(visit: Visit) -> Response:
    """Exchange a one-time link for a session."""
    token = visit.request.query_params.get("token", "")
    now = datetime.now(UTC)
    with transaction(visit.shop.db):
        row = visit.shop.db.execute(
            "DELETE FROM login_link WHERE token_hash = ? RETURNING role, expires_at",
            (digest(token),),
        ).fetchone()
        if row is None or row["expires_at"] < now.isoformat():
            return visit.render("admin/outside.html", 403, used=True)
        session = secrets.token_urlsafe(32)
        visit.shop.db.execute("DELETE FROM admin_session WHERE expires_at < ?", (now.isoformat(),))
        visit.shop.db.execute(
            "INSERT INTO admin_session VALUES (?, ?, ?)",
            (digest(session), row["role"], (now + SESSION).isoformat()),
        )
    visit.set_cookie("admin", session, int(SESSION.total_seconds()))
    return visit.redirect("/admin")


def leave(visit: Visit) -> Response:
    """End the session."""
    with transaction(visit.shop.db):
        visit.shop.db.execute(
            "DELETE FROM admin_session WHERE token_hash = ?", (digest(visit.session),)
        )
    visit.set_cookie("admin", "")
    return visit.redirect("/")


def show(visit: Visit, template: str, status: int = 200, **values: object) -> Response:
    """Return one of the merchant's pages."""
    languages = [(lang, own_name(lang), lang == visit.texts.lang) for lang in LANGUAGES]
    shown = Bill(visit.settings, visit.view, visit.texts, SALES)
    shared = {"languages": languages, "amount": orders.amount, "bill": shown}
    return visit.render(template, status, **shared, **values)


def list_orders(visit: Visit) -> Response:
    """Show the newest orders; those of hidden products alone are test purchases, not business."""
    rows = visit.shop.db.execute(
        "SELECT * FROM orders WHERE EXISTS (SELECT 1 FROM order_item"
        " LEFT JOIN product ON product.id = product_id"
        " WHERE order_id = orders.id AND coalesce(visibility, 4) > 1)"
        " ORDER BY id DESC LIMIT ?",
        (MOST_ORDERS,),
    ).fetchall()
    return show(visit, "admin/orders.html", orders=rows, section="orders")


def one_order(visit: Visit, identity: str, *, problem: str = "") -> Response:
    """Show one order and what can be done with it."""
    db = visit.shop.db
    order = orders.find(db, int(identity[:15]))
    items = orders.items(db, order["id"])
    open_order = order["state"] in ("new", "processing")
    return show(
        visit,
        "admin/order.html",
        422 if problem else 200,
        order=order,
        items=items,
        tracks=orders.tracks(db, order["id"]),
        address=json.loads(order["shipping_address"]),
        can_ship=open_order and any(one["qty"] > one["shipped"] for one in items),
        can_pay=open_order and any(one["qty"] > one["invoiced"] for one in items),
        can_cancel=order["state"] == "new",
        carriers=CARRIERS,
        problem=problem,
        section="orders",
    )


def ship(visit: Visit, identity: str) -> Response:
    """Ship all that is left, with a tracking number."""
    code = visit.form.get("carrier", "")
    title = CARRIERS.get(code, "") or visit.form.get("title", "")[:64]
    track = visit.form.get("number", "")[:64]
    if code not in CARRIERS or not title or not track:
        problem = visit.texts.say(N_("Give the carrier and the tracking number."))
        return one_order(visit, identity, problem=problem)
    number = Track(number=track, title=title, carrier_code=code)
    return act(visit, identity, lambda order: orders.ship(visit.shop.db, order, (), [number]))


def pay(visit: Visit, identity: str) -> Response:
    """Note that the order was paid."""
    return act(visit, identity, lambda order: orders.invoice(visit.shop.db, order))


def cancel(visit: Visit, identity: str) -> Response:
    """Cancel the order."""
    return act(visit, identity, lambda order: orders.cancel(visit.shop.db, order))


def act(visit: Visit, identity: str, action: Callable[[int], object]) -> Response:
    """Do something with an order and show it again."""
    try:
        action(int(identity[:15]))
    except NotFoundError:
        raise
    except ShopError:
        problem = visit.texts.say(N_("This cannot be done with the order any more."))
        return one_order(visit, identity, problem=problem)
    return visit.redirect(f"/admin/orders/{identity}")


def list_products(visit: Visit, *, problem: str = "") -> Response:
    """Show what is sold, with prices to change."""
    rows = visit.shop.db.execute(
        "SELECT * FROM product WHERE visibility > 1 ORDER BY id LIMIT 300"
    ).fetchall()
    mine = catalog.Catalog(visit.shop.db, visit.settings, visit.view)
    base = visit.settings.base_currency(visit.view.website_id)
    return show(
        visit,
        "admin/products.html",
        422 if problem else 200,
        products=[mine.product(row) for row in rows],
        base=base,
        places=money.precision(base),
        problem=problem,
        section="products",
    )


def set_price(visit: Visit, identity: str) -> Response:
    """Change a product's price."""
    row = visit.shop.db.execute(
        "SELECT * FROM product WHERE id = ?", (int(identity[:15]),)
    ).fetchone()
    if row is None:
        raise NotFoundError
    price = money.decimal(visit.form.get("price", "").replace(",", "."))
    base = visit.settings.base_currency(visit.view.website_id)
    if price is None or not 0 <= price < 10**9 or money.rounded(price, base) != price:
        problem = visit.texts.say(N_("This is not a price in %(currency)s."), currency=base)
        return list_products(visit, problem=problem)
    mine = catalog.Catalog(visit.shop.db, visit.settings, visit.view)
    mine.set_price(mine.product(row), price)
    return visit.redirect("/admin/products")


def settings_page(visit: Visit) -> Response:
    """Show the settings in force."""
    settings, view = visit.settings, visit.view
    views = [v for v in topology.views(visit.shop.db, view.website_id) if v.active]
    locales = [settings.at(one, "general/locale/code") for one in views]
    languages = [own_name(locale, with_territory=True) for locale in locales]
    methods = {
        group: [
            visit.texts.say(settings.at(view, f"{group}/{code}/title"))
            for code in codes
            if settings.flag(view, f"{group}/{code}/active")
        ]
        for group, codes in {
            "payment": ("checkmo", "banktransfer", "cashondelivery", "purchaseorder"),
            "carriers": ("flatrate", "tablerate", "freeshipping"),
        }.items()
    }
    return show(
        visit,
        "admin/settings.html",
        view_languages=languages,
        payments=methods["payment"],
        shipping=methods["carriers"],
        base=settings.base_currency(view.website_id),
        allowed=settings.allowed_currencies(view),
        shown=settings.currencies(view),
        section="settings",
    )


PAGES: list[tuple[str, re.Pattern[str], Callable[..., Response]]] = [
    ("GET", re.compile("/"), list_orders),
    ("GET", re.compile("/orders/([0-9]+)"), one_order),
    ("POST", re.compile("/orders/([0-9]+)/ship"), ship),
    ("POST", re.compile("/orders/([0-9]+)/pay"), pay),
    ("POST", re.compile("/orders/([0-9]+)/cancel"), cancel),
    ("GET", re.compile("/products"), list_products),
    ("POST", re.compile("/products/([0-9]+)/price"), set_price),
    ("GET", re.compile("/settings"), settings_page),
    ("POST", re.compile("/leave"), leave),
]
