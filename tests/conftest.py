"""What every test shares: Hypothesis profiles, and the services of `tests.services.plugin`."""

import gc
import signal
import threading
from collections.abc import Generator

import pytest
from hypothesis import settings

pytest_plugins = ["tests.services.plugin"]

# Deterministic everywhere, so that a red run is red again; `explore` looks further by hand.
settings.register_profile("ci", derandomize=True, max_examples=50, deadline=None, database=None)
settings.register_profile("explore", max_examples=1000, deadline=None)
settings.load_profile("ci")

# A shell starts what it runs in the background with Ctrl-C ignored, and what ignores a signal
# hands that on to every program it starts. Tests press Ctrl-C.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Spare the garbage collector what the imports make.

    It stays to the end anyway, and each full collection would walk over all of it: a third of the
    processor time of collecting the tests. What the tests leave behind is collected as ever.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()
