"""The bell: rung after a commit so that a worker looks at once. Losing it costs one sweep."""

from collections.abc import Callable

from controller.registry.leases import Ref

Hint = Callable[[Ref], None]


def silent(ref: Ref) -> None:
    """Ring nothing: the sweep finds the work."""
