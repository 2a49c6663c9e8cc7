"""Effective settings: stored values over scopes, website over default and store view over both.

`Settings` is one consistent reading of the whole configuration; a request takes it once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox import money
from sandbox.structure import FIELDS

if TYPE_CHECKING:
    import sqlite3

    from sandbox.topology import View

Key = tuple[str, int, str]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All stored settings at one moment, by (scope, id, path), and the currency rates."""

    stored: dict[Key, str]
    rates: dict[tuple[str, str], Decimal]
    locked: dict[str, str] = field(default_factory=dict)
    """What the release sets, by path: it is in force everywhere, whatever is stored."""

    def value(self, path: str, website_id: int = 0, store_id: int = 0) -> str:
        """Return the effective value, empty when nothing is set anywhere."""
        if path in self.locked:
            return self.locked[path]
        for key in (("stores", store_id, path), ("websites", website_id, path)):
            if key[1] and key in self.stored:
                return self.stored[key]
        default = self.stored.get(("default", 0, path))
        return default if default is not None else FIELDS[path].default or ""

    def at(self, view: View, path: str) -> str:
        """Return the value that is in force for a store view."""
        return self.value(path, view.website_id, view.id)

    def flag(self, view: View, path: str) -> bool:
        """Tell whether a yes/no setting is yes for a store view."""
        return self.at(view, path) == "1"

    def number(self, view: View, path: str) -> Decimal | None:
        """Return a number setting, None when it is not set."""
        return money.decimal(self.at(view, path))

    def base_currency(self, website_id: int) -> str:
        """Return what a website's prices are kept in; its own only when prices are per website."""
        own = website_id if self.value("catalog/price/scope") == "1" else 0
        return self.value("currency/options/base", own)

    def allowed_currencies(self, view: View) -> list[str]:
        """Return the currencies that the view is configured to show, convertible or not."""
        return [code for code in self.at(view, "currency/options/allow").split(",") if code]

    def rate(self, base: str, currency: str) -> Decimal | None:
        """Return what one unit of base is worth, None when nobody said."""
        return Decimal(1) if base == currency else self.rates.get((base, currency))

    def currencies(self, view: View) -> list[str]:
        """Return the currencies that a shopper of this view can really be shown."""
        base = self.base_currency(view.website_id)
        allowed = [c for c in self.allowed_currencies(view) if self.rate(base, c) is not None]
        return allowed or [base]

    def display_currency(self, view: View) -> str:
        """Return the view's default currency, or the base currency when it has no rate."""
        default = self.at(view, "currency/options/default")
        base = self.base_currency(view.website_id)
        return default if self.rate(base, default) is not None else base


def load(db: sqlite3.Connection) -> Settings:
    """Read the configuration as it is now."""
    stored = {
        (row["scope"], row["scope_id"], row["path"]): row["value"]
        for row in db.execute("SELECT scope, scope_id, path, value FROM config")
    }
    rates = {
        (row["currency_from"], row["currency_to"]): Decimal(row["rate"])
        for row in db.execute("SELECT currency_from, currency_to, rate FROM rate")
    }
    locked = {row["path"]: row["value"] for row in db.execute("SELECT path, value FROM locked")}
    return Settings(stored=stored, rates=rates, locked=locked)
