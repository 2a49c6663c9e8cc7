"""A small stateful stand-in for the HTTP API: a real server, and it refuses what it was not told.

An operation advances a step whenever it is read or its stream yields; `breaks` says after how many
events each stream breaks, `lost_answers` how many answers to orders never arrive.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.unit.cli.fake_clusters import FakeClusters
from tests.unit.cli.fake_rates import FakeRates
from tests.unit.cli.fake_rollouts import FakeRollouts
from tests.unit.cli.fake_shop_orders import FakeShopOrders

STEPS = ("apply-release", "await-engine", "prove-selling")
TOKEN = "fake-token"
COUNTED = (
    "/stores",
    *(f"/{verb}" for verb in ("push", "suspend", "resume", "retire", "undelete", "scale", "purge")),
    "/backups",
    "/restores",
)
"""How the paths end whose POST makes an operation."""
AT = "2026-11-22T08:00:0%d.000Z"
DEFAULTS = {
    "displayName": "Acme",
    "locales": ["de_DE"],
    "timezone": "Europe/Berlin",
    "engine": "sandbox",
}


PLANS = [
    {
        "kind": "Plan",
        "metadata": {"name": name},
        "spec": {
            "replicas": {"min": low, "max": high},
            "rooms": {
                "magento": {
                    "requests.cpu": cpu,
                    "requests.memory": "7Gi",
                    "requests.storage": "60Gi",
                }
            },
        },
    }
    for name, low, high, cpu in (("starter", 1, 1, "3"), ("growth", 2, 4, "8"))
]
STACK = {
    "engine": "magento",
    "version": "2.4.7",
    "plan": "growth",
    "replicas": {"min": 2, "max": 4},
    "uid": "s1",
    "driver": "helm",
    "cluster": "north",
    "placement": {
        "reason": "PlacedByRoom",
        "params": {"cluster": "north", "room": 4, "capacity": 5},
        "message": "…",
    },
    "endpoint": "http://s1-web.s1.svc",
    "conditions": [],
}


def store_of(name: str, body: dict[str, Any], uid: str) -> dict[str, Any]:
    spec = {**DEFAULTS, "weightUnit": "kgs", "expiresAt": None, "payments": ["check"]}
    spec["currencies"] = {"base": "EUR", "default": "EUR", "allowed": ["EUR"]}
    spec |= {
        key: value for key, value in body.items() if key not in {"name", "email", "labels", "ttl"}
    }
    return {
        "apiVersion": "storectl/v1",
        "kind": "Store",
        "metadata": {
            "name": name,
            "uid": uid,
            "tenant": "t1",
            "owner": body.get("email", "owner@example.com"),
            "labels": body.get("labels", {}),
            "generation": 1,
            "desired": "active",
            "operation": None,
            "createdAt": AT % 0,
            "updatedAt": AT % 0,
        },
        "spec": spec,
        "status": {
            "phase": "Provisioning",
            "ready": False,
            "url": None,
            "sellingSince": None,
            "observedGeneration": 0,
            "conditions": [
                condition("Selling", "False", "CannotSell", stage="cart", detail="empty")
            ],
        },
    }


def condition(kind: str, status: str, reason: str, **params: str) -> dict[str, Any]:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "params": params,
        "message": f"{reason} in English",
        "lastTransitionTime": AT % 1,
    }


def operation_of(uid: str, kind: str, store: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "storectl/v1",
        "kind": "Operation",
        "metadata": {"id": uid, "createdAt": AT % 0, "tenant": "t1"},
        "spec": {
            "operation": kind,
            "store": store["metadata"]["name"],
            "storeUid": store["metadata"]["uid"],
            "generation": 1,
        },
        "status": {
            "state": "pending",
            "startedAt": None,
            "finishedAt": None,
            "deadline": AT % 9,
            "estimateSeconds": 5,
            "steps": [
                {
                    "name": name,
                    "title": name,
                    "state": "pending",
                    "startedAt": None,
                    "finishedAt": None,
                    "reason": None,
                    "params": {},
                    "detail": None,
                }
                for name in STEPS
            ],
            "error": None,
            "result": {},
        },
    }


class FakeApi:
    def __init__(self) -> None:
        self.url = ""
        self.stores: dict[str, dict[str, Any]] = {}
        self.bodies: dict[str, dict[str, Any]] = {}
        self.operations: dict[str, dict[str, Any]] = {}
        self.clusters = FakeClusters()
        self.noticed: list[dict[str, Any]] = []
        self.unasked: dict[str, Any] | None = None
        self.scales: list[Any] = []
        self.images: list[tuple[str, str]] = []
        self.rollouts = FakeRollouts()
        self.backups: list[dict[str, Any]] = []
        self.restored: list[Any] = []
        self.explanation: dict[str, Any] | None = None
        self.rates = FakeRates()
        self.orders = FakeShopOrders()
        self.requests: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.keys: list[str] = []
        self.by_key: dict[str, dict[str, Any]] = {}
        self.unexpected: list[str] = []
        self.breaks: list[int] = []
        self.stuck = False
        self.streams = True
        self.lost_answers = 0
        self.outage = 0
        self.end: tuple[str, dict[str, Any] | None] = ("succeeded", None)
        self.resumed_after: list[str | None] = []
        self.problem: tuple[int, dict[str, Any]] | None = None
        self.lock = threading.RLock()

    # --- the world -------------------------------------------------------------------------------

    def begin(self, kind: str, store: dict[str, Any]) -> dict[str, Any]:
        uid = f"op{len(self.operations) + 1}"
        self.operations[uid] = operation_of(uid, kind, store)
        store["metadata"]["operation"] = uid
        return self.operations[uid]

    def advance(self, uid: str) -> dict[str, Any]:
        operation = self.operations[uid]
        status = operation["status"]
        if self.stuck or status["state"] not in {"pending", "running"}:
            return operation
        status["state"], status["startedAt"] = "running", AT % 1
        step = next((step for step in status["steps"] if step["state"] != "done"), None)
        if step is None:
            self.finish(operation)
        elif step["state"] == "pending":
            step |= {"state": "running", "startedAt": AT % 2}
        else:
            step |= {
                "state": "done",
                "finishedAt": AT % 3,
                "reason": "StackReady",
                "detail": "Ready",
            }
        return operation

    def finish(self, operation: dict[str, Any]) -> None:
        state, error = self.end
        operation["status"] |= {"state": state, "error": error, "finishedAt": AT % 8}
        store = self.by_uid(operation["spec"]["storeUid"])
        if state != "succeeded" or store is None:
            return
        kind = operation["spec"]["operation"]
        phase = {"suspend": "Suspended", "retire": "Retired", "purge": "Purged"}.get(kind, "Ready")
        url = "http://127.0.0.1:9001/" if phase == "Ready" else None
        store["status"] |= {"phase": phase, "ready": phase == "Ready", "url": url}
        store["status"]["conditions"] = [condition("Selling", "True", "Selling", total="5.00")]
        if kind == "purge":
            del self.stores[store["metadata"]["name"]]

    def by_uid(self, text: str) -> dict[str, Any] | None:
        found = (
            s for s in self.stores.values() if text in {s["metadata"]["uid"], s["metadata"]["name"]}
        )
        return next(found, None)

    # --- routes ----------------------------------------------------------------------------------

    def create(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        name = body["name"]
        if name in self.stores:
            if self.bodies[name] == body:
                return 200, self.operations[self.stores[name]["metadata"]["operation"]]
            return 409, problem(409, "store_exists_differs", store=name, fields="country")
        self.stores[name] = store_of(name, body, f"u{len(self.stores) + 1}")
        self.bodies[name] = body
        return 202, self.begin("create", self.stores[name])

    def apply(self, name: str, body: dict[str, Any], *, dry: bool) -> tuple[int, dict[str, Any]]:
        store = self.stores.get(name)
        if store is None:
            if dry:
                new = [{"field": key, "from": None, "to": value} for key, value in body.items()]
                return 200, {"kind": "Diff", "store": name, "exists": False, "changes": new}
            return self.create({**body, "name": name})
        changes = [
            {"field": key, "from": store["spec"].get(key), "to": value}
            for key, value in body.items()
            if key not in {"email", "labels"} and store["spec"].get(key) != value
        ]
        if dry:
            return 200, {"kind": "Diff", "store": name, "exists": True, "changes": changes}
        if not changes:
            return 200, self.operations[store["metadata"]["operation"]]
        store["spec"] |= {change["field"]: change["to"] for change in changes}
        return 202, self.begin("change", store)

    def transition(self, name: str, kind: str, body: Any) -> tuple[int, dict[str, Any]]:
        store = self.by_uid(name)
        if store is None:
            return 404, problem(404, "store_not_found", store=name)
        if kind == "login-link":
            return 200, {"url": "http://127.0.0.1:9001/login/x", "expiresAt": AT % 9}
        if kind == "purge" and body != {"confirm": name}:
            return 422, problem(422, "confirmation_missing", store=name)
        begun = self.begin(kind.removesuffix("s"), store)
        if kind == "backups":
            begun["status"]["result"] = {"backup": "20261130T120000Z"}
        elif kind == "restores":
            self.restored.append((name, body["backup"]))
        return 202, begun

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        match [method, *path.removeprefix("/api/v1/").split("/")]:
            case ["GET", "stores"]:
                return self.listed(query)
            case ["POST", "stores"]:
                return self.create(body)
            case ["PUT" | "PATCH", "stores", name]:
                return self.apply(name, body, dry=query.get("dryRun") == ["true"])
            case ["GET", "stores", name]:
                store = self.by_uid(unquote(name))
                missing = 404, problem(404, "store_not_found", store=unquote(name))
                return (200, store) if store else missing
            case ["GET", "stores", _, "backups"]:
                return 200, {"items": self.backups}
            case ["GET", "stores", name, "events"]:
                return 200, {
                    "kind": "EventList",
                    "metadata": {"next": None, "unasked": self.unasked},
                    "items": [event(1, name), *self.noticed],
                }
            case [_, "rates" | "clusters" | "plans" | "images", *_] | [
                _,
                "stores",
                _,
                "orders" | "rates" | "why" | "image",
                *_,
            ]:
                return self.part(method, path.split("/")[3:], query, body)
            case ["POST", "stores", name, kind]:
                self.scales += [body] if kind == "scale" else []
                return self.transition(unquote(name), kind, body)
            case ["GET", "operations", uid]:
                missing = 404, problem(404, "operation_not_found", operation=uid)
                return (200, self.advance(uid)) if uid in self.operations else missing
        self.unexpected.append(f"{method} {path}")
        return 500, problem(500, "internal")

    def part(
        self, method: str, path: list[str], query: dict[str, list[str]], body: Any
    ) -> tuple[int, dict[str, Any] | None]:
        """What the parts with a fake of their own say."""
        match path:
            case ["clusters", *rest]:
                return self.clusters.answer(method, [unquote(part) for part in rest], body)
            case ["stores", name, "why"]:
                found = self.explanation
                return (200, found) if found else (404, problem(404, "store_not_found", store=name))
            case ["stores", name, "image"]:
                self.images.append((unquote(name), body["image"]))
                return 202, self.begin("image", self.stores[unquote(name)])
            case ["images", *rest]:
                return self.rollouts.answer(method, rest, body)
            case ["plans"]:
                return 200, {"kind": "PlanList", "metadata": {"next": None}, "items": PLANS}
            case ["rates", *rest]:
                return self.rates.answer(method, rest, body)
            case ["stores", name, "rates"]:
                return 200, self.rates.of_store(unquote(name))
        return self.orders.answer(method, path[3:], query, body)

    def listed(self, query: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        limit, after = int(query["limit"][0]), query.get("after", [""])[0]
        names = [name for name in sorted(self.stores) if name > after]
        page = names[:limit]
        following = page[-1] if len(names) > limit else None
        items = [self.stores[name] for name in page]
        return 200, {"kind": "StoreList", "metadata": {"next": following}, "items": items}


def event(uid: int, store: str) -> dict[str, Any]:
    return {
        "id": uid,
        "kind": "Event",
        "severity": "Normal",
        "reason": "StoreAccepted",
        "params": {"store": store},
        "store": store,
        "operation": None,
        "message": f"The order for “{store}” is accepted.",
        "at": AT % 1,
    }


def problem(status: int, code: str, **params: str | int) -> dict[str, Any]:
    return {
        "type": f"urn:storectl:error:{code}",
        "title": code,
        "status": status,
        "code": code,
        "detail": f"detail of {code}",
        "action": f"action of {code}",
        "params": params,
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are written apart; the body would wait 40 ms for the head to be acknowledged.
    disable_nagle_algorithm = True
    api: FakeApi

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.serve()

    do_POST = do_GET  # noqa: N815
    do_PUT = do_GET  # noqa: N815
    do_PATCH = do_GET  # noqa: N815
    do_DELETE = do_GET  # noqa: N815

    def serve(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        api = self.api
        with api.lock:
            api.requests.append((self.command, url.path))
            api.headers.append(dict(self.headers.items()))
            if api.outage > 0:
                api.outage -= 1
                self.close_connection = True
                return
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self.reply(401, problem(401, "not_authenticated"))
            elif api.problem:
                self.reply(*api.problem)
            elif (
                self.command == "GET"
                and url.path.startswith("/api/v1/operations/")
                and "/events" in url.path
            ):
                self.stream(url.path.split("/")[-2])
            else:
                self.answer(url.path, parse_qs(url.query), body)

    def answer(self, path: str, query: dict[str, list[str]], body: Any) -> None:
        api = self.api
        key = self.headers.get("Idempotency-Key")
        if self.command == "POST":
            # As the API: what makes an operation wants a key, anything else takes none.
            if (key is not None) != ("/stores" in path and path.endswith(COUNTED)):
                self.reply(400, problem(400, "bad_request"))
                return
            if key is not None:
                api.keys.append(key)
        status, found = api.by_key.get(key or "") or api.answer(self.command, path, query, body)
        if key:
            api.by_key[key] = (status, found)
        if self.command == "POST" and api.lost_answers > 0:
            api.lost_answers -= 1
            self.close_connection = True
            return
        self.reply(status, found)

    def reply(self, status: int, body: Any) -> None:
        if status == 204:
            self.send_response(status)
            self.end_headers()
            return
        content = json.dumps(body).encode()
        kind = "application/problem+json" if status >= 400 else "application/json"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def stream(self, uid: str) -> None:
        api = self.api
        api.resumed_after.append(self.headers.get("Last-Event-ID"))
        if not api.streams:
            self.reply(404, problem(404, "not_found"))
            return
        left = api.breaks.pop(0) if api.breaks else 1000
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        number = int(self.headers.get("Last-Event-ID") or 0)
        while left > 0 and not api.stuck:
            left, number = left - 1, number + 1
            operation = api.advance(uid)
            text = f": ping\n\nid: {number}\nevent: operation\ndata: {json.dumps(operation)}\n\n"
            self.wfile.write(text.encode())
            if operation["status"]["state"] not in {"pending", "running"}:
                break
        self.close_connection = True


@contextmanager
def serving() -> Iterator[FakeApi]:
    api = FakeApi()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"api": api}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
