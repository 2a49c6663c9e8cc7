"""A real Magento's pages under 100 users, how soon it is there, and the memory that it takes.

On a node of its own (`scripts/nodekit`), so it needs root, and MAGENTO_TREE as `make node-test`
does. BENCH_PLANS names the plans, BENCH_SECONDS how long each page is asked for. Users ask again as
soon as they are answered, over TLS and through the Ingress; all share the machine with the shop.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from bench.harness import Figure, machine
from provisioners.kubernetes.connection import Connection
from scripts.nodekit import images
from scripts.nodekit import machine as host
from tests.cluster.conftest import Cluster
from tests.cluster.kubelet import connected
from tests.cluster.stage import Stage, staged
from tests.node.beside import NODE, beside

PLANS = os.environ.get("BENCH_PLANS", "starter").split(",")
SECONDS = int(os.environ.get("BENCH_SECONDS", "15"))
USERS = 100
REST_SECONDS = 150
LUA = Path(__file__).with_suffix(".lua")
CACHED_MS, READY_SECONDS, IDLE_MB = 300, 45, 900
WORDS = ("tea", "green", "black", "leaf", "cup")
PRODUCTS = [f"tea {WORDS[number % len(WORDS)]} {number}" for number in range(24)]
"""Names; a product's page is called as it is."""


def run() -> None:
    """Measure and print; says why where it cannot."""
    if NODE in os.environ:
        _measure()
    elif images.TREE not in os.environ:
        print(f"pages: {images.TREE} names no tree of Magento, so no page is measured")
    elif why := host.why_not():
        print(f"pages: no node can run here: {why}")
    elif failed := beside("bench", [sys.executable, "-m", "bench", "pages"], ()):
        sys.exit(failed)


def _measure() -> None:
    with tempfile.TemporaryDirectory() as scratch, _stage(Path(scratch)) as stage:
        for plan in PLANS:
            _measure_plan(stage, plan)


@contextmanager
def _stage(home: Path) -> Iterator[Stage]:
    kubeconfig = Path(os.environ[NODE]) / "pki" / "admin"
    with (
        connected(kubeconfig) as api,
        staged(home, Cluster(kubeconfig=kubeconfig, api=api, stand_in=None)) as stage,
        stage.running(),
    ):
        # A small machine holds a large plan's pods when they ask for less; limits stay.
        values = home / "values.yaml"
        values.write_text(json.dumps(_MODEST))
        shared = ("--shared-storage-class", "standard")
        stage.join(kubeconfig, "https://{host}", "main", "--values", str(values), *shared)
        yield stage


_LITTLE = {"resources": {"requests": {"cpu": "25m"}}}
_MODEST: dict[str, Any] = {
    "web": {**_LITTLE, "autoscaling": {"enabled": False}},
    **dict.fromkeys(("pageCache", "cron", "database", "search", "jobs"), _LITTLE),
}


def _measure_plan(stage: Stage, plan: str) -> None:
    name = f"tea-{plan}"
    began = time.monotonic()
    stage.made(name, plan=plan, cluster="main")
    ready = time.monotonic() - began
    _show(f"pages_{plan}_ready_s", ready, "s from the order to Ready", READY_SECONDS)
    # Rest is the absence of work, which nothing tells; processes of PHP end after two minutes.
    time.sleep(REST_SECONDS)
    held = _memory(stage, name)
    _show(f"pages_{plan}_idle_mb", sum(held.values()), "MB at rest", IDLE_MB, parts=held)
    shop = Shop(f"https://{name}.shops.example.com", _token(stage, name))
    shop.fill()
    _show_pages(plan, shop)
    stage.purged(name)


def _show(name: str, figure: float, unit: str, goal: float, **detail: Any) -> None:
    Figure(
        name=name,
        figure=round(figure, 1),
        unit=unit,
        floor=0,
        ratio=0,
        spread=[round(figure, 1)] * 2,
        goal=f"<= {goal}",
        met=figure <= goal,
        detail={**detail, **machine()},
    ).show()


