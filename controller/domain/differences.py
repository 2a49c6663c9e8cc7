"""What differs between two specifications, told by the smallest fields that do."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Difference = tuple[str, Any, Any]
"""A field, what it was, what it becomes."""


def leaves(changes: Sequence[Difference]) -> list[Difference]:
    """Each change as those of the fields below it; of rows, those that go and those that come."""
    return [leaf for change in changes for leaf in _below(*change)]


def _below(field: str, old: Any, new: Any) -> Iterator[Difference]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in dict.fromkeys((*old, *new)):
            if old.get(name) != new.get(name):
                yield from _below(f"{field}.{name}", old.get(name), new.get(name))
    elif _rows(old) and _rows(new):
        yield field, _without(old, new), _without(new, old)
    else:
        yield field, old, new


def _rows(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)


def _without(rows: list[Any], others: list[Any]) -> list[Any]:
    known = {_key(row) for row in others}
    return [row for row in rows if _key(row) not in known]


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(sorted((name, str(value)) for name, value in row.items()))
