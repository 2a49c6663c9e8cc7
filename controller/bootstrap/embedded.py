"""The embedded home: the whole control plane in one process, what `make up` runs.

One directory holds everything: registry, keys, shops. Its lock makes sure that one control plane
works on it, which also proves that leases left behind belong to nobody.
"""

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import uvicorn

from controller.bootstrap import serving, wiring
from controller.bootstrap.stopping import Ending, Server
from controller.bootstrap.welcome import show_welcome
from controller.jobs.worker import Worker
from controller.logging import configure
from controller.reconciler.world import World
from controller.registry.leases import Leases
from controller.registry.migrate import migrate
from controller.registry.registry import Registry
from controller.registry.session import Database
from controller.services.services import Services
from controller.settings import Settings

_LEAVING_SECONDS = 1.5
"""What passes have to end after the step that they are at."""


@dataclass(frozen=True, kw_only=True)
class Home:
    """The running parts of an embedded control plane."""

    settings: Settings
    registry: Registry
    world: World
    worker: Worker
    services: Services


def up(settings: Settings, lock: IO[str], listener: socket.socket) -> int:
    """Run until a signal comes, in a home and at an address that are ours; return the status."""
    configure(settings.log_level, json=settings.log_json)
    ending = Ending(wiring.drop_programs)
    ending.on_signals()
    kept = f"\nStopped; everything is kept in {settings.home}"
    try:
        with _home(settings) as home:
            # Whoever reads that it stopped may start the next one.
            ending.at_last(lambda: print(kept, flush=True))
            ending.at_last(lock.close)
            ending.at_last(lambda: _note(settings).unlink(missing_ok=True))
            _serve(home, listener, ending)
    finally:
        if ending.begun.is_set():
            ending.finish()
    return 0


@contextlib.contextmanager
def _home(settings: Settings) -> Iterator[Home]:
    """Open the registry and start the worker; stop every shop at the end."""
    database = Database(settings.effective_database_url)
    migrate(database)
    database.close()
    keyring = wiring.build_keyring(settings)
    registry = wiring.build_registry(settings, keyring)
    registry.tokens.register(wiring.operator_token(settings), name="operator", tenant=None)
    wiring.renew_vault(registry)
    world = wiring.build_world(settings, keyring, registry)
    # The lock of the home proves that whoever held these is gone.
    Leases(registry.database, holder="home", seconds=1).forget_all()
    for name in world.drivers:
        registry.queue.wake_all(name)
    worker = wiring.build_worker(settings, registry, world, notifier=None)
    services = wiring.build_services(settings, registry, world, worker.hint, lambda: worker.alive)
    try:
        worker.start()
        yield Home(
            settings=settings, registry=registry, world=world, worker=worker, services=services
        )
    finally:
        worker.stop(_LEAVING_SECONDS)
        for driver in world.drivers.values():
            driver.stop_all()
        world.clusters.close()
        registry.database.close()


def _serve(home: Home, listener: socket.socket, ending: Ending) -> None:
    """Answer requests until a signal comes."""
    server = Server(serving.configured(wiring.build_app(home.services)), ending)
    note = _note(home.settings)
    stage = threading.Thread(target=_welcome, args=(home, server, note), daemon=True)
    stage.start()
    try:
        server.run(sockets=[listener])
    finally:
        note.unlink(missing_ok=True)


def _note(settings: Settings) -> Path:
    """Where `storectl` finds the control plane of this home."""
    return settings.home / "controller.json"


def _welcome(home: Home, server: uvicorn.Server, note: Path) -> None:
    """Once it answers: leave word for `storectl`, make the demonstration store, tell the person."""
    while not server.started:
        if server.should_exit:
            return
        time.sleep(0.01)
    note.write_text(json.dumps({"server": home.settings.url, "pid": os.getpid()}))
    show_welcome(home.services, wiring.operator_token(home.settings), "make up")
