"""Routes of a shop's orders: list, look, ship, track. The orders themselves live in the shop."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Path, Query
from fastapi.responses import Response
from pydantic import Field

from controller.api import routing
from controller.api.answers import json_answer
from controller.api.deps import After, Limit, ScopeDep, ServicesDep
from controller.api.described import OF_SHOPS, Responses
from controller.api.inputs import Input, Switch, Text
from controller.api.order_resources import order_json, shipment_json
from controller.api.resources import list_json
from controller.api.shopcalls import ShopCalls, ShopCallsDep
from controller.domain.orders import LONGEST_TITLE, OrderQuery, Parcel, Recorded, Track, new_track
from controller.domain.tenant import Scope
from controller.services.orders import OrderService

router = routing.router(prefix="/stores/{name}/orders", tags=["orders"], responses=OF_SHOPS)

T = TypeVar("T")
Name = Annotated[str, Path(max_length=100, description="Name or uid of the store.")]
Number = Annotated[str, Path(max_length=50, description="The order's number.")]
ShipmentId = Annotated[str, Path(max_length=40, description="The shipment's id.")]
Quantity = Annotated[Decimal, Field(gt=0, le=1_000_000, max_digits=12, decimal_places=4)]

ALREADY_SENT: Responses = {
    200: {"description": "It was recorded before: the shipment; nothing was changed."}
}


class TrackInput(Input):
    """A parcel's number at its carrier."""

    carrier: Text
    """dhl, ups, fedex, usps, custom, or another by its code or name, such as gls-de."""
    number: Text
    title: Annotated[str | None, Field(max_length=LONGEST_TITLE)] = None
    """The carrier's name as customers read it; only `custom` needs one."""

    def track(self) -> Track:
        """As a track; raises InvalidTrackingNumberError or CarrierTitleMissingError."""
        return new_track(self.carrier, self.number, self.title)


class ItemInput(Input):
    """How much of one SKU is sent."""

    sku: Annotated[str, Field(min_length=1, max_length=64)]
    quantity: Quantity


class ShipmentInput(TrackInput):
    """A parcel: what is named, or everything that is left."""

    items: Annotated[tuple[ItemInput, ...], Field(max_length=200)] = ()
    notify: Switch = False
    """Whether the shop mails the customer."""

    def parcel(self) -> Parcel:
        """As a parcel; raises what `track` raises."""
        items: dict[str, Decimal] = {}
        for item in self.items:
            items[item.sku] = items.get(item.sku, Decimal(0)) + item.quantity
        return Parcel(track=self.track(), items=items, notify=self.notify)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The orders of the store in the path, on behalf of the caller."""

    book: OrderService
    scope: Scope
    name: str
    calls: ShopCalls

    async def ask(self, call: Callable[..., T], *details: Any) -> T:
        """Call a method of the book outside of the event loop."""
        asked = partial(call, self.scope, self.name, *details)
        return await self.calls.run(f"{self.scope.tenant}/{self.name}", asked)


async def desk(services: ServicesDep, scope: ScopeDep, calls: ShopCallsDep, name: Name) -> Desk:
    """The desk of the store in the path."""
    return Desk(book=services.orders, scope=scope, name=name, calls=calls)


DeskDep = Annotated[Desk, Depends(desk)]


@router.get("")
async def list_orders(
    desk: DeskDep,
    limit: Limit = 50,
    after: After = None,
    status: Annotated[
        str | None, Query(max_length=64, description="The shop's word, such as pending.")
    ] = None,
    tests: Annotated[bool, Query(description="Show the platform's test purchases too.")] = False,
) -> Response:
    """List orders, newest first. A page may be short and still have a next one."""
    query = OrderQuery(limit=limit, after=after, status=status, tests=tests)
    page = await desk.ask(desk.book.page, query)
    return json_answer(list_json("Order", map(order_json, page.orders), page.next))


@router.get("/{number}")
async def get_order(desk: DeskDep, number: Number) -> Response:
    """One order by its number, with its shipments."""
    return json_answer(order_json(await desk.ask(desk.book.get, number)))


@router.get("/{number}/shipments")
async def list_shipments(desk: DeskDep, number: Number) -> Response:
    """What was sent of an order, oldest first."""
    found = await desk.ask(desk.book.shipments, number)
    return json_answer(list_json("Shipment", (shipment_json(item, number) for item in found), None))


@router.post("/{number}/shipments", status_code=201, responses=ALREADY_SENT)
async def ship_order(desk: DeskDep, number: Number, body: ShipmentInput) -> Response:
    """Record a shipment; the same carrier and number again is 200 and changes nothing."""
    return _recorded(await desk.ask(desk.book.ship, number, body.parcel()), number)


@router.post("/{number}/shipments/{shipment}/tracks", status_code=201, responses=ALREADY_SENT)
async def add_track(
    desk: DeskDep, number: Number, shipment: ShipmentId, body: TrackInput
) -> Response:
    """Add a parcel's number to a shipment; one that is there already is 200."""
    return _recorded(await desk.ask(desk.book.track, number, shipment, body.track()), number)


def _recorded(recorded: Recorded, number: str) -> Response:
    return json_answer(shipment_json(recorded.shipment, number), 201 if recorded.new else 200)
