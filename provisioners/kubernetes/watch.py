"""One watch per kind for all stores of a cluster, kept alive whatever the connection does.

A list says what is there, the watch what changes after it. A cut connection resumes after the last
change that was seen, a place that the server has forgotten (410) begins with a list again.
"""

import random
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

import orjson

from provisioners.kubernetes.connection import (
    JSON,
    METADATA_CHANGES,
    METADATA_ONLY,
    Connection,
    Json,
    Stream,
)
from provisioners.kubernetes.errors import ClusterError, GoneError, StreamCutError, error_of
from provisioners.kubernetes.view import Kind, View, kinds

_SERVER_SECONDS = (240, 360)
"""The server ends a watch after a while of its choice between these."""
_IDLE_SECONDS = 90.0
"""Bookmarks come every minute: silence for longer is a connection that died."""
_PAUSE_SECONDS = (0.1, 10.0)
_BEHIND_SECONDS = 20.0
"""A watch that is cut off returns within this, or what it told last is not to be relied on."""


class Watches:
    """Fills a view from the first question on; `close` ends it."""

    def __init__(
        self,
        connection: Connection,
        *,
        selector: str,
        prefix: str,
        changed: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`changed` is told the namespace of each change, on the thread of its watch."""
        self.view = View(prefix)
        self._connection = connection

        def told(namespace: str) -> None:
            if namespace.startswith(prefix):
                changed(namespace)

        self._watches = [_Watch(connection, kind, self.view, told) for kind in kinds(selector)]
        self._lock = threading.Lock()
        self._started = False

    def synced(self, timeout: float) -> View:
        """The view, once every kind was listed; raises ClusterError when that takes too long."""
        with self._lock:
            if not self._started:
                self._started = True
                for watch in self._watches:
                    watch.start()
        deadline = time.monotonic() + timeout
        for watch in self._watches:
            watch.wait(deadline)
        return self.view

    def behind(self) -> bool:
        """Whether a watch has been cut off for so long that the cluster is better asked itself."""
        return any(watch.lost_for() > _BEHIND_SECONDS for watch in self._watches)

    def refresh(self, namespace: str, *names: str) -> None:
        """Read some kinds in one namespace now, so that what was just written is not overlooked.

        What becomes of it the watches tell soon enough.
        """
        for watch in self._watches:
            if watch.kind.name not in names:
                continue
            listed = self._connection.get(
                watch.kind.within(namespace), watch.kind.query, accept=watch.accept
            )
            version = int(listed["metadata"]["resourceVersion"])
            # A list without anything is null where only metadata was asked for.
            self.view.replace(watch.kind.name, listed["items"] or (), version, namespace)

    def relists(self) -> dict[str, int]:
        """How often each kind was listed as a whole: once, unless something was lost."""
        return {watch.kind.name: watch.lists for watch in self._watches}

    def close(self) -> None:
        """End every watch and wait for it."""
        for watch in self._watches:
            watch.stop()
        for watch in self._watches:
            watch.join()


class _Watch:
    """The watch of one kind, in a thread of its own."""

    def __init__(
        self, connection: Connection, kind: Kind, view: View, changed: Callable[[str], None]
    ) -> None:
        self.kind = kind
        self.accept = METADATA_ONLY if kind.metadata_only else JSON
        self._changed = changed
        self.lists = 0
        self._connection = connection
        self._view = view
        self._version = ""
        self._failure: ClusterError | None = None
        self._lost: float | None = None
        """Since when it is cut off, by the monotonic clock."""
        self._listed = threading.Event()
        self._stopped = threading.Event()
        self._stream: Stream | None = None
        self._thread = threading.Thread(target=self._run, name=f"watch-{kind.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wait(self, deadline: float) -> None:
        """Wait for the first list; raises what stands in its way."""
        if not self._listed.wait(max(0.0, deadline - time.monotonic())):
            raise self._failure or StreamCutError(f"no list of every {self.kind.name} yet")

    def lost_for(self) -> float:
        """Seconds since it was cut off; none while it is not."""
        lost = self._lost
        return 0.0 if lost is None else time.monotonic() - lost

    def stop(self) -> None:
        self._stopped.set()
        if (stream := self._stream) is not None:
            stream.interrupt()

    def join(self) -> None:
        if self._thread.is_alive():
            self._thread.join(timeout=5.0)

    def _run(self) -> None:
        pause = _PAUSE_SECONDS[0]
        while not self._stopped.is_set():
            seen = self._version
            try:
                if not self._version:
                    self._list()
                self._follow()
            except GoneError:
                # Too old a place is no fault of the connection: list again, but not in a tight
                # loop should every list be too old as well.
                self._version = ""
                self._stopped.wait(_PAUSE_SECONDS[0])
            except ClusterError as failure:
                self._failure = failure
                self._lost = self._lost or time.monotonic()
                if self._version != seen:
                    pause = _PAUSE_SECONDS[0]
                self._stopped.wait(max(failure.retry_after, pause * random.uniform(0.5, 1.0)))  # noqa: S311
                pause = min(pause * 2, _PAUSE_SECONDS[1])
            else:
                pause = _PAUSE_SECONDS[0]

    def _list(self) -> None:
        things: list[Json] = []
        version = ""
        for page in self._connection.pages(self.kind.path, self.kind.query, accept=self.accept):
            things += page["items"]
            version = page["metadata"]["resourceVersion"]
        self._view.replace(self.kind.name, things, int(version))
        self._version = version
        self.lists += 1
        self._listed.set()

    def _follow(self) -> None:
        """Take in changes until the server ends the watch; raises ClusterError."""
        query: dict[str, str | int | bool] = {
            **self.kind.query,
            "watch": True,
            "allowWatchBookmarks": True,
            "resourceVersion": self._version,
            "timeoutSeconds": random.randint(*_SERVER_SECONDS),  # noqa: S311 -- spreads the load.
        }
        with ExitStack() as stack:
            accept = METADATA_CHANGES if self.kind.metadata_only else JSON
            opened = self._connection.stream(
                self.kind.path, query, idle=_IDLE_SECONDS, accept=accept
            )
            self._stream = stack.enter_context(opened)
            self._lost = None
            stack.callback(self._forget)
            if self._stopped.is_set():
                return
            for line in self._stream.lines():
                self._take(line)

    def _forget(self) -> None:
        self._stream = None

    def _take(self, line: bytes) -> None:
        try:
            change = orjson.loads(line)
            thing = change["object"]
        except (ValueError, KeyError) as error:
            raise StreamCutError("half a line") from error
        if change["type"] == "ERROR":
            raise error_of(int(thing.get("code", 500)), {}, orjson.dumps(thing))
        steps: dict[str, Callable[[str, Json], None]] = {
            "ADDED": self._view.put,
            "MODIFIED": self._view.put,
            "DELETED": self._view.drop,
        }
        if step := steps.get(change["type"]):
            step(self.kind.name, thing)
            self._changed(thing["metadata"].get("namespace", ""))
        self._version = thing["metadata"]["resourceVersion"]
