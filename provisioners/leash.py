"""What the programs of this process hang on: they end with it and with its leases.

`command.run` starts each program behind a small shell that watches one pipe for the whole group.
Nobody writes into it: it ends when whoever holds its other end does, and then the group is killed.
Until somebody renews leases that is this process. From then on it is a process of its own, the
guard (this file as a program), which leaves when this one does and when the renewals stop coming,
so that a worker that hangs or is cut off cannot act any more by the time another has its work.
"""

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

_WATCH = '{ trap "" HUP INT TERM; read -r _ </dev/fd/"$0"; kill -9 0; } >/dev/null 2>&1 & exec "$@"'
"""Behind it the program is the leader of its group; `kill` at its end takes the watch as well."""
_TICK_SECONDS = 1.0


class Leash:
    """One for all programs of this process; each process has its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: tuple[int, int | None] | None = None
        """What programs watch, and the other end while it is held here."""
        self._guard: subprocess.Popen[bytes] | None = None
        self._renewal = b""
        self.dropped = threading.Event()
        """Set once no program may go on, as this process is about to end."""

    def renewing(self) -> Callable[[float], None]:
        """Leases are about to be renewed; to be called when they are, with how long they hold."""
        began = moment()
        return lambda seconds: self.renewed(began, seconds)

    def renewed(self, began: float, seconds: float) -> None:
        """Note that from a `moment()` on this process holds what it works on for so long."""
        with self._lock:
            self._renewal = f"{began:.3f} {seconds:.3f}\n".encode()
            if self._guard is not None:
                self._tell(self._guard)

    def drop(self) -> None:
        """Have every program end now, and let none begin."""
        self.dropped.set()

    @contextmanager
    def held(self) -> Iterator[int]:
        """A descriptor to be inherited by a program that `led` starts; raises OSError."""
        with self._lock:
            end = os.dup(self._watched())
        try:
            yield end
        finally:
            os.close(end)

    def led(self, end: int, argv: Sequence[str]) -> list[str]:
        """The arguments that start a program which ends with this leash."""
        return ["/bin/sh", "-c", _WATCH, str(end), *argv]

    def close(self) -> None:
        """Let the guard go; what still hangs on it ends."""
        with self._lock:
            self._let_go()

    def _watched(self) -> int:
        if self._guard is not None and self._guard.poll() is not None:
            self._let_go()
        if self._ends is not None and self._ends[1] is not None and self._renewal:
            # What began before there were leases ends with this process as it did.
            self._ends = None
        if self._ends is None:
            near, far = os.pipe()
            self._ends = (near, far)
            if self._renewal:
                self._guard = self._guarded(far)
                os.close(far)
                self._ends = (near, None)
        return self._ends[0]

    def _guarded(self, far: int) -> subprocess.Popen[bytes]:
        guard = subprocess.Popen(  # noqa: S603 -- a file of ours.
            [sys.executable, "-I", "-S", __file__, str(far)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=[far],
        )
        self._tell(guard)
        return guard

    def _tell(self, guard: subprocess.Popen[bytes]) -> None:
        # One that left has ended what hung on it; the next program gets another.
        with suppress(OSError):
            os.write(guard.stdin.fileno(), self._renewal)  # type: ignore[union-attr]

    def _let_go(self) -> None:
        guard, self._guard = self._guard, None
        if guard is not None and guard.stdin is not None:
            guard.stdin.close()
            guard.kill()
            guard.wait()
        ends, self._ends = self._ends, None
        for end in ends or ():
            if end is not None:
                os.close(end)


def moment() -> float:
    """Seconds that pass while the machine sleeps as well, so that no lease outlasts a pause."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def guard() -> None:
    """Stay for as long as renewals come in time: lines of a moment and for how long it is good."""
    until, rest = moment() + _TICK_SECONDS, b""
    while (left := until - moment()) > 0:
        if not select.select([0], [], [], min(left, _TICK_SECONDS))[0]:
            continue
        block = os.read(0, 65_536)
        if not block:
            return
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            began, seconds = line.split()
            until = float(began) + float(seconds)


if __name__ == "__main__":
    guard()
