"""Places at which a test kills the process: `STORECTL_FAILPOINT=<name>` and SIGKILL is sent there.

The names are enumerated from the steps themselves, so a new step joins the tests by itself.
"""

import os
import signal
from collections.abc import Iterable

POINTS = ("before", "started", "done", "recorded")
"""Before anything; after the start was shown; after the world was changed; after it was written."""

_armed = os.environ.get("STORECTL_FAILPOINT")


def names(steps: Iterable[str]) -> list[str]:
    """Every failpoint of these steps."""
    return [f"{step}:{point}" for step in steps for point in POINTS]


def reach(step: str, point: str) -> None:
    """Die here when this is the armed failpoint."""
    if _armed == f"{step}:{point}":
        os.kill(os.getpid(), signal.SIGKILL)
