"""The embedded home: the whole control plane in one process, what `make up` runs.

One directory holds everything: registry, keys, shops. Its lock makes sure that one control plane
works on it, which also proves that leases left behind belong to nobody.
"""

import contextlib
import fcntl
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

from controller import main, onstage
from controller.domain.errors import AlreadyRunningError, PortTakenError, StorageFullError
from controller.jobs.worker import Worker
from controller.logging import configure
from controller.reconciler.world import World
from controller.registry.leases import Leases
from controller.registry.migrate import migrate
from controller.registry.registry import Registry
from controller.registry.session import Database
from controller.services import Services
from controller.settings import Settings
from controller.stopping import Ending, Server

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


def up() -> int:
    """Run until a signal comes; return the exit status."""
    settings = Settings()
    configure(settings.log_level, json=settings.log_json)
    ending = Ending(main.drop_programs)
    ending.on_signals()
    kept = f"\nStopped; everything is kept in {settings.home}"
    try:
        with (
            locked(settings.home) as lock,
            listening(settings) as listener,
            _home(settings) as home,
        ):
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
def locked(home: Path) -> Iterator[IO[str]]:
    """Hold the home until the file is closed; raises AlreadyRunningError."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / "controller.lock").open("a")
    except OSError as error:
        raise StorageFullError from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(home=str(home)) from None
        yield lock


@contextlib.contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """The socket that answers, taken before anything is started; raises PortTakenError."""
    # Named, because asyncio switches Nagle's algorithm off only then.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError:
            raise PortTakenError(port=settings.port) from None
        listener.listen(1024)
        yield listener


@contextlib.contextmanager
def _home(settings: Settings) -> Iterator[Home]:
    """Open the registry and start the worker; stop every shop at the end."""
    database = Database(settings.effective_database_url)
    migrate(database)
    database.close()
    keyring = main.build_keyring(settings)
    registry = main.build_registry(settings, keyring)
    registry.tokens.register(main.operator_token(settings), name="operator", tenant=None)
    main.renew_vault(registry)
    world = main.build_world(settings, keyring, registry)
    # The lock of the home proves that whoever held these is gone.
    Leases(registry.database, holder="home", seconds=1).forget_all()
    for name in world.drivers:
        registry.queue.wake_all(name)
    worker = main.build_worker(settings, registry, world, bell=None)
    services = main.build_services(settings, registry, world, worker.hint, lambda: worker.alive)
    try:
        worker.start()
        yield Home(
            settings=settings, registry=registry, world=world, worker=worker, services=services
        )
    finally:
        worker.stop(_LEAVING_SECONDS)
        for driver in world.drivers.values():
            driver.stop_all()
        world.places.close()
        registry.database.close()


def _serve(home: Home, listener: socket.socket, ending: Ending) -> None:
    """Answer requests until a signal comes."""
    config = uvicorn.Config(
        main.build_app(home.services),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=30,
        backlog=1024,
    )
    server = Server(config, ending)
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
    onstage.welcome(home.services, main.operator_token(home.settings), "make up")
