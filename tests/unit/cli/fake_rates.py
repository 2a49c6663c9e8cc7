"""The part of the fake control plane that knows exchange rates."""

from typing import Any

AT = "2026-11-20T15:0%d:00.000Z"


class FakeRates:
    """A set of two currencies, one of which moved too far; refuses what it was not told."""

    def __init__(self) -> None:
        self.source = "ecb"
        self.there = True
        self.held = True
        self.asked = 0
        self.error: dict[str, Any] | None = None
        self.stores = {"sent": 12, "failed": 1}

    def answer(self, method: str, rest: list[str], body: Any) -> tuple[int, dict[str, Any]]:
        match [method, *rest]:
            case ["GET"]:
                return 200, self.resource()
            case ["POST", "refresh"]:
                found = self.resource()
                self.asked += 1
                return 200, found
            case ["POST", "approve"] if body in (None, {"set": 7}):
                self.held = False
                return 200, self.resource()
            case ["POST", "approve"]:
                return 409, {
                    "code": "rates_moved_on",
                    "status": 409,
                    "params": {"set": 7},
                    "detail": "others by now",
                    "action": "look again",
                }
        return 500, {"code": "internal", "status": 500}

    def resource(self) -> dict[str, Any]:
        rate = {"rate": "40" if self.held else "60", "asOf": "2026-11-19"}
        quotes = {"TRY": rate, "USD": {"rate": "1.0857", "asOf": "2026-11-20"}}
        waiting = {"currency": "TRY", "rate": "60", "kept": "40", "movePercent": "50.00"}
        given = {
            "id": 7 if self.held else 8,
            "provider": "ecb",
            "base": "EUR",
            "asOf": "2026-11-20",
            "fetchedAt": AT % 0,
            "rates": quotes,
        }
        source = {
            "name": "ecb",
            "checkedAt": AT % self.asked,
            "succeededAt": AT % 0,
            "failures": 0,
            "error": self.error,
        }
        return {
            "kind": "Rates",
            "metadata": {"name": "rates"},
            "spec": {"source": self.source},
            "status": {
                "set": given if self.there else None,
                "ageDays": 0,
                "stale": False,
                "held": [waiting] if self.held else [],
                "sources": [source] if self.source != "none" else [],
                "stores": self.stores,
            },
        }

    def of_store(self, name: str) -> dict[str, Any]:
        return {
            "kind": "StoreRates",
            "metadata": {"name": name, "uid": "u1"},
            "spec": {
                "rates": [
                    {"from": "EUR", "to": "TRY", "rate": "40", "held": True},
                    {"from": "EUR", "to": "USD", "rate": "1.0857", "held": False},
                ],
                "missing": ["EUR/BGN"],
            },
            "status": {
                "state": "failed",
                "set": 7,
                "sentSet": 7,
                "sentAt": AT % 2,
                "attempts": 0,
                "nextAt": None,
                "error": {
                    "code": "rate_missing",
                    "params": {"pairs": "EUR/BGN"},
                    "message": "m",
                    "action": "a",
                },
            },
        }
