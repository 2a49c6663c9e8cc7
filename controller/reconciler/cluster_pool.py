"""The clusters that stacks run on, opened: each with a driver of its own, made when it is needed.

`bootstrap` says how a driver is made. Rows are read again every few seconds, so a cluster that was
added or changed by another process is known here soon; one that changed gets a new driver.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from controller.domain.clusterfindings import ClusterFinding
from controller.domain.clusters import IN_CLUSTER, Cluster, ClusterSpec
from controller.domain.errors.base import StoreControllerError
from controller.domain.errors.clusters import ClusterNotFoundError
from controller.logging import log
from controller.registry.clusters import Clusters
from controller.registry.leases import Ref
from provisioners.base import Builder, Driver

_FRESH_SECONDS = 3.0
VARIABLE = "variable/"
"""What the names of environment variables begin with in the vault: providers sign in by them."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A cluster with its driver."""

    cluster: Cluster
    driver: Driver


Heard = Callable[[Ref], None]
Build = Callable[[Cluster, Mapping[str, str]], Builder]
Open = Callable[[Cluster, Mapping[str, str], Heard], Driver]
Ask = Callable[[ClusterSpec, Mapping[str, str]], str]
"""Asks a cluster that is not a row yet for its version; raises DriverFailure."""


class ClusterPool:
    """Drivers of clusters by the cluster's name."""

    def __init__(
        self,
        clusters: Clusters | None = None,
        open_: Open | None = None,
        build: Build | None = None,
        modules: Sequence[str] = (),
        *,
        ask: Ask | None = None,
    ) -> None:
        """Without clusters there are none, and nothing is ever asked for one."""
        self._clusters = clusters
        self._open = open_
        self._build = build
        self._modules = tuple(modules)
        self._builders: dict[str, tuple[int, Builder]] = {}
        self._ask = ask
        self._opened: dict[str, Opened] = {}
        self._rows: dict[str, Cluster] = {}
        self._read = -1e9
        self._heard: Heard = lambda _: None
        self._lock = threading.Lock()

    def listen(self, heard: Heard) -> None:
        """Have it told of stacks that somebody waited for and that are ready now."""
        self._heard = heard

    def cluster(self, name: str) -> Cluster:
        """A cluster as it was a few seconds ago; raises ClusterNotFoundError."""
        with self._lock:
            return self._row(name)

    def driver(self, name: str) -> Driver:
        """The driver of a cluster; raises ClusterNotFoundError, VaultClosedError."""
        with self._lock:
            row = self._row(name)
            known = self._opened.get(name)
            if known is not None and _same(known.cluster, row):
                return known.driver
            if self._open is None or self._clusters is None:
                raise ClusterNotFoundError(cluster=name)
            driver = self._open(row, self._clusters.secrets(name), self._tell)
            self._opened[name] = Opened(cluster=row, driver=driver)
        if known is not None:
            known.driver.stop_all()
        return driver

    def _tell(self, ref: Ref) -> None:
        self._heard(ref)

    def names(self) -> list[str]:
        """The name of every cluster."""
        with self._lock:
            return list(self._fresh())

    def probe(self, spec: ClusterSpec, secrets: Mapping[str, str]) -> str:
        """The version of a cluster that is not kept yet; raises DriverFailure."""
        if self._ask is None:
            raise ClusterNotFoundError(cluster=spec.name)
        return self._ask(spec, secrets)

    def survey(self, name: str) -> list[ClusterFinding]:
        """What is not right with a cluster itself.

        Raises DriverFailure, ClusterNotFoundError, VaultClosedError.
        """
        return [
            ClusterFinding(code=item.code, about=item.about, detail=item.detail)
            for item in self.driver(name).survey()
        ]

    @property
    def modules(self) -> tuple[str, ...]:
        """What can be built around a stack, the usual one first."""
        return tuple(dict.fromkeys((IN_CLUSTER, *self._modules)))

    def builder(self, name: str) -> Builder:
        """The tool that builds what stacks of a cluster need around them.

        Raises ClusterNotFoundError, VaultClosedError.
        """
        with self._lock:
            row = self._row(name)
            known = self._builders.get(name)
            if known is not None and known[0] == row.generation:
                return known[1]
            if self._build is None:
                raise ClusterNotFoundError(cluster=name)
            builder = self._build(row, self._environment(name))
            self._builders[name] = (row.generation, builder)
        return builder

    def _environment(self, name: str) -> Mapping[str, str]:
        """What the providers of a cluster's module sign in with."""
        kept = self._clusters.secrets(name) if self._clusters else {}
        return {
            key.removeprefix(VARIABLE): value
            for key, value in kept.items()
            if key.startswith(VARIABLE)
        }

    def drivers(self) -> dict[tuple[str, str | None], Driver]:
        """The driver of every cluster that can be opened, by its name and the cluster's."""
        found: dict[tuple[str, str | None], Driver] = {}
        for name in self.names():
            try:
                driver = self.driver(name)
            except StoreControllerError as error:
                log.warning("cluster_not_opened", cluster=name, reason=error.reason)
                continue
            found[driver.name, name] = driver
        return found

    def close(self) -> None:
        """Let go of every cluster; what runs there goes on."""
        with self._lock:
            opened, self._opened = self._opened, {}
            self._rows, self._read = {}, -1e9
        for one in opened.values():
            one.driver.stop_all()

    def _row(self, name: str) -> Cluster:
        found = self._fresh().get(name)
        if found is None:
            self._read = -1e9
            found = self._fresh().get(name)
        if found is None:
            raise ClusterNotFoundError(cluster=name)
        return found

    def _fresh(self) -> dict[str, Cluster]:
        """The rows, read again when they are old."""
        now = time.monotonic()
        if self._clusters is not None and now - self._read > _FRESH_SECONDS:
            self._rows = {cluster.spec.name: cluster for cluster in self._clusters.all()}
            self._read = now
        return self._rows


def _same(known: Cluster, row: Cluster) -> bool:
    """Whether nothing was said of it since; one that was removed and added again is another."""
    return (known.generation, known.created_at) == (row.generation, row.created_at)
