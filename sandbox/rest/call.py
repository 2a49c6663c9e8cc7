"""One REST call as its handler sees it, and the reading of untrusted JSON."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from sandbox.errors import ShopError, required, wrong_type
from sandbox.money import decimal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from sandbox.shop import Shop
    from sandbox.topology import View

Json = object


@dataclass(frozen=True, kw_only=True)
class Call:
    """A matched, authorized request. `view` is None when the URL says `all`."""

    shop: Shop
    view: View | None
    path: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    body: Mapping[str, Json]
    host: str

    def id(self, name: str = "id") -> int:
        """Return a number from the path."""
        text = self.path[name]
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise wrong_type(text, "int")
        return int(text)


def get_object(body: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    """Return a nested object that must be there."""
    value = body.get(name)
    if value is None:
        raise required(name)
    if not isinstance(value, dict):
        raise wrong_type(value, "object")
    return cast("Mapping[str, Json]", value)


def get_objects(body: Mapping[str, Json], name: str) -> list[Mapping[str, Json]]:
    """Return a list of objects that must be there."""
    value = body.get(name)
    if value is None:
        raise required(name)
    if not isinstance(value, list):
        error = wrong_type(value, "list")
        raise ShopError(f'Error occurred during "{name}" processing. {error.message}')
    for one in value:
        if not isinstance(one, dict):
            raise wrong_type(one, "object")
    return value


def need(body: Mapping[str, Json], *names: str) -> None:
    """Refuse a body in which any of these is missing, naming each."""
    missing = [required(name) for name in names if body.get(name) is None]
    if len(missing) > 1:
        errors = [one.body() for one in missing]
        raise ShopError("One or more input exceptions have occurred.", errors=errors)
    if missing:
        raise missing[0]


def only(body: Mapping[str, Json], names: frozenset[str]) -> None:
    """Refuse a property that the contract does not have."""
    for name in body:
        if name not in names:
            # The contract's servers name the property as their classes do.
            shown = "".join(part[:1].upper() + part[1:] for part in name[:64].split("_"))
            raise ShopError(
                '"%fieldName" is not supported. Correct the field name and try again.',
                {"fieldName": shown},
            )


def get_text(body: Mapping[str, Json], name: str, *, longest: int = 1024) -> str:
    """Return a text that must be there; a number is taken as text."""
    text = find_text(body, name, longest=longest)
    if text is None:
        raise required(name)
    return text


def find_text(body: Mapping[str, Json], name: str, *, longest: int = 1024) -> str | None:
    """Return a text, or None when it is not given."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | float):
        value = str(value)
    if not isinstance(value, str):
        raise wrong_type(value, "string")
    if len(value) > longest:
        raise ShopError('"%fieldName" is too long.', {"fieldName": name})
    return value


def find_int(body: Mapping[str, Json], name: str) -> int | None:
    """Return a whole number, or None when it is not given."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, str) and value.lstrip("-").isdecimal() and value.isascii():
        value = int(value) if len(value) < 18 else value
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**53:
        raise wrong_type(value, "int")
    return value


def get_int(body: Mapping[str, Json], name: str) -> int:
    """Return a whole number that must be there."""
    value = find_int(body, name)
    if value is None:
        raise required(name)
    return value


def find_bool(body: Mapping[str, Json], name: str) -> bool | None:
    """Return a yes or no, or None when it is not given."""
    value = body.get(name)
    if value is None:
        return None
    if value in (True, 1, "1", "true"):
        return True
    if value in (False, 0, "0", "false", ""):
        return False
    raise wrong_type(value, "bool")


def find_decimal(body: Mapping[str, Json], name: str) -> Decimal | None:
    """Return a number as written, or None when it is not given."""
    value = body.get(name)
    if value is None:
        return None
    amount = decimal(value)
    if amount is None:
        raise wrong_type(value, "float")
    return amount
