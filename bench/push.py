"""One push of a store's settings through the adapter, against a running sandbox shop.

Floor: the same bytes but for one price, by the standard library's client over a connection that is
kept, and nothing else. Both are done in turn, so that each push changes that price and the shop's
own time, which is most of it, is the same for both.
"""

import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

from bench.harness import Figure, machine, median, percentile, plane
from controller.domain.tenant import Scope
from controller.engines.bridge import BridgeShop
from controller.engines.wire import Answer, Wire

ROUNDS = 300
WARM = 20
GOAL = 1.2


class Watched(Wire):
    """A wire that remembers what was sent."""

    sent: list[tuple[str, str, bytes | None]]

    def exchange(
        self, method: str, path: str, content: bytes | None, *given: Any, **more: Any
    ) -> Answer:
        """Send, and remember."""
        self.sent.append((method, path, content))
        return super().exchange(method, path, content, *given, **more)


def run() -> None:
    """Measure and print."""
    with plane() as made:
        made.wait(made.create("pushed"))
        made.worker.stop()
        store = made.registry.stores.get(Scope.system(), "pushed")
        stack = made.registry.stores.stack(store.stack)
        assert stack is not None
        assert stack.endpoint is not None
        shop = made.world.shop(store, stack)
        assert isinstance(shop, BridgeShop)
        # A pass looks before it writes; the push is what follows.
        shop.look()
        sent = _watched(shop, stack.endpoint)
        written = shop.configure(())
        ((method, path, body),) = sent
        assert (method, path) == ("PUT", "/rest/all/V1/storecontroller/config")
        assert body is not None
        other = body.replace(b'"4.90"', b'"5.90"')
        assert other != body
        token = made.world.secrets(stack)["access_token"]
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        parts = urlsplit(stack.endpoint)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        ours, bare = [], []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            connection.request(method, path, other, headers)
            assert json.loads(connection.getresponse().read())["changed"] == 1
            bare.append((time.perf_counter() - began) * 1000)
            began = time.perf_counter()
            assert shop.configure(()).changed == 1
            ours.append((time.perf_counter() - began) * 1000)
        requests = (len(sent) - 1) / ROUNDS
        shop.close()
        connection.close()
    _show(ours[WARM:], bare[WARM:], written.count, requests)


def _watched(shop: BridgeShop, endpoint: str) -> list[tuple[str, str, bytes | None]]:
    wire = Watched(endpoint)
    wire.sent = []
    shop._rest._wire = wire
    return wire.sent


def _show(ours: list[float], bare: list[float], count: int, requests: float) -> None:
    ratio = median(ours) / median(bare)
    Figure(
        name="push_of_settings_ms",
        figure=round(median(ours), 2),
        unit="ms",
        floor=round(median(bare), 2),
        ratio=round(ratio, 2),
        spread=[round(min(ours), 2), round(percentile(ours, 0.99), 2)],
        goal=f"ratio <= {GOAL}, one request",
        met=ratio <= GOAL and requests == 1,
        detail={"settings": count, "requests": requests, "rounds": len(ours), **machine()},
    ).show()
