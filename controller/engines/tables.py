"""A website's table rates in its shop, through the Bridge. `bridge` calls this."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from controller.domain.commerce import TableRate
from controller.engines.rest import RestClient, reading

_PATH = "/all/V1/storecontroller/table-rates"


class Tables:
    """The table rates of one shop."""

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest

    def write(self, website: str, condition: str, rows: Sequence[TableRate]) -> None:
        """Make the website's rows for a condition these, all or none."""
        shown = [
            {
                "country": row.country,
                "region": row.region,
                "postcode": row.postcode,
                "from": str(row.above),
                "price": str(row.price),
            }
            for row in rows
        ]
        self._rest.write("PUT", _PATH, {"website": website, "condition": condition, "rows": shown})

    def read(self, website: str, condition: str) -> list[TableRate]:
        """The rows, in the order of a specification's."""
        found = self._rest.write("GET", f"{_PATH}/{website}/{condition}", None)
        with reading("table-rates"):
            rows = [_row(row) for row in found]
        return sorted(rows, key=lambda row: (row.country, row.region, row.postcode, row.above))


def _row(found: dict[str, Any]) -> TableRate:
    return TableRate(
        country=str(found["country"]),
        region=str(found["region"]),
        postcode=str(found["postcode"]),
        above=Decimal(str(found["from"])),
        price=Decimal(str(found["price"])),
    )
