"""`storectl backup list` and `create`."""

from typing import TYPE_CHECKING, Any

from cli import finish, output
from cli.options import LONG_TIMEOUT, Name, Output, Timeout, Wait
from cli.output import Format, resources
from cli.session import Session
from cli.texts import _
from cli.verbs import NounGroup, new_app, verb

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cli.client import Resource

app = new_app(name="backup", cls=NounGroup, help=_("Show a store's backups, or make one now."))


@verb(
    app,
    "list",
    text=_("List a store's backups."),
    more=_("They are named by the time at which they were made, in UTC; the newest comes first."),
    examples=("storectl backup list acme", "storectl backup list acme -o name | head -n 1"),
)
def list_backups(session: Session, name: Name, *, output: Output = Format.TABLE) -> None:
    """Print the backups of a store."""

    def table(found: list[Any]) -> "RenderableType":
        from cli.tables import backups  # noqa: PLC0415 -- programs do without Rich.

        return backups(found)

    items = session.client.backups(name)["items"]
    resources(items, output, lambda item: str(item["name"]), table, _("None yet."))


@verb(
    app,
    "create",
    text=_("Make a backup of a store now."),
    more=_("The store goes on meanwhile. Its plan says how many backups are kept."),
    examples=("storectl backup create acme", "storectl backup create acme -o name"),
)
def create_backup(
    session: Session,
    name: Name,
    *,
    output: Output = Format.TABLE,
    wait: Wait = True,
    timeout: Timeout = LONG_TIMEOUT,
) -> None:
    """Make one and follow that."""
    finish.accept(
        session,
        session.client.make_backup(name),
        wait=wait,
        timeout=timeout,
        done=lambda end: _made(end, output),
    )


def _made(operation: "Resource", form: Format) -> None:
    """Print which backup was made."""
    backup = str(operation["status"]["result"]["backup"])
    if form.machine:
        output.document(operation, form)
    elif form is Format.NAME:
        output.result(backup)
    else:
        known = {"store": operation["spec"]["store"], "backup": backup}
        output.result(_("%(store)s has the backup %(backup)s.") % known)
