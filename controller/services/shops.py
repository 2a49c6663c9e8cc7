"""The door to a store's running shop, for what people ask of it beside the reconciler."""

from collections.abc import Iterator
from contextlib import contextmanager

from controller.domain.errors.stacks import StackNotReadyError
from controller.domain.errors.stores import StoreNotFoundError, WrongStateError
from controller.domain.store import Store
from controller.domain.tenant import Scope
from controller.engines.base import Shop
from controller.reconciler.world import World
from controller.registry.stores import Stores


@contextmanager
def open_shop(
    stores: Stores, world: World, scope: Scope, name: str
) -> Iterator[tuple[Store, Shop]]:
    """A store with its shop, closed at the end.

    Raises StoreNotFoundError, WrongStateError while the shop is not meant to run and
    StackNotReadyError while it does not run yet.
    """
    found = stores.with_stack(stores.get(scope, name).uid)
    if found is None:
        raise StoreNotFoundError(store=name)
    store, stack = found
    if not stack.wants_running:
        raise WrongStateError(store=store.spec.slug, state=str(store.status.phase))
    if stack.endpoint is None or not stack.settled:
        raise StackNotReadyError
    shop = world.shop(store, stack)
    try:
        yield store, shop
    finally:
        shop.close()
