"""What the API and the pages are given: one frozen object that `main` makes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from controller.commands import Commands
from controller.domain.keyring import Keyring
from controller.reconciler.world import World
from controller.registry.registry import Registry
from controller.settings import Settings
from controller.tail import EventTail

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Services:
    """The control plane's parts, for whoever answers requests."""

    settings: Settings
    registry: Registry
    commands: Commands
    world: World
    keyring: Keyring
    tail: EventTail
    worker_alive: Callable[[], bool]
    """Whether somebody reconciles: for the readiness probe."""
    readers: CapacityLimiter
    """How many hot reads run at once."""

    async def hot(self, read: Callable[[], T]) -> T:
        """Run a short read in one of few threads.

        Threads that all compute only take the interpreter's lock from each other: at 100 callers,
        forty of them answered the slowest request of a hundred twice as late as two.
        """
        return await to_thread.run_sync(read, limiter=self.readers)
