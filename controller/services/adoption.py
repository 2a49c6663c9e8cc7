"""Taking over a shop that somebody else runs, and what that would change in it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from controller.commerce.drafts import Draft
from controller.commerce.plan import Plan, plan
from controller.domain.conditions import Desired
from controller.domain.stack import EXTERNAL
from controller.domain.store import Store, StoreSpec, StoreStatus
from controller.domain.tenant import Scope
from controller.reconciler.world import World
from controller.registry.accepting import Platform
from controller.registry.advancing import Accepted
from controller.registry.idempotency import IdempotencyKey
from controller.registry.registry import Registry
from controller.services.stores import Owner, StoreService, owner_address


@dataclass(frozen=True, kw_only=True)
class Access:
    """Where a shop is that somebody else runs, and the token of its integration."""

    url: str
    token: str = field(repr=False)


class AdoptionService:
    """Accepting shops that are there already."""

    def __init__(self, registry: Registry, world: World, stores: StoreService) -> None:
        self._registry = registry
        self._world = world
        self._stores = stores

    def adopt(
        self,
        scope: Scope,
        owner: Owner | None,
        draft: Draft,
        access: Access,
        once: IdempotencyKey | None,
    ) -> Accepted:
        """Accept a shop that somebody else runs.

        Raises what `create` raises, ShopUnreachableError, WrongShopError and ShopAdoptedError.
        """
        spec, secrets = self._identified(draft, access)
        tenant = self._stores.tenant(scope, owner, spec)
        platform = Platform(
            driver=EXTERNAL,
            version=self._world.engines[spec.engine].version,
            endpoint=access.url,
            secrets=secrets,
        )
        return self._stores.notified(
            self._registry.intents.create(scope, tenant, spec, platform, once)
        )

    def preview(self, owner: Owner | None, draft: Draft, access: Access) -> Plan:
        """What adopting a shop would change in it; writes nothing."""
        spec, secrets = self._identified(draft, access)
        now = datetime.now(UTC)
        store = Store(
            uid="",
            tenant="",
            owner=owner_address(owner),
            stack=secrets["instance_uid"],
            generation=1,
            desired=Desired.ACTIVE,
            spec=spec,
            status=StoreStatus(),
            operation=None,
            created_at=now,
            updated_at=now,
        )
        named = {site.code: site.url for site in spec.sites if site.url}
        shop = self._world.engines[spec.engine].shop(access.url, store, secrets, {}, named)
        try:
            return plan(store, shop.compare())
        finally:
            shop.close()

    def _identified(self, draft: Draft, access: Access) -> tuple[StoreSpec, dict[str, str]]:
        spec = self._stores.specify(draft)
        uid = self._world.engines[spec.engine].identify(access.url, access.token)
        return spec, {"access_token": access.token, "instance_uid": uid}
