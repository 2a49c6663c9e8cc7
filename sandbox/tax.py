"""Taxes: classes, rates and rules, and what they make of an amount; `carts` and pages ask.

The arithmetic is that of the REST contract's servers: of each rule the rate that fits the place
most closely counts, and rules of one priority add up to one levy. The next priority's levy is taken
on top of it, or on the price alone; each levy is rounded and shown by itself.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

from sandbox import money, places

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

    from sandbox.config import Settings
    from sandbox.places import Place
    from sandbox.topology import View

ZERO = Decimal(0)
HUNDRED = Decimal(100)
PER_UNIT, PER_ROW = "UNIT_BASE_CALCULATION", "ROW_BASE_CALCULATION"


@dataclass(frozen=True, kw_only=True)
class Levy:
    """What the rules of one priority add to an amount, by the codes of their rates."""

    rates: tuple[tuple[str, Decimal], ...]
    percent: Decimal
    """Of the price alone: more than the rates' sum where it is due on other levies too."""


Parts = Mapping[Levy, Decimal]
"""A tax by what it is made of."""


def joined(one: Parts, other: Parts) -> Parts:
    """Return the sums of both, those of the first one first."""
    return {levy: one.get(levy, ZERO) + other.get(levy, ZERO) for levy in (*one, *other)}


@dataclass(frozen=True, kw_only=True)
class Taxed:
    """An amount without and with its tax."""

    net: Decimal
    tax: Decimal
    parts: Parts = field(default_factory=dict, compare=False)

    @property
    def gross(self) -> Decimal:
        """Return the amount with tax."""
        return self.net + self.tax

    def __add__(self, other: Taxed) -> Taxed:
        """Return the sum of both."""
        parts = joined(self.parts, other.parts)
        return Taxed(net=self.net + other.net, tax=self.tax + other.tax, parts=parts)

    def times(self, qty: int) -> Taxed:
        """Return so many of it."""
        parts = {levy: tax * qty for levy, tax in self.parts.items()}
        return Taxed(net=self.net * qty, tax=self.tax * qty, parts=parts)


NOTHING = Taxed(net=ZERO, tax=ZERO)


@dataclass(frozen=True, kw_only=True)
class Percent:
    """What is added to an amount: for the shopper's place, and in the prices as they are kept."""

    levies: tuple[Levy, ...] = ()
    kept: Decimal = ZERO
    """The tax that a price kept with tax contains: the one of the shop's own place."""
    included: bool = False

    @property
    def here(self) -> Decimal:
        """Return what all levies together are."""
        return total(self.levies)


def total(levies: Iterable[Levy]) -> Decimal:
    """Return the percent of all levies together."""
    return sum((levy.percent for levy in levies), ZERO)


class Taxes:
    """The taxes of one place, over one reading of the settings."""

    def __init__(
        self, db: sqlite3.Connection, settings: Settings, view: View, place: Place
    ) -> None:
        self._db = db
        self._settings = settings
        self._view = view
        self._origin = places.origin(settings, view)
        on_origin = settings.at(view, "tax/calculation/based_on") == "origin"
        place = place if place.country else places.usual(settings, view)
        self._place = self._origin if on_origin else place
        self.algorithm = settings.at(view, "tax/calculation/algorithm")

    @cached_property
    def _rules(self) -> list[sqlite3.Row]:
        return self._db.execute("SELECT * FROM tax_rule ORDER BY priority, id").fetchall()

    @cached_property
    def _rates(self) -> list[sqlite3.Row]:
        return self._db.execute("SELECT * FROM tax_rate").fetchall() if self._rules else []

    def product(self, tax_class: int) -> Percent:
        """Return what is added to the price of a product of this class."""
        return self._percent(tax_class, "tax/calculation/price_includes_tax")

    def shipping(self) -> Percent:
        """Return what is added to the price of sending."""
        tax_class = self._settings.at(self._view, "tax/classes/shipping_tax_class")
        number = int(tax_class) if tax_class.isdecimal() and len(tax_class) < 10 else 0
        return self._percent(number, "tax/calculation/shipping_includes_tax")

    def _percent(self, tax_class: int, includes: str) -> Percent:
        here = self._at(self._place, tax_class)
        if not self._settings.flag(self._view, includes):
            return Percent(levies=here)
        across = self._settings.flag(self._view, "tax/calculation/cross_border_trade_enabled")
        kept = here if across else self._at(self._origin, tax_class)
        return Percent(levies=here, kept=total(kept), included=True)

    def _at(self, place: Place, tax_class: int) -> tuple[Levy, ...]:
        """Return the levies of a place, one for each priority that has any."""
        buyer = self._settings.value("tax/classes/default_customer_tax_class")
        found: list[Levy] = []
        for _, group in groupby(self._rules, key=lambda rule: rule["priority"]):
            due = [
                (rule, rate)
                for rule in group
                if tax_class in json.loads(rule["product_classes"])
                and int(buyer or 0) in json.loads(rule["customer_classes"])
                and (rate := self._rate(rule, place)) is not None
            ]
            if not due:
                continue
            rates = tuple((str(rate["code"]), Decimal(rate["rate"])) for _, rate in due)
            added = sum((percent for _, percent in rates), ZERO)
            alone = due[-1][0]["calculate_subtotal"]
            on = HUNDRED if alone else HUNDRED + total(found)
            found.append(Levy(rates=rates, percent=on * added / HUNDRED))
        return tuple(found)

    def _rate(self, rule: sqlite3.Row, place: Place) -> sqlite3.Row | None:
        """Return the rule's rate that fits the place most closely."""
        wanted = json.loads(rule["rates"])
        fitting = [r for r in self._rates if r["id"] in wanted and fits(r, place)]
        return max(fitting, key=exactness, default=None)


