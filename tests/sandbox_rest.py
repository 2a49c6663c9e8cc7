"""The sandbox shop's REST API called in this process, for tests of what speaks it.

`SandboxRest` stands where `engines.rest.RestClient` does. A fault lets a call end in an error,
before the shop did what was asked or after it.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from controller.engines.answers import ShopAnswerError
from controller.engines.rest import RestClient
from sandbox import carts, orders, topology
from sandbox.rest.router import answer, compile_routes
from sandbox.rest.routes import ROUTES
from sandbox.shop import Shop

ADDRESS = {"firstname": "Ann", "lastname": "Buyer", "street": ["1 Main St"], "city": "Austin",
           "postcode": "78701", "country_id": "US", "telephone": "555"}  # fmt: skip
_TABLE = compile_routes(ROUTES)


@dataclass
class Fault:
    """What becomes of the next call of this method."""

    method: str
    error: Exception
    done: bool = False
    """Whether the shop does what it is asked, and only its answer gets lost."""


@dataclass
class SandboxRest(RestClient):
    """Calls the shop's own handlers."""

    shop: Shop
    asked: list[tuple[str, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def call(self, method: str, path: str, body: object = None) -> Any:
        self.asked.append((method, path.partition("?")[0]))
        fault = next((item for item in self.faults if item.method == method), None)
        if fault is not None:
            self.faults.remove(fault)
            if fault.done:
                self._ask(method, path, body)
            raise fault.error
        return self._ask(method, path, body)

    def _ask(self, method: str, path: str, body: object) -> Any:
        route, _, query = f"/rest{path}".partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": route,
            "raw_path": route.encode(),
            "query_string": query.encode(),
            "headers": [
                (b"authorization", f"Bearer {self.shop.access_token}".encode()),
                (b"content-type", b"application/json"),
            ],
        }
        raw = b"" if body is None else json.dumps(body).encode()
        answered = answer(self.shop, _TABLE, Request(scope), raw)
        found = json.loads(bytes(answered.body))
        if answered.status_code >= 400:
            raise ShopAnswerError(answered.status_code, str(found.get("message")))
        return found

    @property
    def writes(self) -> list[str]:
        """The paths of what was written."""
        return [path for method, path in self.asked if method != "GET"]


def buy(shop: Shop, email: str = "ann@example.com", **pieces: int) -> str:
    """Place an order of a guest and return its number; SKUs are written with underscores."""
    cart = carts.create(shop.db, topology.default_view(shop.db), "")
    for sku, quantity in pieces.items():
        cart.add(sku.replace("_", "-"), quantity)
    chosen = cart.choose(email=email, shipping_address=ADDRESS, shipping_method="flatrate_flatrate")
    order_id = orders.place(chosen, "checkmo")
    return str(orders.find(shop.db, order_id)["increment_id"])


def probe(shop: Shop, email: str) -> str:
    """Let a test purchase be made, as the synthetic shopper makes it."""
    rest = SandboxRest(shop)
    product = {"sku": "storectl-probe", "name": "Probe", "price": 1, "status": 1, "visibility": 1,
               "type_id": "simple", "attribute_set_id": 4, "weight": 1, "extension_attributes":
               {"stock_item": {"qty": 1000, "is_in_stock": True}}}  # fmt: skip
    rest.call("POST", "/all/V1/products", {"product": product})
    number = buy(shop, email, storectl_probe=1)
    row = shop.db.execute("SELECT id FROM orders WHERE increment_id = ?", (number,)).fetchone()
    assert orders.cancel(shop.db, row["id"])
    return number
