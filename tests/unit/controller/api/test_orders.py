"""Orders over the API: read, shipped once, tracked; audited, told, kept apart by tenant."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from controller.api.shopcalls import AT_ONCE, ShopCalls
from controller.domain.errors.base import LimitError, StoreControllerError
from controller.domain.errors.orders import ShipmentUnsureError
from controller.domain.errors.shops import (
    ShopBusyError,
    ShopFailingError,
    ShopUnreadableError,
    WrongShopError,
)
from controller.registry.leases import Kind, Leases, Ref
from tests.fake_orders import FakeOrders, Ledger
from tests.planes import Plane, problem

UPS = {"carrier": "ups", "number": "1Z999AA10123456784"}


@pytest.fixture(scope="module")
def shop(shared_plane: Plane) -> Plane:
    """Give a control plane with a shop of Ann's; bringing one up for every test costs too much."""
    shared_plane.reset()
    shared_plane.make(token=shared_plane.tenant("ann@example.com")[1])
    return shared_plane


@pytest.fixture
def ann(shop: Plane) -> str:
    """Give a token of hers."""
    return shop.tenant("ann@example.com")[1]


@pytest.fixture
def bob(shop: Plane) -> str:
    """Give the token of another tenant."""
    return shop.tenant("bob@example.com")[1]


@pytest.fixture
def ledger(shop: Plane) -> Ledger:
    """Give the orders of the shop."""
    [held] = shop.driver.held.values()
    return held.ledger


def audited(plane: Plane, number: str) -> list[tuple[str, str]]:
    uid = plane.get("stores/acme").json()["metadata"]["uid"]
    rows = plane.registry.journal.audit_of(f"store:{uid}")
    return [(row["actor"], row["action"]) for row in rows if number in (row["after"] or "")]


def told(plane: Plane, number: str) -> list[str]:
    items = plane.get("stores/acme/events").json()["items"]
    return [item["message"] for item in items if item["params"].get("order") == number]


def test_an_order_is_a_resource(shop: Plane, ledger: Ledger, ann: str) -> None:
    number = ledger.buy(stoneware_mug=2)
    order = shop.get(f"stores/acme/orders/{number}", token=ann).json()
    assert (order["apiVersion"], order["kind"]) == ("storectl/v1", "Order")
    assert order["metadata"] == {
        "number": number,
        "createdAt": "2026-11-22T08:00:00.000Z",
        "updatedAt": "2026-11-22T08:00:00.000Z",
    }
    assert order["spec"]["total"] == "40.90"
    assert order["spec"]["shipTo"]["street"] == ["Hauptstr. 1"]
    assert order["spec"]["items"] == [
        {
            "sku": "stoneware-mug",
            "name": "Stoneware Mug",
            "quantity": 2,
            "price": "18.00",
            "total": "36.00",
        }
    ]
    assert order["status"]["left"] == 2
    listed = shop.get("stores/acme/orders?limit=200").json()
    assert (listed["kind"], listed["metadata"]) == ("OrderList", {"next": None})
    order["status"]["shipments"] = None
    assert listed["items"][0] == order


def test_orders_are_paged_newest_first(shop: Plane, ledger: Ledger) -> None:
    numbers = [ledger.buy(mug=1) for _ in range(3)]
    first = shop.get("stores/acme/orders?limit=2&status=pending&tests=true").json()
    second = shop.get(f"stores/acme/orders?limit=1&after={first['metadata']['next']}").json()
    found = [item["metadata"]["number"] for item in first["items"] + second["items"]]
    assert found == numbers[::-1]


