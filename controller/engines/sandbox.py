"""The sandbox engine: our own small shop, which speaks the part of Magento's API that we use."""

from collections.abc import Mapping

from controller.domain.errors import ShopStartingError, ShopUnreachableError, WrongShopError
from controller.domain.stack import Stack, StackDesired
from controller.domain.store import Store
from controller.engines.base import Shop
from controller.engines.bridge import BridgeShop
from controller.engines.rest import RestClient, ShopAnswerError
from controller.engines.settings import WEBSITE
from provisioners.base import Release


class SandboxEngine:
    """`Engine` of `engines.base`."""

    name = "sandbox"
    version = "1"
    website = WEBSITE

    def secret_names(self) -> tuple[str, ...]:
        """The bearer token that the controller calls with, and the key of the shop's cookies."""
        return ("access_token", "session_key")

    def release(self, stack: Stack) -> Release:
        """The shop's program for this stack."""
        closed = stack.desired is StackDesired.CLOSED
        return Release(
            name=stack.uid,
            chart="sandbox",
            version=stack.version,
            values={"storefront": "closed" if closed else "open"},
        )

    def ready(self, endpoint: str) -> None:
        """Return when it answers."""
        rest = RestClient(endpoint, timeout=2)
        try:
            answer = rest.call("GET", "/V1/storecontroller/ready")
        except ShopAnswerError as error:
            raise WrongShopError(endpoint=endpoint) from error
        except ShopUnreachableError as error:
            raise ShopStartingError from error
        finally:
            rest.close()
        if answer != {"ready": True}:
            raise ShopStartingError

    def shop(self, endpoint: str, store: Store, secrets: Mapping[str, str]) -> Shop:
        """The running shop on behalf of a store."""
        return BridgeShop(endpoint, store, secrets)
