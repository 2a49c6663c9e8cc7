"""`storectl rates get`, `refresh`, `approve` and `status`."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Output
from cli.output import Format, note, resource
from cli.session import Session
from cli.texts import _
from cli.verbs import NounGroup, new_app, verb

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cli.client import Client, Resource

app = new_app(
    name="rates", cls=NounGroup, help=_("Show exchange rates, ask for new ones, approve them.")
)

_PATIENCE = 30.0
_PAUSE = 0.2


@verb(
    app,
    "get",
    text=_("Show the exchange rates in force and what waits for approval."),
    examples=("storectl rates get", "storectl rates get -o json"),
)
def get(session: Session, *, output: Output = Format.TABLE) -> None:
    """Print the set."""
    _print(session.client.rates(), output)


@verb(
    app,
    "refresh",
    text=_("Ask the source of exchange rates now."),
    more=_("New rates go to the shops by themselves. Only the operator may ask."),
    examples=("storectl rates refresh", "storectl rates refresh --no-wait"),
)
def refresh(
    session: Session,
    *,
    output: Output = Format.TABLE,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help=_("Wait until the source was asked."))
    ] = True,
) -> None:
    """Ask, and print what is in force then."""
    before = _checked(session.client.rates())
    found = session.client.refresh_rates()
    if found["spec"]["source"] == "none":
        note(_("No source of exchange rates is set (STORECTL_RATES__SOURCE)."))
    elif wait:
        found = _asked(session.client, before)
    _print(found, output)


@verb(
    app,
    "approve",
    text=_("Put rates in force that moved too far to be taken by themselves."),
    more=_("With SET only if it is still the newest one. Only the operator may approve."),
    examples=("storectl rates approve", "storectl rates approve 42"),
)
def approve(
    session: Session,
    number: Annotated[
        int | None,
        typer.Argument(
            metavar="SET", min=1, help=_("The set that you looked at."), show_default=False
        ),
    ] = None,
    *,
    output: Output = Format.TABLE,
) -> None:
    """Approve, and print what is in force then."""
    _print(session.client.approve_rates(number), output)


@verb(
    app,
    "status",
    text=_("Show how many stores have the newest rates, or how one store stands."),
    examples=("storectl rates status", "storectl rates status acme"),
)
def status(
    session: Session,
    store: Annotated[
        str | None,
        typer.Argument(metavar="STORE", help=_("The store's name."), show_default=False),
    ] = None,
    *,
    output: Output = Format.TABLE,
) -> None:
    """Print counts, or one store's rates."""
    found = session.client.rates() if store is None else session.client.store_rates(store)

    def page() -> "RenderableType":
        from cli import rate_pages  # noqa: PLC0415 -- programs do without Rich.

        return rate_pages.counts(found) if store is None else rate_pages.store(found)

    if store is None and not output.machine and not found["status"]["stores"]:
        note(_("No store was looked at yet."))
    resource(found, output, str(found["metadata"]["name"]), page)


def _asked(client: "Client", before: str | None) -> "Resource":
    """The rates once the source was asked, or as they are when that takes too long."""
    end = time.monotonic() + _PATIENCE
    while True:
        found = client.rates()
        if _checked(found) != before:
            return found
        if time.monotonic() > end:
            note(_("The source was not asked yet; “storectl rates get” shows when it was."))
            return found
        time.sleep(_PAUSE)


def _checked(found: "Resource") -> str | None:
    source = found["spec"]["source"]
    states: list[Any] = [one for one in found["status"]["sources"] if one["name"] == source]
    return states[0]["checkedAt"] if states else None


def _print(found: "Resource", output: Format) -> None:
    def page() -> "RenderableType":
        from cli import rate_pages  # noqa: PLC0415 -- programs do without Rich.

        return rate_pages.rates(found)

    given = found["status"]["set"]
    if given is None and not output.machine:
        note(_("There are no exchange rates yet."))
    resource(found, output, str(given["id"]) if given else "", page)
