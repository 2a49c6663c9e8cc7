"""Recorded exchanges of a real Magento: reading them, sending them again, comparing the answers.

Ids, times and versions are another shop's; forms and words are the contract.
"""

import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.contract.client import CONFIG, NOT_YET, Answer, Shop, filled, place_of
from tests.control_plane import until

DIRECTORY = Path(__file__).parents[1] / "contracts" / "magento-2.4.7"
RECORDED_RUN = "330327"
UNKNOWN = "nope/nope/nope"
KINDS = {"guest-carts": "cart", "orders": "order", "taxRules": "rule"}
MADE = {"guest-carts": "cart", "payment-information": "order", "ship": "shipment"}
NUMBERED = {"taxRates": "rate", "taxRules": "rule"}
BELONGS_TO = {"order_id": "order", "parent_id": "shipment", "order_item_id": "item"}


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One recorded request and its answer."""

    recording: str
    number: int
    note: str
    method: str
    path: str
    headers: dict[str, str]
    body: Any
    answer: Answer
    kind: str
    """The answer's media type."""

    @property
    def title(self) -> str:
        """Return its name in a report."""
        return f"{self.recording} #{self.number} {self.note} {self.method} {self.path}"


def exchanges(recording: str) -> list[Exchange]:
    """Return one recording's exchanges in their order."""
    content = json.loads((DIRECTORY / f"{recording}.json").read_text(encoding="utf-8"))
    return [
        Exchange(
            recording=recording,
            number=number,
            note=one["note"],
            method=one["request"]["method"],
            path=one["request"]["path"],
            headers=one["request"]["headers"],
            body=one["request"]["body"],
            answer=Answer(status=one["response"]["status"], body=one["response"]["body"]),
            kind=one["response"]["headers"].get("Content-Type", ""),
        )
        for number, one in enumerate(content["exchanges"], start=1)
    ]


def recordings() -> list[str]:
    """Return the names of all recordings."""
    return sorted(path.stem for path in DIRECTORY.glob("*.json"))


class Replay:
    """Sends recorded requests to a shop, with its own identities in place of the recorded ones."""

    def __init__(self, shop: Shop, recorded: list[Exchange]) -> None:
        self._shop = shop
        self._known: dict[str, dict[str, Any]] = {"website": {"1": 1, "0": 0}}
        self._revision = shop.status()["revision"]
        self._run = uuid.uuid4().hex[:8]
        self._lacking = lacking(shop, recorded)

    def send(self, exchange: Exchange) -> Answer:
        """Send one request again and return what the shop answers."""
        path = re.sub(
            r"/(guest-carts|orders?|shipment|taxRules)/(\w+)",
            lambda found: f"/{found[1]}/{self._own(KINDS.get(found[1], found[1]), found[2])}",
            exchange.path,
        )
        path = re.sub(
            r"(\[value\]=)(\d+)", lambda found: f"{found[1]}{self._own('order', found[2])}", path
        )
        body = exchange.body
        token: str | None = "" if "Authorization" in exchange.headers else None
        if "bogus" in exchange.headers.get("Authorization", ""):
            token = "bogus"
        media = exchange.headers.get("Content-Type", "application/json")

        def answer() -> Answer:
            if isinstance(body, str):
                return self._shop.call(
                    exchange.method, path, content=body.encode(), token=token, media=media
                )
            return self._shop.call(exchange.method, path, self._body(body), token=token)

        found = patient(answer) if exchange.answer.status == 200 else answer()
        if found.status == exchange.answer.status == 200:
            self._learn(exchange, found.body)
        return found

    def clean(self) -> None:
        """Take back what the recorded conversation leaves behind."""
        for number in self._known.get("rate", {}).values():
            self._shop.call("DELETE", f"/rest/V1/taxRates/{number}")

    def _own(self, kind: str, recorded: str) -> str:
        return str(self._known.get(kind, {}).get(str(recorded), recorded))

    def _body(self, body: Any) -> Any:
        if isinstance(body, list):
            return [self._body(one) for one in body if not self._lacks(one)]
        if isinstance(body, str):
            # A code that is nobody's yet, where the recording has one.
            return body.replace(RECORDED_RUN, self._run)
        if not isinstance(body, dict):
            return body
        own = {}
        for name, value in body.items():
            if name == "website_ids":
                own[name] = [self._known["website"][str(one)] for one in value]
            elif name == "revision" and isinstance(value, int):
                own[name] = value + self._revision
            elif name in BELONGS_TO:
                own[name] = int(self._own(BELONGS_TO[name], value))
            elif name == "tax_rate_ids":
                own[name] = [int(self._own("rate", one)) for one in value]
            elif name == "taxRate" and "id" in value:
                own[name] = {**self._body(value), "id": int(self._own("rate", value["id"]))}
            else:
                own[name] = self._body(value)
        return own

    def _lacks(self, item: Any) -> bool:
        return isinstance(item, dict) and item.get("path") in self._lacking

    def _learn(self, exchange: Exchange, answer: Any) -> None:
        path, recorded = exchange.path.partition("?")[0], exchange.answer.body
        last = path.rpartition("/")[2]
        if last in MADE:
            self._learn_one(MADE[last], recorded, answer)
        elif last in NUMBERED:
            self._learn_one(NUMBERED[last], recorded["id"], answer["id"])
        elif last == "topology":
            for theirs, ours in zip(recorded, answer, strict=True):
                self._learn_one(theirs["type"], theirs["id"], ours["id"])
        elif re.search(r"/orders/\d+$", path) and "items" in recorded:
            for theirs, ours in zip(recorded["items"], answer["items"], strict=True):
                if "item_id" in theirs:
                    self._learn_one("item", theirs["item_id"], ours["item_id"])

    def _learn_one(self, kind: str, recorded: Any, own: Any) -> None:
        self._known.setdefault(kind, {})[str(recorded)] = own


