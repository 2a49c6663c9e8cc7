"""Whether the clock can be believed: what cannot be taken back waits until it ran evenly a while.

`periodic` asks before it retires a store whose time is up, and before it destroys one. A clock that
jumped ahead, or a machine that was away, says that many are over at once: waiting loses nothing.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from controller.logging import log

_JUMP = 60.0
"""Seconds by which the clock may differ from the time that passed."""
_AWAY = timedelta(days=1)
"""Without any sign for so long, what the clock says is as good as a jump."""
RETIRE_AFTER = 600.0
PURGE_AFTER = 86_400.0
"""Seconds after a jump ahead, for which nothing is retired and nothing destroyed by itself."""


class ClockWatch:
    """Compares the clock with the time that passes; `tick` is called every few seconds."""

    def __init__(
        self,
        now: Callable[[], datetime],
        last_sign: Callable[[], datetime | None],
        passed: Callable[[], float] = time.monotonic,
    ) -> None:
        """`last_sign` is when somebody wrote last, before this process began."""
        self._now = now
        self._last_sign = last_sign
        self._passed = passed
        self._last: tuple[datetime, float] | None = None
        self._jumped_at: float | None = None

    def tick(self) -> float:
        """Look at the clock; returns by how many seconds it jumped since the last look."""
        now, passed = self._now(), self._passed()
        jump = self._jump(now, passed)
        self._last = now, passed
        if abs(jump) > _JUMP:
            log.error("clock_jumped", seconds=round(jump))
            # One that was set right again is believed at once.
            self._jumped_at = passed if jump > 0 else None
            return jump
        return 0.0

    def _jump(self, now: datetime, passed: float) -> float:
        if self._last is not None:
            before, then = self._last
            return (now - before).total_seconds() - (passed - then)
        sign = self._last_sign()
        return (now - sign).total_seconds() if sign is not None and now - sign > _AWAY else 0.0

    def steady_for(self, seconds: float) -> bool:
        """Whether the clock has not jumped ahead for so long."""
        if self._last is None:
            return False
        return self._jumped_at is None or self._passed() - self._jumped_at >= seconds
