"""A whole control plane in memory: the real app, registry and reconciler over a fake world.

`Plane.get` and the like speak HTTP with the app without a server; `Plane.stream` reads an endless
answer. Nothing is reconciled until a test says `settle()`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from controller.bootstrap import wiring
from controller.domain.clusters import Cluster, ClusterSpec
from controller.domain.tenant import Tenant
from controller.jobs.wakeup import silent
from controller.reconciler.cluster_pool import ClusterPool, Heard
from controller.reconciler.kinds import Subjects
from controller.reconciler.loop import Reconciler, Timing
from controller.reconciler.world import World
from controller.registry.creating import Limits
from controller.registry.leases import Leases
from controller.registry.registry import Registry
from controller.registry.session import Database
from controller.registry.taking import Taking
from controller.settings import Settings
from provisioners.base import Driver, DriverFailure
from tests import factories
from tests.fakes import FakeClusterDriver, FakeDriver, FakeEngine

OPERATOR = "operators-own-token"
SERVER = "http://control.example"


class Plane:
    """The parts of a control plane, and a caller of its API."""

    def __init__(self, database: Database, home: Path, limits: Limits = factories.LIMITS) -> None:
        self.registry: Registry = factories.registry_over(database, limits)
        self.registry.tokens.register(OPERATOR, name="operator", tenant=None)
        self.driver = self._driver()
        self.engine = FakeEngine(self.driver)
        self.remote = FakeClusterDriver()
        """What stands on clusters, all of them together."""
        self.magento = FakeEngine(self.remote, name="magento", image="magento:1")
        self.refusal: DriverFailure | None = None
        """What a cluster that is to be added answers."""
        self.world = self._world()
        services = wiring.build_services(
            Settings(home=home), self.registry, self.world, silent, lambda: True
        )
        self.app: FastAPI = wiring.build_app(services)
        leases = Leases(database, holder="the plane", seconds=60)
        self._reconciler = Reconciler(
            Subjects(self.registry.stores, self.registry.progress, self.world),
            self.registry.progress,
            leases,
            Timing(),
            silent,
        )
        self._runner = asyncio.Runner()
        self._lifespan = self.app.router.lifespan_context(self.app)
        self.run(self._lifespan.__aenter__())
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, client=("203.0.113.9", 1)), base_url=SERVER
        )

    def _driver(self) -> FakeDriver:
        return FakeDriver()

    def _world(self) -> World:
        return World(
            engines={"fake": self.engine, "magento": self.magento},
            drivers={"fake": self.driver},
            keyring=factories.KEYRING,
            vault=self.registry.vault.opened,
            clusters=ClusterPool(self.registry.clusters, self._open, ask=self._probe),
            taking=Taking(self.registry.database),
        )

    def run(self, awaitable: Any) -> Any:
        """Run in the app's own event loop."""

        async def wrapped() -> Any:
            return await awaitable

        return self._runner.run(wrapped())

    def reset(self) -> None:
        """Begin anew with an empty registry and an empty world. Not while somebody listens."""
        factories.empty(self.registry.database)
        self.driver.clear()
        self.remote.clear()
        self.world.clusters.close()
        self.magento.refuses, self.magento.silent = None, False
        self.magento.barred = self.engine.barred = None
        self.refusal = None
        self.engine.refuses = None
        self.app.state.token_cache.forget()
        self.registry.tokens.register(OPERATOR, name="operator", tenant=None)

    def check(self) -> None:
        """Whatever was done to it: the registry answers and its audit chain holds."""
        assert self.registry.journal.broken_link() is None

    def close(self) -> None:
        """End the app and its threads."""
        self.run(self._client.aclose())
        self.run(self._lifespan.__aexit__(None, None, None))
        self._reconciler.close()
        self._runner.close()

    def _open(self, cluster: Cluster, secrets: Mapping[str, str], heard: Heard) -> Driver:
        return self.remote

    def _probe(self, spec: ClusterSpec, secrets: Mapping[str, str]) -> str:
        if self.refusal is not None:
            raise self.refusal
        return "1.34.1"

    # --- callers ----------------------------------------------------------------------------------

    def tenant(self, owner: str) -> tuple[Tenant, str]:
        """A tenant and a token of it."""
        found = factories.tenant(self.registry, owner)
        return found, self.registry.tokens.issue(name=owner, tenant=found.uid)[1]

    def request(
        self,
        method: str,
        path: str,
        *,
        token: str | None = OPERATOR,
        more: Sequence[tuple[str, str]] = (),
        **options: Any,
    ) -> httpx.Response:
        """One request; `path` below the API unless it begins with a slash.

        `more` are headers that may stand there twice.
        """
        url = path if path.startswith("/") else f"/api/v1/{path}"
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        headers |= options.pop("headers", {})
        response: httpx.Response = self.run(
            self._client.request(method, url, headers=[*headers.items(), *more], **options)
        )
        return response

    def get(self, path: str, **options: Any) -> httpx.Response:
        """GET."""
        return self.request("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """POST a JSON body."""
        return self.request("POST", path, json=body, **options)

    def make(self, name: str = "acme", **options: Any) -> dict[str, Any]:
        """Create a store and let it come up; return the operation as it was accepted."""
        token = options.pop("token", OPERATOR)
        body = {"name": name, "country": "DE", **options}
        answer = self.post("stores", body, token=token)
        assert answer.status_code == 202, answer.text
        self.settle()
        accepted: dict[str, Any] = answer.json()
        return accepted

    # --- the reconciler ---------------------------------------------------------------------------

    def settle(self) -> None:
        """Reconcile whatever is due until nothing is."""
        for _ in range(50):
            due = self.registry.queue.due(1000)
            if not due:
                return
            results = [(ref, self._reconciler.run(ref).due_in) for ref in due]
            quiet = [(ref, seconds) for ref, seconds in results if seconds is not None]
            self.registry.queue.postpone(quiet)
        raise AssertionError(f"still due: {due}")

    def settle_some(self, count: int) -> None:
        """Reconcile no more than so many of what is due, each once."""
        for ref in self.registry.queue.due(count):
            self._reconciler.run(ref)

    def look_again(self) -> None:
        """Reconcile as if the time for the next look had come."""
        for driver in (self.driver, self.remote):
            self.registry.queue.wake_all(driver.name)
        self.settle()

    # --- streams ----------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def stream(
        self, path: str, headers: Mapping[str, str] | None = None, token: str = OPERATOR
    ) -> AsyncIterator["Stream"]:
        """Open an answer that may never end; leaving the block hangs up."""
        given = {"host": "control.example", "authorization": f"Bearer {token}", **(headers or {})}
        route, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": route,
            "raw_path": route.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "client": ("203.0.113.9", 1),
            "server": ("control.example", 80),
        }
        stream = Stream()
        task = asyncio.create_task(self.app(scope, stream.receive, stream.send))
        try:
            await stream.begin(task)
            yield stream
        finally:
            stream.gone.set()
            await asyncio.wait_for(task, 30)


class Stream:
    """The body of an answer as it comes."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self.status = 0
        self.headers: dict[str, str] = {}
        self._asked = False
        self._blocks: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._started = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        """The request, then the news that the caller left."""
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Mapping[str, Any]) -> None:
        """Take what the app sends."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            self._started.set()
            return
        self._blocks.put_nowait(message.get("body", b""))
        if not message.get("more_body"):
            self._blocks.put_nowait(None)

    async def begin(self, task: "asyncio.Task[None]") -> None:
        """Wait for the head of the answer."""
        started = asyncio.create_task(self._started.wait())
        await asyncio.wait({started, task}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        assert started.done(), "no answer"

    async def blocks(self) -> AsyncIterator[bytes]:
        """Each block until the answer ends."""
        while (block := await asyncio.wait_for(self._blocks.get(), 30)) is not None:
            yield block

    async def events(self) -> AsyncIterator[dict[str, str]]:
        """Server-sent events; comments are left out."""
        buffer = ""
        async for block in self.blocks():
            buffer += block.decode().replace("\r\n", "\n")
            *whole, buffer = buffer.split("\n\n")
            for text in whole:
                lines = (line.partition(":") for line in text.split("\n"))
                fields = {name: value.strip() for name, _, value in lines if name}
                if fields:
                    yield fields


@contextlib.contextmanager
def plane_over(
    database: Database, home: Path, limits: Limits = factories.LIMITS
) -> Iterator[Plane]:
    """A control plane that is closed at the end."""
    plane = Plane(database, home, limits)
    try:
        yield plane
    finally:
        plane.close()


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The body of an answer that must be this problem."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["code"] == code
    assert body["type"] == f"urn:storectl:error:{code}"
    assert body["status"] == status
    assert body["detail"]
    assert body["action"]
    return body


def follow(plane: Plane, answer: Any) -> dict[str, Any]:
    """The operation that an accepted request names, once it has ended."""
    assert answer.status_code == 202, answer.text
    plane.settle()
    operation: dict[str, Any] = plane.get(answer.headers["location"]).json()
    assert operation["metadata"]["id"] == answer.json()["metadata"]["id"]
    return operation
