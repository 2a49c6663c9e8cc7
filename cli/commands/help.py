"""`storectl help`: a verb's help, or a topic's."""

from typing import Annotated

import typer

from cli import errors
from cli.errors import UnknownTopicError
from cli.output import PIPE_CLOSED, result
from cli.session import Session
from cli.texts import N_, _
from cli.verbs import VERBS, new_app, verb

app = new_app()

EXIT_CODES = {
    0: N_("Done, or so already."),
    errors.INTERNAL: N_("The control plane or this program failed; it may work a moment later."),
    errors.USAGE: N_("The command, a file or a value cannot be accepted; nothing was done."),
    errors.NOT_FOUND: N_("There is no such thing, or it is another tenant's."),
    errors.NOT_ALLOWED: N_("The token is missing, not valid, or may not do this."),
    errors.CONFLICT: N_("What is there does not allow it; look at it again."),
    errors.LIMITED: N_("A quota or rate is used up; try later."),
    errors.FAILED: N_("It was accepted and failed, or something newer took its place."),
    errors.TIMED_OUT: N_("The wait ended first; the operation goes on."),
    errors.PARTIAL: N_("Of several stores some were done and others not."),
    errors.CHANGES: N_("“diff” found differences."),
    errors.UNREACHABLE: N_("No control plane answers."),
    errors.INTERRUPTED: N_("Interrupted with Ctrl-C; what was accepted goes on."),
    PIPE_CLOSED: N_("Whoever read the output had enough of it."),
}
"""Every exit code that there is; a test holds it to the code."""


@verb(
    app,
    "help",
    text=_("Explain a verb, or the exit codes."),
    examples=("storectl help apply", "storectl help exit-codes"),
)
def help_topic(
    session: Session,
    topic: Annotated[
        str | None,
        typer.Argument(metavar="[TOPIC]", help=_("A verb, or exit-codes."), show_default=False),
    ] = None,
) -> None:
    """Print a help page."""
    del session
    if topic in {"exit-codes", "exit-code", "exit"}:
        for code, text in EXIT_CODES.items():
            result(f"{code:>4}  {_(text)}")
        return
    if topic is not None and topic not in VERBS:
        raise UnknownTopicError(topic=topic[:60])
    from cli.main import main  # noqa: PLC0415 -- it starts us.

    raise typer.Exit(main([topic, "--help"] if topic else ["--help"]))
