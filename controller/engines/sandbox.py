"""The sandbox engine: our own small shop, which speaks the part of Magento's API that we use."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from controller.engines.clustered import ClusteredEngine


class SandboxEngine(ClusteredEngine):
    """`Engine` of `engines.base`."""

    name = "sandbox"
    version = "1"
    scalable = False
    languages: Collection[str] | None = frozenset({"en", "de", "es", "ar"})

    def secrets(
        self,
        derive: Callable[[str], str],
        built: Mapping[str, Any],  # noqa: ARG002
    ) -> dict[str, str]:
        """The bearer token that the controller calls with, and the key of the shop's cookies."""
        return {name: derive(name) for name in ("access_token", "session_key")}
