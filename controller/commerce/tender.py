"""Which currencies are money today: the history that CLDR tells, and what it does not know yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Final

from babel.core import get_global

# Decided after the CLDR release that Babel ships: from when on which currency stands in its place.
_REPLACED: Final = {"BGN": (date(2026, 1, 1), "EUR")}


@dataclass(frozen=True)
class Withdrawn:
    """What became of a currency."""

    since: date
    by: str
    """The currency that took its place."""


def today() -> date:
    """The day by which a currency is judged."""
    return datetime.now(UTC).date()


def in_force(code: str, on: date | None = None) -> bool:
    """Whether a currency is money of some country on a day."""
    return code in _histories()[0] and withdrawn(code, on) is None


def withdrawn(code: str, on: date | None = None) -> Withdrawn | None:
    """Since when a currency is no money any more; None while it is, and for what never was."""
    day = on or today()
    replaced = _REPLACED.get(code)
    if replaced is not None and replaced[0] <= day:
        return Withdrawn(*replaced)
    ended = _histories()[1].get(code)
    if ended is None or ended[0] >= day:
        return None
    return Withdrawn(ended[0], current(ended[1], day))


def current(country: str, on: date | None = None) -> str:
    """The currency of a country on a day.

    Where a neighbour's money is legal tender too, the country's own starts with its code.
    """
    day = on or today()
    tender = [
        code
        for code, start, end, legal in _history().get(country, ())
        if legal and _day(start, date.min) <= day <= _day(end, date.max)
    ]
    found = next((code for code in tender if code.startswith(country)), tender[0])
    replaced = _REPLACED.get(found)
    return replaced[1] if replaced is not None and replaced[0] <= day else found


@cache
def _histories() -> tuple[frozenset[str], dict[str, tuple[date, str]]]:
    """The currencies that some country has, and of all others when and where they ended last."""
    living: set[str] = set()
    ended: dict[str, tuple[date, str]] = {}
    for country, rows in _history().items():
        legal = [(code, end) for code, _, end, legal in rows if legal]
        living |= {code for code, end in legal if end is None}
        # Of a country that is no more nobody can say what stands in its currency's place.
        if any(end is None for _, end in legal):
            for code, end in legal:
                ended[code] = max(ended.get(code, (date.min, "")), (_day(end, date.max), country))
    return frozenset(living), {code: last for code, last in ended.items() if code not in living}


def _history() -> Mapping[str, Any]:
    """Each country's currencies: code, first and last day, whether it is legal tender."""
    return get_global("territory_currencies")


def _day(said: tuple[int, ...] | None, otherwise: date) -> date:
    return otherwise if said is None else date(*said)
