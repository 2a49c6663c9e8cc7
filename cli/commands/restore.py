"""`storectl restore`."""

from typing import Annotated

import typer

from cli import results
from cli.confirm import ask
from cli.labels import printable
from cli.options import LONG_TIMEOUT, Name, Output, Timeout, Wait, Yes
from cli.output import Format
from cli.session import Session
from cli.texts import _
from cli.verbs import new_app, verb
from controller.domain.errors.stacks import BackupNotFoundError

app = new_app()
_LATEST = "latest"


@verb(
    app,
    "restore",
    text=_("Load a backup over what a store has."),
    more=_(
        "The store is closed meanwhile. Its database and pictures become those of the backup; what "
        "it has now is saved first, where it can be. It may be repeated, also after it failed."
    ),
    examples=(
        "storectl restore acme --from 20261130T031700Z",
        "storectl restore acme --from latest --yes",
    ),
)
def restore(
    session: Session,
    name: Name,
    *,
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="BACKUP",
            help=_("The backup's name, or latest."),
            show_default=False,
        ),
    ],
    yes: Yes = False,
    output: Output = Format.TABLE,
    wait: Wait = True,
    timeout: Timeout = LONG_TIMEOUT,
) -> None:
    """Restore a store after a confirmation, and follow it until it sells again."""
    again = f"storectl restore {name} --from {source} --yes"
    if not yes:
        if source == _LATEST and session.interactive:
            # Whoever says yes is to know to what.
            source = _newest(session, name)
        known = {"store": printable(name), "backup": printable(source)}
        question = _("Replace what “%(store)s” has by its backup %(backup)s?") % known
        ask(session, question, command=f"storectl restore {name}", again=again)
    results.follow(session, session.client.restore(name, source), output, wait, timeout)


def _newest(session: Session, name: str) -> str:
    for item in session.client.backups(name)["items"]:
        return str(item["name"])
    raise BackupNotFoundError(store=name, backup=_LATEST)
