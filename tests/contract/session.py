"""A store of two websites, and what the controller's adapter does for it from first to last.

`record` lets it loose on a live Magento and keeps every exchange; `test_adapter` plays them back.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from controller.domain.addresses import beside
from controller.domain.commerce import (
    CommerceSpec,
    Currencies,
    Payment,
    Shipping,
    TableBasis,
    TableRate,
    TableRates,
    TaxRate,
)
from controller.domain.conditions import Desired
from controller.domain.rates import Rate
from controller.domain.store import MAIN_SITE, Site, Store, StoreSpec, StoreStatus
from controller.engines.base import ComparedField, Proof, ShopSeen, Written
from controller.engines.bridge import BridgeShop

RECORDING = "20-adapter-session"
UID = "live"
AT = datetime(2026, 11, 22, tzinfo=UTC)
TABLE = TableRates(
    by=TableBasis.VALUE,
    rows=(
        TableRate(country="*", region="*", postcode="*", above=Decimal(0), price=Decimal("20.00")),
        TableRate(country="US", region="*", postcode="*", above=Decimal(0), price=Decimal("4.90")),
    ),
)
MEXICO = Site(
    code="mx",
    display_name="Acme México",
    country="MX",
    locales=("es_MX",),
    commerce=CommerceSpec(
        currencies=Currencies(base="MXN", default="MXN", allowed=("MXN",)),
        payments=(Payment.BANK_TRANSFER, Payment.CASH_ON_DELIVERY),
        shipping=Shipping(flat_rate=Decimal("99.00")),
        prices_include_tax=True,
        gateways={Payment.BANK_TRANSFER: {"instructions": "CLABE 000111222333444555"}},
    ),
)
SPEC = StoreSpec(
    slug="acme",
    display_name="Acme",
    country="US",
    locales=("en_US",),
    timezone="America/Chicago",
    weight_unit="lbs",
    commerce=CommerceSpec(
        currencies=Currencies(base="USD", default="USD", allowed=("USD", "EUR")),
        payments=(Payment.CHECK, Payment.PURCHASE_ORDER),
        shipping=Shipping(flat_rate=Decimal("7.50"), table=TABLE),
        prices_include_tax=False,
    ),
    engine="magento",
    tax_rates=(
        TaxRate(country="US", region="TX", postcode="*", percent=Decimal("8.25"), name="Texas"),
    ),
    sites=(MEXICO,),
)
RATES = (
    Rate(source="USD", target="EUR", rate=Decimal("0.92")),
    Rate(source="EUR", target="USD", rate=Decimal("1.08")),
)


def store(generation: int = 1) -> Store:
    """Return the store as the registry would hand it to the adapter."""
    return Store(
        uid="01store",
        tenant="01tenant",
        owner="owner@acme.example",
        stack=UID,
        generation=generation,
        desired=Desired.ACTIVE,
        spec=SPEC,
        status=StoreStatus(),
        operation=None,
        created_at=AT,
        updated_at=AT,
    )


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the adapter made of the shop's answers."""

    before: ShopSeen
    views: int
    written: Written
    fields: tuple[ComparedField, ...]
    proof: Proof
    after: ShopSeen


def run(endpoint: str, token: str) -> Outcome:
    """Bind, configure, compare and prove: all that a reconciler asks of a shop."""
    secrets = {"access_token": token, "instance_uid": UID}
    public = {MAIN_SITE: endpoint, MEXICO.code: beside(endpoint, MEXICO.code)}
    shop = BridgeShop(endpoint, store(), secrets, {}, public)
    try:
        before = shop.look()
        views = shop.bind()
        written = shop.configure(RATES)
        fields = shop.compare()
        proof = shop.prove_selling()
        after = shop.look()
    finally:
        shop.close()
    return Outcome(
        before=before, views=views, written=written, fields=fields, proof=proof, after=after
    )
