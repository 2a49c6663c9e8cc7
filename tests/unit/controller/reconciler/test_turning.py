"""A store that stops being ready by itself is told of, once, and so is that it is ready again."""

from typing import Any

import pytest
from sqlalchemy import update

from controller.domain.conditions import merge, unmet
from controller.domain.errors.shops import ShopUnreachableError
from controller.engines.base import ShopSeen
from controller.registry.rows import conditions_column
from controller.registry.session import utcnow
from controller.registry.tables import StackRow, table
from tests.fakes import FakeShop
from tests.planes import Plane


def told(plane: Plane) -> list[tuple[str, str]]:
    events: list[dict[str, Any]] = plane.get("stores/acme/events").json()["items"]
    return [(one["severity"], one["reason"]) for one in events]


def test_getting_worse_and_better_is_told_once_each(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane.make()
    with monkeypatch.context() as patch:

        def mute(_shop: FakeShop) -> ShopSeen:
            raise ShopUnreachableError(detail="no whole answer in 5 s")

        patch.setattr(FakeShop, "look", mute)
        for _ in range(3):
            plane.look_again()
        assert plane.get("stores/acme").json()["status"]["ready"] is False
        assert told(plane).count(("Warning", "ShopUnreachable")) == 1
    plane.look_again()
    assert plane.get("stores/acme").json()["status"]["ready"] is True
    assert told(plane).count(("Normal", "ReadyAgain")) == 1


def test_what_the_shop_says_is_wrong_with_it_keeps_it_from_being_ready(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane.make()
    look = FakeShop.look

    def full(shop: FakeShop) -> ShopSeen:
        seen = look(shop)
        return ShopSeen(**{**vars(seen), "failing": {"disk": "database or disk is full"}})

    monkeypatch.setattr(FakeShop, "look", full)
    plane.look_again()
    status = plane.get("stores/acme").json()["status"]
    selling = {item["type"]: item for item in status["conditions"]}["Selling"]
    assert (status["ready"], selling["reason"]) == (False, "ShopCannotWrite")
    cause = plane.get("stores/acme/why").json()["status"]["cause"]
    assert cause["code"] == "shop_cannot_write"
    assert "database or disk is full" in cause["message"]


def test_a_shop_that_hangs_is_ended_started_and_counted(plane: Plane) -> None:
    plane.make()
    (name,) = plane.driver.held
    silent = merge({}, [unmet("Answering", "ShopSilent")], utcnow().replace(year=2025))
    known = plane.registry.stores.stack(name)
    assert known is not None
    with plane.registry.database.write() as connection:
        values = {"conditions": conditions_column({**known.conditions, **silent})}
        connection.execute(update(table(StackRow)).values(values))
    plane.engine.silent = True
    try:
        plane.look_again()
    finally:
        plane.engine.silent = False
    log = plane.driver.held[name].log
    assert "stopped" in log
    assert log[-1].startswith("started")
    plane.look_again()
    assert plane.get("stores/acme").json()["status"]["ready"] is True
    assert told(plane).count(("Warning", "ShopHung")) == 1
    after = plane.registry.stores.stack(name)
    assert after is not None
    assert after.conditions["Steady"].note.params["times"] == 1
