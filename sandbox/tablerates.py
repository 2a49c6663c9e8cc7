"""Table rates: what sending costs by destination and weight, value or number of pieces.

A website has one table for each condition. The REST endpoint `storecontroller/table-rates` replaces
it as a whole; `offers` asks it for a price. `*` stands for everywhere, and for nothing given.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox import places
from sandbox.database import transaction
from sandbox.errors import InvalidError, NotFoundError, ShopError
from sandbox.places import ANYWHERE, Place
from sandbox.regions import COUNTRIES
from sandbox.structure import FIELDS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

LONGEST_POSTCODE = 10
NUMBER = re.compile(r"[0-9]{1,8}(\.[0-9]{1,4})?")
MOST_ROWS = 20_000


@dataclass(frozen=True, kw_only=True)
class Row:
    """One price: for orders of at least `least` that go to this place."""

    country: str
    region: str
    postcode: str
    least: Decimal
    price: Decimal

    @property
    def order(self) -> tuple[str, str, str, Decimal]:
        """Return its place in the table; no two rows share it."""
        return (self.country, self.region, self.postcode, self.least)

    def shown(self) -> dict[str, str]:
        """Return the row as the contract writes it."""
        return {
            "country": self.country,
            "region": self.region,
            "postcode": self.postcode,
            "from": format(self.least, "f"),
            "price": format(self.price, "f"),
        }

    def reaches(self, place: Place) -> bool:
        """Tell whether the row is about this place."""
        return (
            self.country in (ANYWHERE, place.country)
            and (self.region == ANYWHERE or self._region_id() == place.region_id)
            and self.postcode in (ANYWHERE, place.postcode, place.postcode.partition("-")[0])
        )

    def _region_id(self) -> int | None:
        known = places.find(self.country, self.region)
        return known.id if known else None

    @property
    def exactness(self) -> tuple[bool, bool, bool, Decimal]:
        """Return how closely it fits: place before amount, country before region and postcode."""
        exact = (one != ANYWHERE for one in (self.country, self.region, self.postcode))
        return (*exact, self.least)  # type: ignore[return-value]


def website_id(db: sqlite3.Connection, code: str) -> int:
    """Return a website's id; NotFoundError when there is none of this code."""
    row = db.execute("SELECT id FROM website WHERE code = ? AND id > 0", (code,)).fetchone()
    if row is None:
        raise NotFoundError(
            f"The website with code {code[:64]} that was requested wasn't found. "
            "Verify the website and try again."
        )
    return int(row["id"])


def check_condition(condition: str) -> None:
    """Refuse a condition that there is no table for."""
    known = FIELDS["carriers/tablerate/condition_name"].options
    if condition not in known:
        raise ShopError(f'Condition must be {", ".join(known)}, not "{condition[:64]}".')


def rows(db: sqlite3.Connection, website: int, condition: str) -> list[Row]:
    """Return a website's table in its order."""
    found = db.execute(
        "SELECT * FROM table_rate WHERE website_id = ? AND condition = ?", (website, condition)
    )
    table = [
        Row(
            country=one["country"],
            region=one["region"],
            postcode=one["postcode"],
            least=Decimal(one["least"]),
            price=Decimal(one["price"]),
        )
        for one in found
    ]
    return sorted(table, key=lambda row: row.order)


def replace(
    db: sqlite3.Connection, website: int, condition: str, wanted: Sequence[Row]
) -> dict[str, object]:
    """Make this the website's table, as a whole; the same table again changes nothing."""
    table = sorted(wanted, key=lambda row: row.order)
    with transaction(db):
        changed = rows(db, website, condition) != table
        if changed:
            db.execute(
                "DELETE FROM table_rate WHERE website_id = ? AND condition = ?",
                (website, condition),
            )
            db.executemany(
                "INSERT INTO table_rate VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (website, condition, *row.order[:3], str(row.least), str(row.price))
                    for row in table
                ],
            )
    return {"changed": changed, "count": len(table), "checksum": checksum(table)}


def checksum(table: Sequence[Row]) -> str:
    """Return one hash of a table, however its numbers are written."""
    plain = [
        [*row.order[:3], str(row.least.normalize()), str(row.price.normalize())] for row in table
    ]
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest()


def read(given: Sequence[dict[str, str]]) -> list[Row]:
    """Read a table as a caller gives it; InvalidError names every bad row."""
    table: list[Row] = []
    errors: list[dict[str, object]] = []
    seen: set[tuple[str, str, str, Decimal]] = set()
    if len(given) > MOST_ROWS:
        raise InvalidError(f"A table has {MOST_ROWS} rows at most.")
    for number, one in enumerate(given, start=1):
        try:
            row = read_row(one)
            if row.order in seen:
                raise ShopError("Given twice.")  # noqa: TRY301 - one refusal among others
            seen.add(row.order)
            table.append(row)
        except ShopError as error:
            about: dict[str, object] = {"row": number, "message": error.message}
            errors.append({"message": "Row %row: %message", "parameters": about})
    if errors:
        raise InvalidError(
            "%1 of %2 rows are invalid; nothing was applied.", [len(errors), len(given)], errors
        )
    return table


def read_row(given: dict[str, str]) -> Row:
    """Read one row; ShopError says what is wrong with it."""
    country = given.get("country") or ANYWHERE
    if country != ANYWHERE and country not in COUNTRIES:
        raise ShopError(f'Unknown country "{country[:16]}".')
    region = given.get("region") or ANYWHERE
    if region != ANYWHERE:
        known = places.find(country, region)
        if known is None or region != known.code:
            raise ShopError(f'Country "{country}" has no region "{region[:32]}".')
    postcode = given.get("postcode") or ANYWHERE
    if len(postcode) > LONGEST_POSTCODE:
        raise ShopError(f'Postcode "{postcode[:64]}" is longer than {LONGEST_POSTCODE} characters.')
    return Row(
        country=country,
        region=region,
        postcode=postcode,
        least=number(given, "from"),
        price=number(given, "price"),
    )


def number(given: dict[str, str], name: str) -> Decimal:
    """Return a number of a row, as a database column of its kind holds it."""
    text = given.get(name, "")
    if NUMBER.fullmatch(text) is None:
        raise ShopError(
            f'"{name}" must be a number of at least zero with eight digits before and four '
            f'after the point, not "{text[:64]}".'
        )
    return Decimal(text)


def price(
    db: sqlite3.Connection, website: int, condition: str, place: Place, amount: Decimal
) -> Decimal | None:
    """Return what sending this much to a place costs, None when no row is about it."""
    fitting = [
        row for row in rows(db, website, condition) if row.reaches(place) and row.least <= amount
    ]
    return max(fitting, key=lambda row: row.exactness).price if fitting else None
