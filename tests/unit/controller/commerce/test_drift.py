"""What becomes of settings that were changed in the shop, by the policy of their field."""

from dataclasses import replace
from typing import Any

import pytest

from controller.commerce.drift import adopted, react
from controller.domain.commerce import DriftPolicy
from controller.domain.errors.shops import AdoptionRefusedError
from controller.domain.store import Site, StoreSpec, spec_to_json
from controller.engines.abilities import abilities_of
from tests.factories import spec

PRICE, COUNTRY = "default||carriers/flatrate/price", "default||general/country/default"
FIELDS = {PRICE: "shipping.flatRate", COUNTRY: "country"}

MAGENTO = abilities_of("magento")


def policies(**said: str) -> StoreSpec:
    named = {name.replace("__", ".").replace("all", "*"): said[name] for name in said}
    return spec("acme", drift={name: DriftPolicy(item) for name, item in named.items()})


@pytest.mark.parametrize(
    ("wanted", "revert", "warn", "adopt"),
    [
        pytest.param(policies(), {PRICE, COUNTRY}, set(), set(), id="revert-unless-said"),
        pytest.param(policies(all="warn"), set(), {PRICE, COUNTRY}, set(), id="warn"),
        pytest.param(
            policies(shipping__flatRate="adopt"), {COUNTRY}, set(), {PRICE}, id="adopt-one"
        ),
        pytest.param(
            policies(all="adopt"), set(), {COUNTRY}, {PRICE}, id="what-cannot-be-read-is-told"
        ),
    ],
)
def test_the_policy_of_the_field_decides(
    wanted: StoreSpec, revert: set[str], warn: set[str], adopt: set[str]
) -> None:
    found = react(wanted, [PRICE, COUNTRY], FIELDS)
    assert (found.revert, found.warn, found.adopt) == (revert, warn, adopt)
    assert found.spared == warn | adopt
    assert not found.whole


def test_what_nobody_wants_any_more_is_released_by_a_whole_push() -> None:
    found = react(policies(all="warn"), ["websites|gone|payment/checkmo/active"], {})
    assert found.whole
    assert found.revert


def test_a_value_of_the_shop_becomes_what_is_wanted() -> None:
    after = adopted(spec("acme"), {"shipping.flatRate": "7.5", "payments": ["check"]}, MAGENTO)
    shown = spec_to_json(after)
    assert shown["shipping"]["flatRate"] == "7.50"
    assert shown["payments"] == ["check"]
    same = {**spec_to_json(spec("acme")), "payments": ["check"], "shipping": shown["shipping"]}
    assert shown == same


def test_a_further_websites_value_becomes_its_own() -> None:
    plain = spec("acme")
    site = Site(
        code="us", display_name="US", country="US", locales=("en_US",), commerce=plain.commerce
    )
    after = adopted(replace(plain, sites=(site,)), {"sites.us.payments": ["check"]}, MAGENTO)
    assert [str(item) for item in after.sites[0].commerce.payments] == ["check"]
    assert after.commerce == plain.commerce


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"shipping.flatRate": "cheap"}, id="no-number"),
        pytest.param({"shipping.flatRate": "-1"}, id="negative"),
        pytest.param({"timezone": "Mars/Olympus"}, id="unknown-zone"),
        pytest.param({"currencies.default": "XXZ"}, id="unknown-currency"),
        pytest.param({"payments": []}, id="no-payment-at-all"),
    ],
)
def test_what_makes_no_sense_is_not_adopted(values: dict[str, Any]) -> None:
    with pytest.raises(AdoptionRefusedError):
        adopted(spec("acme"), values, MAGENTO)
