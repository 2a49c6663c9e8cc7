"""Taxes: classes, rates and rules, and what they make of an amount; `carts` and pages ask.

The arithmetic is that of the REST contract's servers: of each rule the rate that fits the place
most closely counts, rules of one priority add up, and those of the next are taken on top.
"""

from __future__ import annotations

import fnmatch
import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from sandbox import money, places

if TYPE_CHECKING:
    import sqlite3

    from sandbox.config import Settings
    from sandbox.places import Place
    from sandbox.topology import View

ZERO = Decimal(0)
HUNDRED = Decimal(100)
PER_UNIT, PER_ROW = "UNIT_BASE_CALCULATION", "ROW_BASE_CALCULATION"


@dataclass(frozen=True, kw_only=True)
class Taxed:
    """An amount without and with its tax."""

    net: Decimal
    tax: Decimal

    @property
    def gross(self) -> Decimal:
        """Return the amount with tax."""
        return self.net + self.tax

    def __add__(self, other: Taxed) -> Taxed:
        """Return the sum of both."""
        return Taxed(net=self.net + other.net, tax=self.tax + other.tax)


NOTHING = Taxed(net=ZERO, tax=ZERO)


@dataclass(frozen=True, kw_only=True)
class Percent:
    """What is added to an amount: for the shopper's place, and in the prices as they are kept."""

    here: Decimal = ZERO
    kept: Decimal = ZERO
    """The tax that a price kept with tax contains: the one of the shop's own place."""
    included: bool = False


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
            return Percent(here=here)
        across = self._settings.flag(self._view, "tax/calculation/cross_border_trade_enabled")
        return Percent(
            here=here, kept=here if across else self._at(self._origin, tax_class), included=True
        )

    def _at(self, place: Place, tax_class: int) -> Decimal:
        """Return the percent of all rules together at a place."""
        buyer = self._settings.value("tax/classes/default_customer_tax_class")
        total = ZERO
        for _, group in groupby(self._rules, key=lambda rule: rule["priority"]):
            rules = [
                rule
                for rule in group
                if tax_class in json.loads(rule["product_classes"])
                and int(buyer or 0) in json.loads(rule["customer_classes"])
            ]
            added = sum((self._rate(rule, place) for rule in rules), ZERO)
            alone = any(rule["calculate_subtotal"] for rule in rules)
            total += added if alone else (HUNDRED + total) * added / HUNDRED
        return total

    def _rate(self, rule: sqlite3.Row, place: Place) -> Decimal:
        """Return the rule's rate that fits the place most closely."""
        wanted = json.loads(rule["rates"])
        fitting = [r for r in self._rates if r["id"] in wanted and fits(r, place)]
        best = max(fitting, key=exactness, default=None)
        return ZERO if best is None else Decimal(best["rate"])


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


class Till:
    """Adds taxes in one currency, and carries what rounding leaves from row to row."""

    def __init__(self, currency: str, algorithm: str) -> None:
        self._currency = currency
        self._algorithm = algorithm
        self._left: dict[Decimal, Decimal] = {}

    def add(self, price: Decimal, qty: int, percent: Percent) -> Amounts:
        """Return what so many pieces at this price, as it is kept, come to."""
        unit = self.one(price, percent)
        if self._algorithm == PER_UNIT:
            return Amounts(unit=unit, row=Taxed(net=unit.net * qty, tax=unit.tax * qty))
        if percent.included:
            gross = unit.gross * qty
            tax = self._round(gross - gross / (1 + percent.here / HUNDRED), percent.here)
            return Amounts(unit=unit, row=Taxed(net=gross - tax, tax=tax))
        tax = self._round(price * qty * percent.here / HUNDRED, percent.here)
        return Amounts(unit=unit, row=Taxed(net=price * qty, tax=tax))

    def one(self, price: Decimal, percent: Percent) -> Taxed:
        """Return one price, as it is kept, without and with its tax."""
        if not percent.included:
            tax = money.rounded(price * percent.here / HUNDRED, self._currency)
            return Taxed(net=price, tax=tax)
        gross = price
        if percent.kept != percent.here:
            net = price / (1 + percent.kept / HUNDRED)
            gross = money.rounded(net * (1 + percent.here / HUNDRED), self._currency)
        tax = money.rounded(gross - gross / (1 + percent.here / HUNDRED), self._currency)
        return Taxed(net=gross - tax, tax=tax)

    def _round(self, tax: Decimal, percent: Decimal) -> Decimal:
        if self._algorithm == PER_ROW:
            return money.rounded(tax, self._currency)
        exact = tax + self._left.get(percent, ZERO)
        done = money.rounded(exact, self._currency)
        self._left[percent] = exact - done
        return done
