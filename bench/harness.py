"""What every figure shares: a home of its own, percentiles, and the printed object."""

import json
import os
import platform
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from controller.bootstrap import wiring
from controller.commerce.drafts import Draft
from controller.domain.operations import Operation
from controller.domain.tenant import Scope
from controller.jobs.wakeup import Hint, silent
from controller.jobs.worker import Worker
from controller.reconciler.world import World
from controller.registry.migrate import migrate
from controller.registry.registry import Registry
from controller.registry.session import Database
from controller.services.services import Services
from controller.services.stores import Owner
from controller.settings import LimitSettings, Settings


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured figure; `floor` was measured in the same run, `ratio` is figure / floor."""

    name: str
    figure: float
    unit: str
    floor: float
    ratio: float
    spread: list[float]
    """The smallest and the largest figure of the rounds."""
    goal: str
    met: bool
    detail: dict[str, Any] = field(default_factory=dict)

    def show(self) -> None:
        """Print it as one line of JSON."""
        print(json.dumps(asdict(self)), flush=True)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def machine() -> dict[str, Any]:
    """What it ran on."""
    return {
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "machine": platform.machine(),
        "system": sys.platform,
    }


@dataclass(frozen=True, kw_only=True)
class Plane:
    """The control plane's parts in this process, without HTTP."""

    settings: Settings
    registry: Registry
    world: World
    services: Services
    worker: Worker

    @property
    def environment(self) -> dict[str, str]:
        """That of a `storectl` which speaks with it, while it is served."""
        told = {
            "STORECTL_SERVER": self.settings.url,
            "STORECTL_TOKEN": wiring.operator_token(self.settings),
        }
        return {**os.environ, **told}

    def create(self, name: str) -> Operation:
        """Order a store as every door does."""
        scope = Scope.operator("bench")
        draft = Draft(name=name, country="DE")
        return self.services.stores.create(scope, Owner(email="b@example.com"), draft).operation

    def wait(self, operation: Operation) -> Operation:
        """Follow an operation to its end."""
        while (found := self.registry.operations.get(Scope.system(), operation.id)).open:
            # Asking without a pause would take the interpreter from those who work.
            time.sleep(0.002)
        return found


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def plane(*, working: bool = True, **more: Any) -> Iterator[Plane]:
    """A control plane in a directory that is removed; its shops are stopped.

    `more` are settings.
    """
    with tempfile.TemporaryDirectory() as directory:
        settings = Settings(
            home=Path(directory),
            database_url="",
            redis_url="",
            port=_free_port(),
            shop_ports="29100-31099",
            limits=LimitSettings(stores_per_tenant=100_000, open_operations=100_000),
            **more,
        )
        database = Database(settings.effective_database_url)
        migrate(database)
        database.close()
        keyring = wiring.build_keyring(settings)
        registry = wiring.build_registry(settings, keyring)
        world = wiring.build_world(settings, keyring, registry)
        worker = wiring.build_worker(settings, registry, world, notifier=None)
        hint: Hint = worker.hint if working else silent
        services = wiring.build_services(settings, registry, world, hint, lambda: working)
        if working:
            worker.start()
        try:
            yield Plane(
                settings=settings,
                registry=registry,
                world=world,
                services=services,
                worker=worker,
            )
        finally:
            worker.stop()
            for driver in world.drivers.values():
                driver.stop_all()
            world.clusters.close()
            registry.database.close()


@contextmanager
def served(made: Plane) -> Iterator[None]:
    """Answer the API on the settings' port until the block ends."""
    made.registry.tokens.register(wiring.operator_token(made.settings), name="bench", tenant=None)
    config = uvicorn.Config(
        wiring.build_app(made.services), port=made.settings.port, log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
