"""What the API and the pages do with a shop's settings: compare, push, keep secrets.

No connection to the database is held while a shop is asked.
"""

from controller.commerce.plan import Plan, plan
from controller.domain.errors.inputs import (
    MalformedSecretError,
    SecretModeError,
    UnknownSecretError,
)
from controller.domain.providers import SECRETS, mode_of
from controller.domain.stack import EXTERNAL
from controller.domain.store import Store, site_and_field
from controller.domain.tenant import Scope
from controller.jobs.wakeup import Hint
from controller.reconciler.world import World
from controller.registry.advancing import Accepted
from controller.registry.idempotency import IdempotencyKey
from controller.registry.leases import Kind, Ref
from controller.registry.registry import Registry
from controller.registry.vault import KeptSecret
from controller.services.shops import open_shop

ACCESS_TOKEN = "access_token"  # noqa: S105 -- its name.
"""The secret with which an adopted shop is spoken to."""


class ConfigService:
    """The settings and secrets of the stores in a scope."""

    def __init__(self, registry: Registry, world: World, hint: Hint) -> None:
        self._registry = registry
        self._world = world
        self._hint = hint

    def plan(self, scope: Scope, name: str) -> Plan:
        """Every field as wanted and as the shop has it; raises what `shops.open_shop` raises."""
        with open_shop(self._registry.stores, self._world, scope, name) as (store, shop):
            return plan(store, shop.compare())

    def push(self, scope: Scope, name: str, once: IdempotencyKey | None = None) -> Accepted:
        """Have every setting written again."""
        store = self._registry.stores.get(scope, name)
        return self._rung(store, self._registry.intents.push(scope, store.uid, once))

    def secrets(self, scope: Scope, name: str) -> list[KeptSecret]:
        """What is told of a store's secrets."""
        return self._registry.vault.kept(self._registry.stores.get(scope, name))

    def set_secret(
        self, scope: Scope, name: str, secret: str, value: str, once: IdempotencyKey | None = None
    ) -> Accepted:
        """Keep a secret and bring it into the shop.

        Raises UnknownSecretError, MalformedSecretError, SecretModeError.
        """
        store = self._registry.stores.get(scope, name)
        vault = self._registry.vault
        if secret == ACCESS_TOKEN and self._adopted(scope, store):
            return self._rung(store, vault.renew_access(scope, store.uid, value))
        check_secret(store, secret, value)
        return self._rung(store, vault.set(scope, store.uid, secret, value, once))

    def _adopted(self, scope: Scope, store: Store) -> bool:
        """Whether the operator asks, of a shop that somebody else runs."""
        stack = self._registry.stores.stack(store.stack)
        return scope.is_operator and stack is not None and stack.driver == EXTERNAL

    def remove_secret(self, scope: Scope, name: str, secret: str) -> Accepted:
        """Forget a secret; raises SecretNotFoundError."""
        store = self._registry.stores.get(scope, name)
        return self._rung(store, self._registry.vault.remove(scope, store.uid, secret))

    def _rung(self, store: Store, accepted: Accepted) -> Accepted:
        """Notify of the store: the commit is done, a lost notification costs one sweep."""
        if accepted.new:
            self._hint(Ref(kind=Kind.STORE, uid=store.uid))
        return accepted


def check_secret(store: Store, name: str, value: str) -> None:
    """Raise unless a secret of this name and form is of use to the store."""
    code, plain = site_and_field(name)
    sites = store.spec.websites if plain == name else store.spec.sites
    site = next((item for item in sites if item.code == code), None)
    option = SECRETS.get(plain)
    if option is None or site is None:
        raise UnknownSecretError(secret=name[:80], names=", ".join(SECRETS))
    if not option.accepts(value):
        raise MalformedSecretError(secret=name)
    provider = plain.partition(".")[0]
    commerce = site.commerce
    pairs = [*commerce.gateways.items(), *commerce.shipping.carriers.items()]
    options = next((said for found, said in pairs if found == provider), {})
    mode, wanted = mode_of(value), options.get("mode")
    if mode is not None and wanted is not None and mode != wanted:
        raise SecretModeError(secret=name, mode=mode, wanted=wanted)
