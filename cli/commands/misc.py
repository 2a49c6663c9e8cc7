"""`storectl api`, `countries` and `version`."""

import json
import sys
from typing import Annotated, Any

import typer

from cli.errors import ApiRefusal, ManifestError
from cli.options import Output
from cli.output import Format, document, resource, resources, result
from cli.session import Session
from cli.texts import _, language
from cli.verbs import new_app, verb
from controller.domain.errors.platform import ServerUnreachableError

app = new_app()


@verb(
    app,
    "api",
    text=_("Send any request to the HTTP API."),
    more=_("A path without /api/v1 is below it. The answer's body goes to the standard output."),
    examples=(
        "storectl api GET /stores",
        "storectl api GET /names/acme",
        """storectl api PATCH /stores/acme --data '{"displayName": "Acme"}'""",
        "storectl api POST /stores --data - < order.json",
    ),
)
def api(
    session: Session,
    method: Annotated[
        str, typer.Argument(metavar="METHOD", help=_("GET, POST, PUT, PATCH or DELETE."))
    ],
    path: Annotated[str, typer.Argument(metavar="PATH", help=_("Path, with its query."))],
    *,
    data: Annotated[
        str | None,
        typer.Option(
            "--data", metavar="JSON", help=_("Body; - is the standard input."), show_default=False
        ),
    ] = None,
) -> None:
    """Send a request and print the answer as it is."""
    slashed = path if path.startswith("/") else f"/{path}"
    reply = session.client.raw(method.upper(), slashed, _body(data))
    if isinstance(reply.body, str):
        result(reply.body.rstrip("\n"))
    else:
        document(reply.body, Format.JSON)


def _body(data: str | None) -> Any:
    if data is None:
        return None
    try:
        return json.loads(sys.stdin.read() if data == "-" else data)
    except ValueError as error:
        raise ManifestError(file="--data", detail=str(error)) from error


@verb(
    app,
    "countries",
    text=_("List countries, or show what one sets."),
    examples=("storectl countries", "storectl countries DE", "storectl countries DE -o json"),
)
def countries(
    session: Session,
    code: Annotated[
        str | None,
        typer.Argument(metavar="[CODE]", help=_("Two letters (ISO 3166)."), show_default=False),
    ] = None,
    *,
    output: Output = Format.TABLE,
) -> None:
    """Print the countries that a store can be opened in, or one of them."""
    from cli import pages, tables  # noqa: PLC0415 -- the other verbs here do without Rich.

    if code is not None:
        found = session.client.country(code)
        resource(found, output, found["code"], lambda: pages.country(found))
        return
    spoken = "en" if output.machine else language()
    resources(
        session.client.countries(spoken),
        output,
        lambda country: str(country["code"]),
        tables.countries,
        _("There are no countries."),
    )


@verb(
    app,
    "version",
    text=_("Print the versions of storectl and of the server."),
    examples=("storectl version", "storectl version -o json"),
)
def version(session: Session, *, output: Output = Format.TABLE) -> None:
    """Print both versions; without a server its own."""
    from cli.doctor import own_version, server_version  # noqa: PLC0415 -- this verb alone needs it.

    try:
        server = server_version(session.client)
    except (ServerUnreachableError, ApiRefusal):
        server = None
    if output.machine:
        document({"client": own_version(), "server": server}, output)
        return
    result(f"storectl {own_version()}")
    facts = {"server": session.connection.server, "version": server}
    unreachable = _("No control plane answers at %(server)s.") % facts
    result(_("server   %(version)s (%(server)s)") % facts if server else unreachable)
