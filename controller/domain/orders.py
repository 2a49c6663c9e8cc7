"""Orders of a shop, what was sent of them, and how the parcels are followed.

An engine reads and writes them (`engines.orders`); the API and `storectl` show them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from urllib.parse import quote

from controller.domain import carriers
from controller.domain.errors.orders import (
    CarrierTitleMissingError,
    InvalidTrackingNumberError,
    UnknownCarrierError,
)
from controller.domain.spellings import plain as spelled

_NUMBER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._/-]{0,62}[A-Za-z0-9])?")
LONGEST_TITLE = 80


class TrackingCarrier(StrEnum):
    """Who carries a parcel; `custom` is anybody else, named by a title."""

    DHL = "dhl"
    UPS = "ups"
    FEDEX = "fedex"
    USPS = "usps"
    CUSTOM = "custom"


TITLES: Mapping[TrackingCarrier, str] = {
    TrackingCarrier.DHL: "DHL",
    TrackingCarrier.UPS: "UPS",
    TrackingCarrier.FEDEX: "FedEx",
    TrackingCarrier.USPS: "USPS",
}
_PAGES: Mapping[TrackingCarrier, str] = {
    TrackingCarrier.DHL: "https://www.dhl.com/global-en/home/tracking.html?tracking-id=",
    TrackingCarrier.UPS: "https://www.ups.com/track?tracknum=",
    TrackingCarrier.FEDEX: "https://www.fedex.com/fedextrack/?trknbr=",
    TrackingCarrier.USPS: "https://tools.usps.com/go/TrackConfirmAction?tLabels=",
}


@dataclass(frozen=True, kw_only=True)
class Track:
    """One parcel's number at its carrier."""

    carrier: TrackingCarrier
    title: str
    number: str

    @property
    def key(self) -> tuple[TrackingCarrier, str]:
        """What makes it the same parcel, however the number was typed."""
        return self.carrier, re.sub(r"[ ._/-]", "", self.number).upper()

    @property
    def url(self) -> str | None:
        """The carrier's page that follows the parcel; None for a carrier that we do not know."""
        page = _PAGES.get(self.carrier)
        if page:
            return page + quote(self.number.replace(" ", ""), safe="")
        other = carriers.named(self.title)
        return other.page(self.number) if other else None


def new_track(carrier: str, number: str, title: str | None = None) -> Track:
    """A track that somebody typed; `carrier` is one of ours, or one of many by code or name.

    Raises UnknownCarrierError, InvalidTrackingNumberError and CarrierTitleMissingError.
    """
    number = spelled(number)
    said = carrier.strip().casefold()
    if said not in set(TrackingCarrier):
        other = carriers.named(said)
        if other is None:
            raise UnknownCarrierError(carrier=carrier[:40])
        said, title = TrackingCarrier.CUSTOM, title or other.title
    kind = TrackingCarrier(said)
    if not _NUMBER.fullmatch(number):
        raise InvalidTrackingNumberError(number=number[:80])
    named = " ".join((title or "").split()) or TITLES.get(kind, "")
    if not named or len(named) > LONGEST_TITLE or not named.isprintable():
        raise CarrierTitleMissingError
    return Track(carrier=kind, title=named, number=number)


@dataclass(frozen=True, kw_only=True)
class ShippedItem:
    """How much of one SKU a shipment has."""

    sku: str
    quantity: Decimal
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Shipment:
    """What was sent together."""

    id: str
    number: str
    """The number that people see; `id` is what routes name it by."""
    created_at: datetime
    items: tuple[ShippedItem, ...]
    tracks: tuple[Track, ...]

    def has(self, track: Track) -> bool:
        """Whether this parcel is known to be part of the shipment."""
        return track.key in {known.key for known in self.tracks}


@dataclass(frozen=True, kw_only=True)
class OrderItem:
    """One line of an order, and what became of it."""

    id: str
    sku: str
    name: str
    price: Decimal
    """Each, in the order's currency."""
    total: Decimal
    ordered: Decimal
    shipped: Decimal
    cancelled: Decimal
    refunded: Decimal
    ships: bool = True
    """Whether it is something that is sent at all."""

    @property
    def left(self) -> Decimal:
        """How much can still be sent, as Magento counts it."""
        if not self.ships:
            return Decimal(0)
        return max(self.ordered - max(self.shipped, self.refunded) - self.cancelled, Decimal(0))


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where an order goes."""

    name: str
    company: str | None
    street: tuple[str, ...]
    city: str
    region: str | None
    postcode: str | None
    country: str
    phone: str | None


@dataclass(frozen=True, kw_only=True)
class OrderTax:
    """One of the taxes of an order, as it was called and as high as it was then."""

    name: str
    percent: Decimal
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class Order:
    """One order; amounts are in its own currency."""

    id: str
    number: str
    """The number that people see, by which everything here names it."""
    state: str
    """new, processing, complete, closed, canceled, holded, payment_review: the shop's own word."""
    status: str
    """The merchant's finer word for the state."""
    created_at: datetime
    updated_at: datetime
    email: str
    customer: str
    currency: str
    subtotal: Decimal
    shipping: Decimal
    tax: Decimal
    discount: Decimal
    total: Decimal
    paid: Decimal
    payment: str
    shipping_method: str | None
    ship_to: Address | None
    items: tuple[OrderItem, ...]
    taxes: tuple[OrderTax, ...] = ()
    """What the tax is made of."""
    shipments: tuple[Shipment, ...] | None = None
    """What was sent of it, oldest first; None where nobody asked, as in a list."""

    @property
    def left(self) -> Decimal:
        """How many pieces can still be sent."""
        return sum((item.left for item in self.items), Decimal(0))


@dataclass(frozen=True, kw_only=True)
class OrderQuery:
    """Which orders, newest first; `after` is the `next` of the page before."""

    limit: int = 50
    after: str | None = None
    status: str | None = None
    tests: bool = False
    """Whether the platform's own test purchases are shown too."""


@dataclass(frozen=True, kw_only=True)
class OrderPage:
    """Some orders; `next` is where the following page begins."""

    orders: tuple[Order, ...]
    next: str | None


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """What somebody wants to send: everything that is left, or quantities by SKU."""

    track: Track
    items: Mapping[str, Decimal] = field(default_factory=dict)
    notify: bool = False
    """Whether the shop mails the customer."""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A shipment as the shop has it now; `new` says that this request changed it."""

    shipment: Shipment
    new: bool


def plain(quantity: Decimal) -> int | float:
    """A quantity as a JSON number."""
    whole = quantity == quantity.to_integral_value()
    return int(quantity) if whole else float(quantity)


def written(quantity: Decimal) -> str:
    """A quantity as people write it, without zeros that say nothing."""
    return f"{quantity.normalize():f}"
