"""What the pods of a namespace print: some or all of them, in the order of time or from now on."""

import queue
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass

from provisioners.base import DriverFailure, LogQuery
from provisioners.kubernetes.connection import Connection, Json, Stream
from provisioners.kubernetes.errors import ClusterError, NotFoundError, RefusedError

_QUIET_SECONDS = 0.25
_LOOK_SECONDS = 5.0
_IDLE_SECONDS = 3600.0
_LONGEST = 1024 * 1024
"""Bytes that are read of one container at most."""
_COMPONENT = "app.kubernetes.io/component"


@dataclass(frozen=True, kw_only=True)
class _Place:
    """One container of one pod."""

    pod: str
    container: str
    part: str
    owners: tuple[str, ...]
    restarted: bool
    """Whether it ran before and is not ready now: then what it said before matters too."""


class Logs:
    """The logs of the pods of one cluster that carry a label."""

    def __init__(self, connection: Connection, *, selector: str) -> None:
        self._connection = connection
        self._selector = selector

    def last(self, namespace: str, query: LogQuery, troubled: Collection[str] = ()) -> list[str]:
        """The last lines, as `web-1 php: …`; raises ClusterError and DriverFailure.

        `troubled` are pods and jobs (`pod/web-1`) of which alone is told when nothing was chosen.
        What was chosen and is not there is `no_log`. A container that has not started has none.
        """
        places = self._places(namespace, query)
        if not query.chosen and troubled:
            mine = [place for place in places if {f"pod/{place.pod}", *place.owners} & {*troubled}]
            if lines := self._lines(namespace, mine, query):
                return lines
        return self._lines(namespace, places, query)

    def follow(self, namespace: str, query: LogQuery) -> Iterator[str]:
        """Lines of every chosen container from now on; an empty string while there is none.

        Containers that start later are found within a few seconds.
        """
        told: queue.Queue[str] = queue.Queue(maxsize=1000)
        followed: dict[tuple[str, str], _Follower] = {}
        look = 0.0
        try:
            while True:
                if time.monotonic() >= look:
                    look = time.monotonic() + _LOOK_SECONDS
                    self._follow_new(namespace, query, followed, told)
                try:
                    yield told.get(timeout=_QUIET_SECONDS)
                except queue.Empty:
                    yield ""
        finally:
            for follower in followed.values():
                follower.stop()
            for follower in followed.values():
                follower.join(timeout=_LOOK_SECONDS)

    def _lines(self, namespace: str, places: Collection[_Place], query: LogQuery) -> list[str]:
        if not query.tail:
            return []
        found: list[tuple[str, str]] = []
        for place in places:
            for before in (True, False) if place.restarted else (False,):
                with suppress(NotFoundError, RefusedError):
                    found += self._of(namespace, place, query, before=before)
        # In the order of time, as they were printed; a stable sort keeps the rest together.
        found.sort(key=lambda item: item[0])
        return [line for _, line in found[-query.tail :]]

    def _of(
        self, namespace: str, place: _Place, query: LogQuery, *, before: bool
    ) -> Iterator[tuple[str, str]]:
        """When and what a container printed; `before` is of its last run."""
        asked: dict[str, str | int | bool] = {
            "container": place.container,
            "tailLines": query.tail,
            "limitBytes": _LONGEST,
            "timestamps": True,
        }
        if before:
            asked["previous"] = True
        if query.since is not None:
            asked["sinceSeconds"] = query.since
        at = ""
        name = f"{place.pod} {place.container}{' (before)' if before else ''}"
        for line in self._connection.text(_log(namespace, place.pod), asked).splitlines():
            moment, _, rest = line.partition(" ")
            stamped = _is_moment(moment)
            at = moment if stamped else at
            yield at, f"{name}: {rest if stamped else line}"

    def _places(self, namespace: str, query: LogQuery) -> list[_Place]:
        """The containers that are chosen; raises DriverFailure when there is none of that name."""
        everything = [place for pod in self._listed(namespace) for place in _containers(pod)]
        found = [place for place in everything if _wanted(place, query)]
        if everything and not found:
            known = {name for place in everything for name in (place.part, place.container)}
            raise DriverFailure("no_log", ", ".join(sorted(known)), transient=False)
        return found

    def _listed(self, namespace: str) -> list[Json]:
        path = f"/api/v1/namespaces/{namespace}/pods"
        return list(self._connection.get(path, {"labelSelector": self._selector})["items"])

    def _follow_new(
        self,
        namespace: str,
        query: LogQuery,
        followed: "dict[tuple[str, str], _Follower]",
        told: "queue.Queue[str]",
    ) -> None:
        try:
            places = self._places(namespace, query)
        except (ClusterError, DriverFailure):
            return  # The next look finds them.
        for place in places:
            key = (place.pod, place.container)
            follower = followed.get(key)
            if follower is None or follower.ended:
                fresh = _Follower(self._connection, namespace, key, told, follower)
                followed[key] = fresh
                fresh.start()


def _containers(pod: Json) -> Iterator[_Place]:
    """Every container of a pod, those before its start too."""
    metadata, status = pod["metadata"], pod.get("status") or {}
    states = {
        each["name"]: each
        for each in (
            *(status.get("initContainerStatuses") or ()),
            *(status.get("containerStatuses") or ()),
        )
    }
    owners = metadata.get("ownerReferences") or ()
    for each in (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]):
        state = states.get(each["name"], {})
        yield _Place(
            pod=metadata["name"],
            container=each["name"],
            part=(metadata.get("labels") or {}).get(_COMPONENT, ""),
            owners=tuple(f"{item['kind'].lower()}/{item['name']}" for item in owners),
            restarted=bool(state.get("restartCount")) and not state.get("ready"),
        )


def _wanted(place: _Place, query: LogQuery) -> bool:
    asked = ((query.part, place.part), (query.pod, place.pod), (query.container, place.container))
    return all(wanted is None or wanted == name for wanted, name in asked)


def _is_moment(word: str) -> bool:
    return len(word) > 19 and word[4:5] == "-" and word[10:11] == "T" and word.endswith("Z")


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
