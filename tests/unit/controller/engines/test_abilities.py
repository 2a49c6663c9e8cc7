"""What a shop software can: one table, which the sandbox shop has too."""

import pytest

from controller.commerce import countries
from controller.engines.abilities import abilities_of
from sandbox import money, places, regions, structure

MAGENTO = abilities_of("magento")


def test_the_sandbox_has_the_lists_of_magento() -> None:
    assert MAGENTO.currencies == money.CURRENCIES
    assert MAGENTO.destinations == set(regions.COUNTRIES)
    assert MAGENTO.locales == regions.LOCALES
    assert set(MAGENTO.timezones.values()) == regions.timezones()
    found: dict[str, dict[str, str]] = {}
    for one in places.provinces():
        found.setdefault(one.country, {}).setdefault(one.code, one.name)
    assert MAGENTO.regions == found


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("de_DE", "de_DE"),
        ("zh_Hant_TW", "zh_Hant_TW"),
        ("sr_RS", "sr_Cyrl_RS"),
        ("az_AZ", "az_Latn_AZ"),
    ],
)
def test_a_locale_of_the_shop_is_itself(wanted: str, expected: str) -> None:
    assert MAGENTO.exact(wanted) == MAGENTO.locale(wanted) == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("en_IN", "en_GB"),
        ("en_ZA", "en_GB"),
        ("en_PH", "en_US"),
        ("en_001", "en_GB"),
        ("ar_AE", "ar_SA"),
        ("fr_MA", "fr_FR"),
        ("de_BE", "de_DE"),
        ("es_UY", "es_MX"),
        ("es_GQ", "es_ES"),
        ("pt_AO", "pt_PT"),
        ("zh_Hant_MO", "zh_Hant_HK"),
        ("sr_Latn_ME", "sr_Latn_RS"),
        ("nb_SJ", "nb_NO"),
        ("ca_ES_VALENCIA", "ca_ES"),
        ("hi_Latn_IN", "en_GB"),
        ("lb_LU", "de_DE"),
        ("ga_IE", "en_IE"),
        ("mt_MT", "en_GB"),
        ("hy_AM", "ru_RU"),
        ("am_ET", "en_US"),
    ],
)
def test_a_locale_that_is_missing_has_a_nearest(wanted: str, expected: str) -> None:
    assert MAGENTO.exact(wanted) is None
    assert MAGENTO.locale(wanted) == expected


def test_every_language_of_every_country_is_shown_in_one_of_the_shop() -> None:
    for code in countries.all_codes():
        for locale in countries.pack(code).locales:
            assert MAGENTO.locale(locale) in MAGENTO.locales


def test_every_usual_locale_and_related_language_leads_to_the_shops_own() -> None:
    assert set(MAGENTO.usual_locales.values()) <= MAGENTO.locales
    for language in MAGENTO.related_languages.values():
        assert MAGENTO.locale(language).partition("_")[0] == language.partition("_")[0]


@pytest.mark.parametrize(
    "path", ["general/region/state_required", "general/country/optional_zip_countries"]
)
def test_the_shop_takes_the_countries_that_it_is_told(path: str) -> None:
    for told in (MAGENTO.regions_needed, MAGENTO.postcodes_optional):
        assert structure.refusal(path, structure.FIELDS[path], ",".join(sorted(told))) is None
    assert set(MAGENTO.regions) >= MAGENTO.regions_needed
