"""Magento's JSON of orders and shipments as ours. `orders` reads with it, inside `rest.reading`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from controller.domain.money import cent
from controller.domain.orders import (
    Address,
    Order,
    OrderItem,
    OrderTax,
    Shipment,
    ShippedItem,
    Track,
    TrackingCarrier,
)

Json = Mapping[str, Any]

_ADDRESS = "firstname,lastname,company,street,city,region,postcode,country_id,telephone"
ORDER_FIELDS = (
    "entity_id,increment_id,state,status,created_at,updated_at,customer_email,customer_firstname,"
    "customer_lastname,order_currency_code,subtotal,shipping_amount,tax_amount,discount_amount,"
    "grand_total,total_paid,shipping_description,payment[method,additional_information],"
    "items[item_id,parent_item_id,product_type,is_virtual,sku,name,price,row_total,qty_ordered,"
    f"qty_shipped,qty_canceled,qty_refunded],billing_address[{_ADDRESS}],"
    f"extension_attributes[shipping_assignments[shipping[address[{_ADDRESS}]]],"
    "applied_taxes[code,title,percent,amount]]"
)
"""What is read of an order: whole ones are eight times as long."""
SHIPMENT_FIELDS = (
    "entity_id,increment_id,created_at,items[sku,name,qty],tracks[carrier_code,title,track_number]"
)
_SENT_BY_NOBODY = {"virtual", "downloadable"}


def read_order(found: Json) -> Order:
    """An order."""
    currency = str(found["order_currency_code"])
    billing = found.get("billing_address") or {}
    names = (
        (found.get("customer_firstname"), found.get("customer_lastname")),
        (billing.get("firstname"), billing.get("lastname")),
    )

    def money(name: str) -> Decimal:
        return _money(found.get(name) or 0, currency)

    return Order(
        id=str(int(found["entity_id"])),
        number=str(found["increment_id"]),
        state=str(found.get("state") or ""),
        status=str(found.get("status") or found.get("state") or ""),
        created_at=_moment(found["created_at"]),
        updated_at=_moment(found.get("updated_at") or found["created_at"]),
        email=str(found.get("customer_email") or ""),
        customer=next((_joined(*name) for name in names if _joined(*name)), ""),
        currency=currency,
        subtotal=money("subtotal"),
        shipping=money("shipping_amount"),
        tax=money("tax_amount"),
        discount=money("discount_amount"),
        total=money("grand_total"),
        paid=money("total_paid"),
        payment=_payment(found.get("payment") or {}),
        shipping_method=found.get("shipping_description") or None,
        ship_to=_ship_to(found),
        # A configured product comes twice, the second time as what was configured.
        items=tuple(
            _item(item, currency) for item in found["items"] if not item.get("parent_item_id")
        ),
        taxes=tuple(_tax(tax, currency) for tax in _extended(found).get("applied_taxes") or ()),
    )


def _tax(found: Json, currency: str) -> OrderTax:
    return OrderTax(
        name=str(found.get("title") or found.get("code") or ""),
        percent=Decimal(str(found.get("percent") or 0)),
        amount=_money(found.get("amount") or 0, currency),
    )


def _extended(found: Json) -> Json:
    extended: Json = found.get("extension_attributes") or {}
    return extended


def _item(found: Json, currency: str) -> OrderItem:
    return OrderItem(
        id=str(int(found["item_id"])),
        sku=str(found["sku"]),
        name=str(found.get("name") or found["sku"]),
        price=_money(found.get("price") or 0, currency),
        total=_money(found.get("row_total") or 0, currency),
        ordered=_quantity(found.get("qty_ordered")),
        shipped=_quantity(found.get("qty_shipped")),
        cancelled=_quantity(found.get("qty_canceled")),
        refunded=_quantity(found.get("qty_refunded")),
        ships=not found.get("is_virtual") and found.get("product_type") not in _SENT_BY_NOBODY,
    )


def _payment(found: Json) -> str:
    """The method's title as the customer saw it, or its code."""
    told = found.get("additional_information")
    title = told[0] if isinstance(told, list) and told else None
    return title if isinstance(title, str) and title else str(found.get("method") or "")


def _ship_to(found: Json) -> Address | None:
    assignments = _extended(found).get("shipping_assignments") or []
    shipping = assignments[0].get("shipping") if assignments else None
    address = (shipping or {}).get("address")
    if not address:
        return None
    return Address(
        name=_joined(address.get("firstname"), address.get("lastname")),
        company=address.get("company") or None,
        street=tuple(str(line) for line in address.get("street") or ()),
        city=str(address.get("city") or ""),
        region=address.get("region") or None,
        postcode=address.get("postcode") or None,
        country=str(address.get("country_id") or ""),
        phone=address.get("telephone") or None,
    )


def read_shipment(found: Json) -> Shipment:
    """A shipment."""
    return Shipment(
        id=str(int(found["entity_id"])),
        number=str(found.get("increment_id") or found["entity_id"]),
        created_at=_moment(found["created_at"]),
        items=tuple(
            ShippedItem(
                sku=str(item["sku"]),
                name=str(item.get("name") or item["sku"]),
                quantity=_quantity(item["qty"]),
            )
            for item in found.get("items") or ()
        ),
        tracks=tuple(_track(track) for track in found.get("tracks") or ()),
    )


def _track(found: Json) -> Track:
    code = str(found.get("carrier_code") or "")
    known = code in set(TrackingCarrier)
    return Track(
        carrier=TrackingCarrier(code) if known else TrackingCarrier.CUSTOM,
        title=str(found.get("title") or code),
        number=str(found.get("track_number") or ""),
    )


def _joined(*names: Any) -> str:
    return " ".join(str(name) for name in names if name)


def _money(value: Any, currency: str) -> Decimal:
    """An amount with the decimals of its currency: JSON numbers drop their zeros."""
    return Decimal(str(value)).quantize(cent(currency))


def _quantity(value: Any) -> Decimal:
    return Decimal(str(value or 0))


def _moment(text: Any) -> datetime:
    """Magento writes times in UTC without saying so."""
    return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
