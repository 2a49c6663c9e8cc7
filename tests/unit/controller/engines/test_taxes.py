"""A store's taxes in its shop: a rule for each priority, and nothing of the merchant's."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from controller.domain.commerce import TaxRate, tax_order
from controller.engines.taxes import Taxes
from sandbox.shop import Shop
from tests.sandbox_rest import SandboxRest
from tests.unit.sandbox.conftest import shop  # noqa: F401 -- a fixture.


def tax(country: str, region: str, percent: str, name: str, **said: Any) -> TaxRate:
    return TaxRate(
        country=country, region=region, postcode="*", percent=Decimal(percent), name=name, **said
    )


GST = tax("CA", "*", "5", "GST")
HST = tax("CA", "ON", "13", "HST")
QST = tax("CA", "QC", "9.975", "QST", priority=1)
COUNTY = tax("US", "TX", "2", "County", priority=1)
ON_TOP = tax("CA", "QC", "9.975", "QST", priority=1, compound=True)


def place(postcode: str) -> TaxRate:
    return replace(tax("US", "CA", "7", f"CA {postcode}"), postcode=postcode)


@pytest.fixture
def taxes(shop: Shop) -> Taxes:  # noqa: F811
    return Taxes(SandboxRest(shop), several=True)


def rules(shop: Shop) -> list[tuple[str, int, int]]:  # noqa: F811
    rows = shop.db.execute("SELECT code, priority, calculate_subtotal FROM tax_rule ORDER BY id")
    return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param([GST, HST], id="one tax"),
        pytest.param([GST, QST, HST], id="two taxes of one place"),
        pytest.param([GST, ON_TOP], id="a tax on a tax"),
        pytest.param([QST], id="only the second"),
        pytest.param([GST, QST, tax("CA", "QC", "1", "City", priority=9)], id="three"),
        pytest.param([place("90001-90010"), place("9*"), place("90001-1234")], id="ranges"),
        pytest.param([place("00001-10000"), place("001-020")], id="ranges with zeros"),
        pytest.param([], id="none"),
    ],
)
def test_what_is_written_is_read_again(taxes: Taxes, wanted: list[TaxRate]) -> None:
    taxes.write([HST, COUNTY])
    taxes.write(wanted)
    assert taxes.read() == sorted(wanted, key=tax_order)
    assert taxes.write(wanted) == 0


def test_each_priority_has_a_rule(taxes: Taxes, shop: Shop) -> None:  # noqa: F811
    taxes.write([GST, QST])
    assert rules(shop) == [("Store Controller", 0, 0), ("Store Controller 2", 1, 1)]
    taxes.write([GST, ON_TOP])
    assert rules(shop) == [("Store Controller", 0, 0), ("Store Controller 2", 1, 0)]
    # One of them goes over to the other rule, which is the only one then.
    taxes.write([GST, tax("CA", "QC", "9.975", "QST")])
    assert rules(shop) == [("Store Controller", 0, 0)]


def test_what_the_merchant_made_stays(taxes: Taxes, shop: Shop) -> None:  # noqa: F811
    shop.db.execute(
        "INSERT INTO tax_rule (code, priority, position, calculate_subtotal, customer_classes,"
        " product_classes, rates) VALUES ('Mine', 1, 0, 0, '[3]', '[2]', '[1]')"
    )
    before = shop.db.execute("SELECT * FROM tax_rate").fetchall()
    taxes.write([GST, QST])
    taxes.write([])
    assert rules(shop) == [("Mine", 1, 0)]
    assert shop.db.execute("SELECT * FROM tax_rate").fetchall() == before


def test_a_rule_that_the_merchant_changed_is_put_right(
    taxes: Taxes,
    shop: Shop,  # noqa: F811
) -> None:
    taxes.write([GST, QST])
    shop.db.execute("UPDATE tax_rule SET priority = 0 WHERE code = 'Store Controller 2'")
    assert taxes.read() != [GST, QST]
    assert taxes.write([GST, QST]) == 1
    assert taxes.read() == [GST, QST]