def test_a_parcel_is_shipped_once_audited_and_told(shop: Plane, ledger: Ledger, ann: str) -> None:
    number = ledger.buy(mug=2, tea=1)
    path = f"stores/acme/orders/{number}/shipments"
    body = {**UPS, "items": [{"sku": "mug", "quantity": 1}], "notify": True}
    answer = shop.post(path, body, token=ann)
    assert answer.status_code == 201, answer.text
    shipment = answer.json()
    assert shipment["kind"] == "Shipment"
    assert shipment["metadata"]["order"] == number
    assert shipment["spec"]["items"] == [{"sku": "mug", "name": "Mug", "quantity": 1}]
    assert shipment["spec"]["tracks"] == [
        {**UPS, "title": "UPS", "url": f"https://www.ups.com/track?tracknum={UPS['number']}"}
    ]
    again = shop.post(path, body, token=ann)
    assert (again.status_code, again.json()) == (200, shipment)
    assert shop.get(path).json()["items"] == [shipment]
    order = shop.get(f"stores/acme/orders/{number}").json()
    assert order["status"]["shipments"] == [shipment]
    assert audited(shop, number) == [("token:ann@example.com", "order.ship")]
    assert told(shop, number) == [
        f"Order {number}: a parcel went out with UPS, number 1Z999AA10123456784."
    ]


def test_a_number_is_added_to_a_shipment_once(shop: Plane, ledger: Ledger) -> None:
    number = ledger.buy(mug=1)
    path = f"stores/acme/orders/{number}/shipments"
    shipment = shop.post(path, UPS).json()["metadata"]["id"]
    gls = {"carrier": "custom", "number": "7", "title": " GLS  Express "}
    added = shop.post(f"{path}/{shipment}/tracks", gls)
    assert added.status_code == 201
    assert added.json()["spec"]["tracks"][1] == {
        "carrier": "custom",
        "title": "GLS Express",
        "number": "7",
        "url": None,
    }
    again = shop.post(f"{path}/{shipment}/tracks", gls)
    assert (again.status_code, again.json()) == (200, added.json())
    assert [action for _, action in audited(shop, number)] == ["order.ship", "order.track"]
    assert len(told(shop, number)) == 2


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({}, "invalid_input", id="nothing"),
        pytest.param({**UPS, "carrier": "pigeon"}, "unknown_carrier", id="carrier"),
        pytest.param({**UPS, "number": " "}, "invalid_tracking_number", id="number"),
        pytest.param({**UPS, "carrier": "custom"}, "carrier_title_missing", id="title"),
        pytest.param({**UPS, "weight": 1}, "invalid_input", id="unknown-field"),
        pytest.param(
            {**UPS, "items": [{"sku": "mug", "quantity": 0}]}, "invalid_input", id="none-of-it"
        ),
        pytest.param(
            {**UPS, "items": [{"sku": "mug", "quantity": "NaN"}]}, "invalid_input", id="nan"
        ),
        pytest.param(
            {**UPS, "items": [{"sku": "mug", "quantity": 1}] * 3}, "too_many_items", id="thrice"
        ),
        pytest.param(
            {**UPS, "items": [{"sku": "hat", "quantity": 1}]}, "item_not_in_order", id="sku"
        ),
    ],
)
def test_a_parcel_that_cannot_be_is_refused_and_not_audited(
    shop: Plane, ledger: Ledger, body: dict[str, Any], code: str
) -> None:
    number = ledger.buy(mug=2)
    problem(shop.post(f"stores/acme/orders/{number}/shipments", body), 422, code)
    assert audited(shop, number) == []


def test_what_is_not_there_is_not_found(shop: Plane, ledger: Ledger) -> None:
    number = ledger.buy(mug=1)
    problem(shop.get("stores/acme/orders/999"), 404, "order_not_found")
    problem(shop.post("stores/acme/orders/999/shipments", UPS), 404, "order_not_found")
    path = f"stores/acme/orders/{number}/shipments/9/tracks"
    problem(shop.post(path, UPS), 404, "shipment_not_found")
    problem(shop.get("stores/nobody/orders"), 404, "store_not_found")
    problem(shop.get("stores/acme/orders?after=x"), 400, "bad_request")


def test_another_tenants_orders_are_not_there(shop: Plane, ledger: Ledger, bob: str) -> None:
    number = ledger.buy(mug=1)
    paths = ("orders", f"orders/{number}", f"orders/{number}/shipments")
    for path in paths:
        problem(shop.get(f"stores/acme/{path}", token=bob), 404, "store_not_found")
        problem(shop.get(f"stores/acme/{path}", token=None), 401, "not_authenticated")
    problem(shop.post(f"stores/acme/{paths[2]}", UPS, token=bob), 404, "store_not_found")
    assert ledger.shipments[number] == ()


