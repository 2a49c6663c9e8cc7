"""Exchange rates from a file to a running shop, as an operator sees it."""

import json
import urllib.request
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from controller.commerce.rate_calendar import newest_expected
from tests.control_plane import ControlPlane, until


def say(path: Path, **rates: float) -> None:
    today = newest_expected(datetime.now(UTC)).isoformat()
    path.write_text(json.dumps({"base": "EUR", "date": today, "rates": rates}))


def shown(plane: ControlPlane, name: str) -> dict[str, Decimal]:
    """The rates that a shop shows its customers."""
    url = plane.call("GET", f"/stores/{name}")["status"]["url"].rstrip("/")
    with urllib.request.urlopen(f"{url}/rest/V1/directory/currency", timeout=10) as answer:
        found = json.load(answer, parse_float=Decimal)["exchange_rates"]
    return {rate["currency_to"]: Decimal(rate["rate"]) for rate in found}


def currencies(base: str, *allowed: str, **how: Any) -> dict[str, Any]:
    return {"base": base, "default": base, "allowed": [base, *allowed], **how}


def test_rates_reach_shops_jumps_wait_and_nonsense_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rates.json"
    say(path, USD=1.08, GBP=0.84)
    plane = ControlPlane(tmp_path / "home")
    with plane.running(STORECTL_RATES__SOURCE="file", STORECTL_RATES__URL=str(path)):
        plane.finish(plane.create("plain"))
        assert plane.call("GET", "/rates")["status"]["sources"] == []
        euro = currencies("EUR", "USD", "GBP", markupBps=100)
        plane.finish(plane.create("euro", currencies=euro))
        first = {"EUR": 1, "USD": Decimal("1.0908"), "GBP": Decimal("0.8484")}
        until(lambda: shown(plane, "euro") == first, "the first rates are in the shop")
        # A shop that comes later has its rates from the beginning.
        plane.finish(plane.create("dollar", currencies=currencies("USD", "EUR")))
        assert shown(plane, "dollar") == {"USD": 1, "EUR": Decimal("0.925925925926")}

        say(path, USD=1.09, GBP=8.4)
        plane.call("POST", "/rates/refresh")
        until(lambda: shown(plane, "euro")["USD"] == Decimal("1.1009"), "the newer rate is there")
        assert shown(plane, "euro")["GBP"] == first["GBP"]
        (held,) = plane.call("GET", "/rates")["status"]["held"]
        assert (held["currency"], held["rate"], held["kept"]) == ("GBP", "8.4", "0.84")
        plane.call("POST", "/rates/approve")
        until(lambda: shown(plane, "euro")["GBP"] == Decimal("8.484"), "what was approved is there")

        path.write_text("<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>")
        plane.call("POST", "/rates/refresh")
        until(
            lambda: plane.call("GET", "/rates")["status"]["sources"][0]["error"],
            "the nonsense was noticed",
        )
        plane.call(
            "PATCH", "/stores/dollar", {"currencies": {"allowed": ["USD", "EUR", "GBP", "JPY"]}}
        )

        def told() -> Any:
            found = plane.call("GET", "/stores/dollar/rates")
            error = found["status"]["error"]
            return found if error and error["code"] == "rate_missing" else None

        assert until(told, "the missing rate is told")["spec"]["missing"] == ["USD/JPY"]
        # The currency that nobody quotes keeps no other from its rate.
        assert shown(plane, "dollar")["GBP"] == Decimal("7.706422018349")


def test_a_currency_without_a_rate_is_not_offered_until_there_is_one(tmp_path: Path) -> None:
    path = tmp_path / "rates.json"
    say(path, USD=1.08)
    plane = ControlPlane(tmp_path / "home")

    def offered(name: str) -> set[str]:
        return set(codes(plane, name))

    def priced(name: str) -> tuple[str, str]:
        status = plane.call("GET", f"/stores/{name}")["status"]
        (found,) = [item for item in status["conditions"] if item["type"] == "Priced"]
        return found["status"], found["reason"]

    with plane.running(STORECTL_RATES__SOURCE="file", STORECTL_RATES__URL=str(path)):
        plane.finish(plane.create("exotic", currencies=currencies("EUR", "USD", "MZN")))
        until(lambda: offered("exotic") == {"EUR", "USD"}, "what has a rate is offered")
        until(lambda: priced("exotic") == ("False", "RateMissing"), "that one is missing")
        why = plane.call("GET", "/stores/exotic/why")["status"]["cause"]
        assert (why["code"], why["params"]["pairs"]) == ("rate_missing", "EUR/MZN")
        events = plane.call("GET", "/stores/exotic/events")["items"]
        assert ("Warning", "RateMissing") in {(one["severity"], one["reason"]) for one in events}

        say(path, USD=1.08, MZN=69.5)
        plane.call("POST", "/rates/refresh")
        until(lambda: offered("exotic") == {"EUR", "USD", "MZN"}, "the new rate is offered")
        until(lambda: priced("exotic") == ("True", "RatesKnown"), "that is said")
        assert shown(plane, "exotic")["MZN"] == Decimal("69.5")

        say(path, USD=1.09)
        plane.call("POST", "/rates/refresh")
        until(lambda: offered("exotic") == {"EUR", "USD"}, "what its source dropped is not offered")
        until(lambda: priced("exotic") == ("False", "RateMissing"), "that is said too")


def codes(plane: ControlPlane, name: str) -> list[str]:
    """The currencies that a shop lets its customers choose."""
    url = plane.call("GET", f"/stores/{name}")["status"]["url"].rstrip("/")
    with urllib.request.urlopen(f"{url}/rest/V1/directory/currency", timeout=10) as answer:
        found: list[str] = json.load(answer)["available_currency_codes"]
    return found
