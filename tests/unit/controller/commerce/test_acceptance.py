"""What is accepted, the shop can; what it cannot is refused with the field, before anything is."""

from decimal import Decimal
from typing import Any

import pytest

from controller.commerce import countries
from controller.commerce.drafts import Draft, SiteDraft, specify
from controller.domain.errors.base import InvalidInputError
from controller.domain.errors.inputs import UnknownCountryError
from controller.domain.store import StoreSpec
from controller.engines.abilities import abilities_of
from sandbox import tablerates
from sandbox.structure import FIELDS, backend_refusal, refusal
from tests.wanted import settings_of

MAGENTO = abilities_of("magento")
ENGINES = {"magento": MAGENTO}
MISSING = {"BQ", "CF", "CG", "CM", "CW", "GA", "GQ", "MR", "SL", "SS", "ST", "SX", "TD", "TM",
           "VE", "XK", "ZM", "ZW"}  # fmt: skip


def specified(country: str = "DE", **said: Any) -> StoreSpec:
    return specify(Draft(name="acme", country=country, **said), ENGINES)


def refused(country: str = "DE", **said: Any) -> dict[str, str]:
    with pytest.raises(InvalidInputError) as caught:
        specified(country, **said)
    return dict(caught.value.errors)


def test_every_country_that_is_offered_is_taken_by_the_sandbox() -> None:
    listed = {code for code, _ in countries.choices("en", MAGENTO)}
    assert set(countries.all_codes()) - listed == MISSING
    for code in listed:
        for path, value in settings_of(specified(code)):
            field = FIELDS[path]
            assert refusal(path, field, value) is None, (code, path, value)
            assert backend_refusal(field, value) is None, (code, path, value)


@pytest.mark.parametrize("code", sorted(MISSING))
def test_a_country_that_is_not_offered_is_not_accepted_alone(code: str) -> None:
    with pytest.raises(InvalidInputError):
        specified(code)


def test_a_country_whose_money_is_missing_sells_in_another() -> None:
    assert refused("CM") == {"currencies.base": "Magento does not have XAF: choose another, as EUR"}
    assert specified("CM", base_currency="EUR").country == "CM"


def test_a_shop_cannot_be_where_the_software_sells_nothing() -> None:
    for code in ("XK", "SS"):
        with pytest.raises(UnknownCountryError):
            specified(code, base_currency="EUR")
        assert "sites.us.country" in refused(sites={"us": SiteDraft(country=code)})


@pytest.mark.parametrize("field", ["base", "default"])
@pytest.mark.parametrize(("code", "word"), [("HRK", "EUR"), ("BGN", "EUR"), ("XAF", "Magento")])
def test_a_currency_that_no_shop_takes_is_refused(field: str, code: str, word: str) -> None:
    found = refused(**{f"{field}_currency": code})
    assert word in found["currencies.base" if field == "base" else "currencies.default"]
    assert "currencies.allowed" in refused(allowed_currencies=("EUR", code))
    assert specified("BG").commerce.currencies.base == "EUR"


def test_a_pin_of_a_withdrawn_currency_is_refused() -> None:
    assert "currencies.pins" in refused(pins={"EUR/HRK": Decimal("7.5")})


@pytest.mark.parametrize("code", ["RSD", "ALL", "MMK", "YER", "SYP"])
def test_prices_have_the_decimals_of_iso_4217(code: str) -> None:
    found = specified(base_currency=code, flat_rate=Decimal("349.99"))
    assert str(found.commerce.shipping.flat_rate) == "349.99"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("US/Eastern", "America/New_York"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("Etc/UTC", "UTC"),
    ],
)
def test_a_time_zone_is_kept_by_the_name_that_the_shop_has(said: str, kept: str) -> None:
    assert specified(timezone=said).timezone == kept


@pytest.mark.parametrize("said", ["CET", "Etc/GMT+5", "Europe Berlin", "localtime", "posixrules"])
def test_a_time_zone_that_the_shop_lacks_is_refused(said: str) -> None:
    assert list(refused(timezone=said)) == ["timezone"]


def row(**said: Any) -> dict[str, Any]:
    return {"country": "DE", "price": "4.90", **said}


@pytest.mark.parametrize(
    ("said", "field", "word"),
    [
        (row(postcode="12345678901"), "postcode", "at most 10"),
        (row(region="Bayern"), "region", "BAY"),
        (row(region="XX"), "region", "no region"),
        (row(country="GB", region="LND"), "region", "leave it out"),
        (row(country="*", region="BAY"), "region", "leave it out"),
        (row(country="SS"), "country", "not a country"),
        (row(country="AT", price="100000000"), "price", "below 100000000"),
        (row(above="100000000"), "above", "below 100000000"),
    ],
)
def test_a_row_that_the_shop_refuses_is_named(said: dict[str, Any], field: str, word: str) -> None:
    found = refused(table={"by": "weight", "rows": [row(), said]})
    assert list(found) == [f"shipping.tableRates.rows.1.{field}"]
    assert word in found[f"shipping.tableRates.rows.1.{field}"]


def test_two_rows_of_one_place_are_named() -> None:
    rows = [row(), row(postcode="ab1"), row(postcode="AB1 ")]
    assert refused(table={"by": "weight", "rows": rows}) == {
        "shipping.tableRates.rows.2": "the place and bound of row 1"
    }


