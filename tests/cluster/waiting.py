"""Waiting for what a cluster does in its own time; every test here uses it."""

import time
from collections.abc import Callable

SECONDS = 60.0


def until(holds: Callable[[], object], seconds: float = SECONDS) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.05)
