"""A store's tax rates in its shop, through Magento's own REST API. `bridge` calls this.

Ours are the rates of our tax rules, one for each priority: of a rule's rates the shop takes the one
that fits a place most closely, and adds up what several rules say. A rate or rule that a merchant
made in the shop is never touched.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from controller.domain import postcodes
from controller.domain.commerce import TAX_PRIORITIES, TaxRate, tax_order
from controller.engines.regions import Regions
from controller.engines.rest import RestClient, reading

RULE = "Store Controller"
"""The code of the tax rule of the lowest priority; those of others have a number behind it."""
Rules = Mapping[int, Mapping[str, Any]]
"""Our rules as the shop has them, by the priorities that they are for."""


class Taxes:
    """The tax rates of one shop."""

    def __init__(self, rest: RestClient, *, several: bool) -> None:
        self._rest = rest
        self._regions = Regions(rest)
        self._several = several
        """Whether there are, or were, taxes of more than the lowest priority."""

    def read(self) -> list[TaxRate]:
        """Our rates as the shop has them, in the order of a specification's."""
        rules = self._rules()
        found = {int(rate["id"]): rate for rate in self._ours(rules)}
        rates = [
            self._rate(found[number], rule)
            for rule in rules.values()
            for number in _numbers(rule)
            if number in found
        ]
        return sorted(rates, key=tax_order)

    def write(self, wanted: Sequence[TaxRate]) -> int:
        """Make our rates these; returns how many changed. Repeatable after any interruption."""
        rules = self._rules()
        present = {
            str(found["code"]): found for found in self._named([rate.name for rate in wanted])
        }
        ids: dict[int, list[int]] = {}
        changed = 0
        for rate in wanted:
            number, written = self._put(rate, present.get(rate.name))
            ids.setdefault(rate.priority, []).append(number)
            changed += written
        kept = {number for numbers in ids.values() for number in numbers}
        stale = [found["id"] for found in self._ours(rules) if int(found["id"]) not in kept]
        compound = {rate.priority: rate.compound for rate in wanted}
        for priority in sorted({*rules, *ids}):
            rule = rules.get(priority)
            # Without a lower priority there is nothing that a tax could be due on as well.
            alone = bool(priority) and not compound.get(priority)
            changed += self._join(priority, rule, ids.get(priority, []), alone=alone)
        for rate_id in stale:
            self._rest.write("DELETE", f"/all/V1/taxRates/{rate_id}", None)
        return changed + len(stale)

    def _put(self, rate: TaxRate, found: dict[str, Any] | None) -> tuple[int, bool]:
        """Write one rate where it differs; its number, and whether anything was written."""
        body = self._body(rate)
        if found is None:
            return int(self._write("POST", "/all/V1/taxRates", {"taxRate": body})["id"]), True
        same = replace(rate, priority=0, compound=False) == self._rate(found, {})
        if not same:
            self._write("PUT", "/all/V1/taxRates", {"taxRate": {"id": found["id"], **body}})
        return int(found["id"]), not same

    def _join(
        self, priority: int, rule: Mapping[str, Any] | None, ids: list[int], *, alone: bool
    ) -> int:
        """Make a rule's rates these, with a rule only while there are any."""
        if not ids:
            if rule is not None:
                self._rest.write("DELETE", f"/all/V1/taxRules/{rule['id']}", None)
            return int(rule is not None)
        if rule is not None and (
            sorted(_numbers(rule)) == sorted(ids)
            and int(rule["priority"]) == priority
            and bool(rule["calculate_subtotal"]) == alone
        ):
            return 0
        body = {
            "code": rule_code(priority),
            "priority": priority,
            "position": 0,
            "customer_tax_class_ids": self._classes("CUSTOMER"),
            "product_tax_class_ids": self._classes("PRODUCT"),
            "tax_rate_ids": ids,
            "calculate_subtotal": alone,
        }
        if rule is None:
            self._write("POST", "/all/V1/taxRules", {"rule": body})
        else:
            self._write("PUT", "/all/V1/taxRules", {"rule": {"id": rule["id"], **body}})
        return 1

    def _rules(self) -> Rules:
        """Our rules in the shop, by their codes: a merchant may have changed their priorities."""
        codes = {rule_code(priority): priority for priority in range(TAX_PRIORITIES)}
        found = self._search("taxRules", "code", [RULE])
        if self._several:
            found += self._search("taxRules", "code", [code for code in codes if code != RULE])
        by_priority = {codes[str(rule["code"])]: rule for rule in found}
        return dict(sorted(by_priority.items()))

    def _ours(self, rules: Rules) -> list[dict[str, Any]]:
        ids = dict.fromkeys(str(number) for rule in rules.values() for number in _numbers(rule))
        return self._search("taxRates", "id", list(ids)) if ids else []

    def _named(self, names: list[str]) -> list[dict[str, Any]]:
        return self._search("taxRates", "code", names) if names else []

    def _classes(self, kind: str) -> list[int]:
        found = self._search("taxClasses", "class_type", [kind])
        return [int(item["class_id"]) for item in found]

    def _search(self, what: str, name: str, values: list[str]) -> list[dict[str, Any]]:
        """Every object whose field has one of the values, as many at once as an address holds."""
        found: list[dict[str, Any]] = []
        filters = "searchCriteria[filterGroups][0][filters][0]"
        for some in _batches(values):
            query = urlencode(
                {
                    f"{filters}[field]": _FIELDS.get((what, name), name),
                    f"{filters}[value]": ",".join(some),
                    f"{filters}[conditionType]": "in" if len(some) > 1 else "eq",
                    "searchCriteria[pageSize]": 500,
                }
            )
            page = self._rest.call("GET", f"/all/V1/{what}/search?{query}")
            with reading(what):
                found += page["items"] or []
        return found

    def _write(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        found = self._rest.write(method, path, body)
        with reading(path):
            return dict(found)

    def _body(self, rate: TaxRate) -> dict[str, Any]:
        return {
            "tax_country_id": rate.country,
            # 0 is the whole country.
            "tax_region_id": 0
            if rate.region == "*"
            else int(self._regions.number(rate.country, rate.region)),
            **_postcode(rate),
            "rate": float(rate.percent),
            "code": rate.name,
        }

    def _rate(self, found: Mapping[str, Any], rule: Mapping[str, Any]) -> TaxRate:
        with reading("taxRates"):
            return TaxRate(
                country=str(found["tax_country_id"]),
                region=str(found.get("region_name") or "*"),
                postcode=_postcode_of(found),
                percent=round(Decimal(str(found["rate"])), 4),
                name=str(found["code"]),
                priority=int(rule.get("priority") or 0),
                compound=bool(rule.get("priority")) and not rule["calculate_subtotal"],
            )


def _postcode(rate: TaxRate) -> dict[str, Any]:
    ends = postcodes.range_of(rate.country, rate.postcode)
    if ends is None:
        return {"tax_postcode": rate.postcode}
    return {"zip_is_range": 1, "zip_from": ends[0], "zip_to": ends[1]}


def _postcode_of(found: Mapping[str, Any]) -> str:
    if found.get("zip_is_range"):
        return postcodes.written(int(found["zip_from"]), int(found["zip_to"]))
    return str(found.get("tax_postcode") or "*")


def rule_code(priority: int) -> str:
    """What our rule of a priority is called in the shop."""
    return f"{RULE} {priority + 1}" if priority else RULE


def _numbers(rule: Mapping[str, Any]) -> list[int]:
    return [int(number) for number in rule["tax_rate_ids"]]


def _batches(values: list[str]) -> Iterator[list[str]]:
    """A list is split at its commas, so that a value with one is asked for by itself."""
    plain = [value for value in values if "," not in value]
    yield from (plain[start : start + 50] for start in range(0, len(plain), 50))
    yield from ([value] for value in values if "," in value)


_FIELDS = {("taxRates", "id"): "tax_calculation_rate_id"}
"""Where a search wants the column's name."""