def test_a_row_that_is_accepted_the_sandbox_takes() -> None:
    rows = [row(region="bay", postcode="1234567890", above="99999999.9999", price="99999999.99")]
    (kept,) = specified(table={"by": "items", "rows": rows}).commerce.shipping.table.rows  # type: ignore[union-attr]
    assert kept.region == "BAY"
    taken = {"country": kept.country, "region": kept.region, "postcode": kept.postcode}
    tablerates.read_row({**taken, "from": str(kept.above), "price": str(kept.price)})


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"country": "DE", "region": "Bayern"}, "taxRates.0.region"),
        ({"country": "GB", "region": "LND"}, "taxRates.0.region"),
        ({"country": "DE", "postcode": "1" * 22}, "taxRates.0.postcode"),
        ({"country": "*"}, "taxRates.0.country"),
    ],
)
def test_a_tax_that_the_shop_refuses_is_named(said: dict[str, Any], field: str) -> None:
    assert list(refused(tax_rates=({**said, "percent": 19},))) == [field]


def test_the_rows_of_all_websites_are_counted_together() -> None:
    def table(rows: int) -> dict[str, Any]:
        return {"by": "weight", "rows": [{"above": above, "price": 1} for above in range(rows)]}

    def sites(*counts: int) -> dict[str, SiteDraft]:
        return {f"s{i}": SiteDraft(country="US", table=table(n)) for i, n in enumerate(counts)}

    assert len(specified(table=table(5000), sites=sites(4999, 1)).sites) == 2
    assert refused(table=table(5000), sites=sites(4999, 2, 1)) == {
        "sites.s1.shipping.tableRates.rows": "at most 10000 rows on all websites together"
    }


def test_an_origin_lies_in_a_region_of_the_country() -> None:
    assert "shipping.origin.region" in refused(origin={"region": "Bayern"})
    assert specified(origin={"region": "bay"}).commerce.shipping.origin.region == "BAY"
    assert specified("GB", origin={"region": "Kent"}).commerce.shipping.origin.region == "Kent"


@pytest.mark.parametrize(
    ("said", "found"),
    [("uk", "GB"), ("EL", "GR"), ("GBR", "GB"), ("Deutschland", "DE"), ("ZR", "CD")],
)
def test_a_country_is_understood_as_people_write_it(said: str, found: str) -> None:
    assert specified(said).country == found


@pytest.mark.parametrize("said", ["YU", "CS", "ZZ", "AQ"])
def test_what_is_no_country_any_more_or_several_is_refused(said: str) -> None:
    with pytest.raises(UnknownCountryError):
        specified(said)


def test_a_language_and_a_time_zone_are_understood_as_people_write_them() -> None:
    spec = specified("NO", locales=("no-NO", " en_GB "), timezone="europe/oslo ")
    assert (spec.locales, spec.timezone) == (("nb_NO", "en_GB"), "Europe/Oslo")


@pytest.mark.parametrize("code", ["XAU", "XDR", "XTS", "CHE"])
def test_what_nobody_pays_with_is_not_called_unknown(code: str) -> None:
    told = f"“{code}” is not a currency that people pay with, such as EUR"
    assert refused(base_currency=code) == {"currencies.base": told}


def test_a_zone_that_is_one_and_cannot_be_set_is_not_called_none() -> None:
    told = "“Etc/GMT+5” is not a time zone that shops can be set to, such as Europe/Berlin"
    assert refused(timezone="Etc/GMT+5") == {"timezone": told}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("90001-90010", "90001-90010"),
        ("01001-01009", "1001-1009"),
        ("90001-1234", "90001-1234"),
        ("9*", "9*"),
    ],
)
def test_a_tax_is_due_in_a_range_of_postcodes(said: str, kept: str) -> None:
    rate = {"country": "US", "region": "CA", "postcode": said, "percent": "7,25 %"}
    (found,) = specified("US", tax_rates=(rate,)).tax_rates
    assert (found.postcode, found.percent) == (kept, Decimal("7.25"))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("90010-90001", "the lower end of the range comes first"),
        # Magento would cut it off, and the tax would never be due.
        ("SW1A 1AA to SW1A 9ZZ", "at most 10 characters"),
    ],
)
def test_a_postcode_by_which_no_tax_would_be_due_is_refused(said: str, told: str) -> None:
    rate = {"country": "US", "postcode": said, "percent": 7}
    assert refused("US", tax_rates=(rate,)) == {"taxRates.0.postcode": told}


@pytest.mark.parametrize(
    "name",
    ["*", "shipping", "shipping.flatRate", "contact", "gateways.paypal.mode", "taxRates", "mail",
     "shipping.carriers.ups", "sites.us", "sites.us.payments", "stripe.secretKey"],
)  # fmt: skip
def test_a_field_may_have_a_policy_and_so_may_a_group(name: str) -> None:
    assert specified(drift={name: "warn"}).drift == {name: "warn"}


@pytest.mark.parametrize(
    "name",
    ["payment", "shipping.flat", "flatRate", "sites.us.colour", "gateways.klarna", "", "a b"],
)
def test_a_policy_of_nothing_is_refused(name: str) -> None:
    told = f"“{name}” is not a field such as shipping.flatRate, or *"
    assert refused(drift={name: "warn"}) == {"drift": told}


def test_a_mail_server_has_a_port_or_the_usual_one() -> None:
    relay = specified(mail={"host": "mail.example.com"}).mail
    assert relay is not None
    assert relay.port == 587
    assert "mail.port" in refused(mail={"host": "mail.example.com", "port": 0})


def test_one_of_a_list_is_understood_as_people_write_it() -> None:
    spec = specified(
        payments=("Bank Transfer", "cash-on-delivery"),
        weight_unit="LB",
        mail={"host": "mail.example.com", "encryption": "STARTTLS"},
    )
    assert [*spec.commerce.payments] == ["bank_transfer", "cash_on_delivery"]
    assert spec.weight_unit == "lbs"
    assert spec.mail is not None
    assert spec.mail.encryption == "starttls"
