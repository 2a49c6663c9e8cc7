"""An explanation as a person reads it: `cli.commands.why` prints this."""

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli import durations
from cli.error_view import explained
from cli.labels import note, printable, step_title, word
from cli.output import room
from cli.tables import phase
from cli.texts import _
from controller.domain.diagnoses import (
    AT_REST,
    DIAGNOSES,
    LAYERS,
    OWNERS_ACTION,
    diagnose,
    reason_title,
)
from controller.domain.labels import CONDITIONS

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cli.client import Resource

SIGNS = {"ok": ("✓", "green"), "problem": ("✗", "bold red"), "unknown": ("?", "yellow")}


def explanation(found: "Resource", *, whole: bool = False) -> Group:
    """Return the chain, the probable cause and what to do next.

    Where nothing is wrong one line says so, unless the whole chain is wanted.
    """
    status = found["status"]
    title = Text.assemble(
        (printable(found["metadata"]["name"]), "bold"), "  ", phase(status["phase"])
    )
    well = status["cause"]["code"] in AT_REST and not status["strangers"]
    if well and not whole and all(layer["state"] == "ok" for layer in status["layers"]):
        return Group(Text.assemble(title, "  ", (_words(status["cause"])[0], "green")))
    parts: list[RenderableType] = [title, Padding(_chain(status["layers"]), (0, 0, 1, 2))]
    if status["strangers"]:
        parts += [
            Text(_("Objects nobody knows, left alone"), "bold"),
            Padding(Text(printable("\n".join(status["strangers"]))), (0, 0, 1, 2)),
        ]
    parts.append(_cause(status["cause"]))
    return Group(*parts)


def _chain(layers: "list[Resource]") -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", max_width=max(40, room() - 24))
    for layer in layers:
        sign, style = SIGNS.get(layer["state"], ("·", ""))
        name = Text.assemble((sign, style), " ", word(LAYERS, layer["layer"]))
        table.add_row(name, _told(layer))
    return table


def _told(layer: "Resource") -> Text:
    """What a layer says, with the details that explain it on lines of their own."""
    text = Text()
    if layer["step"]:
        text.append(step_title({"name": layer["step"]}) + ": ", "bold")
    text.append(note(layer, "message"), "" if layer["state"] == "problem" else "dim")
    if layer["since"] and layer["state"] == "problem":
        text.append("  " + _since(layer["since"]), "dim")
    if layer.get("due"):
        text.append("  " + _attempt(layer["due"]), "dim")
    for condition in layer["conditions"]:
        name = word(CONDITIONS, condition["type"])
        text.append(f"\n{name}: {note(condition, 'message')}")
    for reason in layer["reasons"]:
        text.append("\n")
        text.append_text(_reason(reason))
    return text


def _reason(reason: "Resource") -> Text:
    """One thing that stands in the way: where it is, what it is, in whose words."""
    place = [reason["thing"], reason["container"]]
    where = printable(" › ".join(item for item in place if item))
    what = printable(reason_title(str(reason["kind"]), reason.get("part"), _))
    text = Text.assemble((where, "bold"), "  ", what)
    if reason["message"]:
        event = f"{reason['event']}: " if reason["event"] else ""
        text.append(f"\n  {printable(event + reason['message'])}", "dim")
    return text


def _since(moment: str) -> str:
    facts = {"moment": durations.local(moment, "%H:%M"), "duration": durations.age(moment)}
    return _("since %(moment)s (%(duration)s)") % facts


def _attempt(moment: str) -> str:
    """When something goes on by itself."""
    left = -(durations.between(moment, None) or 0.0)
    if left < 1:
        return _("Next attempt at any moment.")
    facts = {
        "moment": durations.local(moment, "%H:%M:%S"),
        "duration": durations.humanise(left),
    }
    return _("Next attempt at %(moment)s (in %(duration)s).") % facts


def _cause(cause: "Resource") -> Group:
    message, action = _words(cause)
    if cause["code"] in AT_REST:
        lines = [Text(message, "green")]
    else:
        probable = Text.assemble((_("Probable cause:"), "bold"), " ", (message, "red"))
        next_one = f" {_attempt(cause['due'])}" if cause.get("due") else ""
        lines = [probable, Text.assemble((_("Next:"), "bold"), " ", action, next_one)]
    if cause["command"]:
        lines.append(Text(f"  → {printable(cause['command'])}", "cyan"))
    return Group(*lines)


def _words(cause: "Resource") -> tuple[str, str]:
    """The cause and what to do in our words where the code is known, else as the server says."""
    code, params = str(cause["code"]), dict(cause["params"])
    said = (printable(str(cause["message"])), printable(str(cause["action"])))
    if code in DIAGNOSES:
        found = diagnose(code, params, _, owner=cause["action"] == OWNERS_ACTION)
        return printable(found.message), printable(found.action)
    message, action = explained(code, params, _, fallback=said)
    return printable(message), printable(action)
