"""How soon something is looked at again: ever later for one cause, soon for a new one."""

import random

import pytest
from sqlalchemy import select

from controller.domain.errors.base import StoreControllerError
from controller.domain.errors.shops import ShopGatewayError, ShopStartingError
from controller.reconciler import stack_steps
from controller.registry.session import epoch_now
from controller.registry.tables import StackRow, table
from tests.planes import Plane

_stacks = table(StackRow)


@pytest.fixture(autouse=True)
def latest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody stays with what is starting, and every pause is as long as it may be."""
    monkeypatch.setattr(stack_steps, "_AWAIT_SECONDS", 0)
    monkeypatch.setattr(random, "uniform", lambda _, ceiling: ceiling)


def seconds_until_a_look(plane: Plane) -> float:
    """In how many seconds the only stack is looked at, after it was looked at now."""
    plane.look_again()
    with plane.registry.database.read() as connection:
        due: float = connection.execute(select(_stacks.c.due_at - epoch_now())).scalar_one()
    return due


def meeting(plane: Plane, error: StoreControllerError, times: int) -> list[float]:
    plane.engine.barred = error
    return [seconds_until_a_look(plane) for _ in range(times)]


def test_who_waits_for_something_new_looks_again_soon(plane: Plane) -> None:
    plane.engine.barred = ShopGatewayError(answer="503", detail="no server")
    plane.make()
    waits = meeting(plane, plane.engine.barred, 12)
    assert waits[0] < 1
    assert 50 < waits[-1] <= 60
    assert meeting(plane, ShopStartingError(), 1)[0] < 1


def test_two_causes_that_come_in_turns_are_no_way_to_ask_without_end(plane: Plane) -> None:
    plane.engine.barred = ShopStartingError()
    plane.make()
    for _ in range(12):
        meeting(plane, ShopGatewayError(answer="503", detail="no server"), 1)
        meeting(plane, ShopStartingError(), 1)
    assert meeting(plane, ShopStartingError(), 1)[0] > 50


def test_what_goes_through_begins_anew(plane: Plane) -> None:
    plane.engine.barred = ShopStartingError()
    plane.make()
    meeting(plane, ShopStartingError(), 12)
    plane.engine.barred = None
    plane.look_again()
    assert plane.get("stores/acme").json()["status"]["phase"] == "Ready"
    assert meeting(plane, ShopStartingError(), 1)[0] < 1
