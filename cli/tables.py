"""Tables for people, drawn by Rich; what tenants wrote is shown literally."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from cli import durations, output
from cli.labels import KINDS, PHASES, ROLLOUT_STATES, STATES, note, printable, step_title, word
from cli.texts import N_, _

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


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def plain(value: Any) -> Text:
    """Return a value as text that cannot steer the terminal; a dash for nothing."""
    return Text(printable(str(value if value not in (None, "") else "–")))


def phase(value: str) -> Text:
    """Return a phase as a coloured word."""
    return Text(word(PHASES, value), PHASE_STYLES.get(value, "cyan"))


def standing(status: "Resource") -> Text:
    """Return a store's phase, and when it was looked at last where that is long ago."""
    late = [item for item in status["conditions"] if item["type"] == "Watched"]
    if not late or late[0]["status"] == "True":
        return phase(status["phase"])
    facts = {"duration": durations.age(late[0]["lastTransitionTime"])}
    told = _("last looked at %(duration)s ago") % facts
    return Text.assemble(phase(status["phase"]), (f" ({told})", "yellow"))


def stores(items: Iterable["Resource"], *, wide: bool, room: int) -> "RenderableType":
    """Return stores as rows; where `room` columns are too few, the last ones are left out.

    Of what is wide each store stands by itself then.
    """
    rows = [_store_row(item, wide=wide) for item in items]
    headings = [_("NAME"), _("PHASE"), _("URL"), _("COUNTRY"), _("AGE")]
    if wide:
        headings += [_("OWNER"), _("CURRENCY"), _("LANGUAGES"), _("ENGINE"), _("ID")]
    columns = list(zip((Text(heading) for heading in headings), *rows, strict=True))
    if wide and _width(columns) > room:
        return _one_by_one(columns)
    left_out = []
    while len(columns) > 3 and _width(columns) > room:
        left_out.append(columns.pop()[0].plain)
    if left_out:
        told = _("Left out for want of room: %(columns)s. See them with -o wide.")
        output.note(told % {"columns": ", ".join(reversed(left_out))})
    table = _table(*(column[0].plain for column in columns))
    for row in zip(*(column[1:] for column in columns), strict=True):
        table.add_row(*row)
    return table


def _one_by_one(columns: list[tuple[Text, ...]]) -> Table:
    """Each row as lines of its own, one for each column."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for place in range(1, len(columns[0])):
        for column in columns:
            table.add_row(Text(column[0].plain, "dim"), column[place])
        table.add_row()
    return table


def _width(columns: list[tuple[Text, ...]]) -> int:
    return sum(max(cell.cell_len for cell in column) + 2 for column in columns) - 2


def _store_row(item: "Resource", *, wide: bool) -> list[Text]:
    meta, spec, status = item["metadata"], item["spec"], item["status"]
    row = [
        plain(meta["name"]),
        standing(status),
        plain(status["url"]),
        plain(spec["country"]),
        Text(durations.age(meta["createdAt"])),
    ]
    if wide:
        row += [
            plain(meta.get("owner")),
            plain(spec["currencies"]["default"]),
            plain(", ".join(spec["locales"])),
            plain(spec["engine"]),
            plain(meta["uid"]),
        ]
    return row


def operations(items: Iterable["Resource"]) -> Table:
    """Return operations as rows."""
    table = _table(_("ID"), _("STORE"), _("OPERATION"), _("STATE"), _("STEP"), _("TOOK"), _("AGE"))
    for item in items:
        spec, status = item["spec"], item["status"]
        took = durations.between(status["startedAt"], status["finishedAt"])
        table.add_row(
            plain(item["metadata"]["id"]),
            plain(spec["store"]),
            Text(word(KINDS, spec["operation"])),
            Text(word(STATES, status["state"]), STATE_STYLES.get(status["state"], "cyan")),
            Text(_current_step(status)),
            Text("–" if took is None else durations.measured(took)),
            Text(durations.age(item["metadata"]["createdAt"])),
        )
    return table


def _current_step(status: "Resource") -> str:
    at_work = [step for step in status["steps"] if step["state"] in {"running", "failed"}]
    return step_title(at_work[0]) if at_work else "–"


def event(item: "Resource", *, with_store: bool) -> Text:
    """Return an event as a line of a timeline."""
    warns = item.get("severity") == "Warning"
    parts: list[Any] = [(durations.local(item["at"], "%Y-%m-%d %H:%M:%S"), "dim"), "  "]
    if with_store:
        parts += [(printable(str(item.get("store") or "–")), "bold"), "  "]
    parts.append(("! ", "yellow") if warns else "  ")
    if item.get("source") == "place":
        parts += _noticed(item)
    else:
        parts.append((note(item, "message"), "yellow" if warns else ""))
    return Text.assemble(*parts)


def _noticed(item: "Resource") -> list[Any]:
    """What the place noticed, in its own words, marked as the cluster's."""
    times = _(" (%(count)s times)") % {"count": item["count"]} if item["count"] > 1 else ""
    said = f"{item['thing']}  {item['reason']}: {item['message']}{times}"
    return [(_("cluster"), "cyan"), "  ", printable(said)]


def changes(diff: "Resource") -> Table:
    """Return the fields that an apply would change."""
    table = _table(_("FIELD"), _("NOW"), _("WANTED"))
    for change in diff["changes"]:
        now, wanted = (plain(_written(change[side])) for side in ("from", "to"))
        table.add_row(plain(change["field"]), now, wanted)
    return table


