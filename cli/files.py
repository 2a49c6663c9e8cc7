"""Text files that people name on the command line: one, `-` for the standard input, a directory."""

import sys
from pathlib import Path
from typing import IO

from cli.errors import UnreadableFileError
from cli.texts import _

LARGEST = 16 * 1024 * 1024
"""Bytes; more is no file of ours, and may have no end."""
_ENDINGS = {".yaml", ".yml", ".json"}


def shown(name: str) -> str:
    """Return what a file is called in a message."""
    return _("standard input") if name == "-" else name


def read(name: str) -> str:
    """Return the text of a file, without a byte order mark; raises UnreadableFileError."""
    try:
        if name == "-":
            content = _bounded(sys.stdin.buffer)
        else:
            with Path(name).expanduser().open("rb") as file:
                content = _bounded(file)
        return content.decode("utf-8-sig")
    except OSError as error:
        detail = error.strerror or str(error)
    except UnicodeDecodeError:
        detail = _("it is not UTF-8 text")
    except _TooLargeError:
        detail = _("it is larger than %(limit)s MB") % {"limit": LARGEST // 1024**2}
    raise UnreadableFileError(file=shown(name), detail=detail) from None


def beneath(name: str, *, recursive: bool) -> list[str]:
    """Return the YAML and JSON files of a directory by name, or the file itself.

    Raises UnreadableFileError for a directory without any.
    """
    path = Path(name).expanduser()
    if name == "-" or not path.is_dir():
        return [name]
    try:
        below = path.rglob("*") if recursive else path.iterdir()
        found = sorted(
            str(item) for item in below if item.suffix.lower() in _ENDINGS and item.is_file()
        )
    except OSError as error:
        raise UnreadableFileError(file=name, detail=error.strerror or str(error)) from None
    if not found:
        raise UnreadableFileError(file=name, detail=_("there is no YAML or JSON file in it"))
    return found


class _TooLargeError(Exception):
    pass


def _bounded(file: IO[bytes]) -> bytes:
    content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise _TooLargeError
    return content
