"""The forms in which sources write exchange rates, read strictly: `rate_sources` hands bytes in.

Numbers become Decimal from their own digits. XML with a document type, which is where entities and
their explosions come from, is refused before anything is expanded.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Final
from xml.parsers import expat

from babel import Locale

from controller.commerce.rates import Answer

_CUBE: Final = "http://www.ecb.int/vocabulary/2002-08-01/eurofxref Cube"
_CODE: Final = re.compile(r"[A-Z]{3}")
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?(E[-+]?[0-9]{1,3})?", re.IGNORECASE)
_SMALLEST, _LARGEST = Decimal("1e-12"), Decimal("1e12")
_LONGEST_NUMBER: Final = 40
_MOST_RATES: Final = 1000


class MalformedError(Exception):
    """The answer cannot be used; the text says why."""


@cache
def known_currencies() -> frozenset[str]:
    """Every code that CLDR knows, those of the past too."""
    return frozenset(Locale("en").currencies)


def ecb(raw: bytes) -> Answer:
    """The European Central Bank's XML; its base is the euro."""
    seen = _Cubes()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = seen.start
    parser.StartDoctypeDeclHandler = seen.refuse
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise MalformedError("it is not XML") from error
    if len(seen.days) != 1:
        raise MalformedError(f"it holds {len(seen.days)} days")
    return _answer("EUR", _day(seen.days[0]), seen.rates)


class _Cubes:
    """What the elements of the ECB's answer say, as the parser meets them."""

    def __init__(self) -> None:
        self.days: list[str] = []
        self.rates: list[tuple[str, str]] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Take an element's attributes."""
        if name != _CUBE:
            return
        if "time" in attributes:
            self.days.append(attributes["time"])
        if "currency" in attributes or "rate" in attributes:
            if not self.days:
                raise MalformedError("a rate stands before its day")
            self.rates.append((attributes.get("currency", ""), attributes.get("rate", "")))

    def refuse(self, *_: object) -> None:
        """Refuse a document type."""
        raise MalformedError("it has a document type")


def frankfurter(raw: bytes) -> Answer:
    """Frankfurter's JSON: `{"amount": 1, "base": …, "date": …, "rates": {…}}`."""
    found = _json(raw)
    if found.get("amount", 1) != 1:
        raise MalformedError(f"it is for {str(found['amount'])[:_LONGEST_NUMBER]} units")
    return _answer(_base(found), _day(found.get("date")), _rates(found))


def openexchangerates(raw: bytes) -> Answer:
    """Open Exchange Rates' JSON: `{"timestamp": …, "base": "USD", "rates": {…}}`."""
    found = _json(raw)
    stamp = found.get("timestamp")
    if not isinstance(stamp, int) or not 0 < stamp < 1 << 33:
        raise MalformedError("its time cannot be read")
    return _answer(_base(found), datetime.fromtimestamp(stamp, UTC).date(), _rates(found))


def _json(raw: bytes) -> dict[str, Any]:
    """An object without repeated names, its numbers exact."""
    try:
        found = json.loads(
            raw, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_once
        )
    except (ValueError, RecursionError, InvalidOperation) as error:
        raise MalformedError("it is not JSON") from error
    if not isinstance(found, dict):
        raise MalformedError("it is not an object")
    # Some say with status 200 that they failed.
    if found.get("success") is False or found.get("error"):
        raise MalformedError(f"it says: {_complaint(found)}")
    return found


def _complaint(found: Mapping[str, Any]) -> str:
    said = found.get("error")
    words = said if isinstance(said, dict) else found
    told = words.get("type") or words.get("message") or words.get("info") or "no reason given"
    return str(told)[:200]


def _no_number(text: str) -> None:
    raise MalformedError(f"{text} is no rate")


def _once(items: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(items)
    if len(found) != len(items):
        raise MalformedError("a name is there twice")
    return found


def _base(found: Mapping[str, Any]) -> str:
    base = found.get("base")
    if not isinstance(base, str) or base not in known_currencies():
        raise MalformedError("its base is no currency")
    return base


def _rates(found: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    rates = found.get("rates")
    if not isinstance(rates, dict):
        raise MalformedError("it has no rates")
    return rates.items()


def _day(text: object) -> date:
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise MalformedError("its day cannot be read")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise MalformedError("its day cannot be read") from error


def _answer(base: str, as_of: date, found: Iterable[tuple[str, Any]]) -> Answer:
    rates: dict[str, Decimal] = {}
    ignored = []
    for count, (code, value) in enumerate(found):
        if count >= _MOST_RATES or not _CODE.fullmatch(code) or code in rates:
            raise MalformedError(f"“{code[:10]}” cannot stand there")
        rate = _number(code, value)
        if code == base and rate != 1:
            raise MalformedError(f"its base is not {base}")
        if code in known_currencies():
            rates[code] = rate
        else:
            ignored.append(code)
    rates.pop(base, None)
    if not rates:
        raise MalformedError("it has no rates")
    return Answer(provider="", base=base, as_of=as_of, rates=rates, ignored=tuple(ignored))


def _number(code: str, value: object) -> Decimal:
    """A rate from its digits; a number that JSON wrote is a Decimal or an int already."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise MalformedError(f"{code} has no number")
    text = str(value)
    if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        raise MalformedError(f"{code} is {text[:20]!r}")
    rate = Decimal(text)
    if not _SMALLEST <= rate <= _LARGEST:
        raise MalformedError(f"{code} is {text[:20]}")
    return rate
