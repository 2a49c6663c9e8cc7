"""`storectl secret list`, `set` and `rm`."""

from typing import Annotated

import typer

from cli import labels, results, secret_input
from cli.options import DEFAULT_TIMEOUT, Name, Output, Timeout, Wait
from cli.output import Format, document, note, result, show
from cli.session import Session
from cli.texts import _
from cli.verbs import NounGroup, new_app, verb

app = new_app(
    name="secret",
    cls=NounGroup,
    help=_("Keep what payment providers and carriers need."),
)

SecretName = Annotated[
    str,
    typer.Argument(
        metavar="SECRET",
        help=_("Such as stripe.secretKey; a further website's own is sites.us.stripe.secretKey."),
        show_default=False,
    ),
]


@verb(
    app,
    "list",
    text=_("List the secrets that are kept for a store."),
    more=_("Their values are never shown."),
    examples=("storectl secret list acme", "storectl secret list acme -o name"),
)
def list_secrets(session: Session, name: Name, *, output: Output = Format.TABLE) -> None:
    """List secrets."""
    items = session.client.secrets(name)
    if output.machine:
        document(items, output)
    elif output is Format.NAME:
        for item in items:
            result(item["metadata"]["name"])
    elif not items:
        store = labels.printable(name)
        note(_("No secret is kept for “%(store)s”.") % {"store": store})
    else:
        from cli import tables  # noqa: PLC0415 -- programs do without Rich.

        show(tables.secrets(items))


@verb(
    app,
    "set",
    text=_("Keep a secret and bring it into the shop."),
    more=_(
        "It is asked for without being shown, read from a file, or from the standard input when "
        "that is no terminal: never from the command line, which others can see."
    ),
    examples=(
        "storectl secret set acme stripe.secretKey",
        "storectl secret set acme ups.clientSecret --from-file secret.txt",
        'printf %s "$KEY" | storectl secret set acme braintree.privateKey',
    ),
)
def set_secret(
    session: Session,
    name: Name,
    secret: SecretName,
    *,
    from_file: Annotated[
        str | None,
        typer.Option("--from-file", metavar="FILE", help=_("Read it here."), show_default=False),
    ] = None,
    output: Output = Format.TABLE,
    wait: Wait = True,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Set a secret."""
    value = secret_input.secret(session, secret, from_file)
    results.follow(session, session.client.set_secret(name, secret, value), output, wait, timeout)


@verb(
    app,
    "rm",
    text=_("Forget a secret and take it out of the shop."),
    examples=("storectl secret rm acme stripe.secretKey",),
)
def remove_secret(
    session: Session,
    name: Name,
    secret: SecretName,
    *,
    output: Output = Format.TABLE,
    wait: Wait = True,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Remove a secret."""
    results.follow(session, session.client.remove_secret(name, secret), output, wait, timeout)
