"""`storectl order`: what is printed where, what is sent, and the exit codes."""

import pytest

from tests.unit.cli.fake_control_plane import FakeApi
from tests.unit.cli.runner import Storectl

UPS = ("--carrier", "ups", "--number", "1Z999AA10123456784")


@pytest.fixture
def order(api: FakeApi) -> str:
    api.orders.add("000000012", stoneware_mug=2, green_tea=1)
    return "000000012"


def test_list_prints_orders_newest_first_over_short_pages(
    connected: Storectl, api: FakeApi
) -> None:
    for number in range(1, 6):
        api.orders.add(f"{number:09d}", green_tea=number)
    outcome = connected("order", "list", "acme", "--limit", "4", "--status", "pending", "--tests")
    assert outcome.code == 0
    heading, *rows = outcome.out.splitlines()
    assert heading.split()[:4] == ["NUMBER", "STATUS", "CUSTOMER", "ITEMS"]
    assert [row.split()[0] for row in rows] == [f"{number:09d}" for number in (5, 4, 3, 2)]
    assert "5 × green-tea" in rows[0]
    assert "39.90 EUR" in rows[0]
    assert [query["limit"] for query in api.orders.asked] == [["4"], ["2"]]
    assert api.orders.asked[0]["status"] == ["pending"]
    assert api.orders.asked[0]["tests"] == ["true"]
    names = connected("order", "list", "acme", "-o", "name").out.split()
    assert names == [f"{number:09d}" for number in (5, 4, 3, 2, 1)]
    assert connected("order", "list", "acme", "-o", "json").json[0]["kind"] == "Order"


def test_list_without_orders_says_so_on_the_other_stream(connected: Storectl) -> None:
    outcome = connected("order", "list", "acme")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "There are no orders.\n")


def test_get_prints_everything_and_what_can_follow(
    connected: Storectl, api: FakeApi, order: str
) -> None:
    connected("order", "ship", "acme", order, *UPS, "--item", "stoneware-mug=1")
    outcome = connected("order", "get", "acme", order)
    assert outcome.code == 0
    for text in (
        "Ann Buyer <ann@example.com>",
        "Ann Buyer, Hauptstr. 1, 10115 Berlin, DE",
        "Discount  -1.00",
        "39.90 EUR",
        "1 × stoneware-mug",
        "https://www.ups.com/track?tracknum=1Z999AA10123456784",
        f"storectl order ship acme {order}",
        f"storectl order track acme {order}",
    ):
        assert " ".join(text.split()) in " ".join(outcome.out.split())
    assert "Tax" not in outcome.out
    assert connected("order", "get", "acme", order, "-o", "json").json == api.orders.orders[order]
    assert connected("order", "get", "acme", order, "-o", "name").out == f"{order}\n"


def test_taxes_that_were_due_together_are_printed_one_by_one(
    connected: Storectl, api: FakeApi, order: str
) -> None:
    api.orders.orders[order]["spec"] |= {
        "tax": "5.39",
        "taxes": [
            {"name": "GST", "percent": "5", "amount": "1.80"},
            {"name": "QST", "percent": "9.975", "amount": "3.59"},
        ],
    }
    printed = " ".join(connected("order", "get", "acme", order).out.split())
    assert "Tax 5.39 GST (5 %) 1.80 QST (9.975 %) 3.59 Total" in printed


def test_ship_sends_what_was_given_and_prints_the_parcel(
    connected: Storectl, api: FakeApi, order: str
) -> None:
    items = ("--item", "stoneware-mug=1", "--item", "green-tea=1.5")
    outcome = connected("order", "ship", "acme", order, *UPS, *items, "--notify")
    assert outcome.code == 0
    assert api.orders.bodies == [
        {
            "carrier": "ups",
            "number": "1Z999AA10123456784",
            "title": "UPS",
            "notify": True,
            "items": [
                {"sku": "stoneware-mug", "quantity": 1},
                {"sku": "green-tea", "quantity": 1.5},
            ],
        }
    ]
    assert outcome.out.splitlines() == [
        "Shipment 5 of order 000000012: 1 × stoneware-mug, 1.5 × green-tea",
        "  UPS  1Z999AA10123456784  https://www.ups.com/track?tracknum=1Z999AA10123456784",
    ]
    assert outcome.err == ""