def patient(send: Callable[[], Answer]) -> Answer:
    """Send until the shop sells what was just made: it indexes by a timetable."""
    last: list[Answer] = []

    def done() -> bool:
        last[:] = [send()]
        return last[0].said != NOT_YET if last[0].status == 400 else True

    until(done, "the product can be sold", 180.0)
    return last[0]


def config_items(recorded: list[Exchange]) -> list[dict[str, Any]]:
    """Return every setting that the exchanges write, once."""
    found = {}
    for exchange in recorded:
        if exchange.path == CONFIG and isinstance(exchange.body, dict):
            items = exchange.body.get("items")
            for item in items if isinstance(items, list) else ():
                if item.get("path"):
                    found[place_of(item)] = {
                        key: item[key] for key in ("path", "scope", "scope_code") if key in item
                    }
    return list(found.values())


def lacking(shop: Shop, recorded: list[Exchange]) -> set[str]:
    """Return the paths of a module that this shop does not have."""
    paths = sorted({item["path"] for item in config_items(recorded)} - {UNKNOWN})
    answers = shop.query(*({"path": path} for path in paths)) if paths else []
    return {one["path"] for one in answers if str(one.get("message", "")).startswith("Unknown")}


def kind(value: Any) -> str:
    """Return what a value is in JSON."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return type(value).__name__


def words(message: Any) -> str:
    """Return a message without the numbers in it, which are another shop's."""
    return re.sub(r"\d+", "#", message)


def differences(
    recorded: Any, answer: Any, absent: frozenset[str], where: str = ""
) -> Iterator[str]:
    """Yield where an answer has not the keys, types and words of the recorded one."""
    if recorded is None or answer is None:
        return
    if kind(recorded) != kind(answer):
        yield f"{where}: {answer!r} instead of {recorded!r}"
    elif isinstance(recorded, list) and recorded and answer:
        yield from differences(recorded[0], answer[0], absent, f"{where}[0]")
    elif isinstance(recorded, dict):
        if "message" in recorded and words(filled(recorded)) != words(filled(answer)):
            yield f"{where}: {filled(answer)!r} instead of {filled(recorded)!r}"
        for name, value in recorded.items():
            if name in answer:
                inner = f"{where}.{name}"
                # Words were compared with their parameters in them.
                if name != "parameters":
                    yield from differences(value, answer[name], absent, inner)
            elif name not in absent and name != "parameters":
                yield f"{where}.{name} is missing"
