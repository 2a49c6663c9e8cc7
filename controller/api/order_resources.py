"""Orders and shipments as the API's JSON. Amounts are strings, quantities numbers."""

from dataclasses import asdict
from typing import Any

from controller.api.resources import API_VERSION
from controller.domain.orders import (
    Address,
    Order,
    OrderItem,
    OrderTax,
    Shipment,
    Track,
    plain,
    written,
)
from controller.domain.store import iso


def order_json(order: Order) -> dict[str, Any]:
    """An order; `spec` is what was bought, `status` what became of it.

    In a list `status.shipments` is null: they are asked for with the single order.
    """
    return {
        "apiVersion": API_VERSION,
        "kind": "Order",
        "metadata": {
            "number": order.number,
            "createdAt": iso(order.created_at),
            "updatedAt": iso(order.updated_at),
        },
        "spec": {
            "customer": order.customer,
            "email": order.email,
            "currency": order.currency,
            "items": [_item(item) for item in order.items],
            "subtotal": str(order.subtotal),
            "shipping": str(order.shipping),
            "tax": str(order.tax),
            "taxes": [_tax(tax) for tax in order.taxes],
            "discount": str(order.discount),
            "total": str(order.total),
            "payment": order.payment,
            "shippingMethod": order.shipping_method,
            "shipTo": _address(order.ship_to),
        },
        "status": {
            "state": order.state,
            "status": order.status,
            "paid": str(order.paid),
            "left": plain(order.left),
            "items": [_became(item) for item in order.items],
            "shipments": _shipments(order),
        },
    }


def _item(item: OrderItem) -> dict[str, Any]:
    return {
        "sku": item.sku,
        "name": item.name,
        "quantity": plain(item.ordered),
        "price": str(item.price),
        "total": str(item.total),
    }


def _tax(tax: OrderTax) -> dict[str, Any]:
    return {"name": tax.name, "percent": written(tax.percent), "amount": str(tax.amount)}


def _became(item: OrderItem) -> dict[str, Any]:
    return {
        "sku": item.sku,
        "shipped": plain(item.shipped),
        "cancelled": plain(item.cancelled),
        "refunded": plain(item.refunded),
        "left": plain(item.left),
    }


def _shipments(order: Order) -> list[dict[str, Any]] | None:
    if order.shipments is None:
        return None
    return [shipment_json(shipment, order.number) for shipment in order.shipments]


def _address(address: Address | None) -> dict[str, Any] | None:
    return None if address is None else asdict(address)


def shipment_json(shipment: Shipment, order: str) -> dict[str, Any]:
    """A shipment with the numbers by which its parcels are followed."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Shipment",
        "metadata": {
            "id": shipment.id,
            "number": shipment.number,
            "order": order,
            "createdAt": iso(shipment.created_at),
        },
        "spec": {
            "items": [
                {"sku": item.sku, "name": item.name, "quantity": plain(item.quantity)}
                for item in shipment.items
            ],
            "tracks": [_track(track) for track in shipment.tracks],
        },
    }


def _track(track: Track) -> dict[str, Any]:
    return {
        "carrier": str(track.carrier),
        "title": track.title,
        "number": track.number,
        "url": track.url,
    }
