"""Carriers of many countries and their pages that follow a parcel: `templates/carriers.yaml`.

The shop software knows four itself; of the others it is told the name alone, and a parcel of theirs
is found again by that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import quote

FILE: Final = Path(__file__).resolve().parents[2] / "templates" / "carriers.yaml"


@dataclass(frozen=True, kw_only=True)
class KnownCarrier:
    """A carrier by its code, the name that customers read, and its page."""

    code: str
    title: str
    link: str

    def page(self, number: str) -> str:
        """The page that follows a parcel."""
        return self.link.replace("{number}", quote(number.replace(" ", ""), safe=""))


@cache
def known() -> Mapping[str, KnownCarrier]:
    """Every carrier by its code."""
    from controller.domain.yamltext import load  # noqa: PLC0415 -- few commands need it.

    found = load(FILE.read_text(encoding="utf-8"))
    return {code: KnownCarrier(code=code, **said) for code, said in found.items()}


@cache
def _by_title() -> Mapping[str, KnownCarrier]:
    return {item.title.casefold(): item for item in known().values()}


def named(text: str) -> KnownCarrier | None:
    """The carrier of this code or name."""
    said = " ".join(text.split()).casefold()
    return known().get(said.replace(" ", "-")) or _by_title().get(said)
