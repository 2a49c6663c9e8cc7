"""What a specification's parts are called in the shop, and that no two of them are called alike.

Names are derived in one place each (`engines.settings`, `domain.websites`, `tax_name` here). A shop
compares some of them without case or accents, as its database does.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from decimal import Decimal

from controller.domain.errors.base import Message
from controller.domain.store import Site, StoreSpec
from controller.domain.websites import host_of
from controller.engines.settings import LONGEST_CODE, named, view_code
from controller.i18n import N_

Wrong = tuple[str, str]
"""A field and what is wrong with it."""


def clashes(spec: StoreSpec) -> Iterator[Wrong]:
    """Everything in a specification that would be called like something else in it."""
    yield from _hosts(spec)
    yield from _views(spec)
    yield from _tax_names(spec)


def tax_name(country: str, region: str, postcode: str, percent: Decimal, priority: int = 0) -> str:
    """What a tax of a place is called when nobody names it: no two are called alike."""
    place = [region, postcode]
    while place and place[-1] == "*":
        place.pop()
    which = [f"({priority + 1})"] if priority else []
    return " ".join([country, *place, f"{percent.normalize():f} %", *which])


def folded(text: str) -> str:
    """A text as databases compare it: without case, accents and spaces at its end."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if not unicodedata.combining(char)).rstrip()


def twice(keys: Iterable[Hashable]) -> list[tuple[int, int]]:
    """The positions of keys that were there before, each with that of the first."""
    first: dict[Hashable, int] = {}
    found = ((index, first.setdefault(key, index)) for index, key in enumerate(keys))
    return [(index, before) for index, before in found if index != before]


def _hosts(spec: StoreSpec) -> Iterator[Wrong]:
    own = [(site, host_of(site.url)) for site in spec.sites if site.url]
    for index, before in twice(host for _, host in own):
        site, host = own[index]
        told = N_("%(host)s is the address of the website “%(site)s”")
        yield named(site, "url"), Message(told, host=host, site=own[before][0].code)


def _views(spec: StoreSpec) -> Iterator[Wrong]:
    holders: dict[str, list[Site]] = defaultdict(list)
    for site in spec.websites:
        for index in range(len(site.locales)):
            holders[view_code(site, index)].append(site)
    for code, sites in holders.items():
        if len(sites) > 1:
            other = sites[0].code
            told = N_("its language and that of “%(site)s” would both be “%(code)s” in the shop")
            yield named(sites[-1], "locales"), Message(told, site=other, code=code)
        if len(code) > LONGEST_CODE:
            told = N_("“%(code)s” is longer than the %(most)d characters that the shop allows")
            yield named(sites[0], "locales"), Message(told, code=code, most=LONGEST_CODE)


def _tax_names(spec: StoreSpec) -> Iterator[Wrong]:
    names = [rate.name for rate in spec.tax_rates]
    for index, _ in twice(folded(name) for name in names):
        yield "taxRates", Message(N_("the name “%(name)s” twice"), name=names[index][:80])
