"""How tests are shared out where all of them run at once: `--dist loadfile`, as `.ci/run` does.

Every file stays with one process. So does all of tests/cluster: its API server serves the whole
session of a process, and one is enough for the machine.
"""

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

APART = "tests/cluster"


class Scheduling(LoadFileScheduling):
    """By file, but for one directory that is shared out as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return APART if file.startswith(f"{APART}/") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling | None:
    """Share out by file where that is asked for; any other way stays xdist's own."""
    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None
