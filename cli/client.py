"""The HTTP API as methods, one per route; the commands call nothing else of the control plane."""

import re
import uuid
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import quote

from cli import stream
from cli.transport import Reply, Stream, Transport

Resource = dict[str, Any]
_COUNTED = re.compile(
    r"/api/v1/stores"
    r"(/[^/]+/(config/push|suspend|resume|retire|undelete|scale|purge|backups|restores))?"
)
"""What POST makes an operation of."""
PREFIX = "/api/v1"
PAGE = 200


class Client:
    """One control plane, seen by the owner of one token."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @property
    def server(self) -> str:
        """The base address."""
        return self._transport.server

    # --- stores ---------------------------------------------------------------------------------

    def stores(
        self,
        *,
        limit: int | None = None,
        phase: str | None = None,
        labels: tuple[str, ...] = (),
        cluster: str | None = None,
    ) -> Iterator[Resource]:
        """Yield stores over all pages, at most `limit`, that carry all the `labels` (key=value)."""
        # The server looks for one label; further ones are looked for here.
        query = {"phase": phase, "label": labels[0] if labels else None, "cluster": cluster}
        wanted = {tuple(label.split("=", 1)) for label in labels[1:]}
        found = self._pages("/stores", query, limit if len(labels) < 2 else None)
        matching = (store for store in found if wanted <= store["metadata"]["labels"].items())
        return islice(matching, limit)

    def store(self, name: str) -> Resource:
        """Return one store by name or uid."""
        return self._get(f"/stores/{_part(name)}")

    def create_store(self, body: Mapping[str, Any]) -> Reply:
        """Order a store; the answer is an operation, 200 says that the store was there already."""
        return self._post("/stores", body)

    def foresee_store(self, body: Mapping[str, Any]) -> Resource:
        """Return what adopting a shop would change in it."""
        path = f"{PREFIX}/stores"
        return _resource(self._transport.send("POST", path, query={"dryRun": "true"}, body=body))

    def apply_store(self, name: str, body: Mapping[str, Any]) -> Reply:
        """Create or change a store; 200 instead of 202 says that nothing differed."""
        return self._transport.send("PUT", f"{PREFIX}/stores/{_part(name)}", body=body)

    def diff_store(self, name: str, body: Mapping[str, Any]) -> Resource:
        """Return what `apply_store` would change."""
        path = f"{PREFIX}/stores/{_part(name)}"
        return _resource(self._transport.send("PUT", path, query={"dryRun": "true"}, body=body))

    def change_store(self, name: str, patch: Mapping[str, Any]) -> Reply:
        """Change what a merge patch names; 200 instead of 202 says that nothing differed."""
        return self._transport.send("PATCH", f"{PREFIX}/stores/{_part(name)}", body=patch)

    def config(self, name: str) -> Resource:
        """Return every setting of a store as wanted and as the shop has it."""
        return self._get(f"/stores/{_part(name)}/config")

    def push_config(self, name: str) -> Reply:
        """Have every setting written again."""
        return self._post(f"/stores/{_part(name)}/config/push", None)

    def secrets(self, name: str) -> list[Resource]:
        """Return what is told of a store's secrets."""
        return list(self._get(f"/stores/{_part(name)}/secrets")["items"])

    def set_secret(self, name: str, secret: str, value: str) -> Reply:
        """Keep a secret and bring it into the shop."""
        path = f"{PREFIX}/stores/{_part(name)}/secrets/{_part(secret)}"
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return self._transport.send("PUT", path, body={"value": value}, headers=headers)

    def remove_secret(self, name: str, secret: str) -> Reply:
        """Forget a secret."""
        path = f"{PREFIX}/stores/{_part(name)}/secrets/{_part(secret)}"
        return self._transport.send("DELETE", path)

    def transition(self, name: str, verb: str, body: Mapping[str, Any] | None = None) -> Reply:
        """Suspend, resume, retire, undelete or purge a store; 200 says that it was so already."""
        return self._post(f"/stores/{_part(name)}/{verb}", body)

    def extend_store(self, name: str, by: str) -> Reply:
        """Let a store live longer by a duration; sent twice it counts once."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        path = f"{PREFIX}/stores/{_part(name)}/extend"
        return self._transport.send("POST", path, body={"by": by}, headers=headers)

    def backups(self, name: str) -> Resource:
        """Return the backups of a store, the newest first."""
        return dict(self._get(f"/stores/{_part(name)}/backups"))

    def make_backup(self, name: str) -> Reply:
        """Have a backup of a store made now."""
        return self._post(f"/stores/{_part(name)}/backups", None)

    def restore(self, name: str, backup: str) -> Reply:
        """Load a backup over what a store has."""
        return self._post(f"/stores/{_part(name)}/restores", {"backup": backup})

    def scale_store(self, name: str, body: Mapping[str, Any]) -> Reply:
        """Change how many web servers a store has; an empty body goes back to the plan's."""
        return self._post(f"/stores/{_part(name)}/scale", body)

    def set_image(self, name: str, image: str) -> Reply:
        """Have a store run another image."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        path = f"{PREFIX}/stores/{_part(name)}/image"
        return self._transport.send("PUT", path, body={"image": image}, headers=headers)

    def images(self) -> list[Resource]:
        """Return which image each store runs."""
        return list(self._get("/images")["items"])

    def start_rollout(self, body: Mapping[str, Any]) -> Resource:
        """Bring an image to every store on a cluster."""
        return _resource(self._post("/images/rollouts", body))

    def rollouts(self) -> list[Resource]:
        """Return the rollouts, the newest first."""
        return list(self._get("/images/rollouts")["items"])

    def rollout(self, rollout: str) -> Resource:
        """Return one rollout with where each store stands."""
        return self._get(f"/images/rollouts/{_part(rollout)}")

    def stop_rollout(self, rollout: str) -> Resource:
        """Let no further store begin."""
        return _resource(self._post(f"/images/rollouts/{_part(rollout)}/stop", None))

    def resume_rollout(self, rollout: str) -> Resource:
        """Go on with a rollout that stopped."""
        return _resource(self._post(f"/images/rollouts/{_part(rollout)}/resume", None))

    def plans(self) -> list[Resource]:
        """Return the plans, the smallest first."""
        return list(self._get("/plans")["items"])

    def login_link(self, name: str) -> Resource:
        """Return a one-time link to the store's administration."""
        return _resource(self._post(f"/stores/{_part(name)}/login-link", None))

    def why(self, name: str) -> Resource:
        """Return the chain that explains a store."""
        return self._get(f"/stores/{_part(name)}/why")

    def logs(self, name: str, query: Mapping[str, str | int | None], *, follow: bool) -> Stream:
        """Open the shop's log; `query` says which lines."""
        query = {**query, "follow": "true" if follow else None}
        # A quiet shop is no broken one: while following, silence may last.
        timeout = 3600.0 if follow else 30.0
        path = f"{PREFIX}/stores/{_part(name)}/logs"
        return self._transport.stream(path, query=query, timeout=timeout)

    # --- orders ---------------------------------------------------------------------------------

    def orders(
        self, store: str, *, status: str | None = None, tests: bool = False, limit: int
    ) -> Iterator[Resource]:
        """Yield a store's orders, newest first."""
        query = {"status": status, "tests": "true" if tests else None}
        return self._pages(f"/stores/{_part(store)}/orders", query, limit)

    def order(self, store: str, number: str) -> Resource:
        """Return one order with its shipments."""
        return self._get(_order(store, number))

    def shipments(self, store: str, number: str) -> list[Resource]:
        """Return what was sent of an order, oldest first."""
        return list(self._get(f"{_order(store, number)}/shipments")["items"])

    def ship_order(self, store: str, number: str, body: Mapping[str, Any]) -> Reply:
        """Record a shipment; 200 instead of 201 says that it was there already."""
        return self._post(f"{_order(store, number)}/shipments", body)

    def track_shipment(
        self, store: str, number: str, shipment: str, body: Mapping[str, Any]
    ) -> Reply:
        """Add a parcel's number; 200 instead of 201 says that it was there already."""
        return self._post(f"{_order(store, number)}/shipments/{_part(shipment)}/tracks", body)

    # --- events ---------------------------------------------------------------------------------

    def events(self, store: str | None, *, limit: int | None = None) -> Resource:
        """Return the events of a store and its place, or of everything in scope, oldest first."""
        place = "true" if store is not None else None
        return self._get(_events(store), {"limit": limit, "place": place})

    def event_stream(self, store: str | None, last: str | None) -> Stream:
        """Open the live events after the event id `last`."""
        return self._sse(PREFIX + _events(store), last, timeout=60.0)

    # --- operations -----------------------------------------------------------------------------

    def operations(
        self, *, store: str | None = None, state: str | None = None, limit: int | None = None
    ) -> Iterator[Resource]:
        """Yield operations, newest first."""
        return self._pages("/operations", {"store": store, "state": state}, limit)

    def operation(self, uid: str) -> Resource:
        """Return one operation."""
        return self._get(f"/operations/{_part(uid)}")

    def retry_operation(self, uid: str) -> Resource:
        """Try a failed operation again; returns the operation."""
        return _resource(self._post(f"/operations/{_part(uid)}/retry", None))

    def operation_stream(self, uid: str, last: str | None, timeout: float) -> Stream:
        """Open the operation's progress after the event id `last`."""
        return self._sse(f"{PREFIX}/operations/{_part(uid)}/events", last, timeout)

    # --- clusters -------------------------------------------------------------------------------

    def clusters(self) -> list[Resource]:
        """Return every cluster."""
        return list(self._get("/clusters")["items"])

    def cluster(self, name: str) -> Resource:
        """Return one cluster."""
        return self._get(f"/clusters/{_part(name)}")

    def add_cluster(self, body: Mapping[str, Any]) -> Reply:
        """Add a cluster; 200 instead of 201 says that it was there already."""
        return self._post("/clusters", body)

    def change_cluster(self, name: str, patch: Mapping[str, Any]) -> Resource:
        """Change what a merge patch names."""
        path = f"{PREFIX}/clusters/{_part(name)}"
        return _resource(self._transport.send("PATCH", path, body=patch))

    def steer_cluster(self, name: str, verb: str) -> Resource:
        """Drain or activate a cluster."""
        return _resource(self._post(f"/clusters/{_part(name)}/{verb}", None))

    def remove_cluster(self, name: str) -> None:
        """Forget a cluster that holds no stores."""
        self._transport.send("DELETE", f"{PREFIX}/clusters/{_part(name)}")

    # --- exchange rates -------------------------------------------------------------------------

    def rates(self) -> Resource:
        """Return the exchange rates in force."""
        return self._get("/rates")

    def refresh_rates(self) -> Resource:
        """Have the source asked soon."""
        return _resource(self._post("/rates/refresh", None))

    def approve_rates(self, number: int | None) -> Resource:
        """Put waiting quotes in force, of a set that somebody looked at."""
        return _resource(self._post("/rates/approve", {"set": number} if number else None))

    def store_rates(self, name: str) -> Resource:
        """Return a store's rates and how its shop stands to them."""
        return self._get(f"/stores/{_part(name)}/rates")

    # --- the rest -------------------------------------------------------------------------------

    def countries(self, lang: str) -> list[Resource]:
        """Return the countries with their names in `lang`."""
        return list(self._get("/countries", {"lang": lang})["items"])

    def country(self, code: str) -> Resource:
        """Return what choosing a country sets."""
        return self._get(f"/countries/{_part(code)}")

    def fleet(self) -> Resource:
        """Return how the whole platform stands, and what its drivers hold that nobody knows."""
        return self._get("/fleet")

    def openapi(self) -> Resource:
        """Return the description of the API, which carries the server's version."""
        return self._get("/openapi.json")

    def readiness(self) -> Resource:
        """Return the parts of the control plane and whether each works."""
        return _resource(self._transport.send("GET", "/readyz"))

    def raw(self, method: str, path: str, body: Any) -> Reply:
        """Send any request; a path without /api/v1 is under it."""
        is_whole = path.startswith(("/api/", "/healthz", "/readyz", "/metrics"))
        full = path if is_whole else PREFIX + path
        headers = {"Accept": "*/*", **(_once(full) if method == "POST" else {})}
        return self._transport.send(method, full, body=body, headers=headers)

    def _get(self, path: str, query: Mapping[str, Any] | None = None) -> Resource:
        return _resource(self._transport.send("GET", PREFIX + path, query=query))

    def _post(self, path: str, body: Mapping[str, Any] | None) -> Reply:
        full = PREFIX + path
        return self._transport.send("POST", full, body=body, headers=_once(full))

    def _pages(self, path: str, query: Mapping[str, Any], limit: int | None) -> Iterator[Resource]:
        left, after = limit, None
        while left is None or left > 0:
            size = PAGE if left is None else min(left, PAGE)
            page = self._get(path, {**query, "limit": size, "after": after})
            yield from page["items"]
            after = page["metadata"].get("next")
            if after is None:
                return
            left = None if left is None else left - len(page["items"])

    def _sse(self, path: str, last: str | None, timeout: float) -> Stream:
        headers = {"Accept": "text/event-stream"}
        if last is not None:
            headers["Last-Event-ID"] = last
        return self._transport.stream(path, headers=headers, timeout=timeout)


def sse(opened: Stream) -> Iterator[stream.ServerEvent]:
    """Yield the events of an open stream."""
    return stream.parse(opened)


def _events(store: str | None) -> str:
    return "/events" if store is None else f"/stores/{_part(store)}/events"


def _order(store: str, number: str) -> str:
    return f"/stores/{_part(store)}/orders/{_part(number)}"


def _once(path: str) -> dict[str, str]:
    """One key for all attempts: an answer that got lost must not make the order count twice.

    What may come twice is sent without one, which the API would refuse there.
    """
    return {"Idempotency-Key": str(uuid.uuid4())} if _COUNTED.fullmatch(path) else {}


def _part(text: str) -> str:
    """Escape one segment of a path; dots would be taken for a folder by what is between."""
    if not text:
        # An empty segment would be another route.
        from controller.domain.errors.inputs import NameEmptyError  # noqa: PLC0415 -- seldom needed.

        raise NameEmptyError
    return quote(text, safe="").replace(".", "%2E")


def _resource(reply: Reply) -> Resource:
    if isinstance(reply.body, dict):
        return reply.body
    from cli.errors import NotOurApiError  # noqa: PLC0415 -- seldom needed.

    raise NotOurApiError
