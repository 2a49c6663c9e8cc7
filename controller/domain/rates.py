"""Exchange rates: one set of quotes for the whole fleet, and what one store makes of it.

The engines' adapters call `rates_for` when they configure a shop, `jobs.rate_sync` when a
new set goes to every shop. Amounts are Decimal throughout: a float is never in between.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum

from controller.domain.commerce import Currencies
from controller.domain.notes import Note
from controller.domain.store import StoreSpec

PLACES = Decimal("1e-12")
"""To what a rate is rounded: as many places as a shop's table of rates keeps."""

_LARGEST = Decimal(10) ** 12
_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)
_WHOLE = 10_000
"""Basis points in one."""


class PushState(StrEnum):
    """How one store stands to the newest set of quotes."""

    PENDING = "pending"
    """It is sent soon, or as soon as there is a first set."""
    SENT = "sent"
    FAILED = "failed"
    """The last attempt failed; it is tried again unless nothing says when."""
    HELD = "held"
    """The shop does not run; it is sent when it does."""
    UNNEEDED = "unneeded"
    """The store offers one currency."""


@dataclass(frozen=True, kw_only=True)
class Quote:
    """How much of a currency one unit of the set's base buys."""

    rate: Decimal
    as_of: date
    """The day for which the source gave it."""
    held: Decimal | None = None
    """A newer quote that moved too far: it waits for approval while `rate` is kept."""


@dataclass(frozen=True, kw_only=True)
class QuoteSet:
    """The quotes that are in force; a larger `id` is newer."""

    id: int
    provider: str
    base: str
    as_of: date
    fetched_at: datetime
    quotes: Mapping[str, Quote]

    def price(self, currency: str) -> Decimal | None:
        """How much of a currency one unit of the base buys; None when nobody says."""
        if currency == self.base:
            return Decimal(1)
        found = self.quotes.get(currency)
        return found.rate if found else None

    @property
    def held(self) -> dict[str, Quote]:
        """The quotes that wait for approval."""
        return {code: quote for code, quote in self.quotes.items() if quote.held is not None}


@dataclass(frozen=True, kw_only=True)
class Rate:
    """One unit of `source` is `rate` units of `target`."""

    source: str
    target: str
    rate: Decimal


@dataclass(frozen=True, kw_only=True)
class SourceState:
    """How asking a source went."""

    name: str
    checked_at: datetime | None
    succeeded_at: datetime | None
    failures: int
    """In a row."""
    error: Note | None
    """An error's code with its parameters."""


@dataclass(frozen=True, kw_only=True)
class Push:
    """What was sent to one store, and how it ended."""

    store: str
    state: PushState
    set_id: int
    """The set that was handled last."""
    sent_set_id: int
    """The set that the shop has; 0 for none."""
    attempts: int
    """Failures in a row."""
    error: Note | None
    """An error's code with its parameters."""
    due_in: float | None
    """Seconds until it is tried again."""
    sent_at: datetime | None


def believed(quotes: QuoteSet | None, today: date, days: int) -> QuoteSet | None:
    """The quotes without those older than so many days: an old price is worse than none."""
    if quotes is None:
        return None
    known = {code: one for code, one in quotes.quotes.items() if (today - one.as_of).days <= days}
    return quotes if len(known) == len(quotes.quotes) else replace(quotes, quotes=known)


def cross(quotes: QuoteSet, source: str, target: str, *, markup_bps: int = 0) -> Decimal | None:
    """One unit of `source` in `target`, divided once and rounded once; None when nobody says."""
    base, quote = quotes.price(source), quotes.price(target)
    if base is None or quote is None:
        return None
    # Multiplied before it is divided, so that only one rounding happens.
    dividend = _WIDE.multiply(quote, Decimal(_WHOLE + markup_bps))
    return rounded(_WIDE.divide(dividend, _WIDE.multiply(base, Decimal(_WHOLE))))


def rounded(rate: Decimal) -> Decimal | None:
    """A rate as shops keep it; None where nothing or too much would be left of it."""
    if not rate.is_finite() or not 0 < rate < _LARGEST:
        return None
    return _WIDE.quantize(rate, PLACES) or None


def bases_and_allowed(spec: StoreSpec) -> list[Currencies]:
    """The currencies of each website of a store, the main one first."""
    return [site.commerce.currencies for site in spec.websites]


def pairs(spec: StoreSpec) -> dict[tuple[str, str], Currencies]:
    """Every pair that the store needs, with the website that says how it is made.

    A shop has one rate for a pair. Where two websites share their base, the earlier one's markup
    and pins decide.
    """
    wanted: dict[tuple[str, str], Currencies] = {}
    for currencies in bases_and_allowed(spec):
        for target in (currencies.default, *currencies.allowed):
            if target != currencies.base:
                wanted.setdefault((currencies.base, target), currencies)
    return wanted


def rates_for(spec: StoreSpec, quotes: QuoteSet | None) -> list[Rate]:
    """The rates that a store's shop is to have, in the order of pairs; unknown ones are left out.

    A pinned pair is taken as it is, without markup. Without quotes only pinned pairs are known.
    """
    found = []
    for (source, target), currencies in sorted(pairs(spec).items(), key=lambda item: item[0]):
        pinned = currencies.pins.get(f"{source}/{target}")
        if pinned is not None:
            rate = rounded(pinned)
        elif quotes is not None:
            rate = cross(quotes, source, target, markup_bps=currencies.markup_bps)
        else:
            rate = None
        if rate is not None:
            found.append(Rate(source=source, target=target, rate=rate))
    return found


def missing_rates(spec: StoreSpec, quotes: QuoteSet | None) -> tuple[str, ...]:
    """The pairs, such as `EUR/BGN`, that a store needs and nobody says."""
    known = {(rate.source, rate.target) for rate in rates_for(spec, quotes)}
    return tuple(f"{source}/{target}" for source, target in sorted(pairs(spec).keys() - known))
