"""Batches of configuration: checked item by item, applied as a whole, remembered for drift.

The REST endpoints `storecontroller/config`, `config/query` and `status` call it. What was applied
last is kept as a manifest: revision and, per setting, a keyed hash of its value.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox import config, vault
from sandbox.database import transaction
from sandbox.errors import ConflictError, InvalidError, ShopError
from sandbox.structure import FIELDS, Field, refusal
from sandbox.topology import views

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from sandbox.shop import Shop

CACHES = ["config", "block_html", "full_page"]
HIDDEN = "******"


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

    @property
    def key(self) -> str:
        """Name the setting in the manifest."""
        return f"{self.item.scope}|{self.item.scope_code or ''}|{self.item.path}"

    @property
    def stored_key(self) -> config.Key:
        """Name the setting in the database."""
        return (self.item.scope, self.scope_id, self.item.path)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What was applied last."""

    revision: int = 0
    checksum: str = ""
    items: dict[str, str] = field(default_factory=dict)


def apply(
    shop: Shop, items: Sequence[Item], revision: int, *, dry_run: bool, replace_managed: bool
) -> dict[str, object]:
    """Apply all items or none, and return what happened to each.

    ConflictError for a revision older than the applied one; InvalidError, listing every bad item,
    when one is not acceptable. The same batch again changes nothing.
    """
    started = time.monotonic()
    with transaction(shop.db):
        manifest = load_manifest(shop.db)
        if revision < manifest.revision:
            raise ConflictError(
                "Revision %1 is older than the applied revision %2.", [revision, manifest.revision]
            )
        answer = apply_items(
            shop,
            items,
            revision,
            manifest=manifest,
            dry_run=dry_run,
            replace_managed=replace_managed,
        )
    return answer | {"duration_ms": round((time.monotonic() - started) * 1000)}


def apply_items(
    shop: Shop,
    items: Sequence[Item],
    revision: int,
    *,
    manifest: Manifest,
    dry_run: bool,
    replace_managed: bool,
) -> dict[str, object]:
    """Check and write one batch inside the caller's transaction."""
    current = config.load(shop.db)
    results: list[dict[str, object]] = []
    errors: list[dict[str, object]] = []
    managed = {} if replace_managed else dict(manifest.items)
    writes: list[tuple[Place, str | None]] = []
    seen: set[str] = set()
    for item in items:
        try:
            place = locate(shop.db, item)
            check(place, seen)
        except ShopError as error:
            errors.append({"message": "%scope|%code|%path: %message", "parameters": {
                "scope": item.scope, "code": item.scope_code or "", "path": item.path,
                "message": error.message}})  # fmt: skip
            results.append(describe(item) | {"status": "error", "message": error.message})
            continue
        seen.add(place.key)
        wanted = None if item.inherit else item.value
        managed[place.key] = vault.fingerprint(shop.session_key, wanted)
        same = plain(shop, place, current) == wanted
        if not same:
            writes.append((place, wanted))
        status = "unchanged" if same else "would_change" if dry_run else "changed"
        results.append(describe(item, place.field) | {"status": status})
    for place in abandoned(shop.db, manifest, managed) if replace_managed else ():
        if place.stored_key in current.stored:
            writes.append((place, None))
            status = "would_reset" if dry_run else "reset"
            results.append(describe(place.item, place.field) | {"status": status})
    if errors and not dry_run:
        raise InvalidError("%1 of %2 items are invalid; nothing was applied.",
                           [len(errors), len(items)], errors)  # fmt: skip
    answer: dict[str, object] = {
        "applied": not dry_run,
        "revision": manifest.revision if dry_run else revision,
        "checksum": manifest.checksum,
        "changed": len(writes),
        "unchanged": len(items)
        - len(errors)
        - sum(r["status"] in ("changed", "would_change") for r in results),
        "failed": len(errors),
        "cleaned_caches": CACHES if writes and not dry_run else [],
        "results": results,
    }
    if not dry_run:
        write(shop, writes)
        answer["checksum"] = save_manifest(shop.db, revision, managed)
    return answer


def locate(db: sqlite3.Connection, item: Item) -> Place:
    """Find the setting and the scope that an item names; ShopError when there is none."""
    code = item.scope_code or ""
    if item.scope not in ("default", "websites", "stores"):
        raise ShopError(f'Scope must be default, websites or stores, not "{item.scope}".')
    if item.scope == "default" and code:
        raise ShopError('scope_code must be empty for scope "default".')
    if item.scope != "default" and not code:
        raise ShopError(f'scope_code is required for scope "{item.scope}".')
    scope_id = 0
    if item.scope != "default":
        table = "website" if item.scope == "websites" else "store"
        row = db.execute(
            f"SELECT id FROM {table} WHERE code = ? AND id > 0",  # noqa: S608 - a constant of ours
            (code,),
        ).fetchone()
        if row is None:
            raise ShopError(
                f"The {table} with code {code} that was requested wasn't found. "
                f"Verify the {table} and try again."
            )
        scope_id = row["id"]
    known = FIELDS.get(item.path)
    if known is None:
        raise ShopError(f'Unknown path "{item.path}".')
    if item.scope not in known.scopes:
        raise ShopError(f'"{item.path}" cannot be set at scope "{item.scope}".')
    return Place(item=item, field=known, scope_id=scope_id)


