"""`make up-distributed`: the control plane as separate processes on this machine.

PostgreSQL, Redis, two workers, beat and the API, as an installation on many machines has them. Data
lie in STORECTL_HOME; Ctrl-C ends all of it in order, shops included. STORECTL_DATABASE_URL or
STORECTL_REDIS_URL name servers to use instead of starting some.
"""

import contextlib
import json
import os
import signal
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from controller.bootstrap import claims, distributed, wiring
from controller.bootstrap.welcome import show_welcome
from controller.domain.errors.base import StoreControllerError, explain
from controller.jobs.app import build_publisher
from controller.jobs.wakeup import BrokerNotifier
from controller.logging import configure
from controller.registry.leases import Leases
from controller.registry.migrate import migrate
from controller.settings import ROOT, Settings
from scripts.servers import Child, UnusableError, postgres, redis_server, say

WORKERS = ("worker-1", "worker-2")


def up() -> int:
    """Run everything until a signal comes; return the exit status."""
    settings = Settings()
    configure(settings.log_level, json=settings.log_json)
    stop = threading.Event()
    for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(kind, lambda *_: stop.set())
    with claims.locked(settings.home), contextlib.ExitStack() as opened:
        # Taken for a moment only: the API takes it for good.
        with claims.listening(settings):
            logs = settings.home.resolve() / "logs"
            logs.mkdir(exist_ok=True)
        children, urls = [], {}
        if not settings.database_url:
            directory = settings.home.resolve() / "services" / "postgres"
            server, urls["database_url"] = opened.enter_context(
                postgres(directory, logs / "postgres.log")
            )
            children.append(server)
        if not settings.redis_url:
            server, urls["redis_url"] = opened.enter_context(redis_server(logs / "redis.log"))
            children.append(server)
        opened.enter_context(_control_plane(settings.model_copy(update=urls), logs, children))
        while not stop.wait(0.2):
            for child in children:
                child.tend()
        say("\nStopping.")
    say("Stopped; everything is kept in " + str(settings.home))
    return 0


@contextlib.contextmanager
def _control_plane(settings: Settings, logs: Path, children: list[Child]) -> Iterator[None]:
    """The controller's own processes over servers that run; every shop is stopped at the end."""
    keyring = wiring.build_keyring(settings)
    registry = wiring.build_registry(settings, keyring)
    world = wiring.build_world(settings, keyring, registry)
    migrate(registry.database)
    # The lock of the home proves that whoever held these is gone, and no shop runs.
    Leases(registry.database, holder="home", seconds=1).forget_all()
    for name in world.drivers:
        registry.queue.wake_all(name)
    ours = _processes(settings, logs)
    children.extend(ours)
    note = settings.home / "controller.json"
    notifier = BrokerNotifier(build_publisher(settings.redis_url))
    services = wiring.build_services(
        settings, registry, world, notifier, lambda: distributed.somebody_works(settings, registry)
    )

    def welcome() -> None:
        _await_api(settings)
        note.write_text(json.dumps({"server": settings.url, "pid": os.getpid()}))
        show_welcome(services, wiring.operator_token(settings), "make up-distributed")
        say(f"\nLogs of each process: {logs}")

    try:
        for child in ours:
            child.start()
        threading.Thread(target=welcome, daemon=True).start()
        yield
    finally:
        note.unlink(missing_ok=True)
        for child in ours:
            child.ask()
        for child in ours:
            child.stop()
        # Nobody starts shops any more.
        for driver in world.drivers.values():
            driver.stop_all()
        notifier.close()
        registry.database.close()


def _processes(settings: Settings, logs: Path) -> list[Child]:
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        "STORECTL_HOME": str(settings.home.resolve()),
        "STORECTL_DATABASE_URL": settings.database_url,
        "STORECTL_REDIS_URL": settings.redis_url,
        "STORECTL_MASTER_KEY": settings.master_key.get_secret_value()
        or (settings.home / "master.key").read_text().strip(),
    }
    commands = {"api": "api", **dict.fromkeys(WORKERS, "worker"), "beat": "beat"}
    return [
        Child(
            name=name,
            command=[sys.executable, "-m", "controller", command],
            log=logs / f"{name}.log",
            environ=environ,
        )
        for name, command in commands.items()
    ]


def _await_api(settings: Settings) -> None:
    while True:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://{settings.host}:{settings.port}/healthz").close()
            return
        time.sleep(0.05)


if __name__ == "__main__":
    try:
        sys.exit(up())
    except StoreControllerError as error:
        found = explain(error.code, error.params, str)
        sys.stderr.write(f"{found.message}\n{found.action}\n")
        sys.exit(error.exit_code)
    except ValidationError as error:
        for wrong in error.errors(include_input=False, include_url=False):
            setting = "__".join(str(part) for part in wrong["loc"]).upper()
            sys.stderr.write(f"The setting STORECTL_{setting} cannot be used: {wrong['msg']}\n")
        sys.exit(2)
    except UnusableError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
