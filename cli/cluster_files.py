"""What `storectl cluster` reads from files: kubeconfigs, variables of modules, secrets."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cli import files
from cli.errors import BadAssignmentError, EmptySecretError, UnreadableFileError
from cli.texts import _
from controller.domain.jsontext import loads


def kubeconfig(file: str, context: str | None) -> str:
    """One context of a kubeconfig, with the files that it names put into it.

    Raises UnreadableFileError and InvalidKubeconfigError.
    """
    from controller.domain.kubeconfig import flattened  # noqa: PLC0415 -- YAML is slow to import.

    beside = Path(file).expanduser().parent
    text = _read(Path(file).expanduser()).decode("utf-8", "replace")
    return flattened(text, context, lambda name: _read(beside / Path(name).expanduser()))


def variables(pairs: Iterable[str], file: str | None) -> dict[str, Any]:
    """Variables of a file, with those of the command line over them.

    A value is JSON, or else the text itself. Raises UnreadableFileError, BadAssignmentError.
    """
    found = _object(file) if file else {}
    for pair in pairs:
        name, value = _halves(pair)
        try:
            found[name] = loads(value)
        except ValueError:
            found[name] = value
    return found


def secrets(pairs: Iterable[str]) -> dict[str, str]:
    """Secrets written as NAME=FILE, each without the end of its line.

    Raises UnreadableFileError, BadAssignmentError, EmptySecretError.
    """
    return {name: secret(file, name) for name, file in map(_halves, pairs)}


def secret(file: str, name: str | None = None) -> str:
    """A file without the end of its line; raises UnreadableFileError, EmptySecretError."""
    found = text(file).rstrip("\r\n")
    if not found:
        raise EmptySecretError(secret=name or file)
    return found


def document(file: str) -> dict[str, Any]:
    """A YAML or JSON file of names with values; raises UnreadableFileError."""
    return _object(file)


def text(file: str) -> str:
    """A file as it is; raises UnreadableFileError."""
    return _read(Path(file).expanduser()).decode("utf-8", "replace")


def _halves(pair: str) -> tuple[str, str]:
    name, equals, value = pair.partition("=")
    if not name or not equals:
        raise BadAssignmentError(text=pair)
    return name, value


def _object(file: str) -> dict[str, Any]:
    from controller.domain.yamltext import YamlError, load  # noqa: PLC0415 -- only files pay.

    text = files.read(file)
    try:
        found = load(text, numbers=True)
    except YamlError as error:
        raise UnreadableFileError(file=file, detail=_(error.cause) % error.params) from None
    if not isinstance(found, dict):
        raise UnreadableFileError(file=file, detail=_("it holds no names with values"))
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableFileError(file=str(path), detail=error.strerror or str(error)) from None
