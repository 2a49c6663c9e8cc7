"""Country packs: complete for every country, reviewed for some, suggested from a header."""

import re
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from babel.core import get_global
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from controller.commerce import cldr, countries
from controller.commerce.tender import in_force
from controller.domain.commerce import Payment
from controller.domain.errors.inputs import UnknownCountryError
from controller.domain.money import cent
from controller.engines.abilities import abilities_of
from controller.i18n import LANGUAGES

MAGENTO = abilities_of("magento")
REVIEWED = sorted(countries.OVERRIDES.iterdir())


def test_every_inhabited_country_of_iso_3166_has_a_pack() -> None:
    # ISO 3166-1 assigns 249 codes; four have no inhabitants and Kosovo's XK is added.
    assert len(countries.all_codes()) == 249 - 4 + 1
    assert not cldr.UNINHABITED & set(countries.all_codes())


@pytest.mark.parametrize("code", countries.all_codes())
def test_a_pack_is_complete_and_means_something_to_cldr_and_iana(code: str) -> None:
    pack = countries.pack(code)
    assert pack.code == code
    assert in_force(pack.currency)
    assert not pack.flat_rate % cent(pack.currency)
    assert pack.flat_rate >= 0
    assert 1 <= len(pack.locales) <= cldr.MAX_LOCALES
    for identifier in pack.locales:
        locale = Locale.parse(identifier)
        assert str(locale) == identifier
        assert locale.territory == code
    assert len({Locale.parse(identifier).language for identifier in pack.locales}) == len(
        pack.locales
    )
    assert ZoneInfo(pack.timezone).key == pack.timezone
    assert pack.weight_unit in {"kgs", "lbs"}
    assert pack.payments
    assert len(set(pack.payments)) == len(pack.payments)
    assert all(pack.name(lang) for lang in LANGUAGES)


@pytest.mark.parametrize(
    ("code", "currency", "locales", "timezone", "weight_unit"),
    [
        ("DE", "EUR", ("de_DE",), "Europe/Berlin", "kgs"),
        ("US", "USD", ("en_US",), "America/New_York", "lbs"),
        ("CA", "CAD", ("en_CA", "fr_CA"), "America/Toronto", "kgs"),
        ("IN", "INR", ("en_IN", "hi_IN"), "Asia/Kolkata", "kgs"),
        ("AE", "AED", ("ar_AE", "en_AE"), "Asia/Dubai", "kgs"),
        ("CH", "CHF", ("de_CH", "fr_CH", "it_CH"), "Europe/Zurich", "kgs"),
        ("BE", "EUR", ("nl_BE", "fr_BE", "de_BE"), "Europe/Brussels", "kgs"),
        ("CN", "CNY", ("zh_Hans_CN",), "Asia/Shanghai", "kgs"),
        ("RS", "RSD", ("sr_Cyrl_RS",), "Europe/Belgrade", "kgs"),
        ("UA", "UAH", ("uk_UA",), "Europe/Kyiv", "kgs"),
        ("BT", "BTN", ("dz_BT",), "Asia/Thimphu", "kgs"),
        ("PY", "PYG", ("es_PY", "gn_PY"), "America/Asuncion", "kgs"),
        ("WS", "WST", ("en_WS",), "Pacific/Apia", "kgs"),
        ("PR", "USD", ("es_PR",), "America/Puerto_Rico", "lbs"),
        ("MM", "MMK", ("my_MM",), "Asia/Yangon", "lbs"),
        ("XK", "EUR", ("sq_XK",), "Europe/Belgrade", "kgs"),
    ],
)
def test_a_pack_sets_what_people_there_expect(
    code: str, currency: str, locales: tuple[str, ...], timezone: str, weight_unit: str
) -> None:
    pack = countries.pack(code)
    assert (pack.currency, pack.locales) == (currency, locales)
    assert (pack.timezone, pack.weight_unit) == (timezone, weight_unit)


def test_a_main_zone_is_named_exactly_where_cldr_has_a_choice() -> None:
    zones = get_global("territory_zones")
    unclear = {code for code in countries.all_codes() if len(zones.get(code, ())) != 1}
    assert set(cldr.MAIN_ZONES) == unclear
    for code, zone in cldr.MAIN_ZONES.items():
        assert zone in zones.get(code, [zone])


def test_a_pack_turns_into_the_commerce_settings_of_a_new_shop() -> None:
    commerce = countries.pack("US").commerce()
    assert (commerce.currencies.base, commerce.currencies.allowed) == ("USD", ("USD",))
    assert commerce.payments == (Payment.CHECK, Payment.PURCHASE_ORDER)
    assert commerce.shipping.flat_rate == Decimal("5.95")
    assert not commerce.prices_include_tax


