"""Secrets of payment providers and carriers, sealed: written through the API, never read back.

Whoever sets one gets an operation that brings it into the shop, as with any other change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, insert, select, update

from controller.domain.conditions import Desired
from controller.domain.errors.platform import VaultClosedError
from controller.domain.errors.stores import SecretNotFoundError, WrongStateError
from controller.domain.notes import Note
from controller.domain.operations import OperationKind
from controller.domain.sealing import Sealed, Sealer, UnknownKeyError, fingerprint
from controller.domain.store import Store
from controller.domain.tenant import Scope
from controller.registry.accepting import audit_store
from controller.registry.advancing import Accepted, advance, make_way, mine
from controller.registry.idempotency import IdempotencyKey, remember, replay
from controller.registry.session import Database, utcnow
from controller.registry.tables import SecretRow, table

_secrets = table(SecretRow)


@dataclass(frozen=True, kw_only=True)
class KeptSecret:
    """What is told of a secret."""

    name: str
    last4: str
    fingerprint: str
    updated_at: datetime


class Vault:
    """The sealed secrets of stores, of stacks that somebody else runs, and of clusters."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def opened(self, subject: str) -> Mapping[str, str]:
        """The secrets of `store:<uid>`, `stack:<uid>` or `cluster:<name>`.

        Raises VaultClosedError.
        """
        query = select(_secrets).where(_secrets.c.subject == subject)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        try:
            return {
                row["name"]: self._sealer.open(_sealed(row), f"{subject}/{row['name']}")
                for row in rows
            }
        except UnknownKeyError as error:
            raise VaultClosedError from error

    def kept(self, store: Store) -> list[KeptSecret]:
        """What is told of a store's secrets, by name."""
        query = (
            select(_secrets).where(_secrets.c.subject == _subject(store)).order_by(_secrets.c.name)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            KeptSecret(
                name=row["name"],
                last4=row["last4"],
                fingerprint=row["fingerprint"],
                updated_at=row["updated_at"],
            )
            for row in rows
        ]

    def set(
        self, scope: Scope, uid: str, name: str, secret: str, once: IdempotencyKey | None = None
    ) -> Accepted:
        """Keep a secret of a store and accept the change that it makes.

        Raises StoreNotFoundError, WrongStateError, OperationInProgressError.
        """
        with self._database.write() as connection:
            self._database.in_order(connection)
            if (replayed := replay(connection, scope, once)) is not None:
                return Accepted(operation=replayed, new=False)
            store = _changeable(connection, scope, uid)
            self._put(connection, _subject(store), name, secret)
            return _accept(connection, scope, store, "store.secret.set", name, once)

    def renew_access(self, scope: Scope, uid: str, token: str) -> Accepted:
        """Take another access token of a shop that somebody else runs; raises what `set` raises."""
        with self._database.write() as connection:
            self._database.in_order(connection)
            store = _changeable(connection, scope, uid)
            self._put(connection, f"stack:{store.stack}", "access_token", token)
            return _accept(connection, scope, store, "store.access.renew", "access_token", None)

    def remove(self, scope: Scope, uid: str, name: str) -> Accepted:
        """Forget a secret; raises SecretNotFoundError and what `set` raises."""
        with self._database.write() as connection:
            self._database.in_order(connection)
            store = _changeable(connection, scope, uid)
            gone = connection.execute(
                delete(_secrets).where(_at(_subject(store), name)).returning(_secrets.c.name)
            )
            if gone.first() is None:
                raise SecretNotFoundError(secret=name)
            return _accept(connection, scope, store, "store.secret.remove", name, None)

    def seal(self, connection: Connection, subject: str, secrets: Mapping[str, str]) -> None:
        """Keep the access to something that was there before us, in the caller's transaction."""
        for name, secret in secrets.items():
            self._put(connection, subject, name, secret)

    def rewrap(self) -> int:
        """Bring every data key under the current key-encryption key; returns how many were not."""
        old = select(_secrets).where(_secrets.c.key_id != self._sealer.current)
        with self._database.write() as connection:
            rows = connection.execute(old).mappings().all()
            try:
                for row in rows:
                    purpose = f"{row['subject']}/{row['name']}"
                    sealed = self._sealer.rewrap(_sealed(row), purpose)
                    connection.execute(
                        update(_secrets)
                        .where(_at(row["subject"], row["name"]))
                        .values(key_id=sealed.key_id, wrapped_key=sealed.wrapped_key)
                    )
            except UnknownKeyError as error:
                raise VaultClosedError from error
        return len(rows)

    def _put(self, connection: Connection, subject: str, name: str, secret: str) -> None:
        sealed = self._sealer.seal(secret, f"{subject}/{name}")
        connection.execute(delete(_secrets).where(_at(subject, name)))
        connection.execute(
            insert(_secrets).values(
                subject=subject,
                name=name,
                key_id=sealed.key_id,
                wrapped_key=sealed.wrapped_key,
                sealed=sealed.sealed,
                fingerprint=fingerprint(secret, subject),
                # Of a short secret four characters would be too much of it.
                last4=secret[-4:] if len(secret) >= 16 else "",
                updated_at=utcnow(),
            )
        )


def _accept(
    connection: Connection,
    scope: Scope,
    store: Store,
    action: str,
    name: str,
    once: IdempotencyKey | None,
) -> Accepted:
    """The store's new generation: what is wanted is another, though its specification is not."""
    changed = replace(store, generation=store.generation + 1)
    note = Note.of("SecretAccepted", secret=name)
    operation = advance(connection, changed, OperationKind.CHANGE, note)
    audit_store(connection, scope, changed, action, after={"secret": name})
    remember(connection, scope, once, operation)
    return Accepted(operation=operation, new=True)


def _changeable(connection: Connection, scope: Scope, uid: str) -> Store:
    store = mine(connection, scope, uid)
    if store.desired in {Desired.RETIRED, Desired.PURGED}:
        raise WrongStateError(store=store.spec.slug, state=str(store.desired))
    make_way(connection, store)
    return store


def _subject(store: Store) -> str:
    return f"store:{store.uid}"


def _at(subject: str, name: str) -> ColumnElement[bool]:
    return (_secrets.c.subject == subject) & (_secrets.c.name == name)


def _sealed(row: RowMapping) -> Sealed:
    return Sealed(key_id=row["key_id"], wrapped_key=row["wrapped_key"], sealed=row["sealed"])
