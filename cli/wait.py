"""Following an operation to its end: by its event stream, by asking when there is no stream.

The stream is a convenience: it may break, fall silent or be missing. After every break the
operation is read once, so that an end that happened meanwhile is seen.
"""

import http.client
import json
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from cli.client import Client, Resource
from cli.errors import ApiRefusal, LostContactError
from cli.stream import parse
from controller.domain.errors.platform import ServerUnreachableError
from controller.domain.notes import REASONS
from controller.domain.store import STORE_CONDITIONS

OPEN = ("pending", "running")
PAUSES = (0.2, 0.5, 1.0, 2.0)
"""Seconds between attempts; the last one repeats."""
SILENCE = 30.0
"""Seconds without a sign of life (the server sends one every 15) after which a stream is broken."""
PATIENCE = 60.0
"""Seconds for which a server that vanished is waited for."""


class DeadlineError(Exception):
    """The time to wait is over; the newest state was already shown."""


class Observer(Protocol):
    """What is told of every state of the operation."""

    def __call__(self, operation: Resource) -> None:
        """Show the operation as it is now."""


class Follower:
    """Follows one operation; `run` returns it in its final state."""

    def __init__(
        self,
        client: Client,
        operation: Resource,
        timeout: float,
        observe: Observer,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._uid: str = operation["metadata"]["id"]
        self.operation = operation
        self._observe = observe
        self._clock = clock
        self._sleep = sleep
        self._end = clock() + timeout
        self._heard = clock()
        self._last_event: str | None = None
        self._streams = True

    def run(self) -> Resource:
        """Return the finished operation.

        Raises DeadlineError when the time is over and LostContactError when the server stays away.
        """
        self._observe(self.operation)
        failures = 0
        while self._open():
            heard = self._heard
            self._listen()
            if not self._open():
                break
            self._ask()
            failures = 0 if self._heard > heard else failures + 1
            if self._open():
                self._sleep(min(PAUSES[min(failures, len(PAUSES) - 1)], self._left()))
        return self.operation

    def _open(self) -> bool:
        return self.operation["status"]["state"] in OPEN

    def _left(self) -> float:
        left = self._end - self._clock()
        if left <= 0:
            raise DeadlineError
        return left

    def _take(self, operation: Resource) -> None:
        self._heard = self._clock()
        if operation != self.operation:
            self.operation = operation
            self._observe(operation)

    def _listen(self) -> None:
        """Take states from the stream until it ends, for whatever reason."""
        if not self._streams:
            return
        try:
            quiet = min(SILENCE, self._left())
            with self._client.operation_stream(self._uid, self._last_event, quiet) as opened:
                if opened.content_type != "text/event-stream":
                    self._streams = False
                    return
                for event in parse(self._until_deadline(opened)):
                    self._last_event = event.id or self._last_event
                    if event.event == "operation":
                        self._take(json.loads(event.data))
                    if not self._open():
                        return
        except (OSError, http.client.HTTPException, ServerUnreachableError):
            return
        except ApiRefusal as refusal:
            # A proxy or an older server without streams; the operation itself can still be read.
            self._streams = refusal.status >= 500

    def _until_deadline(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        for line in lines:
            self._left()
            yield line

    def _ask(self) -> None:
        """Read the operation; a server that is away for longer than PATIENCE is given up."""
        try:
            self._take(self._client.operation(self._uid))
        except ServerUnreachableError as error:
            self._left()
            if self._clock() - self._heard > PATIENCE:
                raise LostContactError(server=self._client.server, operation=self._uid) from error
        except ApiRefusal as refusal:
            # Full or starting again: both pass.
            if refusal.status < 500 and refusal.status != 429:
                raise


def unmet(client: Client, operation: Resource) -> tuple[list[Resource], list[Resource]]:
    """Return the steps that an unfinished operation is at, and the store's unmet conditions.

    Where the store is to sell in the end, a condition that nobody looked at yet is unmet too.
    """
    steps = [
        step for step in operation["status"]["steps"] if step["state"] in {"running", "failed"}
    ]
    try:
        store = client.store(operation["spec"]["storeUid"])
    except (ApiRefusal, ServerUnreachableError):
        return steps, []
    found = {item["type"]: item for item in store["status"]["conditions"]}
    if store["metadata"]["desired"] != "active":
        return steps, []
    for kind in STORE_CONDITIONS:
        found.setdefault(kind, _unseen(kind))
    return steps, [item for item in found.values() if item["status"] != "True"]


def _unseen(kind: str) -> Resource:
    reason = "NotStarted"
    return {
        "type": kind,
        "status": "Unknown",
        "reason": reason,
        "params": {},
        "message": REASONS[reason],
    }
