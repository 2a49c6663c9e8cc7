"""What a store wants beside what its shop has, field by field. `bridge` compares with this."""

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from controller.domain.commerce import TableRate, TableRates, TaxRate
from controller.domain.documents import row_to_json, tax_rate_to_json
from controller.domain.store import MAIN_SITE, Site, site_and_field, site_to_json, spec_to_json
from controller.engines.base import ComparedField, ComparedSetting, Standing, path_of
from controller.engines.settings import Setting, Wanted, rules

_Row = TypeVar("_Row", TableRate, TaxRate)
_WORST = (
    Standing.MISSING,
    Standing.LOCKED,
    Standing.DRIFTED,
    Standing.DIFFERS,
    Standing.SAME,
)


_IMPLIED = {"url", "contact.email"}
"""Fields that have a value even when nobody said one."""


class Comparison:
    """The settings of a store with what its shop answered about each."""

    def __init__(
        self,
        wanted: Wanted,
        settings: Sequence[Setting],
        answers: Sequence[Mapping[str, Any]],
        drift: Collection[str],
    ) -> None:
        self._wanted = wanted
        self._drift = drift
        self._found: dict[str, list[ComparedSetting]] = {}
        self._actual: dict[tuple[str, str], dict[str, str | None]] = {}
        for item, answer in zip(settings, answers, strict=True):
            self._found.setdefault(item.field, []).append(self._compared(item, answer))
            values = self._actual.setdefault((item.scope, item.scope_code), {})
            values[item.path] = answer.get("value")

    def fields(self) -> list[ComparedField]:
        """Every field that has settings."""
        return [self._field(name, settings) for name, settings in self._found.items()]

    def table(self, name: str, table: TableRates, rows: Sequence[TableRate]) -> ComparedField:
        """The rows of table rates."""
        return _rows(f"{name}.rows", table.rows, rows, row_to_json)

    def taxes(self, wanted: Sequence[TaxRate], found: Sequence[TaxRate]) -> ComparedField:
        """The tax rates."""
        return _rows("taxRates", wanted, found, tax_rate_to_json)

    def _compared(self, item: Setting, answer: Mapping[str, Any]) -> ComparedSetting:
        desired = self._wanted.mark(item.value) if item.secret else item.value
        actual = answer.get("fingerprint" if item.secret else "value")
        actual = None if actual is None else str(actual)
        return ComparedSetting(
            key=item.key,
            desired=desired,
            actual=actual,
            standing=self._standing(item, answer, desired, actual),
            origin=str(answer.get("source") or "unknown"),
            secret=item.secret,
        )

    def _standing(
        self, item: Setting, answer: Mapping[str, Any], desired: str, actual: str | None
    ) -> Standing:
        if answer.get("status") != "ok":
            return Standing.MISSING
        if _equal(desired, actual):
            return Standing.SAME
        if answer.get("locked"):
            return Standing.LOCKED
        return Standing.DRIFTED if item.key in self._drift else Standing.DIFFERS

    def _field(self, name: str, settings: list[ComparedSetting]) -> ComparedField:
        standing = min((item.standing for item in settings), key=_WORST.index)
        desired = self._desired(name, settings)
        actual, readable = desired, True
        if standing is not Standing.SAME:
            actual, readable = self._read(name, settings)
        return ComparedField(
            field=name,
            desired=desired,
            actual=actual,
            readable=readable,
            standing=standing,
            origin=settings[0].origin,
            settings=tuple(settings),
            secret=settings[0].secret,
        )

    def _desired(self, name: str, settings: list[ComparedSetting]) -> Any:
        """The field in the API's JSON; what has no field of its own shows its setting."""
        site, plain = self._site(name)
        if site is None:
            return settings[0].desired
        main = site.code == MAIN_SITE
        found: Any = spec_to_json(self._wanted.store.spec) if main else site_to_json(site)
        for part in plain.split("."):
            if not isinstance(found, Mapping) or part not in found:
                return settings[0].desired
            found = found[part]
        return settings[0].desired if found is None and plain in _IMPLIED else found

    def _read(self, name: str, settings: list[ComparedSetting]) -> tuple[Any, bool]:
        """The field from what the shop has, and whether that is in the API's words.

        Of a field that cannot be said so, the settings that differ are shown.
        """
        site, plain = self._site(name)
        if site is not None:
            scope = ("default", "") if site.code == MAIN_SITE else ("websites", site.code)
            for rule in rules(site):
                if rule.field == plain and rule.read is not None:
                    with contextlib.suppress(LookupError, ValueError, ArithmeticError):
                        return rule.read(self._actual[scope]), True
        differing = [item for item in settings if item.standing is not Standing.SAME]
        shown = [f"{path_of(item.key)}={item.actual}" for item in differing]
        return (settings[0].actual if len(settings) == 1 else ", ".join(shown)), False

    def _site(self, name: str) -> tuple[Site | None, str]:
        """The website of a field, and the field's name within it."""
        code, plain = site_and_field(name)
        return next((site for site in self._wanted.sites if site.code == code), None), plain


def _rows(
    name: str,
    wanted: Sequence[_Row],
    found: Sequence[_Row],
    shown: Callable[[_Row], dict[str, str]],
) -> ComparedField:
    # Compared as numbers: a shop drops the zeros behind the point.
    same = list(wanted) == list(found)
    return ComparedField(
        field=name,
        desired=[shown(row) for row in wanted],
        actual=[shown(row) for row in found],
        standing=Standing.SAME if same else Standing.DIFFERS,
        origin="database",
        settings=(),
    )


def _equal(desired: str, actual: str | None) -> bool:
    """Whether two values mean the same: numbers lose their zeros in a shop."""
    if actual is None or desired == actual:
        return desired == (actual or "")
    try:
        return Decimal(desired) == Decimal(actual)
    except InvalidOperation:
        return False
