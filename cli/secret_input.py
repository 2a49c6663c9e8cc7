"""Secrets as people hand them over: asked for, read from a file or piped in, never an argument."""

import sys
from pathlib import Path

import typer

from cli.errors import EmptySecretError, UnreadableFileError
from cli.session import Session


def secret(session: Session, name: str, file: str | None) -> str:
    """The secret without the end of its line; raises EmptySecretError, UnreadableFileError."""
    if file is not None:
        try:
            found = Path(file).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise UnreadableFileError(file=file, detail=str(error)[:200]) from None
    elif session.interactive:
        found = typer.prompt(name, hide_input=True, err=True)
    else:
        found = sys.stdin.read()
    found = found.rstrip("\r\n")
    if not found:
        raise EmptySecretError(secret=name)
    return found
