"""A customer buys, the owner sends parcels with `storectl`, and both can follow them."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.control_plane import PATIENCE, ControlPlane

Storectl = Callable[..., subprocess.CompletedProcess[str]]
ADDRESS = {"firstname": "Ann", "lastname": "Buyer", "street": ["Hauptstr. 1"], "city": "Berlin",
           "postcode": "10115", "country_id": "DE", "email": "ann@example.com"}  # fmt: skip
UPS = ("--carrier", "ups", "--number", "1Z999AA10123456784")


@pytest.fixture(scope="module")
def url(control_plane: ControlPlane) -> str:
    """Give the address of a store that sells."""
    operation = control_plane.finish(control_plane.create("acme"))
    assert operation["status"]["state"] == "succeeded", operation
    return str(control_plane.call("GET", "/stores/acme")["status"]["url"]).rstrip("/")


@pytest.fixture(scope="module")
def storectl(control_plane: ControlPlane) -> Storectl:
    environ = {**control_plane.environ, "STORECTL_LANG": "en"}

    def run(*argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli", "order", *argv],
            env=environ,
            cwd=control_plane.home,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    return run


def bought(url: str, **pieces: int) -> None:
    """Buy as a guest, through the shop's own REST; SKUs are written with underscores."""
    with httpx.Client(base_url=f"{url}/rest/V1", timeout=PATIENCE, trust_env=False) as shop:

        def call(path: str, body: Any = None) -> Any:
            answer = shop.post(path, json=body)
            assert answer.status_code == 200, answer.text
            return answer.json()

        cart = f"guest-carts/{call('guest-carts')}"
        for sku, count in pieces.items():
            call(f"{cart}/items", {"cartItem": {"sku": sku.replace("_", "-"), "qty": count}})
        offers = call(f"{cart}/estimate-shipping-methods", {"address": ADDRESS})
        chosen = {
            "shipping_carrier_code": offers[0]["carrier_code"],
            "shipping_method_code": offers[0]["method_code"],
        }
        information = {"shipping_address": ADDRESS, "billing_address": ADDRESS, **chosen}
        offered = call(f"{cart}/shipping-information", {"addressInformation": information})
        method = {"method": offered["payment_methods"][0]["code"]}
        payment = {"email": ADDRESS["email"], "paymentMethod": method, "billingAddress": ADDRESS}
        call(f"{cart}/payment-information", payment)


def newest(storectl: Storectl) -> str:
    return storectl("list", "acme", "--limit", "1", "-o", "name").stdout.strip()


def test_an_order_is_sent_in_parts_and_followed(
    control_plane: ControlPlane, storectl: Storectl, url: str
) -> None:
    assert storectl("list", "acme").stderr == "There are no orders.\n"
    bought(url, stoneware_mug=2, green_tea=1)
    number = newest(storectl)
    # The store is ready because of a test purchase, which is nothing that an owner looks for.
    every = storectl("list", "acme", "--tests", "-o", "name").stdout.split()
    assert every[0] == number
    assert len(every) > 1
    assert storectl("list", "acme", "-o", "name").stdout.split() == [number]

    part = ("ship", "acme", number, *UPS, "--item", "stoneware-mug=1")
    first = storectl(*part)
    assert (first.returncode, first.stderr) == (0, "")
    assert f"of order {number}: 1 × stoneware-mug" in first.stdout
    again = storectl(*part)
    assert (again.returncode, again.stdout) == (0, first.stdout)
    assert "Nothing to do" in again.stderr
    gls = ("--carrier", "custom", "--title", "GLS", "--number", "4711")
    assert storectl("track", "acme", number, *gls).returncode == 0
    too_many = ("--carrier", "dhl", "--number", "2", "--item", "stoneware-mug=2")
    refused = storectl("ship", "acme", number, *too_many)
    assert refused.returncode == 2
    assert "1 can still be sent, not 2" in refused.stderr
    assert storectl("ship", "acme", number, "--carrier", "dhl", "--number", "2").returncode == 0
    late = storectl("ship", "acme", number, "--carrier", "dhl", "--number", "3")
    assert late.returncode == 5

    order = json.loads(storectl("get", "acme", number, "-o", "json").stdout)
    assert order["status"]["left"] == 0
    sent = [
        [(track["carrier"], track["number"]) for track in shipment["spec"]["tracks"]]
        for shipment in order["status"]["shipments"]
    ]
    assert sent == [[("ups", UPS[3]), ("custom", "4711")], [("dhl", "2")]]
    # The customer follows it in the shop, with the number of the order and the address.
    with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as shop:
        form = shop.get("/track")
        found = re.search(r'name="csrf" value="([^"]+)"', form.text)
        assert found is not None, (form.status_code, form.text)
        asked = {"csrf": found[1], "number": number, "email": "ann@example.com"}
        page = shop.post("/track", data=asked)
    assert page.status_code == 200
    assert all(shown in page.text for shown in (UPS[3], "4711", "GLS"))
    events = control_plane.call("GET", "/stores/acme/events")["items"]
    told = [item["reason"] for item in events if item["params"].get("order") == number]
    assert told == ["ParcelSent", "TrackAdded", "ParcelSent"]


def test_a_parcel_that_many_record_at_once_is_one(
    control_plane: ControlPlane, storectl: Storectl, url: str
) -> None:
    bought(url, green_tea=3)
    number = newest(storectl)
    path = f"{control_plane.url}/api/v1/stores/acme/orders/{number}/shipments"
    body = {"carrier": "ups", "number": "1Z1", "items": [{"sku": "green-tea", "quantity": 1}]}
    headers = {"Authorization": f"Bearer {control_plane.token}"}

    def ship(_: int) -> int:
        return httpx.post(
            path, json=body, headers=headers, timeout=PATIENCE, trust_env=False
        ).status_code

    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(ship, range(10)))
    assert answers.count(201) == 1
    # The others came later, or met it at work.
    assert set(answers) <= {200, 201, 409}
    [shipment] = control_plane.call("GET", f"/stores/acme/orders/{number}/shipments")["items"]
    assert shipment["spec"]["items"][0]["quantity"] == 1
