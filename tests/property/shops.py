"""Real sandbox shops without processes: every one served by one thread, below one port.

It is the sandbox's own application over its own database; only the driver is a stand-in, which
keeps what a release is in memory.
"""

import asyncio
import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from uvicorn.config import Config
from uvicorn.server import Server

from provisioners.base import Release, ReleaseStatus
from sandbox.app import build_app
from sandbox.shop import Shop, open_shop, read_release, read_secrets
from tests.fakes import FakeDriver, Held

_HOST = "127.0.0.1"


@dataclass
class _Served:
    shop: Shop
    app: Any


@dataclass
class ShopServer:
    """A server in a thread of its own; the first part of a path names the shop."""

    root: Path
    _shops: dict[str, _Served] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._listener = socket.create_server((_HOST, 0), backlog=64)
        config = Config(
            self._answer,
            interface="asgi3",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        self._server = Server(config)
        self._server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._run, name="shops", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with self._listener:
            self._loop.run_until_complete(self._server._serve([self._listener]))
        self._loop.close()

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        _, name, rest = (*scope["path"].split("/", 2), "")[:3]
        served = self._shops.get(name)
        if served is None:
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        raw = scope["raw_path"].removeprefix(f"/{name}".encode())
        await served.app({**scope, "path": f"/{rest}", "raw_path": raw}, receive, send)

    def _within(self, call: Callable[[], Any]) -> Any:
        """Call in the server's thread, where the shops' databases are at home."""

        async def run() -> Any:
            return call()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(60)

    def endpoint(self, name: str) -> str:
        return f"http://{_HOST}:{self._listener.getsockname()[1]}/{name}"

    def start(self, release: Release, secrets: dict[str, str]) -> None:
        directory = self.root / release.name
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "secrets.json").write_text(json.dumps(secrets), encoding="utf-8")
        wanted = {"uid": release.name, "digest": release.digest, "host": _HOST, "port": 1}
        wanted["values"] = dict(release.values)
        (directory / "release.json").write_text(json.dumps(wanted), encoding="utf-8")
        self.stop(release.name)

        def run() -> None:
            shop = open_shop(directory, read_release(directory), read_secrets(directory))
            self._shops[release.name] = _Served(shop, build_app(shop))

        self._within(run)

    def stop(self, name: str) -> None:
        def run() -> None:
            served = self._shops.pop(name, None)
            if served is not None:
                served.shop.db.close()

        self._within(run)

    def close(self) -> None:
        for name in list(self._shops):
            self.stop(name)
        self._server.should_exit = True
        self._thread.join(30)


class InProcessDriver(FakeDriver):
    """`Driver` of `provisioners.base` whose releases are shops of a `ShopServer`."""

    name = "process"
    engines = ("sandbox",)
    scalable = False

    def __init__(self, server: ShopServer) -> None:
        super().__init__()
        self._server = server

    def apply(self, release: Release) -> ReleaseStatus:
        held = self.held.setdefault(release.name, Held())
        held.endpoint = self._server.endpoint(release.name)
        status = super().apply(release)
        self._server.start(release, dict(held.secrets or {}))
        return status

    def stop(self, name: str) -> None:
        super().stop(name)
        self._server.stop(name)

    def delete(self, name: str) -> None:
        super().delete(name)
        self._server.stop(name)

    def clear(self) -> None:
        for name in list(self.held):
            self._server.stop(name)
        super().clear()
