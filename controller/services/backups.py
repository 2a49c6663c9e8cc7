"""What people do with a store's backups: look at them, have one made, have one loaded."""

from controller.domain.errors.base import StoreControllerError
from controller.domain.errors.stacks import BackupNotFoundError, NoBackupsError
from controller.domain.errors.stores import WrongStateError
from controller.domain.stack import StackDesired
from controller.domain.store import Store
from controller.domain.tenant import Scope
from controller.reconciler.outcome import from_driver
from controller.reconciler.world import World
from controller.registry.advancing import Accepted
from controller.registry.idempotency import IdempotencyKey
from controller.registry.registry import Registry
from controller.services.stores import StoreService
from provisioners.base import Backup, DriverFailure

LATEST = "latest"
"""Instead of a backup's name: the newest one."""


class BackupService:
    """Backups of stores on clusters; what runs in a home is saved with the home."""

    def __init__(self, registry: Registry, world: World, stores: StoreService) -> None:
        self._registry = registry
        self._world = world
        self._stores = stores

    def backups(self, scope: Scope, name: str) -> tuple[Backup, ...]:
        """Those that there are now, the newest first.

        Raises StoreNotFoundError, NoBackupsError, WrongStateError when nothing is left of the
        store, and what looking at them meets.
        """
        return self._known(self._registry.stores.get(scope, name))

    def back_up(self, scope: Scope, name: str, once: IdempotencyKey | None = None) -> Accepted:
        """Accept that one is made now; raises what `Intents.back_up` raises."""
        store = self._registry.stores.get(scope, name)
        stack = self._registry.stores.stack(store.stack)
        if stack is not None and stack.cluster is not None and stack.wants_running:
            saved = self._world.release(stack).values.get("backup") or {}
            if not saved.get("enabled"):
                raise NoBackupsError(store=store.spec.slug)
        return self._stores.notified(self._registry.intents.back_up(scope, name, once))

    def restore(
        self, scope: Scope, name: str, backup: str, once: IdempotencyKey | None = None
    ) -> Accepted:
        """Accept that one of those that there are is loaded.

        Raises BackupNotFoundError, what `backups` raises, and what `Intents.restore` raises.
        """
        store = self._registry.stores.get(scope, name)
        known = [item.name for item in self._known(store)]
        if backup == LATEST and known:
            backup = known[0]
        if backup not in known:
            raise BackupNotFoundError(store=store.spec.slug, backup=backup)
        intents = self._registry.intents
        return self._stores.notified(intents.restore(scope, store.uid, backup, once))

    def _known(self, store: Store) -> tuple[Backup, ...]:
        stack = self._registry.stores.stack(store.stack)
        if stack is None or stack.cluster is None:
            raise NoBackupsError(store=store.spec.slug)
        if stack.desired not in {StackDesired.RUNNING, StackDesired.CLOSED}:
            raise WrongStateError(store=store.spec.slug, state=str(store.desired))
        try:
            return self._world.driver(stack).backups(stack.uid)
        except DriverFailure as failure:
            raise _told(failure, store) from failure


def _told(failure: DriverFailure, store: Store) -> StoreControllerError:
    if failure.code == "no_backups":
        return NoBackupsError(store=store.spec.slug)
    return from_driver(failure)
