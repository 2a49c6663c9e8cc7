"""The embedded home: the whole control plane in one process, what `make up` runs.

One directory holds everything: registry, keys, shops. Its lock makes sure that one control plane
works on it, which also proves that leases left behind belong to nobody.
"""

import contextlib
import errno
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

from controller import main, onstage, serving
from controller.domain.errors import (
    AddressUnusableError,
    AlreadyRunningError,
    HomeForbiddenError,
    HomeNoDirectoryError,
    HomeReadOnlyError,
    HomeUnusableError,
    PortTakenError,
    StorageFullError,
    StoreControllerError,
    TooManyFilesError,
)
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
    """Hold the home until the file is closed.

    Raises AlreadyRunningError, or what says why it cannot be used.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / "controller.lock").open("a")
    except OSError as error:
        raise _unusable(home, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(home=str(home)) from None
        except OSError as error:
            raise _unusable(home, error) from error
        yield lock


def _unusable(home: Path, error: OSError) -> StoreControllerError:
    """Why a home cannot be used, each cause with its own remedy."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return StorageFullError()
        case errno.EROFS:
            return HomeReadOnlyError(home=str(home))
        case errno.EACCES | errno.EPERM:
            return HomeForbiddenError(home=str(home))
        case errno.ENOTDIR | errno.EEXIST | errno.EISDIR:
            return HomeNoDirectoryError(home=str(home))
        case errno.EMFILE | errno.ENFILE:
            return TooManyFilesError()
    return HomeUnusableError(home=str(home), detail=error.strerror or str(error))


@contextlib.contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """The socket that answers, taken first; raises PortTakenError, AddressUnusableError."""
    # Named, because asyncio switches Nagle's algorithm off only then.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTakenError(port=settings.port) from None
            where: dict[str, str | int] = {"host": settings.host, "port": settings.port}
            detail = error.strerror or str(error)
            raise AddressUnusableError(**where, detail=detail) from None
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
    server = Server(serving.configured(main.build_app(home.services)), ending)
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