def wishes(body: "Resource") -> Table:
    """Return what a file says about a store that is not there yet."""
    table = _table(_("FIELD"), _("WANTED"))
    for field, value in body.items():
        table.add_row(plain(field), plain(_written(value)))
    return table


def _written(value: Any, *, brief: bool = False) -> str | None:
    import json  # noqa: PLC0415 -- values may be nested.

    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    if brief and isinstance(value, list):
        return _("%(count)s in all") % {"count": len(value)}
    if brief and isinstance(value, dict):
        said = ((key, _written(item, brief=True)) for key, item in value.items())
        return ", ".join(f"{key}: {text}" for key, text in said if text)
    plain = value is None or isinstance(value, str)
    return value if plain else json.dumps(value, ensure_ascii=False)


STANDINGS = {
    "same": ("✓", "green"),
    "differs": (N_("not written yet"), "yellow"),
    "drifted": (N_("changed in the shop"), "yellow"),
    "locked": (N_("fixed by its environment"), "bold red"),
    "missing": (N_("the shop lacks it"), "bold red"),
}


def config(fields: Iterable["Resource"]) -> Table:
    """Return settings as wanted and as the shop has them."""
    table = _table(_("FIELD"), _("WANTED"), _("IN THE SHOP"), "", _("WHEN CHANGED THERE"))
    for field in fields:
        text, style = STANDINGS.get(field["standing"], (field["standing"], ""))
        same = field["standing"] == "same"
        table.add_row(
            plain(field["field"]),
            _value(field, "desired"),
            Text("") if same else _value(field, "actual"),
            Text(text if same else _(text), style),
            Text(word(POLICIES, field["policy"])),
        )
    return table


POLICIES = {
    "revert": N_("write it back"),
    "warn": N_("tell and leave it"),
    "adopt": N_("take it over"),
}


def _value(field: "Resource", side: str) -> Text:
    value = _written(field[side], brief=True)
    if field["secret"] and value:
        # Of secrets there are fingerprints only; two that are alike are what matters.
        return Text(f"••••  {value[:8]}", "dim")
    return plain(value)


def secrets(items: Iterable["Resource"]) -> Table:
    """Return what is told of secrets."""
    table = _table(_("NAME"), _("ENDS IN"), _("AGE"))
    for item in items:
        last = item["status"]["last4"]
        table.add_row(
            plain(item["metadata"]["name"]),
            plain(f"…{last}" if last else None),
            Text(durations.age(item["metadata"]["updatedAt"])),
        )
    return table


def plans(items: Iterable["Resource"]) -> Table:
    """Return plans with their web servers and what a shop may use, by its software."""
    table = _table(
        _("PLAN"), _("SOFTWARE"), _("WEB SERVERS"), _("CPU"), _("MEMORY"), _("STORAGE"), _("PODS")
    )
    for item in items:
        for engine, room in item["spec"]["rooms"].items():
            table.add_row(
                plain(item["metadata"]["name"]),
                plain(engine),
                Text(span(item["spec"]["replicas"])),
                plain(room.get("requests.cpu")),
                plain(room.get("requests.memory")),
                plain(room.get("requests.storage")),
                plain(room.get("pods")),
            )
    return table


def images(items: Iterable["Resource"]) -> Table:
    """Return stores with the images that they run."""
    table = _table(_("STORE"), _("CLUSTER"), _("IMAGE"))
    for item in items:
        table.add_row(plain(item["store"]), plain(item["cluster"]), plain(item["image"]))
    return table


def backups(items: Iterable["Resource"]) -> Table:
    """Return the backups of a store."""
    table = _table(_("BACKUP"), _("AGE"), _("SIZE"), _("VERSION"))
    for item in items:
        age, size = durations.age(item["madeAt"]), f"{item['bytes'] / 1_000_000:,.1f} MB"
        table.add_row(plain(item["name"]), plain(age), plain(size), plain(item["version"]))
    return table


def rollouts(items: Iterable["Resource"]) -> Table:
    """Return rollouts of images with how far they are."""
    table = _table(_("ROLLOUT"), _("IMAGE"), _("STATE"), _("STORES"))
    for item in items:
        counts = item["status"]["counts"]
        table.add_row(
            plain(item["metadata"]["id"]),
            plain(item["spec"]["image"]),
            plain(word(ROLLOUT_STATES, item["status"]["state"])),
            plain(", ".join(_counted(*item) for item in counts.items() if item[1])),
        )
    return table


def _counted(state: str, number: int) -> str:
    return f"{number} {word(ROLLOUT_STATES, state)}"


def rollout(item: "Resource") -> Table:
    """Return one rollout, a store in each line."""
    table = _table(_("STORE"), _("STATE"), _("OPERATION"), _("DETAIL"))
    for store in item["status"]["stores"]:
        table.add_row(
            plain(store["name"]),
            plain(word(ROLLOUT_STATES, store["state"])),
            plain(store["operation"]),
            plain(store["detail"]),
        )
    return table


def span(scale: "Resource") -> str:
    """Return how many web servers there may be: one number, or from one to another."""
    low, high = scale["min"], scale["max"]
    if low == high:
        return str(low)
    return _("%(min)s to %(max)s") % {"min": low, "max": high}


def countries(items: Iterable["Resource"]) -> Table:
    """Return countries as rows."""
    table = _table(_("CODE"), _("NAME"))
    for item in items:
        table.add_row(plain(item["code"]), plain(item["name"]))
    return table
