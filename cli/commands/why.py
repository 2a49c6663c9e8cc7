"""`storectl why`."""

from typing import TYPE_CHECKING

from cli.options import Name, Output
from cli.output import Format, resource
from cli.session import Session
from cli.texts import _
from cli.verbs import new_app, verb

if TYPE_CHECKING:
    from rich.console import RenderableType

app = new_app()


@verb(
    app,
    "why",
    text=_("Say why a store is not well, and what to do."),
    more=_(
        "Asks every layer from the store down to its shop: operation, cluster, infrastructure, "
        "release, pods. One that cannot be asked is shown as unknown and stops nothing. Where "
        "nothing is wrong one line says so; “-o wide” shows every layer all the same."
    ),
    examples=("storectl why acme", "storectl why acme -o wide", "storectl why acme -o json"),
)
def why(session: Session, name: Name, *, output: Output = Format.TABLE) -> None:
    """Print the chain and the probable cause."""
    found = session.client.why(name)

    def page() -> "RenderableType":
        from cli import why_pages  # noqa: PLC0415 -- programs do without Rich.

        return why_pages.explanation(found, whole=output is Format.WIDE)

    resource(found, output, str(found["status"]["cause"]["code"]), page)