def fits(rate: sqlite3.Row, place: Place) -> bool:
    """Tell whether a rate is about a place."""
    if rate["country"] != place.country or rate["region_id"] not in (0, place.region_id):
        return False
    if rate["zip_from"] is not None:
        number = place.postcode.partition("-")[0]
        return number.isdecimal() and rate["zip_from"] <= int(number[:18]) <= rate["zip_to"]
    wanted: str = rate["postcode"]
    return wanted in ("", "*") or fnmatch.fnmatchcase(place.postcode, wanted.replace("[", "[[]"))


def exactness(rate: sqlite3.Row) -> tuple[int, bool, str, Decimal]:
    """Return how closely a rate that fits does so."""
    narrow = rate["postcode"] not in ("", "*")
    return (rate["region_id"], narrow, rate["postcode"], Decimal(rate["rate"]))


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """One row of a cart in one currency: one piece, and all of them."""

    unit: Taxed
    row: Taxed


_Key = TypeVar("_Key", bound=Levy | Decimal)


class Till:
    """Adds taxes in one currency, and carries what rounding leaves from row to row."""

    def __init__(self, currency: str, algorithm: str) -> None:
        self._currency = currency
        self._algorithm = algorithm
        self._left: dict[Levy | Decimal, Decimal] = {}
        self._left_of_parts: dict[Levy, Decimal] = {}

    def add(self, price: Decimal, qty: int, percent: Percent) -> Amounts:
        """Return what so many pieces at this price, as it is kept, come to."""
        unit = self.one(price, percent)
        if self._algorithm == PER_UNIT:
            row = unit.times(qty)
            split = self._split(row.gross, row.tax, percent) if percent.included else row
            return Amounts(unit=unit, row=split)
        if percent.included:
            gross = unit.gross * qty
            tax = self._round(contained(gross, percent.here), percent.here)
            return Amounts(unit=unit, row=self._split(gross, tax, percent))
        net = price * qty
        return Amounts(unit=unit, row=_added(net, percent, self._round))

    def one(self, price: Decimal, percent: Percent) -> Taxed:
        """Return one price, as it is kept, without and with its tax."""
        if not percent.included:
            return _added(price, percent, lambda tax, _: money.rounded(tax, self._currency))
        gross = price
        if percent.kept != percent.here:
            net = price / (1 + percent.kept / HUNDRED)
            gross = money.rounded(net * (1 + percent.here / HUNDRED), self._currency)
        tax = money.rounded(contained(gross, percent.here), self._currency)
        return self._split(gross, tax, percent, carried=False)

    def _round(self, tax: Decimal, key: Levy | Decimal) -> Decimal:
        if self._algorithm == PER_ROW:
            return money.rounded(tax, self._currency)
        return self._carried(tax, key, self._left)

    def _carried(self, tax: Decimal, key: _Key, left: dict[_Key, Decimal]) -> Decimal:
        exact = tax + left.get(key, ZERO)
        done = money.rounded(exact, self._currency)
        left[key] = exact - done
        return done

    def _split(
        self, gross: Decimal, tax: Decimal, percent: Percent, *, carried: bool = True
    ) -> Taxed:
        """Return an amount whose tax is contained: each levy has its share, none has too much."""
        parts: dict[Levy, Decimal] = {}
        rest = tax
        for levy in percent.levies:
            share = tax * levy.percent / percent.here if percent.here else ZERO
            if carried:
                share = self._carried(share, levy, self._left_of_parts)
            else:
                share = money.rounded(share, self._currency)
            parts[levy] = min(share, rest)
            rest -= parts[levy]
        return Taxed(net=gross - tax, tax=tax, parts=parts)


def contained(gross: Decimal, percent: Decimal) -> Decimal:
    """Return the tax that an amount contains, not rounded."""
    return gross - gross / (1 + percent / HUNDRED)


def _added(net: Decimal, percent: Percent, rounding: Callable[[Decimal, Levy], Decimal]) -> Taxed:
    """Return an amount to which each levy is added, rounded by itself."""
    parts = {levy: rounding(net * levy.percent / HUNDRED, levy) for levy in percent.levies}
    return Taxed(net=net, tax=sum(parts.values(), ZERO), parts=parts)
