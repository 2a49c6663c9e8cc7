"""Pages about one thing for people, drawn by Rich: a store, an operation, a country, a check-up."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli import durations
from cli.labels import KINDS, STATES, note, printable, step_title, word
from cli.tables import STATE_STYLES, plain, span, standing
from cli.texts import _
from controller.domain.labels import CONDITIONS

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cli.client import Resource

STEP_SIGNS = {
    "done": ("✓", "green"),
    "failed": ("✗", "bold red"),
    "running": ("•", "cyan"),
    "pending": ("·", "dim"),
}
CONDITION_SIGNS = {"True": ("✓", "green"), "False": ("✗", "red"), "Unknown": ("?", "yellow")}


def operation(item: "Resource") -> Group:
    """Return one operation with its steps."""
    spec, status = item["spec"], item["status"]
    took = durations.between(status["startedAt"], status["finishedAt"])
    title = Text.assemble(
        (word(KINDS, spec["operation"]), "bold"),
        "  ",
        (word(STATES, status["state"]), STATE_STYLES.get(status["state"], "cyan")),
        (f"  {durations.measured(took)}" if took is not None else ""),
        (f"  {item['metadata']['id']}", "dim"),
    )
    parts: list[RenderableType] = [title, Padding(steps(status["steps"]), (0, 0, 0, 2))]
    if status["error"]:
        parts.append(Padding(_failure(status["error"]), (0, 0, 0, 2)))
    return Group(*parts)


def steps(items: Iterable["Resource"]) -> Table:
    """Return steps with their times and what each one says."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for step in items:
        seconds = durations.between(step["startedAt"], step["finishedAt"])
        sign, style = STEP_SIGNS.get(step["state"], ("·", ""))
        table.add_row(
            Text.assemble(
                (sign, style), " ", (step_title(step), "dim" if step["state"] == "pending" else "")
            ),
            Text("" if seconds is None else durations.measured(seconds), "dim"),
            Text(note(step, "detail"), "dim"),
        )
    return table


def _failure(error: "Resource") -> Text:
    from cli.error_view import explained  # noqa: PLC0415 -- failures are the exception.

    fallback = (str(error.get("message") or ""), str(error.get("action") or ""))
    message, action = explained(str(error.get("code")), error.get("params"), _, fallback=fallback)
    return Text.assemble((printable(message), "red"), "\n→ ", printable(action))


def description(store: "Resource", latest: "Resource | None") -> Group:
    """Return everything about a store on one page."""
    meta, status = store["metadata"], store["status"]
    spec = store["spec"]
    title = Text.assemble(
        (printable(meta["name"]), "bold"),
        "  ",
        printable(spec["displayName"]),
        "  ",
        standing(status),
    )
    parts: list[RenderableType] = [title, Padding(_facts(store), (0, 0, 1, 2))]
    parts += [
        Text(_("Conditions"), "bold"),
        Padding(conditions(_conditions(store)), (0, 0, 1, 2)),
    ]
    if latest:
        parts += [Text(_("Last operation"), "bold"), Padding(operation(latest), (0, 0, 1, 2))]
    parts.append(Text(_("What can follow"), "bold"))
    parts.append(Padding(Text("\n".join(following(store, latest))), (0, 0, 0, 2)))
    return Group(*parts)


def _facts(store: "Resource") -> Table:
    meta, spec, status = store["metadata"], store["spec"], store["status"]
    currencies = spec["currencies"]
    others = [code for code in currencies["allowed"] if code != currencies["default"]]
    rows = [
        (_("Address"), status["url"]),
        (_("Owner"), meta.get("owner")),
        (_("Country"), spec["country"]),
        (_("Languages"), ", ".join(spec["locales"])),
        (_("Currency"), ", ".join([currencies["default"], *others])),
        (_("Payment"), ", ".join(spec["payments"])),
        (_("Further websites"), _sites(store)),
        (_("Time zone"), spec["timezone"]),
        (_("Software"), spec["engine"]),
        *_place(store.get("stack") or {}, spec),
        (_("Created"), _since(meta["createdAt"])),
        (
            _("Taking orders since"),
            _since(status["sellingSince"]) if status["sellingSince"] else None,
        ),
        (_("Retires itself"), durations.local(spec["expiresAt"]) if spec["expiresAt"] else None),
        (_("Labels"), ", ".join(f"{key}={value}" for key, value in meta["labels"].items())),
    ]
    return pairs(rows)


