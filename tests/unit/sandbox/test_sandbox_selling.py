"""Carts and orders of the sandbox shop: totals, currencies, states, stock."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import carts, changes, config, money, orders, topology
from sandbox.carts import Cart
from sandbox.catalog import Catalog
from sandbox.errors import NotFoundError, OutOfStockError, ShopError
from sandbox.items import Item
from sandbox.orders import Track
from sandbox.places import Place
from sandbox.shop import Shop

ADDRESS = {"firstname": "A", "lastname": "B", "street": ["1 Main St"], "city": "Austin",
           "postcode": "78701", "country_id": "US"}  # fmt: skip
EUROS = {"currency/options/base": "EUR", "currency/options/default": "EUR"}


def configure(shop: Shop, **settings: str) -> None:
    items = [Item(path=path, value=value) for path, value in settings.items()]
    changes.apply(shop, items, 1, dry_run=False, replace_managed=False)


def new_cart(shop: Shop, currency: str = "") -> Cart:
    return carts.create(shop.db, topology.default_view(shop.db), currency)


def filled(shop: Shop, sku: str = "stoneware-mug", qty: int = 2) -> Cart:
    cart = new_cart(shop)
    cart.add(sku, qty)
    return cart.choose(
        email="a@b.example", shipping_address=ADDRESS, shipping_method="flatrate_flatrate"
    )


def placed(shop: Shop, qty: int = 2) -> int:
    return orders.place(filled(shop, qty=qty), "checkmo")


def state(shop: Shop, order_id: int) -> str:
    return str(orders.find(shop.db, order_id)["state"])


def stock(shop: Shop, sku: str = "stoneware-mug") -> int:
    return int(shop.db.execute("SELECT qty FROM product WHERE sku = ?", (sku,)).fetchone()[0])


@pytest.mark.parametrize(
    ("kind", "shipping"),
    [pytest.param("O", "5.00", id="per order"), pytest.param("I", "15.00", id="per piece")],
)
def test_totals_add_the_flat_rate(shop: Shop, kind: str, shipping: str) -> None:
    configure(shop, **{"carriers/flatrate/type": kind})
    totals = filled(shop, qty=3).totals()
    assert totals.subtotal == Decimal("54.00")
    assert totals.shipping is not None
    assert totals.shipping.amount == Decimal(shipping)
    assert totals.grand_total == Decimal("54.00") + Decimal(shipping)


def test_free_shipping_is_offered_from_its_subtotal_on(shop: Shop) -> None:
    configure(
        shop,
        **{
            "carriers/freeshipping/active": "1",
            "carriers/freeshipping/free_shipping_subtotal": "36",
        },
    )
    cart = new_cart(shop)
    cart.add("stoneware-mug", 1)
    assert [one.carrier for one in cart.shipping_methods(Place(country="US"))] == ["flatrate"]
    cart.add("stoneware-mug", 1)
    assert [one.carrier for one in cart.shipping_methods(Place(country="US"))] == [
        "flatrate",
        "freeshipping",
    ]


def test_a_carrier_for_some_countries_is_not_offered_elsewhere(shop: Shop) -> None:
    configure(
        shop,
        **{"carriers/flatrate/sallowspecific": "1", "carriers/flatrate/specificcountry": "DE,AT"},
    )
    cart = filled(shop)
    assert cart.shipping_methods(Place(country="US")) == []
    assert len(cart.shipping_methods(Place(country="AT"))) == 1


def test_each_row_is_rounded_in_the_shoppers_currency(shop: Shop) -> None:
    configure(shop, **EUROS, **{"currency/options/allow": "EUR,JPY"})
    shop.db.execute("INSERT INTO rate VALUES ('EUR', 'JPY', '163.456')")
    cart = new_cart(shop, "JPY")
    cart.add("green-tea", 3)
    line = cart.totals().lines[0]
    assert line.price == Decimal(1553)
    assert line.row_total == Decimal(4659)
    assert line.base.row.net == Decimal("28.50")


def test_a_currency_without_a_rate_is_not_offered(shop: Shop) -> None:
    configure(shop, **EUROS, **{"currency/options/allow": "EUR,USD"})
    view = topology.default_view(shop.db)
    assert config.load(shop.db).currencies(view) == ["EUR"]
    assert new_cart(shop, "USD").currency == "EUR"


def test_starter_prices_follow_the_base_currency_until_somebody_sets_one(shop: Shop) -> None:
    configure(shop, **{"currency/options/base": "JPY", "currency/options/allow": "USD"})
    catalog = Catalog(shop.db, config.load(shop.db), None)
    mug = catalog.get("stoneware-mug")
    assert mug.price == Decimal(2700)
    catalog.set_price(mug, Decimal(3000))
    assert catalog.get("stoneware-mug").price == Decimal(3000)


@given(st.sampled_from(sorted(money.CURRENCIES)), st.sampled_from(["7.00", "18.00", "79.00"]))
def test_starter_prices_are_payable_in_every_currency(currency: str, euros: str) -> None:
    price = money.starter_price(Decimal(euros), currency)
    assert price > 0
    assert money.rounded(price, currency) == price


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        pytest.param({}, ["checkmo"], id="at first"),
        pytest.param({"payment/checkmo/active": "0"}, [], id="none"),
        pytest.param(
            {"payment/banktransfer/active": "1", "payment/banktransfer/sort_order": "1"},
            ["banktransfer", "checkmo"],
            id="in order",
        ),
        pytest.param({"payment/checkmo/min_order_total": "100"}, [], id="too small"),
        pytest.param({"payment/checkmo/max_order_total": "10"}, [], id="too large"),
        pytest.param(
            {"payment/checkmo/allowspecific": "1", "payment/checkmo/specificcountry": "DE"},
            [],
            id="other country",
        ),
    ],
)
def test_payment_methods_fit_the_order(
    shop: Shop, settings: dict[str, str], codes: list[str]
) -> None:
    configure(shop, **settings)
    cart = filled(shop)
    assert [one.code for one in cart.payment_methods(cart.totals())] == codes


def test_an_order_takes_the_stock_and_closes_the_cart(shop: Shop) -> None:
    before = stock(shop)
    cart = filled(shop, qty=2)
    order = orders.find(shop.db, orders.place(cart, "checkmo"))
    assert (order["state"], order["status"]) == ("new", "pending")
    assert order["increment_id"] == "000000001"
    assert stock(shop) == before - 2
    with pytest.raises(NotFoundError):
        carts.find(shop.db, cart.masked_id)


def test_what_is_sold_out_meanwhile_cannot_be_ordered(shop: Shop) -> None:
    cart = filled(shop, qty=2)
    shop.db.execute("UPDATE product SET qty = 1")
    with pytest.raises(OutOfStockError):
        orders.place(cart, "checkmo")
    assert stock(shop) == 1
    assert shop.db.execute("SELECT COUNT(*) FROM orders").fetchone()[0] == 0


@pytest.mark.parametrize(
    ("column", "value"),
    [("email", ""), ("shipping_address", {}), ("shipping_method", "")],
    ids=["no e-mail", "no address", "no shipping"],
)
def test_an_order_needs_everything(shop: Shop, column: str, value: object) -> None:
    with pytest.raises(ShopError):
        orders.place(filled(shop).choose(**{column: value}), "checkmo")


def test_a_method_that_is_off_is_refused(shop: Shop) -> None:
    with pytest.raises(ShopError, match="Payment Method is not available"):
        orders.place(filled(shop), "banktransfer")


def test_canceling_gives_the_stock_back_once(shop: Shop) -> None:
    before = stock(shop)
    order_id = placed(shop)
    assert orders.cancel(shop.db, order_id) is True
    assert orders.cancel(shop.db, order_id) is False
    assert stock(shop) == before
    assert state(shop, order_id) == "canceled"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param(["invoice"], "processing", id="paid"),
        pytest.param(["ship"], "processing", id="shipped"),
        pytest.param(["invoice", "ship"], "complete", id="paid, then shipped"),
        pytest.param(["ship", "invoice"], "complete", id="shipped, then paid"),
        pytest.param(["part", "invoice"], "processing", id="partly shipped"),
        pytest.param(["part", "invoice", "ship"], "complete", id="shipped in two parcels"),
    ],
)
def test_an_order_moves_through_its_states(shop: Shop, steps: list[str], expected: str) -> None:
    order_id = placed(shop)
    item = orders.items(shop.db, order_id)[0]["id"]
    actions = {
        "invoice": lambda: orders.invoice(shop.db, order_id),
        "ship": lambda: orders.ship(shop.db, order_id),
        "part": lambda: orders.ship(shop.db, order_id, [(item, 1)]),
    }
    for step in steps:
        actions[step]()
    assert state(shop, order_id) == expected
    assert orders.cancel(shop.db, order_id) is False


@pytest.mark.parametrize("first", ["ship", "invoice", "cancel"])
def test_nothing_is_done_twice(shop: Shop, first: str) -> None:
    order_id = placed(shop)
    getattr(orders, first)(shop.db, order_id)
    actions = ("ship", "invoice") if first == "cancel" else (first,)
    for action in actions:
        with pytest.raises(ShopError):
            getattr(orders, action)(shop.db, order_id)


@pytest.mark.parametrize("qty", [0, -1, 3])
def test_no_more_is_shipped_than_was_ordered(shop: Shop, qty: int) -> None:
    order_id = placed(shop, qty=2)
    item = orders.items(shop.db, order_id)[0]["id"]
    with pytest.raises(ShopError):
        orders.ship(shop.db, order_id, [(item, qty)])
    assert state(shop, order_id) == "new"


def test_tracking_numbers_are_found_by_order_number_and_email(shop: Shop) -> None:
    order_id = placed(shop)
    number = Track(number="1Z", title="UPS", carrier_code="ups")
    orders.ship(shop.db, order_id, (), [number])
    found = orders.find_by_number(shop.db, "000000001", "A@B.example")
    assert found is not None
    assert [one["track_number"] for one in orders.tracks(shop.db, found["id"])] == ["1Z"]
    assert orders.find_by_number(shop.db, "000000001", "other@b.example") is None
