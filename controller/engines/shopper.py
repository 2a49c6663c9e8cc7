"""The synthetic shopper: a guest who buys a hidden probe product and cancels. `bridge` sends it.

A store is Selling only after this: the shipping quote equals the configured price, the payment
methods offered equal those configured, and an order goes through.
"""

from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision

from controller.domain.errors import CannotSellError
from controller.engines.base import Proof
from controller.engines.rest import RestClient, ShopAnswerError
from controller.engines.settings import Wanted

PROBE_SKU = "storectl-probe"
_PRICE = Decimal(1)


class Shopper:
    """One purchase through the default language's REST API."""

    def __init__(self, rest: RestClient, wanted: Wanted) -> None:
        self._rest = rest
        self._wanted = wanted

    def buy_and_cancel(self) -> Proof:
        """Place an order and cancel it; raises CannotSellError naming the stage that failed."""
        self._stage("product", "POST", "/all/V1/products", {"product": self._probe()})
        cart = self._stage("cart", "POST", "/default/V1/guest-carts")
        path = f"/default/V1/guest-carts/{cart}"
        item = {"cartItem": {"quote_id": cart, "sku": PROBE_SKU, "qty": 1}}
        self._stage("cart", "POST", f"{path}/items", item)
        self._check_quote(path)
        shipping = {
            "addressInformation": {
                "shipping_address": self._address(),
                "billing_address": self._address(),
                "shipping_carrier_code": "flatrate",
                "shipping_method_code": "flatrate",
            }
        }
        quoted = self._stage("shipping", "POST", f"{path}/shipping-information", shipping)
        method = self._check_methods(quoted["payment_methods"])
        payment = {
            "email": self._wanted.store.owner,
            "paymentMethod": {"method": method, "po_number": "probe"}
            if method == "purchaseorder"
            else {"method": method},
            "billingAddress": self._address(),
        }
        order = self._stage("order", "POST", f"{path}/payment-information", payment)
        self._stage("cancellation", "POST", f"/all/V1/orders/{order}/cancel")
        totals = quoted["totals"]
        currency = totals["quote_currency_code"]
        # JSON numbers drop the zeros that money is written with.
        cent = Decimal(1).scaleb(-get_currency_precision(currency))
        total = Decimal(str(totals["grand_total"])).quantize(cent)
        return Proof(total=total, currency=currency)

    def _check_quote(self, path: str) -> None:
        """The flat rate must cost what the owner set."""
        body = {"address": self._address()}
        offers = self._stage("shipping", "POST", f"{path}/estimate-shipping-methods", body)
        wanted = self._wanted.store.spec.commerce.flat_rate
        quoted = [
            Decimal(str(offer["base_amount"]))
            for offer in offers
            if offer["carrier_code"] == "flatrate" and offer["available"]
        ]
        if quoted != [wanted]:
            detail = f"flat rate {wanted} expected, {', '.join(map(str, quoted)) or '-'} quoted"
            raise CannotSellError(stage="shipping", detail=detail)

    def _check_methods(self, offered: list[dict[str, Any]]) -> str:
        """The methods offered must be those configured; return one to pay with."""
        codes = {method["code"] for method in offered}
        wanted = self._wanted.methods
        if codes != wanted:
            detail = f"{', '.join(sorted(wanted))} expected, {', '.join(sorted(codes)) or '-'}"
            raise CannotSellError(stage="payment", detail=f"{detail} offered")
        return min(wanted)

    def _stage(self, stage: str, method: str, path: str, body: object = None) -> Any:
        try:
            return self._rest.call(method, path, body)
        except ShopAnswerError as error:
            raise CannotSellError(stage=stage, detail=error.message) from error

    def _probe(self) -> dict[str, Any]:
        return {
            "sku": PROBE_SKU,
            "name": "Probe",
            "price": float(_PRICE),
            "status": 1,
            # 1 is "not visible individually": shoppers never meet it.
            "visibility": 1,
            "type_id": "simple",
            "attribute_set_id": 4,
            "weight": 1,
            "extension_attributes": {
                "stock_item": {"qty": 1_000_000, "is_in_stock": True, "manage_stock": False}
            },
        }

    def _address(self) -> dict[str, Any]:
        return {
            "firstname": "Test",
            "lastname": "Purchase",
            "street": ["1"],
            "city": "-",
            "postcode": "00000",
            "country_id": self._wanted.store.spec.country,
            "telephone": "0",
            "email": self._wanted.store.owner,
        }
