"""Handlers of /V1/taxRates…, /V1/taxRules… and /V1/taxClasses…."""

from __future__ import annotations

import json
import sqlite3
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from sandbox import places
from sandbox.database import transaction
from sandbox.errors import NotFoundError, ShopError, required, wrong_type
from sandbox.regions import COUNTRIES
from sandbox.rest import search
from sandbox.rest.call import (
    find_bool,
    find_decimal,
    find_int,
    find_text,
    get_int,
    get_object,
    get_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.rest.call import Call

RATE_COLUMNS = {"id": "id", "tax_calculation_rate_id": "id", "code": "code",
                "tax_country_id": "country", "country_id": "country",
                "tax_region_id": "region_id", "region_id": "region_id", "tax_postcode": "postcode",
                "rate": "rate"}  # fmt: skip
RULE_COLUMNS = {"id": "id", "tax_calculation_rule_id": "id", "code": "code",
                "priority": "priority", "position": "position"}  # fmt: skip
CLASS_COLUMNS = {"class_id": "id", "class_name": "name", "class_type": "kind"}
KINDS = ("CUSTOMER", "PRODUCT")


def no_entity(field: str, value: object) -> NotFoundError:
    """Return the refusal of a number that names nothing."""
    return NotFoundError(
        "No such entity with %fieldName = %fieldValue", {"fieldName": field, "fieldValue": value}
    )


def listing(
    call: Call,
    table: str,
    columns: Mapping[str, str],
    shown: Callable[[sqlite3.Row], dict[str, object]],
) -> object:
    """Return the rows that match the search criteria."""
    criteria = search.read(call.query)
    where, values = criteria.sql(columns)
    db = call.shop.db
    total = db.execute(f"SELECT COUNT(*) FROM {table} WHERE {where}", values)  # noqa: S608
    count = total.fetchone()[0]
    rows = db.execute(
        f"SELECT * FROM {table} WHERE {where} {criteria.limit(columns)}",  # noqa: S608
        values,
    ).fetchall()
    return {
        "items": [shown(row) for row in rows],
        "search_criteria": criteria.shown(),
        "total_count": count,
    }


def find(call: Call, table: str, field: str, identity: int) -> sqlite3.Row:
    """Return a row by its number."""
    query = f"SELECT * FROM {table} WHERE id = ?"  # noqa: S608 - a constant of ours
    row = call.shop.db.execute(query, (identity,)).fetchone()
    if row is None:
        raise no_entity(field, identity)
    return cast("sqlite3.Row", row)


def delete(call: Call, table: str, field: str) -> object:
    """Delete a row by the number in the path."""
    row = find(call, table, field, call.id())
    with transaction(call.shop.db):
        call.shop.db.execute(f"DELETE FROM {table} WHERE id = ?", (row["id"],))  # noqa: S608
    return True


def save(call: Call, table: str, identity: int | None, values: dict[str, object]) -> int:
    """Insert a row or change the one of this number; the code is nobody else's."""
    db = call.shop.db
    with transaction(db):
        try:
            if identity is None:
                columns, marks = ", ".join(values), ", ".join("?" * len(values))
                query = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608
                return int(db.execute(query, tuple(values.values())).lastrowid or 0)
            columns = ", ".join(f"{name} = ?" for name in values)
            query = f"UPDATE {table} SET {columns} WHERE id = ?"  # noqa: S608 - our own names
            db.execute(query, (*values.values(), identity))
        except sqlite3.IntegrityError as error:
            raise ShopError("%1 already exists.", ["Code"]) from error
    return identity


def list_rates(call: Call) -> object:
    """Return the tax rates that match."""
    return listing(call, "tax_rate", RATE_COLUMNS, describe_rate)


def get_rate(call: Call) -> object:
    """Return one tax rate."""
    return describe_rate(find(call, "tax_rate", "taxRateId", call.id()))


def delete_rate(call: Call) -> object:
    """Delete a tax rate that no rule uses."""
    rules = call.shop.db.execute("SELECT rates FROM tax_rule").fetchall()
    if any(call.id() in json.loads(rule["rates"]) for rule in rules):
        raise ShopError("The tax rate cannot be removed. It exists in a tax rule.")
    return delete(call, "tax_rate", "taxRateId")


def post_rate(call: Call) -> object:
    """Make a tax rate."""
    return put(call, get_object(call.body, "taxRate"), None)


def put_rate(call: Call) -> object:
    """Change a tax rate."""
    given = get_object(call.body, "taxRate")
    row = find(call, "tax_rate", "taxRateId", get_int(given, "id"))
    return put(call, given, row["id"])


def put(call: Call, given: Mapping[str, object], identity: int | None) -> object:
    """Write a tax rate as it is given."""
    number = save(call, "tax_rate", identity, read_rate(given))
    return describe_rate(find(call, "tax_rate", "taxRateId", number))


def read_rate(given: Mapping[str, object]) -> dict[str, object]:
    """Read a tax rate; its country and region must exist and its percentage not be negative."""
    country = get_text(given, "tax_country_id", longest=16)
    region = find_int(given, "tax_region_id") or 0
    percent = find_decimal(given, "rate")
    postcode, first, last = read_postcode(given)
    refused = []
    if country not in COUNTRIES:
        refused.append(invalid("country_id", country))
    known = places.by_id(region)
    if region and (known is None or known.country != country):
        refused.append(invalid("region_id", region))
    if percent is None or percent < 0:
        refused.append(required("percentage_rate"))
    if not postcode:
        refused.append(required("postcode"))
    if len(refused) > 1:
        errors = [one.body() for one in refused]
        raise ShopError("One or more input exceptions have occurred.", errors=errors)
    if refused:
        raise refused[0]
    return {
        "code": get_text(given, "code", longest=255),
        "country": country,
        "region_id": region,
        "postcode": postcode,
        "zip_from": first,
        "zip_to": last,
        "rate": str(percent),
    }


def read_postcode(given: Mapping[str, object]) -> tuple[str, int | None, int | None]:
    """Return a tax rate's postcode, and the range's ends when it is one."""
    if not find_bool(given, "zip_is_range"):
        # Magento keeps ten characters and says nothing of the others.
        return (find_text(given, "tax_postcode", longest=64) or "")[:10], None, None
    first, last = get_int(given, "zip_from"), get_int(given, "zip_to")
    if max(first, last) >= 10**9:
        raise ShopError(
            "The ZIP Code length is invalid. "
            "Verify that the length is nine characters or fewer and try again."
        )
    if not 0 <= first <= last:
        raise ShopError("Range To should be equal or greater than Range From.")
    return f"{first}-{last}", first, last


def invalid(field: str, value: object) -> ShopError:
    """Return the refusal of a value."""
    return ShopError(
        'Invalid value of "%value" provided for the %fieldName field.',
        {"fieldName": field, "value": value},
    )


def describe_rate(row: sqlite3.Row) -> dict[str, object]:
    """Return a tax rate as the contract shows it."""
    region = places.by_id(row["region_id"])
    zips = {"zip_is_range": 1, "zip_from": row["zip_from"], "zip_to": row["zip_to"]}
    return {
        "id": row["id"],
        "tax_country_id": row["country"],
        "tax_region_id": row["region_id"],
        **({"region_name": region.code} if region else {}),
        "tax_postcode": row["postcode"],
        **(zips if row["zip_from"] is not None else {}),
        "rate": Decimal(row["rate"]),
        "code": row["code"],
        "titles": [],
    }


def list_rules(call: Call) -> object:
    """Return the tax rules that match."""
    return listing(call, "tax_rule", RULE_COLUMNS, describe_rule)


def get_rule(call: Call) -> object:
    """Return one tax rule."""
    return describe_rule(find(call, "tax_rule", "taxRuleId", call.id()))


def delete_rule(call: Call) -> object:
    """Delete a tax rule."""
    return delete(call, "tax_rule", "taxRuleId")


def post_rule(call: Call) -> object:
    """Make a tax rule."""
    given = get_object(call.body, "rule")
    number = save(call, "tax_rule", None, read_rule(call, given))
    return describe_rule(find(call, "tax_rule", "taxRuleId", number))


def put_rule(call: Call) -> object:
    """Change a tax rule."""
    given = get_object(call.body, "rule")
    row = find(call, "tax_rule", "taxRuleId", get_int(given, "id"))
    save(call, "tax_rule", row["id"], read_rule(call, given))
    return describe_rule(find(call, "tax_rule", "taxRuleId", row["id"]))


def read_rule(call: Call, given: Mapping[str, object]) -> dict[str, object]:
    """Read a tax rule; its classes and rates must exist."""
    return {
        "code": get_text(given, "code", longest=255),
        "priority": get_int(given, "priority"),
        "position": get_int(given, "position"),
        "calculate_subtotal": int(find_bool(given, "calculate_subtotal") or False),
        "customer_classes": numbers(call, given, "customer_tax_class_ids", "tax_class"),
        "product_classes": numbers(call, given, "product_tax_class_ids", "tax_class"),
        "rates": numbers(call, given, "tax_rate_ids", "tax_rate"),
    }


def numbers(call: Call, given: Mapping[str, object], field: str, table: str) -> str:
    """Return a list of numbers, each of which names a row, as JSON."""
    value = given.get(field)
    if value is None:
        raise required(field)
    if not isinstance(value, list) or not all(
        isinstance(one, int) and not isinstance(one, bool) for one in value
    ):
        raise wrong_type(value, "int[]")
    if not value:
        raise required(field)
    for one in value:
        find(call, table, field, one)
    return json.dumps(value)


def describe_rule(row: sqlite3.Row) -> dict[str, object]:
    """Return a tax rule as the contract shows it."""
    return {
        "id": row["id"],
        "code": row["code"],
        "priority": row["priority"],
        "position": row["position"],
        "customer_tax_class_ids": json.loads(row["customer_classes"]),
        "product_tax_class_ids": json.loads(row["product_classes"]),
        "tax_rate_ids": json.loads(row["rates"]),
        "calculate_subtotal": bool(row["calculate_subtotal"]),
    }


def list_classes(call: Call) -> object:
    """Return the tax classes that match."""
    return listing(call, "tax_class", CLASS_COLUMNS, describe_class)


def post_class(call: Call) -> object:
    """Make a tax class and return its number as a text, as the contract does."""
    given = get_object(call.body, "taxClass")
    kind = get_text(given, "class_type", longest=16)
    if kind not in KINDS:
        raise invalid("class_type", kind)
    name = get_text(given, "class_name", longest=255)
    return str(save(call, "tax_class", None, {"name": name, "kind": kind}))


def describe_class(row: sqlite3.Row) -> dict[str, object]:
    """Return a tax class as the contract shows it."""
    return {"class_id": row["id"], "class_name": row["name"], "class_type": row["kind"]}
