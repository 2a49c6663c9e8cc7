"""The sandbox engine: our own small shop, which speaks the part of Magento's API that we use."""

from controller.engines.bridged import BridgedEngine


class SandboxEngine(BridgedEngine):
    """`Engine` of `engines.base`."""

    name = "sandbox"
    version = "1"

    def secret_names(self) -> tuple[str, ...]:
        """The bearer token that the controller calls with, and the key of the shop's cookies."""
        return ("access_token", "session_key")
