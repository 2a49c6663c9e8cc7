"""Taxes and table rates of the sandbox shop: which rate counts, rounding, which row fits."""

import json
from decimal import Decimal

import pytest

from sandbox import carts, changes, orders, tablerates, topology
from sandbox.errors import InvalidError, ShopError
from sandbox.items import Item
from sandbox.places import Place
from sandbox.rest.orders import describe
from sandbox.shop import Shop
from sandbox.tax import NOTHING, Amounts, Levy, Percent, Taxed, Till

TEXAS = {"country_id": "US", "region_id": 57, "postcode": "78701"}
GERMANY = {"country_id": "DE"}
QUEBEC = {"country_id": "CA", "region_id": 76, "postcode": "H2X 1Y4"}
ONTARIO = {"country_id": "CA", "region_id": 74, "postcode": "M5V 2T6"}


def configure(shop: Shop, **settings: str) -> None:
    items = [Item(path=path, value=value) for path, value in settings.items()]
    changes.apply(shop, items, 1, dry_run=False, replace_managed=False)


def rate(shop: Shop, percent: str, country: str, region: int = 0, postcode: str = "*") -> int:
    done = shop.db.execute(
        "INSERT INTO tax_rate (code, country, region_id, postcode, rate) VALUES (?, ?, ?, ?, ?)",
        (f"{country}-{region}-{postcode}-{percent}", country, region, postcode, percent),
    )
    return int(done.lastrowid or 0)


def rule(shop: Shop, *rates: int, priority: int = 0, alone: bool = False) -> None:
    shop.db.execute(
        "INSERT INTO tax_rule (code, priority, position, calculate_subtotal, customer_classes,"
        " product_classes, rates) VALUES (?, ?, 0, ?, '[3]', '[2]', ?)",
        (f"rule {rates} {priority}", priority, alone, json.dumps(rates)),
    )


def levies(*percents: str) -> tuple[Levy, ...]:
    return tuple(Levy(rates=((text, Decimal(text)),), percent=Decimal(text)) for text in percents)


def cart(shop: Shop, address: dict[str, object], qty: int = 1) -> carts.Cart:
    made = carts.create(shop.db, topology.default_view(shop.db))
    made.add("stoneware-mug", qty)
    return made.choose(shipping_address=address, shipping_method="flatrate_flatrate")


def test_the_rate_that_fits_most_closely_counts(shop: Shop) -> None:
    rates = (rate(shop, "1", "US"), rate(shop, "2", "US", 57), rate(shop, "3", "US", 57, "787*"))
    rule(shop, *rates)
    for address, tax in (
        ({"country_id": "US", "region_id": 12}, "0.18"),
        ({**TEXAS, "postcode": "77001"}, "0.36"),
        (TEXAS, "0.54"),
        (GERMANY, "0"),
    ):
        assert cart(shop, address).totals().tax == Decimal(tax)


@pytest.mark.parametrize(
    ("priority", "alone", "percent"),
    [
        pytest.param(0, False, "15", id="rules of one priority add up"),
        pytest.param(1, False, "15.5", id="the next priority is taken on top"),
        pytest.param(1, True, "15", id="unless it counts the subtotal alone"),
    ],
)
def test_several_rules_come_together(shop: Shop, priority: int, alone: bool, percent: str) -> None:
    rule(shop, rate(shop, "10", "US"))
    rule(shop, rate(shop, "5", "US"), priority=priority, alone=alone)
    assert cart(shop, TEXAS).totals().lines[0].percent == Decimal(percent)


def canada(shop: Shop, *, compound: bool = False) -> None:
    rule(shop, rate(shop, "5", "CA"), rate(shop, "13", "CA", 74))
    rule(shop, rate(shop, "9.975", "CA", 76), priority=1, alone=not compound)


def parts(taxed: Taxed) -> dict[str, Decimal]:
    return {"+".join(code for code, _ in levy.rates): tax for levy, tax in taxed.parts.items()}


def test_two_taxes_of_a_place_are_each_rounded_and_shown(shop: Shop) -> None:
    canada(shop)
    totals = cart(shop, QUEBEC, 3).totals()
    # 54.00: 2.70 and 5.38650, which together would be 8.0865 and 8.09 as well.
    assert parts(totals.goods) == {
        "CA-0-*-5": Decimal("2.70"),
        "CA-76-*-9.975": Decimal("5.39"),
    }
    assert totals.lines[0].percent == Decimal("14.975")
    assert totals.goods.tax == Decimal("8.09")
    assert parts(cart(shop, ONTARIO).totals().goods) == {"CA-74-*-13": Decimal("2.34")}


def test_each_tax_is_rounded_by_itself() -> None:
    till, percent = Till("CAD", "TOTAL_BASE_CALCULATION"), Percent(levies=levies("5", "9.975"))
    row = till.add(Decimal("0.10"), 1, percent).row
    # Together 0.014975 would be 0.01; each of them is 0.01.
    assert (row.tax, parts(row)) == (
        Decimal("0.02"),
        {"5": Decimal("0.01"), "9.975": Decimal("0.01")},
    )


