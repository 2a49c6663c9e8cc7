"""Handlers of /V1/directory/…: the currencies and countries of a store view."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox import config, regions, topology
from sandbox.errors import NotFoundError

if TYPE_CHECKING:
    from sandbox.rest.call import Call

THREE_LETTERS = ["AD", "AND", "AE", "ARE", "AF", "AFG", "AG", "ATG", "AI", "AIA", "AL", "ALB", "AM", "ARM", "AO", "AGO", "AQ", "ATA", "AR", "ARG", "AS", "ASM", "AT", "AUT", "AU", "AUS", "AW", "ABW", "AX", "ALA", "AZ", "AZE", "BA", "BIH", "BB", "BRB", "BD", "BGD", "BE", "BEL", "BF", "BFA", "BG", "BGR", "BH", "BHR", "BI", "BDI", "BJ", "BEN", "BL", "BLM", "BM", "BMU", "BN", "BRN", "BO", "BOL", "BQ", "BES", "BR", "BRA", "BS", "BHS", "BT", "BTN", "BV", "BVT", "BW", "BWA", "BY", "BLR", "BZ", "BLZ", "CA", "CAN", "CC", "CCK", "CD", "COD", "CF", "CAF", "CG", "COG", "CH", "CHE", "CI", "CIV", "CK", "COK", "CL", "CHL", "CM", "CMR", "CN", "CHN", "CO", "COL", "CR", "CRI", "CU", "CUB", "CV", "CPV", "CW", "CUW", "CX", "CXR", "CY", "CYP", "CZ", "CZE", "DE", "DEU", "DJ", "DJI", "DK", "DNK", "DM", "DMA", "DO", "DOM", "DZ", "DZA", "EC", "ECU", "EE", "EST", "EG", "EGY", "EH", "ESH", "ER", "ERI", "ES", "ESP", "ET", "ETH", "FI", "FIN", "FJ", "FJI", "FK", "FLK", "FM", "FSM", "FO", "FRO", "FR", "FRA", "GA", "GAB", "GB", "GBR", "GD", "GRD", "GE", "GEO", "GF", "GUF", "GG", "GGY", "GH", "GHA", "GI", "GIB", "GL", "GRL", "GM", "GMB", "GN", "GIN", "GP", "GLP", "GQ", "GNQ", "GR", "GRC", "GS", "SGS", "GT", "GTM", "GU", "GUM", "GW", "GNB", "GY", "GUY", "HK", "HKG", "HM", "HMD", "HN", "HND", "HR", "HRV", "HT", "HTI", "HU", "HUN", "ID", "IDN", "IE", "IRL", "IL", "ISR", "IM", "IMN", "IN", "IND", "IO", "IOT", "IQ", "IRQ", "IR", "IRN", "IS", "ISL", "IT", "ITA", "JE", "JEY", "JM", "JAM", "JO", "JOR", "JP", "JPN", "KE", "KEN", "KG", "KGZ", "KH", "KHM", "KI", "KIR", "KM", "COM", "KN", "KNA", "KP", "PRK", "KR", "KOR", "KW", "KWT", "KY", "CYM", "KZ", "KAZ", "LA", "LAO", "LB", "LBN", "LC", "LCA", "LI", "LIE", "LK", "LKA", "LR", "LBR", "LS", "LSO", "LT", "LTU", "LU", "LUX", "LV", "LVA", "LY", "LBY", "MA", "MAR", "MC", "MCO", "MD", "MDA", "ME", "MNE", "MF", "MAF", "MG", "MDG", "MH", "MHL", "MK", "MKD", "ML", "MLI", "MM", "MMR", "MN", "MNG", "MO", "MAC", "MP", "MNP", "MQ", "MTQ", "MR", "MRT", "MS", "MSR", "MT", "MLT", "MU", "MUS", "MV", "MDV", "MW", "MWI", "MX", "MEX", "MY", "MYS", "MZ", "MOZ", "NA", "NAM", "NC", "NCL", "NE", "NER", "NF", "NFK", "NG", "NGA", "NI", "NIC", "NL", "NLD", "NO", "NOR", "NP", "NPL", "NR", "NRU", "NU", "NIU", "NZ", "NZL", "OM", "OMN", "PA", "PAN", "PE", "PER", "PF", "PYF", "PG", "PNG", "PH", "PHL", "PK", "PAK", "PL", "POL", "PM", "SPM", "PN", "PCN", "PR", "PRI", "PS", "PSE", "PT", "PRT", "PW", "PLW", "PY", "PRY", "QA", "QAT", "RE", "REU", "RO", "ROU", "RS", "SRB", "RU", "RUS", "RW", "RWA", "SA", "SAU", "SB", "SLB", "SC", "SYC", "SD", "SDN", "SE", "SWE", "SG", "SGP", "SH", "SHN", "SI", "SVN", "SJ", "SJM", "SK", "SVK", "SL", "SLE", "SM", "SMR", "SN", "SEN", "SO", "SOM", "SR", "SUR", "SS", "SSD", "ST", "STP", "SV", "SLV", "SX", "SXM", "SY", "SYR", "SZ", "SWZ", "TC", "TCA", "TD", "TCD", "TF", "ATF", "TG", "TGO", "TH", "THA", "TJ", "TJK", "TK", "TKL", "TL", "TLS", "TM", "TKM", "TN", "TUN", "TO", "TON", "TR", "TUR", "TT", "TTO", "TV", "TUV", "TW", "TWN", "TZ", "TZA", "UA", "UKR", "UG", "UGA", "UM", "UMI", "US", "USA", "UY", "URY", "UZ", "UZB", "VA", "VAT", "VC", "VCT", "VE", "VEN", "VG", "VGB", "VI", "VIR", "VN", "VNM", "VU", "VUT", "WF", "WLF", "WS", "WSM", "YE", "YEM", "YT", "MYT", "ZA", "ZAF", "ZM", "ZMB", "ZW", "ZWE"]
ALPHA3 = dict(zip(THREE_LETTERS[::2], THREE_LETTERS[1::2], strict=True))


def currency(call: Call) -> object:
    """Return the currencies of a view; a rate that nobody gave shows as 0."""
    from babel.numbers import get_currency_symbol

    settings = config.load(call.shop.db)
    view = call.view or topology.default_view(call.shop.db)
    base = settings.base_currency(view.website_id)
    default = settings.at(view, "currency/options/default")
    locale = settings.at(view, "general/locale/code")
    allowed = settings.allowed_currencies(view)
    return {
        "base_currency_code": base,
        "base_currency_symbol": get_currency_symbol(base, locale),
        "default_display_currency_code": default,
        "default_display_currency_symbol": get_currency_symbol(default, locale),
        "available_currency_codes": allowed,
        "exchange_rates": [
            {"currency_to": code, "rate": settings.rate(base, code) or Decimal(0)}
            for code in allowed
        ],
    }


def countries(call: Call) -> object:
    """Return all countries, named in the view's language."""
    return [describe(call, code) for code in regions.COUNTRIES]


def country(call: Call) -> object:
    """Return one country."""
    code = call.path["country"]
    if code not in regions.COUNTRIES:
        raise NotFoundError("The country isn't available.")
    return describe(call, code)


def describe(call: Call, code: str) -> dict[str, object]:
    """Return one country as the contract shows it."""
    from babel import Locale

    settings = config.load(call.shop.db)
    view = call.view or topology.default_view(call.shop.db)
    own = Locale.parse(settings.at(view, "general/locale/code"))
    return {
        "id": code,
        "two_letter_abbreviation": code,
        "three_letter_abbreviation": ALPHA3[code],
        "full_name_locale": own.territories.get(code, code),
        "full_name_english": Locale.parse("en").territories.get(code, code),
    }
