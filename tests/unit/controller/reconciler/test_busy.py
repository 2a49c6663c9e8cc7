"""A shop that asks to be left alone is left alone for as long as it asks."""

import pytest
from sqlalchemy import select

from controller.domain.errors.shops import ShopBusyError, ShopFailingError, ShopUnreachableError
from controller.domain.notes import Note
from controller.reconciler.outcome import Waiting, outcome_of
from controller.registry.session import epoch_now
from controller.registry.tables import StoreRow, table
from tests.fakes import FakeShop
from tests.planes import Plane

_stores = table(StoreRow)


@pytest.mark.parametrize(
    ("error", "after"),
    [
        pytest.param(ShopBusyError(retry_after=90), 90.0, id="busy"),
        pytest.param(ShopFailingError(detail="500"), 0.0, id="failing"),
    ],
)
def test_what_a_shop_asks_for_is_part_of_the_outcome(
    error: ShopUnreachableError, after: float
) -> None:
    assert outcome_of(error) == Waiting(note=Note.of_error(error), after=after)


def test_a_busy_shop_is_not_asked_before_it_said(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane.make()
    uid = plane.get("stores/acme").json()["metadata"]["uid"]

    def busy(_shop: FakeShop) -> None:
        raise ShopBusyError(retry_after=90)

    monkeypatch.setattr(FakeShop, "look", busy)
    plane.post("stores/acme/suspend")
    plane.settle()
    query = select(_stores.c.due_at - epoch_now()).where(_stores.c.uid == uid)
    with plane.registry.database.read() as connection:
        assert connection.execute(query).scalar_one() >= 89
    conditions = plane.get("stores/acme").json()["status"]["conditions"]
    assert "ShopBusy" in {item["reason"] for item in conditions}
