"""Batches of configuration: checked item by item, applied as a whole, remembered for drift.

The REST endpoint `storecontroller/config` calls it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sandbox import config, manifest, vault
from sandbox.database import transaction
from sandbox.errors import ConflictError, InvalidError, ShopError
from sandbox.items import Item, Place, describe, locate
from sandbox.structure import backend_refusal, refusal
from sandbox.topology import views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.manifest import Manifest
    from sandbox.shop import Shop

LOCKED = "Set in env.php, config.php or the environment; the database value would be ignored."
BASE_CURRENCY, PRICE_SCOPE = "currency/options/base", "catalog/price/scope"
NO_OWN_PRICES = (
    "A website has a base currency of its own only when prices are kept per website: "
    f'set "{PRICE_SCOPE}" to 1, in the same batch or before.'
)
LAST_REVISION = 2**31 - 1
CACHES = ["config", "block_html", "full_page"]


def apply(
    shop: Shop, items: Sequence[Item], revision: int, *, dry_run: bool, replace_managed: bool
) -> dict[str, object]:
    """Apply all items or none, and return what happened to each.

    With `replace_managed`, what was applied once and is not given any more is taken away.
    ConflictError for a revision older than the applied one; InvalidError, listing every bad item,
    when one is not acceptable. The same batch again changes nothing.
    """
    started = time.monotonic()
    if not 0 <= revision <= LAST_REVISION:
        raise ShopError("The revision must be between 0 and %1.", [LAST_REVISION])
    with transaction(shop.db):
        done = manifest.load(shop.db)
        if revision < done.revision:
            raise ConflictError(
                "Revision %1 is older than the applied revision %2.", [revision, done.revision]
            )
        batch = Batch(shop, done, dry_run=dry_run, keep=not replace_managed)
        batch.take(items)
        if replace_managed:
            batch.take_away_the_rest()
        if not dry_run:
            batch.commit(revision)
    return batch.answer() | {"duration_ms": round((time.monotonic() - started) * 1000)}


class Batch:
    """One batch while it is read: what each item comes to, and what it would write."""

    def __init__(self, shop: Shop, done: Manifest, *, dry_run: bool, keep: bool) -> None:
        self._shop = shop
        self._done = done
        self._dry_run = dry_run
        self._current = config.load(shop.db)
        self._managed = dict(done.items) if keep else {}
        self._applied = dict(done.applied)
        self._writes: list[tuple[Place, str | None]] = []
        self._errors: list[dict[str, object]] = []
        self._results: list[dict[str, object]] = []
        self._seen: set[str] = set()
        self._checksum = done.checksum
        self._revision = done.revision

    def take(self, items: Sequence[Item]) -> None:
        """Read all items."""
        own_prices = prices_per_website(items, self._current)
        for item in items:
            self._take(item, own_prices=own_prices)

    def _take(self, item: Item, *, own_prices: bool) -> None:
        try:
            place = locate(self._shop.db, item)
            if place.key in self._seen:
                raise ShopError("Given twice.")  # noqa: TRY301 - one refusal among those of `check`
            self._seen.add(place.key)
            check(place)
            own = item.path == BASE_CURRENCY and item.scope != "default" and not item.inherit
            if own and not own_prices:
                raise ShopError(NO_OWN_PRICES)  # noqa: TRY301 - as above
        except ShopError as error:
            self._refuse(item, error.message)
            return
        wanted = None if item.inherit else item.value
        self._managed[place.key] = vault.fingerprint(self._shop.session_key, wanted)
        self._applied.pop(place.key, None)
        if wanted is not None:
            self._applied[place.key] = manifest.shown(self._shop, place, wanted)
        same = manifest.plain(self._shop, place, self._current) == wanted
        if not same:
            self._writes.append((place, wanted))
        status = "unchanged" if same else "would_change" if self._dry_run else "changed"
        self._results.append(describe(item, place) | {"status": status})

    def _refuse(self, item: Item, message: str) -> None:
        self._errors.append(about(item, message))
        self._results.append(describe(item) | {"status": "error", "message": message})

    def take_away_the_rest(self) -> None:
        """Let what was applied once and was not taken now inherit again."""
        for place in manifest.abandoned(self._shop.db, self._done, self._managed):
            if place.stored_key in self._current.stored:
                self._writes.append((place, None))
                status = "would_reset" if self._dry_run else "reset"
                self._results.append(describe(place.item, place) | {"status": status})

    def commit(self, revision: int) -> None:
        """Write all of it; InvalidError when an item was refused or the settings contradict."""
        if self._errors:
            count = len(self._errors) + self._count("changed", "unchanged")
            raise InvalidError(
                "%1 of %2 items are invalid; nothing was applied.",
                [len(self._errors), count],
                self._errors,
            )
        write(self._shop, self._writes)
        self._checksum = manifest.save(self._shop.db, revision, self._managed, self._applied)
        self._revision = revision

    def answer(self) -> dict[str, object]:
        """Return what happened, or would."""
        return {
            "applied": not self._dry_run,
            "revision": self._revision,
            "checksum": self._checksum,
            "changed": len(self._writes),
            "unchanged": self._count("unchanged"),
            "failed": len(self._errors),
            "cleaned_caches": CACHES if self._writes and not self._dry_run else [],
            "results": self._results,
        }

    def _count(self, *statuses: str) -> int:
        return sum(one["status"] in statuses for one in self._results)


def about(item: Item, message: str) -> dict[str, object]:
    """Return one of the errors of a refusal: which setting, and what is wrong with it."""
    named = {"scope": item.scope, "code": item.scope_code or "", "path": item.path}
    return {"message": "%scope|%code|%path: %message", "parameters": named | {"message": message}}


def prices_per_website(items: Sequence[Item], current: config.Settings) -> bool:
    """Tell whether prices are kept per website once the batch is applied."""
    given = [one for one in items if one.path == PRICE_SCOPE and not one.inherit]
    return (given[-1].value if given else current.value(PRICE_SCOPE)) == "1"


def check(place: Place) -> None:
    """Refuse an item that nobody can change, that gives nothing, or gives what cannot be."""
    if place.locked:
        raise ShopError(LOCKED)
    if place.item.inherit:
        return
    if place.item.value is None:
        raise ShopError("Give a value, or inherit.")
    reason = refusal(place.item.path, place.field, place.item.value)
    if reason is not None:
        raise ShopError(reason)


def write(shop: Shop, writes: Sequence[tuple[Place, str | None]]) -> None:
    """Store the changes, then refuse the whole batch if the settings contradict each other."""
    for place, value in writes:
        if value is None:
            shop.db.execute(
                "DELETE FROM config WHERE scope = ? AND scope_id = ? AND path = ?", place.stored_key
            )
            continue
        reason = backend_refusal(place.field, value)
        if reason is not None:
            raise InvalidError(reason, None, [about(place.item, reason)])
        shown = vault.encrypt(shop.session_key, value) if place.field.sensitive else value
        shop.db.execute(
            "INSERT OR REPLACE INTO config (scope, scope_id, path, value) VALUES (?, ?, ?, ?)",
            (*place.stored_key, shown),
        )
    if any(place.item.path.startswith("currency/options/") for place, _ in writes):
        check_currencies(shop)


def check_currencies(shop: Shop) -> None:
    """Refuse a default currency that is not among the allowed ones, in any view."""
    settings = config.load(shop.db)
    for view in views(shop.db):
        default = settings.at(view, "currency/options/default")
        if default not in settings.allowed_currencies(view):
            raise InvalidError(
                "Sorry, the default display currency you selected is not available in allowed "
                "currencies."
            )
