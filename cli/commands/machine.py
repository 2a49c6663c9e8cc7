"""`storectl up`."""

import os
import sys
from typing import Annotated

import typer

from cli import config
from cli.session import Session
from cli.texts import _
from cli.verbs import new_app, verb

app = new_app()


@verb(
    app,
    "up",
    text=_("Start the control plane on this machine."),
    more=_("It runs until Ctrl-C and keeps its data. The same as “make up” in a checkout."),
    examples=("storectl up", "storectl up --port 8081 --home /srv/stores"),
)
def up(
    session: Session,  # noqa: ARG001 -- the common form of a verb.
    *,
    port: Annotated[
        int | None,
        typer.Option("--port", min=1, max=65535, help=_("Port to listen on."), show_default=False),
    ] = None,
    home: Annotated[
        str | None,
        typer.Option(
            "--home", metavar="DIR", help=_("Directory for its data."), show_default=False
        ),
    ] = None,
) -> None:
    """Become the control plane: this process is replaced by it."""
    environ = dict(os.environ)
    # A checkout without an installed package is found through its own directory.
    roots = [str(config.CHECKOUT), *filter(None, [environ.get("PYTHONPATH")])]
    environ["PYTHONPATH"] = os.pathsep.join(roots)
    if port is not None:
        environ["STORECTL_PORT"] = str(port)
    if home is not None:
        environ["STORECTL_HOME"] = home
    sys.stdout.flush()
    # -P: a folder called controller in the current directory is not ours.
    program = [sys.executable, "-P", "-m", "controller", "up"]
    os.execve(sys.executable, program, environ)  # noqa: S606
