"""What settings are: effective values, where they come from, and what was applied last.

The REST endpoint `storecontroller/config/query` calls it. A secret is never told, its fingerprint
is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import config, manifest, vault
from sandbox.errors import ShopError
from sandbox.items import Item, NoScopeError, Place, describe, locate
from sandbox.topology import views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.manifest import Manifest
    from sandbox.shop import Shop

HIDDEN = "******"
MOST_OPTIONS = 60


def query(shop: Shop, items: Sequence[Item]) -> list[dict[str, object]]:
    """Return each item's effective value and its origin.

    An unknown path or scope is said in its item's status; it is no error of the request.
    """
    settings, done = config.load(shop.db), manifest.load(shop.db)
    answers = []
    for item in items:
        try:
            place = locate(shop.db, item)
        except ShopError as error:
            status = "no_scope" if isinstance(error, NoScopeError) else "error"
            answers.append(describe(item) | {"status": status, "message": error.message})
        else:
            answers.append(describe(item, place) | answer(shop, place, settings, done))
    return answers


def answer(
    shop: Shop, place: Place, settings: config.Settings, done: Manifest
) -> dict[str, object]:
    """Return what one setting is, and what it was made last."""
    website, store = scope_ids(shop, place)
    value = settings.value(place.item.path, website, store)
    if place.field.sensitive and not place.locked:
        value = vault.decrypt(shop.session_key, value) or ""
    answer: dict[str, object] = {
        "status": "ok",
        "source": source(place, settings),
        "managed": place.key in done.items,
    }
    applied = done.applied.get(place.key)
    if place.field.sensitive:
        if value:
            answer["value"] = HIDDEN
            answer["fingerprint"] = vault.public_fingerprint(shop.release.uid, value)
        if applied:
            answer["applied_fingerprint"] = applied
    else:
        if value:
            answer["value"] = value
        if applied is not None:
            answer["applied"] = applied
    # "Not set" is no option to offer.
    options = [one for one in place.field.options if one]
    if 0 < len(options) <= MOST_OPTIONS:
        answer["options"] = options
    return answer


def scope_ids(shop: Shop, place: Place) -> tuple[int, int]:
    """Return the website and the store view of a setting's scope, 0 where there is none."""
    if place.item.scope == "websites":
        return place.scope_id, 0
    if place.item.scope == "stores":
        website = next(v.website_id for v in views(shop.db) if v.id == place.scope_id)
        return website, place.scope_id
    return 0, 0


def source(place: Place, settings: config.Settings) -> str:
    """Say where the effective value comes from."""
    if place.locked:
        return "deployment"
    return "database" if place.stored_key in settings.stored else "inherited"
