"""Plans: what a shop pays for. `templates/plans` says what each means on a cluster."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from controller.domain.errors.stacks import InvalidScaleError, UnknownPlanError
from controller.domain.spellings import choice


class Plan(StrEnum):
    """The size of a shop; each has a file of its name."""

    STARTER = "starter"
    GROWTH = "growth"
    SCALE = "scale"


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How many web servers a shop has: as many as its visitors need, between the two."""

    min: int
    max: int

    @property
    def fixed(self) -> bool:
        """Whether the number never changes by itself."""
        return self.min == self.max


PLAN_SCALES = {
    Plan.STARTER: Scale(min=1, max=1),
    Plan.GROWTH: Scale(min=2, max=4),
    Plan.SCALE: Scale(min=3, max=12),
}
"""What a plan comes with, until somebody says otherwise."""

MOST_REPLICAS = 50
"""More web servers than that share a database that none of the plans has."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody wants of a scale; None leaves a number as it is."""

    min: int | None = None
    max: int | None = None
    now: int | None = None
    """Web servers at once; said alone, the number is fixed at it and nothing changes it."""

    def over(self, known: Scale) -> Scale:
        """The scale that follows; raises InvalidScaleError."""
        low, high = self.min, self.max
        if low is None and high is None and self.now is not None:
            low = high = self.now
        low = known.min if low is None else low
        high = max(known.max, low) if high is None else high
        now = low if self.now is None else self.now
        if not 1 <= low <= now <= high <= MOST_REPLICAS:
            raise InvalidScaleError(min=low, max=high, now=now, most=MOST_REPLICAS)
        return Scale(min=low, max=high)


def scale_to_json(scale: Scale | None) -> dict[str, int] | None:
    """The form of the HTTP API."""
    return None if scale is None else {"min": scale.min, "max": scale.max}


def scale_from_json(data: Mapping[str, int] | None) -> Scale | None:
    """The inverse."""
    return None if data is None else Scale(min=data["min"], max=data["max"])


def plan_of(text: str) -> Plan:
    """A plan by its name; raises UnknownPlanError."""
    try:
        return Plan(choice(text))
    except ValueError:
        raise UnknownPlanError(plan=text[:40], plans=", ".join(Plan)) from None
