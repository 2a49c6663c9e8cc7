"""Search criteria of list routes, and the `fields` filter of every answer.

Written as the contract does: `searchCriteria[filter_groups][0][filters][0][field]=order_id`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.errors import ShopError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FILTER = re.compile(r"(?:filter_groups|filterGroups)\[(\d+)\]\[filters\]\[(\d+)\]\[(\w+)\]")
SORT = re.compile(r"(?:sort_orders|sortOrders)\[(\d+)\]\[(\w+)\]")
CONDITIONS = {"eq": "=", "neq": "<>", "gt": ">", "gteq": ">=", "lt": "<", "lteq": "<=",
              "like": "LIKE", "in": "IN", "from": ">=", "to": "<="}  # fmt: skip
MOST = 300


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One comparison; those of one group are alternatives."""

    field: str
    value: str
    condition: str = "eq"


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """Groups of filters, all of which must hold, and a page."""

    groups: tuple[tuple[Filter, ...], ...] = ()
    page_size: int | None = None
    current_page: int | None = None
    sort: tuple[str, str] | None = None

    def shown(self) -> dict[str, object]:
        """Return the criteria as the answer repeats them."""
        content: dict[str, object] = {
            "filter_groups": [
                {"filters": [{"field": f.field, "value": f.value, "condition_type": f.condition}
                             for f in group]}
                for group in self.groups
            ]
        }  # fmt: skip
        if self.page_size is not None:
            content["page_size"] = self.page_size
        if self.current_page is not None:
            content["current_page"] = self.current_page
        return content

    def sql(self, columns: Mapping[str, str]) -> tuple[str, list[object]]:
        """Return a WHERE expression and its values; ShopError for a field nobody can search."""
        parts, values = ["1"], []
        for group in self.groups:
            either = []
            for one in group:
                column = columns.get(one.field)
                if column is None:
                    raise ShopError(f'The field "{one.field[:64]}" cannot be searched.')
                if one.condition == "in":
                    given: list[str] = one.value.split(",")
                    either.append(f"{column} IN ({', '.join('?' * len(given))})")
                    values += given
                else:
                    either.append(f"{column} {CONDITIONS[one.condition]} ?")
                    values.append(one.value)
            parts.append(f"({' OR '.join(either)})")
        return " AND ".join(parts), list[object](values)

    def limit(self, columns: Mapping[str, str]) -> str:
        """Return ORDER BY, LIMIT and OFFSET."""
        order = "id"
        if self.sort is not None and self.sort[0] in columns:
            order = f"{columns[self.sort[0]]} {self.sort[1]}, id {self.sort[1]}"
        size = min(self.page_size or MOST, MOST)
        return f"ORDER BY {order} LIMIT {size} OFFSET {((self.current_page or 1) - 1) * size}"


@dataclass
class Draft:
    """Criteria while their parameters are being read."""

    filters: dict[tuple[int, int], dict[str, str]] = field(default_factory=dict)
    sort: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)


def read(query: Sequence[tuple[str, str]]) -> Criteria:
    """Read searchCriteria from a query string; ShopError when a part of it cannot be understood."""
    draft = Draft()
    for name, value in query:
        for prefix in ("searchCriteria[", "search_criteria["):
            if name.startswith(prefix):
                read_one(draft, name.removeprefix(prefix).replace("]", "", 1), value)
    groups: dict[int, list[Filter]] = {}
    for (number, _), parts in sorted(draft.filters.items()):
        condition = parts.get("condition_type", parts.get("conditionType", "eq"))
        if "field" not in parts or condition not in CONDITIONS:
            raise ShopError("The search criteria cannot be understood.")
        one = Filter(field=parts["field"], value=parts.get("value", ""), condition=condition)
        groups.setdefault(number, []).append(one)
    sort = None
    if "field" in draft.sort:
        sort = (draft.sort["field"], "DESC" if draft.sort.get("direction") == "DESC" else "ASC")
    return Criteria(
        groups=tuple(tuple(group) for group in groups.values()),
        page_size=draft.numbers.get("page_size"),
        current_page=draft.numbers.get("current_page"),
        sort=sort,
    )


def read_one(draft: Draft, name: str, value: str) -> None:
    """Read one parameter; an unknown one is ignored, as the contract's servers do."""
    if found := FILTER.fullmatch(name):
        place = (int(found[1][:9]), int(found[2][:9]))
        draft.filters.setdefault(place, {})[found[3]] = value
    elif found := SORT.fullmatch(name):
        draft.sort[found[2]] = value
    elif name in ("pageSize", "page_size", "currentPage", "current_page"):
        key = "page_size" if name.startswith("page") else "current_page"
        if not value.isascii() or not value.isdigit() or not 0 < int(value[:9]) < 10**8:
            raise ShopError(f'"{name}" must be a number greater than zero.')
        draft.numbers[key] = int(value[:9])


def project(content: object, fields: str) -> object:
    """Keep only the fields asked for, written `items[sku,price],total_count`."""
    try:
        wanted, rest = parse_fields(fields[:4096])
    except RecursionError as error:
        raise ShopError("The fields cannot be understood.") from error
    if rest or not wanted:
        raise ShopError("The fields cannot be understood.")
    return keep(content, wanted)


def parse_fields(text: str) -> tuple[dict[str, object], str]:
    """Return the tree of field names at the start of a text, and what follows it."""
    tree: dict[str, object] = {}
    while text and text[0] != "]":
        found = re.match(r"\s*(\w+)\s*", text)
        if found is None:
            raise ShopError("The fields cannot be understood.")
        text = text[found.end() :]
        tree[found[1]] = None
        if text.startswith("["):
            tree[found[1]], text = parse_fields(text[1:])
            if not text.startswith("]"):
                raise ShopError("The fields cannot be understood.")
            text = text[1:]
        text = text.removeprefix(",")
    return tree, text


def keep(content: object, wanted: dict[str, object]) -> object:
    """Return the content with only the wanted fields, in lists too."""
    if isinstance(content, list):
        return [keep(one, wanted) for one in content]
    if not isinstance(content, dict):
        return content
    return {
        name: keep(value, inner) if isinstance(inner := wanted[name], dict) else value
        for name, value in content.items()
        if name in wanted
    }
