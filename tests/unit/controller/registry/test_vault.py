"""Secrets that are kept for stores: sealed, counted as a change, never told."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from controller.domain.commerce import Shipping
from controller.domain.conditions import Desired
from controller.domain.errors.platform import VaultClosedError
from controller.domain.errors.stores import SecretNotFoundError, StoreNotFoundError, WrongStateError
from controller.domain.operations import OperationKind, OperationState
from controller.domain.store import AppliedConfig
from controller.domain.tenant import Scope, Tenant
from controller.registry.leases import Kind, Leases, Ref
from controller.registry.progress import PassResult
from controller.registry.registry import Registry, open_registry
from tests import factories
from tests.factories import KEYRING, LIMITS, scope_of

NAME, SECRET = "stripe.secretKey", "sk_test_canary0000009876"


def test_a_secret_is_kept_and_brings_about_a_change(registry: Registry, ann: Tenant) -> None:
    store = factories.store(registry, ann)
    accepted = registry.vault.set(scope_of(ann), store.uid, NAME, SECRET)
    assert accepted.new
    assert accepted.operation.kind is OperationKind.CHANGE
    assert accepted.operation.generation == store.generation + 1
    assert registry.vault.opened(f"store:{store.uid}") == {NAME: SECRET}
    assert registry.vault.opened("store:another") == {}
    (kept,) = registry.vault.kept(store)
    assert (kept.name, kept.last4) == (NAME, "9876")
    assert SECRET not in repr(kept)


def test_a_secret_is_nowhere_in_plain(registry: Registry, ann: Tenant) -> None:
    store = factories.store(registry, ann)
    registry.vault.set(scope_of(ann), store.uid, NAME, SECRET)
    for table in ("secrets", "audit", "events", "operations", "stores"):
        with registry.database.read() as connection:
            rows = connection.execute(text(f"select * from {table}")).all()
        assert rows
        assert "canary" not in repr(rows), table


def test_a_secret_replaces_the_one_before(registry: Registry, ann: Tenant) -> None:
    store = factories.store(registry, ann)
    first = registry.vault.set(scope_of(ann), store.uid, NAME, "short")
    assert [kept.last4 for kept in registry.vault.kept(store)] == [""]
    registry.vault.set(scope_of(ann), store.uid, NAME, SECRET)
    over = registry.operations.get(scope_of(ann), first.operation.id)
    assert over.state is OperationState.SUPERSEDED
    assert registry.vault.opened(f"store:{store.uid}") == {NAME: SECRET}


def test_a_secret_is_forgotten(registry: Registry, ann: Tenant, bob: Tenant) -> None:
    store = factories.store(registry, ann)
    factories.finish(registry, registry.vault.set(scope_of(ann), store.uid, NAME, "x").operation)
    with pytest.raises(StoreNotFoundError):
        registry.vault.remove(scope_of(bob), store.uid, NAME)
    with pytest.raises(SecretNotFoundError):
        registry.vault.remove(scope_of(ann), store.uid, "ups.clientId")
    done = registry.vault.remove(scope_of(ann), store.uid, NAME).operation
    assert registry.vault.opened(f"store:{store.uid}") == {}
    factories.finish(registry, done)
    factories.move(registry, store.uid, OperationKind.RETIRE)
    with pytest.raises(WrongStateError):
        registry.vault.set(scope_of(ann), store.uid, NAME, SECRET)


def test_a_purge_forgets_every_secret(registry: Registry, ann: Tenant) -> None:
    store = factories.store(registry, ann)
    factories.finish(registry, registry.vault.set(scope_of(ann), store.uid, NAME, "x").operation)
    with registry.database.write() as connection:
        registry.vault.seal(connection, f"stack:{store.stack}", {"access_token": "y"})
    factories.move(registry, store.uid, OperationKind.RETIRE, OperationKind.PURGE)
    for subject in (f"store:{store.uid}", f"stack:{store.stack}"):
        assert registry.vault.opened(subject) == {}


def test_the_access_to_a_shop_is_renewed(registry: Registry, ann: Tenant) -> None:
    store = factories.store(registry, ann)
    with registry.database.write() as connection:
        secrets = {"access_token": "old", "instance_uid": "live"}
        registry.vault.seal(connection, f"stack:{store.stack}", secrets)
    registry.vault.renew_access(Scope.operator(), store.uid, "new")
    found = registry.vault.opened(f"stack:{store.stack}")
    assert found == {"access_token": "new", "instance_uid": "live"}


def test_the_vaults_key_is_changed(registry: Registry, ann: Tenant) -> None:
    store = factories.store(registry, ann)
    registry.vault.set(scope_of(ann), store.uid, NAME, SECRET)
    subject, new = f"store:{store.uid}", "a newer key that is long enough!"
    other = open_registry(registry.database, KEYRING, LIMITS, vault_keys=[new])
    assert other.vault.opened(subject) == {NAME: SECRET}
    assert other.vault.rewrap() == 1
    assert other.vault.rewrap() == 0
    assert other.vault.opened(subject) == {NAME: SECRET}
    # Whoever has the former key only is told so, and nothing else.
    with pytest.raises(VaultClosedError):
        registry.vault.opened(subject)


def test_a_push_counts_everything_as_not_written(registry: Registry, ann: Tenant) -> None:
    store = factories.store(registry, ann)
    _record(registry, store.uid, AppliedConfig(digest="d", checksum="c", extras=("taxRates",)))
    accepted = registry.intents.push(scope_of(ann), store.uid)
    assert accepted.operation.kind is OperationKind.PUSH
    config = registry.stores.get(scope_of(ann), "acme").status.config
    assert config == AppliedConfig(digest="d", checksum="", extras=("taxRates",))
    again = registry.intents.push(scope_of(ann), store.uid)
    assert again.new


def test_what_is_adopted_is_a_new_generation_with_an_audit_row(
    registry: Registry, ann: Tenant
) -> None:
    store = factories.store(registry, ann)
    commerce = replace(store.spec.commerce, shipping=Shipping(flat_rate=None))
    changed = replace(store.spec, commerce=commerce)
    leases = Leases(registry.database, holder="a test", seconds=60)
    lease = leases.acquire(Ref(kind=Kind.STORE, uid=store.uid))
    assert lease is not None
    outcome = PassResult(generation=store.generation, conditions=factories.seen(Desired.ACTIVE))
    registry.progress.store(lease, outcome, spec=changed)
    after = registry.stores.get(scope_of(ann), "acme")
    assert (after.spec, after.generation) == (changed, store.generation + 1)
    # An adoption that was thought out before somebody else's change is dropped.
    registry.progress.store(lease, outcome, spec=store.spec)
    assert registry.stores.get(scope_of(ann), "acme").spec == changed
    assert registry.journal.broken_link() is None


def _record(registry: Registry, uid: str, config: AppliedConfig) -> None:
    leases = Leases(registry.database, holder="a test", seconds=60)
    lease = leases.acquire(Ref(kind=Kind.STORE, uid=uid))
    assert lease is not None
    found = registry.stores.get(Scope.system(), uid)
    done = PassResult(
        generation=found.generation, conditions=factories.seen(found.desired), settled=True
    )
    registry.progress.store(lease, done, lambda status: replace(status, config=config))
    leases.release(lease)
