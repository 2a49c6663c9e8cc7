"""Orders of a shop that lives in memory: it refuses what was not ordered and sends nothing twice.

`engines.orders` is held to the real thing in `tests/unit/controller/engines/test_orders.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol

from controller.domain.errors.orders import (
    NothingToShipError,
    OrderNotFoundError,
    ShipmentNotFoundError,
    TooManyItemsError,
    UnknownOrderItemError,
)
from controller.domain.errors.requests import BadRequestError
from controller.domain.orders import (
    Address,
    Order,
    OrderItem,
    OrderPage,
    OrderQuery,
    Parcel,
    Recorded,
    Shipment,
    ShippedItem,
    Track,
    written,
)

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)


@dataclass
class Ledger:
    """What one shop knows of its orders."""

    orders: dict[str, Order] = field(default_factory=dict)
    shipments: dict[str, tuple[Shipment, ...]] = field(default_factory=dict)

    def buy(self, **pieces: int) -> str:
        """Take an order and return its number; SKUs are written with underscores."""
        number = f"{len(self.orders) + 1:09d}"
        items = tuple(
            OrderItem(
                id=str(place),
                sku=sku.replace("_", "-"),
                name=sku.replace("_", " ").title(),
                price=Decimal("18.00"),
                total=Decimal("18.00") * count,
                ordered=Decimal(count),
                shipped=Decimal(0),
                cancelled=Decimal(0),
                refunded=Decimal(0),
            )
            for place, (sku, count) in enumerate(pieces.items(), start=1)
        )
        subtotal = sum((item.total for item in items), Decimal(0))
        self.orders[number] = Order(
            id=str(len(self.orders) + 1),
            number=number,
            state="new",
            status="pending",
            created_at=AT,
            updated_at=AT,
            email="ann@example.com",
            customer="Ann Buyer",
            currency="EUR",
            subtotal=subtotal,
            shipping=Decimal("4.90"),
            tax=Decimal("0.00"),
            discount=Decimal("0.00"),
            total=subtotal + Decimal("4.90"),
            paid=Decimal("0.00"),
            payment="Bank Transfer",
            shipping_method="Flat Rate - Fixed",
            ship_to=Address(
                name="Ann Buyer",
                company=None,
                street=("Hauptstr. 1",),
                city="Berlin",
                region=None,
                postcode="10115",
                country="DE",
                phone=None,
            ),
            items=items,
        )
        self.shipments[number] = ()
        return number


class Held(Protocol):
    """What a running shop is, as far as it matters here."""

    ledger: Ledger


class FakeOrders:
    """`Orders` of `engines.base`."""

    def __init__(self, running: Callable[[], Held]) -> None:
        """`running` raises while the shop does not run."""
        self._running = running

    def _ledger(self) -> Ledger:
        return self._running().ledger

    def page(self, query: OrderQuery) -> OrderPage:
        if query.after is not None and not query.after.isdecimal():
            raise BadRequestError((("after", "the “next” of the page before"),))
        found = [
            order
            for order in reversed(self._ledger().orders.values())
            if (query.after is None or int(order.id) < int(query.after))
            and query.status in {None, order.status}
        ]
        shown = found[: query.limit]
        return OrderPage(
            orders=tuple(shown), next=shown[-1].id if len(found) > query.limit else None
        )

    def get(self, number: str) -> Order:
        order = self._ledger().orders.get(number)
        if order is None:
            raise OrderNotFoundError(order=number, store="-")
        return replace(order, shipments=self._ledger().shipments[number])

    def shipments(self, number: str) -> tuple[Shipment, ...]:
        self.get(number)
        return self._ledger().shipments[number]

    def ship(self, number: str, parcel: Parcel, before: Callable[[], None]) -> Recorded:
        order = self.get(number)
        for shipment in self.shipments(number):
            if shipment.has(parcel.track):
                return Recorded(shipment=shipment, new=False)
        if not order.left:
            raise NothingToShipError(order=number, store="-", state=order.status)
        left = {item.sku: item.left for item in order.items}
        sent = dict(parcel.items) or left
        for sku, count in sent.items():
            if sku not in left:
                raise UnknownOrderItemError(sku=sku, order=number, store="-")
            if count > left[sku]:
                raise TooManyItemsError(
                    sku=sku, left=written(left[sku]), wanted=written(count), order=number, store="-"
                )
        before()
        ledger = self._ledger()
        items = tuple(
            replace(item, shipped=item.shipped + sent.get(item.sku, Decimal(0)))
            for item in order.items
        )
        changed = replace(order, items=items, state="processing", status="processing")
        ledger.orders[number] = replace(changed, shipments=None)
        shipment = Shipment(
            id=str(sum(map(len, ledger.shipments.values())) + 1),
            number="100000001",
            created_at=AT,
            items=tuple(
                ShippedItem(sku=sku, name=sku.title(), quantity=count)
                for sku, count in sent.items()
                if count
            ),
            tracks=(parcel.track,),
        )
        ledger.shipments[number] += (shipment,)
        return Recorded(shipment=shipment, new=True)

    def track(
        self, number: str, shipment_id: str, track: Track, before: Callable[[], None]
    ) -> Recorded:
        for place, shipment in enumerate(self.shipments(number)):
            if shipment.id == shipment_id:
                if shipment.has(track):
                    return Recorded(shipment=shipment, new=False)
                before()
                changed = replace(shipment, tracks=(*shipment.tracks, track))
                found = list(self._ledger().shipments[number])
                found[place] = changed
                self._ledger().shipments[number] = tuple(found)
                return Recorded(shipment=changed, new=True)
        raise ShipmentNotFoundError(shipment=shipment_id, order=number, store="-")
