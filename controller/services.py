"""What the API and the pages are given: one frozen object that `main` makes."""

from collections.abc import Callable
from dataclasses import dataclass

from controller.commands import Commands
from controller.domain.keyring import Keyring
from controller.reconciler.world import World
from controller.registry.registry import Registry
from controller.settings import Settings
from controller.tail import EventTail


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
