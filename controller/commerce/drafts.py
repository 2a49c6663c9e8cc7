"""From what somebody typed to a store's specification: country pack, then what was said explicitly.

The onboarding form, the API and the demonstration store all come through here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from controller.commerce.checks import Checks
from controller.commerce.countries import CountryPack, pack
from controller.commerce.identities import clashes
from controller.domain.commerce import CommerceSpec
from controller.domain.documents import commerce_to_json
from controller.domain.errors.inputs import (
    InvalidDurationError,
    LifetimeRangeError,
    UnknownCountryError,
    UnknownEngineError,
)
from controller.domain.mail import relay_to_json
from controller.domain.naming import check_display_name, check_slug
from controller.domain.plans import PLAN_SCALES, Plan, Wanted, plan_of
from controller.domain.spellings import duration
from controller.domain.store import Site, StoreSpec
from controller.engines.abilities import Abilities
from controller.i18n import N_

_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=366)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What was said about one website; None means that the country decides."""

    locales: tuple[str, ...] | None = None
    base_currency: str | None = None
    default_currency: str | None = None
    allowed_currencies: tuple[str, ...] | None = None
    markup_bps: int = 0
    pins: Mapping[str, Decimal] = field(default_factory=dict)
    payments: tuple[str, ...] | None = None
    gateways: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    flat_rate: Decimal | None = None
    flat_rate_offered: bool = True
    """Whether there is a flat rate at all."""
    free_from: Decimal | None = None
    table: Mapping[str, Any] | None = None
    """As in the API: `by` and `rows`."""
    origin: Mapping[str, str] = field(default_factory=dict)
    carriers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    prices_include_tax: bool | None = None


@dataclass(frozen=True, kw_only=True)
class SiteDraft(Offer):
    """What was said about a further website; without a country it is the store's."""

    country: str | None = None
    display_name: str | None = None
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Draft(Offer):
    """What was said about a store; None means that the country decides."""

    name: str
    country: str
    display_name: str | None = None
    timezone: str | None = None
    weight_unit: str | None = None
    contact_email: str | None = None
    contact_phone: str | None = None
    mail: Mapping[str, Any] | None = None
    """As in the API: host, port, encryption, username, from."""
    tax_rates: tuple[Mapping[str, Any], ...] = ()
    """As in the API: country, region, postcode, percent, name."""
    sites: Mapping[str, SiteDraft] = field(default_factory=dict)
    drift: Mapping[str, str] = field(default_factory=dict)
    engine: str | None = None
    plan: str | None = None
    scale: Wanted | None = None
    expires_at: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


OFFER_FIELDS = tuple(item.name for item in fields(Offer))


def specify(draft: Draft, engines: Mapping[str, Abilities]) -> StoreSpec:
    """The specification; `engines` are those installed with what they can, the usual one first.

    Raises InvalidNameError, UnknownCountryError, UnknownEngineError, InvalidDisplayNameError,
    UnknownPlanError, InvalidScaleError, or InvalidInputError that names every other field that is
    wrong.
    """
    slug = check_slug(draft.name)
    engine = draft.engine or next(iter(engines))
    if engine not in engines:
        raise UnknownEngineError(engine=engine[:60], engines=", ".join(engines))
    abilities = engines[engine]
    country = pack(draft.country, abilities)
    display_name = check_display_name(
        draft.display_name if draft.display_name is not None else slug.replace("-", " ").title()
    )
    plan = plan_of(draft.plan) if draft.plan else Plan.STARTER
    check = Checks(abilities)
    spec = StoreSpec(
        slug=slug,
        display_name=display_name,
        country=country.code,
        locales=check.locales(draft.locales, country.locales),
        timezone=check.timezone(draft.timezone or country.timezone),
        weight_unit=check.weight_unit(draft.weight_unit or country.weight_unit),
        contact=check.contact(draft.contact_email, draft.contact_phone),
        mail=check.mail(draft.mail),
        commerce=_commerce(check, draft, country),
        tax_rates=check.tax_rates(draft.tax_rates),
        sites=tuple(
            site
            for code, said in draft.sites.items()
            if (site := _site(check, code, said, country, display_name)) is not None
        ),
        drift=check.drift(draft.drift),
        engine=engine,
        plan=plan,
        scale=draft.scale.over(PLAN_SCALES[plan]) if draft.scale else None,
        expires_at=check.expiry(draft.expires_at),
        labels=check.labels(draft.labels),
    )
    check.rows_of_all(spec)
    check.wrong += clashes(spec)
    check.finish()
    return spec


