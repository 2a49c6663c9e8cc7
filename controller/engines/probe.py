"""What the synthetic shopper buys and where it goes: something that the website sends at all.

Usually one piece of one unit of weight and money, within the country. Where only larger orders are
sent, or only elsewhere, it is the smallest order that is. `shopper` asks.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from controller.domain.commerce import TableBasis, TableRate
from controller.domain.store import Site

_ONE = Decimal(1)
_NOWHERE_SPECIAL = "00000"


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One order."""

    country: str
    region: str | None = None
    """The code of a region; None leaves it to the shopper."""
    postcode: str = _NOWHERE_SPECIAL
    price: Decimal = _ONE
    """Of a piece, as is its weight."""
    weight: Decimal = _ONE
    pieces: int = 1

    @property
    def value(self) -> Decimal:
        """What all pieces cost."""
        return self.price * self.pieces

    def amount(self, basis: TableBasis) -> Decimal:
        """What table rates by this are chosen by."""
        return {
            TableBasis.WEIGHT: self.weight * self.pieces,
            TableBasis.VALUE: self.value,
            TableBasis.ITEMS: Decimal(self.pieces),
        }[basis]


def probe_of(site: Site) -> Probe:
    """The smallest order that a website sends."""
    usual = Probe(country=site.country)
    shipping = site.commerce.shipping
    if shipping.flat_rate is not None or shipping.carriers:
        return usual
    found = list(_sent(site, usual))
    return min(found, key=lambda probe: (probe.pieces, probe.value, probe.weight), default=usual)


def _sent(site: Site, usual: Probe) -> Iterator[Probe]:
    shipping = site.commerce.shipping
    if shipping.free_from is not None:
        yield Probe(country=usual.country, price=max(_ONE, shipping.free_from))
    if shipping.table is not None:
        for row in shipping.table.rows:
            yield _reaching(row, shipping.table.by, usual.country)


def _reaching(row: TableRate, basis: TableBasis, home: str) -> Probe:
    enough = max(_ONE, row.above)
    return Probe(
        country=home if row.country == "*" else row.country,
        region=None if row.region == "*" else row.region,
        postcode=_NOWHERE_SPECIAL if row.postcode == "*" else row.postcode,
        price=enough if basis is TableBasis.VALUE else _ONE,
        weight=enough if basis is TableBasis.WEIGHT else _ONE,
        pieces=math.ceil(enough) if basis is TableBasis.ITEMS else 1,
    )
