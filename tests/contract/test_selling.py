"""Contract of selling: a guest is quoted and offered what is configured, orders, and is sent it."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.contract.client import VIEW, Json, Shop, here

SKU, TAXED = "contract-mug", "contract-taxed-mug"
"""A product without a tax class, whatever a live shop taxes, and one that is taxed."""
ADDRESS = {
    "firstname": "A",
    "lastname": "B",
    "street": ["1 Main St"],
    "city": "Austin",
    "region_id": 57,
    "region_code": "TX",
    "postcode": "78701",
    "country_id": "US",
    "telephone": "5125550100",
    "email": "buyer@example.com",
}
SETTINGS = [
    {"path": "catalog/price/scope", "value": "1"},
    here("currency/options/allow", "MXN"),
    here("currency/options/base", "MXN"),
    here("currency/options/default", "MXN"),
    here("payment/checkmo/active", "0"),
    here("payment/banktransfer/active", "1"),
    here("payment/banktransfer/title", "A bank transfer"),
    here("payment/banktransfer/sort_order", "1"),
    here("payment/cashondelivery/active", "1"),
    here("payment/cashondelivery/sort_order", "2"),
    here("payment/purchaseorder/active", "0"),
    here("carriers/flatrate/active", "1"),
    here("carriers/flatrate/price", "99.00"),
    here("carriers/flatrate/type", "O"),
    here("carriers/flatrate/title", "Our van"),
    here("carriers/freeshipping/active", "0"),
    here("carriers/tablerate/active", "0"),
]


@pytest.fixture(scope="module")
def selling(shop: Shop) -> Iterator[Shop]:
    """Give a shop whose second website sells in another currency than the first."""
    # Prices stay per website: going back would make a live shop index everything again.
    with shop.restoring(SETTINGS[1:]):
        shop.apply(*SETTINGS)
        untaxed = [{"attribute_code": "tax_class_id", "value": "0"}]
        shop.product(VIEW, SKU, 365, custom_attributes=untaxed)
        shop.product(VIEW, TAXED, 365)
        yield shop


def with_address(path: str, address: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the body that chooses the flat rate."""
    where = address or ADDRESS
    information = {
        "shipping_address": where,
        "billing_address": where,
        "shipping_carrier_code": "flatrate",
        "shipping_method_code": "flatrate",
    }
    return {"addressInformation": information}


def quote(shop: Shop, path: str, address: dict[str, Any] | None = None) -> dict[str, float]:
    """Return what each way of sending costs."""
    body = {"address": address or ADDRESS}
    answer = shop.call("POST", f"{path}/estimate-shipping-methods", body, token=None)
    assert answer.status == 200, answer
    return {
        f"{one['carrier_code']}_{one['method_code']}": one["amount"]
        for one in answer.body
        if one["available"]
    }


def chosen(shop: Shop, path: str, address: dict[str, Any] | None = None) -> Json:
    """Choose the flat rate; return payment methods and totals."""
    body = with_address(path, address)
    answer = shop.call("POST", f"{path}/shipping-information", body, token=None)
    assert answer.status == 200, answer
    return answer.body


def place(shop: Shop, qty: int = 1, method: str = "banktransfer") -> int:
    """Buy some pieces; return the order's number."""
    path = shop.cart(VIEW, SKU, qty)
    chosen(shop, path)
    payment = {
        "email": "buyer@example.com",
        "paymentMethod": {"method": method},
        "billingAddress": ADDRESS,
    }
    answer = shop.call("POST", f"{path}/payment-information", payment, token=None)
    assert answer.status == 200, answer
    return int(answer.body)


def test_a_guest_is_offered_what_the_website_has(selling: Shop) -> None:
    path = selling.cart(VIEW, SKU, 2)
    assert quote(selling, path) == {"flatrate_flatrate": 99}
    offered = chosen(selling, path)
    assert offered["payment_methods"] == [
        {"code": "banktransfer", "title": "A bank transfer"},
        {"code": "cashondelivery", "title": "Cash On Delivery"},
    ]
    totals = offered["totals"]
    assert (totals["quote_currency_code"], totals["base_currency_code"]) == ("MXN", "MXN")
    assert (totals["subtotal"], totals["shipping_amount"]) == (730, 99)
    assert totals["grand_total"] == 829


def test_the_first_website_is_not_concerned(selling: Shop) -> None:
    views = {one["code"]: one for one in selling.get("/V1/store/storeConfigs")}
    assert views[VIEW]["base_currency_code"] == "MXN"
    assert views["default"]["base_currency_code"] != "MXN"


