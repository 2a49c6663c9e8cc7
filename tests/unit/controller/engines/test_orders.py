"""A shop's orders: listed without test purchases, shipped once, tracked, refused in its words."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from controller.api.order_resources import order_json
from controller.domain.conditions import Desired, Phase
from controller.domain.errors.base import StoreControllerError
from controller.domain.errors.orders import (
    NothingToShipError,
    OrderNotFoundError,
    ShipmentDiffersError,
    ShipmentNotFoundError,
    ShipmentRefusedError,
    ShipmentUnsureError,
    TooManyItemsError,
    UnknownOrderItemError,
)
from controller.domain.errors.requests import BadRequestError
from controller.domain.errors.shops import (
    ShopBusyError,
    ShopDeniedError,
    ShopFailingError,
    ShopUnreachableError,
    ShopUnreadableError,
    WrongShopError,
)
from controller.domain.orders import (
    Order,
    OrderQuery,
    Parcel,
    ShippedItem,
    Track,
    TrackingCarrier,
    new_track,
)
from controller.domain.store import Store, StoreStatus
from controller.engines.orders import OrderDesk
from controller.engines.shopper import PROBE_EMAIL
from sandbox import orders as shop_orders
from sandbox.shop import Shop
from tests import factories
from tests.sandbox_rest import Fault, SandboxRest, buy, probe
from tests.unit.sandbox.conftest import shop  # noqa: F401 -- a fixture.

UPS = new_track(TrackingCarrier.UPS, "1Z999AA10123456784")
DHL = new_track(TrackingCarrier.DHL, "00340434161094042557")
GLS = new_track(TrackingCarrier.CUSTOM, "GLS-1", "GLS")


def store() -> Store:
    now = datetime.now(UTC)
    return Store(
        uid="store1",
        tenant="tenant1",
        owner="owner@example.com",
        stack="stack1",
        generation=1,
        desired=Desired.ACTIVE,
        spec=factories.spec(),
        status=StoreStatus(phase=Phase.READY),
        operation=None,
        created_at=now,
        updated_at=now,
    )


class Desk(OrderDesk):
    """A desk that remembers when it was about to write."""

    def __init__(self, rest: SandboxRest) -> None:
        super().__init__(rest, store(), lambda: None)
        self.rest = rest
        self.before: list[int] = []

    def ready(self) -> None:
        self.before.append(len(self.rest.writes))

    def send(self, number: str, track: Track = UPS, **items: int) -> tuple[str, bool]:
        wanted = {sku.replace("_", "-"): Decimal(count) for sku, count in items.items()}
        found = self.ship(number, Parcel(track=track, items=wanted), self.ready)
        return found.shipment.id, found.new


@pytest.fixture
def desk(shop: Shop) -> Desk:  # noqa: F811
    return Desk(SandboxRest(shop))


@pytest.fixture
def number(shop: Shop) -> str:  # noqa: F811
    return buy(shop, stoneware_mug=2, green_tea=1)


def left(order: Order) -> dict[str, Decimal]:
    return {item.sku: item.left for item in order.items}


# --- reading --------------------------------------------------------------------------------------


def test_an_order_says_what_its_tax_is_made_of(desk: Desk, shop: Shop) -> None:  # noqa: F811
    for priority, percent in enumerate(("5", "9.975")):
        rate = shop.db.execute(
            "INSERT INTO tax_rate (code, country, region_id, postcode, rate)"
            " VALUES (?, 'US', 0, '*', ?)",
            (f"tax {priority}", percent),
        ).lastrowid
        shop.db.execute(
            "INSERT INTO tax_rule (code, priority, position, calculate_subtotal, customer_classes,"
            " product_classes, rates) VALUES (?, ?, 0, 1, '[3]', '[2]', ?)",
            (f"rule {priority}", priority, f"[{rate}]"),
        )
    order = desk.get(buy(shop, stoneware_mug=2))
    assert [(tax.name, tax.percent, tax.amount) for tax in order.taxes] == [
        ("tax 0", Decimal(5), Decimal("1.80")),
        ("tax 1", Decimal("9.975"), Decimal("3.59")),
    ]
    assert order.tax == Decimal("5.39")
    assert order_json(order)["spec"]["taxes"][1] == {
        "name": "tax 1",
        "percent": "9.975",
        "amount": "3.59",
    }


def test_an_order_says_who_bought_what_and_where_it_goes(desk: Desk, number: str) -> None:
    order = desk.get(number)
    assert (order.number, order.state, order.email) == (number, "new", "ann@example.com")
    assert order.customer == "Ann Buyer"
    assert order.created_at.tzinfo is UTC
    assert order.total == order.subtotal + order.shipping
    assert f"{order.total:f}".partition(".")[2].isdigit()
    assert order.ship_to is not None
    assert (order.ship_to.street, order.ship_to.country) == (("1 Main St",), "US")
    assert [(item.sku, item.ordered, item.left) for item in order.items] == [
        ("stoneware-mug", 2, 2),
        ("green-tea", 1, 1),
    ]


def test_orders_come_newest_first_page_by_page(desk: Desk, shop: Shop) -> None:  # noqa: F811
    numbers = [buy(shop, green_tea=1) for _ in range(5)]
    seen: list[str] = []
    after: str | None = None
    pages = 0
    while True:
        page = desk.page(OrderQuery(limit=2, after=after))
        seen += [order.number for order in page.orders]
        pages += 1
        if page.next is None:
            break
        after = page.next
    assert seen == numbers[::-1]
    assert pages == 3


def test_test_purchases_are_left_out_unless_asked_for(desk: Desk, shop: Shop) -> None:  # noqa: F811
    first = buy(shop, green_tea=1)
    # Older ones were placed in the owner's name: those are told by what was bought.
    tests = [probe(shop, email) for email in (PROBE_EMAIL, "owner@example.com", PROBE_EMAIL)]
    last = buy(shop, "owner@example.com", green_tea=1)
    page = desk.page(OrderQuery(limit=2))
    assert [order.number for order in page.orders] == [last, first]
    shown = desk.page(OrderQuery(tests=True))
    assert [order.number for order in shown.orders] == [last, *tests[::-1], first]
    canceled = desk.page(OrderQuery(status="canceled"))
    assert canceled.orders == ()


def test_a_long_row_of_test_purchases_does_not_hold_a_page_up(
    desk: Desk,
    shop: Shop,  # noqa: F811
) -> None:
    first = buy(shop, green_tea=1)
    for _ in range(7):
        probe(shop, "owner@example.com")
    page = desk.page(OrderQuery(limit=1))
    assert page.orders == ()
    assert page.next is not None
    following = desk.page(OrderQuery(limit=1, after=page.next))
    assert [order.number for order in following.orders] == [first]


def test_orders_are_found_by_status(desk: Desk, shop: Shop, number: str) -> None:  # noqa: F811
    buy(shop, green_tea=1)
    desk.send(number)
    found = desk.page(OrderQuery(status="processing"))
    assert [order.number for order in found.orders] == [number]


@pytest.mark.parametrize("after", ["", "x", "-1", "1 OR 1", "٣"])
def test_a_cursor_that_we_did_not_give_is_refused(desk: Desk, after: str) -> None:
    with pytest.raises(BadRequestError):
        desk.page(OrderQuery(after=after))


@pytest.mark.parametrize("number", ["999999999", "", "a&searchCriteria[pageSize]=0", "%", "é\n"])
def test_a_number_that_is_not_there_is_not_found(desk: Desk, number: str) -> None:
    for ask in (desk.get, desk.shipments, desk.send):
        with pytest.raises(OrderNotFoundError):
            ask(number)
    assert desk.rest.writes == []


# --- shipping -------------------------------------------------------------------------------------


def test_an_order_is_shipped_in_parts_by_sku(desk: Desk, number: str) -> None:
    first, new = desk.send(number, UPS, stoneware_mug=1)
    assert new
    assert left(desk.get(number)) == {"stoneware-mug": 1, "green-tea": 1}
    second, _ = desk.send(number, DHL)
    assert left(desk.get(number)) == {"stoneware-mug": 0, "green-tea": 0}
    sent = desk.shipments(number)
    assert [shipment.id for shipment in sent] == [first, second]
    assert [(item.sku, item.quantity) for item in sent[0].items] == [("stoneware-mug", 1)]
    assert {item.sku for item in sent[1].items} == {"stoneware-mug", "green-tea"}
    assert sent[0].tracks == (UPS,)
    assert sent[1].tracks == (DHL,)
    assert desk.get(number).shipments == sent
    # Each write was announced, before it was sent.
    assert desk.before == [0, 1]


def test_the_same_parcel_again_changes_nothing(desk: Desk, number: str) -> None:
    first, _ = desk.send(number, UPS, stoneware_mug=1)
    spelled = new_track(TrackingCarrier.UPS, "1z 999-aa1 0123456784")
    assert desk.send(number, spelled, stoneware_mug=1) == (first, False)
    assert desk.send(number, UPS) == (first, False)
    assert len(desk.rest.writes) == len(desk.before) == 1
    with pytest.raises(ShipmentDiffersError):
        desk.send(number, UPS, green_tea=1)
    # Another carrier may have the same number.
    other = new_track(TrackingCarrier.FEDEX, UPS.number)
    assert desk.send(number, other, green_tea=1)[1]


def test_one_sku_in_two_lines_is_taken_from_both(
    desk: Desk,
    shop: Shop,  # noqa: F811
    number: str,
) -> None:
    shop.db.execute("UPDATE order_item SET sku = 'stoneware-mug'")
    desk.send(number, UPS, stoneware_mug=3)
    assert desk.get(number).left == 0


@pytest.mark.parametrize(
    ("items", "error", "told"),
    [
        pytest.param({"linen": 1}, UnknownOrderItemError, "no item “linen”", id="not-ordered"),
        pytest.param({"green_tea": 2}, TooManyItemsError, "1 can still be sent, not 2", id="more"),
    ],
)
def test_what_the_order_does_not_have_is_refused_before_anything_is_written(
    desk: Desk, number: str, items: dict[str, int], error: type[StoreControllerError], told: str
) -> None:
    with pytest.raises(error, match=told):
        desk.send(number, UPS, **items)
    assert desk.rest.writes == desk.before == []


def test_an_order_that_is_sent_or_cancelled_has_nothing_to_ship(
    desk: Desk,
    shop: Shop,  # noqa: F811
    number: str,
) -> None:
    desk.send(number)
    with pytest.raises(NothingToShipError, match="processing"):
        desk.send(number, DHL)
    other = buy(shop, green_tea=1)
    assert shop_orders.cancel(shop.db, int(desk.get(other).id))
    with pytest.raises(NothingToShipError, match="canceled"):
        desk.send(other)
    assert len(desk.rest.writes) == 1


def test_a_refusal_is_said_in_the_shops_words(
    desk: Desk,
    shop: Shop,  # noqa: F811
    number: str,
) -> None:
    shop.db.execute("UPDATE orders SET state = 'holded'")
    with pytest.raises(ShipmentRefusedError, match="does not allow a shipment"):
        desk.send(number)


def test_nothing_is_asked_of_another_shop(shop: Shop) -> None:  # noqa: F811
    def check() -> None:
        raise WrongShopError(endpoint="http://127.0.0.1:1")

    rest = SandboxRest(shop)
    other = OrderDesk(rest, store(), check)
    calls: list[Callable[[], object]] = [
        lambda: other.page(OrderQuery()),
        lambda: other.get("1"),
        lambda: other.shipments("1"),
        lambda: other.ship("1", Parcel(track=UPS), check),
        lambda: other.track("1", "1", UPS, check),
    ]
    for call in calls:
        with pytest.raises(WrongShopError):
            call()
    assert rest.asked == []


# --- tracking -------------------------------------------------------------------------------------


def test_a_number_is_added_once_to_a_shipment(desk: Desk, number: str) -> None:
    shipment, _ = desk.send(number)
    added = desk.track(number, shipment, GLS, desk.ready)
    assert added.new
    assert added.shipment.tracks == (UPS, GLS)
    again = desk.track(number, shipment, GLS, desk.ready)
    assert (again.new, again.shipment) == (False, added.shipment)
    assert desk.before == [0, 1]


def test_a_shipment_of_another_order_is_not_there(
    desk: Desk,
    shop: Shop,  # noqa: F811
    number: str,
) -> None:
    shipment, _ = desk.send(number)
    other = buy(shop, green_tea=1)
    for wrong in (shipment, "999", "x"):
        with pytest.raises(ShipmentNotFoundError):
            desk.track(other, wrong, GLS, desk.ready)
    assert len(desk.rest.writes) == 1


def test_carriers_that_we_do_not_know_are_custom_ones(
    desk: Desk,
    shop: Shop,  # noqa: F811
    number: str,
) -> None:
    desk.send(number)
    shop.db.execute("UPDATE track SET carrier_code = 'gls', title = 'GLS'")
    [track] = desk.shipments(number)[0].tracks
    assert (track.carrier, track.title, track.url) == (TrackingCarrier.CUSTOM, "GLS", None)


# --- faults ---------------------------------------------------------------------------------------


BROKE = ShopUnreachableError(detail="no whole answer in 30 s")


def test_an_answer_that_got_lost_is_looked_for(desk: Desk, number: str) -> None:
    desk.rest.faults = [Fault("POST", BROKE, done=True)]
    shipment, new = desk.send(number)
    assert new
    assert [found.id for found in desk.shipments(number)] == [shipment]


def test_a_doubt_that_stays_is_said_and_repeating_is_safe(desk: Desk, number: str) -> None:
    failing = ShopFailingError(detail="500")
    desk.rest.faults = [Fault("POST", failing)]
    with pytest.raises(ShipmentUnsureError, match="500"):
        desk.send(number, UPS, green_tea=1)
    assert desk.send(number, UPS, green_tea=1)[1]
    assert len(desk.shipments(number)) == 1


def test_a_shop_that_cannot_be_asked_after_the_write_leaves_a_doubt(
    desk: Desk, number: str
) -> None:
    def fail() -> None:
        desk.rest.faults = [Fault("GET", BROKE)]

    with pytest.raises(ShipmentUnsureError):
        desk.ship(number, Parcel(track=UPS), fail)
    assert desk.send(number)[1] is False


@pytest.mark.parametrize("error", [ShopBusyError(retry_after=3), ShopDeniedError()])
def test_what_was_surely_not_done_is_no_doubt(
    desk: Desk, number: str, error: ShopUnreachableError
) -> None:
    desk.rest.faults = [Fault("POST", error)]
    with pytest.raises(type(error)):
        desk.send(number)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param([], id="list"),
        pytest.param({"items": [{"entity_id": 1}]}, id="half"),
        pytest.param({"items": "x"}, id="text"),
        pytest.param(
            {"items": [{"entity_id": 1, "increment_id": "1", "order_currency_code": "EUR",
                        "created_at": "yesterday", "items": []}]},
            id="time",
        ),
    ],
)  # fmt: skip
def test_an_order_of_another_form_is_unreadable(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    monkeypatch.setattr(desk.rest, "call", lambda *_: answer)
    with pytest.raises(ShopUnreadableError, match="orders"):
        desk.page(OrderQuery())


def test_magentos_configured_and_downloadable_lines_are_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    line = {"item_id": 1, "sku": "shirt-xl", "price": 20, "qty_ordered": 2, "product_type": "x"}
    found = {
        "entity_id": 7,
        "increment_id": "000000007",
        "order_currency_code": "JPY",
        "created_at": "2026-11-22 07:29:34",
        "grand_total": 2500,
        "customer_firstname": None,
        "billing_address": {"firstname": "Ann", "lastname": "Buyer"},
        "items": [
            {**line, "product_type": "configurable", "qty_shipped": 1, "qty_refunded": 0},
            {**line, "item_id": 2, "parent_item_id": 1},
            {**line, "item_id": 3, "sku": "song", "product_type": "downloadable", "is_virtual": 1},
            {**line, "item_id": 4, "sku": "cup", "qty_refunded": 1, "qty_canceled": 1},
        ],
    }
    monkeypatch.setattr(
        desk.rest, "call", lambda _, path: {"items": [found] if "/orders" in path else None}
    )
    order = desk.get("000000007")
    assert left(order) == {"shirt-xl": 1, "song": 0, "cup": 0}
    assert (order.customer, str(order.total), order.ship_to) == ("Ann Buyer", "2500", None)


# --- words ----------------------------------------------------------------------------------------


def test_known_carriers_have_a_page_and_a_name() -> None:
    assert UPS.url == "https://www.ups.com/track?tracknum=1Z999AA10123456784"
    assert new_track(TrackingCarrier.FEDEX, " 7946 0000 1234 ").title == "FedEx"
    spaced = new_track(TrackingCarrier.USPS, "9400 1/2")
    assert spaced.url == "https://tools.usps.com/go/TrackConfirmAction?tLabels=94001%2F2"
    assert GLS.url is None


@pytest.mark.parametrize("number", ["", " ", "a\nb", "<script>", "é", "x" * 65, "-", "1;2"])
def test_what_is_no_tracking_number_is_refused(number: str) -> None:
    with pytest.raises(StoreControllerError) as caught:
        new_track(TrackingCarrier.DHL, number)
    assert caught.value.code == "invalid_tracking_number"


@pytest.mark.parametrize("title", [None, "", "  ", "a\x07b", "x" * 81])
def test_a_carrier_of_ones_own_needs_a_name(title: str | None) -> None:
    with pytest.raises(StoreControllerError) as caught:
        new_track(TrackingCarrier.CUSTOM, "1", title)
    assert caught.value.code == "carrier_title_missing"


def test_items_of_a_shipment_have_names(desk: Desk, number: str) -> None:
    desk.send(number, UPS, green_tea=1)
    [item] = desk.shipments(number)[0].items
    assert isinstance(item, ShippedItem)
    assert item.name
