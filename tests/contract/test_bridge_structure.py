"""Contract of the Bridge: websites, exchange rates and table rates."""

from typing import Any

import pytest

from tests.contract.client import GROUP, NODES, SITE, VIEW, Shop, filled, here

TOPOLOGY = "/rest/all/V1/storecontroller/topology"
RATES = "/all/V1/storecontroller/currency-rates"
TABLES = "/all/V1/storecontroller/table-rates"


def test_websites_are_found_by_code_and_renamed(shop: Shop) -> None:
    first = shop.send("PUT", TOPOLOGY.removeprefix("/rest"), {"nodes": NODES})
    assert [(one["type"], one["code"], one["status"]) for one in first] == [
        ("website", SITE, "unchanged"),
        ("group", GROUP, "unchanged"),
        ("store", VIEW, "unchanged"),
    ]
    named = {"type": "website", "code": SITE, "name": "Another name"}
    renamed = shop.send("PUT", TOPOLOGY.removeprefix("/rest"), {"nodes": [named]})
    assert (renamed[0]["status"], renamed[0]["id"]) == ("updated", first[0]["id"])
    back = shop.send("PUT", TOPOLOGY.removeprefix("/rest"), {"nodes": NODES})
    assert [one["status"] for one in back] == ["updated", "unchanged", "unchanged"]


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        pytest.param(
            [{"type": "website", "code": "Bad Code"}],
            'Bad code "Bad Code": a lowercase letter, then letters, digits or underscore,'
            " 32 at most.",
            id="bad code",
        ),
        pytest.param(
            [{"type": "galaxy", "code": "x"}],
            'Type must be website, group or store, not "galaxy".',
            id="bad type",
        ),
        pytest.param(
            [{"type": "group", "code": "g9", "parent_code": "nowebsite"}],
            'Website "nowebsite" does not exist.',
            id="no website",
        ),
        pytest.param(
            [{"type": "website", "code": "w_rb2"}, {"type": "store", "code": "s_rb",
             "parent_code": "nope"}],
            'Group "nope" does not exist.',
            id="the second one",
        ),
        pytest.param(
            [{"type": "group", "code": GROUP, "parent_code": "base"}],
            f'Group "{GROUP}" belongs to another website.',
            id="another website",
        ),
        pytest.param(
            [{"type": "website", "code": "w_rb"},
             {"type": "group", "code": "g_rb", "parent_code": "w_rb", "root_category_id": 99999}],
            "No such entity with id = 99999",
            id="no such category",
        ),
        pytest.param(
            [{"type": "store", "code": "default", "parent_code": GROUP}],
            'Store "default" belongs to another website.',
            id="another website's view",
        ),
        pytest.param(
            [{"type": "website", "code": "w_rb", "name": "x" * 65}],
            'The name of "w_rb" must have 1 to 64 characters.',
            id="long name",
        ),
        pytest.param(
            [{"type": "website", "code": "w_rb", "name": " "}],
            'The name of "w_rb" must have 1 to 64 characters.',
            id="no name",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_made_makes_nothing(
    shop: Shop, nodes: list[dict[str, Any]], said: str
) -> None:
    answer = shop.call("PUT", TOPOLOGY, {"nodes": nodes})
    assert (answer.status, answer.said) == (400, said)
    codes = {one["code"] for one in shop.get("/V1/store/websites")}
    assert not codes & {"w_rb", "w_rb2"}


def test_core_lists_what_was_made(shop: Shop) -> None:
    website = next(one for one in shop.get("/V1/store/websites") if one["code"] == SITE)
    group = next(one for one in shop.get("/V1/store/storeGroups") if one["code"] == GROUP)
    view = next(one for one in shop.get("/V1/store/storeViews") if one["code"] == VIEW)
    assert group["website_id"] == view["website_id"] == website["id"]
    assert website["default_group_id"] == group["id"] == view["store_group_id"]
    assert (group["default_store_id"], view["is_active"]) == (view["id"], 1)
    assert shop.get(f"/{VIEW}/V1/directory/currency")["base_currency_code"]


def test_exchange_rates_are_written_and_read_back(shop: Shop) -> None:
    rates = [
        {"from": "USD", "to": "ISK", "rate": 121.5},
        {"from": "ISK", "to": "USD", "rate": 0.00823},
    ]
    shop.send("PUT", RATES, {"rates": rates})
    found = {(one["from"], one["to"]): one["rate"] for one in shop.get(RATES)}
    assert found["USD", "ISK"] == pytest.approx(121.5)
    assert found["ISK", "USD"] == pytest.approx(0.00823)


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        ({"from": "USD", "to": "ISK", "rate": 0}, "Rate USD to ISK must be positive."),
        ({"from": "USD", "to": "ISK", "rate": -3}, "Rate USD to ISK must be positive."),
        ({"from": "USD", "to": "ZZZ", "rate": 1}, 'Unknown currency "ZZZ".'),
        ({"from": "USD", "to": "USD", "rate": 2}, "The rate of USD to itself is 1."),
        ({"from": "USD", "to": "ISK", "rate": 1e12}, "Rate USD to ISK is too large."),
        ({"from": "USD", "to": "ISK", "rate": 1e-13}, "Rate USD to ISK must be positive."),
        ({"from": "USD", "to": "ISK"}, "Rate USD to ISK must be positive."),
    ],
    ids=["zero", "negative", "unknown", "itself", "too large", "too small", "none"],
)
def test_a_rate_that_cannot_be_changes_none(shop: Shop, rate: dict[str, Any], said: str) -> None:
    before = shop.get(RATES)
    good = {"from": "USD", "to": "ISK", "rate": 99}
    answer = shop.call("PUT", f"/rest{RATES}", {"rates": [good, rate]})
    assert (answer.status, answer.said) == (400, said)
    assert shop.get(RATES) == before


