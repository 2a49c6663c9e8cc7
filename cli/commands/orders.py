"""`storectl order list`, `get`, `ship` and `track`."""

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.errors import ItemFaultError, NothingSentError, WhichShipmentError
from cli.labels import printable
from cli.options import Output
from cli.output import Format, document, note, resource, resources, result
from cli.session import Session
from cli.texts import _
from cli.verbs import NounGroup, new_app, verb
from controller.domain.orders import new_track, plain

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cli.client import Resource
    from cli.transport import Reply

app = new_app(
    name="order", cls=NounGroup, help=_("List orders, send them and follow their parcels.")
)

Store = Annotated[
    str, typer.Argument(metavar="STORE", help=_("The store's name."), show_default=False)
]
Number = Annotated[
    str, typer.Argument(metavar="NUMBER", help=_("The order's number."), show_default=False)
]
Carrier = Annotated[
    str,
    typer.Option(
        "--carrier",
        metavar="CARRIER",
        help=_("Who carries the parcel: dhl, ups, fedex, usps, another by name, or custom."),
        show_default=False,
    ),
]
Parcel = Annotated[
    str,
    typer.Option(
        "--number",
        metavar="NUMBER",
        help=_("The parcel's number, from its label."),
        show_default=False,
    ),
]
Title = Annotated[
    str | None,
    typer.Option(
        "--title",
        metavar="NAME",
        help=_("The carrier's name as customers read it; for custom."),
        show_default=False,
    ),
]


@verb(
    app,
    "list",
    text=_("List a store's orders, newest first."),
    examples=(
        "storectl order list acme",
        "storectl order list acme --status pending -o name",
        "storectl order list acme --limit 200 -o json",
    ),
)
def list_orders(
    session: Session,
    store: Store,
    *,
    status: Annotated[
        str | None,
        typer.Option(
            "--status",
            metavar="STATUS",
            help=_("Only with this status, such as pending."),
            show_default=False,
        ),
    ] = None,
    tests: Annotated[
        bool, typer.Option("--tests", help=_("Show the platform's test purchases too."))
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help=_("At most this many."))] = 20,
    output: Output = Format.TABLE,
) -> None:
    """Print orders."""

    def table(found: "list[Resource]") -> "RenderableType":
        from cli.order_pages import orders  # noqa: PLC0415 -- programs do without Rich.

        return orders(found)

    resources(
        session.client.orders(store, status=status, tests=tests, limit=limit),
        output,
        lambda order: str(order["metadata"]["number"]),
        table,
        _("There are no orders."),
    )


@verb(
    app,
    "get",
    text=_("Show an order with its items and what was sent of it."),
    examples=("storectl order get acme 000000012", "storectl order get acme 000000012 -o json"),
)
def get(session: Session, store: Store, number: Number, *, output: Output = Format.TABLE) -> None:
    """Print one order."""
    found = session.client.order(store, number)

    def page() -> "RenderableType":
        from cli.order_pages import order  # noqa: PLC0415 -- programs do without Rich.

        return order(found, store)

    resource(found, output, str(found["metadata"]["number"]), page)


@verb(
    app,
    "ship",
    text=_("Record that a parcel of an order goes out."),
    more=_(
        "Without --item everything goes that is left. The same carrier and number again change "
        "nothing, so a command that broke off can be repeated."
    ),
    examples=(
        "storectl order ship acme 000000012 --carrier dhl --number 00340434161094042557",
        "storectl order ship acme 000000012 --carrier ups --number 1Z… --item stoneware-mug=2",
        "storectl order ship acme 000000012 --carrier custom --title GLS --number 4711",
    ),
)
def ship(
    session: Session,
    store: Store,
    number: Number,
    *,
    carrier: Carrier,
    parcel: Parcel,
    title: Title = None,
    item: Annotated[
        list[str] | None,
        typer.Option(
            "--item",
            metavar="SKU=QUANTITY",
            help=_("What the parcel holds; more than once for several."),
            show_default=False,
        ),
    ] = None,
    notify: Annotated[bool, typer.Option("--notify", help=_("Let the shop mail the customer."))] = (
        False
    ),
    output: Output = Format.TABLE,
) -> None:
    """Ship an order, or a part of it."""
    body: dict[str, Any] = {**_track(carrier, parcel, title), "notify": notify}
    if item:
        body["items"] = [_item(text) for text in item]
    _print(session.client.ship_order(store, number, body), output)


@verb(
    app,
    "track",
    text=_("Add a parcel's number to what was sent."),
    more=_("The same carrier and number again change nothing."),
    examples=(
        "storectl order track acme 000000012 --carrier ups --number 1Z999AA10123456784",
        "storectl order track acme 000000012 --carrier ups --number 1Z9… --shipment 3",
    ),
)
def track(
    session: Session,
    store: Store,
    number: Number,
    *,
    carrier: Carrier,
    parcel: Parcel,
    title: Title = None,
    shipment: Annotated[
        str | None,
        typer.Option(
            "--shipment",
            metavar="ID",
            help=_("Which shipment, where the order has several."),
            show_default=False,
        ),
    ] = None,
    output: Output = Format.TABLE,
) -> None:
    """Add a tracking number."""
    body = _track(carrier, parcel, title)
    chosen = shipment or _only_shipment(session, store, number, body)
    _print(session.client.track_shipment(store, number, chosen, body), output)


def _track(carrier: str, number: str, title: str | None) -> dict[str, str]:
    """The parcel as the API takes it; raises what `new_track` raises."""
    found = new_track(carrier, number, title)
    return {"carrier": str(found.carrier), "number": found.number, "title": found.title}


def _item(text: str) -> dict[str, Any]:
    sku, sign, amount = text.rpartition("=")
    try:
        quantity = Decimal(amount)
    except InvalidOperation:
        quantity = Decimal(0)
    if not sign or not sku or not quantity.is_finite() or quantity <= 0:
        raise ItemFaultError(item=text)
    return {"sku": sku, "quantity": plain(quantity)}


def _only_shipment(session: Session, store: str, number: str, body: dict[str, str]) -> str:
    """The shipment that is meant: the only one, or the one that has the number already."""
    found = session.client.shipments(store, number)
    if not found:
        raise NothingSentError(order=number, store=store)
    same = [
        item
        for item in found
        if any(
            (known["carrier"], known["number"]) == (body["carrier"], body["number"])
            for known in item["spec"]["tracks"]
        )
    ]
    [chosen, *others] = same or found
    if others:
        ids = ", ".join(str(item["metadata"]["id"]) for item in found)
        raise WhichShipmentError(order=number, ids=ids)
    return str(chosen["metadata"]["id"])


def _print(reply: "Reply", output: Format) -> None:
    """Print a shipment; 200 instead of 201 says that it was recorded before."""
    found = reply.body
    if output.machine:
        document(found, output)
        return
    if output is Format.NAME:
        result(str(found["metadata"]["id"]))
        return
    if reply.status == 200:
        note(_("Nothing to do: it was recorded before."))
    facts = {
        "shipment": printable(str(found["metadata"]["id"])),
        "order": printable(str(found["metadata"]["order"])),
        "items": ", ".join(
            f"{item['quantity']} × {printable(item['sku'])}" for item in found["spec"]["items"]
        ),
    }
    result(_("Shipment %(shipment)s of order %(order)s: %(items)s") % facts)
    for known in found["spec"]["tracks"]:
        shown = [known["title"], known["number"], known["url"]]
        result("  " + "  ".join(printable(str(part)) for part in shown if part))
