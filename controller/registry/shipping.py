"""What is kept here of shipments, which themselves live in the shop: who asked, and that it went.

`services.orders` writes through this around its call of the shop.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from controller.domain.errors.orders import ShipmentInWorkError
from controller.domain.notes import Note
from controller.domain.store import Store
from controller.domain.tenant import Scope
from controller.registry.accepting import audit_store
from controller.registry.journal import About, tell
from controller.registry.leases import Kind, Leases, Ref
from controller.registry.session import Database

_LONGEST = 150.0
"""Seconds: more than all calls of one shipment may take together."""


class ShipmentLog:
    """One shipment at a time for an order, audited before and told after."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._leases = Leases(database, holder="orders", seconds=_LONGEST)

    @contextmanager
    def alone(self, store: Store, order: str) -> Iterator[None]:
        """Keep every other process from shipping the same order inside the block.

        Raises ShipmentInWorkError. The turn of a process that died ends by itself.
        """
        lease = self._leases.acquire(Ref(kind=Kind.ORDER, uid=f"{store.uid}/{order}"))
        if lease is None:
            raise ShipmentInWorkError(order=order)
        try:
            yield
        finally:
            self._leases.release(lease)

    def asked(self, scope: Scope, store: Store, action: str, after: Mapping[str, Any]) -> None:
        """Audit a write before it is sent, so that none goes without its row."""
        with self._database.write() as connection:
            self._database.in_order(connection)
            audit_store(connection, scope, store, action, after=after)

    def done(self, store: Store, note: Note) -> None:
        """Tell among the store's events what the shop has recorded."""
        with self._database.write() as connection:
            self._database.in_order(connection)
            tell(connection, About.of(store, None), note)
