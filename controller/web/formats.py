"""Dates, durations, money and places as each language writes them: the filters of the templates."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, format_timedelta, get_datetime_format
from babel.numbers import format_currency, format_decimal, get_currency_name
from babel.units import format_unit

from controller import i18n
from controller.commerce import countries
from controller.domain.errors.inputs import UnknownCountryError
from controller.i18n import N_

_NEAREST = N_("%(tongue)s (the shop shows %(nearest)s)")


def now() -> datetime:
    """The time at which a page is made."""
    return datetime.now(UTC)


def when(moment: datetime, zone: str = "UTC") -> str:
    """Day and time in a time zone."""
    lang, there = i18n.current(), ZoneInfo(zone)
    # CLDR's "medium" has seconds, which nobody reads beside a date.
    joined = str(get_datetime_format("medium", locale=lang))
    joined = joined.replace("'", "").replace("{1}", day_of(moment.astimezone(there)))
    return joined.replace("{0}", format_time(moment, "short", tzinfo=there, locale=lang))


def day_of(local: datetime) -> str:
    """The day as it stands beside a time."""
    return format_date(local, "medium", locale=i18n.current())


def day(moment: datetime, zone: str = "UTC") -> str:
    """The day in a time zone."""
    return format_date(moment.astimezone(ZoneInfo(zone)), "long", locale=i18n.current())


def clock(moment: datetime, zone: str = "UTC") -> str:
    """The time of day, with seconds."""
    return format_time(moment, "medium", tzinfo=ZoneInfo(zone), locale=i18n.current())


def ago(moment: datetime) -> str:
    """How long ago, in the largest unit."""
    passed = min(moment - now(), timedelta(seconds=-1))
    return format_timedelta(passed, add_direction=True, locale=i18n.current())


def seconds(start: datetime | None, end: datetime | None) -> str:
    """How long something took; nothing for what has not ended or took no time."""
    if start is None or end is None:
        return ""
    took = max((end - start).total_seconds(), 0.0)
    if took < 0.05:
        return ""
    if took >= 90:
        return format_unit(round(took / 60), "duration-minute", "short", locale=i18n.current())
    figure = round(took, 1 if took < 10 else 0)
    return format_unit(figure, "duration-second", "short", locale=i18n.current())


def number(value: int) -> str:
    """A whole number."""
    return format_decimal(value, locale=i18n.current())


def money(amount: Decimal, currency: str) -> str:
    """An amount of a currency."""
    return format_currency(amount, currency, locale=i18n.current())


def currency(code: str) -> str:
    """The name of a currency."""
    return get_currency_name(code, locale=i18n.current())


def tongue(locale: str) -> str:
    """The name of a locale's language."""
    try:
        name = Locale.parse(locale).get_language_name(i18n.current())
    except (ValueError, UnknownLocaleError):
        return locale
    return name or locale


def spoken(locales: Iterable[str], nearest: Mapping[str, str]) -> list[str]:
    """The names of a shop's languages, each with what is shown where the shop does not have it."""
    translate = i18n.translator(i18n.current()).gettext
    return [
        translate(_NEAREST) % {"tongue": _dialect(locale), "nearest": _dialect(nearest[locale])}
        if locale in nearest
        else tongue(locale)
        for locale in locales
    ]


def _dialect(locale: str) -> str:
    try:
        return Locale.parse(locale).get_display_name(i18n.current()) or locale
    except (ValueError, UnknownLocaleError):
        return locale


def country(code: str) -> str:
    """The name of a country."""
    try:
        return countries.pack(code).name(i18n.current())
    except UnknownCountryError:
        return code


FILTERS = {
    "when": when, "day": day, "clock": clock, "ago": ago, "number": number, "money": money,
    "currency": currency, "tongue": tongue, "spoken": spoken, "country": country,
    "iso": datetime.isoformat,
}  # fmt: skip
