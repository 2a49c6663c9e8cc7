"""Whether each cluster answers, asked every few seconds and written down when that changes.

`periodic` calls `tick`. A cluster that does not answer holds nothing up: it is asked on a thread of
its own, and of what runs there nothing is concluded.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from controller.domain.errors.base import StoreControllerError
from controller.logging import log
from controller.reconciler.cluster_pool import ClusterPool
from controller.registry.clusters import Clusters
from provisioners.base import DriverFailure

_AT_ONCE = 8
_BUSY = "cluster_busy"
_SURVEY_SECONDS = 60.0
"""A survey is a dozen requests: it is not made at every look."""


class ClusterWatch:
    """Probes of every cluster."""

    def __init__(
        self, clusters: Clusters, pool: ClusterPool, wake: Callable[[str], None], *, every: float
    ) -> None:
        """`wake` is told the name of a cluster that answers again; `every` is in seconds."""
        self._clusters = clusters
        self._pool = pool
        self._wake = wake
        self._every = every
        self._due: dict[str, float] = {}
        self._survey_due: dict[str, float] = {}
        self._asked: set[str] = set()
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="clusters")

    def tick(self) -> None:
        """Ask every cluster that was not asked for a while; does not wait for answers."""
        now = time.monotonic()
        for name in self._pool.names():
            with self._lock:
                if name in self._asked or self._due.get(name, 0.0) > now:
                    continue
                self._asked.add(name)
                self._due[name] = now + self._every
            self._threads.submit(self._ask, name)

    def _ask(self, name: str) -> None:
        try:
            self._note(name)
        except StoreControllerError as error:
            log.warning("cluster_not_asked", cluster=name, reason=error.reason)
        finally:
            with self._lock:
                self._asked.discard(name)

    def _note(self, name: str) -> None:
        try:
            version = self._pool.driver(name).ping()
        except DriverFailure as failure:
            # One that asks for patience is there.
            if failure.code != _BUSY and self._clusters.lost(name, failure.detail):
                log.error("cluster_lost", cluster=name, detail=failure.detail)
            return
        if self._clusters.seen(name, version):
            log.info("cluster_seen", cluster=name, version=version)
            self._wake(name)
        self._survey(name)

    def _survey(self, name: str) -> None:
        """Look now and then whether the cluster can run shops."""
        now = time.monotonic()
        if self._survey_due.get(name, 0.0) > now:
            return
        self._survey_due[name] = now + _SURVEY_SECONDS
        try:
            findings = self._pool.survey(name)
        except DriverFailure as failure:
            log.warning("cluster_not_surveyed", cluster=name, detail=failure.detail)
            return
        if self._clusters.surveyed(name, findings):
            codes = [item.code for item in findings]
            tell = log.error if any(item.blocks for item in findings) else log.info
            tell("cluster_surveyed", cluster=name, findings=codes)

    def close(self) -> None:
        """Ask nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)
