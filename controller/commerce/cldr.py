"""What CLDR, as Babel ships it, knows about a country: its money, languages, time and weights.

`controller.commerce.countries` asks here for whatever no reviewed file says otherwise.
"""

from functools import cache
from typing import Final, Literal

from babel import Locale, localedata
from babel.core import UnknownLocaleError, get_global
from babel.languages import get_territory_language_info

from controller.commerce import tender
from controller.i18n import LANGUAGES

WeightUnit = Literal["kgs", "lbs"]

MAX_LOCALES: Final = 3
_MIN_SHARE: Final = 10
"""Percent of the people who use an official language, from which a shop opens in it too."""

# CLDR has two-letter codes for groups of countries (EU, EZ, QO, UN), for parts of one that
# ISO 3166 only reserves (AC, CP, CQ, DG, EA, IC, TA) and for tests (XA, XB, ZZ). Kosovo's XK is not
# in ISO 3166 either, but it is what everybody uses.
_NO_COUNTRY: Final = frozenset(
    {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
)

# Nobody lives there for good, so CLDR has no money, no language or no time zone for them.
UNINHABITED: Final = frozenset({"AQ", "BV", "HM", "TF"})

# What the European Union writes, beside UK, which CLDR knows.
_ALSO: Final = {"EL": ["GR"]}

# The United States' territories keep its customary units; Babel has no measurement systems.
_POUNDS: Final = frozenset({"US", "AS", "GU", "MP", "PR", "UM", "VI", "LR", "MM"})

# fmt: off
# Where CLDR lists several zones (or none, as for Kosovo): the one that most of the people live in.
MAIN_ZONES: Final = {
    "AR": "America/Argentina/Buenos_Aires", "AU": "Australia/Sydney", "BR": "America/Sao_Paulo",
    "CA": "America/Toronto", "CD": "Africa/Kinshasa", "CL": "America/Santiago",
    "CN": "Asia/Shanghai", "CY": "Asia/Nicosia", "DE": "Europe/Berlin", "EC": "America/Guayaquil",
    "ES": "Europe/Madrid", "FM": "Pacific/Chuuk", "GL": "America/Nuuk", "ID": "Asia/Jakarta",
    "KI": "Pacific/Tarawa", "KZ": "Asia/Almaty", "MH": "Pacific/Majuro", "MN": "Asia/Ulaanbaatar",
    "MX": "America/Mexico_City", "MY": "Asia/Kuala_Lumpur", "NZ": "Pacific/Auckland",
    "PF": "Pacific/Tahiti", "PG": "Pacific/Port_Moresby", "PS": "Asia/Gaza", "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow", "UA": "Europe/Kyiv", "UM": "Pacific/Wake", "US": "America/New_York",
    "UZ": "Asia/Tashkent", "XK": "Europe/Belgrade",
}
# fmt: on


def country_code(text: str) -> str:
    """The ISO code of a country as people spell it: `de`, `DEU`, `Germany`, `ألمانيا`.

    What is none is returned as it is.
    """
    said = text.strip()
    code = said.upper() if said.isascii() else said
    if code in countries():
        return code
    if len(code) in {2, 3} and code.isalpha():
        aliases = _ALSO.get(code) or get_global("territory_aliases").get(code, [])
        return str(aliases[0]) if len(aliases) == 1 else code
    return _by_name().get(said.casefold(), said)


@cache
def _by_name() -> dict[str, str]:
    return {
        name.casefold(): code
        for language in LANGUAGES
        for code, name in Locale.parse(language).territories.items()
        if code in countries()
    }


def own_name(language: str) -> str:
    """A language's name in that language, as it stands in a list: `Español`."""
    name = Locale(language).get_language_name() or language
    return name[:1].upper() + name[1:]


@cache
def countries() -> frozenset[str]:
    """Return the ISO 3166 alpha-2 codes of all inhabited countries, and XK."""
    # The other territories are groups with three digits.
    codes = {str(code) for code in Locale("en").territories}
    alpha2 = {code for code in codes if len(code) == 2}
    return frozenset(alpha2 - _NO_COUNTRY - UNINHABITED)


def currency(country: str) -> str:
    """Return the ISO 4217 code of a country's money."""
    return tender.current(country)


def locales(country: str) -> tuple[str, ...]:
    """Return one to three CLDR locales of a country, the most spoken language first.

    They are its official languages that a tenth of the people use. De facto official ones count
    where CLDR knows no other, and of a language in two scripts the usual one stays.
    """
    info = get_territory_language_info(country)
    for status in ("official", "de_facto_official"):
        spoken = {
            language: float(facts["population_percent"] or 0)
            for language, facts in info.items()
            if facts["official_status"] == status
        }
        # Of two scripts with equal shares the plain code, which is the usual script, comes first.
        order = sorted(spoken, key=lambda language: (-spoken[language], "_" in language, language))
        found: dict[str, str] = {}
        for language in order:
            locale = _locale(language, country)
            if locale and (not found or spoken[language] >= _MIN_SHARE):
                found.setdefault(language.partition("_")[0], locale)
        if found:
            return tuple(found.values())[:MAX_LOCALES]
    raise LookupError(f"CLDR has no locale of {country}")


def _locale(language: str, country: str) -> str | None:
    """Return the canonical id of a language in a country, or None when CLDR has no such locale."""
    try:
        identifier = str(Locale.parse(f"{language}_{country}"))
    except UnknownLocaleError:
        return None
    return identifier if localedata.exists(identifier) else None


def timezone(country: str) -> str:
    """Return the IANA name of the time zone that most people of a country live in."""
    zones: list[str] = get_global("territory_zones").get(country, [])
    return MAIN_ZONES.get(country) or zones[0]


def weight_unit(country: str) -> WeightUnit:
    """Return the unit that goods are weighed in."""
    return "lbs" if country in _POUNDS else "kgs"


def likely_country(language: str) -> str | None:
    """Return the country where a language (`de`, `zh_Hant`) is most at home, or None."""
    likely: str = get_global("likely_subtags").get(language, "")
    code = likely.rpartition("_")[2]
    return code if code in countries() else None
