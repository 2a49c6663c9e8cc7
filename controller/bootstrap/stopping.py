"""The end of a process: orderly where that is quick, and within a few seconds whatever hangs.

`embedded` and `distributed` make an `Ending` each. From the first signal on what runs has
`SECONDS` to end by itself; then the process leaves under it, as a kill would, and the next start
goes on from there. Threads cannot be ended from outside, so both ways lead out by `os._exit`.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import uvicorn

from controller.logging import log

SECONDS = 4.0
"""From the signal on; what comes last has a moment more."""
_LAST_SECONDS = 0.5


class Ending:
    """What this process does when it is told to end."""

    def __init__(self, drop: Callable[[], None], seconds: float = SECONDS) -> None:
        """`drop` is called at once: it ends the programs that this process drives."""
        self._drop = drop
        self._seconds = seconds
        self._last: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self.begun = threading.Event()

    def at_last(self, call: Callable[[], None]) -> None:
        """Have something done right before the end, orderly or not; what was added last is first.

        Nothing that could wait for long, or for what hangs.
        """
        self._last.append(call)

    def on_signals(self) -> None:
        """Have signals raise SystemExit, so that what was opened is closed."""
        for kind in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            # uvicorn ends in order, then raises the signal again: it must not kill us too early.
            signal.signal(kind, self._told)

    def _told(self, *_: object) -> None:
        self.begin()
        sys.exit(0)

    def begin(self) -> None:
        """Let no program go on, and begin to count; repeatable."""
        if self.begun.is_set():
            return
        self.begun.set()
        self._drop()
        threading.Thread(target=self._watch, name="ending", daemon=True).start()

    def _watch(self) -> None:
        threading.Event().wait(self._seconds)
        log.warning(
            "stopped_under_way", threads=sorted(item.name for item in threading.enumerate())
        )
        self.finish()

    def finish(self) -> None:
        """Do what comes last, and leave; if it was not begun by a signal there is no hurry."""
        # The orderly way and the other one may meet here: the first one leaves.
        self._lock.acquire()
        last = threading.Thread(target=self._do_last, daemon=True)
        last.start()
        last.join(timeout=_LAST_SECONDS)
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(0)

    def _do_last(self) -> None:
        for call in reversed(self._last):
            with suppress(Exception):
                call()


class Server(uvicorn.Server):
    """A server whose process is on its way out from the first signal on."""

    def __init__(self, config: uvicorn.Config, ending: Ending) -> None:
        super().__init__(config)
        self._ending = ending

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """As uvicorn does, with an end to its patience."""
        self._ending.begin()
        super().handle_exit(sig, frame)
