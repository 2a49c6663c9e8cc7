"""The settings that the shop knows: what each may hold, where it may be set, its first value.

The table is `fields.txt`. `changes` validates against it; paths and scopes are those of the REST
contract.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from sandbox import money, regions

if TYPE_CHECKING:
    from collections.abc import Callable

SCOPES = {"d": "default", "w": "websites", "s": "stores"}
EMAIL = re.compile(r"[^@\s\x00-\x1f<>\"]+@[^@\s\x00-\x1f<>\"]+")
BASE_URL = re.compile(r"https?://[A-Za-z0-9\[\]:.-]+(/[A-Za-z0-9._~/-]*)?/")
LONGEST = 4096


@dataclass(frozen=True, kw_only=True)
class Field:
    """One setting. `known` says whether one value is among its options, None when any text is."""

    scopes: tuple[str, ...]
    default: str | None = None
    options: tuple[str, ...] = ()
    """Its options where they are few enough to be listed."""
    known: Callable[[str], bool] | None = None
    multiple: bool = False
    number: bool = False
    sensitive: bool = False
    domains: tuple[str, ...] = ()
    """Where an address may lie that a carrier's secrets are sent to."""
    backend: Callable[[str], str | None] | None = None
    """Refuses a value when it is stored, and the whole batch with it."""


def is_email(value: str) -> bool:
    """Tell whether a mail could be sent to this address."""
    return len(value) <= 254 and EMAIL.fullmatch(value) is not None


def is_base_url(value: str) -> bool:
    """Tell whether this is a shop's address: http or https, ending in a slash."""
    return len(value) <= 255 and BASE_URL.fullmatch(value) is not None


def refuse_email(value: str) -> str | None:
    """Refuse what is no e-mail address."""
    return None if is_email(value) else f'Please correct the email address: "{value[:80]}".'


def refuse_base_url(value: str) -> str | None:
    """Refuse what is no address of a shop."""
    if is_base_url(value):
        return None
    return "Invalid Base URL. Value must be a URL or one of placeholders: {{base_url}}"


YES_NO = ("0", "1")
CURRENCY = money.CURRENCIES.__contains__
COUNTRY = frozenset(regions.COUNTRIES).__contains__
CHECKS: dict[str, Callable[[str], bool]] = {
    "country": COUNTRY,
    "countries": COUNTRY,
    "currency": CURRENCY,
    "currencies": CURRENCY,
    "locale": regions.is_locale,
    "timezone": regions.is_timezone,
}


def read_field(scopes: str, kind: str, default: str | None) -> Field:
    """Return a field from its line of the table."""
    name, _, listed = kind.partition(":")
    options: tuple[str, ...] = YES_NO if name == "yesno" else ()
    if name in ("one", "some"):
        options = tuple(listed.split("|"))
    return Field(
        scopes=tuple(SCOPES[letter] for letter in scopes),
        default=default,
        options=options,
        known=frozenset(options).__contains__ if options else CHECKS.get(name),
        multiple=name in ("countries", "currencies", "some"),
        number=name == "number",
        sensitive=name == "secret",
        domains=tuple(listed.split(",")) if name == "at" else (),
        backend={"email": refuse_email, "url": refuse_base_url}.get(name),
    )


def read_table() -> dict[str, Field]:
    """Return all settings by path."""
    table = (files("sandbox") / "fields.txt").read_text(encoding="utf-8")
    fields = {}
    for line in table.splitlines():
        if not line.startswith("#"):
            path, scopes, kind, *default = line.split(" ", 3)
            fields[path] = read_field(scopes, kind, default[0] if default else None)
    return fields


FIELDS = read_table()


def refusal(path: str, field: Field, value: str) -> str | None:
    """Return why this value is not acceptable, or None; an empty value stands for "not set"."""
    if len(value) > LONGEST:
        return f'"{path}" is longer than {LONGEST} characters.'
    if field.sensitive and value and not value.strip("*"):
        return "Magento ignores a value of asterisks."
    if field.sensitive and (value == "0" or value.strip() != value):
        return f'"{path}" cannot be "0", nor begin or end with a space.'
    if field.known is not None:
        given = value.split(",") if field.multiple else [value]
        bad = [one for one in given if not field.known(one) and not (one == "" and optional(field))]
        if bad:
            return f'"{",".join(bad)[:80]}" is not among the options of "{path}".'
    if field.domains and value and not lies_in(value, field.domains):
        return f'"{path}" must be an https address in {",".join(field.domains)}.'
    if field.number and value:
        amount = money.decimal(value)
        if amount is None:
            return f'"{path}" must be a number.'
        if amount < 0:
            return f'"{path}" must be zero or greater.'
    return None


def lies_in(address: str, domains: tuple[str, ...]) -> bool:
    """Tell whether an address is one of these domains' own."""
    names = "|".join(map(re.escape, domains))
    pattern = rf"https://([a-z0-9-]+\.)*({names})(/[\x21-\x7e]*)?"
    return re.fullmatch(pattern, address, re.IGNORECASE) is not None


def backend_refusal(field: Field, value: str) -> str | None:
    """Return why the value cannot be stored although it looks right, or None."""
    return None if field.backend is None or not value else field.backend(value)


def optional(field: Field) -> bool:
    """Tell whether the setting may be empty: it may when it is not set from the beginning."""
    return field.default is None
