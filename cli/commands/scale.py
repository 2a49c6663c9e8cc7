"""`storectl scale`."""

from typing import Annotated

import typer

from cli import results
from cli.errors import UsageFaultError
from cli.options import DEFAULT_TIMEOUT, Name, Output, Timeout, Wait
from cli.output import Format
from cli.session import Session
from cli.texts import _
from cli.verbs import new_app, verb

app = new_app()


@verb(
    app,
    "scale",
    text=_("Change how many web servers a store has."),
    more=_(
        "There are as many as visitors need, between the two numbers; where the cluster has no "
        "metrics-server they stay as they are. What is not given stays as it is. --now alone fixes "
        "the number and turns the autoscaler off, until --min and --max say otherwise or "
        "--plan-default goes back."
    ),
    examples=(
        "storectl scale acme --min 2 --max 6",
        "storectl scale acme --now 4",
        "storectl scale acme --min 2 --max 6 --now 4",
        "storectl scale acme --plan-default",
    ),
)
def scale(
    session: Session,
    name: Name,
    *,
    low: Annotated[
        int | None, typer.Option("--min", min=1, help=_("At least this many."), show_default=False)
    ] = None,
    high: Annotated[
        int | None, typer.Option("--max", min=1, help=_("At most this many."), show_default=False)
    ] = None,
    now: Annotated[
        int | None, typer.Option("--now", min=1, help=_("This many at once."), show_default=False)
    ] = None,
    plan_default: Annotated[
        bool, typer.Option("--plan-default", help=_("Go back to the plan's numbers."))
    ] = False,
    output: Output = Format.TABLE,
    wait: Wait = True,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Scale a store and follow it until the shop has so many."""
    given = {"min": low, "max": high, "now": now}
    body = {key: value for key, value in given.items() if value is not None}
    if bool(body) is plan_default:
        detail = _("Give --min, --max or --now, or --plan-default alone.")
        raise UsageFaultError(detail=detail, command="storectl scale")
    results.follow(session, session.client.scale_store(name, body), output, wait, timeout)
