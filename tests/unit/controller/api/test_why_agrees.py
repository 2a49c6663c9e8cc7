"""What `why` says on top never contradicts what it says below, whatever was found."""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from controller.domain.tenant import Scope
from controller.registry.rows import dump
from controller.registry.session import epoch_now
from controller.registry.tables import OperationRow, StackRow, StoreRow, table
from provisioners.base import DriverFailure
from tests.planes import Plane

_stores, _stacks, _operations = table(StoreRow), table(StackRow), table(OperationRow)
KINDS = ("Bound", "Routed", "Configured", "Selling")
REASONS = ("NotProven", "ShopUnreachable", "StackNotReady", "ShopCannotWrite", "Drifted")


def condition(kind: str, reason: str | None) -> dict[str, Any]:
    params = {"detail": "d", "fields": "f", "total": "1", "url": "u", "website": "w"}
    return {
        "type": kind,
        "status": "True" if reason is None else "False",
        "reason": reason or "Proven",
        "params": params,
        "lastTransitionTime": "2026-11-30T10:00:00Z",
    }


@st.composite
def states(draw: st.DrawFn) -> dict[str, Any]:
    """How a store, its operation, its release and its watch may stand to each other."""
    return {
        "unmet": draw(st.dictionaries(st.sampled_from(KINDS), st.sampled_from(REASONS))),
        "behind": draw(st.booleans()),
        "operation": draw(st.sampled_from(["succeeded", "failed", "superseded", "running"])),
        "code": draw(st.sampled_from(["deadline_exceeded", "cannot_sell", "driver_failed"])),
        "release": draw(st.sampled_from(["current", "lost", "stopped", "absent", "refused"])),
        "silent": draw(st.booleans()),
        "late": draw(st.sampled_from([-5.0, 30.0, 2400.0])),
    }


def put(plane: Plane, uid: str, state: dict[str, Any]) -> None:
    """Bring the registry and the world into a state."""
    store = plane.registry.stores.get(Scope.system(), uid)
    unmet = state["unmet"]
    ready = not unmet and not state["behind"]
    status = {
        "phase": "Ready" if ready else "Degraded",
        "ready": not unmet,
        "observedGeneration": store.generation - state["behind"],
        "url": "http://x",
        "sellingSince": None,
        "provenAt": None,
        "provenDigest": None,
        "everReady": True,
        "config": None,
        "conditions": [condition(kind, unmet.get(kind)) for kind in KINDS],
    }
    over = state["operation"] != "running"
    params = {"minutes": 15, "missing": "Selling", "stage": "cart", "detail": "d", "store": "acme"}
    error = {"code": state["code"], "params": params}
    with plane.registry.database.write() as connection:
        connection.execute(
            update(_stores)
            .where(_stores.c.uid == uid)
            .values(status=dump(status), due_at=epoch_now() - state["late"])
        )
        connection.execute(
            update(_operations)
            .where(_operations.c.store_uid == uid)
            .values(
                state=state["operation"],
                error=dump(error) if state["operation"] == "failed" else None,
                finished_at=datetime.now(UTC) - timedelta(hours=1) if over else None,
            )
        )
    held = plane.driver.held.get(store.stack)
    if state["release"] == "lost":
        plane.driver.lose(store.stack)
    elif state["release"] == "stopped" and held is not None:
        held.runs = None
    elif state["release"] == "absent":
        plane.driver.held.pop(store.stack)
    elif state["release"] == "refused":
        plane.driver.fail("status", DriverFailure("helm_killed", "it was killed"))
    plane.engine.silent = state["silent"]


def test_a_header_that_says_ready_stands_above_no_layer_that_fails(plane: Plane) -> None:
    plane.make()
    uid = plane.get("stores/acme").json()["metadata"]["uid"]
    stands = copy.deepcopy(plane.driver.held)

    @settings(max_examples=40, deadline=None)
    @given(state=states())
    def agrees(state: dict[str, Any]) -> None:
        plane.driver.clear()
        plane.driver.held.update(copy.deepcopy(stands))
        look(plane, uid, state)

    agrees()


def look(plane: Plane, uid: str, state: dict[str, Any]) -> None:
    """Bring everything into a state and judge what is said of it."""
    try:
        put(plane, uid, state)
        found = plane.get(f"stores/{uid}/why").json()["status"]
    finally:
        plane.engine.silent = False
    layers = found["layers"]
    header, wrong = layers[0], [one for one in layers[1:] if one["state"] == "problem"]
    if header["state"] == "ok":
        assert wrong == []
        assert (found["phase"], found["ready"]) == ("Ready", True)
        assert found["cause"]["code"] in {"nothing", "working"}
    else:
        assert (found["phase"], found["ready"]) != ("Ready", True)
        assert found["cause"]["code"] != "nothing"
        worker = [one for one in layers if one["layer"] == "worker"]
        assert [*wrong, *header["conditions"], *worker], found
    for layer in layers:
        assert not layer["message"].endswith(": -"), layer
        assert "%(" not in layer["message"]
    assert found["cause"]["message"]


def test_a_store_that_nobody_looks_at_is_not_shown_as_ready(plane: Plane) -> None:
    plane.make()
    uid = plane.get("stores/acme").json()["metadata"]["uid"]
    assert plane.get("stores/acme").json()["status"]["ready"] is True
    with plane.registry.database.write() as connection:
        connection.execute(update(_stores).values(due_at=epoch_now() - 2400))
    shown = [plane.get("stores/acme").json(), plane.get("stores").json()["items"][0]]
    for one in shown:
        assert one["status"]["ready"] is False
        (told,) = [item for item in one["status"]["conditions"] if item["type"] == "Watched"]
        assert (told["status"], told["params"]["minutes"]) == ("False", 40)
    why = plane.get(f"stores/{uid}/why").json()["status"]
    assert why["ready"] is False
    assert why["cause"]["code"] == "unwatched"
    assert "storectl_stores_unwatched 1.0" in plane.get("/metrics").text
