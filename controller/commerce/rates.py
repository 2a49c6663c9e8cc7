"""What becomes of a source's answer: a new set of quotes, the old one, or a word about why not.

`jobs.rate_sync` asks for a judgement after each fetch, the reconciler for what is believed.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from controller.commerce.rate_calendar import age
from controller.domain.errors.rates import RatesRefusedError, RatesStaleError
from controller.domain.rates import Quote, QuoteSet, believed

_MOMENT = 2.0
"""Seconds for which quotes that were read are not read again."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a source said, read strictly: how much of each currency one unit of `base` buys."""

    provider: str
    base: str
    as_of: date
    rates: Mapping[str, Decimal]
    ignored: tuple[str, ...] = ()
    """Codes that look like currencies and are none that anybody knows."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What is accepted."""

    max_age: int = 3
    """Business days that an answer may be behind."""
    max_move: Decimal = Decimal(10)
    """Percent that a quote may differ from the last one before somebody has to approve it."""


def judge(
    answer: Answer, newest: QuoteSet | None, now: datetime, policy: Policy
) -> dict[str, Quote] | None:
    """The quotes to put in force, or None when the answer says nothing new.

    A quote that moved too far is kept as it was, beside the one that waits for approval; the others
    go ahead. Raises RatesRefusedError for a day that cannot be and RatesStaleError for an old one.
    """
    if answer.as_of > now.date() + timedelta(days=1):
        raise RatesRefusedError(source=answer.provider, detail=f"it is of {answer.as_of}")
    if newest is not None and answer.as_of < newest.as_of:
        detail = f"it is of {answer.as_of}, we have {newest.as_of}"
        raise RatesRefusedError(source=answer.provider, detail=detail)
    behind = age(answer.as_of, now)
    if behind > policy.max_age:
        raise RatesStaleError(source=answer.provider, days=behind)
    quotes = {
        code: _judged(rate, answer, _last(newest, answer.base, code), policy.max_move)
        for code, rate in answer.rates.items()
        if code != answer.base
    }
    if newest is not None and newest.base == answer.base and newest.quotes == quotes:
        return None
    return quotes


class Quotes:
    """The quotes in force as far as they are believed; every look at a store asks.

    What was read is good for a moment: thousands of looks read it once.
    """

    def __init__(
        self,
        newest: Callable[[], QuoteSet | None],
        *,
        days: int,
        seconds: float = _MOMENT,
        passed: Callable[[], float] = time.monotonic,
    ) -> None:
        """`days` is how old a quote may be."""
        self._newest = newest
        self._days = days
        self._seconds = seconds
        self._passed = passed
        self._read: tuple[float, QuoteSet | None] | None = None

    def __call__(self) -> QuoteSet | None:
        """The newest set without what is too old."""
        now = self._passed()
        if self._read is None or now - self._read[0] >= self._seconds:
            self._read = now, self._newest()
        return believed(self._read[1], datetime.now(UTC).date(), self._days)


def moved(last: Decimal, rate: Decimal) -> Decimal:
    """By how many percent a quote differs from the last one."""
    return abs(rate / last - 1) * 100


def _last(newest: QuoteSet | None, base: str, code: str) -> Quote | None:
    """The last quote of a currency in terms of a base, whatever the base of its set."""
    if newest is None:
        return None
    if newest.base == base:
        return newest.quotes.get(code)
    price, unit = newest.price(code), newest.price(base)
    if price is None or unit is None:
        return None
    return Quote(rate=price / unit, as_of=newest.as_of)


def _judged(rate: Decimal, answer: Answer, last: Quote | None, limit: Decimal) -> Quote:
    if last is None or moved(last.rate, rate) <= limit:
        return Quote(rate=rate, as_of=answer.as_of)
    return Quote(rate=last.rate, as_of=last.as_of, held=rate)
