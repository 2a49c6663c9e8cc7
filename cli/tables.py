"""Tables and pages for people, drawn by Rich; what tenants wrote is shown literally."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli import durations
from cli.texts import _
from cli.words import CONDITIONS, KINDS, PHASES, STATES, note, printable, step_title, word

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cli.client import Resource

PHASE_STYLES = {
    "Ready": "green",
    "Degraded": "yellow",
    "Failed": "bold red",
    "Suspended": "yellow",
    "Retired": "dim",
    "Purged": "dim",
}
STATE_STYLES = {"succeeded": "green", "failed": "bold red", "superseded": "dim", "pending": "dim"}
STEP_SIGNS = {
    "done": ("✓", "green"),
    "failed": ("✗", "bold red"),
    "running": ("•", "cyan"),
    "pending": ("·", "dim"),
}
CONDITION_SIGNS = {"True": ("✓", "green"), "False": ("✗", "red"), "Unknown": ("?", "yellow")}


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _plain(value: Any) -> Text:
    return Text(printable(str(value if value not in (None, "") else "–")))


def phase(value: str) -> Text:
    """Return a phase as a coloured word."""
    return Text(word(PHASES, value), PHASE_STYLES.get(value, "cyan"))


def stores(items: Iterable["Resource"], *, wide: bool, room: int) -> Table:
    """Return stores as rows; where `room` columns are too few, age and country are left out."""
    rows = [_store_row(item, wide=wide) for item in items]
    headings = [_("NAME"), _("PHASE"), _("URL"), _("COUNTRY"), _("AGE")]
    if wide:
        headings += [_("OWNER"), _("CURRENCY"), _("LANGUAGES"), _("ENGINE"), _("ID")]
    columns = list(zip((Text(heading) for heading in headings), *rows, strict=True))
    while not wide and len(columns) > 3 and _width(columns) > room:
        columns.pop()
    table = _table(*(column[0].plain for column in columns))
    for row in zip(*(column[1:] for column in columns), strict=True):
        table.add_row(*row)
    return table


def _width(columns: list[tuple[Text, ...]]) -> int:
    return sum(max(cell.cell_len for cell in column) + 2 for column in columns) - 2


def _store_row(item: "Resource", *, wide: bool) -> list[Text]:
    meta, spec, status = item["metadata"], item["spec"], item["status"]
    row = [
        _plain(meta["name"]),
        phase(status["phase"]),
        _plain(status["url"]),
        _plain(spec["country"]),
        Text(durations.age(meta["createdAt"])),
    ]
    if wide:
        row += [
            _plain(meta.get("owner")),
            _plain(spec["currencies"]["default"]),
            _plain(", ".join(spec["locales"])),
            _plain(spec["engine"]),
            _plain(meta["uid"]),
        ]
    return row


def operations(items: Iterable["Resource"]) -> Table:
    """Return operations as rows."""
    table = _table(_("ID"), _("STORE"), _("OPERATION"), _("STATE"), _("STEP"), _("TOOK"), _("AGE"))
    for item in items:
        spec, status = item["spec"], item["status"]
        took = durations.between(status["startedAt"], status["finishedAt"])
        table.add_row(
            _plain(item["metadata"]["id"]),
            _plain(spec["store"]),
            Text(word(KINDS, spec["operation"])),
            Text(word(STATES, status["state"]), STATE_STYLES.get(status["state"], "cyan")),
            Text(_current_step(status)),
            Text("–" if took is None else durations.humanise(took)),
            Text(durations.age(item["metadata"]["createdAt"])),
        )
    return table


def _current_step(status: "Resource") -> str:
    at_work = [step for step in status["steps"] if step["state"] in {"running", "failed"}]
    return step_title(at_work[0]) if at_work else "–"


def operation(item: "Resource") -> Group:
    """Return one operation with its steps."""
    spec, status = item["spec"], item["status"]
    took = durations.between(status["startedAt"], status["finishedAt"])
    title = Text.assemble(
        (word(KINDS, spec["operation"]), "bold"),
        "  ",
        (word(STATES, status["state"]), STATE_STYLES.get(status["state"], "cyan")),
        (f"  {durations.humanise(took)}" if took is not None else ""),
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
            Text("" if seconds is None else durations.humanise(seconds), "dim"),
            Text(note(step, "detail"), "dim"),
        )
    return table


def _failure(error: "Resource") -> Text:
    from cli.errors import explained  # noqa: PLC0415 -- failures are the exception.

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
        phase(status["phase"]),
    )
    parts: list[RenderableType] = [title, Padding(_facts(store), (0, 0, 1, 2))]
    parts += [
        Text(_("Conditions"), "bold"),
        Padding(conditions(status["conditions"]), (0, 0, 1, 2)),
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
        (_("Time zone"), spec["timezone"]),
        (_("Software"), spec["engine"]),
        (_("Created"), _since(meta["createdAt"])),
        (
            _("Taking orders since"),
            _since(status["sellingSince"]) if status["sellingSince"] else None,
        ),
        (_("Retires itself"), durations.local(spec["expiresAt"]) if spec["expiresAt"] else None),
        (_("Labels"), ", ".join(f"{key}={value}" for key, value in meta["labels"].items())),
    ]
    return _pairs(rows)


def _since(text: str) -> str:
    facts = {"moment": durations.local(text), "duration": durations.age(text)}
    return _("%(moment)s (%(duration)s ago)") % facts


def conditions(items: Iterable["Resource"]) -> Table:
    """Return conditions with their causes and how long they have been so."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for item in items:
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


def event(item: "Resource", *, with_store: bool) -> Text:
    """Return an event as a line of a timeline."""
    warns = item.get("severity") == "Warning"
    parts: list[Any] = [(durations.local(item["at"], "%Y-%m-%d %H:%M:%S"), "dim"), "  "]
    if with_store:
        parts += [(printable(str(item.get("store") or "–")), "bold"), "  "]
    parts += [
        ("! ", "yellow") if warns else "  ",
        (note(item, "message"), "yellow" if warns else ""),
    ]
    return Text.assemble(*parts)


def changes(diff: "Resource") -> Table:
    """Return the fields that an apply would change."""
    import json  # noqa: PLC0415 -- values may be nested.

    def written(value: Any) -> Text:
        return _plain(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))

    table = _table(_("FIELD"), _("NOW"), _("WANTED"))
    for change in diff["changes"]:
        table.add_row(_plain(change["field"]), written(change["from"]), written(change["to"]))
    return table


def countries(items: Iterable["Resource"]) -> Table:
    """Return countries as rows."""
    table = _table(_("CODE"), _("NAME"))
    for item in items:
        table.add_row(_plain(item["code"]), _plain(item["name"]))
    return table


def country(item: "Resource") -> Table:
    """Return what choosing a country sets."""
    taxed = _("shown with tax") if item["pricesIncludeTax"] else _("shown without tax")
    rate = f"{item['shipping']['flatRate']} {item['currency']}"
    rows = (
        (_("Country"), item["code"]),
        (_("Currency"), item["currency"]),
        (_("Languages"), ", ".join(item["locales"])),
        (_("Time zone"), item["timezone"]),
        (_("Weight unit"), item["weightUnit"]),
        (_("Payment"), ", ".join(item["payments"])),
        (_("Shipping per order"), rate),
        (_("Prices"), taxed),
    )
    return _pairs(rows)


def _pairs(rows: Iterable[tuple[str, Any]]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, value in rows:
        if value:
            table.add_row(Text(name, "dim"), _plain(value))
    return table


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
