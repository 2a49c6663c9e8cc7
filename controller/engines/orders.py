"""A shop's orders through Magento's own REST: listed, looked at, shipped, tracked.

Shipping is not repeatable in Magento, so every write is guarded by a read before it: the same
parcel, which is its carrier and number, is never recorded twice for an order. `bridge` makes one.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

from controller.domain.errors.base import Message
from controller.domain.errors.orders import (
    NothingToShipError,
    OrderNotFoundError,
    ShipmentDiffersError,
    ShipmentNotFoundError,
    ShipmentRefusedError,
    ShipmentUnsureError,
    TooManyItemsError,
    UnknownOrderItemError,
)
from controller.domain.errors.requests import BadRequestError
from controller.domain.errors.shops import (
    ShopBusyError,
    ShopDeniedError,
    ShopUnreachableError,
    ShopUnreadableError,
)
from controller.domain.orders import (
    Order,
    OrderPage,
    OrderQuery,
    Parcel,
    Recorded,
    Shipment,
    Track,
    plain,
    written,
)
from controller.domain.store import Store
from controller.engines.answers import ShopAnswerError
from controller.engines.order_reading import (
    ORDER_FIELDS,
    SHIPMENT_FIELDS,
    read_order,
    read_shipment,
)
from controller.engines.rest import RestClient, reading
from controller.engines.search import Filter, search
from controller.engines.shopper import PROBE_EMAIL, PROBE_SKU
from controller.i18n import N_

T = TypeVar("T")

_LARGEST_PAGE = 50
"""A Magento takes about 25 ms for each order of a page."""
_MOST_PAGES = 5
"""How many pages of test purchases are passed over for one page of orders."""
_MOST_SHIPMENTS = 300


class OrderDesk:
    """The orders of one shop on behalf of one store; `Orders` of `engines.base`."""

    def __init__(self, rest: RestClient, store: Store, check: Callable[[], object]) -> None:
        """`check` raises WrongShopError when another shop than the expected one answers."""
        self._rest = rest
        self._store = store
        self._check = check

    # --- reading ----------------------------------------------------------------------------------

    def page(self, query: OrderQuery) -> OrderPage:
        """Orders, newest first. Test purchases take no place unless they are asked for.

        A page may be shorter than its limit and still have a next one.
        """
        self._check()
        found: list[Order] = []
        after = query.after
        for _ in range(_MOST_PAGES):
            size = min(query.limit, _LARGEST_PAGE)
            rows = self._rows(query, after, size)
            for place, row in enumerate(rows, start=1):
                after = row.id
                if query.tests or not _is_test(row):
                    found.append(row)
                if len(found) == query.limit:
                    more = place < len(rows) or len(rows) == size
                    return OrderPage(orders=tuple(found), next=after if more else None)
            if len(rows) < size:
                return OrderPage(orders=tuple(found), next=None)
        return OrderPage(orders=tuple(found), next=after)

    def _rows(self, query: OrderQuery, after: str | None, size: int) -> list[Order]:
        groups: list[list[Filter]] = []
        if after is not None:
            if not (after.isascii() and after.isdigit()):
                raise BadRequestError((("after", Message(N_("the “next” of the page before"))),))
            groups.append([("entity_id", "lt", after)])
        if query.status is not None:
            groups.append([("status", "eq", query.status)])
        if not query.tests:
            # A quiet shop has many more test purchases than orders.
            groups.append([("customer_email", "neq", PROBE_EMAIL)])
        fields = f"items[{ORDER_FIELDS}]"
        path = search("/all/V1/orders", groups, newest_first=True, size=size, fields=fields)
        return self._list(path, "orders", read_order)

    def get(self, number: str) -> Order:
        """One order with its shipments; raises OrderNotFoundError."""
        self._check()
        order = self._order(number)
        return replace(order, shipments=self._shipments(order))

    def _order(self, number: str) -> Order:
        groups: list[list[Filter]] = [[("increment_id", "eq", number)]]
        fields = f"items[{ORDER_FIELDS}]"
        path = search("/all/V1/orders", groups, newest_first=True, size=1, fields=fields)
        found = self._list(path, "orders", read_order)
        if not found:
            raise OrderNotFoundError(order=number, store=self._store.spec.slug)
        return found[0]

    def shipments(self, number: str) -> tuple[Shipment, ...]:
        """What was sent of an order, oldest first; raises OrderNotFoundError."""
        self._check()
        return self._shipments(self._order(number))

    def _shipments(self, order: Order) -> tuple[Shipment, ...]:
        path = search(
            "/all/V1/shipments",
            [[("order_id", "eq", order.id)]],
            newest_first=False,
            size=_MOST_SHIPMENTS,
            fields=f"items[{SHIPMENT_FIELDS}]",
        )
        return tuple(self._list(path, "shipments", read_shipment))

    def _list(self, path: str, what: str, read: Callable[[Any], T]) -> list[T]:
        """Each item of a list as ours."""
        try:
            answer = self._rest.call("GET", path)
        except ShopAnswerError as error:
            raise ShopUnreadableError(detail=f"{what}: {error.message}") from error
        with reading(what):
            return [read(item) for item in answer.get("items") or ()]

    # --- writing ----------------------------------------------------------------------------------

    def ship(self, number: str, parcel: Parcel, before: Callable[[], None]) -> Recorded:
        """Record a shipment; what is recorded already is left as it is.

        `before` is called once it is certain that something is written, before it is.
        """
        self._check()
        order = self._order(number)
        for shipment in self._shipments(order):
            if shipment.has(parcel.track):
                self._check_same(order, shipment, parcel)
                return Recorded(shipment=shipment, new=False)
        body = {
            "items": self._allotted(order, parcel),
            "notify": parcel.notify,
            "tracks": [_track_json(parcel.track)],
        }
        before()
        self._write(order, parcel.track, f"/all/V1/order/{order.id}/ship", body)
        return self._recorded(order, parcel.track)

    def track(
        self, number: str, shipment_id: str, track: Track, before: Callable[[], None]
    ) -> Recorded:
        """Add a parcel's number to a shipment; one that is there already is left as it is."""
        self._check()
        order = self._order(number)
        shipments = {shipment.id: shipment for shipment in self._shipments(order)}
        shipment = shipments.get(shipment_id)
        if shipment is None:
            store = self._store.spec.slug
            raise ShipmentNotFoundError(shipment=shipment_id, order=number, store=store)
        if shipment.has(track):
            return Recorded(shipment=shipment, new=False)
        ids = {"order_id": int(order.id), "parent_id": int(shipment.id)}
        body = {"entity": {**ids, **_track_json(track), "qty": 1, "weight": 0, "description": ""}}
        before()
        self._write(order, track, "/all/V1/shipment/track", body)
        return self._recorded(order, track)

    def _check_same(self, order: Order, shipment: Shipment, parcel: Parcel) -> None:
        """The same number with other items is a slip, and no repetition."""
        sent: dict[str, Decimal] = {}
        for item in shipment.items:
            sent[item.sku] = sent.get(item.sku, Decimal(0)) + item.quantity
        if parcel.items and dict(parcel.items) != sent:
            raise ShipmentDiffersError(
                number=parcel.track.number, order=order.number, store=self._store.spec.slug
            )

    def _allotted(self, order: Order, parcel: Parcel) -> list[dict[str, Any]]:
        """Quantities by SKU as quantities of lines; nothing stands for all that is left."""
        number, store = order.number, self._store.spec.slug
        if not order.left:
            raise NothingToShipError(order=number, store=store, state=order.status)
        taken: list[dict[str, Any]] = []
        for sku, wanted in parcel.items.items():
            lines = [item for item in order.items if item.sku == sku and item.ships]
            if not lines:
                raise UnknownOrderItemError(sku=sku, order=number, store=store)
            left = sum((line.left for line in lines), Decimal(0))
            if wanted > left:
                raise TooManyItemsError(
                    sku=sku, left=written(left), wanted=written(wanted), order=number, store=store
                )
            open_quantity = wanted
            for line in lines:
                quantity = min(line.left, open_quantity)
                open_quantity -= quantity
                if quantity:
                    taken.append({"order_item_id": int(line.id), "qty": plain(quantity)})
        return taken

    def _write(self, order: Order, track: Track, path: str, body: object) -> None:
        """Send what is not repeatable; a doubt about its fate is settled by reading again.

        Raises ShipmentRefusedError in the shop's words, ShipmentUnsureError for a doubt that
        stays.
        """
        try:
            self._rest.call("POST", path, body)
        except ShopAnswerError as error:
            raise ShipmentRefusedError(detail=error.message) from error
        except (ShopBusyError, ShopDeniedError):
            # It said so before it did anything.
            raise
        except ShopUnreachableError as error:
            if not self._is_there(order, track):
                raise ShipmentUnsureError(detail=str(error)) from error

    def _is_there(self, order: Order, track: Track) -> bool:
        try:
            return any(shipment.has(track) for shipment in self._shipments(order))
        except ShopUnreachableError:
            return False

    def _recorded(self, order: Order, track: Track) -> Recorded:
        """The shipment as the shop has it after a write."""
        try:
            found = self._shipments(order)
        except ShopUnreachableError as error:
            raise ShipmentUnsureError(detail=str(error)) from error
        for shipment in found:
            if shipment.has(track):
                return Recorded(shipment=shipment, new=True)
        raise ShopUnreadableError(detail="the shipment that it recorded is not there")


def _is_test(order: Order) -> bool:
    return bool(order.items) and all(item.sku == PROBE_SKU for item in order.items)


def _track_json(track: Track) -> dict[str, str]:
    code = str(track.carrier)
    return {"carrier_code": code, "title": track.title, "track_number": track.number}