def test_an_order_is_placed_read_and_cancelled(selling: Shop) -> None:
    number = place(selling)
    order = selling.get(f"/V1/orders/{number}")
    assert (order["state"], order["order_currency_code"]) == ("new", "MXN")
    assert (order["grand_total"], order["payment"]["method"]) == (464, "banktransfer")
    assert selling.send("POST", f"/V1/orders/{number}/cancel", {}) is True
    assert selling.get(f"/V1/orders/{number}")["state"] == "canceled"


def test_a_method_that_is_off_is_refused(selling: Shop) -> None:
    path = selling.cart(VIEW, SKU)
    chosen(selling, path)
    payment = {"email": "buyer@example.com", "paymentMethod": {"method": "checkmo"}}
    answer = selling.call("POST", f"{path}/payment-information", payment, token=None)
    assert (answer.status, answer.said) == (
        400,
        "The requested Payment Method is not available.",
    )


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param([here("payment/banktransfer/min_order_total", "1000")], id="too small"),
        pytest.param([here("payment/banktransfer/max_order_total", "100")], id="too large"),
        pytest.param(
            [
                here("payment/banktransfer/allowspecific", "1"),
                here("payment/banktransfer/specificcountry", "DE,AT"),
            ],
            id="another country",
        ),
    ],
)
def test_a_method_that_does_not_fit_is_not_offered(
    selling: Shop, settings: list[dict[str, Any]]
) -> None:
    with selling.restoring(settings):
        selling.apply(*settings)
        offered = chosen(selling, selling.cart(VIEW, SKU))
    assert [one["code"] for one in offered["payment_methods"]] == ["cashondelivery"]


def test_sending_is_free_from_a_subtotal_on(selling: Shop) -> None:
    settings = [
        here("carriers/freeshipping/active", "1"),
        here("carriers/freeshipping/free_shipping_subtotal", "700"),
    ]
    with selling.restoring(settings):
        selling.apply(*settings)
        one, two = (quote(selling, selling.cart(VIEW, SKU, qty)) for qty in (1, 2))
    assert one == {"flatrate_flatrate": 99}
    assert two == {"flatrate_flatrate": 99, "freeshipping_freeshipping": 0}


@pytest.mark.parametrize(
    ("kind", "price"), [("F", 109), ("P", 108.9)], ids=["an amount", "a percentage"]
)
def test_handling_is_added(selling: Shop, kind: str, price: float) -> None:
    settings = [
        here("carriers/flatrate/handling_type", kind),
        here("carriers/flatrate/handling_fee", "10"),
    ]
    with selling.restoring(settings):
        selling.apply(*settings)
        assert quote(selling, selling.cart(VIEW, SKU)) == {
            "flatrate_flatrate": pytest.approx(price)
        }


def test_an_order_is_shipped_in_parcels_with_numbers(selling: Shop) -> None:
    number = place(selling, 2)
    item = selling.get(f"/V1/orders/{number}")["items"][0]["item_id"]
    ups = {"track_number": "1Z999AA10123456784", "title": "UPS", "carrier_code": "ups"}
    parcel = {"items": [{"order_item_id": item, "qty": 1}], "notify": False, "tracks": [ups]}
    first = int(selling.send("POST", f"/V1/order/{number}/ship", parcel))
    assert selling.get(f"/V1/orders/{number}")["state"] == "processing"
    later = {
        "order_id": number,
        "parent_id": first,
        "track_number": "794600001234",
        "title": "FedEx",
        "carrier_code": "fedex",
        "qty": 1,
        "weight": 1,
        "description": "",
    }
    track = selling.send("POST", "/V1/shipment/track", {"entity": later})
    assert track["track_number"] == "794600001234"
    selling.send("POST", f"/V1/order/{number}/ship", {"notify": False})
    again = selling.call("POST", f"/rest/V1/order/{number}/ship", {"notify": False})
    assert again.status == 400
    assert "The order does not allow a shipment to be created." in again.said
    query = (
        "searchCriteria[filter_groups][0][filters][0][field]=order_id"
        f"&searchCriteria[filter_groups][0][filters][0][value]={number}"
    )
    shipments = selling.get(f"/V1/shipments?{query}")
    assert shipments["total_count"] == 2
    sent = min(shipments["items"], key=lambda one: one["entity_id"])
    assert [one["track_number"] for one in sent["tracks"]] == [
        "1Z999AA10123456784",
        "794600001234",
    ]
    selling.send("POST", f"/V1/order/{number}/invoice", {"capture": True, "notify": False})
    assert selling.get(f"/V1/orders/{number}")["state"] == "complete"
    assert selling.send("POST", f"/V1/orders/{number}/cancel", {}) is False


