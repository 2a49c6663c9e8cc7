"""Where everything is wired, and nothing else: the application, the worker, the embedded home.

Only here are concrete drivers and engines named.
"""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

from anyio import CapacityLimiter
from fastapi import FastAPI

from controller import __version__
from controller.api import deps, errors, routers
from controller.api.middleware import RequestLimits
from controller.api.shopcalls import ShopCalls
from controller.bootstrap.claims import unusable
from controller.bootstrap.clusters import build_cluster_pool
from controller.commerce import rate_sources
from controller.commerce.rates import Policy, Quotes
from controller.domain.errors.platform import HomeUnusableError, VaultClosedError
from controller.domain.keyring import Keyring
from controller.engines.magento import MagentoEngine
from controller.engines.sandbox import SandboxEngine
from controller.engines.values import read_platform
from controller.jobs.clockwatch import ClockWatch
from controller.jobs.clusters import ClusterWatch
from controller.jobs.mailer import Mailer
from controller.jobs.periodic import PeriodicTasks
from controller.jobs.rate_pusher import RateLimits
from controller.jobs.rate_sync import RateSync
from controller.jobs.wakeup import Hint
from controller.jobs.worker import Worker, WorkerLimits
from controller.logging import log
from controller.reconciler.kinds import Subjects
from controller.reconciler.loop import Reconciler, Timing
from controller.reconciler.world import World
from controller.registry.clock import bounds
from controller.registry.creating import Limits
from controller.registry.leases import Leases
from controller.registry.registry import Registry, open_registry
from controller.registry.session import Database
from controller.registry.taking import Taking
from controller.services.adoption import AdoptionService
from controller.services.backups import BackupService
from controller.services.clusters import ClusterService
from controller.services.config import ConfigService
from controller.services.diagnosis.explaining import Explainer
from controller.services.event_stream import EventStream
from controller.services.orders import OrderService
from controller.services.services import Services
from controller.services.stores import StoreService
from controller.settings import RateSettings, Settings
from controller.web import pages
from provisioners.command import LEASH
from provisioners.external import ExternalDriver
from provisioners.sandbox import SandboxDriver


def build_keyring(settings: Settings) -> Keyring:
    """The keyring of the master key; made in the home on the first start of an embedded one."""
    given = settings.master_key.get_secret_value()
    return Keyring(given.encode() if given else _kept(settings.home, "master.key", 32).encode())


def _kept(home: Path, name: str, shortest: int) -> str:
    """The secret in a file of the home, made for the owner's eyes only when there is none.

    Raises HomeUnusableError, or its finer kinds: one that was cut off is nobody's secret.
    """
    path = home / name
    try:
        if not path.exists():
            _keep(path)
        found = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        found = ""
    except OSError as error:
        raise unusable(home, error) from error
    if len(found.encode()) < shortest:
        raise HomeUnusableError(home=str(home), detail=f"{name}: empty, cut off or no text")
    return found


def _keep(path: Path) -> None:
    """Make a secret; whole or not at all, and the first one stays when two are made at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            # Not renamed: a link never takes the place of another one.
            os.link(file.name, path)


def operator_token(settings: Settings) -> str:
    """The operator's token of an embedded home, kept in a file."""
    return _kept(settings.home, "operator.token", 1)


def build_registry(settings: Settings, keyring: Keyring) -> Registry:
    """The registry over the database of the settings."""
    limits = Limits(
        stores_per_tenant=settings.limits.stores_per_tenant,
        open_operations=settings.limits.open_operations,
        tombstone=settings.tombstone,
    )
    return open_registry(
        Database(settings.effective_database_url),
        keyring,
        limits,
        codes_per_hour=settings.limits.codes_per_hour,
        vault_keys=settings.sealing_keys,
    )


def renew_vault(registry: Registry) -> None:
    """Bring the vault under its newest key; without the former one it stays as it is, and is told.

    The secrets that cannot be opened are told of again by every store that needs one.
    """
    try:
        wrapped = registry.vault.rewrap()
    except VaultClosedError as error:
        log.error("vault_closed", action=error.action)
        return
    if wrapped:
        log.info("vault_rewrapped", secrets=wrapped)


