"""`storectl config get`, `set`, `diff` and `push`."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli import errors, labels, results, settings
from cli.options import DEFAULT_TIMEOUT, Name, Output, Timeout, Wait
from cli.output import Format, document, note, result, show
from cli.session import Session
from cli.texts import _
from cli.verbs import NounGroup, new_app, verb

if TYPE_CHECKING:
    from cli.client import Resource

app = new_app(
    name="config",
    cls=NounGroup,
    help=_("Show, change, compare and push a store's settings."),
)

Site = Annotated[
    str | None,
    typer.Option(
        "--site",
        metavar="CODE",
        help=_("The further website that is meant; one that is not there is made."),
        show_default=False,
    ),
]


@verb(
    app,
    "get",
    text=_("Show settings as wanted and as the shop has them."),
    more=_("Of secrets only fingerprints are shown."),
    examples=(
        "storectl config get acme",
        "storectl config get acme shipping payments",
        "storectl config get acme sites.us -o json",
        "storectl config get acme shipping --site us",
    ),
)
def get(
    session: Session,
    name: Name,
    fields: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FIELD]...",
            help=_("Only these fields, or groups of them."),
            show_default=False,
        ),
    ] = None,
    *,
    site: Annotated[
        str | None,
        typer.Option(
            "--site",
            metavar="CODE",
            help=_("Of a further website; its fields may be named without it."),
            show_default=False,
        ),
    ] = None,
    output: Output = Format.TABLE,
) -> None:
    """Show the settings of a store."""
    found = session.client.config(name)
    wanted = list(fields or [])
    if site is not None:
        of_it = f"sites.{site}"
        wanted = [f"{of_it}.{field.removeprefix(f'{of_it}.')}" for field in wanted] or [of_it]
    for field in wanted:
        if not any(_named(item["field"], [field]) for item in found["fields"]):
            raise errors.FieldNotSetError(field=field, store=name)
    found["fields"] = [item for item in found["fields"] if _named(item["field"], wanted)]
    _print(found, output)


@verb(
    app,
    "set",
    text=_("Change settings and follow the change into the shop."),
    more=_(
        "FIELD= takes a field away, FIELD=@FILE reads it from a YAML or JSON file, table rates "
        "from a CSV file as Magento exports it. Secrets are set with “storectl secret set”."
    ),
    examples=(
        "storectl config set acme shipping.flatRate=7.50 shipping.freeFrom=100",
        "storectl config set acme payments=check,bank_transfer",
        "storectl config set acme gateways.bank_transfer.instructions='IBAN DE02 1203 …'",
        "storectl config set acme currencies.allowed=EUR,USD,CHF",
        "storectl config set acme --site us country=US displayName='Acme US' payments=check",
        "storectl config set acme shipping.tableRates=@rates.yaml taxRates=@taxes.yaml",
        "storectl config set acme shipping.tableRates=@tablerates.csv",
        "storectl config set acme 'drift.*=warn' drift.shipping.flatRate=adopt",
    ),
)
def set_fields(
    session: Session,
    name: Name,
    fields: Annotated[
        list[str],
        typer.Argument(metavar="FIELD=VALUE...", help=_("What changes."), show_default=False),
    ],
    *,
    site: Site = None,
    output: Output = Format.TABLE,
    wait: Wait = True,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Change settings."""
    reply = session.client.change_store(name, settings.patch(fields, site))
    results.follow(session, reply, output, wait, timeout)


@verb(
    app,
    "diff",
    text=_("Show the settings that differ in the shop."),
    more=_("The exit code is 10 when there are any, 0 when there are none."),
    examples=("storectl config diff acme", "storectl config diff acme -o json"),
)
def diff(session: Session, name: Name, *, output: Output = Format.TABLE) -> None:
    """Compare a store with its shop."""
    found = session.client.config(name)
    found["fields"] = [item for item in found["fields"] if item["standing"] != "same"]
    if found["fields"] or output is not Format.TABLE:
        _print(found, output)
    else:
        store = labels.printable(found["store"])
        note(_("The shop of “%(store)s” has every setting as wanted.") % {"store": store})
    if found["fields"]:
        raise typer.Exit(errors.CHANGES)


@verb(
    app,
    "rates",
    text=_("Print table rates as CSV, in Magento's own form."),
    more=_("“config set shipping.tableRates=@FILE.csv” takes the same back."),
    examples=("storectl config rates acme > tablerates.csv",),
)
def rates(session: Session, name: Name, *, site: Site = None) -> None:
    """Print the table rates of a website."""
    from controller.domain.ratefiles import written  # noqa: PLC0415 -- the others do without.

    spec = session.client.store(name)["spec"]
    part = spec if site is None else (spec.get("sites") or {}).get(site) or {}
    table = (part.get("shipping") or {}).get("tableRates")
    if table is None:
        raise errors.NoTableRatesError(store=name)
    result(written(table).rstrip("\n"))


@verb(
    app,
    "push",
    text=_("Write every setting again, whatever was changed in the shop."),
    examples=("storectl config push acme",),
)
def push(
    session: Session,
    name: Name,
    *,
    output: Output = Format.TABLE,
    wait: Wait = True,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Push the settings of a store."""
    results.follow(session, session.client.push_config(name), output, wait, timeout)


def _named(field: str, wanted: list[str]) -> bool:
    """Whether a field is one of those wanted, or below one."""
    return not wanted or any(field == name or field.startswith(f"{name}.") for name in wanted)


def _print(found: "Resource", output: Format) -> None:
    if output.machine:
        document(found, output)
    elif output is Format.NAME:
        for item in found["fields"]:
            result(item["field"])
    else:
        from cli import tables  # noqa: PLC0415 -- programs do without Rich.

        show(tables.config(found["fields"]))
