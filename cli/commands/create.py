"""`storectl create`."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from cli import results
from cli.errors import LabelError
from cli.options import DEFAULT_TIMEOUT, Country, Email, Name, Output, Timeout, Wait
from cli.output import Format
from cli.session import Session
from cli.texts import _
from cli.verbs import new_app, verb

app = new_app()


@verb(
    app,
    "create",
    text=_("Create a store and follow it until it sells."),
    more=_(
        "The country sets currency, languages, time zone and usual payment methods; options change "
        "single ones. Creating a store again with the same options is no error."
    ),
    examples=(
        "storectl create acme --country DE --email owner@example.com",
        "storectl create acme --country CH --locale de_CH --locale fr_CH --currency CHF",
        "storectl create acme --country DE --plan growth --region eu",
        "storectl create ci-$BUILD --country US --ttl 2h --label build=$BUILD -o json",
    ),
)
def create(
    session: Session,
    name: Name,
    *,
    country: Country,
    email: Email = None,
    display_name: Annotated[
        str | None,
        typer.Option(
            "--display-name",
            metavar="TEXT",
            help=_("Name that customers read."),
            show_default=False,
        ),
    ] = None,
    currency: Annotated[
        list[str] | None,
        typer.Option(
            "--currency",
            metavar="CODE",
            help=_("Currency; more than once offers more, the first is the base."),
            show_default=False,
        ),
    ] = None,
    locale: Annotated[
        list[str] | None,
        typer.Option(
            "--locale",
            metavar="LOCALE",
            help=_("Language such as de_DE; more than once for more, the first is the default."),
            show_default=False,
        ),
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            "--timezone",
            metavar="ZONE",
            help=_("Time zone such as Europe/Berlin."),
            show_default=False,
        ),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option("--engine", metavar="NAME", help=_("Shop software."), show_default=False),
    ] = None,
    plan: Annotated[
        str | None,
        typer.Option(
            "--plan",
            metavar="PLAN",
            help=_("Size on a cluster: starter, growth or scale; see “storectl plan list”."),
            show_default=False,
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            "--cluster",
            metavar="NAME",
            help=_("Run on this cluster; else the platform chooses."),
            show_default=False,
        ),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(
            "--region",
            metavar="NAME",
            help=_("Run on a cluster of this region."),
            show_default=False,
        ),
    ] = None,
    ttl: Annotated[
        str | None,
        typer.Option(
            "--ttl",
            metavar="DURATION",
            help=_("Retire it by itself after this time, such as 2h."),
            show_default=False,
        ),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            "--label",
            metavar="KEY=VALUE",
            help=_("Label; more than once for more."),
            show_default=False,
        ),
    ] = None,
    output: Output = Format.TABLE,
    wait: Wait = True,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Order a store and follow it."""
    wanted = {
        "name": name,
        "country": country,
        "email": email,
        "displayName": display_name,
        "currencies": currencies(currency or []),
        "locales": locale,
        "timezone": timezone,
        "engine": engine,
        "plan": plan,
        "cluster": cluster,
        "region": region,
        "ttl": ttl,
        "labels": labels(label or []),
    }
    body = {key: value for key, value in wanted.items() if value}
    # An empty name is refused by its own rule, not as a field that is missing.
    reply = session.client.create_store({**body, "name": name, "country": country})
    results.follow(session, reply, output, wait, timeout)


def currencies(codes: list[str]) -> dict[str, Any] | None:
    """Return the currencies of a specification, None to leave them to the country."""
    if not codes:
        return None
    return {"base": codes[0], "default": codes[0], "allowed": list(dict.fromkeys(codes))}


def labels(pairs: Iterable[str]) -> dict[str, str]:
    """Return labels written as key=value; raises LabelError for anything else."""
    found: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise LabelError(label=pair)
        found[key] = value
    return found