def build_world(settings: Settings, keyring: Keyring, registry: Registry) -> World:
    """Every engine and driver that this installation has, the usual ones first."""
    values = read_platform(settings.kubernetes.values)
    engines = (
        SandboxEngine(settings.sandbox_image, values),
        MagentoEngine(settings.magento_image, values),
    )
    drivers = (
        SandboxDriver(
            settings.home.resolve() / "stacks",
            ports=settings.ports,
            told=lambda: registry.stores.endpoints(SandboxDriver.name),
        ),
        ExternalDriver(),
    )
    return World(
        engines={engine.name: engine for engine in engines},
        drivers={driver.name: driver for driver in drivers},
        keyring=keyring,
        prove_every=settings.worker.prove_seconds,
        mail=settings.shop_smtp.relay,
        test_mails_to=settings.shop_smtp.test_to,
        vault=registry.vault.opened,
        quotes=Quotes(registry.rates.newest, days=settings.rates.oldest_days),
        clusters=build_cluster_pool(settings, registry),
        taking=Taking(registry.database),
    )


def build_worker(
    settings: Settings,
    registry: Registry,
    world: World,
    notifier: Hint | None,
    *,
    waited_on: bool | None = None,
) -> Worker:
    """The threads that reconcile; `notifier` wakes other processes too, where there are any.

    `waited_on`: only what somebody waits for, or only the rest, where others do the other half.
    """
    leases = Leases(
        registry.database,
        holder=f"{os.uname().nodename}/{os.getpid()}",
        seconds=settings.worker.lease_seconds,
    )

    def reconciler(hint: Hint) -> Reconciler:
        return Reconciler(
            Subjects(registry.stores, registry.progress, world),
            registry.progress,
            leases,
            Timing(resync=settings.worker.resync_seconds),
            notifier or hint,
            LEASH.renewing,
        )

    periodic = PeriodicTasks(
        registry=registry,
        leases=leases,
        mailer=Mailer(registry.mails, settings.smtp) if settings.smtp.host else None,
        grace=settings.tombstone,
        rates=build_rate_sync(settings.rates, registry, leases, world),
        clusters=ClusterWatch(
            registry.clusters,
            world.clusters,
            registry.queue.wake_cluster,
            every=settings.kubernetes.probe_seconds,
        ),
        bounds=bounds(
            resync=settings.worker.resync_seconds,
            lease=settings.worker.lease_seconds,
            rates_every=settings.rates.every_seconds,
        ),
        clock=ClockWatch(registry.clock.now, registry.clock.last_sign),
    )
    pace = WorkerLimits(
        threads=settings.worker.threads,
        sweep_every=settings.worker.sweep_seconds,
        waited_on=waited_on,
    )
    worker = Worker(reconciler, registry.queue, periodic, pace)
    world.clusters.listen(worker.hint)
    return worker


def drop_programs() -> None:
    """Let no program that we drive go on, as this process is about to end."""
    LEASH.drop()


def build_rate_sync(
    settings: RateSettings, registry: Registry, leases: Leases, world: World
) -> RateSync:
    """The one who asks for exchange rates and sends them to the shops."""
    return RateSync(
        registry.rates,
        registry.rate_pushes,
        leases,
        world,
        rate_sources.source(
            settings.source,
            url=settings.url,
            app_id=settings.app_id,
            timeout=settings.timeout_seconds,
        ),
        policy=Policy(max_age=settings.max_age_days, max_move=settings.max_move_percent),
        pace=RateLimits(concurrency=settings.concurrency, timeout=settings.timeout_seconds),
        every=settings.every_seconds,
    )


def build_services(
    settings: Settings,
    registry: Registry,
    world: World,
    hint: Hint,
    worker_alive: Callable[[], bool],
) -> Services:
    """What the API and the pages are given."""
    driver = next(iter(world.drivers.values()))
    readers = registry.database.readers
    stores = StoreService(registry, world, driver.name, driver.engines, hint)
    return Services(
        settings=settings,
        registry=registry,
        stores=stores,
        adoption=AdoptionService(registry, world, stores),
        config=ConfigService(registry, world, hint),
        orders=OrderService(registry, world),
        clusters=ClusterService(
            registry.clusters,
            world.clusters,
            read_platform(settings.kubernetes.values),
            world.standing,
        ),
        backups=BackupService(registry, world, stores),
        explainer=Explainer(
            registry,
            world,
            lease_seconds=settings.worker.lease_seconds,
            anybody=worker_alive,
        ),
        world=world,
        keyring=world.keyring,
        event_stream=EventStream(registry.journal),
        readers=CapacityLimiter(readers) if readers else None,
        worker_alive=worker_alive,
    )


def build_app(services: Services) -> FastAPI:
    """The HTTP application: API, probes and pages."""
    app = FastAPI(
        title="Store Controller",
        version=__version__,
        description="Creates and runs one dedicated online shop per store.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = services
    app.state.token_cache = deps.TokenCache(services.registry.tokens)
    app.state.shop_calls = ShopCalls()
    routers.mount(app)
    app.include_router(pages.build_router(services))
    pages.mount_static(app)
    errors.install(app, pages.html_error)
    app.add_middleware(RequestLimits)
    return app
