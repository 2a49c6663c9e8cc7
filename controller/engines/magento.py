"""The Magento engine: Magento Open Source or Mage-OS with the Bridge module in it."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from controller.domain.clusters import ClusterSpec
from controller.domain.errors import ImageMissingError
from controller.domain.images import parse_image
from controller.domain.stack import Stack, StackDesired
from controller.engines.bridged import BridgedEngine
from controller.engines.plans import placed_values
from provisioners.base import Release

_PASSWORDS = ("db_password", "db_root_password", "cache_password", "session_password")
_KEPT = 4096


class MagentoEngine(BridgedEngine):
    """`Engine` of `engines.base`."""

    name = "magento"

    def __init__(self, image: str = "") -> None:
        """`image` is what new stacks run; without one clusters take none.

        Raises InvalidImageError.
        """
        self.image = image
        self.version = parse_image(image).version if image else "2.4"
        self._releases: OrderedDict[str, tuple[tuple[Any, ...], Release]] = OrderedDict()
        self._lock = threading.Lock()

    def secrets(self, derive: Callable[[str], str], built: Mapping[str, Any]) -> dict[str, str]:
        """The key of the shop's own secrets, of Magento's length, and its services' passwords.

        The access token is the shop's to make; it hands it over once it is installed.
        """
        found = {"crypt_key": derive("crypt_key")[:32]}
        found |= {name: derive(name) for name in _PASSWORDS}
        if user := (built.get("media") or {}).get("user"):
            found |= {"media_access_key": user, "media_secret_key": derive("media_secret_key")}
        return found

    def image_of(self, stack: Stack, cluster: ClusterSpec | None = None) -> str:
        """Its own once it ran; before, what is set by now, so that a correction heals it.

        Raises ImageMissingError.
        """
        if cluster is None:
            return ""
        image = stack.spec.image or self.image
        if not image:
            raise ImageMissingError(engine=self.name)
        return image

    def release(self, stack: Stack, cluster: ClusterSpec | None = None) -> Release:
        """The chart's values by plan; a shop that somebody else runs as every engine has it."""
        if cluster is None:
            return super().release(stack)
        closed = stack.desired is StackDesired.CLOSED
        # Every look asks, and most find what they found before.
        told = (stack.spec, stack.infrastructure, closed, cluster)
        with self._lock:
            known = self._releases.get(stack.uid)
        if known is not None and known[0] == told:
            return known[1]
        image = parse_image(self.image_of(stack, cluster))
        values = placed_values(stack, cluster, image, closed=closed)
        release = Release(name=stack.uid, chart=self.name, version=image.version, values=values)
        with self._lock:
            self._releases[stack.uid] = (told, release)
            while len(self._releases) > _KEPT:
                self._releases.popitem(last=False)
        return release
