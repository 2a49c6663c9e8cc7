"""Arguments and options that several verbs share."""

from typing import Annotated

import typer

from cli.output import Format
from cli.texts import _

Name = Annotated[
    str, typer.Argument(metavar="NAME", help=_("The store's name."), show_default=False)
]
Output = Annotated[
    Format,
    typer.Option("-o", "--output", help=_("How to print the result."), case_sensitive=False),
]
Wait = Annotated[
    bool,
    typer.Option(
        "--wait/--no-wait",
        help=_("Follow the operation to its end, or print its id and return."),
    ),
]
# Longer than the server's longest deadline, so that the cause of a failure is seen, not a timeout.
DEFAULT_TIMEOUT = "20m"
LONG_TIMEOUT = "5h"
"""Of what takes as long as a store has data."""
Timeout = Annotated[
    str,
    typer.Option("--timeout", metavar="DURATION", help=_("How long to wait, such as 90s or 15m.")),
]
IgnoreNotFound = Annotated[
    bool, typer.Option("--ignore-not-found", help=_("No error when there is no such store."))
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help=_("Do not ask for confirmation."))]
Files = Annotated[
    list[str],
    typer.Option(
        "-f",
        "--file",
        metavar="FILE",
        help=_("YAML or JSON file with stores, or a directory; - is the standard input."),
    ),
]
Recursive = Annotated[
    bool, typer.Option("--recursive", "-R", help=_("Read the directories in directories too."))
]
Country = Annotated[
    str,
    typer.Option(
        "--country",
        metavar="CODE",
        help=_("Country, as two letters (ISO 3166)."),
        show_default=False,
    ),
]
Email = Annotated[
    str | None,
    typer.Option(
        "--email", metavar="EMAIL", help=_("E-mail address of the owner."), show_default=False
    ),
]
