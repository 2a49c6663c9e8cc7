"""What a store wants and cannot have yet, although it takes orders: rates, and texts of languages.

`stores` asks. Each is a condition of its own that keeps nobody from selling and is told wherever
the store is shown: a currency without a rate is not offered until there is one.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import date

from controller.domain.commerce import Currencies
from controller.domain.conditions import Condition, met, unmet
from controller.domain.errors.rates import RateMissingError
from controller.domain.rates import QuoteSet, missing_rates, pairs
from controller.domain.store import PRICED, TRANSLATED, Site, Store, StoreSpec


def offered(spec: StoreSpec, missing: Collection[str]) -> StoreSpec:
    """The specification without the currencies whose rate nobody says."""
    if not missing:
        return spec
    commerce = replace(spec.commerce, currencies=_known(spec.commerce.currencies, missing))
    return replace(
        spec, commerce=commerce, sites=tuple(_site(site, missing) for site in spec.sites)
    )


def _site(site: Site, missing: Collection[str]) -> Site:
    currencies = _known(site.commerce.currencies, missing)
    return replace(site, commerce=replace(site.commerce, currencies=currencies))


def _known(currencies: Currencies, missing: Collection[str]) -> Currencies:
    base = currencies.base

    def known(code: str) -> bool:
        return code == base or f"{base}/{code}" not in missing

    allowed = tuple(code for code in currencies.allowed if known(code)) or (base,)
    default = currencies.default if known(currencies.default) else base
    if default not in allowed:
        allowed = (default, *allowed)
    return replace(currencies, default=default, allowed=allowed)


def priced(store: Store, quotes: QuoteSet | None) -> tuple[Condition, ...]:
    """Whether every currency that is wanted has a rate; of a store with one it is not asked."""
    wanted = pairs(store.spec)
    if not wanted:
        return (met(PRICED, "NoRatesNeeded"),) if PRICED in store.status.conditions else ()
    lacking = missing_rates(store.spec, quotes)
    if lacking and quotes is None:
        return (unmet(PRICED, "RatesNotThere", base=store.spec.commerce.currencies.base),)
    if lacking:
        error = RateMissingError(pairs=", ".join(lacking))
        return (unmet(PRICED, error.reason, **error.params),)
    day = _oldest(wanted, quotes)
    return (met(PRICED, "RatesKnown", day=day.isoformat()) if day else met(PRICED, "RatesPinned"),)


def _oldest(wanted: dict[tuple[str, str], Currencies], quotes: QuoteSet | None) -> date | None:
    """The day of the oldest quote that is used; None where every pair is pinned."""
    if quotes is None:
        return None
    codes = {
        code
        for (source, target), how in wanted.items()
        if f"{source}/{target}" not in how.pins
        for code in (source, target)
    }
    days = [quotes.quotes[code].as_of for code in codes if code in quotes.quotes]
    return min(days, default=None)


def translated(
    store: Store, languages: Collection[str] | None, nearest: Callable[[str], str]
) -> tuple[Condition, ...]:
    """Whether the shop has texts in every language that it offers; None where nobody knows.

    `nearest` says which locale the shop has instead of one that it lacks.
    """
    if languages is None:
        return ()
    offered = (nearest(locale) for site in store.spec.websites for locale in site.locales)
    lacking = without_texts(offered, languages)
    if not lacking:
        known = TRANSLATED in store.status.conditions
        return (met(TRANSLATED, "TextsKnown"),) if known else ()
    return (unmet(TRANSLATED, "TextsMissing", languages=", ".join(lacking)),)


def without_texts(locales: Iterable[str], languages: Collection[str]) -> list[str]:
    """The languages among these locales that a shop has no texts in, as codes."""
    found = dict.fromkeys(locale.partition("_")[0] for locale in locales)
    return [language for language in found if language not in languages]