def test_a_tax_on_a_tax_is_due_on_both(shop: Shop) -> None:
    canada(shop, compound=True)
    line = cart(shop, QUEBEC).totals().lines[0]
    assert line.percent == Decimal("15.47375")
    assert line.shown.row.tax == Decimal("0.90") + Decimal("1.89")


@pytest.mark.parametrize("algorithm", ["UNIT_BASE_CALCULATION", "TOTAL_BASE_CALCULATION"])
def test_a_contained_tax_is_split(shop: Shop, algorithm: str) -> None:
    configure(
        shop,
        **{
            "tax/calculation/price_includes_tax": "1",
            "tax/calculation/cross_border_trade_enabled": "1",
            "tax/calculation/algorithm": algorithm,
        },
    )
    canada(shop)
    goods = cart(shop, QUEBEC).totals().goods
    assert (goods.gross, goods.tax) == (Decimal("18.00"), Decimal("2.34"))
    assert list(parts(goods).values()) == [Decimal("0.78"), Decimal("1.56")]


def test_an_order_keeps_what_its_tax_was_made_of(shop: Shop) -> None:
    canada(shop)
    made = cart(shop, QUEBEC | PERSON).choose(
        email="a@b.example", shipping_method="flatrate_flatrate"
    )
    order = orders.find(shop.db, orders.place(made, "checkmo"))
    shop.db.execute("UPDATE tax_rate SET code = 'renamed' || id, rate = '50'")
    assert [(due.rates[0][0], due.amount) for due in orders.taxes(order)] == [
        ("CA-0-*-5", Decimal("0.90")),
        ("CA-76-*-9.975", Decimal("1.80")),
    ]
    told = describe(shop.db, order)["extension_attributes"]["applied_taxes"]  # type: ignore[index]
    assert [(tax["percent"], tax["amount"]) for tax in told] == [
        (Decimal(5), Decimal("0.90")),
        (Decimal("9.975"), Decimal("1.80")),
    ]


PERSON = {"firstname": "A", "lastname": "B", "street": ["1"], "city": "Austin"}


@pytest.mark.parametrize(
    ("place", "missing"),
    [
        (TEXAS, ""),
        ({**TEXAS, "postcode": ""}, "postcode"),
        ({**TEXAS, "region_id": 0, "region": "Texas-ish"}, "regionId"),
        ({"country_id": "DE", "postcode": "10115"}, ""),
        ({"country_id": "IE"}, ""),
        ({"country_id": "DE"}, "postcode"),
        ({"country_id": "SG", "postcode": "1"}, "region"),
        ({"country_id": "SG", "postcode": "1", "region": "Centre"}, ""),
    ],
    ids=str,
)
def test_an_order_needs_the_parts_of_an_address_that_the_settings_demand(
    shop: Shop, place: dict[str, object], missing: str
) -> None:
    configure(shop, **{"general/region/state_required": "US,SG"})
    made = cart(shop, place | PERSON).choose(email="a@b.example")
    if not missing:
        assert orders.place(made, "checkmo")
        return
    with pytest.raises(ShopError) as refused:
        orders.place(made, "checkmo")
    said = f'Please check the shipping address information. "{missing}" is required.'
    assert str(refused.value).startswith(said)


def test_tax_is_added_to_prices_without_it(shop: Shop) -> None:
    rule(shop, rate(shop, "10", "US"))
    totals = cart(shop, TEXAS, 2).totals()
    assert totals.goods == Taxed(net=Decimal("36.00"), tax=Decimal("3.60"))
    assert totals.grand_total == Decimal("49.60")
    assert totals.shipping is not None
    assert totals.shipping.taxed.tax == 0


def test_tax_is_taken_out_of_prices_with_it(shop: Shop) -> None:
    configure(
        shop, **{"tax/calculation/price_includes_tax": "1", "shipping/origin/country_id": "DE"}
    )
    rule(shop, rate(shop, "19", "DE"))
    here, abroad = cart(shop, GERMANY).totals(), cart(shop, TEXAS).totals()
    assert (here.goods.gross, here.goods.tax) == (Decimal("18.00"), Decimal("2.87"))
    assert (abroad.goods.gross, abroad.goods.tax) == (Decimal("15.13"), 0)
    configure(shop, **{"tax/calculation/cross_border_trade_enabled": "1"})
    assert cart(shop, TEXAS).totals().goods.gross == Decimal("18.00")


def test_shipping_is_taxed_when_it_has_a_class(shop: Shop) -> None:
    configure(shop, **{"tax/classes/shipping_tax_class": "2"})
    rule(shop, rate(shop, "10", "US"))
    totals = cart(shop, TEXAS).totals()
    assert totals.shipping is not None
    assert totals.shipping.taxed == Taxed(net=Decimal("5.00"), tax=Decimal("0.50"))
    assert totals.grand_total == Decimal("25.30")


