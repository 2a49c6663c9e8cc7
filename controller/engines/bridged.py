"""What the engines have in common whose shops speak the Bridge's API: Magento and the sandbox."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from controller.domain.clusters import ClusterSpec
from controller.domain.errors.shops import (
    HostsPendingError,
    ShopStartingError,
    ShopUnroutedError,
    StorefrontPendingError,
    WrongShopError,
)
from controller.domain.mail import Relay
from controller.domain.stack import EXTERNAL, Stack, StackDesired
from controller.domain.store import MAIN_SITE, Store
from controller.engines.abilities import Abilities, abilities_of
from controller.engines.answers import ShopAnswerError
from controller.engines.base import Shop
from controller.engines.beside import Beside
from controller.engines.bridge import BridgeShop
from controller.engines.rest import RestClient
from controller.engines.wire import Wire
from provisioners.base import Release

_HOST_SECONDS = 2.0
_ANY = "*"
"""What a shop says that learns of a website's host with its settings, which come later."""
_MISDIRECTED = HTTPStatus.MISDIRECTED_REQUEST
"""A proxy that takes no second host over a connection that was made for the first (RFC 9110)."""


class BridgedEngine:
    """`Engine` of `engines.base`, but for what a shop software is called and needs."""

    name: str
    version: str
    image = ""
    scalable: bool
    website = MAIN_SITE
    languages: Collection[str] | None = None

    def image_of(self, stack: Stack, cluster: ClusterSpec | None = None) -> str:  # noqa: ARG002
        """None: it is no image that runs."""
        return ""

    @property
    def abilities(self) -> Abilities:
        """Magento's, which the sandbox shop shares."""
        return abilities_of("magento")

    def release(self, stack: Stack, cluster: ClusterSpec | None = None) -> Release:  # noqa: ARG002
        """The shop of this stack; where it is, when somebody else runs it."""
        closed = stack.desired is StackDesired.CLOSED
        values: dict[str, object] = {"storefront": "closed" if closed else "open"}
        if stack.driver == EXTERNAL:
            values = {"endpoint": stack.endpoint, "watched": stack.wants_running}
        return Release(name=stack.uid, chart=self.name, version=stack.version, values=values)

    def given(self, cluster: ClusterSpec) -> Mapping[str, Any]:  # noqa: ARG002
        """Nothing: it runs on no cluster."""
        return {}

    def beside(self, stack: Stack, cluster: ClusterSpec | None = None) -> Beside:  # noqa: ARG002
        """Nothing is said of a shop on no cluster."""
        return Beside()

    def ready(
        self,
        endpoint: str,
        websites: Mapping[str, str] | None = None,
        *,
        storefront: str = "",
        trust: str = "",
    ) -> None:
        """Return when a shop with the Bridge answers there, as is wanted of it."""
        rest = RestClient(endpoint, timeout=2, trust=trust)
        try:
            answer = rest.call("GET", "/V1/storecontroller/ready")
        except ShopAnswerError as error:
            if error.status == 404 and not error.readable:
                raise ShopUnroutedError(endpoint=endpoint) from error
            raise WrongShopError(endpoint=endpoint) from error
        finally:
            rest.close()
        if answer != {"ready": True}:
            raise ShopStartingError
        if websites or storefront:
            _check_doors(Wire(endpoint, trust), websites or {}, storefront)

    def identify(self, endpoint: str, token: str) -> str:
        """Who a shop says it is."""
        rest = RestClient(endpoint, token)
        try:
            status = rest.call("GET", "/all/V1/storecontroller/status")
        except ShopAnswerError as error:
            raise WrongShopError(endpoint=endpoint) from error
        finally:
            rest.close()
        uid = status.get("instance_uid") if isinstance(status, dict) else None
        if not isinstance(uid, str) or not uid:
            raise WrongShopError(endpoint=endpoint)
        return uid

    def shop(
        self,
        endpoint: str,
        store: Store,
        secrets: Mapping[str, str],
        providers: Mapping[str, str],
        addresses: Mapping[str, str],
        relay: Relay | None = None,
        *,
        trust: str = "",
    ) -> Shop:
        """The running shop on behalf of a store."""
        return BridgeShop(endpoint, store, secrets, providers, addresses, relay, trust=trust)


@dataclass(frozen=True, kw_only=True)
class Door:
    """What shoppers find who come by a host."""

    website: str | None = None
    """Its code; _ANY where that cannot be said, None where nobody says it."""
    storefront: str = ""
    """“open” or “closed”; another word while it is neither, empty where nobody says it."""


def _check_doors(wire: Wire, websites: Mapping[str, str], storefront: str) -> None:
    """Raise StorefrontPendingError or HostsPendingError unless shoppers find what is wanted.

    Shops say at an address of their own which website a host gets. Where the main one does and a
    further one does not, something before the shop does not know that host.
    """
    try:
        main = _door(wire, {})
        found = {host: _door(wire, {"Host": host}).website for host in websites}
    finally:
        wire.close()
    if storefront and main.storefront not in {"", storefront}:
        raise StorefrontPendingError
    unjudged = {_ANY, None} if main.website is None else {_ANY}
    late = [host for host, code in websites.items() if found[host] not in {code, *unjudged}]
    if late:
        raise HostsPendingError(hosts=", ".join(late))


def _door(wire: Wire, headers: Mapping[str, str]) -> Door:
    answer = wire.exchange("GET", "/-/site", None, headers, seconds=_HOST_SECONDS)
    if answer.status == _MISDIRECTED:
        return Door(website=_ANY)
    if answer.status != HTTPStatus.OK or answer.kind != "text/plain":
        return Door()
    told = answer.headers.get("X-Shop-Storefront", "")
    return Door(website=answer.body.decode(errors="replace").strip(), storefront=told)
