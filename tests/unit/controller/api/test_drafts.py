"""Whatever somebody types becomes a specification or a refusal, and nothing else."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.commerce import countries
from controller.commerce.drafts import Draft, lifetime, specify
from controller.domain.errors.inputs import InvalidDurationError
from controller.engines.abilities import abilities_of

MAGENTO = abilities_of("magento")
ENGINES = {"fake": MAGENTO}
OFFERED = [code for code in countries.all_codes() if countries.offered(code, MAGENTO)]


@pytest.mark.parametrize("code", OFFERED)
def test_every_country_alone_makes_a_store(code: str) -> None:
    spec = specify(Draft(name="acme", country=code), ENGINES)
    assert spec.country == code
    assert spec.locales
    assert spec.display_name == "Acme"


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("60s", timedelta(minutes=1)),
        ("30m", timedelta(minutes=30)),
        (" 2h ", timedelta(hours=2)),
        ("7d", timedelta(days=7)),
        ("1w", timedelta(weeks=1)),
        ("366d", timedelta(days=366)),
    ],
)
def test_a_duration_is_read(text: str, duration: timedelta) -> None:
    assert lifetime(text) == duration


@given(st.text() | st.from_regex(r"\d{1,9}[smhdwy]"))
def test_any_other_text_is_no_duration_or_one_in_bounds(text: str) -> None:
    try:
        found = lifetime(text)
    except InvalidDurationError:
        return
    assert timedelta(minutes=1) <= found <= timedelta(days=366)


@pytest.mark.parametrize(
    ("changes", "flat_rate"),
    [
        ({}, Decimal("4.90")),
        ({"base_currency": "USD"}, Decimal(0)),
        ({"base_currency": "USD", "flat_rate": Decimal(5)}, Decimal(5)),
    ],
)
def test_the_usual_price_means_nothing_in_another_currency(
    changes: dict[str, Any], flat_rate: Decimal
) -> None:
    usual = countries.pack("DE").flat_rate
    spec = specify(Draft(name="acme", country="DE", **changes), ENGINES)
    assert spec.commerce.shipping.flat_rate == (usual if not changes else flat_rate)


@pytest.mark.parametrize(
    ("said", "base", "kept"),
    [
        ("4.9", "EUR", "4.90"),
        ("4.900", "EUR", "4.90"),
        ("1e3", "EUR", "1000.00"),
        ("-0", "EUR", "0.00"),
        ("500", "JPY", "500"),
        ("1.5", "KWD", "1.500"),
    ],
)
def test_a_price_is_kept_in_one_spelling(said: str, base: str, kept: str) -> None:
    draft = Draft(name="acme", country="DE", base_currency=base, flat_rate=Decimal(said))
    assert str(specify(draft, ENGINES).commerce.shipping.flat_rate) == kept


def test_an_end_is_kept_in_utc() -> None:
    end = datetime.now(UTC) + timedelta(days=2)
    spec = specify(Draft(name="acme", country="DE", expires_at=end), ENGINES)
    assert spec.expires_at == end
