"""The fake API's orders: it refuses what was not ordered and records a parcel once."""

from typing import Any

AT = "2026-11-22T08:00:00.000Z"
Answer = tuple[int, dict[str, Any]]


def order_of(number: str, **pieces: int) -> dict[str, Any]:
    """An order; SKUs are written with underscores."""
    items = [(sku.replace("_", "-"), count) for sku, count in pieces.items()]
    return {
        "apiVersion": "storectl/v1",
        "kind": "Order",
        "metadata": {"number": number, "createdAt": AT, "updatedAt": AT},
        "spec": {
            "customer": "Ann Buyer",
            "email": "ann@example.com",
            "currency": "EUR",
            "items": [
                {
                    "sku": sku,
                    "name": sku.title(),
                    "quantity": count,
                    "price": "18.00",
                    "total": f"{18 * count}.00",
                }
                for sku, count in items
            ],
            "subtotal": "36.00",
            "shipping": "4.90",
            "tax": "0.00",
            "discount": "-1.00",
            "total": "39.90",
            "payment": "Bank Transfer",
            "shippingMethod": "Flat Rate - Fixed",
            "shipTo": {
                "name": "Ann Buyer",
                "company": None,
                "street": ["Hauptstr. 1"],
                "city": "Berlin",
                "region": None,
                "postcode": "10115",
                "country": "DE",
                "phone": None,
            },
        },
        "status": {
            "state": "new",
            "status": "pending",
            "paid": "0.00",
            "left": sum(pieces.values()),
            "items": [
                {"sku": sku, "shipped": 0, "cancelled": 0, "refunded": 0, "left": count}
                for sku, count in items
            ],
            "shipments": [],
        },
    }


def refusal(status: int, code: str, **params: str) -> Answer:
    """A problem."""
    facts = {"title": code, "detail": f"detail of {code}", "action": f"action of {code}"}
    return status, {"status": status, "code": code, "params": params, **facts}


class FakeShopOrders:
    """The orders of one store."""

    def __init__(self) -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        self.bodies: list[dict[str, Any]] = []
        self.asked: list[dict[str, list[str]]] = []

    def add(self, number: str, **pieces: int) -> None:
        """Take an order."""
        self.orders[number] = order_of(number, **pieces)

    def answer(
        self, method: str, rest: list[str], query: dict[str, list[str]], body: Any
    ) -> Answer:
        """Answer below /stores/{name}/orders."""
        if not rest:
            return self.listed(query)
        order = self.orders.get(rest[0])
        if order is None:
            return refusal(404, "order_not_found", order=rest[0], store="acme")
        match [method, *rest[1:]]:
            case ["GET"]:
                return 200, order
            case ["GET", "shipments"]:
                found = order["status"]["shipments"]
                return 200, {"kind": "ShipmentList", "metadata": {"next": None}, "items": found}
            case ["POST", "shipments"]:
                return self.ship(order, body)
            case ["POST", "shipments", shipment, "tracks"]:
                return self.track(order, shipment, body)
        return refusal(404, "not_found")

    def listed(self, query: dict[str, list[str]]) -> Answer:
        self.asked.append(query)
        newest = sorted(self.orders, reverse=True)
        after = query.get("after", [None])[0]
        names = [number for number in newest if after is None or number < after]
        # Pages may be short: test purchases take no place.
        page = names[: min(int(query["limit"][0]), 2)]
        following = page[-1] if len(names) > len(page) else None
        items = [self.orders[number] for number in page]
        return 200, {"kind": "OrderList", "metadata": {"next": following}, "items": items}

    def ship(self, order: dict[str, Any], body: dict[str, Any]) -> Answer:
        self.bodies.append(body)
        shipments = order["status"]["shipments"]
        for known in shipments:
            if body["number"] in {track["number"] for track in known["spec"]["tracks"]}:
                return 200, known
        if not order["status"]["left"]:
            number = order["metadata"]["number"]
            return refusal(409, "nothing_to_ship", order=number, store="acme", state="processing")
        wanted = {item["sku"]: item["quantity"] for item in body.get("items", ())}
        sent = []
        for line in order["status"]["items"]:
            count = wanted.get(line["sku"], 0) if wanted else line["left"]
            line["left"], line["shipped"] = line["left"] - count, line["shipped"] + count
            order["status"]["left"] -= count
            if count:
                sent.append({"sku": line["sku"], "name": line["sku"], "quantity": count})
        shipment = {
            "apiVersion": "storectl/v1",
            "kind": "Shipment",
            "metadata": {
                "id": str(len(shipments) + 5),
                "number": "000000009",
                "order": order["metadata"]["number"],
                "createdAt": AT,
            },
            "spec": {"items": sent, "tracks": [track_of(body)]},
        }
        shipments.append(shipment)
        return 201, shipment

    def track(self, order: dict[str, Any], shipment: str, body: dict[str, Any]) -> Answer:
        self.bodies.append(body)
        for known in order["status"]["shipments"]:
            if known["metadata"]["id"] == shipment:
                tracks = known["spec"]["tracks"]
                if track_of(body) in tracks:
                    return 200, known
                tracks.append(track_of(body))
                return 201, known
        return refusal(404, "shipment_not_found", shipment=shipment, order="1", store="acme")


def track_of(body: dict[str, Any]) -> dict[str, Any]:
    """What the API makes of a tracking number."""
    known = {name: body[name] for name in ("carrier", "title", "number")}
    url = f"https://www.ups.com/track?tracknum={body['number']}"
    return {**known, "url": url if body["carrier"] == "ups" else None}