def test_orders_are_found_by_their_number_newest_first(selling: Shop) -> None:
    older, newer = place(selling), place(selling)
    shown = selling.get(f"/V1/orders/{newer}")["increment_id"]
    query = (
        "searchCriteria[filter_groups][0][filters][0][field]=increment_id"
        f"&searchCriteria[filter_groups][0][filters][0][value]={shown}"
        "&searchCriteria[filter_groups][0][filters][0][condition_type]=eq"
    )
    found = selling.get(f"/V1/orders?{query}")
    assert [one["entity_id"] for one in found["items"]] == [newer]
    query = (
        "searchCriteria[sortOrders][0][field]=entity_id&searchCriteria[sortOrders][0][direction]"
        "=DESC&searchCriteria[pageSize]=2&fields=items[entity_id],total_count"
    )
    page = selling.get(f"/V1/orders?{query}")
    assert page["items"] == [{"entity_id": newer}, {"entity_id": older}]
    for number in (older, newer):
        selling.send("POST", f"/V1/orders/{number}/cancel", {})


BRITAIN = {**ADDRESS, "country_id": "GB", "region_id": 0, "region_code": "", "postcode": "SW1A 1AA"}
JAPAN = {**BRITAIN, "country_id": "JP", "postcode": "100-0001"}


@contextmanager
def taxed(selling: Shop, rate: Json, **said: Any) -> Iterator[Json]:
    """A rate with a rule of its own, which `said` is of; both are taken back at the end."""
    made = selling.send("POST", "/V1/taxRates", {"taxRate": rate})
    rule = {
        "code": rate["code"],
        "priority": 0,
        "position": 0,
        "customer_tax_class_ids": [3],
        "product_tax_class_ids": [2],
        "tax_rate_ids": [made["id"]],
        **said,
    }
    joined = selling.send("POST", "/V1/taxRules", {"rule": rule})
    try:
        yield made
    finally:
        assert selling.call("DELETE", f"/rest/V1/taxRules/{joined['id']}").body is True
        assert selling.call("DELETE", f"/rest/V1/taxRates/{made['id']}").body is True


def test_a_tax_is_made_charged_and_taken_back(selling: Shop) -> None:
    code = f"contract-{uuid.uuid4().hex[:8]}"
    rate = {
        "tax_country_id": "GB",
        "tax_region_id": 0,
        "tax_postcode": "*",
        "rate": 20,
        "code": code,
    }
    with taxed(selling, rate) as made:
        assert (made["rate"], made["tax_country_id"], made["code"]) == (20, "GB", code)
        totals = chosen(selling, selling.cart(VIEW, TAXED), BRITAIN)["totals"]
        assert (totals["subtotal"], totals["tax_amount"]) == (365, 73)
        assert totals["subtotal_incl_tax"] == 438
        assert totals["grand_total"] == 537
        elsewhere = chosen(selling, selling.cart(VIEW, TAXED), JAPAN)["totals"]
        assert elsewhere["tax_amount"] == 0
        changed = {**rate, "id": made["id"], "rate": 10}
        selling.send("PUT", "/V1/taxRates", {"taxRate": changed})
        totals = chosen(selling, selling.cart(VIEW, TAXED), BRITAIN)["totals"]
        assert totals["tax_amount"] == 36.5
    query = (
        "searchCriteria[filterGroups][0][filters][0][field]=code"
        f"&searchCriteria[filterGroups][0][filters][0][value]={code}"
        "&searchCriteria[filterGroups][0][filters][0][conditionType]=eq"
    )
    assert selling.get(f"/V1/taxRates/search?{query}")["total_count"] == 0


BERLIN = {**BRITAIN, "country_id": "DE", "postcode": "10117"}
HAMBURG = {**BERLIN, "postcode": "20095"}


def test_a_tax_is_due_in_a_range_of_postcodes(selling: Shop) -> None:
    code = f"contract-{uuid.uuid4().hex[:8]}"
    place = {"tax_country_id": "DE", "tax_region_id": 0, "rate": 20, "code": code}
    ends = {"zip_is_range": 1, "zip_from": 10000, "zip_to": 14999}
    with taxed(selling, {**place, **ends}) as made:
        read = selling.get(f"/V1/taxRates/{made['id']}")
        assert (read["zip_from"], read["zip_to"]) == (10000, 14999)
        assert read["tax_postcode"] == "10000-14999"
        within = chosen(selling, selling.cart(VIEW, TAXED), BERLIN)["totals"]
        beside = chosen(selling, selling.cart(VIEW, TAXED), HAMBURG)["totals"]
        assert (within["tax_amount"], beside["tax_amount"]) == (73, 0)


