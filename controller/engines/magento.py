"""The Magento engine: Magento Open Source or Mage-OS with the Bridge module in it."""

from collections.abc import Mapping

from controller.domain.stack import EXTERNAL, Stack, StackDesired
from controller.domain.store import MAIN_SITE, Store
from controller.engines.base import Shop
from controller.engines.bridge import BridgeShop, check_ready, identify, watched
from provisioners.base import Release


class MagentoEngine:
    """`Engine` of `engines.base`."""

    name = "magento"
    version = "2.4"
    website = MAIN_SITE

    def secret_names(self) -> tuple[str, ...]:
        """The bearer token of the controller's integration, and the key of the shop's secrets."""
        return ("access_token", "crypt_key")

    def release(self, stack: Stack) -> Release:
        """The shop of this stack; where it is, when somebody else runs it."""
        if stack.driver == EXTERNAL:
            return watched(stack, "magento")
        closed = stack.desired is StackDesired.CLOSED
        values = {"storefront": "closed" if closed else "open"}
        return Release(name=stack.uid, chart="magento", version=stack.version, values=values)

    def ready(self, endpoint: str) -> None:
        """Return when it answers."""
        check_ready(endpoint)

    def identify(self, endpoint: str, token: str) -> str:
        """Who a shop says it is."""
        return identify(endpoint, token)

    def shop(
        self,
        endpoint: str,
        store: Store,
        secrets: Mapping[str, str],
        providers: Mapping[str, str],
    ) -> Shop:
        """The running shop on behalf of a store."""
        return BridgeShop(endpoint, store, secrets, providers)
