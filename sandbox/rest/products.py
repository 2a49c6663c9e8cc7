"""Handlers of /V1/products…: what the shop sells, shaped as the contract shows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sandbox import config
from sandbox.catalog import NOT_FOUND, Catalog, Product
from sandbox.database import now, transaction
from sandbox.errors import NotFoundError, ShopError, required
from sandbox.rest import search
from sandbox.rest.call import find_bool, find_decimal, find_int, find_text, get_object, get_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from sandbox.rest.call import Call

COLUMNS = {"sku": "sku", "name": "name", "entity_id": "id", "id": "id", "status": "status",
           "visibility": "visibility", "created_at": "created_at",
           "updated_at": "updated_at"}  # fmt: skip
SKU_LENGTH = 64
STOCK = {"is_qty_decimal": False, "show_default_notification_message": False,
         "use_config_min_qty": True, "min_qty": 0, "use_config_min_sale_qty": 1,
         "min_sale_qty": 1, "use_config_max_sale_qty": True, "max_sale_qty": 10000,
         "use_config_backorders": True, "backorders": 0, "use_config_notify_stock_qty": True,
         "notify_stock_qty": 1, "use_config_qty_increments": True, "qty_increments": 0,
         "use_config_enable_qty_inc": True, "enable_qty_increments": False,
         "use_config_manage_stock": True, "manage_stock": True, "low_stock_date": None,
         "is_decimal_divided": False, "stock_status_changed_auto": 0}  # fmt: skip


def catalog_of(call: Call) -> Catalog:
    """Return the catalog as the URL's store code sees it."""
    return Catalog(call.shop.db, config.load(call.shop.db), call.view)


def get_product(call: Call) -> object:
    """Return one product."""
    return describe(call, catalog_of(call).get(call.path["sku"]))


def list_products(call: Call) -> object:
    """Return the products that match the search criteria."""
    criteria = search.read(call.query)
    where, values = criteria.sql(COLUMNS)
    catalog = catalog_of(call)
    total = call.shop.db.execute(f"SELECT COUNT(*) FROM product WHERE {where}", values)  # noqa: S608
    count = total.fetchone()[0]
    rows = call.shop.db.execute(
        f"SELECT * FROM product WHERE {where} {criteria.limit(COLUMNS)}",  # noqa: S608
        values,
    ).fetchall()
    return {
        "items": [describe(call, catalog.product(row)) for row in rows],
        "search_criteria": criteria.shown(),
        "total_count": count,
    }


def post_product(call: Call) -> object:
    """Make a product, or change the one that has this SKU already."""
    given = get_object(call.body, "product")
    sku = get_text(given, "sku", longest=SKU_LENGTH).strip()
    if not sku:
        raise required("sku")
    return save(call, sku, given)


def put_product(call: Call) -> object:
    """Change a product, or make it."""
    given = get_object(call.body, "product")
    return save(call, call.path["sku"][:SKU_LENGTH], given)


def save(call: Call, sku: str, given: Mapping[str, object]) -> object:
    """Write what was given of a product, all of it or nothing."""
    db = call.shop.db
    catalog = catalog_of(call)
    price = find_decimal(given, "price")
    if price is not None and price < 0:
        raise ShopError('Invalid value of "%value" provided for the price field.',
                        {"value": str(price)})  # fmt: skip
    with transaction(db):
        product = catalog.find(sku)
        if product is None:
            create(call, sku, given)
            product = catalog.get(sku)
        elif (name := find_text(given, "name", longest=255)) is not None:
            catalog.set_text(product, name, attribute(given, "description") or product.description)
        if price is not None:
            catalog.set_price(product, price)
        update_columns(call, product.id, given)
        update_websites(call, product.id, given)
    return describe(call, catalog.get(sku))


def create(call: Call, sku: str, given: Mapping[str, object]) -> None:
    """Insert a new product; a name and a price must be given."""
    name = get_text(given, "name", longest=255).strip()
    price = find_decimal(given, "price")
    if not name or price is None:
        raise required("name" if not name else "price")
    key = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or sku.lower()
    call.shop.db.execute(
        "INSERT INTO product (sku, name, description, url_key, price, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (sku, name, attribute(given, "description") or "", key, str(price), now(), now()),
    )


def attribute(given: Mapping[str, object], name: str) -> str | None:
    """Return a value among the custom attributes."""
    attributes = given.get("custom_attributes")
    for one in attributes if isinstance(attributes, list) else ():
        if isinstance(one, dict) and one.get("attribute_code") == name:
            return find_text(one, "value", longest=20_000)
    return None


