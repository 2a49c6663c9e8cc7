"""The synthetic shopper: a guest who buys a hidden probe product and cancels. `bridge` sends it.

A store is Selling only after this, on each of its websites: shipping is quoted at the configured
prices, the payment methods offered are those configured, and an order goes through.
"""

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

from controller.domain.commerce import OFFLINE, Payment, TableRates
from controller.domain.errors.shops import CannotSellError
from controller.domain.money import cent
from controller.domain.store import Site
from controller.engines.answers import ShopAnswerError
from controller.engines.base import Proof
from controller.engines.fields import METHODS
from controller.engines.probe import Probe, probe_of
from controller.engines.regions import Regions
from controller.engines.rest import RestClient, reading
from controller.engines.settings import Wanted, methods, named, view_code

PROBE_SKU = "storectl-probe"
PROBE_EMAIL = "storectl-probe@example.com"
"""Nobody's: the owner must not be written to whenever the shopper has been there."""
_NOTHING_TO_PAY = "free"
"""Magento's method for orders that cost nothing; shoppers do not meet it otherwise."""


class Shopper:
    """One purchase through the REST API of a website's default language."""

    def __init__(
        self, rest: RestClient, wanted: Wanted, site: Site, left: Collection[str] = ()
    ) -> None:
        """`left` are fields that were changed in the shop and are left so: they are not judged."""
        self._rest = rest
        prefix = named(site, "")
        self._left = {name.removeprefix(prefix) for name in left if name.startswith(prefix)}
        self._site = site
        self._view = view_code(site, 0)
        self._regions = Regions(rest, self._view)
        self._main = site == wanted.sites[0]
        self._probe = probe_of(site)

    def buy_and_cancel(self) -> Proof:
        """Place an order and cancel it; raises CannotSellError naming the stage that failed."""
        self._ensure_probe()
        address = self._address()
        cart = self._stage("cart", "POST", f"/{self._view}/V1/guest-carts")
        path = f"/{self._view}/V1/guest-carts/{cart}"
        item = {"cartItem": {"quote_id": cart, "sku": PROBE_SKU, "qty": self._probe.pieces}}
        self._stage("cart", "POST", f"{path}/items", item)
        body = {"address": address}
        offers = self._stage("shipping", "POST", f"{path}/estimate-shipping-methods", body)
        with reading("estimate-shipping-methods"):
            carrier, method = self._chosen(offers)
        shipping = {
            "addressInformation": {
                "shipping_address": address,
                "billing_address": address,
                "shipping_carrier_code": carrier,
                "shipping_method_code": method,
            }
        }
        quoted = self._stage("shipping", "POST", f"{path}/shipping-information", shipping)
        with reading("shipping-information"):
            payment = self._payment(quoted["payment_methods"])
            proof = _proof(quoted["totals"])
        if payment is not None:
            self._order(path, payment, address)
        return proof

    def _order(self, path: str, method: str, address: dict[str, Any]) -> None:
        payment = {"method": method}
        if method == METHODS[Payment.PURCHASE_ORDER]:
            payment["po_number"] = "probe"
        body = {"email": PROBE_EMAIL, "paymentMethod": payment, "billingAddress": address}
        order = self._stage("order", "POST", f"{path}/payment-information", body)
        self._stage("cancellation", "POST", f"/all/V1/orders/{order}/cancel")

    def _ensure_probe(self) -> None:
        try:
            found = self._rest.call("GET", f"/all/V1/products/{PROBE_SKU}")
        except ShopAnswerError as error:
            if error.status != 404:
                raise CannotSellError(stage="product", detail=error.message) from error
            found = {}
        with reading("product"):
            are = [Decimal(str(found.get(name) or 0)) for name in ("price", "weight")]
            whole = found.get("status") == 1 and are == [self._probe.price, self._probe.weight]
        if not whole:
            product = _product(self._probe)
            self._stage("product", "POST", "/all/V1/products", {"product": product})

    def _chosen(self, offers: list[dict[str, Any]]) -> tuple[str, str]:
        """The cheapest offer, once everything is quoted that should be, at its price."""
        available = [offer for offer in offers if offer["available"]]
        quoted: dict[str, list[Decimal]] = {}
        for offer in available:
            amount = Decimal(str(offer["base_amount"]))
            quoted.setdefault(str(offer["carrier_code"]), []).append(amount)
        for carrier, price in self._prices():
            expected = [] if price is None else [price]
            if quoted.get(carrier, []) != expected:
                told = ", ".join(map(str, quoted.get(carrier, []))) or "-"
                detail = f"{carrier}: {'-' if price is None else price} expected, {told} quoted"
                raise CannotSellError(stage="shipping", detail=detail)
        if not available:
            raise CannotSellError(stage="shipping", detail="nothing is quoted")
        best = min(available, key=lambda offer: Decimal(str(offer["base_amount"])))
        return str(best["carrier_code"]), str(best["method_code"])

    def _prices(self) -> Iterator[tuple[str, Decimal | None]]:
        """What each way of shipping must cost; None when it must not be offered."""
        shipping = self._site.commerce.shipping
        if "shipping.flatRate" not in self._left:
            yield "flatrate", shipping.flat_rate
        if "shipping.freeFrom" not in self._left:
            free = shipping.free_from is not None and shipping.free_from <= self._probe.value
            yield "freeshipping", Decimal(0) if free else None
        if "shipping.tableRates" in self._left:
            return
        if shipping.table is None:
            yield "tablerate", None
        elif all(row.region == "*" and row.postcode == "*" for row in shipping.table.rows):
            # Which rows with regions and postcodes match is the shop's own business.
            yield "tablerate", _table_price(shipping.table, self._probe)

    def _payment(self, offered: list[dict[str, Any]]) -> str | None:
        """The methods offered must be those configured; return one to order with, if there is."""
        codes = {str(method["code"]) for method in offered} - {_NOTHING_TO_PAY}
        wanted = methods(self._site)
        # A provider offers several methods whose codes begin with its own.
        families = {next((w for w in sorted(wanted) if code.startswith(w)), code) for code in codes}
        if (families != wanted and "payments" not in self._left) or not families:
            told = (
                f"{', '.join(sorted(wanted))} expected, {', '.join(sorted(codes)) or '-'} offered"
            )
            raise CannotSellError(stage="payment", detail=told)
        offline = families & {METHODS[payment] for payment in OFFLINE}
        return min(offline, default=None)

    def _stage(self, stage: str, method: str, path: str, body: object = None) -> Any:
        try:
            return self._rest.call(method, path, body)
        except ShopAnswerError as error:
            detail = error.message if self._main else f"{self._site.code}: {error.message}"
            raise CannotSellError(stage=stage, detail=detail) from error

    def _address(self) -> dict[str, Any]:
        """Where the probe goes; in the country's first region where any will do."""
        country, code = self._probe.country, self._probe.region
        region = self._regions.first(country) if code is None else self._region(country, code)
        return {
            "firstname": "Test",
            "lastname": "Purchase",
            "street": ["1"],
            "city": "-",
            "postcode": self._probe.postcode,
            "country_id": country,
            "telephone": "0",
            "email": PROBE_EMAIL,
            **({} if region is None else {"region_id": region}),
        }

    def _region(self, country: str, code: str) -> int:
        return int(self._regions.number(country, code))