def _show_pages(plan: str, shop: "Shop") -> None:
    """Each page at one user and at 100; the floor is a file that the web server has on its disk."""
    floor = _asked(shop.url, [shop.static()], USERS)
    for page, (paths, cached) in shop.pages().items():
        # Somebody was there before: what a cache may answer is in it.
        for path in paths:
            shop.visit(path)
        alone, many = (_asked(shop.url, paths, users) for users in (1, USERS))
        Figure(
            name=f"pages_{plan}_{page}_ms",
            figure=many["p95"],
            unit=f"ms, p95 at {USERS} users",
            floor=floor["p95"],
            ratio=round(many["p95"] / floor["p95"], 2),
            spread=[many["p50"], many["p99"]],
            goal=f"<= {CACHED_MS}" if cached else "none: no cache may answer it",
            met=not cached or (many["p95"] <= CACHED_MS and not many["failed"]),
            detail={"alone": alone, "together": many, "floor": floor, **machine()},
        ).show()


def _asked(url: str, paths: list[str], users: int) -> dict[str, float]:
    """Ask for these paths in turn; milliseconds, answers in a second, and those that failed."""
    command = ["wrk", "-t1", f"-c{users}", f"-d{SECONDS}s", "--timeout", "30s"]
    done = subprocess.run(
        [*command, "-s", str(LUA), url, "--", *paths], capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


class Shop:
    """A shop that sells tea."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def fill(self) -> None:
        """Give it a category with products."""
        body = {"name": "Tea", "is_active": True, "parent_id": 2, "include_in_menu": True}
        category = self._post("categories", {"category": body})["id"]
        for number, name in enumerate(PRODUCTS):
            product = {
                "sku": f"tea-{number}",
                "name": name,
                "attribute_set_id": 4,
                "price": 4.5 + number,
                "type_id": "simple",
                "weight": 0.1,
                "extension_attributes": {
                    "stock_item": {"qty": 1000, "is_in_stock": True},
                    "category_links": [{"category_id": str(category), "position": number}],
                },
            }
            self._post("products", {"product": product})
        # Indexes and caches follow in the background; a shopper sees the category when they did.
        deadline = time.monotonic() + 180
        while _page_of(PRODUCTS[1]) not in (found := self.visit("/tea.html")):
            assert time.monotonic() < deadline, found[-2000:]
            time.sleep(2)

    def pages(self) -> dict[str, tuple[list[str], bool]]:
        """The paths of each kind of page, and whether a cache may answer them."""
        return {
            "home": (["/"], True),
            "category": (["/tea.html", "/tea.html?p=2"], True),
            "product": ([_page_of(name) for name in PRODUCTS], True),
            "search": ([f"/catalogsearch/result/?q={word}" for word in WORDS], True),
            "login": (["/customer/account/login/"], False),
            "cart": (["/checkout/cart/"], False),
        }

    def static(self) -> str:
        """A style sheet that the front page asks for."""
        page = self.visit("/")
        end = page.index('.css"')
        start = page.rindex('"', 0, end) + 1
        return page[start : end + 4].removeprefix(self.url)

    def visit(self, path: str) -> str:
        """The page, as a shopper without cookies gets it."""
        return requests.get(self.url + path, timeout=60).text

    def _post(self, path: str, body: Any) -> Any:
        answer = self._session.post(f"{self.url}/rest/all/V1/{path}", json=body, timeout=60)
        assert answer.ok, answer.text
        return answer.json()


def _page_of(product: str) -> str:
    return f"/{product.replace(' ', '-')}.html"


def _token(stage: Stage, name: str) -> str:
    """The access token that the shop handed over."""
    return stage.world.access(stage.stack(name))["access_token"]


def _memory(stage: Stage, name: str) -> dict[str, float]:
    """What each part of a shop holds, in MB, as its kubelet counts it."""
    space = stage.namespace(name)
    connection = Connection(Path(os.environ[NODE]) / "pki" / "admin")
    told = connection.get("/api/v1/nodes/node1/proxy/stats/summary")
    connection.close()
    held: dict[str, float] = {}
    for pod in told["pods"]:
        if pod["podRef"]["namespace"] == space and (used := pod.get("memory")):
            part = pod["podRef"]["name"].removeprefix(f"{space}-")
            held[part] = round(used["workingSetBytes"] / 1_000_000, 1)
    return held
