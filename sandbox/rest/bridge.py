"""Handlers of /V1/storecontroller/…: what the control plane configures and looks at."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox import VERSION, changes, config, mail, manifest, money, query, topology
from sandbox.database import transaction
from sandbox.errors import ShopError, wrong_type
from sandbox.items import Item
from sandbox.rest.call import (
    find_bool,
    find_decimal,
    find_int,
    find_text,
    get_int,
    get_objects,
    get_text,
    only,
)
from sandbox.structure import is_email

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.rest.call import Call
    from sandbox.shop import Shop

TOO_LARGE = Decimal(10) ** 12
LINK_LIFETIME = timedelta(minutes=2)
ITEM_FIELDS = frozenset({"path", "scope", "scope_code", "value", "inherit"})
NODE_FIELDS = frozenset(
    {"type", "code", "name", "parent_code", "sort_order", "is_active", "is_default",
     "root_category_id", "id", "status"}
)  # fmt: skip


def ready(call: Call) -> object:
    """Say that the shop answers and its data can be read."""
    call.shop.db.execute("SELECT 1 FROM meta LIMIT 1").fetchone()
    return {"ready": True}


def status(call: Call) -> object:
    """Say what runs and whether its settings are as they were applied."""
    shop = call.shop
    done = manifest.load(shop.db)
    current, drifted = manifest.drift(shop, done)
    checks = [check_database(shop), check_disk(shop)]
    return {
        "platform": "sandbox",
        "platform_version": VERSION,
        "bridge_version": VERSION,
        "instance_uid": shop.release.uid,
        "digest": shop.release.digest,
        "mode": "production",
        "ready": all(check["ok"] for check in checks),
        "maintenance": shop.release.closed,
        "views": [view.code for view in topology.views(shop.db) if view.active],
        "revision": done.revision,
        "applied_checksum": done.checksum,
        "current_checksum": current,
        "drift": drifted,
        "checks": checks,
    }


def check_database(shop: Shop) -> dict[str, object]:
    """Read something and say how long it took."""
    started = time.monotonic()
    try:
        detail, ok = str(shop.db.execute("SELECT sqlite_version()").fetchone()[0]), True
        shop.db.execute("SELECT COUNT(*) FROM store").fetchone()
    except sqlite3.Error as error:
        detail, ok = str(error), False
    took = round((time.monotonic() - started) * 1000)
    return {"name": "db", "ok": ok, "ms": took, "detail": detail}


def check_disk(shop: Shop) -> dict[str, object]:
    """Write something, where that was not done a moment ago."""
    started = time.monotonic()
    trouble = shop.disk.trouble(shop.db)
    took = round((time.monotonic() - started) * 1000)
    return {"name": "disk", "ok": not trouble, "ms": took, "detail": trouble or "it can be written"}


def read_items(call: Call) -> list[Item]:
    """Read the items of a configuration batch or query."""
    items = []
    for given in get_objects(call.body, "items"):
        only(given, ITEM_FIELDS)
        items.append(
            Item(
                path=(find_text(given, "path", longest=255) or "").strip(),
                scope=find_text(given, "scope", longest=32) or "default",
                scope_code=find_text(given, "scope_code", longest=64) or None,
                value=find_text(given, "value", longest=65536),
                inherit=find_bool(given, "inherit") or False,
            )
        )
    return items


def put_config(call: Call) -> object:
    """Apply a batch of settings, all or none."""
    items = read_items(call)
    return changes.apply(
        call.shop,
        items,
        get_int(call.body, "revision"),
        dry_run=find_bool(call.body, "dryRun") or False,
        replace_managed=find_bool(call.body, "replaceManaged") or False,
    )


def query_config(call: Call) -> object:
    """Return effective settings."""
    return query.query(call.shop, read_items(call))


def get_rates(call: Call) -> object:
    """Return all currency rates."""
    rows = call.shop.db.execute(
        "SELECT currency_from, currency_to, rate FROM rate ORDER BY currency_from, currency_to"
    )
    return [
        {"from": row["currency_from"], "to": row["currency_to"], "rate": Decimal(row["rate"])}
        for row in rows
    ]


def put_rates(call: Call) -> object:
    """Store currency rates, all or none, and return all of them."""
    with transaction(call.shop.db):
        for given in get_objects(call.body, "rates"):
            source, target, rate = read_rate(given)
            call.shop.db.executemany(
                "INSERT OR REPLACE INTO rate VALUES (?, ?, ?)",
                [(source, source, "1"), (source, target, str(rate))],
            )
    return get_rates(call)


def read_rate(given: Mapping[str, object]) -> tuple[str, str, Decimal]:
    """Read one rate; the contract's servers would silently drop a zero and turn a minus sign."""
    only(given, frozenset({"from", "to", "rate"}))
    source, target = get_text(given, "from"), get_text(given, "to")
    rate = find_decimal(given, "rate") or Decimal(0)
    for code in (source, target):
        if code not in money.CURRENCIES:
            raise ShopError('Unknown currency "%1".', [code[:16]])
    if round(rate, 12) <= 0:
        raise ShopError("Rate %1 to %2 must be positive.", [source, target])
    if rate >= TOO_LARGE:
        raise ShopError("Rate %1 to %2 is too large.", [source, target])
    if source == target and rate != 1:
        raise ShopError("The rate of %1 to itself is 1.", [source])
    return source, target, rate