def tax_class(call: Call, given: Mapping[str, object]) -> int | None:
    """Return the tax class among the custom attributes; 0 is none, and others must exist."""
    text = attribute(given, "tax_class_id")
    if text is None:
        return None
    query = "SELECT 1 FROM tax_class WHERE id = ? AND kind = 'PRODUCT'"
    if text != "0" and call.shop.db.execute(query, (text,)).fetchone() is None:
        raise ShopError('Invalid value of "%value" provided for the tax_class_id field.',
                        {"value": text[:16]})  # fmt: skip
    return int(text)


def update_columns(call: Call, product_id: int, given: Mapping[str, object]) -> None:
    """Write status, visibility, weight and stock where they are given."""
    extension = given.get("extension_attributes")
    stock = extension.get("stock_item") if isinstance(extension, dict) else None
    stock = stock if isinstance(stock, dict) else {}
    weight = find_decimal(given, "weight")
    in_stock = find_bool(stock, "is_in_stock")
    columns = {
        "status": find_int(given, "status"),
        "visibility": find_int(given, "visibility"),
        "weight": None if weight is None else str(weight),
        "tax_class_id": tax_class(call, given),
        "qty": find_int(stock, "qty"),
        "is_in_stock": None if in_stock is None else int(in_stock),
    }
    if columns["status"] not in (None, 1, 2) or columns["visibility"] not in (None, 1, 2, 3, 4):
        raise ShopError("The status must be 1 or 2, and the visibility 1, 2, 3 or 4.")
    for name, value in columns.items():
        if value is not None:
            call.shop.db.execute(
                f"UPDATE product SET {name} = ? WHERE id = ?",  # noqa: S608 - our own names
                (value, product_id),
            )


def update_websites(call: Call, product_id: int, given: Mapping[str, object]) -> None:
    """Write on which websites the product is, where that is given."""
    extension = given.get("extension_attributes")
    wanted = extension.get("website_ids") if isinstance(extension, dict) else None
    if not isinstance(wanted, list):
        return
    known = {row[0] for row in call.shop.db.execute("SELECT id FROM website WHERE id > 0")}
    if not all(isinstance(one, int) and one in known for one in wanted):
        raise ShopError("The website ID does not exist.")
    call.shop.db.execute("DELETE FROM product_website WHERE product_id = ?", (product_id,))
    call.shop.db.executemany(
        "INSERT INTO product_website VALUES (?, ?)", [(product_id, one) for one in set(wanted)]
    )


def delete_product(call: Call) -> object:
    """Delete a product; orders keep what they said about it."""
    with transaction(call.shop.db):
        done = call.shop.db.execute("DELETE FROM product WHERE sku = ?", (call.path["sku"],))
    if done.rowcount == 0:
        raise NotFoundError(NOT_FOUND)
    return True


def is_salable(call: Call) -> object:
    """Tell whether a product can be bought now."""
    product = catalog_of(call).find(call.path["sku"])
    return product is not None and product.salable


def salable_quantity(call: Call) -> object:
    """Return how many pieces can be bought now."""
    return catalog_of(call).get(call.path["sku"]).qty


def describe(call: Call, product: Product) -> dict[str, object]:
    """Return a product as the contract shows it."""
    sites = product.website_ids or tuple(
        row[0] for row in call.shop.db.execute("SELECT id FROM website WHERE id > 0 ORDER BY id")
    )
    attributes = {"url_key": product.url_key, "tax_class_id": str(product.tax_class),
                  "required_options": "0",
                  "has_options": "0", "options_container": "container2"}  # fmt: skip
    if product.description:
        attributes["description"] = product.description
    weight: dict[str, Decimal] = {} if product.weight is None else {"weight": product.weight}
    return {
        "id": product.id,
        "sku": product.sku,
        "name": product.name,
        "attribute_set_id": 4,
        "price": product.price,
        "status": 1 if product.enabled else 2,
        "visibility": product.visibility,
        "type_id": "simple",
        "created_at": product.created_at,
        "updated_at": product.updated_at,
        **weight,
        "extension_attributes": {
            "website_ids": list(sites),
            "category_links": [{"position": 0, "category_id": "2"}],
            "stock_item": {
                "item_id": product.id,
                "product_id": product.id,
                "stock_id": 1,
                "qty": product.qty,
                "is_in_stock": product.in_stock,
                **STOCK,
            },
        },
        "product_links": [],
        "options": [],
        "media_gallery_entries": [],
        "tier_prices": [],
        "custom_attributes": [
            *({"attribute_code": k, "value": v} for k, v in attributes.items()),
            {"attribute_code": "category_ids", "value": ["2"]},
        ],
    }