def test_ship_again_is_success_and_says_so(connected: Storectl, order: str) -> None:
    first = connected("order", "ship", "acme", order, *UPS)
    again = connected("order", "ship", "acme", order, *UPS)
    assert (again.code, again.out) == (0, first.out)
    assert again.err == "Nothing to do: it was recorded before.\n"
    assert connected("order", "ship", "acme", order, *UPS, "-o", "name").out == "5\n"
    assert connected("order", "ship", "acme", order, *UPS, "-o", "json").json["kind"] == "Shipment"


def test_track_finds_the_only_shipment(connected: Storectl, api: FakeApi, order: str) -> None:
    connected("order", "ship", "acme", order, *UPS)
    gls = ("--carrier", "custom", "--title", "GLS", "--number", "4711")
    outcome = connected("order", "track", "acme", order, *gls)
    assert outcome.code == 0
    assert outcome.out.splitlines()[2] == "  GLS  4711"
    assert connected("order", "track", "acme", order, *gls).err.startswith("Nothing to do")
    assert api.orders.bodies[-1] == {"carrier": "custom", "number": "4711", "title": "GLS"}


def test_track_asks_which_of_several_shipments(connected: Storectl, order: str) -> None:
    none = connected("order", "track", "acme", order, "--carrier", "dhl", "--number", "1")
    assert none.code == 5
    assert f"storectl order ship acme {order}" in none.err
    connected("order", "ship", "acme", order, *UPS, "--item", "green-tea=1")
    connected("order", "ship", "acme", order, "--carrier", "dhl", "--number", "2")
    which = connected("order", "track", "acme", order, "--carrier", "dhl", "--number", "3")
    assert (which.code, which.out) == (5, "")
    assert "has several shipments: 5, 6" in which.err
    # A number that is known needs no choice.
    assert connected("order", "track", "acme", order, "--carrier", "dhl", "--number", "2").code == 0
    dhl = ("--carrier", "dhl", "--number", "3", "--shipment", "6")
    assert connected("order", "track", "acme", order, *dhl, "-o", "name").out == "6\n"


@pytest.mark.parametrize(
    ("argv", "code", "told"),
    [
        pytest.param(("--carrier", "pigeon", "--number", "1"), 2, "pigeon", id="carrier"),
        pytest.param(("--carrier", "ups"), 2, "--number is missing", id="no-number"),
        pytest.param(("--carrier", "ups", "--number", "<x>"), 2, "no tracking", id="number"),
        pytest.param(("--carrier", "custom", "--number", "1"), 2, "needs a name", id="title"),
        pytest.param((*UPS, "--item", "mug"), 2, "SKU=QUANTITY", id="item"),
        pytest.param((*UPS, "--item", "mug=NaN"), 2, "SKU=QUANTITY", id="nan"),
        pytest.param((*UPS, "--item", "mug=-1"), 2, "SKU=QUANTITY", id="negative"),
    ],
)
def test_what_cannot_be_meant_is_not_sent(
    connected: Storectl, api: FakeApi, order: str, argv: tuple[str, ...], code: int, told: str
) -> None:
    outcome = connected("order", "ship", "acme", order, *argv)
    assert (outcome.code, outcome.out) == (code, "")
    assert told.replace("no tracking", "not a tracking") in outcome.err
    assert api.requests == []


def test_refusals_have_their_exit_codes(connected: Storectl, order: str) -> None:
    missing = connected("order", "get", "acme", "999")
    assert (missing.code, missing.out) == (3, "")
    assert "→ “storectl order list acme” shows the orders there are." in missing.err
    connected("order", "ship", "acme", order, *UPS)
    sent = connected("order", "ship", "acme", order, "--carrier", "dhl", "--number", "2")
    assert sent.code == 5
    assert "Nothing of order 000000012 is left to be sent" in sent.err
    named = connected("order", "track", "acme", order, *UPS[:2], "--number", "8", "--shipment", "9")
    assert named.code == 3


def test_what_customers_wrote_cannot_steer_the_terminal(connected: Storectl, api: FakeApi) -> None:
    api.orders.add("1", tea=1)
    api.orders.orders["1"]["spec"]["customer"] = "\x1b[2JEve [bold]"
    for argv in (("list", "acme"), ("get", "acme", "1")):
        outcome = connected("order", *argv)
        assert "\x1b" not in outcome.out
        assert "Eve [bold]" in outcome.out