@pytest.mark.parametrize(
    "spelled", ["de", "DE ", "DEU", "deu", "Germany", "deutschland", "Alemania", "ألمانيا"]
)
def test_a_country_is_found_as_people_spell_it(spelled: str) -> None:
    assert countries.pack(spelled) is countries.pack("DE")


@pytest.mark.parametrize(
    "code", ["", "D", "ABC", "EU", "ZZ", "AQ", "ß", "../de", "D\n", "Europe", "x" * 10_000]
)
def test_a_code_without_a_pack_is_an_unknown_country(code: str) -> None:
    with pytest.raises(UnknownCountryError) as raised:
        countries.pack(code)
    assert len(str(raised.value.params["country"])) <= 20


def test_twelve_countries_on_four_continents_are_reviewed() -> None:
    expected = {"de", "fr", "es", "gb", "us", "ca", "mx", "br", "jp", "in", "ae", "za"}
    assert expected <= {path.stem for path in REVIEWED}


@pytest.mark.parametrize("path", REVIEWED, ids=lambda path: path.name)
def test_a_reviewed_file_names_its_country_and_its_reason(path: Path) -> None:
    assert path.suffix == ".yaml"
    assert path.stem.upper() in countries.all_codes()
    pack = countries.pack(path.stem)
    assert path.read_text(encoding="utf-8").startswith(f"# {pack.name('en')}. ")


@pytest.mark.parametrize("path", REVIEWED, ids=lambda path: path.name)
def test_a_reviewed_file_says_only_what_differs(path: Path) -> None:
    pack = countries.pack(path.stem)
    unreviewed = countries.build(pack.code, countries.Override())
    for field in countries.read_override(path).model_fields_set:
        assert getattr(pack, field) != getattr(unreviewed, field), field


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("curency: EUR", id="unknown key"),
        pytest.param("payments: [barter]", id="unknown payment"),
        pytest.param("weight_unit: stone", id="unknown unit"),
        pytest.param("locales: de_DE", id="no list"),
        pytest.param("flat_rate: -1", id="negative price"),
        pytest.param("# Fiji.", id="nothing"),
    ],
)
def test_a_mistaken_file_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "fj.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValidationError):
        countries.read_override(path)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_country_that_a_shop_can_be_in_is_chosen_by_its_name(lang: str) -> None:
    chosen = countries.choices(lang, MAGENTO)
    able = [code for code in countries.all_codes() if countries.offered(code, MAGENTO)]
    assert sorted(code for code, _ in chosen) == able
    assert len({name for _, name in chosen}) == len(chosen)


@pytest.mark.parametrize(
    ("lang", "names"),
    [
        ("de", ["Ägypten", "Albanien", "Österreich", "Pakistan"]),
        ("es", ["Emiratos Árabes Unidos", "España", "México", "Mónaco"]),
        ("en", ["Åland Islands", "Albania", "Yemen"]),
        ("ar", ["ألمانيا", "اليمن", "مصر"]),
    ],
)
def test_choices_stand_in_the_order_of_the_language(lang: str, names: list[str]) -> None:
    assert [name for _, name in countries.choices(lang, MAGENTO) if name in names] == names


@pytest.mark.parametrize(
    ("header", "code"),
    [
        pytest.param("de-CH,de;q=0.9", "CH", id="territory"),
        pytest.param("en;q=0.5,pt-BR", "BR", id="weight"),
        pytest.param("de,en-US;q=0.7,en;q=0.3", "DE", id="German Firefox is not in America"),
        pytest.param("zh-Hant", "TW", id="script"),
        pytest.param("zh_hans_sg", "SG", id="script and territory"),
        pytest.param("es-419,es-MX;q=0.8", "MX", id="continent leaves it to the next"),
        pytest.param("ja", "JP", id="language"),
        pytest.param("en-u-ca-gregory", "US", id="calendar is not Canada"),
        pytest.param("x-klingon,fr", "FR", id="private tag"),
        pytest.param("eo", None, id="language of no country"),
        pytest.param("*", None, id="anything"),
        pytest.param("en-EU", None, id="no country"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="no header"),
    ],
)
def test_a_country_is_suggested_from_the_browser(header: str | None, code: str | None) -> None:
    assert countries.suggest(header) == code


@given(st.text() | st.from_regex(re.compile(r"[a-z]{2}(-[A-Za-z0-9]{2,4}){0,2}")))
def test_any_header_suggests_a_known_country_or_none(header: str) -> None:
    found = countries.suggest(header)
    assert found is None or found in countries.all_codes()
