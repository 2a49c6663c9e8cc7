"""`storectl adopt`."""

from typing import Annotated

import typer

from cli import errors, labels, results, secret_input
from cli.options import DEFAULT_TIMEOUT, Country, Email, Name, Output, Timeout, Wait
from cli.output import Format, document, note, result, show
from cli.session import Session
from cli.texts import _
from cli.verbs import new_app, verb

app = new_app()


@verb(
    app,
    "adopt",
    text=_("Look after a shop that somebody else runs."),
    more=_(
        "The shop needs the Bridge module; the token is that of its integration. The shop's "
        "settings become those of its country and of what is said later with “config set”: "
        "--dry-run shows what would change. Retiring the store lets go of the shop."
    ),
    examples=(
        "storectl adopt acme --url https://shop.example.com --country DE --token-file token.txt",
        "storectl adopt acme --url https://shop.example.com --country DE --dry-run",
    ),
)
def adopt(
    session: Session,
    name: Name,
    *,
    url: Annotated[
        str,
        typer.Option(
            "--url", metavar="URL", help=_("The shop's public address."), show_default=False
        ),
    ],
    country: Country,
    email: Email = None,
    engine: Annotated[
        str, typer.Option("--engine", metavar="NAME", help=_("Shop software."))
    ] = "magento",
    token_file: Annotated[
        str | None,
        typer.Option(
            "--token-file",
            metavar="FILE",
            help=_("Read the access token here; it is asked for otherwise."),
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=_("Show what would change and change nothing."))
    ] = False,
    output: Output = Format.TABLE,
    wait: Wait = True,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Adopt a shop."""
    access = {
        "url": url,
        "accessToken": secret_input.secret(session, _("Access token"), token_file),
    }
    said = {"email": email, "engine": engine, "adopt": access}
    body: dict[str, object] = {
        "name": name,
        "country": country,
        **{key: value for key, value in said.items() if value},
    }
    if dry_run:
        _foresee(session, body, output)
        return
    results.follow(session, session.client.create_store(body), output, wait, timeout)


def _foresee(session: Session, body: dict[str, object], output: Format) -> None:
    found = session.client.foresee_store(body)
    found["fields"] = [item for item in found["fields"] if item["standing"] != "same"]
    if output.machine:
        document(found, output)
    elif output is Format.NAME:
        for item in found["fields"]:
            result(item["field"])
    elif found["fields"]:
        from cli import tables  # noqa: PLC0415 -- programs do without Rich.

        show(tables.config(found["fields"]))
    else:
        store = labels.printable(str(body["name"]))
        note(_("The shop of “%(store)s” has every setting as wanted.") % {"store": store})
    if found["fields"]:
        raise typer.Exit(errors.CHANGES)