def test_of_a_longer_postcode_of_a_tax_ten_characters_are_kept(selling: Shop) -> None:
    code = f"contract-{uuid.uuid4().hex[:8]}"
    place = {"tax_country_id": "DE", "tax_region_id": 0, "rate": 20, "code": code}
    rate = {**place, "tax_postcode": "10000-14999"}
    made = selling.send("POST", "/V1/taxRates", {"taxRate": rate})
    try:
        assert selling.get(f"/V1/taxRates/{made['id']}")["tax_postcode"] == "10000-1499"
    finally:
        assert selling.call("DELETE", f"/rest/V1/taxRates/{made['id']}").body is True


QUEBEC = {**BRITAIN, "country_id": "CA", "region_id": 76, "region_code": "QC",
          "postcode": "H2X 1Y4"}  # fmt: skip


@pytest.mark.parametrize(
    ("alone", "second"),
    [
        pytest.param(True, 36.41, id="on the subtotal alone"),
        pytest.param(False, 38.23, id="on the first one too"),
    ],
)
def test_taxes_of_two_priorities_are_due_together(
    selling: Shop, alone: bool, second: float
) -> None:
    code = f"contract-{uuid.uuid4().hex[:8]}"
    country, province = (
        {
            "tax_country_id": "CA",
            "tax_region_id": region,
            "tax_postcode": "*",
            "rate": percent,
            "code": f"{code}-{priority}",
        }
        for priority, (region, percent) in enumerate(((0, 5), (76, 9.975)))
    )
    with (
        taxed(selling, country, calculate_subtotal=alone),
        taxed(selling, province, priority=1, calculate_subtotal=alone),
    ):
        totals = chosen(selling, selling.cart(VIEW, TAXED), QUEBEC)["totals"]
    assert totals["tax_amount"] == pytest.approx(18.25 + second)
    (tax,) = [one for one in totals["total_segments"] if one["code"] == "tax"]
    details = tax["extension_attributes"]["tax_grandtotal_details"]
    assert [(one["amount"], one["rates"][0]["title"]) for one in details] == [
        (18.25, f"{code}-0"),
        (second, f"{code}-1"),
    ]


def test_prices_can_contain_their_tax(selling: Shop) -> None:
    code = f"contract-{uuid.uuid4().hex[:8]}"
    rate = {"tax_country_id": "GB", "tax_postcode": "*", "rate": 20, "code": code}
    settings = [
        here("tax/calculation/price_includes_tax", "1"),
        here("shipping/origin/country_id", "GB"),
        here("shipping/origin/region_id", ""),
        here("shipping/origin/postcode", "SW1A 1AA"),
    ]
    with taxed(selling, rate), selling.restoring(settings):
        selling.apply(*settings)
        totals = chosen(selling, selling.cart(VIEW, TAXED), BRITAIN)["totals"]
        abroad = chosen(selling, selling.cart(VIEW, TAXED), JAPAN)["totals"]
    assert (totals["subtotal_incl_tax"], totals["tax_amount"]) == (365, 60.83)
    assert totals["grand_total"] == 464
    assert (abroad["subtotal_incl_tax"], abroad["tax_amount"]) == (304.17, 0)


BAD_RATE = {"tax_country_id": "US", "tax_postcode": "*", "rate": 1, "code": "contract-bad"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, '"taxRate" is required. Enter and try again.'),
        (
            {"taxRate": {**BAD_RATE, "tax_country_id": "XX"}},
            'Invalid value of "XX" provided for the country_id field.',
        ),
        (
            {"taxRate": {**BAD_RATE, "tax_region_id": 9999}},
            'Invalid value of "9999" provided for the region_id field.',
        ),
        (
            {"taxRate": {**BAD_RATE, "rate": -1}},
            '"percentage_rate" is required. Enter and try again.',
        ),
        (
            {"taxRate": {**BAD_RATE, "rate": -1, "tax_postcode": ""}},
            "One or more input exceptions have occurred.",
        ),
        ({"taxRate": {**BAD_RATE, "code": "US-CA-*-Rate 1"}}, "Code already exists."),
    ],
    ids=["empty", "country", "region", "percentage", "two things", "code"],
)
def test_a_bad_tax_rate_is_refused(selling: Shop, body: dict[str, Any], said: str) -> None:
    answer = selling.call("POST", "/rest/V1/taxRates", body)
    assert (answer.status, answer.said) == (400, said)


def test_tax_classes_are_listed(selling: Shop) -> None:
    query = (
        "searchCriteria[filterGroups][0][filters][0][field]=class_type"
        "&searchCriteria[filterGroups][0][filters][0][value]=PRODUCT"
    )
    found = selling.get(f"/V1/taxClasses/search?{query}")["items"]
    assert {"class_id": 2, "class_name": "Taxable Goods", "class_type": "PRODUCT"} in found


def test_regions_of_a_country_are_numbered(selling: Shop) -> None:
    found = selling.get("/V1/directory/countries/US")["available_regions"]
    assert {"id": "57", "code": "TX", "name": "Texas"} in found
