"""The shop's SQLite file: opening, schema and transactions; every other module takes a connection.

Amounts of money are stored as decimal text, times as `YYYY-MM-DD HH:MM:SS` in UTC.
"""

# ruff: noqa: PLC0415 - what is not needed to start is imported where it is used.

from __future__ import annotations

import sqlite3
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = "shop.sqlite3"
"""Its name in the shop's directory; two more files of its name may stand beside it."""

FIRST_SCHEMA = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    """CREATE TABLE website (id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL, sort_order INTEGER NOT NULL DEFAULT 0,
        is_default INTEGER NOT NULL DEFAULT 0, default_group_id INTEGER NOT NULL DEFAULT 0)""",
    """CREATE TABLE store_group (id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL, website_id INTEGER NOT NULL REFERENCES website(id),
        root_category_id INTEGER NOT NULL DEFAULT 2,
        default_store_id INTEGER NOT NULL DEFAULT 0)""",
    """CREATE TABLE store (id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL, website_id INTEGER NOT NULL REFERENCES website(id),
        group_id INTEGER NOT NULL REFERENCES store_group(id), is_active INTEGER NOT NULL DEFAULT 1,
        sort_order INTEGER NOT NULL DEFAULT 0)""",
    """CREATE TABLE config (scope TEXT NOT NULL, scope_id INTEGER NOT NULL, path TEXT NOT NULL,
        value TEXT NOT NULL, PRIMARY KEY (scope, scope_id, path))""",
    """CREATE TABLE rate (currency_from TEXT NOT NULL, currency_to TEXT NOT NULL,
        rate TEXT NOT NULL, PRIMARY KEY (currency_from, currency_to))""",
    """CREATE TABLE product (id INTEGER PRIMARY KEY AUTOINCREMENT, sku TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL, description TEXT NOT NULL DEFAULT '', url_key TEXT NOT NULL,
        price TEXT, starter_price TEXT, weight TEXT, picture TEXT NOT NULL DEFAULT '',
        status INTEGER NOT NULL DEFAULT 1, visibility INTEGER NOT NULL DEFAULT 4,
        qty INTEGER NOT NULL DEFAULT 0, is_in_stock INTEGER NOT NULL DEFAULT 1,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL)""",
    """CREATE TABLE product_text (
        product_id INTEGER NOT NULL REFERENCES product(id) ON DELETE CASCADE,
        lang TEXT NOT NULL DEFAULT '', store_id INTEGER NOT NULL DEFAULT 0, name TEXT NOT NULL,
        description TEXT NOT NULL DEFAULT '', PRIMARY KEY (product_id, lang, store_id))""",
    """CREATE TABLE product_price (
        product_id INTEGER NOT NULL REFERENCES product(id) ON DELETE CASCADE,
        website_id INTEGER NOT NULL, price TEXT NOT NULL, PRIMARY KEY (product_id, website_id))""",
    """CREATE TABLE product_website (product_id INTEGER NOT NULL REFERENCES product(id)
        ON DELETE CASCADE, website_id INTEGER NOT NULL, PRIMARY KEY (product_id, website_id))""",
    """CREATE TABLE cart (id INTEGER PRIMARY KEY AUTOINCREMENT, masked_id TEXT NOT NULL UNIQUE,
        store_id INTEGER NOT NULL REFERENCES store(id), currency TEXT NOT NULL DEFAULT '',
        email TEXT NOT NULL DEFAULT '', shipping_address TEXT, billing_address TEXT,
        shipping_method TEXT NOT NULL DEFAULT '', is_active INTEGER NOT NULL DEFAULT 1,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL)""",
    """CREATE TABLE cart_item (id INTEGER PRIMARY KEY AUTOINCREMENT,
        cart_id INTEGER NOT NULL REFERENCES cart(id) ON DELETE CASCADE,
        product_id INTEGER NOT NULL REFERENCES product(id) ON DELETE CASCADE,
        qty INTEGER NOT NULL, UNIQUE (cart_id, product_id))""",
    """CREATE TABLE orders (id INTEGER PRIMARY KEY AUTOINCREMENT, increment_id TEXT NOT NULL UNIQUE,
        cart_id INTEGER NOT NULL, store_id INTEGER NOT NULL, state TEXT NOT NULL,
        status TEXT NOT NULL, email TEXT NOT NULL, base_currency TEXT NOT NULL,
        currency TEXT NOT NULL, rate TEXT NOT NULL, subtotal TEXT NOT NULL,
        base_subtotal TEXT NOT NULL, shipping TEXT NOT NULL, base_shipping TEXT NOT NULL,
        grand_total TEXT NOT NULL, base_grand_total TEXT NOT NULL, paid TEXT NOT NULL DEFAULT '0',
        shipping_method TEXT NOT NULL, shipping_title TEXT NOT NULL, payment_method TEXT NOT NULL,
        payment_title TEXT NOT NULL, po_number TEXT NOT NULL DEFAULT '',
        shipping_address TEXT NOT NULL, billing_address TEXT NOT NULL,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL)""",
    """CREATE TABLE order_item (id INTEGER PRIMARY KEY AUTOINCREMENT,
        order_id INTEGER NOT NULL REFERENCES orders(id), product_id INTEGER NOT NULL,
        cart_item_id INTEGER NOT NULL, sku TEXT NOT NULL, name TEXT NOT NULL, price TEXT NOT NULL,
        base_price TEXT NOT NULL, row_total TEXT NOT NULL, base_row_total TEXT NOT NULL,
        weight TEXT, qty INTEGER NOT NULL, invoiced INTEGER NOT NULL DEFAULT 0,
        shipped INTEGER NOT NULL DEFAULT 0, canceled INTEGER NOT NULL DEFAULT 0)""",
    """CREATE TABLE invoice (id INTEGER PRIMARY KEY AUTOINCREMENT,
        increment_id TEXT NOT NULL UNIQUE,
        order_id INTEGER NOT NULL REFERENCES orders(id), grand_total TEXT NOT NULL,
        created_at TEXT NOT NULL)""",
    """CREATE TABLE shipment (id INTEGER PRIMARY KEY AUTOINCREMENT,
        increment_id TEXT NOT NULL UNIQUE, order_id INTEGER NOT NULL REFERENCES orders(id),
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL)""",
    """CREATE TABLE shipment_item (id INTEGER PRIMARY KEY AUTOINCREMENT,
        shipment_id INTEGER NOT NULL REFERENCES shipment(id), order_item_id INTEGER NOT NULL,
        qty INTEGER NOT NULL)""",
    """CREATE TABLE track (id INTEGER PRIMARY KEY AUTOINCREMENT,
        shipment_id INTEGER NOT NULL REFERENCES shipment(id), order_id INTEGER NOT NULL,
        track_number TEXT NOT NULL, title TEXT NOT NULL, carrier_code TEXT NOT NULL,
        qty REAL, weight REAL, description TEXT, created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL)""",
    """CREATE TABLE sequence (store_id INTEGER NOT NULL, kind TEXT NOT NULL, last INTEGER NOT NULL,
        PRIMARY KEY (store_id, kind))""",
    """CREATE TABLE login_link (token_hash TEXT PRIMARY KEY, role TEXT NOT NULL,
        expires_at TEXT NOT NULL)""",
    """CREATE TABLE admin_session (token_hash TEXT PRIMARY KEY, role TEXT NOT NULL,
        expires_at TEXT NOT NULL)""",
    "CREATE INDEX cart_age ON cart (is_active, updated_at)",
    "CREATE INDEX order_item_order ON order_item (order_id)",
    "CREATE INDEX shipment_order ON shipment (order_id)",
    "CREATE INDEX track_shipment ON track (shipment_id)",
)
TAX_AND_TABLE_RATES = (
    "CREATE TABLE locked (path TEXT PRIMARY KEY, value TEXT NOT NULL)",
    """CREATE TABLE table_rate (website_id INTEGER NOT NULL REFERENCES website(id),
        condition TEXT NOT NULL, country TEXT NOT NULL, region TEXT NOT NULL,
        postcode TEXT NOT NULL, least TEXT NOT NULL, price TEXT NOT NULL,
        PRIMARY KEY (website_id, condition, country, region, postcode, least))""",
    """CREATE TABLE tax_class (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,
        kind TEXT NOT NULL, UNIQUE (kind, name))""",
    """CREATE TABLE tax_rate (id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT NOT NULL UNIQUE,
        country TEXT NOT NULL, region_id INTEGER NOT NULL, postcode TEXT NOT NULL,
        zip_from INTEGER, zip_to INTEGER, rate TEXT NOT NULL)""",
    """CREATE TABLE tax_rule (id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT NOT NULL UNIQUE,
        priority INTEGER NOT NULL, position INTEGER NOT NULL,
        calculate_subtotal INTEGER NOT NULL DEFAULT 0, customer_classes TEXT NOT NULL,
        product_classes TEXT NOT NULL, rates TEXT NOT NULL)""",
    "INSERT INTO tax_class VALUES (2, 'Taxable Goods', 'PRODUCT')",
    "INSERT INTO tax_class VALUES (3, 'Retail Customer', 'CUSTOMER')",
    "INSERT INTO tax_rate VALUES (1, 'US-CA-*-Rate 1', 'US', 12, '*', NULL, NULL, '8.25')",
    "INSERT INTO tax_rate VALUES (2, 'US-NY-*-Rate 1', 'US', 43, '*', NULL, NULL, '8.375')",
    "ALTER TABLE product ADD COLUMN tax_class_id INTEGER NOT NULL DEFAULT 2",
    *(
        f"ALTER TABLE orders ADD COLUMN {name} TEXT NOT NULL DEFAULT '0'"
        for name in ("tax", "base_tax", "shipping_tax", "base_shipping_tax")
    ),
    *(
        f"ALTER TABLE order_item ADD COLUMN {name} TEXT NOT NULL DEFAULT '0'"
        for name in ("tax", "base_tax", "tax_percent")
    ),
)
SEVERAL_TAXES = ("ALTER TABLE orders ADD COLUMN taxes TEXT NOT NULL DEFAULT '[]'",)
# What brings a data file from each version to the next; a new one goes through all of them.
STEPS = (FIRST_SCHEMA, TAX_AND_TABLE_RATES, SEVERAL_TAXES)
SCHEMA_VERSION = len(STEPS)


def open_database(path: Path) -> sqlite3.Connection:
    """Open the shop's data file, made and seeded when it is new; sqlite3.Error when unusable.

    A commit survives the death of the process at once; of the machine, after the next checkpoint.
    """
    db = sqlite3.connect(path, isolation_level=None, timeout=2.0)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA foreign_keys = ON")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        db.close()
        message = f"the data file is of schema {version}, this program knows {SCHEMA_VERSION}"
        raise sqlite3.DatabaseError(message)
    if version < SCHEMA_VERSION:
        migrate(db, version)
    return db


def migrate(db: sqlite3.Connection, version: int) -> None:
    """Bring the file up to date, in one transaction so that a kill leaves nothing half-done.

    A new file is filled with the starter shop.
    """
    from sandbox.seed import seed

    with transaction(db):
        for step in STEPS[version:]:
            for statement in step:
                db.execute(statement)
        if version == 0:
            seed(db)
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Commit the block as a whole or not at all; an inner block joins the outer one."""
    if db.in_transaction:
        yield
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        # SQLite may have rolled back by itself, after a full disk for example.
        with suppress(sqlite3.OperationalError):
            db.execute("ROLLBACK")
        raise


def now() -> str:
    """Return the current time as it is stored."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
