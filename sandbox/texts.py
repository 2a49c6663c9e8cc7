"""What a person reads, in their language: translations, prices, dates; every page uses it.

Babel is loaded with the first page, not with the process.
"""

from __future__ import annotations

import gettext
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_name
from babel.units import format_unit

if TYPE_CHECKING:
    from decimal import Decimal

DIRECTORY = Path(__file__).parent / "locale"
LANGUAGES = tuple(sorted(path.name for path in DIRECTORY.iterdir()))


def N_(text: str) -> str:  # noqa: N802 - gettext's own name
    """Mark a text for translation where it is written; it is translated where it is shown."""
    return text


# The first titles of payment and shipping methods; a merchant's own titles are shown as they are.
TITLES = (
    N_("Check / Money order"),
    N_("Bank Transfer Payment"),
    N_("Cash On Delivery"),
    N_("Purchase Order"),
    N_("No Payment Information Required"),
    N_("Flat Rate"),
    N_("Fixed"),
    N_("Best Way"),
    N_("Table Rate"),
    N_("Free Shipping"),
    N_("Free"),
)
STATUSES = {
    "pending": N_("Received"),
    "processing": N_("In progress"),
    "complete": N_("Complete"),
    "canceled": N_("Canceled"),
}


@cache
def translations(lang: str) -> gettext.NullTranslations:
    """Return a language's catalog; RuntimeError when it was never compiled."""
    try:
        return gettext.translation("sandbox", DIRECTORY, [lang])
    except OSError as error:
        if lang == "en":
            return gettext.NullTranslations()
        raise RuntimeError(f"The catalog for {lang} is not compiled: run make i18n.") from error


class Texts:
    """One locale's words and formats."""

    def __init__(self, locale: str, timezone: str = "UTC") -> None:
        self.locale = Locale.parse(locale)
        language = self.locale.language
        self.lang = language if language in LANGUAGES else "en"
        self.direction = Locale(self.lang).text_direction
        self.catalog = translations(self.lang)
        self._timezone = ZoneInfo(timezone)

    def say(self, text: str, **values: object) -> str:
        """Return a text in this language, with its placeholders filled."""
        translated = self.catalog.gettext(text) if text else ""
        return translated % values if values else translated

    def price(self, amount: Decimal, currency: str) -> str:
        """Return an amount as people of this locale write it."""
        return format_currency(amount, currency, locale=self.locale)

    def number(self, value: Decimal | int) -> str:
        """Return a number as people of this locale write it."""
        return format_decimal(value, locale=self.locale)

    def percent(self, value: Decimal) -> str:
        """Return a percentage with all of its decimals."""
        part = value.normalize() / 100
        return format_percent(part, locale=self.locale, decimal_quantization=False)

    def weight(self, value: Decimal, unit: str) -> str:
        """Return a weight with its unit."""
        name = "mass-pound" if unit == "lbs" else "mass-kilogram"
        return format_unit(value, name, "short", locale=self.locale)

    def moment(self, stored: str) -> str:
        """Return a stored time in the shop's own time zone."""
        moment = datetime.strptime(stored, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        return format_datetime(moment, "medium", tzinfo=self._timezone, locale=self.locale)

    def currency(self, code: str) -> str:
        """Return a currency's name."""
        return get_currency_name(code, locale=self.locale)

    def country(self, code: str) -> str:
        """Return a country's name."""
        return str(self.locale.territories.get(code, code))

    def status(self, status: str) -> str:
        """Return what an order's status means to a person."""
        return self.say(STATUSES.get(status, status))


def own_name(locale: str, *, with_territory: bool = False) -> str:
    """Return a language's name in that language."""
    parsed = Locale.parse(locale)
    name = parsed.get_display_name() if with_territory else parsed.get_language_name()
    return (name or locale)[:1].upper() + (name or locale)[1:]
