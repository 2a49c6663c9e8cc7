"""Orders for people, drawn by Rich: a list, and one order on a page."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli import durations
from cli.labels import printable, word
from cli.tables import plain
from cli.texts import N_, _

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cli.client import Resource

STATUSES: Mapping[str, str] = {
    "pending": N_("pending"),
    "pending_payment": N_("pending payment"),
    "payment_review": N_("payment review"),
    "processing": N_("processing"),
    "complete": N_("complete"),
    "closed": N_("closed"),
    "canceled": N_("cancelled"),
    "holded": N_("on hold"),
    "fraud": N_("suspected fraud"),
}
STATUS_STYLES = {
    "complete": "green",
    "canceled": "dim",
    "closed": "dim",
    "holded": "yellow",
    "payment_review": "yellow",
    "fraud": "bold red",
}


def _status(order: "Resource") -> Text:
    value = str(order["status"]["status"])
    return Text(word(STATUSES, value), STATUS_STYLES.get(value, "cyan"))


def orders(items: Iterable["Resource"]) -> Table:
    """Return orders as rows."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in (_("NUMBER"), _("STATUS"), _("CUSTOMER"), _("ITEMS")):
        table.add_column(heading, overflow="fold")
    for heading in (_("TO SEND"), _("TOTAL"), _("AGE")):
        table.add_column(heading, justify="right", no_wrap=True)
    for item in items:
        spec = item["spec"]
        table.add_row(
            plain(item["metadata"]["number"]),
            _status(item),
            plain(spec["customer"] or spec["email"]),
            plain(_counted(spec["items"])),
            plain(item["status"]["left"] or None),
            plain(f"{spec['total']} {spec['currency']}"),
            Text(durations.age(item["metadata"]["createdAt"])),
        )
    return table


def _counted(items: Iterable["Resource"]) -> str:
    return ", ".join(f"{item['quantity']} × {item['sku']}" for item in items)


def order(item: "Resource", store: str) -> Group:
    """Return everything about an order on one page."""
    title = Text.assemble((printable(item["metadata"]["number"]), "bold"), "  ", _status(item))
    parts: list[RenderableType] = [title, Padding(_facts(item), (0, 0, 1, 2)), _items(item)]
    parts.append(Padding(_sums(item), (0, 0, 1, 0)))
    shipments = item["status"]["shipments"] or []
    if shipments:
        parts.append(Text(_("Shipments"), "bold"))
        parts += [Padding(_shipment(shipment), (0, 0, 1, 2)) for shipment in shipments]
    following = _following(item, store, shipments)
    if following:
        parts += [Text(_("What can follow"), "bold"), Padding(Text(following), (0, 0, 0, 2))]
    return Group(*parts)


def _facts(item: "Resource") -> Table:
    spec, created = item["spec"], item["metadata"]["createdAt"]
    since = {"moment": durations.local(created), "duration": durations.age(created)}
    rows = (
        (
            _("Customer"),
            " ".join(part for part in (spec["customer"], f"<{spec['email']}>") if part),
        ),
        (_("Placed"), _("%(moment)s (%(duration)s ago)") % since),
        (_("Payment"), spec["payment"]),
        (_("Shipping"), spec["shippingMethod"]),
        (_("Goes to"), _address(spec["shipTo"])),
    )
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, value in rows:
        if value:
            table.add_row(Text(name, "dim"), plain(value))
    return table


def _address(address: "Resource | None") -> str:
    if address is None:
        return ""
    city = " ".join(part for part in (address["postcode"], address["city"]) if part)
    lines = (address["name"], address["company"], *address["street"], city, address["region"])
    return ", ".join(str(line) for line in (*lines, address["country"]) if line)


def _items(item: "Resource") -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in (_("SKU"), _("NAME")):
        table.add_column(heading, overflow="fold")
    for heading in (_("ORDERED"), _("SENT"), _("TO SEND"), _("TOTAL")):
        table.add_column(heading, justify="right", no_wrap=True)
    for line, became in zip(item["spec"]["items"], item["status"]["items"], strict=True):
        table.add_row(
            plain(line["sku"]),
            plain(line["name"]),
            plain(line["quantity"]),
            plain(became["shipped"] or None),
            plain(became["left"] or None),
            plain(line["total"]),
        )
    return table


def _sums(item: "Resource") -> Table:
    spec = item["spec"]
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(justify="right")
    rows = (
        (_("Subtotal"), spec["subtotal"], True),
        (_("Discount"), spec["discount"], _counts(spec["discount"])),
        (_("Shipping"), spec["shipping"], True),
        (_("Tax"), spec["tax"], _counts(spec["tax"])),
        *_taxes(spec),
    )
    for name, amount, shown in rows:
        if shown:
            table.add_row(Text(name, "dim"), plain(amount))
    table.add_row(Text(_("Total"), "bold"), plain(f"{spec['total']} {spec['currency']}"))
    if _counts(item["status"]["paid"]):
        table.add_row(Text(_("Paid"), "dim"), plain(item["status"]["paid"]))
    return table


def _taxes(spec: Mapping[str, Any]) -> list[tuple[str, Any, bool]]:
    """What the tax is made of, when it is more than one."""
    taxes = spec.get("taxes") or []
    if len(taxes) < 2:
        return []
    return [
        (f"  {printable(str(tax['name']))} ({tax['percent']} %)", tax["amount"], True)
        for tax in taxes
    ]


def _counts(amount: Any) -> bool:
    return bool(str(amount).strip("-0."))


def _shipment(shipment: "Resource") -> Group:
    meta, spec = shipment["metadata"], shipment["spec"]
    head = Text.assemble(
        (printable(str(meta["id"])), "bold"),
        "  ",
        (durations.local(meta["createdAt"]), "dim"),
        "  ",
        printable(_counted(spec["items"])),
    )
    parcels = Table.grid(padding=(0, 2, 0, 0))
    for track in spec["tracks"]:
        parcels.add_row(plain(track["title"]), plain(track["number"]), _link(track["url"]))
    return Group(head, Padding(parcels, (0, 0, 0, 2))) if spec["tracks"] else Group(head)


def _link(url: str | None) -> Text:
    return Text(printable(url or ""), "cyan")


def _following(item: "Resource", store: str, shipments: list["Resource"]) -> str:
    name, number = printable(store), printable(item["metadata"]["number"])
    lines = []
    if item["status"]["left"]:
        lines.append(f"storectl order ship {name} {number} --carrier dhl --number NUMBER")
    if shipments:
        lines.append(f"storectl order track {name} {number} --carrier dhl --number NUMBER")
    return "\n".join(lines)