def _site(check: Checks, code: str, said: SiteDraft, home: CountryPack, name: str) -> Site | None:
    check.under = f"sites.{code[:40]}."
    try:
        country = pack(said.country, check.abilities) if said.country else home
        return Site(
            code=check.site_code(code),
            display_name=check.site_name(said.display_name or f"{name} {country.code}"),
            country=country.code,
            locales=check.locales(said.locales, country.locales),
            url=check.url(said.url),
            commerce=_commerce(check, said, country),
        )
    except UnknownCountryError:
        check.say(
            "country",
            N_("“%(country)s” is not a country that a shop can be opened in"),
            country=str(said.country)[:40],
        )
        return None
    finally:
        check.under = ""


def _commerce(check: Checks, said: Offer, country: CountryPack) -> CommerceSpec:
    usual = country.commerce()
    currencies = check.currencies(
        said.base_currency or usual.currencies.base,
        said.default_currency,
        said.allowed_currencies,
        said.markup_bps,
        said.pins,
    )
    base = currencies.base
    payments = check.payments(said.payments, usual.payments)
    # The usual price is in the country's currency and means nothing in another.
    price = usual.shipping.flat_rate if base == usual.currencies.base else Decimal(0)
    rate = price if said.flat_rate is None else said.flat_rate
    return CommerceSpec(
        currencies=currencies,
        payments=payments,
        gateways=check.gateways(said.gateways, payments),
        shipping=check.shipping(
            country=country.code,
            base=base,
            flat_rate=rate if said.flat_rate_offered else None,
            free_from=said.free_from,
            table=said.table,
            origin=said.origin,
            carriers=said.carriers,
        ),
        prices_include_tax=(
            usual.prices_include_tax if said.prices_include_tax is None else said.prices_include_tax
        ),
    )


def draft_of(spec: StoreSpec) -> Draft:
    """What would have to be said to get this specification."""
    return Draft(
        name=spec.slug,
        country=spec.country,
        display_name=spec.display_name,
        locales=spec.locales,
        timezone=spec.timezone,
        weight_unit=spec.weight_unit,
        contact_email=spec.contact.email,
        contact_phone=spec.contact.phone,
        mail=relay_to_json(spec.mail),
        tax_rates=tuple(
            {
                "country": rate.country,
                "region": rate.region,
                "postcode": rate.postcode,
                "percent": rate.percent,
                "name": rate.name,
                "priority": rate.priority,
                "compound": rate.compound,
            }
            for rate in spec.tax_rates
        ),
        sites={
            site.code: SiteDraft(
                country=site.country,
                display_name=site.display_name,
                locales=site.locales,
                url=site.url,
                **_offered(site.commerce),
            )
            for site in spec.sites
        },
        drift={name: str(policy) for name, policy in spec.drift.items()},
        engine=spec.engine,
        plan=str(spec.plan),
        scale=Wanted(min=spec.scale.min, max=spec.scale.max) if spec.scale else None,
        expires_at=spec.expires_at,
        labels=spec.labels,
        **_offered(spec.commerce),
    )


def _offered(commerce: CommerceSpec) -> dict[str, Any]:
    shown = commerce_to_json(commerce)
    shipping = commerce.shipping
    return {
        "base_currency": commerce.currencies.base,
        "default_currency": commerce.currencies.default,
        "allowed_currencies": commerce.currencies.allowed,
        "markup_bps": commerce.currencies.markup_bps,
        "pins": commerce.currencies.pins,
        "payments": tuple(commerce.payments),
        "gateways": shown["gateways"],
        "flat_rate": shipping.flat_rate,
        "flat_rate_offered": shipping.flat_rate is not None,
        "free_from": shipping.free_from,
        "table": shown["shipping"]["tableRates"],
        "origin": shown["shipping"]["origin"],
        "carriers": shown["shipping"]["carriers"],
        "prices_include_tax": commerce.prices_include_tax,
    }


def lifetime(text: str) -> timedelta:
    """Read a duration such as 2h; raises InvalidDurationError."""
    seconds = duration(text)
    if seconds is None:
        raise InvalidDurationError(duration=text[:40])
    # Compared as a number: a timedelta ends before numbers do.
    if not _SHORTEST.total_seconds() <= seconds <= _LONGEST.total_seconds():
        raise LifetimeRangeError(duration=text[:40])
    return timedelta(seconds=seconds)
