"""What runs that the registry does not know of."""

from typing import Any

from controller.logging import log
from controller.reconciler.world import World
from controller.registry.registry import Registry
from provisioners.base import Driver, DriverFailure


def unmanaged(registry: Registry, world: World) -> list[dict[str, Any]]:
    """What drivers hold for names that the registry does not know."""
    return [
        {"driver": name, "cluster": cluster, "name": held, "holds": _holds(driver, held)}
        for (name, cluster), driver in world.every_driver().items()
        for held in sorted(_names(driver) - registry.stores.stack_uids(name, cluster))
    ]


def _names(driver: Driver) -> set[str]:
    """Every name that something is held for; none while the driver cannot be asked."""
    try:
        return driver.names()
    except DriverFailure as failure:
        log.warning("driver_not_asked", driver=driver.name, detail=failure.detail)
        return set()


def _holds(driver: Driver, name: str) -> list[str]:
    """What is held for a name that is not ours, which the driver may refuse to look into."""
    try:
        return list(driver.inventory(name))
    except DriverFailure as failure:
        return [failure.detail]
