"""The sandbox engine: our own small shop, which speaks the part of Magento's API that we use."""

from collections.abc import Mapping

from controller.domain.stack import EXTERNAL, Stack, StackDesired
from controller.domain.store import MAIN_SITE, Store
from controller.engines.base import Shop
from controller.engines.bridge import BridgeShop, check_ready, identify, watched
from provisioners.base import Release


class SandboxEngine:
    """`Engine` of `engines.base`."""

    name = "sandbox"
    version = "1"
    website = MAIN_SITE

    def secret_names(self) -> tuple[str, ...]:
        """The bearer token that the controller calls with, and the key of the shop's cookies."""
        return ("access_token", "session_key")

    def release(self, stack: Stack) -> Release:
        """The shop's program for this stack."""
        closed = stack.desired is StackDesired.CLOSED
        if stack.driver == EXTERNAL:
            return watched(stack, "sandbox")
        return Release(
            name=stack.uid,
            chart="sandbox",
            version=stack.version,
            values={"storefront": "closed" if closed else "open"},
        )

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
