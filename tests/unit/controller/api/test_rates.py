"""Exchange rates over the API: what is in force, what waits, how a store stands."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from controller.commerce.rate_calendar import newest_expected
from controller.domain.notes import Note
from controller.domain.rates import PushState, Quote
from controller.jobs.rate_sync import FLEET_RATES
from controller.registry.leases import Lease, Leases
from controller.registry.rate_pushes import Outcome
from tests.planes import Plane

TODAY = newest_expected(datetime.now(UTC))
MANY = {"currencies": {"base": "EUR", "default": "EUR", "allowed": ["EUR", "USD", "GBP"]}}


def quote(rate: str, held: str | None = None, as_of: date = TODAY) -> Quote:
    return Quote(rate=Decimal(rate), as_of=as_of, held=Decimal(held) if held else None)


@pytest.fixture
def lease(plane: Plane) -> Lease:
    found = Leases(plane.registry.database, holder="a test", seconds=60).acquire(FLEET_RATES)
    assert found is not None
    return found


def put(plane: Plane, lease: Lease, quotes: Mapping[str, Quote], as_of: date = TODAY) -> int:
    rates = plane.registry.rates
    assert rates.accept(lease, rates.newest(), "ecb", "EUR", as_of, quotes)
    newest = rates.newest()
    assert newest is not None
    return newest.id


def status(plane: Plane) -> dict[str, Any]:
    found: dict[str, Any] = plane.get("rates").json()["status"]
    return found


def test_before_the_first_rates_there_are_none(plane: Plane) -> None:
    found = plane.get("rates").json()
    assert found["spec"]["source"] == "ecb"
    assert found["status"] == {
        "set": None,
        "ageDays": None,
        "stale": False,
        "held": [],
        "sources": [],
        "stores": {},
    }


def test_the_set_in_force_is_shown_with_its_age_and_what_waits(plane: Plane, lease: Lease) -> None:
    put(plane, lease, {"USD": quote("1.08"), "TRY": quote("40", "60")})
    found = status(plane)
    assert found["set"]["rates"]["USD"] == {"rate": "1.08", "asOf": TODAY.isoformat()}
    assert (found["set"]["base"], found["set"]["provider"]) == ("EUR", "ecb")
    assert (found["ageDays"], found["stale"]) == (0, False)
    assert found["held"] == [
        {"currency": "TRY", "rate": "60", "kept": "40", "movePercent": "50.00"}
    ]


def test_an_old_set_is_stale(plane: Plane, lease: Lease) -> None:
    put(plane, lease, {"USD": quote("1.08")}, TODAY - timedelta(days=14))
    found = status(plane)
    assert found["ageDays"] >= 8
    assert found["stale"]


def test_the_operator_has_the_source_asked(plane: Plane, lease: Lease) -> None:
    assert plane.post("rates/refresh").status_code == 200
    assert plane.registry.rates.to_ask("ecb")
    down = Note.of("rates_unavailable", source="ecb", detail="ClientConnectorError")
    plane.registry.rates.told(lease, "ecb", down, 60)
    (source,) = status(plane)["sources"]
    assert (source["name"], source["failures"]) == ("ecb", 1)
    assert source["error"]["code"] == "rates_unavailable"
    assert "does not answer: ClientConnectorError" in source["error"]["message"]


def test_the_operator_approves_what_was_seen(plane: Plane, lease: Lease) -> None:
    seen = put(plane, lease, {"TRY": quote("40", "60")})
    moved = plane.post("rates/approve", {"set": seen + 1})
    assert (moved.status_code, moved.json()["code"]) == (409, "rates_moved_on")
    found = plane.post("rates/approve", {"set": seen}).json()["status"]
    assert found["held"] == []
    assert found["set"]["rates"]["TRY"]["rate"] == "60"
    (row,) = plane.get(f"audit?subject=rates:{seen}").json()["items"]
    assert row["action"] == "approve-rates"
    # Nothing waits any more: as it was.
    assert plane.post("rates/approve").json()["status"] == found


@pytest.mark.parametrize("body", [{"set": 0}, {"set": "x"}, {"sets": 1}, [1], {"set": 2**60}])
def test_an_approval_that_cannot_be_read_is_refused(plane: Plane, body: Any) -> None:
    assert plane.post("rates/approve", body).status_code in {400, 422}


def test_a_tenant_sees_rates_and_changes_none(plane: Plane, ann: str) -> None:
    assert plane.get("rates", token=ann).status_code == 200
    for path in ("rates/refresh", "rates/approve"):
        assert plane.post(path, token=ann).status_code == 403


def test_a_store_with_one_currency_needs_none(plane: Plane, ann: str) -> None:
    plane.make(token=ann)
    found = plane.get("stores/acme/rates", token=ann).json()
    assert found["spec"] == {"rates": [], "missing": []}
    assert found["status"]["state"] == "unneeded"


def test_a_store_shows_its_rates_and_how_its_shop_stands(plane: Plane, lease: Lease) -> None:
    plane.make(**MANY)
    uid = plane.get("stores/acme").json()["metadata"]["uid"]
    found = plane.get("stores/acme/rates").json()
    assert found["status"]["state"] == "pending"
    assert found["spec"]["missing"] == ["EUR/GBP", "EUR/USD"]
    number = put(plane, lease, {"USD": quote("1.10", "1.50")})
    error = Note.of("shop_unreachable", detail="ClientConnectorError")
    outcome = Outcome(
        uid=uid,
        generation=1,
        state=PushState.FAILED,
        set_id=number,
        attempts=2,
        error=error,
        due_in=30,
    )
    plane.registry.rate_pushes.record(lease, [outcome])
    found = plane.get("stores/acme/rates").json()
    assert found["spec"] == {
        "rates": [{"from": "EUR", "to": "USD", "rate": "1.1", "held": True}],
        "missing": ["EUR/GBP"],
    }
    state = found["status"]
    assert (state["state"], state["attempts"], state["sentAt"]) == ("failed", 2, None)
    assert state["error"]["code"] == "shop_unreachable"
    assert datetime.fromisoformat(state["nextAt"]) > datetime.now(UTC)
    assert status(plane)["stores"] == {"failed": 1}


def test_a_tenant_counts_its_own_stores_alone(
    plane: Plane, lease: Lease, ann: str, bob: str
) -> None:
    for name, token in (("one", ann), ("two", ann), ("his", bob)):
        plane.make(name, token=token, **MANY)
        uid = plane.get(f"stores/{name}").json()["metadata"]["uid"]
        waits = Outcome(uid=uid, generation=1, state=PushState.PENDING, set_id=0)
        plane.registry.rate_pushes.record(lease, [waits])
    counts = [
        plane.get("rates", **how).json()["status"]["stores"]
        for how in ({"token": ann}, {"token": bob}, {})
    ]
    assert counts == [{"pending": 2}, {"pending": 1}, {"pending": 3}]
