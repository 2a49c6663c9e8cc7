"""One shop process: its lock, its port, its files and its end; `__main__` calls `run`.

The driver learns everything from the directory: the lock held and `runtime.json` say what runs,
`exit.json` says why nothing does. In a container `sandbox.container` takes the driver's place.
"""

# ruff: noqa: PLC0415 - what is not needed to start is imported where it is used.

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import logging
import os
import shutil
import signal
import socket
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from starlette.types import ASGIApp

    from sandbox.shop import Release, Secrets, Shop

EXIT_UNREADABLE = 74
EXIT_LOCKED = 75
EXIT_PORT_TAKEN = 76
EXIT_STOPPED = 77
EXIT_BAD_DIRECTORY = 78
LOCK_SECONDS = 0.3
SHUTDOWN_SECONDS = 2
LEAST_BYTES = 1024 * 1024
"""Room that a volume needs for a shop to work at all."""

log = logging.getLogger("sandbox")


@dataclass(frozen=True, kw_only=True)
class Refusal(Exception):  # noqa: N818 - it is an answer to the driver, not an error of the program
    """The process will not run: an exit status and what `exit.json` tells the driver."""

    status: int
    code: str
    message: str


def run(directory: Path, lock: int | None = None) -> int:
    """Run the shop of this directory until it is told to stop; return the exit status.

    `lock` is the descriptor of the directory's lock when whoever started us holds it already. It
    is never closed: a process is gone when its lock is free.

    Status 0 after SIGTERM or SIGINT, 75 when another process holds the lock, 76 when the port is
    taken, 77 when it was told to stop before it started, 78 when release.json or secrets.json
    cannot be used, 74 when the data file cannot.
    """
    logging.basicConfig(
        stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    try:
        lock = take_lock(directory) if lock is None else lock
        os.set_inheritable(lock, False)
        os.pwrite(lock, json.dumps({"pid": os.getpid()}).encode(), 0)
    except OSError as error:
        log.error("cannot lock %s: %s", directory, error.strerror)  # noqa: TRY400 - no traceback
        return EXIT_LOCKED if isinstance(error, BlockingIOError) else EXIT_BAD_DIRECTORY
    try:
        return start(directory)
    except Refusal as refusal:
        log.error("%s: %s", refusal.code, refusal.message)  # noqa: TRY400 - no traceback
        answer = {"code": refusal.code, "message": refusal.message}
        with contextlib.suppress(OSError):
            write_atomically(directory / "exit.json", answer)
        return refusal.status


def take_lock(directory: Path) -> int:
    """Take the directory's exclusive lock and forget who held it; return its descriptor.

    Raises BlockingIOError when another process has it.
    """
    lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # The driver looks whether somebody holds it by taking it for an instant.
            if time.monotonic() > deadline:
                os.close(lock)
                raise
            time.sleep(0.01)
        else:
            break
    os.truncate(lock, 0)
    for trace in ("exit.json", "runtime.json"):
        (directory / trace).unlink(missing_ok=True)
    return lock


def start(directory: Path) -> int:
    """Open what the directory names and serve it; raise Refusal when that is impossible."""
    from sandbox.app import build_app
    from sandbox.shop import BadDirectoryError, read_release, read_secrets

    try:
        release = read_release(directory)
        if release.stopped:
            # Started by a controller that died, stopped by its successor before it held its lock.
            return EXIT_STOPPED
        secrets = read_secrets(directory)
    except BadDirectoryError as error:
        raise Refusal(
            status=EXIT_BAD_DIRECTORY, code="bad_directory", message=str(error)
        ) from error
    with bind(release.host, release.port) as listener, opened(directory, release, secrets) as shop:
        serve(shop, build_app(shop), listener, directory / "runtime.json")
    return 0


@contextlib.contextmanager
def opened(directory: Path, release: Release, secrets: Secrets) -> Iterator[Shop]:
    """Open the shop's data until the context ends; raise Refusal when it cannot be used."""
    import sqlite3

    from sandbox.shop import open_shop

    try:
        shop = open_shop(directory, release, secrets)
    except (sqlite3.Error, OSError) as error:
        raise unusable(directory, error) from error
    with contextlib.closing(shop.db):
        yield shop


def unusable(directory: Path, error: Exception) -> Refusal:
    """Return the refusal of data that cannot be used, often for want of room."""
    full = shutil.disk_usage(directory).free < LEAST_BYTES
    code = "storage_full" if full else "data_unusable"
    message = f"no room is left in {directory}: {error}" if full else str(error)
    return Refusal(status=EXIT_UNREADABLE, code=code, message=message)


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket; raise Refusal when the address cannot be had.

    `::` is every address of the machine, those of IPv4 too.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only where the protocol is named; with it every answer
    # waits 40 ms for the caller's acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # A shop that was killed leaves connections in TIME_WAIT; its successor must not wait.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, host != "::")
        listener.bind((host, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        taken = error.errno == errno.EADDRINUSE
        code = "port_taken" if taken else "port_unusable"
        message = f"{host}:{port}: {error.strerror}"
        raise Refusal(status=EXIT_PORT_TAKEN, code=code, message=message) from error
    return listener


def serve(shop: Shop, app: ASGIApp, listener: socket.socket, runtime: Path | None = None) -> None:
    """Answer until a signal comes, then finish what is in flight within two seconds.

    `runtime` is where a driver reads that the socket answers.
    """
    import asyncio

    from uvicorn.config import Config
    from uvicorn.server import Server

    config = Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        timeout_keep_alive=30,
    )
    for name in ("uvicorn", "uvicorn.error", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)

    class ShopServer(Server):
        """Say when the socket answers, and leave with status 0 on a signal."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if runtime is not None:
                write_atomically(
                    runtime,
                    {
                        "pid": os.getpid(),
                        "port": shop.release.port,
                        "digest": shop.release.digest,
                        "started_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                    },
                )
            log.info("shop %s answers on port %d", shop.release.uid, shop.release.port)

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.handle_exit, number, None)
            yield

    try:
        asyncio.run(ShopServer(config).serve(sockets=[listener]))
    finally:
        if runtime is not None:
            runtime.unlink(missing_ok=True)
        log.info("shop %s stopped", shop.release.uid)


def write_atomically(path: Path, content: Mapping[str, object]) -> None:
    """Replace a JSON file in one step, so that a reader never sees half of it."""
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(content), encoding="utf-8")
    draft.replace(path)
