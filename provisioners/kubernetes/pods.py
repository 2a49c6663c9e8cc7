"""What the pods of a namespace print, and programs that are run in them."""

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from urllib.parse import quote, urlencode

from provisioners.base import DriverFailure
from provisioners.command import Result
from provisioners.kubernetes.connection import Connection, Json, Stream
from provisioners.kubernetes.errors import ClusterError, NotFoundError, RefusedError

_QUIET_SECONDS = 0.25
_LOOK_SECONDS = 5.0
_IDLE_SECONDS = 3600.0


class Pods:
    """The pods of one cluster that carry a label."""

    def __init__(self, connection: Connection, *, selector: str) -> None:
        self._connection = connection
        self._selector = selector

    def logs(self, namespace: str, *, tail: int) -> list[str]:
        """The last lines of each container, as `web-1 php: …`; raises ClusterError.

        A container that has not started yet has none.
        """
        lines = []
        for pod, container in self._containers(namespace):
            with suppress(NotFoundError, RefusedError):
                query: dict[str, str | int | bool] = {"container": container, "tailLines": tail}
                text = self._connection.text(_log(namespace, pod), query)
                lines += [f"{pod} {container}: {line}" for line in text.splitlines()]
        return lines[-tail:] if tail else []

    def follow(self, namespace: str) -> Iterator[str]:
        """Lines of every container from now on; an empty string while there is none.

        Containers that start later are found within a few seconds.
        """
        told: queue.Queue[str] = queue.Queue(maxsize=1000)
        followed: dict[tuple[str, str], _Follower] = {}
        look = 0.0
        try:
            while True:
                if time.monotonic() >= look:
                    look = time.monotonic() + _LOOK_SECONDS
                    self._follow_new(namespace, followed, told)
                try:
                    yield told.get(timeout=_QUIET_SECONDS)
                except queue.Empty:
                    yield ""
        finally:
            for follower in followed.values():
                follower.stop()
            for follower in followed.values():
                follower.join(timeout=_LOOK_SECONDS)

    def execute(
        self, namespace: str, pod: str, container: str, argv: Sequence[str], *, timeout: float
    ) -> Result:
        """Run a program in a container to its end, whatever its status; raises ClusterError."""
        began = time.monotonic()
        query = urlencode(
            [("command", word) for word in argv]
            + [("container", container), ("stdout", "true"), ("stderr", "true")],
            quote_via=quote,
        )
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/exec"
        status, output, error = self._connection.execute(path, query, timeout=timeout)
        spent = time.monotonic() - began
        return Result(returncode=status, output=output, error=error, seconds=spent)

    def first(self, namespace: str, component: str) -> str:
        """A ready pod of a component of the release; raises DriverFailure when there is none."""
        selector = f"{self._selector},app.kubernetes.io/component={component}"
        for pod in self._listed(namespace, selector):
            conditions = pod.get("status", {}).get("conditions", ())
            if any(item["type"] == "Ready" and item["status"] == "True" for item in conditions):
                return str(pod["metadata"]["name"])
        raise DriverFailure("no_pod", f"no pod of “{component}” is ready")

    def _listed(self, namespace: str, selector: str) -> list[Json]:
        path = f"/api/v1/namespaces/{namespace}/pods"
        return list(self._connection.get(path, {"labelSelector": selector})["items"])

    def _containers(self, namespace: str) -> list[tuple[str, str]]:
        return [
            (pod["metadata"]["name"], container["name"])
            for pod in self._listed(namespace, self._selector)
            for container in pod["spec"]["containers"]
        ]

    def _follow_new(
        self,
        namespace: str,
        followed: "dict[tuple[str, str], _Follower]",
        told: "queue.Queue[str]",
    ) -> None:
        try:
            places = self._containers(namespace)
        except ClusterError:
            return  # The next look finds them.
        for place in places:
            follower = followed.get(place)
            if follower is None or follower.ended:
                fresh = _Follower(self._connection, namespace, place, told, follower)
                followed[place] = fresh
                fresh.start()


class _Follower(threading.Thread):
    """Puts the lines of one container into a queue until it is stopped or they end."""

    def __init__(
        self,
        connection: Connection,
        namespace: str,
        place: tuple[str, str],
        told: "queue.Queue[str]",
        before: "_Follower | None",
    ) -> None:
        super().__init__(name=f"follow-{place[0]}", daemon=True)
        self.ended = False
        self._connection = connection
        self._path = _log(namespace, place[0])
        self._place = place
        self._told = told
        self._stopped = False
        self._stream: Stream | None = None
        self._again = before is not None

    def run(self) -> None:
        """Follow the log; what was lost with a connection is looked for again by whoever reads."""
        pod, container = self._place
        query: dict[str, str | int | bool] = {"container": container, "follow": True}
        if self._again:
            query["sinceSeconds"] = int(_LOOK_SECONDS)
        else:
            query["tailLines"] = 0
        try:
            with self._connection.stream(self._path, query, idle=_IDLE_SECONDS) as stream:
                self._stream = stream
                for line in stream.lines():
                    if self._stopped:
                        return
                    self._put(f"{pod} {container}: {line.decode(errors='replace')}")
        except ClusterError:
            return
        finally:
            self.ended = True

    def stop(self) -> None:
        """End it soon."""
        self._stopped = True
        if self._stream is not None:
            self._stream.interrupt()

    def _put(self, line: str) -> None:
        while not self._stopped:
            with suppress(queue.Full):
                self._told.put(line, timeout=_QUIET_SECONDS)
                return


def _log(namespace: str, pod: str) -> str:
    return f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
