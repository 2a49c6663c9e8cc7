"""`FIELD=VALUE` on the command line as a merge patch of the API. `storectl config set` reads it."""

from collections.abc import Iterable
from typing import Any

from cli import files
from cli.errors import BadAssignmentError, UnreadableFileError
from cli.texts import _
from controller.domain.jsontext import loads

_LISTS = {"currencies.allowed", "locales", "payments"}
_SWITCHES = {"pricesIncludeTax"}
_NUMBERS = {"currencies.markupBps", "mail.port"}
# What stands behind these is one key, dots and all.
_KEYED = ("drift.", "labels.", "currencies.pins.")
_YES = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


def patch(assignments: Iterable[str], site: str | None) -> dict[str, Any]:
    """Return a merge patch; a website's fields go below its code.

    Nothing behind the sign takes a field away. `@FILE` reads a value from a YAML or JSON file,
    table rates from a CSV file too. Raises BadAssignmentError and UnreadableFileError.
    """
    found: dict[str, Any] = {}
    for text in assignments:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise BadAssignmentError(text=text)
        place = found
        *parents, last = _parts(name)
        for parent in parents:
            place = place.setdefault(parent, {})
            if not isinstance(place, dict):
                raise BadAssignmentError(text=text)
        place[last] = _value(name, value)
    return found if site is None else {"sites": {site: found}}


def _parts(name: str) -> list[str]:
    for prefix in _KEYED:
        if name.startswith(prefix):
            return [*prefix.rstrip(".").split("."), name.removeprefix(prefix)]
    return name.split(".")


def _value(name: str, text: str) -> Any:
    if text == "":
        return None
    if text.startswith("@"):
        return _rates(text[1:]) if _is_rates(name, text) else _file(text[1:])
    if text[0] in "[{":
        try:
            return loads(text)
        except ValueError:
            raise BadAssignmentError(text=f"{name}={text}") from None
    if name in _LISTS:
        return [part.strip() for part in text.split(",") if part.strip()]
    if name in _SWITCHES:
        if text.lower() not in _YES:
            raise BadAssignmentError(text=f"{name}={text}")
        return _YES[text.lower()]
    if name in _NUMBERS:
        try:
            return int(text)
        except ValueError:
            raise BadAssignmentError(text=f"{name}={text}") from None
    return text


def _is_rates(name: str, text: str) -> bool:
    return name.endswith("shipping.tableRates") and text.lower().endswith((".csv", ".tsv", ".txt"))


def _rates(name: str) -> Any:
    from controller.domain.ratefiles import RateFileError, read  # noqa: PLC0415 -- only files pay.

    try:
        return read(files.read(name))
    except RateFileError as error:
        detail = " ".join((_(error.cause) % error.params, _(error.action)))
        raise UnreadableFileError(file=files.shown(name), detail=detail) from None


def _file(name: str) -> Any:
    from controller.domain.yamltext import YamlError, load  # noqa: PLC0415 -- only files pay.

    text = files.read(name)
    try:
        return load(text)
    except YamlError as error:
        detail = _(error.cause) % error.params
        raise UnreadableFileError(file=files.shown(name), detail=detail) from None
