"""What a plan of terraform's says, as changes without values; `builder` reads it."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from provisioners.base import Change, ChangeKind

HOLDING_DATA = frozenset(
    {
        "aws_db_instance",
        "aws_s3_bucket",
        "minio_s3_bucket",
        "mysql_database",
    }
)
"""Resources whose end is the end of what a shop knows."""

_KINDS: Mapping[tuple[str, ...], ChangeKind | None] = {
    ("no-op",): None,
    ("read",): None,
    ("open",): None,
    ("create",): ChangeKind.CREATE,
    ("update",): ChangeKind.UPDATE,
    ("delete",): ChangeKind.DELETE,
    ("forget",): ChangeKind.FORGET,
    ("delete", "create"): ChangeKind.REPLACE,
    ("create", "delete"): ChangeKind.REPLACE,
    ("create", "forget"): ChangeKind.REPLACE,
    ("forget", "create"): ChangeKind.REPLACE,
}


def changes(plan: Mapping[str, Any]) -> tuple[Change, ...]:
    """What would be done."""
    return _changes(plan.get("resource_changes", ()))


def drift(plan: Mapping[str, Any]) -> tuple[Change, ...]:
    """What was found to be otherwise than the state says, as far as the module says it.

    What a provider merely reports, such as the time of a backup, changes by itself; and it may read
    nothing back as an empty list.
    """
    said = _said(plan.get("configuration", {}).get("root_module", {}))
    found = []
    for item in _changes(plan.get("resource_drift", ())):
        if item.kind is ChangeKind.UPDATE:
            told = said.get(_plain(item.address))
            kept = [name for name in item.attributes if told is None or name in told]
            if kept:
                found.append(replace(item, attributes=tuple(kept)))
        else:
            found.append(item)
    return tuple(found)


def losses(found: Iterable[Change], holding: Collection[str]) -> tuple[str, ...]:
    """The addresses at which data would be destroyed."""
    fatal = {ChangeKind.DELETE, ChangeKind.REPLACE}
    return tuple(
        change.address
        for change in found
        if change.kind in fatal and kind_of(change.address) in holding
    )


def kind_of(address: str) -> str:
    """The type of the resource at an address."""
    plain = _plain(address)
    return plain.split(".")[-2] if "." in plain else ""


def _plain(address: str) -> str:
    """An address without the keys of its instances."""
    return re.sub(r"\[.*?\]", "", address)


def _said(module: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """What a module says of each of its resources; of those in modules of its own, nothing."""
    return {
        item["address"]: frozenset(item.get("expressions", {}))
        for item in module.get("resources", ())
    }


def _changes(rows: Iterable[Mapping[str, Any]]) -> tuple[Change, ...]:
    found = []
    for row in rows:
        if row.get("mode") == "data":
            continue
        change = row["change"]
        kind = _KINDS.get(tuple(change["actions"]), ChangeKind.UPDATE)
        if kind is None and row.get("previous_address"):
            kind = ChangeKind.MOVE
        if kind is not None:
            attributes = _attributes(change) if kind in _TOLD else ()
            found.append(Change(kind=kind, address=row["address"], attributes=attributes))
    return tuple(found)


_TOLD = {ChangeKind.UPDATE, ChangeKind.REPLACE}


def _attributes(change: Mapping[str, Any]) -> tuple[str, ...]:
    before, after = change.get("before") or {}, change.get("after") or {}
    unknown = change.get("after_unknown") or {}
    differing = {
        key
        for key in {*before, *after}
        if _filled(before.get(key)) != _filled(after.get(key)) and unknown.get(key) is not True
    }
    differing |= {key for key, value in unknown.items() if value is True and key in before}
    return tuple(sorted(differing))


def _filled(value: Any) -> Any:
    """A value without what is empty in it: null, an empty list and an empty text are one."""
    if isinstance(value, dict):
        kept = {key: _filled(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item is not None} or None
    if isinstance(value, list):
        return [_filled(item) for item in value] or None
    return None if value == "" else value
