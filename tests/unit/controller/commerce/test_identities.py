"""No two parts of an accepted specification are called alike in its shop."""

from typing import Any

import pytest

from controller.commerce.drafts import Draft, SiteDraft, draft_of, specify
from controller.commerce.identities import tax_name
from controller.domain.errors.base import InvalidInputError
from controller.domain.store import StoreSpec
from controller.engines.abilities import abilities_of

MAGENTO = {"magento": abilities_of("magento")}


def specified(**said: Any) -> StoreSpec:
    return specify(Draft(name="acme", country="DE", **said), MAGENTO)


def refused(**said: Any) -> dict[str, str]:
    with pytest.raises(InvalidInputError) as caught:
        specified(**said)
    return dict(caught.value.errors)


def site(url: str | None = None, *locales: str) -> SiteDraft:
    return SiteDraft(country="US", url=url, locales=locales or ("en_US",))


@pytest.mark.parametrize(
    "other",
    [
        "https://shop.example.com",
        "https://shop.example.com/",
        "https://SHOP.example.com:443",
        "http://shop.example.com",
        "https://shop.example.com:8443",
    ],
)
def test_two_websites_have_two_hosts(other: str) -> None:
    sites = {"us": site("https://shop.example.com"), "gb": site(other)}
    assert refused(sites=sites) == {
        "sites.gb.url": "shop.example.com is the address of the website “us”"
    }


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (
            "sites.us_es_us.locales",
            {"sites": {"us": site(None, "en_US", "es_US"), "us_es_us": site()}},
        ),
        (
            "sites.en_us.locales",
            {"locales": ("de_DE", "en_US"), "sites": {"en_us": site(None, "fr_FR")}},
        ),
    ],
)
def test_two_languages_have_two_views(field: str, said: dict[str, Any]) -> None:
    assert list(refused(**said)) == [field]


def test_a_view_fits_into_the_shops_column() -> None:
    assert list(refused(sites={"a" * 20: site(None, "en_US", "ca_ES_VALENCIA")})) == [
        f"sites.{'a' * 20}.locales"
    ]


@pytest.mark.parametrize("code", ["us_", "xn__a", "a" * 21, "base", "Us", "ü"])
def test_a_code_that_makes_no_host_is_refused(code: str) -> None:
    assert "sites" in refused(sites={code: site()})


def test_taxes_of_two_provinces_are_called_otherwise() -> None:
    found = specified(
        tax_rates=(
            {"country": "CA", "region": "NB", "percent": 15},
            {"country": "CA", "region": "NS", "percent": 15},
            {"country": "CA", "postcode": "E1A", "percent": 15},
        )
    )
    names = [rate.name for rate in found.tax_rates]
    assert names == ["CA * E1A 15 %", "CA NB 15 %", "CA NS 15 %"]


GST = {"country": "CA", "percent": 5}
QST = {"country": "CA", "region": "QC", "percent": "9.975", "priority": 1}


def test_taxes_that_are_due_together_have_priorities() -> None:
    cgst = {"country": "IN", "region": "KA", "percent": 9}
    found = specified(tax_rates=(QST, GST, cgst, {**cgst, "priority": 1})).tax_rates
    assert [(rate.name, rate.priority, rate.compound) for rate in found] == [
        ("CA 5 %", 0, False),
        ("CA QC 9.975 % (2)", 1, False),
        ("IN KA 9 %", 0, False),
        ("IN KA 9 % (2)", 1, False),
    ]
    assert specify(draft_of(specified(tax_rates=(QST, GST))), MAGENTO).tax_rates == found[:2]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ([GST, {**GST, "percent": 9, "name": "QST"}], "taxRates.1"),
        ([{**GST, "priority": 10}], "taxRates.0.priority"),
        ([{**GST, "priority": -1}], "taxRates.0.priority"),
        ([{**GST, "compound": True}], "taxRates.0.compound"),
        ([QST, {**QST, "region": "ON", "compound": True}], "taxRates.1.compound"),
    ],
)
def test_taxes_that_cannot_go_together_are_refused(said: list[Any], field: str) -> None:
    assert list(refused(tax_rates=tuple(said))) == [field]


@pytest.mark.parametrize("other", ["VAT", "vat ", "VÁT"])
def test_two_taxes_have_two_names(other: str) -> None:
    rates = ({"country": "DE", "percent": 19, "name": "VAT"},
             {"country": "AT", "percent": 20, "name": other})  # fmt: skip
    assert list(refused(tax_rates=rates)) == ["taxRates"]


def test_a_country_alone_is_called_as_before() -> None:
    rate = specified(tax_rates=({"country": "DE", "percent": "19.0"},)).tax_rates[0]
    assert rate.name == tax_name("DE", "*", "*", rate.percent) == "DE 19 %"
