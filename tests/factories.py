"""Builders of what tests need: specifications, tenants, stores and whole registries.

Everything goes through the registry's own doors; nothing here writes a row by hand.
"""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cache
from itertools import count
from pathlib import Path
from threading import Barrier
from typing import Any

from sqlmodel import SQLModel

from controller.domain.commerce import CommerceSpec, Currencies, Payment, Shipping
from controller.domain.conditions import Condition, Desired, met, unmet
from controller.domain.errors.base import StoreControllerError
from controller.domain.keyring import Keyring
from controller.domain.operations import Operation, OperationKind
from controller.domain.store import STORE_CONDITIONS, Store, StoreSpec
from controller.domain.tenant import Scope, Tenant
from controller.registry.accepting import Platform
from controller.registry.idempotency import IdempotencyKey
from controller.registry.intents import Accepted, Limits
from controller.registry.leases import Kind, Leases, Ref
from controller.registry.migrate import migrate
from controller.registry.progress import PassResult
from controller.registry.registry import Registry, open_registry
from controller.registry.session import Database

PLATFORM = Platform(driver="fake", version="1")
LIMITS = Limits(stores_per_tenant=1000, open_operations=1000, tombstone=timedelta(days=30))
MASTER_KEY = b"only-for-tests-" * 3
KEYRING = Keyring(MASTER_KEY)

_COMMERCE = CommerceSpec(
    currencies=Currencies(base="EUR", default="EUR", allowed=("EUR",)),
    payments=(Payment.BANK_TRANSFER, Payment.CASH_ON_DELIVERY),
    shipping=Shipping(flat_rate=Decimal("4.90")),
    prices_include_tax=True,
)
_numbers = count(1)


def spec(slug: str = "acme", **changes: Any) -> StoreSpec:
    """A specification that is complete; `changes` are its own fields."""
    plain = StoreSpec(
        slug=slug,
        display_name=slug.title(),
        country="DE",
        locales=("de_DE",),
        timezone="Europe/Berlin",
        weight_unit="kgs",
        commerce=_COMMERCE,
        engine="fake",
    )
    return replace(plain, **changes)


def limits(**changes: Any) -> Limits:
    """Limits that nobody reaches, but for `changes`."""
    return replace(LIMITS, **changes)


def registry_over(
    database: Database, limits: Limits = LIMITS, *, codes_per_hour: int = 6
) -> Registry:
    """A registry over a database that is migrated already."""
    return open_registry(database, KEYRING, limits, codes_per_hour=codes_per_hour)


def empty(database: Database) -> None:
    """Remove every row, past SQLAlchemy: thousands of tests begin with it."""
    with database.write() as connection, closing(connection.connection.cursor()) as cursor:
        for statement in _deletions():
            cursor.execute(statement)


@cache
def _deletions() -> tuple[str, ...]:
    return tuple(f"DELETE FROM {t.name}" for t in reversed(SQLModel.metadata.sorted_tables))


def sqlite_template(directory: Path) -> Path:
    """A migrated SQLite file to be copied: a copy takes a millisecond, the migrations more."""
    path = directory / "template.sqlite3"
    with closing(Database(f"sqlite:///{path}")) as database:
        migrate(database)
    return path


def sqlite_copy(template: Path, directory: Path) -> str:
    """The address of a fresh copy of the template."""
    shutil.copy(template, directory / "registry.sqlite3")
    return f"sqlite:///{directory / 'registry.sqlite3'}"


def tenant(registry: Registry, owner: str | None = None) -> Tenant:
    """A tenant of its own."""
    return registry.tenants.ensure(
        Scope.operator(),
        owner=owner or f"owner{next(_numbers)}@example.com",
        name="A business",
        country="DE",
        language="en",
    )


def scope_of(who: Tenant) -> Scope:
    """What a tenant sees."""
    return Scope(tenant=who.uid, actor=who.owner)


def create(
    registry: Registry,
    who: Tenant,
    slug: str = "acme",
    *,
    once: IdempotencyKey | None = None,
    **changes: Any,
) -> Accepted:
    """Accept a new store of a tenant."""
    return registry.intents.create(scope_of(who), who, spec(slug, **changes), PLATFORM, once)


def store(registry: Registry, who: Tenant, slug: str = "acme", **changes: Any) -> Store:
    """A store that is live: created, and its creation finished."""
    finish(registry, create(registry, who, slug, **changes).operation)
    return registry.stores.get(scope_of(who), slug)


def move(registry: Registry, uid: str, *kinds: OperationKind) -> Store:
    """Bring a store along its life cycle, each operation to its end."""
    for kind in kinds:
        finish(registry, registry.intents.transition(Scope.system(), uid, kind).operation)
    return registry.stores.get(Scope.system(), uid)


def seen(desired: Desired) -> tuple[Condition, ...]:
    """The conditions of a store that is as wanted."""
    if desired is Desired.ACTIVE:
        return tuple(met(kind, "Proven") for kind in STORE_CONDITIONS)
    return tuple(unmet(kind, "StackStopped") for kind in STORE_CONDITIONS)


def finish(registry: Registry, operation: Operation) -> Operation:
    """Let the reconciler's writes bring an operation to its end."""
    leases = Leases(registry.database, holder="a test", seconds=60)
    lease = leases.acquire(Ref(kind=Kind.STORE, uid=operation.store))
    assert lease is not None, "somebody holds the store"
    found = registry.stores.get(Scope.system(), operation.store)
    conditions = seen(found.desired)
    done = PassResult(generation=found.generation, conditions=conditions, settled=True, due_in=60)
    registry.progress.store(lease, done)
    leases.release(lease)
    return registry.operations.get(Scope.system(), operation.id)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run calls in threads that start together; return each result, or the error it met."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        barrier.wait(timeout=30)
        try:
            return call()
        except StoreControllerError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
