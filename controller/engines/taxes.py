"""A store's tax rates in its shop, through Magento's own REST API. `bridge` calls this.

Ours are the rates of one tax rule; a rate that a merchant made in the shop is never touched.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from controller.domain.commerce import TaxRate
from controller.engines.regions import Regions
from controller.engines.rest import RestClient, reading

RULE = "Store Controller"
"""The code of the tax rule that holds our rates."""


class Taxes:
    """The tax rates of one shop."""

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest
        self._regions = Regions(rest)

    def read(self) -> list[TaxRate]:
        """Our rates as the shop has them, in the order of a specification's."""
        rates = [self._rate(found) for found in self._ours(self._rule())]
        return sorted(rates, key=lambda rate: (rate.country, rate.region, rate.postcode))

    def write(self, wanted: Sequence[TaxRate]) -> int:
        """Make our rates these; returns how many changed. Repeatable after any interruption."""
        rule = self._rule()
        present = {
            str(found["code"]): found for found in self._named([rate.name for rate in wanted])
        }
        ids, changed = [], 0
        for rate in wanted:
            body = self._body(rate)
            found = present.get(rate.name)
            if found is None:
                ids.append(int(self._write("POST", "/all/V1/taxRates", {"taxRate": body})["id"]))
                changed += 1
                continue
            ids.append(int(found["id"]))
            if self._rate(found) != rate:
                self._write("PUT", "/all/V1/taxRates", {"taxRate": {"id": found["id"], **body}})
                changed += 1
        stale = [found["id"] for found in self._ours(rule) if int(found["id"]) not in ids]
        changed += self._join(rule, ids)
        for rate_id in stale:
            self._rest.write("DELETE", f"/all/V1/taxRates/{rate_id}", None)
        return changed + len(stale)

    def _join(self, rule: dict[str, Any] | None, ids: list[int]) -> int:
        """Make the rule's rates these, with a rule only while there are any."""
        if not ids:
            if rule is not None:
                self._rest.write("DELETE", f"/all/V1/taxRules/{rule['id']}", None)
            return int(rule is not None)
        if rule is not None and sorted(rule["tax_rate_ids"]) == sorted(ids):
            return 0
        body = {
            "code": RULE,
            "priority": 0,
            "position": 0,
            "customer_tax_class_ids": self._classes("CUSTOMER"),
            "product_tax_class_ids": self._classes("PRODUCT"),
            "tax_rate_ids": ids,
            "calculate_subtotal": False,
        }
        if rule is None:
            self._write("POST", "/all/V1/taxRules", {"rule": body})
        else:
            self._write("PUT", "/all/V1/taxRules", {"rule": {"id": rule["id"], **body}})
        return 1

    def _rule(self) -> dict[str, Any] | None:
        found = self._search("taxRules", "code", [RULE])
        return found[0] if found else None

    def _ours(self, rule: dict[str, Any] | None) -> list[dict[str, Any]]:
        ids = [str(number) for number in rule["tax_rate_ids"]] if rule else []
        return self._search("taxRates", "id", ids) if ids else []

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
            "tax_postcode": rate.postcode,
            "rate": float(rate.percent),
            "code": rate.name,
        }

    def _rate(self, found: dict[str, Any]) -> TaxRate:
        with reading("taxRates"):
            return TaxRate(
                country=str(found["tax_country_id"]),
                region=str(found.get("region_name") or "*"),
                postcode=str(found.get("tax_postcode") or "*"),
                percent=round(Decimal(str(found["rate"])), 4),
                name=str(found["code"]),
            )


def _batches(values: list[str]) -> Iterator[list[str]]:
    """A list is split at its commas, so that a value with one is asked for by itself."""
    plain = [value for value in values if "," not in value]
    yield from (plain[start : start + 50] for start in range(0, len(plain), 50))
    yield from ([value] for value in values if "," in value)


_FIELDS = {("taxRates", "id"): "tax_calculation_rate_id"}
"""Where a search wants the column's name."""