def put_topology(call: Call) -> object:
    """Make or update websites, groups and store views."""
    nodes = []
    for given in get_objects(call.body, "nodes"):
        only(given, NODE_FIELDS)
        nodes.append(
            topology.Node(
                type=get_text(given, "type", longest=64),
                code=get_text(given, "code", longest=64),
                name=find_text(given, "name"),
                parent_code=find_text(given, "parent_code", longest=64),
                sort_order=find_int(given, "sort_order"),
                is_active=find_bool(given, "is_active"),
                is_default=find_bool(given, "is_default"),
                root_category_id=find_int(given, "root_category_id"),
            )
        )
    return topology.apply(call.shop.db, nodes)


def clean_cache(call: Call) -> object:
    """Name the caches that are clean now: all of them always are, the shop keeps nothing stale."""
    types = call.body.get("types") or []
    if not isinstance(types, list) or not all(isinstance(one, str) for one in types):
        error = wrong_type(types, "list")
        raise ShopError(f'Error occurred during "types" processing. {error.message}')
    bad = [one for one in types if one not in changes.CACHES]
    if bad:
        raise ShopError("Unknown cache types: %1", [", ".join(bad)[:200]])
    return types or changes.CACHES


def test_mail(call: Call) -> object:
    """Send a mail in the way that every mail of the shop takes, and say what became of it."""
    recipient = get_text(call.body, "recipient", longest=254)
    if not is_email(recipient):
        raise ShopError('"%1" is no e-mail address.', [recipient])
    view = next(view for view in topology.views(call.shop.db) if view.active)
    settings = config.load(call.shop.db)
    name = settings.at(view, "trans_email/ident_sales/name")
    text = "Mails of this shop arrive. Nothing needs to be done."
    try:
        way = mail.way(settings, view, call.shop.session_key)
        message = mail.written(settings, view, recipient, f"Test mail of {name}", text)
        mail.deliver(way, message)
    except mail.NotSentError as error:
        return {"sent": False, "detail": str(error)}
    return {"sent": True, "detail": ""}


def login_link(call: Call) -> object:
    """Mint a link that opens the administration once, within two minutes."""
    role = get_text(call.body, "role", longest=16)
    if role != "owner":
        raise ShopError('The role must be "owner", not "%1".', [role])
    token = secrets.token_urlsafe(32)
    expires = datetime.now(UTC) + LINK_LIFETIME
    with transaction(call.shop.db):
        call.shop.db.execute(
            "DELETE FROM login_link WHERE expires_at < ?", (datetime.now(UTC).isoformat(),)
        )
        call.shop.db.execute(
            "INSERT INTO login_link VALUES (?, ?, ?)",
            (hashlib.sha256(token.encode()).hexdigest(), role, expires.isoformat()),
        )
    return {
        "url": f"{base_url(call.shop)}admin/enter?token={token}",
        "expires_at": expires.isoformat(timespec="seconds"),
    }


def base_url(shop: Shop, website_id: int = 0, store_id: int = 0) -> str:
    """Return the configured address of the shop, or the one that its release knows."""
    settings = config.load(shop.db)
    secure = settings.value("web/secure/use_in_frontend", website_id, store_id) == "1"
    kinds = ("secure", "unsecure") if secure else ("unsecure", "secure")
    configured = [settings.value(f"web/{kind}/base_url", website_id, store_id) for kind in kinds]
    return next(filter(None, configured), shop.release.url)
