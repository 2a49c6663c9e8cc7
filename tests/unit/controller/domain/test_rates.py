"""What a store's shop is sent of a set of quotes."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.commerce import Currencies
from controller.domain.rates import Quote, QuoteSet, Rate, cross, missing_rates, pairs, rates_for
from controller.domain.store import Site, StoreSpec
from tests import factories

FRIDAY = date(2026, 11, 20)


def quotes(base: str = "EUR", **rates: str) -> QuoteSet:
    return QuoteSet(
        id=1,
        provider="ecb",
        base=base,
        as_of=FRIDAY,
        fetched_at=datetime(2026, 11, 20, 16, tzinfo=UTC),
        quotes={code: Quote(rate=Decimal(rate), as_of=FRIDAY) for code, rate in rates.items()},
    )


def offering(base: str, *allowed: str, **how: Any) -> StoreSpec:
    spec = factories.spec()
    currencies = Currencies(base=base, default=base, allowed=allowed, **how)
    return replace(spec, commerce=replace(spec.commerce, currencies=currencies))


ECB = quotes(USD="1.0857", GBP="0.8412", JPY="163.01", KWD="0.3331")


def test_a_store_with_one_currency_needs_nothing() -> None:
    assert rates_for(offering("EUR", "EUR"), ECB) == []
    assert missing_rates(offering("EUR", "EUR"), None) == ()


def test_quotes_of_the_sets_own_base_are_taken_as_they_are() -> None:
    assert rates_for(offering("EUR", "EUR", "USD"), ECB) == [
        Rate(source="EUR", target="USD", rate=Decimal("1.0857"))
    ]


def test_cross_rates_are_divided_once() -> None:
    found = rates_for(offering("USD", "GBP", "EUR", "USD"), ECB)
    assert found == [
        Rate(source="USD", target="EUR", rate=Decimal("0.921064750852")),
        Rate(source="USD", target="GBP", rate=Decimal("0.774799668417")),
    ]


def test_the_default_currency_is_offered_though_nobody_lists_it() -> None:
    spec = offering("EUR", "EUR")
    currencies = replace(spec.commerce.currencies, default="USD")
    spec = replace(spec, commerce=replace(spec.commerce, currencies=currencies))
    assert list(pairs(spec)) == [("EUR", "USD")]


@pytest.mark.parametrize(
    ("markup", "rate"),
    [(0, "1.0857"), (150, "1.1019855"), (-50, "1.08027150"), (1, "1.08580857")],
)
def test_a_markup_is_in_basis_points(markup: int, rate: str) -> None:
    found = rates_for(offering("EUR", "USD", markup_bps=markup), ECB)
    assert [item.rate for item in found] == [Decimal(rate)]


def test_a_pinned_pair_is_taken_as_it_is_and_only_in_its_direction() -> None:
    spec = offering("EUR", "USD", "GBP", markup_bps=1000, pins={"EUR/USD": Decimal("1.5")})
    assert rates_for(spec, ECB) == [
        Rate(source="EUR", target="GBP", rate=Decimal("0.925320")),
        Rate(source="EUR", target="USD", rate=Decimal("1.5")),
    ]
    other = offering("USD", "EUR", pins={"EUR/USD": Decimal("1.5")})
    assert rates_for(other, ECB)[0].rate == Decimal("0.921064750852")


def test_without_a_set_only_pinned_pairs_are_known() -> None:
    spec = offering("EUR", "USD", "GBP", pins={"EUR/USD": Decimal("1.5")})
    assert [(rate.target, rate.rate) for rate in rates_for(spec, None)] == [("USD", Decimal("1.5"))]
    assert missing_rates(spec, None) == ("EUR/GBP",)


def test_a_currency_that_nobody_quotes_is_named_and_the_others_are_there() -> None:
    spec = offering("EUR", "USD", "BGN", "RUB")
    assert [rate.target for rate in rates_for(spec, ECB)] == ["USD"]
    assert missing_rates(spec, ECB) == ("EUR/BGN", "EUR/RUB")
    assert missing_rates(offering("BGN", "EUR"), ECB) == ("BGN/EUR",)


def test_a_rate_of_which_nothing_would_be_left_is_missing() -> None:
    tiny = quotes(VND="900000000000", KWD="0.3")
    assert cross(tiny, "VND", "KWD") is None
    assert cross(quotes(AAA="0.000000000001", VND="900000000000"), "AAA", "VND") is None


def test_every_website_has_its_own_base() -> None:
    spec = offering("EUR", "EUR", "USD")
    mexico = replace(
        spec.commerce, currencies=Currencies(base="USD", default="USD", allowed=("USD", "JPY"))
    )
    twin = replace(
        spec.commerce,
        currencies=Currencies(
            base="EUR", default="EUR", allowed=("EUR", "USD", "GBP"), markup_bps=5000
        ),
    )
    sites = tuple(
        Site(code=code, display_name=code, country="MX", locales=("es_MX",), commerce=commerce)
        for code, commerce in (("mx", mexico), ("twin", twin))
    )
    found = {
        (rate.source, rate.target): rate.rate for rate in rates_for(replace(spec, sites=sites), ECB)
    }
    # A shop has one rate for a pair: the main website's, which has no markup.
    assert found[("EUR", "USD")] == Decimal("1.0857")
    assert found[("EUR", "GBP")] == Decimal("0.8412") * Decimal("1.5")
    assert found[("USD", "JPY")] == Decimal("150.142765036382")
    assert len(found) == 3


@given(
    st.decimals("0.0001", "100000", places=6, allow_nan=False),
    st.decimals("0.0001", "100000", places=6, allow_nan=False),
)
def test_crosses_are_exact_to_half_of_the_last_place(one: Decimal, other: Decimal) -> None:
    found = cross(quotes(USD=str(one), GBP=str(other)), "USD", "GBP")
    assert found is not None
    # What was rounded away, multiplied back: never more than half a unit of the twelfth place.
    assert abs(found * one - other) <= one * Decimal("0.5e-12")
