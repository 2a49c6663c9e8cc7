"""Clusters as a person reads them: `cli.commands.clusters` prints these."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli import durations
from cli.labels import CLUSTER_STATES, printable, word
from cli.pages import pairs
from cli.tables import plain
from cli.texts import _
from controller.domain.clusterfindings import said

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cli.client import Resource

STATE_STYLES = {"active": "green", "draining": "yellow"}


def clusters(items: Iterable["Resource"], *, wide: bool) -> Table:
    """Return clusters as rows."""
    headings = [_("NAME"), _("REGION"), _("STATE"), _("STORES"), _("KUBERNETES"), _("ANSWERS")]
    if wide:
        headings += [_("DOMAIN"), _("STORAGE"), _("INGRESS"), _("SERVER")]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for item in items:
        table.add_row(*_row(item, wide=wide))
    return table


def _row(item: "Resource", *, wide: bool) -> list[Text]:
    spec, status = item["spec"], item["status"]
    full = status["room"] == 0
    row = [
        plain(item["metadata"]["name"]),
        plain(spec["region"]),
        state(item),
        Text(f"{status['stacks']}/{spec['capacity']}", "yellow" if full else ""),
        plain(status["version"]),
        reach(item),
    ]
    if wide:
        row += [
            plain(spec["domain"]),
            plain(spec["storageClass"]),
            plain(spec["gateway"] or spec["ingressClass"]),
            plain(status["server"]),
        ]
    return row


def findings(found: Iterable["Resource"]) -> "list[RenderableType]":
    """Return what is not right with a cluster, what keeps shops from running first."""
    parts: list[RenderableType] = []
    for item in sorted(found, key=lambda item: not item["blocks"]):
        cause, action = said(item, _)
        sign = ("✗ ", "bold red") if item["blocks"] else ("! ", "yellow")
        lines = Text.assemble(sign, printable(cause), "\n  ", (printable(action), "dim"))
        parts.append(Padding(lines, (0, 0, 0, 2)))
    return parts


def state(item: "Resource") -> Text:
    """Return whether new stores go there, as a coloured word."""
    if item["status"].get("fit") is False:
        return Text(_("not fit for shops"), "bold red")
    if (item["status"].get("change") or {}).get("failed"):
        return Text(_("a change failed"), "bold yellow")
    value = item["status"]["state"]
    return Text(word(CLUSTER_STATES, value), STATE_STYLES.get(value, ""))


def reach(item: "Resource") -> Text:
    """Return whether it answers, and since when it does not."""
    since = item["status"]["unreachableSince"]
    if since is None:
        return Text(_("yes"), "green")
    return Text(unreachable(since), "bold red")


def unreachable(since: str) -> str:
    """Return since when a cluster does not answer, as of today or with its day."""
    then = durations.moment(since) or datetime.now(UTC)
    today = then.astimezone().date() == datetime.now(UTC).astimezone().date()
    facts = {
        "moment": durations.local(since, "%H:%M" if today else "%Y-%m-%d %H:%M"),
        "duration": durations.age(since),
    }
    return _("unreachable since %(moment)s (%(duration)s)") % facts


def cluster(item: "Resource") -> Group:
    """Return everything about one cluster on a page."""
    spec, status = item["spec"], item["status"]
    title = Text.assemble(
        (printable(item["metadata"]["name"]), "bold"),
        "  ",
        state(item),
        "  ",
        reach(item) if status["unreachableSince"] else "",
    )
    parts: list[RenderableType] = [title]
    if status["unreachableSince"]:
        detail = Text(printable(status["unreachableDetail"]), "red")
        left = Text(_("What runs there is left as it is until the cluster answers again."))
        parts.append(Padding(Group(detail, left), (0, 0, 0, 2)))
    parts += findings(status.get("findings") or ())
    values = [
        f"{item['path']}={json.dumps(item['value'])} ({item['from']})"
        for item in status.get("values") or ()
    ]
    variables = [f"{key}={value}" for key, value in spec["variables"].items()]
    classes = (spec["storageClass"], spec["sharedStorageClass"])
    room = {"stacks": status["stacks"], "capacity": spec["capacity"], "room": status["room"]}
    gateway = f"{spec['gatewayNamespace']}/{spec['gateway']}" if spec["gateway"] else None
    default = _("the cluster's default")
    rows = (
        (_("Stores"), _("%(stacks)s of %(capacity)s, room for %(room)s more") % room),
        (_("Region"), spec["region"]),
        (_("Shops at"), f"{'https' if spec['tls'] else 'http'}://NAME.{spec['domain']}"),
        (_("Reached by us at"), spec["shopAddress"]),
        (_("Kubernetes"), status["version"]),
        (_("Server"), _("its own cluster") if spec["inCluster"] else status["server"]),
        (_("Storage"), " · ".join(name for name in classes if name) or default),
        (_("Gateway"), gateway),
        (_("Ingress"), None if gateway else spec["ingressClass"] or default),
        (_("Certificates"), spec["certificateIssuer"]),
        (_("Infrastructure"), spec["infrastructure"]),
        (_("Variables"), ", ".join(variables)),
        (_("Secret variables"), ", ".join(spec["secretVariables"])),
        (_("Values"), "\n".join(values)),
        (_("Logins of registries"), spec.get("pullSecret")),
        (_("Added"), durations.local(item["metadata"]["createdAt"])),
    )
    parts.append(Padding(pairs(rows), (0, 0, 0, 2)))
    return Group(*parts)
