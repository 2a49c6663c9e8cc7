"""`storectl plan list` and `set`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import results
from cli.options import DEFAULT_TIMEOUT, Name, Output, Timeout, Wait
from cli.output import Format, resources
from cli.session import Session
from cli.texts import _
from cli.verbs import NounGroup, new_app, verb

if TYPE_CHECKING:
    from rich.console import RenderableType

app = new_app(
    name="plan", cls=NounGroup, help=_("Change a store's size, or show the sizes there are.")
)


@verb(
    app,
    "list",
    text=_("Show the plans: web servers, and what a shop of each may use."),
    examples=("storectl plan list", "storectl plan list -o json"),
)
def list_plans(session: Session, *, output: Output = Format.TABLE) -> None:
    """Print the plans."""

    def table(found: list[Any]) -> "RenderableType":
        from cli.tables import plans  # noqa: PLC0415 -- programs do without Rich.

        return plans(found)

    resources(
        session.client.plans(),
        output,
        lambda plan: str(plan["metadata"]["name"]),
        table,
        _("There are no plans."),
    )


@verb(
    app,
    "set",
    text=_("Give a store another size."),
    more=_("Its data stays; numbers of web servers that were set by hand stay too."),
    examples=("storectl plan set acme growth",),
)
def set_plan(
    session: Session,
    name: Name,
    plan: Annotated[
        str,
        typer.Argument(metavar="PLAN", help=_("starter, growth or scale."), show_default=False),
    ],
    *,
    output: Output = Format.TABLE,
    wait: Wait = True,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Change the plan and follow it."""
    reply = session.client.change_store(name, {"plan": plan})
    results.follow(session, reply, output, wait, timeout)
