"""The numbers that a shop has for the regions of countries. `bridge`, `taxes` and `shopper` ask."""

from functools import cache

from controller.domain.errors.shops import SettingsRefusedError
from controller.engines.rest import RestClient, reading


class Regions:
    """The regions that one shop knows, asked for once for each country."""

    def __init__(self, rest: RestClient, view: str = "all") -> None:
        """`view` is the code of the store view that is asked."""
        self._rest = rest
        self._view = view
        self._of = cache(self._ask)

    def number(self, country: str, code: str) -> str:
        """The number of a region; its own name where the country has no list of them.

        Raises SettingsRefusedError for a region that is not in the country's list.
        """
        known = self._of(country)
        if not known:
            return code
        if code not in known:
            raise SettingsRefusedError(detail=f"{country} has no region {code!r}")
        return str(known[code])

    def first(self, country: str) -> int | None:
        """The number of some region; None where the country has no list of them."""
        return next(iter(self._of(country).values()), None)

    def _ask(self, country: str) -> dict[str, int]:
        found = self._rest.write("GET", f"/{self._view}/V1/directory/countries/{country}", None)
        with reading("countries"):
            regions = found.get("available_regions") or []
            return {str(region["code"]): int(region["id"]) for region in regions}
