"""From what somebody typed to a store's specification: country pack, then what was said explicitly.

The onboarding form, the API and the demonstration store all come through here.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from babel.numbers import get_currency_precision, list_currencies

from controller.commerce.countries import pack
from controller.domain.commerce import CommerceSpec, Currencies, Payment
from controller.domain.errors import InvalidDurationError, InvalidInputError, UnknownEngineError
from controller.domain.naming import check_display_name, check_slug
from controller.domain.store import StoreSpec

_LABEL_KEY = re.compile(r"[a-z0-9]([a-z0-9./_-]{0,61}[a-z0-9])?")
_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?|")
_DURATION = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=366)
_MOST_LABELS = 32
_MOST_LOCALES = 12
_MOST_CURRENCIES = 20
_DEAREST_FLAT_RATE = Decimal(10) ** 9


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What was said; None means that the country decides."""

    name: str
    country: str
    display_name: str | None = None
    locales: tuple[str, ...] | None = None
    timezone: str | None = None
    weight_unit: str | None = None
    base_currency: str | None = None
    default_currency: str | None = None
    allowed_currencies: tuple[str, ...] | None = None
    payments: tuple[str, ...] | None = None
    flat_rate: Decimal | None = None
    prices_include_tax: bool | None = None
    engine: str | None = None
    expires_at: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


def specify(draft: Draft, engines: Collection[str]) -> StoreSpec:
    """The specification; `engines` are those installed, the first is the default.

    Raises InvalidNameError, UnknownCountryError, UnknownEngineError, InvalidDisplayNameError, or
    InvalidInputError that names every other field that is wrong.
    """
    slug = check_slug(draft.name)
    country = pack(draft.country)
    display_name = check_display_name(
        draft.display_name if draft.display_name is not None else slug.replace("-", " ").title()
    )
    engine = draft.engine or next(iter(engines))
    if engine not in engines:
        raise UnknownEngineError(engine=engine[:60], engines=", ".join(engines))
    check = _Checks()
    locales = draft.locales if draft.locales is not None else country.locales
    spec = StoreSpec(
        slug=slug,
        display_name=display_name,
        country=country.code,
        locales=tuple(dict.fromkeys(check.locale(item) for item in locales)),
        timezone=check.timezone(draft.timezone or country.timezone),
        weight_unit=check.weight_unit(draft.weight_unit or country.weight_unit),
        commerce=check.commerce(draft, country.commerce()),
        engine=engine,
        expires_at=check.expiry(draft.expires_at),
        labels=check.labels(draft.labels),
    )
    if not 1 <= len(spec.locales) <= _MOST_LOCALES:
        check.wrong.append(("locales", f"1 to {_MOST_LOCALES} languages"))
    check.finish()
    return spec


def lifetime(text: str) -> timedelta:
    """Read a duration such as 2h; raises InvalidDurationError."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise InvalidDurationError(duration=text[:40])
    duration = timedelta(seconds=int(found[1]) * _UNITS[found[2]])
    if not _SHORTEST <= duration <= _LONGEST:
        raise InvalidDurationError(duration=text[:40])
    return duration


class _Checks:
    """Collects everything that is wrong, so that one answer names it all."""

    def __init__(self) -> None:
        self.wrong: list[tuple[str, str]] = []

    def finish(self) -> None:
        if self.wrong:
            raise InvalidInputError(tuple(self.wrong))

    def locale(self, text: str) -> str:
        try:
            return str(Locale.parse(text.replace("-", "_")))
        except (ValueError, UnknownLocaleError, TypeError):
            self.wrong.append(("locales", f"{text[:40]!r} is not a CLDR locale such as de_DE"))
            return text

    def timezone(self, text: str) -> str:
        if text not in available_timezones():
            self.wrong.append(("timezone", f"{text[:60]!r} is not an IANA time zone"))
        return text

    def weight_unit(self, text: str) -> str:
        if text not in {"kgs", "lbs"}:
            self.wrong.append(("weightUnit", "kgs or lbs"))
        return text

    def currency(self, name: str, text: str) -> str:
        if text not in list_currencies():
            self.wrong.append((name, f"{text[:10]!r} is not an ISO 4217 currency"))
        return text

    def commerce(self, draft: Draft, usual: CommerceSpec) -> CommerceSpec:
        base = self.currency("currencies.base", draft.base_currency or usual.currencies.base)
        default = self.currency("currencies.default", draft.default_currency or base)
        allowed = tuple(dict.fromkeys((*(draft.allowed_currencies or (base,)), default)))
        for code in allowed[:_MOST_CURRENCIES]:
            self.currency("currencies.allowed", code)
        if len(allowed) > _MOST_CURRENCIES:
            self.wrong.append(("currencies.allowed", f"at most {_MOST_CURRENCIES}"))
        return replace(
            usual,
            currencies=Currencies(base=base, default=default, allowed=allowed),
            payments=self.payments(draft.payments, usual),
            flat_rate=self.flat_rate(draft, usual, base),
            prices_include_tax=(
                usual.prices_include_tax
                if draft.prices_include_tax is None
                else draft.prices_include_tax
            ),
        )

    def payments(self, given: tuple[str, ...] | None, usual: CommerceSpec) -> tuple[Payment, ...]:
        if given is None:
            return usual.payments
        known = [item for item in given if item in set(Payment)]
        if len(known) != len(given) or not given:
            choices = ", ".join(Payment)
            self.wrong.append(("payments", f"one or more of {choices}"))
        return tuple(dict.fromkeys(Payment(item) for item in known))

    def flat_rate(self, draft: Draft, usual: CommerceSpec, base: str) -> Decimal:
        """The price in one spelling, so that 4.9 and 4.90 are no change."""
        rate = draft.flat_rate
        if rate is None:
            # The usual price is in the country's currency and means nothing in another.
            rate = usual.flat_rate if base == usual.currencies.base else Decimal(0)
        decimals = get_currency_precision(base)
        if rate.is_finite() and 0 <= rate <= _DEAREST_FLAT_RATE and rate == round(rate, decimals):
            return abs(round(rate, decimals))
        told = f"an amount of zero or more with at most {decimals} decimals"
        self.wrong.append(("shipping.flatRate", told))
        return usual.flat_rate

    def expiry(self, moment: datetime | None) -> datetime | None:
        if moment is None:
            return None
        if moment.tzinfo is None:
            self.wrong.append(("expiresAt", "a time with its zone, such as 2027-01-31T12:00:00Z"))
            return None
        # Compared before it is converted: the first and last days of the calendar have no UTC.
        now = datetime.now(UTC)
        if not now < moment <= now + _LONGEST:
            self.wrong.append(("expiresAt", "in the future, at most 366 days ahead"))
            return None
        return moment.astimezone(UTC)

    def labels(self, labels: Mapping[str, str]) -> dict[str, str]:
        if len(labels) > _MOST_LABELS:
            self.wrong.append(("labels", f"at most {_MOST_LABELS}"))
        for key, value in labels.items():
            if not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value):
                self.wrong.append((f"labels.{key[:40]}", "letters, digits, '-', '_' and '.'"))
        return dict(labels)
