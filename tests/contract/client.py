"""One shop as the contract suite sees it: an address and a token, whatever answers there."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import httpx

from tests.control_plane import until

SECONDS = 60.0
SITE, GROUP, VIEW = "contract", "contract_group", "contract_en"
"""The suite's own website: what it configures, it configures there, and takes back at the end."""
NODES = [
    {"type": "website", "code": SITE, "name": "Contract"},
    {"type": "group", "code": GROUP, "name": "Contract", "parent_code": SITE},
    {"type": "store", "code": VIEW, "name": "English", "parent_code": GROUP, "is_active": True},
]
NOT_YET = "Product that you are trying to add is not available."
CONFIG = "/rest/all/V1/storecontroller/config"

Json = Any
Item = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a shop answered. `body` is its JSON, or its text when it is none."""

    status: int
    body: Json

    @property
    def said(self) -> str:
        """Return its message with the placeholders filled."""
        return filled(self.body) if isinstance(self.body, dict) else str(self.body)

    @property
    def errors(self) -> list[str]:
        """Return the messages of its single errors, without what they are about."""
        return [str(one["parameters"]["message"]) for one in self.body.get("errors", [])]


def filled(message: Mapping[str, Any]) -> str:
    """Return a message as a person reads it."""
    parameters = message.get("parameters") or {}
    if isinstance(parameters, list):
        parameters = {str(index): value for index, value in enumerate(parameters, start=1)}
    text = str(message.get("message", ""))
    return re.sub(r"%(\w+)", lambda found: str(parameters.get(found[1], found[0])), text)


class Shop:
    """A shop that answers somewhere."""

    def __init__(self, name: str, url: str, token: str) -> None:
        self.name = name
        self.token = token
        self._http = httpx.Client(base_url=url, timeout=SECONDS, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def again(self) -> "Shop":
        """Return another connection to the same shop."""
        return Shop(self.name, str(self._http.base_url), self.token)

    def call(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        token: str | None = "",
        content: bytes | None = None,
        media: str = "application/json",
    ) -> Answer:
        """Send one request; `token` None sends none, an empty one the right one."""
        headers = {"Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token or self.token}"
        if content is not None or body is not None:
            headers["Content-Type"] = media
        options: dict[str, Any] = {"content": content} if content is not None else {"json": body}
        if content is None and body is None:
            options = {}
        answer = self._http.request(method, path, headers=headers, **options)
        try:
            found = answer.json()
        except ValueError:
            found = answer.text
        return Answer(status=answer.status_code, body=found)

    def get(self, path: str) -> Json:
        """Return the body of an answer that must be good."""
        answer = self.call("GET", f"/rest{path}")
        assert answer.status == 200, (path, answer)
        return answer.body

    def send(self, method: str, path: str, body: Json) -> Json:
        """Send a body and return the one of an answer that must be good."""
        answer = self.call(method, f"/rest{path}", body)
        assert answer.status == 200, (path, answer)
        return answer.body

    # --- configuration ----------------------------------------------------------------------------

    def status(self) -> Json:
        """Return what the Bridge says of the shop."""
        return self.get("/V1/storecontroller/status")

    def put(self, *items: Item, revision: int | None = None, **options: Any) -> Answer:
        """Write settings, under the revision that is applied already."""
        applied = self.status()["revision"] if revision is None else revision
        body = {"items": list(items), "revision": applied, **options}
        return self.call("PUT", CONFIG, body)

    def apply(self, *items: Item, **options: Any) -> Json:
        """Write settings that must be taken."""
        answer = self.put(*items, **options)
        assert answer.status == 200, answer
        return answer.body

    def query(self, *items: Item) -> list[Json]:
        """Return what settings are."""
        found = self.send("POST", "/all/V1/storecontroller/config/query", {"items": list(items)})
        assert isinstance(found, list)
        return found

    def value(self, item: Item) -> str | None:
        """Return the effective value of one setting."""
        found: str | None = self.query(item)[0].get("value")
        return found

    @contextmanager
    def restoring(self, items: Sequence[Item]) -> Iterator[None]:
        """Leave these settings as they were found; secrets are taken away."""
        asked = [{key: item[key] for key in PLACE if key in item} for item in items]
        before = {place_of(one): one for one in self.query(*asked)}
        try:
            yield
        finally:
            back = []
            for item in {place_of(one): one for one in asked}.values():
                found = before[place_of(item)]
                if found["status"] != "ok":
                    continue
                own = found.get("source") == "database" and not found["sensitive"]
                kept = {"value": found.get("value", "")} if own else {"inherit": True}
                back.append({**item, **kept})
            self.apply(*back)

    # --- selling ----------------------------------------------------------------------------------

    def product(self, view: str, sku: str, price: float, **more: Any) -> None:
        """Make a product, or give it this price in a view, and wait until it can be sold."""
        stock = {"qty": 10_000, "is_in_stock": True}
        product = {
            "sku": sku,
            "name": sku,
            "attribute_set_id": 4,
            "type_id": "simple",
            "price": price,
            "weight": 2,
            "status": 1,
            "visibility": 4,
            **more,
        }
        product["extension_attributes"] = {"stock_item": stock, "website_ids": self.websites()}
        self.send("POST", "/all/V1/products", {"product": product})
        own = {"product": {"sku": sku, "price": price}}
        self.send("PUT", f"/{view}/V1/products/{sku}", own)

    def websites(self) -> list[int]:
        """Return the numbers of the main website and of the suite's."""
        found = self.get("/V1/store/websites")
        return [one["id"] for one in found if one["code"] in ("base", SITE)]

    def cart(self, view: str, sku: str, qty: int = 1) -> str:
        """Return the address of a new cart with some pieces in it.

        A shop that indexes by a timetable sells a new product only after a while.
        """
        made = self.call("POST", f"/rest/{view}/V1/guest-carts", token=None)
        assert made.status == 200, made
        path = f"/rest/{view}/V1/guest-carts/{made.body}"
        body = {"cartItem": {"quote_id": made.body, "sku": sku, "qty": qty}}

        def added() -> bool:
            answer = self.call("POST", f"{path}/items", body, token=None)
            assert answer.status == 200 or answer.said == NOT_YET, answer
            return answer.status == 200

        until(added, f"{sku} can be sold", 180.0)
        return path


PLACE = ("path", "scope", "scope_code")


def place_of(item: Item) -> tuple[str, str, str]:
    """Return which setting an item is about."""
    return (item["path"], item.get("scope") or "default", item.get("scope_code") or "")


def here(path: str, value: str | None = None, **more: Any) -> dict[str, Any]:
    """Return a setting of the suite's website."""
    item = {"path": path, "scope": "websites", "scope_code": SITE, **more}
    return item if value is None else {**item, "value": value}
