"""What the API and the pages do with a shop's orders: find the shop, ask it, keep the books.

No connection to the database is held while the shop is asked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from controller.domain.notes import Note
from controller.domain.orders import (
    Order,
    OrderPage,
    OrderQuery,
    Parcel,
    Recorded,
    Shipment,
    Track,
    written,
)
from controller.domain.store import Store
from controller.domain.tenant import Scope
from controller.engines.base import Orders
from controller.reconciler.world import World
from controller.registry.registry import Registry
from controller.registry.shipping import ShipmentLog
from controller.services.shops import open_shop


class OrderService:
    """The orders of the stores in a scope.

    Methods raise what `engines.base.Orders` raises, StoreNotFoundError, and WrongStateError or
    StackNotReadyError while the shop does not run.
    """

    def __init__(self, registry: Registry, world: World) -> None:
        self._stores = registry.stores
        self._world = world
        self._book = ShipmentLog(registry.database)

    def page(self, scope: Scope, name: str, query: OrderQuery) -> OrderPage:
        """Orders, newest first."""
        with self._desk(scope, name) as (_, orders):
            return orders.page(query)

    def get(self, scope: Scope, name: str, number: str) -> Order:
        """One order."""
        with self._desk(scope, name) as (_, orders):
            return orders.get(number)

    def shipments(self, scope: Scope, name: str, number: str) -> tuple[Shipment, ...]:
        """What was sent of an order."""
        with self._desk(scope, name) as (_, orders):
            return orders.shipments(number)

    def ship(self, scope: Scope, name: str, number: str, parcel: Parcel) -> Recorded:
        """Record a shipment; the same parcel again changes nothing."""
        items = {sku: written(quantity) for sku, quantity in parcel.items.items()}
        told = {**_told(number, parcel.track), "items": items, "notify": parcel.notify}
        with (
            self._desk(scope, name) as (store, orders),
            self._book.alone(store, number),
        ):
            recorded = orders.ship(
                number, parcel, lambda: self._book.asked(scope, store, "order.ship", told)
            )
            self._tell(store, "ParcelSent", number, parcel.track, recorded)
        return recorded

    def track(self, scope: Scope, name: str, number: str, shipment: str, track: Track) -> Recorded:
        """Add a parcel's number to a shipment; one that is there already changes nothing."""
        told = {**_told(number, track), "shipment": shipment}
        with (
            self._desk(scope, name) as (store, orders),
            self._book.alone(store, number),
        ):
            recorded = orders.track(
                number, shipment, track, lambda: self._book.asked(scope, store, "order.track", told)
            )
            self._tell(store, "TrackAdded", number, track, recorded)
        return recorded

    def _tell(
        self, store: Store, reason: str, number: str, track: Track, recorded: Recorded
    ) -> None:
        if recorded.new:
            told = {"order": number, "carrier": track.title, "number": track.number}
            self._book.done(store, Note(reason=reason, params=told))

    @contextmanager
    def _desk(self, scope: Scope, name: str) -> Iterator[tuple[Store, Orders]]:
        with open_shop(self._stores, self._world, scope, name) as (store, shop):
            yield store, shop.orders()


def _told(number: str, track: Track) -> dict[str, Any]:
    """What the audit keeps of a parcel."""
    return {"order": number, "carrier": str(track.carrier), "number": track.number}
