"""What the engines have in common whose shops run on clusters too, each by a chart of its own."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from controller.domain.clusters import ClusterSpec, as_given
from controller.domain.errors.stacks import ImageMissingError
from controller.domain.images import parse_image
from controller.domain.stack import Stack, StackDesired
from controller.engines.beside import Beside, beside
from controller.engines.bridged import BridgedEngine
from controller.engines.plans import placed_values
from controller.engines.values import PlatformValues, given, image_in
from provisioners.base import Release

_KEPT = 4096
_NO_IMAGE = "none:none"
"""What a shop is said to run that never ran and is not to."""


class ClusteredEngine(BridgedEngine):
    """`Engine` of `engines.base`, but for what a shop software is called and needs."""

    def __init__(self, image: str = "", values: PlatformValues | None = None) -> None:
        """`image` is what new stacks run, `values` are the operator's for every cluster.

        Without an image clusters take none.
        """
        self._platform = values or PlatformValues()
        self.image = image
        self._releases: OrderedDict[str, tuple[tuple[Any, ...], Release]] = OrderedDict()
        self._given: dict[str, tuple[ClusterSpec, Mapping[str, Any]]] = {}
        self._lock = threading.Lock()

    def image_of(self, stack: Stack, cluster: ClusterSpec | None = None) -> str:
        """Its own once it ran; before, what is set by now, so that a correction heals it.

        Raises ImageMissingError where it is to run.
        """
        if cluster is None:
            return ""
        said = image_in(self.name, self._platform.over(cluster, stack.spec.plan))
        image = stack.spec.image or (str(said) if said else self.image)
        if not image and stack.desired is not StackDesired.RUNNING:
            return _NO_IMAGE
        if not image:
            raise ImageMissingError(engine=self.name, variable=self.name.upper())
        return image

    def given(self, cluster: ClusterSpec) -> Mapping[str, Any]:
        """The documents and what the cluster offers."""
        known = self._given.get(cluster.name)
        if known is None or known[0] != cluster:
            known = self._given[cluster.name] = (cluster, given(self._platform, cluster))
        return known[1]

    def beside(self, stack: Stack, cluster: ClusterSpec | None = None) -> Beside:
        """What the platform's, the cluster's and the plan's documents say."""
        return beside(self._platform.over(cluster, stack.spec.plan)) if cluster else Beside()

    def release(self, stack: Stack, cluster: ClusterSpec | None = None) -> Release:
        """The chart's values by plan; a shop that runs on no cluster as every engine has it."""
        if cluster is None:
            return super().release(stack)
        closed = stack.desired is StackDesired.CLOSED
        # Every look asks, and most find what they found before.
        told = (stack.spec, stack.infrastructure, closed, cluster)
        platform = self._platform
        if stack.spec.given is not None:
            said = stack.spec.given
            platform = PlatformValues(everywhere=said["everywhere"], plans=said["plans"])
            cluster = as_given(cluster, said["cluster"])
        with self._lock:
            known = self._releases.get(stack.uid)
        if known is not None and known[0] == told:
            return known[1]
        image = parse_image(self.image_of(stack, cluster))
        documents = platform.over(cluster, stack.spec.plan)
        values = placed_values(stack, cluster, image, closed=closed, documents=documents)
        if (wanted := stack.spec.restore) is not None:
            values["restore"] = {
                "name": wanted.backup,
                "run": wanted.run,
                "load": wanted.load,
                "over": True,
            }
        release = Release(
            name=stack.uid,
            chart=self.name,
            version=image.version,
            values=values,
            # What runs is closed as it is; its database needs no work for that.
            hooks=not (closed and stack.spec.aimed_at is not None),
        )
        with self._lock:
            self._releases[stack.uid] = (told, release)
            while len(self._releases) > _KEPT:
                self._releases.popitem(last=False)
        return release
