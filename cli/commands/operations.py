"""`storectl op list`, `get`, `wait` and `retry`."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli import durations, finish, results
from cli.options import DEFAULT_TIMEOUT, Output, Timeout, Wait
from cli.output import Format, resource, resources
from cli.session import Session
from cli.texts import _
from cli.verbs import NounGroup, new_app, verb

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cli.client import Resource

app = new_app(name="op", cls=NounGroup, help=_("List, show, follow and retry operations."))

Uid = Annotated[
    str, typer.Argument(metavar="OPERATION", help=_("The operation's id."), show_default=False)
]


@verb(
    app,
    "list",
    text=_("List operations, newest first."),
    examples=("storectl op list", "storectl op list --store acme --state failed"),
)
def list_operations(
    session: Session,
    *,
    store: Annotated[
        str | None,
        typer.Option("--store", metavar="NAME", help=_("Only this store's."), show_default=False),
    ] = None,
    state: Annotated[
        str | None,
        typer.Option(
            "--state",
            metavar="STATE",
            help=_("Only in this state, such as failed."),
            show_default=False,
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help=_("At most this many."))] = 50,
    output: Output = Format.TABLE,
) -> None:
    """Print operations."""

    def table(found: "list[Resource]") -> "RenderableType":
        from cli.tables import operations  # noqa: PLC0415 -- programs do without Rich.

        return operations(found)

    resources(
        session.client.operations(store=store, state=state, limit=limit),
        output,
        lambda operation: str(operation["metadata"]["id"]),
        table,
        _("There are no operations."),
    )


@verb(
    app,
    "get",
    text=_("Show an operation with its steps."),
    examples=("storectl op get 01kaq3…", "storectl op get 01kaq3… -o json"),
)
def get(session: Session, operation: Uid, *, output: Output = Format.TABLE) -> None:
    """Print one operation."""
    found = session.client.operation(operation)

    def page() -> "RenderableType":
        from cli.pages import operation as drawn  # noqa: PLC0415 -- programs do without Rich.

        return drawn(found)

    resource(found, output, found["metadata"]["id"], page)


@verb(
    app,
    "wait",
    text=_("Follow an operation to its end."),
    more=_("The exit code is 0 when it succeeded, 7 when it failed and 8 when the time is over."),
    examples=("storectl op wait 01kaq3…", "storectl op wait 01kaq3… --timeout 5m"),
)
def wait_for(
    session: Session,
    operation: Uid,
    *,
    output: Output = Format.TABLE,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Follow an operation."""
    seconds = durations.parse(timeout)
    _print_end(
        session, finish.follow(session, session.client.operation(operation), seconds), output
    )


@verb(
    app,
    "retry",
    text=_("Try a failed operation again, from the step that failed."),
    examples=("storectl op retry 01kaq3…",),
)
def retry(
    session: Session,
    operation: Uid,
    *,
    output: Output = Format.TABLE,
    wait: Wait = True,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Retry an operation."""
    seconds = durations.parse(timeout)
    again = session.client.retry_operation(operation)
    if wait:
        _print_end(session, finish.follow(session, again, seconds), output)
    else:
        finish.hand_over(session, again)


def _print_end(session: Session, end: "Resource", output: Format) -> None:
    purged = end["spec"]["operation"] == "purge"
    (results.gone if purged else results.store)(session, end, output)
