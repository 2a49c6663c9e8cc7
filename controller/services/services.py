"""What the API and the pages are given: one frozen object that `bootstrap.wiring` makes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from controller.domain.keyring import Keyring
from controller.reconciler.world import World
from controller.registry.registry import Registry
from controller.services.adoption import AdoptionService
from controller.services.backups import BackupService
from controller.services.clusters import ClusterService
from controller.services.config import ConfigService
from controller.services.diagnosis.explaining import Explainer
from controller.services.event_stream import EventStream
from controller.services.orders import OrderService
from controller.services.stores import StoreService
from controller.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Services:
    """The control plane's parts, for whoever answers requests."""

    settings: Settings
    registry: Registry
    stores: StoreService
    adoption: AdoptionService
    config: ConfigService
    orders: OrderService
    backups: BackupService
    clusters: ClusterService
    explainer: Explainer
    world: World
    keyring: Keyring
    event_stream: EventStream
    worker_alive: Callable[[], bool]
    """Whether somebody reconciles: for the readiness probe."""
    readers: CapacityLimiter | None
    """How many hot reads wait for the database at once; None where nothing is waited for."""

    async def hot(self, read: Callable[[], T]) -> T:
        """Run a short read where it is quickest.

        A server is waited for, in one of few threads. A file answers at once (readers of a
        write-ahead log wait for nobody), and threads that only compute take the interpreter from
        each other: at 100 callers a page took 567 ms in the slowest of a hundred cases with forty
        threads, 250 with two, 150 with none.
        """
        if self.readers is None:
            return read()
        return await to_thread.run_sync(read, limiter=self.readers)