def check(place: Place, seen: set[str]) -> None:
    """Refuse an item that was given before, gives nothing, or gives what cannot be."""
    if place.key in seen:
        raise ShopError("Given twice.")
    if place.item.inherit:
        return
    if place.item.value is None:
        raise ShopError("Give a value, or inherit.")
    reason = refusal(place.item.path, place.field, place.item.value)
    if reason is not None:
        raise ShopError(reason)


def plain(shop: Shop, place: Place, current: config.Settings) -> str | None:
    """Return what is stored for a setting, decrypted; None when nothing is, or it is unreadable."""
    value = current.stored.get(place.stored_key)
    if value is None or not place.field.sensitive:
        return value
    return vault.decrypt(shop.session_key, value)


def write(shop: Shop, writes: Sequence[tuple[Place, str | None]]) -> None:
    """Store the changes, then refuse the whole batch if the settings contradict each other."""
    for place, value in writes:
        if value is None:
            shop.db.execute(
                "DELETE FROM config WHERE scope = ? AND scope_id = ? AND path = ?", place.stored_key
            )
            continue
        shown = vault.encrypt(shop.session_key, value) if place.field.sensitive else value
        shop.db.execute(
            "INSERT OR REPLACE INTO config (scope, scope_id, path, value) VALUES (?, ?, ?, ?)",
            (*place.stored_key, shown),
        )
    if any(place.item.path.startswith("currency/options/") for place, _ in writes):
        settings = config.load(shop.db)
        for view in views(shop.db):
            if settings.at(view, "currency/options/default") not in settings.allowed_currencies(
                view
            ):
                raise InvalidError(
                    "Sorry, the default display currency you selected is not available in allowed "
                    "currencies."
                )


def query(shop: Shop, items: Sequence[Item]) -> list[dict[str, object]]:
    """Return the effective value of each item and where it comes from; secrets stay hidden."""
    settings = config.load(shop.db)
    answers = []
    for item in items:
        try:
            place = locate(shop.db, item)
        except ShopError as error:
            answers.append(describe(item) | {"status": "error", "message": error.message})
            continue
        website, store = 0, 0
        if item.scope == "websites":
            website = place.scope_id
        elif item.scope == "stores":
            store = place.scope_id
            website = next(v.website_id for v in views(shop.db) if v.id == store)
        value = settings.value(item.path, website, store)
        answer = describe(item, place.field) | {"status": "ok"}
        if value:
            answer["value"] = HIDDEN if place.field.sensitive else value
        own = place.stored_key in settings.stored
        answers.append(answer | {"source": "database" if own else "inherited"})
    return answers


def describe(item: Item, known: Field | None = None) -> dict[str, object]:
    """Return the part of a result that says which setting it is about."""
    shown: dict[str, object] = {"path": item.path, "scope": item.scope}
    if item.scope_code:
        shown["scope_code"] = item.scope_code
    return shown if known is None else shown | {"sensitive": known.sensitive, "locked": False}


def abandoned(db: sqlite3.Connection, manifest: Manifest, managed: dict[str, str]) -> list[Place]:
    """Return the settings that were applied once and are not in the new batch."""
    places = []
    for key in manifest.items.keys() - managed.keys():
        scope, code, path = key.split("|", 2)
        try:
            places.append(locate(db, Item(path=path, scope=scope, scope_code=code or None)))
        except ShopError:
            continue
    return sorted(places, key=lambda place: place.key)


def load_manifest(db: sqlite3.Connection) -> Manifest:
    """Return what was applied last; revision 0 when nothing was."""
    row = db.execute("SELECT value FROM meta WHERE name = 'manifest'").fetchone()
    return Manifest() if row is None else Manifest(**json.loads(row["value"]))


def save_manifest(db: sqlite3.Connection, revision: int, items: dict[str, str]) -> str:
    """Remember what is applied now and return its checksum."""
    done = {"revision": revision, "checksum": checksum(items), "items": items}
    db.execute("INSERT OR REPLACE INTO meta VALUES ('manifest', ?)", (json.dumps(done),))
    return checksum(items)


def checksum(items: dict[str, str]) -> str:
    """Return one hash over all managed settings, whatever their order."""
    return hashlib.sha256(json.dumps(items, sort_keys=True).encode()).hexdigest()


def drift(shop: Shop, manifest: Manifest) -> tuple[str, list[str]]:
    """Return the checksum of what is stored now, and the settings that are not as applied."""
    current = config.load(shop.db)
    now: dict[str, str] = {}
    for key in manifest.items:
        scope, code, path = key.split("|", 2)
        try:
            place = locate(shop.db, Item(path=path, scope=scope, scope_code=code or None))
        except ShopError:
            now[key] = "missing-scope"
            continue
        value = plain(shop, place, current)
        if place.field.sensitive and value is None and place.stored_key in current.stored:
            now[key] = "unreadable"
        else:
            now[key] = vault.fingerprint(shop.session_key, value)
    changed = [key for key, value in manifest.items.items() if now[key] != value]
    return (checksum(now) if now else ""), sorted(changed)
