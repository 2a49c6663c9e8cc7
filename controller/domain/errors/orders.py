"""Orders, shipments and parcels."""

from controller.domain.errors.base import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
)
from controller.i18n import N_


class UnknownOrderItemError(InvalidInputError):
    """The order has no item of this SKU."""

    code = "item_not_in_order"
    cause = N_("Order %(order)s has no item “%(sku)s” that can be sent.")
    action = N_("“storectl order get %(store)s %(order)s” shows its items.")


class TooManyItemsError(InvalidInputError):
    """More of an item is to be sent than is left."""

    code = "too_many_items"
    cause = N_("Of “%(sku)s” %(left)s can still be sent, not %(wanted)s.")
    action = N_("“storectl order get %(store)s %(order)s” shows what is left.")


class UnknownCarrierError(InvalidInputError):
    """Nobody of this name carries parcels, as far as we know."""

    code = "unknown_carrier"
    cause = N_("“%(carrier)s” is no carrier that is known here.")
    action = N_("Choose dhl, ups, fedex, usps or one of templates/carriers.yaml, or custom.")


class CarrierTitleMissingError(InvalidInputError):
    """A carrier that we have no name for needs one."""

    code = "carrier_title_missing"
    cause = N_("A carrier of your own needs a name that customers read.")
    action = N_("Give its name as the title.")


class InvalidTrackingNumberError(InvalidInputError):
    """The text is no tracking number."""

    code = "invalid_tracking_number"
    cause = N_("“%(number)s” is not a tracking number.")
    action = N_("Copy it from the label: 1 to 64 letters and digits, with spaces or hyphens.")


class OrderNotFoundError(NotFoundError):
    """The shop has no order of this number."""

    code = "order_not_found"
    cause = N_("There is no order “%(order)s” in this shop.")
    action = N_("“storectl order list %(store)s” shows the orders there are.")


class ShipmentNotFoundError(NotFoundError):
    """The order has no shipment of this id."""

    code = "shipment_not_found"
    cause = N_("Order %(order)s has no shipment “%(shipment)s”.")
    action = N_("“storectl order get %(store)s %(order)s” shows its shipments.")


class NothingToShipError(ConflictError):
    """Every item of the order was sent, cancelled or refunded."""

    code = "nothing_to_ship"
    cause = N_("Nothing of order %(order)s is left to be sent (%(state)s).")
    action = N_("“storectl order get %(store)s %(order)s” shows what became of it.")


class ShipmentRefusedError(ConflictError):
    """The shop's own rules refuse the shipment or the tracking number."""

    code = "shipment_refused"
    cause = N_("The shop refused the shipment: %(detail)s")
    action = N_("Correct in the shop what it names, then repeat.")


class ShipmentDiffersError(ConflictError):
    """A parcel of this carrier and number was recorded before with other items."""

    code = "shipment_differs"
    cause = N_("Parcel %(number)s of order %(order)s was recorded before with other items.")
    action = N_("“storectl order get %(store)s %(order)s” shows it; check the number on the label.")


class ShipmentInWorkError(ConflictError):
    """Another request records a shipment of the same order."""

    code = "shipment_in_work"
    cause = N_("Another shipment of order %(order)s is being recorded right now.")
    action = N_("Wait a moment, then repeat: the same parcel is not recorded twice.")


class ShipmentUnsureError(UnavailableError):
    """The shop broke off while it recorded a shipment, and cannot be asked whether it did."""

    code = "shipment_unsure"
    cause = N_("The shop broke off while it recorded the shipment; it may have done it. %(detail)s")
    action = N_("Repeat it with the same tracking number: what is there is not recorded twice.")
