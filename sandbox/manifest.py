"""What was applied last, kept to tell drift: revision and, per setting, a keyed hash and its value.

`changes` writes it, `query` and `status` read it. Of a secret only its fingerprint is kept.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox import config, vault
from sandbox.errors import ShopError
from sandbox.items import Item, Place, locate

if TYPE_CHECKING:
    import sqlite3

    from sandbox.shop import Shop


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What was applied last, by `scope|code|path`."""

    revision: int = 0
    checksum: str = ""
    items: dict[str, str] = field(default_factory=dict)
    """A keyed hash of each value; `inherit` where it was taken away."""
    applied: dict[str, str] = field(default_factory=dict)
    """Each value as it was given, a secret's fingerprint instead of the secret."""


def load(db: sqlite3.Connection) -> Manifest:
    """Return what was applied last; revision 0 when nothing was."""
    row = db.execute("SELECT value FROM meta WHERE name = 'manifest'").fetchone()
    return Manifest() if row is None else Manifest(**json.loads(row["value"]))


def save(
    db: sqlite3.Connection, revision: int, items: dict[str, str], applied: dict[str, str]
) -> str:
    """Remember what is applied now and return its checksum."""
    done = {
        "revision": revision,
        "checksum": checksum(items),
        "items": items,
        "applied": {key: value for key, value in applied.items() if key in items},
    }
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
        try:
            place = locate(shop.db, named(key))
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


def abandoned(db: sqlite3.Connection, manifest: Manifest, managed: dict[str, str]) -> list[Place]:
    """Return the settings that were applied once and are not in the new batch."""
    places = []
    for key in manifest.items.keys() - managed.keys():
        try:
            places.append(locate(db, named(key)))
        except ShopError:
            continue
    return sorted(places, key=lambda place: place.key)


def named(key: str) -> Item:
    """Return the setting that a key of the manifest names."""
    scope, code, path = key.split("|", 2)
    return Item(path=path, scope=scope, scope_code=code or None)


def plain(shop: Shop, place: Place, current: config.Settings) -> str | None:
    """Return what is stored for a setting, decrypted; None when nothing is, or it is unreadable."""
    value = current.stored.get(place.stored_key)
    if value is None or not place.field.sensitive:
        return value
    return vault.decrypt(shop.session_key, value)


def shown(shop: Shop, place: Place, value: str) -> str:
    """Return what may be told of a value: itself, or a secret's fingerprint."""
    return vault.public_fingerprint(shop.release.uid, value) if place.field.sensitive else value
