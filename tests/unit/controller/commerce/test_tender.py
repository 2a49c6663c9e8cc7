"""Which currencies are money on a day."""

from datetime import date

import pytest

from controller.commerce.tender import Withdrawn, current, in_force, withdrawn

DAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("code", "since", "by"),
    [
        ("HRK", date(2023, 1, 14), "EUR"),
        ("BGN", date(2026, 1, 1), "EUR"),
        ("ANG", date(2025, 6, 30), "XCG"),
        ("VEB", date(2008, 6, 30), "VES"),
        ("ZMK", date(2013, 1, 1), "ZMW"),
        ("DEM", date(2002, 5, 15), "EUR"),
        ("BUK", date(1989, 6, 18), "MMK"),
    ],
)
def test_a_currency_that_is_withdrawn_has_a_successor(code: str, since: date, by: str) -> None:
    assert withdrawn(code, DAY) == Withdrawn(since, by)
    assert not in_force(code, DAY)
    assert in_force(by, DAY)


@pytest.mark.parametrize("code", ["EUR", "USD", "RSD", "XCG", "ZWG", "CUP"])
def test_a_currency_in_force_is_money(code: str) -> None:
    assert in_force(code, DAY)
    assert withdrawn(code, DAY) is None


@pytest.mark.parametrize("code", ["", "XXX", "XAU", "CHE", "eur", "EURO", "YTL"])
def test_what_no_country_has_is_no_money(code: str) -> None:
    assert not in_force(code, DAY)
    assert withdrawn(code, DAY) is None


def test_bulgaria_counts_in_euros_since_2026() -> None:
    assert current("BG", date(2025, 12, 31)) == "BGN"
    assert current("BG", DAY) == "EUR"
    assert in_force("BGN", date(2025, 12, 31))
