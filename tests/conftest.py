"""What every test shares: Hypothesis profiles, and the services of `tests.services.plugin`."""

from hypothesis import settings

pytest_plugins = ["tests.services.plugin"]

# Deterministic everywhere, so that a red run is red again; `explore` looks further by hand.
settings.register_profile("ci", derandomize=True, max_examples=50, deadline=None, database=None)
settings.register_profile("explore", max_examples=1000, deadline=None)
settings.load_profile("ci")
