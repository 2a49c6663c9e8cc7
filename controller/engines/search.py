"""Magento's search criteria as the query of a list route. `orders` asks with it."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

Filter = tuple[str, str, str]
"""Field, condition (eq, neq, lt, …), value."""


def search(
    path: str,
    groups: Iterable[Sequence[Filter]],
    *,
    newest_first: bool,
    size: int,
    fields: str,
) -> str:
    """The path with its query: every group must hold, in a group any filter is enough.

    `fields` is what comes back, written `items[sku,name]`.
    """
    query: list[tuple[str, str]] = []
    for number, group in enumerate(groups):
        for place, (field, condition, value) in enumerate(group):
            name = f"searchCriteria[filter_groups][{number}][filters][{place}]"
            query += [
                (f"{name}[field]", field),
                (f"{name}[condition_type]", condition),
                (f"{name}[value]", value),
            ]
    query += [
        ("searchCriteria[sortOrders][0][field]", "entity_id"),
        ("searchCriteria[sortOrders][0][direction]", "DESC" if newest_first else "ASC"),
        ("searchCriteria[pageSize]", str(size)),
        ("fields", fields),
    ]
    return f"{path}?{urlencode(query)}"
