"""The settings that a specification becomes, without a shop."""

from datetime import UTC, datetime

from controller.domain.conditions import Desired
from controller.domain.store import MAIN_SITE, Store, StoreSpec, StoreStatus
from controller.engines.settings import Wanted

_NOW = datetime.now(UTC)


def wanted_of(spec: StoreSpec) -> Wanted:
    """What a store of this specification wants of its shop."""
    store = Store(
        uid="uid",
        tenant="tenant",
        owner="owner@example.com",
        stack="stack",
        generation=1,
        desired=Desired.ACTIVE,
        spec=spec,
        status=StoreStatus(),
        operation=None,
        created_at=_NOW,
        updated_at=_NOW,
    )
    named = {site.code: site.url for site in spec.sites if site.url}
    return Wanted(store=store, addresses={MAIN_SITE: "http://127.0.0.1:18100", **named})


def settings_of(spec: StoreSpec) -> list[tuple[str, str]]:
    """Path and value of every setting."""
    return [(item.path, item.value) for item in wanted_of(spec).settings(tolerant=True)]
