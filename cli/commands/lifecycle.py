"""`storectl suspend`, `resume`, `extend`, `retire`, `undelete` and `purge`."""

from typing import Annotated

import typer

from cli import finish, labels, results
from cli.confirm import ask
from cli.errors import NotConfirmedError
from cli.options import DEFAULT_TIMEOUT, IgnoreNotFound, Name, Output, Timeout, Wait, Yes
from cli.output import Format, note
from cli.session import Session
from cli.texts import _
from cli.verbs import new_app, verb
from controller.domain.errors.inputs import ConfirmationMissingError

app = new_app()


@verb(
    app,
    "suspend",
    text=_("Close a store to customers."),
    more=_(
        "Its data and its administration stay as they are. Nothing holds it up: an image or an "
        "upgrade that fails is given up, and a shop that cannot show a closed page within two "
        "minutes is stopped; “resume” starts it again."
    ),
    examples=("storectl suspend acme",),
)
def suspend(
    session: Session,
    name: Name,
    *,
    output: Output = Format.TABLE,
    wait: Wait = True,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Suspend a store."""
    results.follow(session, session.client.transition(name, "suspend"), output, wait, timeout)


@verb(
    app,
    "resume",
    text=_("Open a suspended store again."),
    examples=("storectl resume acme",),
)
def resume(
    session: Session,
    name: Name,
    *,
    output: Output = Format.TABLE,
    wait: Wait = True,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Resume a store."""
    results.follow(session, session.client.transition(name, "resume"), output, wait, timeout)


@verb(
    app,
    "extend",
    text=_("Let a store that ends by itself live longer."),
    more=_("The time is added to the end that it has; “storectl describe” shows it."),
    examples=("storectl extend ci-42 2h", "storectl extend trial '1 week'"),
)
def extend(
    session: Session,
    name: Name,
    by: Annotated[
        str,
        typer.Argument(
            metavar="DURATION", help=_("How much longer, such as 2h or 1d12h."), show_default=False
        ),
    ],
    *,
    output: Output = Format.TABLE,
    wait: Wait = True,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Extend a store's life."""
    results.follow(session, session.client.extend_store(name, by), output, wait, timeout)


@verb(
    app,
    "retire",
    text=_("Take a store out of service; its data is kept."),
    more=_("For 30 days it can be brought back with undelete and nobody else gets its name."),
    examples=(
        "storectl retire acme",
        "storectl retire ci-42 --yes --ignore-not-found",
        "storectl list -l build=42 -o name | xargs -r -n1 storectl retire --yes",
    ),
)
def retire(
    session: Session,
    name: Name,
    *,
    yes: Yes = False,
    ignore_not_found: IgnoreNotFound = False,
    output: Output = Format.TABLE,
    wait: Wait = True,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Retire a store after a confirmation."""
    if ignore_not_found and results.missing(session, name):
        return
    _confirm_retirement(session, name, yes=yes)
    results.follow(session, session.client.transition(name, "retire"), output, wait, timeout)
    if not output.machine and wait:
        note(_("Its data is kept. Bring it back: storectl undelete %(store)s") % {"store": name})


@verb(
    app,
    "undelete",
    text=_("Bring a retired store back."),
    examples=("storectl undelete acme",),
)
def undelete(
    session: Session,
    name: Name,
    *,
    output: Output = Format.TABLE,
    wait: Wait = True,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Undelete a store."""
    results.follow(session, session.client.transition(name, "undelete"), output, wait, timeout)


@verb(
    app,
    "purge",
    text=_("Destroy a retired store's data for ever."),
    more=_("The store must be retired. Give its name a second time with --confirm."),
    examples=("storectl purge acme --confirm acme", "storectl purge acme --confirm acme --yes"),
)
def purge(
    session: Session,
    name: Name,
    *,
    confirm: Annotated[
        str | None,
        typer.Option(
            "--confirm", metavar="NAME", help=_("The store's name again."), show_default=False
        ),
    ] = None,
    yes: Yes = False,
    ignore_not_found: IgnoreNotFound = False,
    output: Output = Format.TABLE,
    wait: Wait = True,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Purge a store after two confirmations."""
    if ignore_not_found and results.missing(session, name):
        return
    if confirm is None and not session.interactive:
        raise NotConfirmedError(
            command=f"storectl purge {name}", again=f"storectl purge {name} --confirm {name} --yes"
        )
    if confirm is None:
        confirm = typer.prompt(_("Its data is destroyed for ever. Type the store's name"), err=True)
    elif not yes:
        ask(
            session,
            _("Destroy the data of “%(store)s” for ever?") % {"store": labels.printable(name)},
            command=f"storectl purge {name}",
            again=f"storectl purge {name} --confirm {confirm} --yes",
        )
    if confirm != name:
        raise ConfirmationMissingError(store=name)
    reply = session.client.transition(name, "purge", {"confirm": confirm})
    finish.accept(
        session,
        reply,
        wait=wait,
        timeout=timeout,
        done=lambda end: results.gone(session, end, output),
    )


def _confirm_retirement(session: Session, name: str, *, yes: bool) -> None:
    if not yes:
        ask(
            session,
            _("Take “%(store)s” out of service?") % {"store": labels.printable(name)},
            command=f"storectl retire {name}",
            again=f"storectl retire {name} --yes",
        )
