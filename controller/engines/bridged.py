"""What the engines have in common whose shops speak the Bridge's API: Magento and the sandbox."""

from collections.abc import Collection, Mapping

from controller.domain.clusters import ClusterSpec
from controller.domain.errors import (
    HostsPendingError,
    ShopStartingError,
    ShopUnroutedError,
    WrongShopError,
)
from controller.domain.mail import Relay
from controller.domain.stack import EXTERNAL, Stack, StackDesired
from controller.domain.store import MAIN_SITE, Store
from controller.engines.abilities import Abilities, abilities_of
from controller.engines.base import Shop
from controller.engines.bridge import BridgeShop
from controller.engines.rest import RestClient, ShopAnswerError
from controller.engines.wire import Wire
from provisioners.base import Release

_HOST_SECONDS = 2.0


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

    def ready(self, endpoint: str, websites: Mapping[str, str] | None = None) -> None:
        """Return when a shop with the Bridge answers there, and knows each host's website."""
        rest = RestClient(endpoint, timeout=2)
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
        late = [host for host, code in (websites or {}).items() if _unknown(endpoint, host, code)]
        if late:
            raise HostsPendingError(hosts=", ".join(late))

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
    ) -> Shop:
        """The running shop on behalf of a store."""
        return BridgeShop(endpoint, store, secrets, providers, addresses, relay)


def _unknown(endpoint: str, host: str, code: str) -> bool:
    """Whether the web server does not lead a host to its website yet.

    The image says so at an address of its own; one that does not know it is not judged.
    """
    wire = Wire(endpoint)
    try:
        answer = wire.exchange("GET", "/-/site", None, {"Host": host}, seconds=_HOST_SECONDS)
    finally:
        wire.close()
    plain = answer.headers.get_content_type() == "text/plain"
    return answer.status == 200 and plain and answer.body.decode(errors="replace").strip() != code