def test_an_order_that_is_sent_has_nothing_to_ship(shop: Plane, ledger: Ledger) -> None:
    path = f"stores/acme/orders/{ledger.buy(mug=1)}/shipments"
    assert shop.post(path, UPS).status_code == 201
    problem(shop.post(path, {"carrier": "dhl", "number": "2"}), 409, "nothing_to_ship")


def test_a_shop_has_orders_as_long_as_it_runs(own_plane: Plane) -> None:
    own_plane.post("stores", {"name": "acme", "country": "DE"})
    problem(own_plane.get("stores/acme/orders"), 503, "stack_not_ready")
    own_plane.settle()
    [held] = own_plane.driver.held.values()
    path = f"stores/acme/orders/{held.ledger.buy(mug=1)}/shipments"
    own_plane.post("stores/acme/suspend")
    own_plane.settle()
    # Closed to customers; what they ordered is still sent.
    assert own_plane.post(path, UPS).status_code == 201
    own_plane.post("stores/acme/retire")
    problem(own_plane.get(path), 409, "wrong_state")
    own_plane.settle()
    problem(own_plane.get(path), 409, "wrong_state")


def test_two_at_once_ship_an_order_one_after_the_other(shop: Plane, ledger: Ledger) -> None:
    number = ledger.buy(mug=1)
    uid = shop.get("stores/acme").json()["metadata"]["uid"]
    leases = Leases(shop.registry.database, holder="another process", seconds=60)
    lease = leases.acquire(Ref(kind=Kind.ORDER, uid=f"{uid}/{number}"))
    assert lease is not None
    path = f"stores/acme/orders/{number}/shipments"
    problem(shop.post(path, UPS), 409, "shipment_in_work")
    problem(shop.post(f"{path}/1/tracks", UPS), 409, "shipment_in_work")
    leases.release(lease)
    assert shop.post(path, UPS).status_code == 201


@pytest.mark.parametrize(
    ("error", "status", "retry_after"),
    [
        pytest.param(ShopBusyError(retry_after=17), 503, "17", id="busy"),
        pytest.param(ShopFailingError(detail="500"), 503, None, id="failing"),
        pytest.param(ShopUnreadableError(detail="html"), 502, None, id="html"),
        pytest.param(WrongShopError(endpoint="http://a"), 502, None, id="another"),
        pytest.param(ShipmentUnsureError(detail="timeout"), 503, "5", id="unsure"),
    ],
)
def test_a_fault_of_the_shop_is_a_problem_and_no_event(
    shop: Plane,
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
    error: StoreControllerError,
    status: int,
    retry_after: str | None,
) -> None:
    number = ledger.buy(mug=1)

    def ship(_self: FakeOrders, _number: str, _parcel: object, before: Callable[[], None]) -> None:
        before()
        raise error

    monkeypatch.setattr(FakeOrders, "ship", ship)
    answer = shop.post(f"stores/acme/orders/{number}/shipments", UPS)
    problem(answer, status, error.code)
    assert answer.headers.get("Retry-After") == retry_after
    # It was asked for, whatever became of it.
    assert [action for _, action in audited(shop, number)] == ["order.ship"]
    assert told(shop, number) == []


def test_a_shop_that_hangs_holds_few_callers_and_no_other_shop() -> None:
    async def ask() -> list[str]:
        calls, go = ShopCalls(), threading.Event()
        hanging = [asyncio.create_task(calls.run("a", go.wait)) for _ in range(AT_ONCE)]
        # One turn of the loop: each of them is on its way.
        await asyncio.sleep(0)
        try:
            with pytest.raises(LimitError):
                await calls.run("a", lambda: "too many")
            found = [await calls.run("b", lambda: "another shop")]
        finally:
            go.set()
        assert await asyncio.gather(*hanging) == [True] * AT_ONCE
        return [*found, await calls.run("a", lambda: "again")]

    assert asyncio.run(ask()) == ["another shop", "again"]
