"""The Magento engine: Magento Open Source or Mage-OS with the Bridge module in it."""

from controller.engines.bridged import BridgedEngine


class MagentoEngine(BridgedEngine):
    """`Engine` of `engines.base`."""

    name = "magento"
    version = "2.4"

    def secret_names(self) -> tuple[str, ...]:
        """The bearer token of the controller's integration, and the key of the shop's secrets."""
        return ("access_token", "crypt_key")
