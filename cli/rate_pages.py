"""Exchange rates as a person reads them: `cli.commands.rates` prints these."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli import durations
from cli.error_view import explained
from cli.labels import word
from cli.tables import plain
from cli.texts import N_, _

if TYPE_CHECKING:
    from cli.client import Resource

PUSH_STATES: Mapping[str, str] = {
    "pending": N_("waiting its turn"),
    "sent": N_("has the newest rates"),
    "failed": N_("failed"),
    "held": N_("waits until the shop runs"),
    "unneeded": N_("needs none"),
}
STYLES = {"sent": "green", "failed": "bold red", "held": "yellow", "unneeded": "dim"}


def rates(found: "Resource") -> RenderableType:
    """Return the set in force and what is to be known about it."""
    status = found["status"]
    given = status["set"]
    told: list[RenderableType] = []
    if given is not None:
        held = {item["currency"]: item for item in status["held"]}
        table = _table(_("CURRENCY"), _("RATE"), _("AS OF"), _("WAITS FOR APPROVAL"))
        for code, quote in given["rates"].items():
            waits = held.get(code)
            move = f"{waits['rate']} ({waits['movePercent']} %)" if waits else ""
            table.add_row(
                plain(code), plain(quote["rate"]), plain(quote["asOf"]), Text(move, "yellow")
            )
        told += [_heading(given, status), table]
    return Group(*told, *_sources(status["sources"]))


def _heading(given: Mapping[str, Any], status: Mapping[str, Any]) -> Text:
    facts = {
        "set": given["id"],
        "base": given["base"],
        "source": given["provider"],
        "days": status["ageDays"],
    }
    text = _("Set %(set)s: one %(base)s by %(source)s; business days behind: %(days)s") % facts
    return Text(text, "bold yellow" if status["stale"] else "bold")


def _sources(sources: list[Mapping[str, Any]]) -> list[Text]:
    lines = []
    for source in sources:
        when = source["checkedAt"]
        facts = {
            "source": source["name"],
            "moment": durations.local(when, "%Y-%m-%d %H:%M") if when else "–",
        }
        lines.append(Text(_("%(source)s was asked last: %(moment)s") % facts, "dim"))
        if source["error"]:
            lines.append(Text("! " + _error(source["error"]), "yellow"))
    return lines


def _error(error: Mapping[str, Any]) -> str:
    said = (str(error.get("message")), "")
    return explained(str(error["code"]), error.get("params"), _, fallback=said)[0]


def counts(found: "Resource") -> Table:
    """Return how many stores stand how to the newest set."""
    table = _table(_("RATES"), _("STORES"))
    for state, number in sorted(found["status"]["stores"].items()):
        table.add_row(_state(state), plain(number))
    return table


def store(found: "Resource") -> RenderableType:
    """Return the rates of one store and how its shop stands to them."""
    spec, status = found["spec"], found["status"]
    line = Text.assemble((str(found["metadata"]["name"]), "bold"), ": ", _state(status["state"]))
    told: list[RenderableType] = [line]
    if status["sentAt"]:
        moment = durations.local(status["sentAt"], "%Y-%m-%d %H:%M:%S")
        told.append(Text(_("Sent last: %(moment)s") % {"moment": moment}, "dim"))
    if status["error"]:
        told.append(Text("! " + _error(status["error"]), "yellow"))
    if spec["rates"] or spec["missing"]:
        table = _table(_("PAIR"), _("RATE"), "")
        for rate in spec["rates"]:
            note = _("a newer one waits for approval") if rate["held"] else ""
            table.add_row(plain(f"{rate['from']}/{rate['to']}"), plain(rate["rate"]), Text(note))
        for pair in spec["missing"]:
            table.add_row(plain(pair), plain(None), Text(_("nobody says it"), "yellow"))
        told.append(table)
    return Group(*told)


def _state(state: str) -> Text:
    return Text(word(PUSH_STATES, state), STYLES.get(state, "cyan"))


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
