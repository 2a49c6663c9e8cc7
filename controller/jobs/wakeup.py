"""Told after a commit, so that a worker looks at once. A notification that is lost costs one sweep.

`bootstrap` hands one to whoever accepts requests. In one process it is the worker's own
`hint`; between processes it is a `BrokerNotifier` over a broker.
"""

import queue
import threading
import time
from collections.abc import Callable

from controller.logging import log
from controller.registry.leases import Ref

Hint = Callable[[Ref], None]


def silent(ref: Ref) -> None:
    """Tell nobody: the sweep finds the work."""


class BrokerNotifier:
    """Notifies in a thread of its own, so that no request ever waits for a broker.

    A notification that fails breaks the circuit: for `pause` seconds hints are dropped, then one is
    tried again. Hints that wait while the broker is slow are bounded, too; the newest are dropped.
    """

    def __init__(
        self, notify: Callable[[Ref], None], *, pause: float = 5.0, waiting: int = 1000
    ) -> None:
        self._notify = notify
        self._pause = pause
        self._waiting: queue.Queue[Ref | None] = queue.Queue(maxsize=waiting)
        self._silent_until = 0.0
        self._thread = threading.Thread(target=self._notify_forever, name="notifier", daemon=True)
        self._thread.start()

    def __call__(self, ref: Ref) -> None:
        """Notify soon, or not at all."""
        if time.monotonic() < self._silent_until:
            return
        try:
            self._waiting.put_nowait(ref)
        except queue.Full:
            log.debug("hint_dropped", subject=str(ref))

    @property
    def silent(self) -> bool:
        """Whether the last one failed a short while ago."""
        return time.monotonic() < self._silent_until

    def _notify_forever(self) -> None:
        broken = False
        while (ref := self._waiting.get()) is not None:
            if self.silent:
                continue
            try:
                self._notify(ref)
            except Exception as error:
                # Whatever a broker's library raises: the sweep finds the work.
                self._silent_until = time.monotonic() + self._pause
                if not broken:
                    log.warning("broker_unreachable", error=type(error).__name__)
                broken = True
            else:
                if broken:
                    log.warning("broker_back")
                broken = False

    def close(self, seconds: float = 1.0) -> None:
        """Send what waits, for so many seconds at most."""
        try:
            self._waiting.put(None, timeout=seconds)
        except queue.Full:
            return
        self._thread.join(timeout=seconds)