def _product(probe: Probe) -> dict[str, Any]:
    return {
        "sku": PROBE_SKU,
        "name": "Probe",
        "price": float(probe.price),
        "status": 1,
        # 1 is "not visible individually": shoppers never meet it.
        "visibility": 1,
        "type_id": "simple",
        "attribute_set_id": 4,
        "weight": float(probe.weight),
        "extension_attributes": {
            "stock_item": {
                "qty": 1_000_000,
                "is_in_stock": True,
                "manage_stock": False,
                "use_config_manage_stock": False,
            }
        },
        # No tax class: what a shipment costs is compared, not what a state takes.
        "custom_attributes": [{"attribute_code": "tax_class_id", "value": "0"}],
    }


def _proof(totals: dict[str, Any]) -> Proof:
    currency = str(totals["quote_currency_code"])
    # JSON numbers drop the zeros that money is written with.
    total = Decimal(str(totals["grand_total"])).quantize(cent(currency))
    return Proof(total=total, currency=currency)


def _table_price(table: TableRates, probe: Probe) -> Decimal | None:
    """What sending the probe costs."""
    amount = probe.amount(table.by)
    bounds = [
        row for row in table.rows if row.country in {probe.country, "*"} and row.above <= amount
    ]
    best = max(bounds, key=lambda row: (row.country != "*", row.above), default=None)
    return best.price if best else None
