"""JSON of which nothing is lost: a key that stands twice is refused, and so is NaN.

Python's reader keeps the last of two keys, so that half of what somebody wrote would be gone.
"""

import json
from typing import Any, NoReturn

from controller.domain.errors.base import InvalidInputError
from controller.i18n import N_


class JsonTwiceError(InvalidInputError):
    """A key stands twice in one object."""

    code = "json_key_twice"
    cause = N_("“%(key)s” stands twice in one object.")
    action = N_("Leave one of the two: put together what belongs below it.")


def loads(text: str | bytes) -> Any:
    """Return the value of a JSON text; raises JsonTwiceError, or ValueError for what is no JSON."""
    try:
        return _DECODER.decode(text if isinstance(text, str) else text.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _value in pairs:
            if key in seen:
                raise JsonTwiceError(key=key[:80].encode(errors="replace").decode())
            seen.add(key)
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_number)
