"""`storectl list`, `get`, `describe`, `url`, `open` and `login-link`."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli import durations, labels
from cli.errors import BrowserError, NoAddressError
from cli.options import Name, Output
from cli.output import Format, document, note, resource, resources, result, room, show
from cli.session import Session
from cli.texts import _
from cli.verbs import new_app, verb

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cli.client import Resource

app = new_app()


@verb(
    app,
    "list",
    text=_("List stores."),
    more=_("With -o json the result is an array of stores as the HTTP API has them."),
    examples=(
        "storectl list",
        "storectl list --phase Degraded -o wide",
        "storectl list -l build=42 -o name",
    ),
)
def list_stores(
    session: Session,
    label: Annotated[
        list[str] | None,
        typer.Option(
            "-l",
            "--label",
            metavar="KEY=VALUE",
            help=_("Only stores with this label; more than once for all of them."),
            show_default=False,
        ),
    ] = None,
    phase: Annotated[
        str | None,
        typer.Option(
            "--phase",
            metavar="PHASE",
            help=_("Only stores in this phase, such as Ready."),
            show_default=False,
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            "--cluster", metavar="NAME", help=_("Only stores on this cluster."), show_default=False
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help=_("At most this many."), show_default=False)
    ] = None,
    *,
    output: Output = Format.TABLE,
) -> None:
    """Print stores."""

    def table(found: "list[Resource]") -> "RenderableType":
        from cli.tables import stores  # noqa: PLC0415 -- programs do without Rich.

        return stores(found, wide=output is Format.WIDE, room=room())

    resources(
        session.client.stores(limit=limit, phase=phase, labels=tuple(label or ()), cluster=cluster),
        output,
        lambda store: str(store["metadata"]["name"]),
        table,
        _("No store is like that.")
        if phase or label or cluster
        else _("There are no stores. Create one: storectl create acme --country DE"),
    )


@verb(
    app,
    "get",
    text=_("Show a store in one line, or as JSON or YAML."),
    examples=(
        "storectl get acme",
        "storectl get acme -o json",
        "storectl get acme -o yaml > acme.yaml",
    ),
)
def get(session: Session, name: Name, *, output: Output = Format.TABLE) -> None:
    """Print one store."""
    store = session.client.store(name)

    def table() -> "RenderableType":
        from cli.tables import stores  # noqa: PLC0415 -- programs do without Rich.

        return stores([store], wide=output is Format.WIDE, room=room())

    resource(store, output, store["metadata"]["name"], table)


@verb(
    app,
    "describe",
    text=_("Show a store with its conditions and last operation."),
    examples=("storectl describe acme",),
)
def describe(session: Session, name: Name) -> None:
    """Print everything about a store."""
    from cli.pages import description  # noqa: PLC0415 -- the other verbs here do without Rich.

    store = session.client.store(name)
    uid = store["metadata"]["operation"]
    show(description(store, session.client.operation(uid) if uid else None))


@verb(
    app,
    "url",
    text=_("Print a store's address."),
    examples=("storectl url acme", 'curl -fsS "$(storectl url acme)"'),
)
def url(session: Session, name: Name) -> None:
    """Print the address alone, for other programs."""
    result(_address(session, name))


@verb(
    app,
    "open",
    text=_("Open a store in the web browser."),
    examples=("storectl open acme",),
)
def open_store(session: Session, name: Name) -> None:
    """Open the storefront."""
    import webbrowser  # noqa: PLC0415 -- this verb alone needs it.

    address = _address(session, name)
    if not webbrowser.open(address):
        raise BrowserError(url=address)
    result(address)


@verb(
    app,
    "login-link",
    text=_("Print a one-time link to a store's administration."),
    examples=("storectl login-link acme", 'xdg-open "$(storectl login-link acme)"'),
)
def login_link(session: Session, name: Name, *, output: Output = Format.TABLE) -> None:
    """Print the link; when it ends goes to the other stream."""
    link = session.client.login_link(name)
    if output.machine:
        document(link, output)
        return
    result(link["url"])
    until = durations.local(link["expiresAt"], "%H:%M:%S")
    note(_("It works once, until %(moment)s.") % {"moment": until})


def _address(session: Session, name: str) -> str:
    store = session.client.store(name)
    if not store["status"]["url"]:
        raise NoAddressError(store=name)
    return labels.printable(store["status"]["url"])
