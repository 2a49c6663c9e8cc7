"""A stack: what runs a store. A dedicated store has one of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from controller.domain.conditions import Condition, ready


class StackDesired(StrEnum):
    """What a stack is meant to be."""

    RUNNING = "running"
    CLOSED = "closed"
    """Runs, shows shoppers a friendly closed page, still answers the controller."""
    STOPPED = "stopped"
    """Nothing runs; the data is kept."""
    PURGED = "purged"
    """Nothing is left."""


EXTERNAL = "external"
"""The driver of stacks that somebody else runs."""

STACK_CONDITIONS = ("SecretsApplied", "Released", "Answering")


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One deployment of a shop engine through a driver."""

    uid: str
    tenant: str
    engine: str
    version: str
    driver: str
    desired: StackDesired
    generation: int
    observed_generation: int
    conditions: Mapping[str, Condition]
    endpoint: str | None
    """Base URL at which the driver says the stack is reached."""

    @property
    def wants_running(self) -> bool:
        """Whether something should answer at its endpoint."""
        return self.desired in {StackDesired.RUNNING, StackDesired.CLOSED}

    @property
    def settled(self) -> bool:
        """Whether the wanted generation was observed complete."""
        if self.observed_generation != self.generation:
            return False
        return ready(self.conditions, STACK_CONDITIONS) if self.wants_running else True
