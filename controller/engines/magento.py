"""The Magento engine: Magento Open Source or Mage-OS with the Bridge module in it."""

from collections.abc import Callable, Mapping
from typing import Any

from controller.engines.clustered import ClusteredEngine

_PASSWORDS = ("db_password", "db_root_password", "cache_password", "session_password")


class MagentoEngine(ClusteredEngine):
    """`Engine` of `engines.base`."""

    name = "magento"
    version = "2.4"
    scalable = True

    def secrets(self, derive: Callable[[str], str], built: Mapping[str, Any]) -> dict[str, str]:
        """The key of the shop's own secrets, of Magento's length, and its services' passwords.

        The access token is the shop's to make; it hands it over once it is installed.
        """
        found = {"crypt_key": derive("crypt_key")[:32]}
        found |= {name: derive(name) for name in _PASSWORDS}
        if user := (built.get("media") or {}).get("user"):
            found |= {"media_access_key": user, "media_secret_key": derive("media_secret_key")}
        return found
