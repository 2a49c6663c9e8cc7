"""Results on stdout, everything else on stderr, in the format that was asked for."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from cli.texts import _

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from cli.error_view import Shown


PIPE_CLOSED = 141
"""What a shell shows for a program that a closed pipe ended (128 + SIGPIPE)."""
UNLIMITED = 10_000
"""Columns of a file or pipe."""


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"

    @property
    def machine(self) -> bool:
        """Whether a program reads it."""
        return self in {Format.JSON, Format.YAML}


def result(text: str) -> None:
    """Print a line of the result."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """Tell a person something that is not the result."""
    sys.stderr.write(text + "\n")


def document(value: Any, output: Format) -> None:
    """Print a resource, or a list of them, for a program."""
    if output is Format.YAML:
        import yaml  # noqa: PLC0415 -- only this format pays for it.

        result(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1000).rstrip("\n"))
    else:
        result(json.dumps(value, ensure_ascii=False, indent=2))


def line(value: Any) -> None:
    """Print a resource as one JSON line of a stream, at once."""
    result(json.dumps(value, ensure_ascii=False))
    sys.stdout.flush()


def resource(
    value: Mapping[str, Any], output: Format, name: str, human: Callable[[], "RenderableType"]
) -> None:
    """Print one resource."""
    if output.machine:
        document(value, output)
    elif output is Format.NAME:
        result(name)
    else:
        show(human())


def resources(
    values: Iterable[Mapping[str, Any]],
    output: Format,
    name: Callable[[Any], str],
    human: Callable[[list[Any]], "RenderableType"],
    empty: str,
) -> None:
    """Print a list: an array for programs, a name per line or a table; `empty` is for none."""
    if output is Format.NAME:
        for value in values:
            result(name(value))
        return
    found = list(values)
    if output.machine:
        document(found, output)
    elif found:
        show(human(found))
    else:
        note(empty)


def show(renderable: "RenderableType") -> None:
    """Print something of Rich on stdout."""
    target = console(sys.stdout)
    if sys.stdout.isatty():
        target.print(renderable, crop=False)
        return
    with target.capture() as drawn:
        target.print(renderable, crop=False)
    # Columns are padded; in a file or pipe the padding at the end of a line is only a nuisance.
    for row in drawn.get().splitlines():
        result(row.rstrip())


def room() -> int:
    """Return how many columns a line of stdout may have."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else UNLIMITED


def console(file: Any) -> "Console":
    """Return a console that takes every text literally; a file or pipe is never folded or cut."""
    from rich.console import Console  # noqa: PLC0415 -- tables alone need it.

    width = None if file.isatty() else UNLIMITED
    return Console(file=file, width=width, markup=False, highlight=False, emoji=False)


def colour(text: str, code: str) -> str:
    """Return a text in a colour of stderr's terminal, plain where colours are not wanted."""
    if not sys.stderr.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{code}m{text}\x1b[0m"


def failure(shown: "Shown", *, machine: bool) -> None:
    """Print an error: cause, details, then what to do; problem+json when a program reads."""
    if machine:
        note(json.dumps({"error": shown.problem}, ensure_ascii=False))
        return
    from cli.labels import printable  # noqa: PLC0415 -- only failures pay for it.

    cause = colour(_("Error: %(cause)s") % {"cause": printable(shown.message)}, "1;31")
    rows = [
        f"  {printable(name)}: {printable(text)}" if text else f"  {printable(name)}"
        for name, text in shown.details
    ]
    advice = [f"  → {printable(text)}" for text in (shown.action, shown.further) if text]
    note("\n".join([cause, *rows, *advice]))
