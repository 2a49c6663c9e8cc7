"""Country packs: the one question "which country?" answers what a new shop is set up with.

The registry fills a store's specification from a pack, the API and the form show what it sets. A
pack is CLDR's data, with what a reviewed file under `templates/countries/` says otherwise.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final

from babel import Locale
from pydantic import BaseModel, ConfigDict, Field

from controller.commerce import cldr
from controller.domain.commerce import CommerceSpec, Currencies, Payment, Shipping
from controller.domain.errors.inputs import UnknownCountryError
from controller.domain.yamltext import load
from controller.engines.abilities import Abilities
from controller.i18n import ranked

OVERRIDES: Final = Path(__file__).resolve().parents[2] / "templates" / "countries"


@dataclass(frozen=True, kw_only=True)
class CountryPack:
    """What a shop in one country is set up with."""

    code: str
    """ISO 3166 alpha-2, in capitals."""
    currency: str
    """ISO 4217."""
    locales: tuple[str, ...]
    """CLDR ids with the territory; the first is the default."""
    timezone: str
    """An IANA name."""
    weight_unit: cldr.WeightUnit
    payments: tuple[Payment, ...]
    flat_rate: Decimal
    """Shipping price per order, in `currency`; 0 is free."""
    prices_include_tax: bool

    def name(self, lang: str) -> str:
        """Return the country's name in a language."""
        return _name(self.code, lang)

    def commerce(self) -> CommerceSpec:
        """Return the money, payment, shipping and tax settings of a new shop."""
        money = Currencies(base=self.currency, default=self.currency, allowed=(self.currency,))
        return CommerceSpec(
            currencies=money,
            payments=self.payments,
            shipping=Shipping(flat_rate=self.flat_rate),
            prices_include_tax=self.prices_include_tax,
        )


class Override(BaseModel):
    """A reviewed file: only what differs from CLDR and the defaults is named in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: str | None = None
    locales: tuple[str, ...] | None = None
    timezone: str | None = None
    weight_unit: cldr.WeightUnit | None = None
    payments: tuple[Payment, ...] | None = None
    # Shipping is free until somebody sets a price: a guess could be worth cents or fortunes.
    flat_rate: Decimal = Field(default=Decimal(0), ge=0)
    # Consumer law asks for it almost everywhere.
    prices_include_tax: bool = True


@cache
def all_codes() -> tuple[str, ...]:
    """Return the codes of all countries that have a pack, sorted."""
    return tuple(sorted(cldr.countries()))


def pack(code: str, abilities: Abilities | None = None) -> CountryPack:
    """Return the pack of a country by its ISO code in any case, or its name.

    Raises UnknownCountryError where there is none, or the shop software cannot be there.
    """
    country = cldr.country_code(code[:100])
    able = abilities is None or country in abilities.countries
    if country not in cldr.countries() or not able:
        raise UnknownCountryError(country=code[:20])
    return _pack(country)


def offered(code: str, abilities: Abilities) -> bool:
    """Whether a shop can be opened in a country with nothing said but the country."""
    able = code in cldr.countries() & abilities.countries
    return able and _pack(code).currency in abilities.currencies


@cache
def _pack(country: str) -> CountryPack:
    return build(country, read_override(OVERRIDES / f"{country.lower()}.yaml"))


def read_override(path: Path) -> Override:
    """Return what a reviewed file says; nothing when the country has none."""
    if not path.exists():
        return Override()
    return Override.model_validate(load(path.read_text(encoding="utf-8")))


def build(country: str, reviewed: Override) -> CountryPack:
    """Return the pack of a known country: CLDR's data where the review says nothing."""
    return CountryPack(
        code=country,
        currency=reviewed.currency or cldr.currency(country),
        locales=reviewed.locales or cldr.locales(country),
        timezone=reviewed.timezone or cldr.timezone(country),
        weight_unit=reviewed.weight_unit or cldr.weight_unit(country),
        payments=reviewed.payments or (Payment.BANK_TRANSFER, Payment.CASH_ON_DELIVERY),
        flat_rate=reviewed.flat_rate,
        prices_include_tax=reviewed.prices_include_tax,
    )


@cache
def choices(lang: str, abilities: Abilities) -> tuple[tuple[str, str], ...]:
    """Return code and name in `lang` of each country that is offered, in the order of the names."""
    named = ((code, _name(code, lang)) for code in all_codes() if offered(code, abilities))
    return tuple(sorted(named, key=lambda choice: _collation(choice[1])))


def _name(code: str, lang: str) -> str:
    return str(Locale.parse(lang).territories[code])


def _collation(name: str) -> str:
    """Return a sort key that ignores accents and case, as dictionaries of our languages do."""
    plain = unicodedata.normalize("NFKD", name)
    return "".join(char for char in plain if not unicodedata.combining(char)).casefold()


def suggest(accept_language: str | None) -> str | None:
    """Return the country that an Accept-Language header hints at, or None.

    The tag wanted most decides: by its territory (`de-CH`), else by the country where the language
    is most at home (`de`). A territory that is no country (`es-419`) leaves it to the next tag.
    """
    for tag in ranked(accept_language or ""):
        # Behind a single letter stand extensions, such as a calendar (`en-u-ca-gregory`).
        language, *subtags = re.split(r"[-_]\w(?:[-_]|$)", tag)[0].replace("-", "_").split("_")
        scripts = [part.title() for part in subtags if len(part) == 4 and part.isalpha()]
        territories = [part.upper() for part in subtags if len(part) in {2, 3}]
        if not territories:
            found = cldr.likely_country("_".join([language.lower(), *scripts[:1]]))
        else:
            found = territories[0] if territories[0] in cldr.countries() else None
        if found:
            return found
    return None