VALUE = "package_value_with_discount"
ROWS = [
    {"country": "US", "region": "TX", "postcode": "*", "from": "0", "price": "4.90"},
    {"country": "*", "region": "*", "postcode": "*", "from": "0", "price": "20"},
    {"country": "US", "region": "*", "postcode": "*", "from": "50", "price": "0"},
    {"country": "US", "region": "*", "postcode": "*", "from": "0", "price": "9.95"},
]


def table(shop: Shop, condition: str = VALUE) -> list[tuple[str, str, str, float, float]]:
    """Return a table with its numbers as numbers."""
    return [
        (one["country"], one["region"], one["postcode"], float(one["from"]), float(one["price"]))
        for one in shop.get(f"{TABLES}/{SITE}/{condition}")
    ]


def test_table_rates_are_replaced_as_a_whole(shop: Shop) -> None:
    body = {"website": SITE, "condition": VALUE, "rows": ROWS}
    shop.send("PUT", TABLES, {**body, "rows": []})
    first = shop.send("PUT", TABLES, body)
    again = shop.send("PUT", TABLES, {**body, "rows": ROWS[::-1]})
    assert (first["changed"], first["count"]) == (True, 4)
    assert (again["changed"], again["checksum"]) == (False, first["checksum"])
    assert len(first["checksum"]) == 64
    assert table(shop) == [
        ("*", "*", "*", 0, 20),
        ("US", "*", "*", 0, 9.95),
        ("US", "*", "*", 50, 0),
        ("US", "TX", "*", 0, 4.9),
    ]
    assert table(shop, "package_qty") == []
    fewer = shop.send("PUT", TABLES, {**body, "rows": ROWS[:1]})
    assert (fewer["changed"], fewer["count"]) == (True, 1)
    assert table(shop) == [("US", "TX", "*", 0, 4.9)]


NUMBER = (
    '"{}" must be a number of at least zero with eight digits before and four after the point,'
    ' not "{}".'
)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param({"country": "XX"}, 'Unknown country "XX".', id="unknown country"),
        pytest.param({"region": "ZZ"}, 'Country "US" has no region "ZZ".', id="unknown region"),
        pytest.param({"price": "-1"}, NUMBER.format("price", "-1"), id="negative price"),
        pytest.param({"from": "abc"}, NUMBER.format("from", "abc"), id="no number"),
        pytest.param(
            {"postcode": "x" * 11},
            f'Postcode "{"x" * 11}" is longer than 10 characters.',
            id="long postcode",
        ),
        pytest.param({}, "Given twice.", id="given twice"),
    ],
)
def test_one_bad_row_changes_no_table(shop: Shop, wrong: dict[str, str], said: str) -> None:
    body = {"website": SITE, "condition": VALUE, "rows": ROWS}
    shop.send("PUT", TABLES, body)
    before = table(shop)
    answer = shop.call("PUT", f"/rest{TABLES}", {**body, "rows": [*ROWS[:2], {**ROWS[0], **wrong}]})
    assert answer.status == 422
    assert answer.said == "1 of 3 rows are invalid; nothing was applied."
    assert [filled(one) for one in answer.body["errors"]] == [f"Row 3: {said}"]
    assert table(shop) == before


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        pytest.param(
            {"website": "nowebsite"},
            404,
            "The website with code nowebsite that was requested wasn't found. "
            "Verify the website and try again.",
            id="website",
        ),
        pytest.param(
            {"condition": "nope"},
            400,
            "Condition must be package_weight, package_value_with_discount, package_qty,"
            ' not "nope".',
            id="condition",
        ),
    ],
)
def test_a_table_of_nobody_is_refused(
    shop: Shop, change: dict[str, str], status: int, said: str
) -> None:
    body = {"website": SITE, "condition": VALUE, "rows": ROWS, **change}
    written = shop.call("PUT", f"/rest{TABLES}", body)
    assert (written.status, written.said) == (422, said)
    assert [filled(one) for one in written.body["errors"]] == [said]
    read = shop.call("GET", f"/rest{TABLES}/{body['website']}/{body['condition']}")
    assert (read.status, read.said) == (status, said)


def test_a_cart_is_quoted_from_the_table(shop: Shop) -> None:
    shop.product(VIEW, "contract-mug", 20)
    shop.send("PUT", TABLES, {"website": SITE, "condition": VALUE, "rows": ROWS})
    settings = [
        here("carriers/tablerate/active", "1"),
        here("carriers/tablerate/condition_name", VALUE),
        here("carriers/flatrate/active", "0"),
    ]
    with shop.restoring(settings):
        shop.apply(*settings)
        quotes = {}
        for qty, place in ((1, {"country_id": "US", "region_id": 57}), (1, {"country_id": "US"}),
                           (3, {"country_id": "US"}), (1, {"country_id": "DE"})):  # fmt: skip
            path = shop.cart(VIEW, "contract-mug", qty)
            body = {"address": {"postcode": "78701", **place}}
            offers = shop.call("POST", f"{path}/estimate-shipping-methods", body, token=None).body
            quotes[qty, place["country_id"], "region_id" in place] = [
                (one["carrier_code"], one["method_code"], float(one["amount"])) for one in offers
            ]
    assert quotes == {
        (1, "US", True): [("tablerate", "bestway", 4.9)],
        (1, "US", False): [("tablerate", "bestway", 9.95)],
        (3, "US", False): [("tablerate", "bestway", 0)],
        (1, "DE", False): [("tablerate", "bestway", 20)],
    }
