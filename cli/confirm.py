"""Questions before something is destroyed or given up."""

import typer

from cli.errors import NotConfirmedError
from cli.session import Session


def ask(session: Session, question: str, *, command: str, again: str) -> None:
    """Ask on a terminal; raises NotConfirmedError without one or when the answer is no."""
    if not session.interactive or not typer.confirm(question, err=True):
        raise NotConfirmedError(command=command, again=again)