@pytest.mark.parametrize(
    ("algorithm", "taxes"),
    [
        ("UNIT_BASE_CALCULATION", ["0.15", "0.15"]),
        ("ROW_BASE_CALCULATION", ["0.14", "0.14"]),
        ("TOTAL_BASE_CALCULATION", ["0.14", "0.13"]),
    ],
)
def test_rounding_is_per_piece_per_row_or_per_total(algorithm: str, taxes: list[str]) -> None:
    till, percent = Till("USD", algorithm), Percent(levies=levies("4.53"))
    rows: list[Amounts] = [till.add(Decimal("1.00"), 3, percent) for _ in range(2)]
    assert [row.row.tax for row in rows] == [Decimal(tax) for tax in taxes]
    assert sum((row.row for row in rows), NOTHING).net == Decimal("6.00")


def test_who_has_no_address_is_where_the_shop_says(shop: Shop) -> None:
    rule(shop, rate(shop, "10", "DE"))
    assert cart(shop, {}).totals().tax == 0
    configure(shop, **{"tax/defaults/country": "DE"})
    assert cart(shop, {}).totals().tax == Decimal("1.80")


ROWS = [
    {"country": "*", "region": "*", "postcode": "*", "from": "0", "price": "20"},
    {"country": "US", "region": "*", "postcode": "*", "from": "0", "price": "10"},
    {"country": "US", "region": "*", "postcode": "*", "from": "50", "price": "5"},
    {"country": "US", "region": "TX", "postcode": "*", "from": "0", "price": "7"},
    {"country": "US", "region": "TX", "postcode": "78701", "from": "0", "price": "3"},
]
VALUE = "package_value_with_discount"


@pytest.mark.parametrize(
    ("place", "amount", "price"),
    [
        pytest.param(Place(country="DE"), "1", "20", id="anywhere"),
        pytest.param(Place(country="US", region_id=12), "1", "10", id="country"),
        pytest.param(Place(country="US", region_id=12), "50", "5", id="more"),
        pytest.param(Place(country="US", region_id=57), "99", "7", id="place before amount"),
        pytest.param(Place(country="US", region_id=57, postcode="78701"), "1", "3", id="postcode"),
        pytest.param(
            Place(country="US", region_id=57, postcode="78701-1234"), "1", "3", id="longer postcode"
        ),
    ],
)
def test_the_row_that_fits_best_has_the_price(
    shop: Shop, place: Place, amount: str, price: str
) -> None:
    tablerates.replace(shop.db, 1, VALUE, tablerates.read(ROWS))
    assert tablerates.price(shop.db, 1, VALUE, place, Decimal(amount)) == Decimal(price)
    assert tablerates.price(shop.db, 2, VALUE, place, Decimal(amount)) is None


def test_the_same_table_again_changes_nothing(shop: Shop) -> None:
    first = tablerates.replace(shop.db, 1, VALUE, tablerates.read(ROWS))
    spelled = [{**row, "price": row["price"] + ".00"} for row in reversed(ROWS)]
    again = tablerates.replace(shop.db, 1, VALUE, tablerates.read(spelled))
    assert (first["changed"], again["changed"]) == (True, False)
    assert first["checksum"] == again["checksum"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"country": "XX"},
        {"region": "ZZ"},
        {"country": "*", "region": "TX"},
        {"from": "-1"},
        {"price": "abc"},
        {"price": "1e3"},
        {"price": "NaN"},
        {"price": ""},
        {"price": "0.00001"},
        {"postcode": "x" * 22},
    ],
    ids=str,
)
def test_one_bad_row_is_named_and_nothing_is_written(shop: Shop, wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidError) as refused:
        tablerates.read([*ROWS, {**ROWS[0], "from": "9", **wrong}])
    assert refused.value.errors is not None
    assert [one["parameters"]["row"] for one in refused.value.errors] == [6]  # type: ignore[index]


def test_a_row_is_given_once() -> None:
    with pytest.raises(InvalidError, match="rows are invalid"):
        tablerates.read([ROWS[0], {**ROWS[0], "price": "1"}])


def test_carriers_quote_with_handling(shop: Shop) -> None:
    tablerates.replace(shop.db, 1, VALUE, tablerates.read(ROWS))
    configure(
        shop,
        **{
            "carriers/tablerate/active": "1",
            "carriers/tablerate/condition_name": VALUE,
            "carriers/tablerate/handling_type": "P",
            "carriers/tablerate/handling_fee": "10",
            "carriers/flatrate/handling_fee": "1.50",
            "carriers/ups/active": "1",
        },
    )
    quoted = {way.code: way.amount for way in cart(shop, TEXAS).shipping_methods()}
    assert quoted == {
        "tablerate_bestway": Decimal("3.30"),
        "flatrate_flatrate": Decimal("6.50"),
    }
