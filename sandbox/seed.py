"""The starter shop: one website with one view, and eight products so that it can sell at once.

`database` calls it while it makes a new file, inside the same transaction.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING

from sandbox.database import now

if TYPE_CHECKING:
    import sqlite3


def seed(db: sqlite3.Connection) -> None:
    """Fill the empty tables."""
    db.execute("INSERT INTO website (id, code, name) VALUES (0, 'admin', 'Admin')")
    db.execute("INSERT INTO store_group (id, code, name, website_id, root_category_id)"
               " VALUES (0, 'default', 'Default', 0, 0)")  # fmt: skip
    db.execute("INSERT INTO store (id, code, name, website_id, group_id)"
               " VALUES (0, 'admin', 'Admin', 0, 0)")  # fmt: skip
    db.execute("INSERT INTO website (id, code, name, is_default, default_group_id)"
               " VALUES (1, 'base', 'Main Website', 1, 1)")  # fmt: skip
    db.execute("INSERT INTO store_group (id, code, name, website_id, default_store_id)"
               " VALUES (1, 'main_website_store', 'Main Website Store', 1, 1)")  # fmt: skip
    db.execute("INSERT INTO store (id, code, name, website_id, group_id)"
               " VALUES (1, 'default', 'Default Store View', 1, 1)")  # fmt: skip
    products = json.loads((files("sandbox") / "products.json").read_text(encoding="utf-8"))
    for product in products:
        add_product(db, product)


def add_product(db: sqlite3.Connection, product: dict[str, object]) -> None:
    """Add one starter product with its texts in every language that the shop speaks."""
    texts = product["texts"]
    assert isinstance(texts, dict)  # noqa: S101 - our own file
    name, description = texts["en"]
    moment = now()
    identity = db.execute(
        "INSERT INTO product (sku, name, description, url_key, starter_price, weight, picture, qty,"
        " created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (product["sku"], name, description, product["sku"], product["euros"], product["weight"],
         product["picture"], product["qty"], moment, moment),
    ).lastrowid  # fmt: skip
    db.executemany(
        "INSERT INTO product_text (product_id, lang, name, description) VALUES (?, ?, ?, ?)",
        [(identity, lang, *text) for lang, text in texts.items() if lang != "en"],
    )
