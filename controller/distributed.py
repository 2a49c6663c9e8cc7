"""The second home of the same reconciler: processes that share PostgreSQL and Redis.

`python -m controller api|worker|beat|migrate` calls this; `make up-distributed` starts them all on
one machine. PostgreSQL holds the truth and the leases. Redis is a bell: while it is away orders are
accepted and completed as always, each a sweep later. Shops belong to no worker: one that ends
leaves them running.

Where the process driver is used, all of them share one machine and one STORECTL_HOME.
"""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence

import uvicorn
from fastapi import FastAPI

from controller import home, main
from controller.domain.errors import StoreControllerError
from controller.jobs import app as celery
from controller.jobs.hints import Bell
from controller.logging import configure
from controller.registry.leases import Presence
from controller.registry.migrate import migrate
from controller.registry.registry import Registry
from controller.registry.session import Database
from controller.settings import Settings

DATABASE, REDIS, KEY = "STORECTL_DATABASE_URL", "STORECTL_REDIS_URL", "STORECTL_MASTER_KEY"

_HELP = {
    DATABASE: "the registry that all processes share: postgresql://USER:PASSWORD@HOST/DATABASE",
    REDIS: "the bell between processes: redis://HOST:PORT/0",
    KEY: "at least 32 characters, the same in every process: every derived secret hangs on it",
}

_BEGINNINGS = {
    DATABASE: ("postgresql://", "postgresql+psycopg://", "postgres://"),
    REDIS: ("redis://", "rediss://"),
    KEY: ("",),
}


def api() -> int:
    """Answer HTTP requests until a signal comes; reconcile nothing."""
    settings = _settings(DATABASE, REDIS, KEY)
    _end_on_signal()
    keyring = main.build_keyring(settings)
    with home.listening(settings) as listener:
        registry = main.build_registry(settings, keyring)
        registry.tokens.register(main.operator_token(settings), name="operator", tenant=None)
        bell = Bell(celery.build_publisher(settings.redis_url))
        world = main.build_world(settings, keyring, registry)
        services = main.build_services(
            settings, registry, world, bell, lambda: somebody_works(settings, registry)
        )
        try:
            _server(main.build_app(services)).run(sockets=[listener])
        finally:
            bell.close()
            world.places.close()
            registry.database.close()
    return 0


def _server(app: FastAPI) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=3,
            timeout_keep_alive=30,
            backlog=1024,
        )
    )


def somebody_works(settings: Settings, registry: Registry) -> bool:
    """Whether a worker swept a moment ago, as it told the database."""
    try:
        return _presence(settings, registry).anybody()
    except StoreControllerError:
        return False


def _presence(settings: Settings, registry: Registry) -> Presence:
    # A worker that is only slow, or between two sweeps, is still there.
    longest = max(settings.worker.lease_seconds, 3 * settings.worker.sweep_seconds)
    return Presence(registry.database, seconds=longest)


def worker(arguments: Sequence[str] = ()) -> int:
    """Reconcile until a signal comes: what Celery is told, and what our own sweep finds.

    `--queues people` or `--queues resync` leaves the other half to other workers; what else is in
    `arguments` goes to Celery's worker.
    """
    queues, rest = _queues(arguments)
    settings = _settings(DATABASE, REDIS, KEY)
    # Until Celery takes signals over.
    _end_on_signal()
    keyring = main.build_keyring(settings)
    registry = main.build_registry(settings, keyring)
    registry.database.ping()
    main.renew_vault(registry)
    # What a pass wakes is looked at by the same process: that needs no broker.
    world = main.build_world(settings, keyring, registry)
    waited_on = celery.PEOPLE in queues if len(queues) == 1 else None
    ours = main.build_worker(settings, registry, world, bell=None, waited_on=waited_on)
    presence = _presence(settings, registry)
    holder = f"{os.uname().nodename}/{os.getpid()}"
    ours.after_sweep(lambda: presence.announce(holder))
    ours.start()
    try:
        bell = celery.build_celery(settings.redis_url)
        celery.serve(bell, ours, settings.worker.threads, queues, rest)
    finally:
        ours.stop()
        world.places.close()
        presence.leave(holder)
        registry.database.close()
    return 0


def _queues(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The queues of a worker, and the arguments that are not ours; ends the process if unknown."""
    parser = argparse.ArgumentParser("python -m controller worker", allow_abbrev=False)
    parser.add_argument("--queues", default=",".join(celery.QUEUES), metavar="NAME[,NAME]")
    known, rest = parser.parse_known_args(arguments)
    queues = sorted(set(known.queues.split(",")))
    if unknown := set(queues) - set(celery.QUEUES):
        parser.error(
            f"no queue is named {', '.join(sorted(unknown))!r}: {', '.join(celery.QUEUES)}"
        )
    return queues, rest


def beat() -> int:
    """Ring for a sweep at intervals until a signal comes. More than one does no harm."""
    celery.ring_forever(celery.build_celery(_settings(REDIS).redis_url))
    return 0


def migrate_now() -> int:
    """Bring the database to the newest schema."""
    database = Database(_settings(DATABASE).database_url)
    try:
        migrate(database)
    finally:
        database.close()
    return 0


def _settings(*required: str) -> Settings:
    """The settings; ends the process, naming what is missing, unless all required ones are set."""
    settings = Settings()
    given = {
        DATABASE: settings.database_url,
        REDIS: settings.redis_url,
        KEY: settings.master_key.get_secret_value(),
    }
    wrong = {name: "is not set" for name in required if not given[name]}
    for name in required:
        if not given[name].startswith(_BEGINNINGS[name]):
            wrong.setdefault(name, "cannot be used")
    for name, what in wrong.items():
        sys.stderr.write(f"{name} {what}: {_HELP[name]}\n")
    if wrong:
        raise SystemExit(2)
    configure(settings.log_level, json=settings.log_json)
    # What libraries say; ours goes through structlog.
    logging.basicConfig(
        level=max(logging.WARNING, logging.getLevelName(settings.log_level)),
        format="%(asctime)s [%(levelname)s] %(name)s: %(message)s",
    )
    return settings


def _end_on_signal() -> None:
    """Have signals raise SystemExit, so that what was opened is closed."""
    for kind in (signal.SIGTERM, signal.SIGHUP):
        # uvicorn, too, ends in order and then raises the signal again.
        signal.signal(kind, lambda *_: sys.exit(0))
