"""Waiting for what a cluster does in its own time; every test here uses it."""

import os
import time
from collections.abc import Callable

_USUAL = "10" if "STORECTL_TEST_KUBECONFIG" in os.environ else "1"
FACTOR = float(os.environ.get("STORECTL_TEST_PATIENCE", _USUAL))
"""How many times longer everything may take on this cluster than where pods are stood in for."""
SECONDS = 60.0


def until(holds: Callable[[], object], seconds: float = SECONDS) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds * FACTOR
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds * FACTOR:.0f} s"
        time.sleep(0.05)
