"""Websites, groups and store views: found by code, made or renamed on request, never deleted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.database import transaction
from sandbox.errors import ShopError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

CODE = re.compile(r"[a-z][a-z0-9_]{0,31}")
ROOT_CATEGORY = 2
LONGEST_NAMES = {"website": 64, "group": 255, "store": 255}


@dataclass(frozen=True, kw_only=True)
class View:
    """One store view: a language of one website."""

    id: int
    code: str
    name: str
    website_id: int
    group_id: int
    active: bool


@dataclass(frozen=True, kw_only=True)
class Node:
    """What one website, group or store shall be; None leaves a thing as it is."""

    type: str
    code: str
    name: str | None = None
    parent_code: str | None = None
    sort_order: int | None = None
    is_active: bool | None = None
    is_default: bool | None = None
    root_category_id: int | None = None


def views(db: sqlite3.Connection, website_id: int | None = None) -> list[View]:
    """Return the store views in their order, of one website or of all."""
    rows = db.execute(
        "SELECT id, code, name, website_id, group_id, is_active FROM store WHERE id > 0"
        " AND (?1 IS NULL OR website_id = ?1) ORDER BY sort_order, id",
        (website_id,),
    )
    return [
        View(
            id=row["id"],
            code=row["code"],
            name=row["name"],
            website_id=row["website_id"],
            group_id=row["group_id"],
            active=bool(row["is_active"]),
        )
        for row in rows
    ]


def default_view(db: sqlite3.Connection, website_id: int | None = None) -> View:
    """Return the view that answers where no code is given: a website's, or the default one's."""
    row = db.execute(
        "SELECT g.default_store_id FROM website w JOIN store_group g ON g.id = w.default_group_id"
        " WHERE w.id > 0 AND (?1 IS NULL OR w.id = ?1) ORDER BY w.is_default DESC, w.id LIMIT 1",
        (website_id,),
    ).fetchone()
    known = views(db)
    wanted = row[0] if row else 0
    return next((view for view in known if view.id == wanted), known[0])


def find_view(db: sqlite3.Connection, code: str) -> View | None:
    """Return the view of this code, active or not."""
    return next((view for view in views(db) if view.code == code), None)


def apply(db: sqlite3.Connection, nodes: Sequence[Node]) -> list[dict[str, object]]:
    """Make or update all nodes, or none; return each with its id and what happened to it.

    Raises ShopError for a bad type or code, a missing parent, and a move to another parent.
    """
    for node in nodes:
        if node.type not in LONGEST_NAMES:
            raise ShopError('Type must be website, group or store, not "%1".', [node.type])
        if not CODE.fullmatch(node.code) or node.code in ("admin", "all"):
            raise ShopError(
                'Bad code "%1": a lowercase letter, then letters, digits or underscore, '
                "32 at most.",
                [node.code],
            )
        longest = LONGEST_NAMES[node.type]
        if node.name is not None and not 0 < len(node.name.strip()) <= len(node.name) <= longest:
            raise ShopError('The name of "%1" must have 1 to %2 characters.', [node.code, longest])
    result = []
    with transaction(db):
        for kind, save in (("website", website), ("group", group), ("store", store)):
            result += [save(db, node) for node in nodes if node.type == kind]
    return result


def website(db: sqlite3.Connection, node: Node) -> dict[str, object]:
    """Make or update one website."""
    given: dict[str, object] = {"name": node.name, "sort_order": node.sort_order}
    if node.is_default:
        given["is_default"] = 1
        db.execute("UPDATE website SET is_default = 0 WHERE code <> ?", (node.code,))
    return save(db, "website", node, given)


def group(db: sqlite3.Connection, node: Node) -> dict[str, object]:
    """Make or update one group of a website; the first one becomes its default."""
    parent = row_of(db, "website", node.parent_code)
    if parent is None:
        raise ShopError(f'Website "{node.parent_code or ""}" does not exist.')
    known = row_of(db, "store_group", node.code)
    if known is not None and known["website_id"] != parent["id"]:
        raise ShopError(f'Group "{node.code}" belongs to another website.')
    if node.root_category_id not in (None, 0, ROOT_CATEGORY):
        raise ShopError(f"No such entity with id = {node.root_category_id}")
    done = save(db, "store_group", node, {"name": node.name, "website_id": parent["id"]})
    db.execute(
        "UPDATE website SET default_group_id = ? WHERE id = ? AND (default_group_id = 0 OR ?)",
        (done["id"], parent["id"], bool(node.is_default)),
    )
    return done


def store(db: sqlite3.Connection, node: Node) -> dict[str, object]:
    """Make or update one store view of a group; the first one becomes its default."""
    parent = row_of(db, "store_group", node.parent_code)
    if parent is None:
        raise ShopError(f'Group "{node.parent_code or ""}" does not exist.')
    known = row_of(db, "store", node.code)
    if known is not None and known["website_id"] != parent["website_id"]:
        raise ShopError(f'Store "{node.code}" belongs to another website.')
    done = save(
        db,
        "store",
        node,
        {
            "name": node.name,
            "group_id": parent["id"],
            "website_id": parent["website_id"],
            "sort_order": node.sort_order,
            "is_active": None if node.is_active is None else int(node.is_active),
        },
    )
    db.execute(
        "UPDATE store_group SET default_store_id = ? WHERE id = ? AND (default_store_id = 0 OR ?)",
        (done["id"], parent["id"], bool(node.is_default)),
    )
    return done


def row_of(db: sqlite3.Connection, table: str, code: str | None) -> sqlite3.Row | None:
    """Return a row by its code; the administration's own rows do not count."""
    query = f"SELECT * FROM {table} WHERE code = ? AND id > 0"  # noqa: S608 - a constant of ours
    row: sqlite3.Row | None = db.execute(query, (code,)).fetchone()
    return row


def save(
    db: sqlite3.Connection, table: str, node: Node, given: dict[str, object]
) -> dict[str, object]:
    """Insert the row, or update what differs; return the node as the contract shows it."""
    wanted = {name: value for name, value in given.items() if value is not None}
    row = row_of(db, table, node.code)
    if row is None:
        wanted = {"name": node.code} | wanted | {"code": node.code}
        columns, marks = ", ".join(wanted), ", ".join("?" * len(wanted))
        cursor = db.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608 - our own names
            tuple(wanted.values()),
        )
        identity, status = cursor.lastrowid, "created"
    else:
        changed = {name: value for name, value in wanted.items() if row[name] != value}
        for name, value in changed.items():
            db.execute(
                f"UPDATE {table} SET {name} = ? WHERE id = ?",  # noqa: S608 - our own names
                (value, row["id"]),
            )
        wanted = {"name": row["name"]} | wanted
        identity, status = row["id"], "updated" if changed else "unchanged"
    done: dict[str, object] = {"type": node.type, "code": node.code, "name": wanted["name"]}
    if node.parent_code:
        done["parent_code"] = node.parent_code
    return done | {"id": identity, "status": status}
