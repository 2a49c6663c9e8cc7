"""The business days of exchange rates: those of TARGET, on which central banks settle in euro.

`controller.commerce.rates` and the API ask how old a quote is. A rate of Friday is as fresh as can
be until Monday at four in the afternoon, Frankfurt's time; counted in plain days it would look old.
"""

from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

FRANKFURT: Final = ZoneInfo("Europe/Berlin")
PUBLISHED: Final = time(16)
"""About when the European Central Bank's rates of a day are out."""

_DAY: Final = timedelta(days=1)


def business_day(day: date) -> bool:
    """Whether TARGET is open."""
    return day.weekday() < 5 and day not in _holidays(day.year)


@cache
def _holidays(year: int) -> frozenset[date]:
    easter = _easter(year)
    fixed = {date(year, 1, 1), date(year, 5, 1), date(year, 12, 25), date(year, 12, 26)}
    return frozenset(fixed | {easter - 2 * _DAY, easter + _DAY})


def _easter(year: int) -> date:
    """Easter Sunday by the Gregorian computus, as the almanacs' anonymous algorithm has it."""
    golden = year % 19
    century, rest = divmod(year, 100)
    leap, part = divmod(century, 4)
    moon = (19 * golden + century - leap - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * part + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * late + 114, 31)
    return date(year, month, day + 1)


def newest_expected(now: datetime) -> date:
    """The day of the newest rates that can be out."""
    here = now.astimezone(FRANKFURT)
    day = here.date() if here.time() >= PUBLISHED else here.date() - _DAY
    while not business_day(day):
        day -= _DAY
    return day


def age(as_of: date, now: datetime) -> int:
    """How many business days a quote is behind; 0 for one that is as fresh as can be."""
    expected = newest_expected(now)
    days = (as_of + _DAY * step for step in range(1, (expected - as_of).days + 1))
    return sum(business_day(day) for day in days)
