"""One setting as a caller names it, and where it lives.

`changes`, `manifest` and `query` share it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.errors import ShopError
from sandbox.structure import FIELDS, Field

if TYPE_CHECKING:
    import sqlite3

    from sandbox.config import Key

SCOPES = ("default", "websites", "stores")


class NoScopeError(ShopError):
    """The shop has no such website or store view."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One setting as a caller gives it: a value, or inherit."""

    path: str
    scope: str = "default"
    scope_code: str | None = None
    value: str | None = None
    inherit: bool = False


@dataclass(frozen=True, kw_only=True)
class Place:
    """An item whose path and scope exist."""

    item: Item
    field: Field
    scope_id: int
    locked: bool

    @property
    def key(self) -> str:
        """Name the setting in the manifest."""
        return f"{self.item.scope}|{self.item.scope_code or ''}|{self.item.path}"

    @property
    def stored_key(self) -> Key:
        """Name the setting in the database."""
        return (self.item.scope, self.scope_id, self.item.path)


def locate(db: sqlite3.Connection, item: Item) -> Place:
    """Find the setting and the scope that an item names; ShopError when there is none."""
    scope_id = find_scope(db, item)
    known = FIELDS.get(item.path)
    if known is None:
        raise ShopError(f'Unknown path "{item.path}".')
    if item.scope not in known.scopes:
        raise ShopError(f'"{item.path}" cannot be set at scope "{item.scope}".')
    locked = db.execute("SELECT 1 FROM locked WHERE path = ?", (item.path,)).fetchone()
    return Place(item=item, field=known, scope_id=scope_id, locked=locked is not None)


def find_scope(db: sqlite3.Connection, item: Item) -> int:
    """Return the id of the item's scope, 0 for the default one."""
    code = item.scope_code or ""
    if item.scope not in SCOPES:
        raise ShopError(f'Scope must be default, websites or stores, not "{item.scope}".')
    if item.scope == "default":
        if code:
            raise ShopError('scope_code must be empty for scope "default".')
        return 0
    if not code:
        raise ShopError(f'scope_code is required for scope "{item.scope}".')
    if code == "admin":
        raise ShopError("The admin scope cannot be configured.")
    table = "website" if item.scope == "websites" else "store"
    row = db.execute(
        f"SELECT id FROM {table} WHERE code = ? AND id > 0",  # noqa: S608 - a constant of ours
        (code,),
    ).fetchone()
    if row is None:
        raise NoScopeError(
            f"The {table} with code {code} that was requested wasn't found. "
            f"Verify the {table} and try again."
        )
    return int(row["id"])


def describe(item: Item, place: Place | None = None) -> dict[str, object]:
    """Return the part of a result that says which setting it is about."""
    shown: dict[str, object] = {"path": item.path, "scope": item.scope}
    if item.scope_code:
        shown["scope_code"] = item.scope_code
    if place is None:
        return shown
    return shown | {"sensitive": place.field.sensitive, "locked": place.locked}
