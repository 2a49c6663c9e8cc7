"""The second home of the same reconciler: processes that share PostgreSQL and Redis.

`python -m controller api|worker|beat|migrate` calls this; `make up-distributed` starts them all on
one machine. PostgreSQL holds the truth and the leases. Redis only wakes them: while it is away
orders are accepted and completed as always, each a sweep later. Shops belong to no worker: one that
ends leaves them running.

Where the process driver is used, all of them share one machine and one STORECTL_HOME.
"""

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Iterator, Sequence

from controller.bootstrap import claims, serving, wiring
from controller.bootstrap.stopping import Ending, Server
from controller.domain.errors.base import StoreControllerError
from controller.jobs import app as celery
from controller.jobs.wakeup import BrokerNotifier
from controller.logging import configure
from controller.registry.leases import WorkerRegistry
from controller.registry.migrate import migrate
from controller.registry.registry import Registry
from controller.registry.session import Database
from controller.settings import Settings

_LEAVING_SECONDS = 1.5
"""What passes have to end after the step that they are at."""

DATABASE, REDIS, KEY = "STORECTL_DATABASE_URL", "STORECTL_REDIS_URL", "STORECTL_MASTER_KEY"

_HELP = {
    DATABASE: "the registry that all processes share: postgresql://USER:PASSWORD@HOST/DATABASE",
    REDIS: "what wakes other processes: redis://HOST:PORT/0",
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
    with _ended() as ending:
        _answer(settings, ending)
    return 0


def _answer(settings: Settings, ending: Ending) -> None:
    keyring = wiring.build_keyring(settings)
    with claims.listening(settings) as listener:
        registry = wiring.build_registry(settings, keyring)
        registry.tokens.register(wiring.operator_token(settings), name="operator", tenant=None)
        notifier = BrokerNotifier(celery.build_publisher(settings.redis_url))
        world = wiring.build_world(settings, keyring, registry)
        services = wiring.build_services(
            settings, registry, world, notifier, lambda: somebody_works(settings, registry)
        )
        try:
            server = Server(serving.configured(wiring.build_app(services)), ending)
            server.run(sockets=[listener])
        finally:
            notifier.close()
            world.clusters.close()
            registry.database.close()


@contextlib.contextmanager
def _ended() -> Iterator[Ending]:
    """What to do at the end of this process; once a signal came, it leaves with the block."""
    ending = Ending(wiring.drop_programs)
    ending.on_signals()
    try:
        yield ending
    finally:
        if ending.begun.is_set():
            ending.finish()


def somebody_works(settings: Settings, registry: Registry) -> bool:
    """Whether a worker swept a moment ago, as it told the database."""
    try:
        return _presence(settings, registry).anybody()
    except StoreControllerError:
        return False


def _presence(settings: Settings, registry: Registry) -> WorkerRegistry:
    # A worker that is only slow, or between two sweeps, is still there.
    longest = max(settings.worker.lease_seconds, 3 * settings.worker.sweep_seconds)
    return WorkerRegistry(registry.database, seconds=longest)


def worker(arguments: Sequence[str] = ()) -> int:
    """Reconcile until a signal comes: what Celery is told, and what our own sweep finds.

    `--queues people` or `--queues resync` leaves the other half to other workers; what else is in
    `arguments` goes to Celery's worker.
    """
    queues, rest = _queues(arguments)
    settings = _settings(DATABASE, REDIS, KEY)
    with _ended() as ending:
        _work(settings, ending, queues, rest)
    return 0


def _work(settings: Settings, ending: Ending, queues: Sequence[str], rest: Sequence[str]) -> None:
    keyring = wiring.build_keyring(settings)
    registry = wiring.build_registry(settings, keyring)
    registry.database.ping()
    wiring.renew_vault(registry)
    # What a pass wakes is looked at by the same process: that needs no broker.
    world = wiring.build_world(settings, keyring, registry)
    waited_on = celery.PEOPLE in queues if len(queues) == 1 else None
    ours = wiring.build_worker(settings, registry, world, notifier=None, waited_on=waited_on)
    presence = _presence(settings, registry)
    holder = f"{os.uname().nodename}/{os.getpid()}"
    ours.after_sweep(lambda: presence.announce(holder))
    ending.at_last(lambda: presence.leave(holder))
    ending.at_last(ours.abandon)

    def told() -> None:
        ending.begin()
        ours.leave()

    ours.start()
    try:
        notifier = celery.build_celery(settings.redis_url)
        celery.serve(notifier, ours, settings.worker.threads, queues, rest, told=told)
    finally:
        ours.stop(_LEAVING_SECONDS)
        world.clusters.close()


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
    settings = _settings(REDIS)
    with _ended() as ending:
        celery.ring_forever(celery.build_celery(settings.redis_url), told=ending.begin)
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
