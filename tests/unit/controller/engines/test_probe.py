"""The smallest order that a website sends."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from controller.domain.commerce import TableBasis, TableRate, TableRates
from controller.domain.store import Site
from controller.engines.probe import Probe, probe_of
from tests.factories import spec

HOME = Probe(country="DE")


def site(**shipping: Any) -> Site:
    plain = spec().websites[0]
    changed = replace(plain.commerce.shipping, **shipping)
    return replace(plain, commerce=replace(plain.commerce, shipping=changed))


def table(by: TableBasis, *rows: tuple[str, str, str, int]) -> TableRates:
    return TableRates(
        by=by,
        rows=tuple(
            TableRate(country=c, region=r, postcode=p, above=Decimal(a), price=Decimal(1))
            for c, r, p, a in rows
        ),
    )


@pytest.mark.parametrize(
    ("shipping", "expected"),
    [
        ({}, HOME),
        ({"free_from": Decimal(500)}, HOME),
        ({"flat_rate": None, "free_from": Decimal(500)}, replace(HOME, price=Decimal(500))),
        (
            {"flat_rate": None, "table": table(TableBasis.VALUE, ("AT", "WI", "1010", 20))},
            Probe(country="AT", region="WI", postcode="1010", price=Decimal(20)),
        ),
        (
            {"flat_rate": None, "table": table(TableBasis.WEIGHT, ("*", "*", "*", 7))},
            replace(HOME, weight=Decimal(7)),
        ),
        (
            {"flat_rate": None, "table": table(TableBasis.ITEMS, ("*", "*", "*", 7))},
            replace(HOME, pieces=7),
        ),
        (
            {
                "flat_rate": None,
                "free_from": Decimal(500),
                "table": table(TableBasis.VALUE, ("FR", "*", "*", 0), ("DE", "*", "*", 9)),
            },
            Probe(country="FR"),
        ),
    ],
)
def test_the_smallest_order_that_is_sent(shipping: dict[str, Any], expected: Probe) -> None:
    assert probe_of(site(**shipping)) == expected
