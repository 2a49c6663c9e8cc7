"""Handlers of /V1/storecontroller/table-rates…: one website's prices by destination."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import tablerates
from sandbox.errors import InvalidError, ShopError
from sandbox.rest.call import find_text, get_objects, get_text, need, only

if TYPE_CHECKING:
    from sandbox.errors import InvalidError, ShopError
from sandbox.rest.call import Call

FIELDS = ("country", "region", "postcode", "from", "price")


def get_table(call: Call) -> object:
    """Return a website's table."""
    db, condition = call.shop.db, call.path["condition"]
    website = tablerates.website_id(db, call.path["website"])
    tablerates.check_condition(condition)
    return [row.shown() for row in tablerates.rows(db, website, condition)]


def put_table(call: Call) -> object:
    """Replace a website's table, all of it or nothing."""
    db = call.shop.db
    need(call.body, "website", "condition", "rows")
    code, condition = get_text(call.body, "website"), get_text(call.body, "condition")
    given = []
    for one in get_objects(call.body, "rows"):
        only(one, frozenset(FIELDS))
        given.append({name: find_text(one, name, longest=64) or "" for name in FIELDS})
    try:
        website = tablerates.website_id(db, code)
        tablerates.check_condition(condition)
    except ShopError as error:
        raise InvalidError(error.message, None, [error.body()]) from error
    return tablerates.replace(db, website, condition, tablerates.read(given))