def _sites(store: "Resource") -> str | None:
    """Further websites, each with where it is reached."""
    urls = store["status"].get("siteUrls") or {}
    sites = store["spec"].get("sites") or ()
    return "\n".join(f"{code} {urls.get(code, '')}".strip() for code in sites) or None


def _conditions(store: "Resource") -> list["Resource"]:
    """The store's, and those of what runs it as far as they are told."""
    stack = store.get("stack") or {}
    return [*store["status"]["conditions"], *stack.get("conditions", ())]


def _place(stack: "Resource", spec: "Resource") -> list[tuple[str, Any]]:
    """How large a store is and where it runs, as far as that is told and a choice."""
    if not stack.get("cluster"):
        return []
    servers = span(stack["replicas"])
    if spec.get("scale") is None:
        servers = _("%(servers)s, as its plan says") % {"servers": servers}
    return [
        (_("Plan"), stack["plan"]),
        (_("Web servers"), servers),
        (_("Cluster"), stack["cluster"]),
        (_("Why there"), note(stack["placement"], "message") if stack["placement"] else None),
    ]


def pairs(rows: Iterable[tuple[str, Any]]) -> Table:
    """Return facts below each other; those without a value are left out."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, value in rows:
        if value:
            table.add_row(Text(name, "dim"), plain(value))
    return table


def _since(text: str) -> str:
    facts = {"moment": durations.local(text), "duration": durations.age(text)}
    return _("%(moment)s (%(duration)s ago)") % facts


def conditions(items: Iterable["Resource"]) -> Table:
    """Return conditions with their causes and how long they have been so."""
    table = Table.grid(padding=(0, 2, 0, 0))
    known = {kind: place for place, kind in enumerate(CONDITIONS)}
    for item in sorted(items, key=lambda item: known.get(item["type"], len(known))):
        sign, style = CONDITION_SIGNS.get(item["status"], ("?", ""))
        table.add_row(
            Text.assemble((sign, style), " ", word(CONDITIONS, item["type"])),
            Text(note(item, "message")),
            Text(durations.age(item["lastTransitionTime"]), "dim"),
        )
    return table


def following(store: "Resource", latest: "Resource | None") -> list[str]:
    """Return the commands that make sense for a store in this state."""
    name, phase_now = printable(store["metadata"]["name"]), store["status"]["phase"]
    state = latest["status"]["state"] if latest else ""
    if latest and state in {"pending", "running"}:
        return [f"storectl op wait {latest['metadata']['id']}", f"storectl events {name} -f"]
    retry = (
        [f"storectl op retry {latest['metadata']['id']}"] if latest and state == "failed" else []
    )
    by_phase = {
        "Retired": [f"storectl undelete {name}", f"storectl purge {name} --confirm {name}"],
        "Suspended": [f"storectl resume {name}", f"storectl retire {name}"],
        "Purged": [f"storectl events {name}"],
    }
    usual = [f"storectl open {name}", f"storectl login-link {name}", f"storectl logs {name} -f"]
    return retry + by_phase.get(phase_now, usual)


def _spoken(item: "Resource") -> list[str]:
    """A country's languages, each with what the shop shows where it does not have it."""
    nearest = item.get("nearest", {})
    return [f"{said} → {nearest[said]}" if said in nearest else said for said in item["locales"]]


def country(item: "Resource") -> Table:
    """Return what choosing a country sets."""
    taxed = _("shown with tax") if item["pricesIncludeTax"] else _("shown without tax")
    rate = f"{item['shipping']['flatRate']} {item['currency']}"
    rows = (
        (_("Country"), item["code"]),
        (_("Currency"), item["currency"]),
        (_("Languages"), ", ".join(_spoken(item))),
        (_("Time zone"), item["timezone"]),
        (_("Weight unit"), item["weightUnit"]),
        (_("Payment"), ", ".join(item["payments"])),
        (_("Shipping per order"), rate),
        (_("Prices"), taxed),
    )
    return pairs(rows)


def checks(items: Iterable["Resource"]) -> Table:
    """Return the lines of `doctor`."""
    signs = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "fail": ("✗", "bold red")}
    table = Table.grid(padding=(0, 2, 0, 0))
    for item in items:
        sign, style = signs[item["state"]]
        text = Text(printable(item["detail"]))
        if item["action"]:
            text.append(f"\n→ {printable(item['action'])}", "cyan")
        table.add_row(Text.assemble((sign, style), " ", item["title"]), text)
    return table
