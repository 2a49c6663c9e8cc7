"""What a shop software can: the one table that is asked before anything is accepted.

An engine says which table is its own. Its lists are in `templates/engines`; the sandbox shop, a
program of its own, has the same ones and refuses whatever is not in them, as Magento does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Final

from babel.core import get_global

from controller.domain.yamltext import load

TABLES: Final = Path(__file__).resolve().parents[2] / "templates" / "engines"


@dataclass(frozen=True, kw_only=True, eq=False)
class Abilities:
    """What one shop software has to choose from."""

    title: str
    countries: frozenset[str]
    """Where a shop may be, by ISO 3166 codes."""
    destinations: frozenset[str]
    """Which countries prices and taxes may be about."""
    regions: Mapping[str, Mapping[str, str]]
    """The regions of a country, names by codes; countries without a list have none."""
    regions_needed: frozenset[str]
    """Countries whose addresses name a region."""
    postcodes_optional: frozenset[str]
    """Countries whose addresses may do without a postcode."""
    currencies: frozenset[str]
    timezones: Mapping[str, str]
    """The shop's name of each time zone by every IANA name of it."""
    locales: frozenset[str]
    usual_locales: Mapping[str, str]
    related_languages: Mapping[str, str]
    longest_postcode: int
    """Characters of a table rate's postcode."""
    longest_tax_postcode: int
    table_bound: Decimal
    """What no amount of a table rate reaches."""

    def timezone(self, said: str) -> str | None:
        """The shop's name of a time zone, whatever its case; None for what it does not have."""
        if said in self.timezones:
            return self.timezones[said]
        spelled = (zone for name, zone in self.timezones.items() if name.lower() == said.lower())
        return next(spelled, None)

    def locale(self, wanted: str) -> str:
        """The shop's own name of a CLDR locale, or of the one nearest to it that it has.

        A language of the country is nearest in the country, then in the part of the world that
        spells alike (CLDR's parents), then wherever it is usual; a language that is missing, in the
        one that its speakers read.
        """
        return self.exact(wanted) or self._usual(wanted) or self._related(wanted)

    def exact(self, wanted: str) -> str | None:
        """The shop's name of exactly this locale: Magento names scripts where CLDR does without."""
        return next((name for name in _spellings(wanted) if name in self.locales), None)

    def region(self, country: str, said: str) -> str | None:
        """The code of a country's region, however it is capitalized; None when there is none."""
        return self._codes.get(country, {}).get(said.casefold())

    def region_named(self, country: str, name: str) -> str | None:
        """The code of the region that is called so; None when none is."""
        known = self.regions.get(country, {})
        wanted = name.casefold()
        return next((code for code, called in known.items() if called.casefold() == wanted), None)

    @cached_property
    def _codes(self) -> dict[str, dict[str, str]]:
        return {
            country: {code.casefold(): code for code in known}
            for country, known in self.regions.items()
        }

    def _usual(self, wanted: str) -> str | None:
        for name in _parents(wanted):
            if name in self.usual_locales:
                return self.usual_locales[name]
            if found := self.exact(name):
                return found
        language = wanted.partition("_")[0]
        return next((n for n in sorted(self.locales) if n.partition("_")[0] == language), None)

    def _related(self, wanted: str) -> str:
        language, _, rest = wanted.partition("_")
        territory = rest.rpartition("_")[2]
        related = self.related_languages.get(language, "en")
        # The English of a country is British but where it is American.
        near = related if related != "en" else f"en_{territory}" if len(territory) == 2 else "en"
        return self.exact(near) or self._usual(near) or self.usual_locales["en"]


def _spellings(locale: str) -> Iterator[str]:
    """A locale, and with the script that it is usually written in."""
    yield locale
    language, _, territory = locale.partition("_")
    likely = get_global("likely_subtags")
    full = likely.get(locale) or likely.get(language, "")
    parts = full.split("_")
    if len(parts) == 3 and len(territory) == 2:
        yield f"{language}_{parts[1]}_{territory}"


def _parents(locale: str) -> Iterator[str]:
    """A locale and the ones that CLDR has it inherit from."""
    parents = get_global("parent_exceptions")
    while locale:
        yield locale
        locale = parents.get(locale) or locale.rpartition("_")[0]


@cache
def abilities_of(engine: str) -> Abilities:
    """The table of a shop software, by the name of its folder."""
    folder = TABLES / engine
    said = load((folder / "abilities.yaml").read_text(encoding="utf-8"))
    words = {name: frozenset(said[name].split()) for name in _LISTS}
    return Abilities(
        title=said["title"],
        countries=words["countries"] - words["closed"],
        destinations=words["countries"],
        regions=_regions(folder / "regions.txt"),
        regions_needed=words["regions_needed"],
        postcodes_optional=words["postcodes_optional"],
        currencies=words["currencies"],
        timezones=_timezones(folder / "timezones.txt"),
        locales=words["locales"],
        usual_locales=said["usual_locales"],
        related_languages=said["related_languages"],
        longest_postcode=int(said["longest_postcode"]),
        longest_tax_postcode=int(said["longest_tax_postcode"]),
        table_bound=Decimal(said["table_bound"]),
    )


_LISTS = ("countries", "closed", "regions_needed", "postcodes_optional", "currencies", "locales")


def _lines(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


def _regions(path: Path) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for country, code, name in (line.split("|") for line in _lines(path)):
        # A few codes have several names; each of them is the code.
        found.setdefault(country, {}).setdefault(code, name)
    return found


def _timezones(path: Path) -> dict[str, str]:
    return {name: line.split()[0] for line in _lines(path) for name in line.split()}
