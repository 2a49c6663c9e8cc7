"""A stack: what runs a store. A dedicated store has one of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from controller.domain.conditions import Condition, ready
from controller.domain.notes import Note
from controller.domain.plans import PLAN_SCALES, Plan, Scale, scale_from_json, scale_to_json
from controller.domain.store import iso, moment


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
STEADY = "Steady"
"""The condition of a stack that hung lately: how often it was started again."""


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What a shop is installed with. It counts at its first start and is kept as it was then."""

    name: str
    tenant: str
    language: str
    """As a CLDR id: en_US."""
    currency: str
    timezone: str


@dataclass(frozen=True, kw_only=True)
class Restore:
    """A backup that somebody wants loaded, until it is or its operation fails."""

    backup: str
    run: str
    """Another word each time, so that the same backup may be loaded again."""
    load: bool = False
    """Whether the shop rests by now, so that nobody writes beside it."""


@dataclass(frozen=True, kw_only=True)
class StackSpec:
    """How large a stack is, and what it was placed with."""

    plan: Plan = Plan.STARTER
    scale: Scale | None = None
    """None leaves it to the plan."""
    rescale: bool = False
    """Whether a scale was asked for that did not reach the cluster yet."""
    now: int | None = None
    """With `rescale`: how many web servers somebody wants at once."""
    url: str | None = None
    """Where shoppers reach it; None for one of this machine, which is reached at its endpoint."""
    websites: Mapping[str, str] = field(default_factory=dict)
    """The host of each further website with its code."""
    image: str = ""
    """What it runs; empty until it ran for the first time: then whatever is set counts."""
    untried: bool = False
    """Whether the cluster did not yet show that it can fetch a new image."""
    ran: str = ""
    """The image with which the shop answered last."""
    aimed_at: datetime | None = None
    """When its life took its last turn, such as a suspension; None once it was changed since."""
    given: Mapping[str, Any] | None = None
    """What its release is made of beside itself, as it took it last; None until it ran."""
    taking_since: datetime | None = None
    """When it took that, until it ran well with it."""
    halted: bool = False
    """Whether it is closed by being stopped, as its closed page could not be shown."""
    installation: Installation | None = None
    restore: Restore | None = None
    backup: str = ""
    """A word for the backup that somebody wants made now; empty while nobody does."""

    @property
    def wishing(self) -> bool:
        """Whether something is to be done once, which ends with whoever asked for it."""
        return self.restore is not None or bool(self.backup)

    def lasting(self) -> "StackSpec":
        """The same without such wishes."""
        return replace(self, restore=None, backup="") if self.wishing else self

    @property
    def given_up(self) -> str:
        """The image that it was to run and never answered with; empty where there is none."""
        return self.image if self.ran not in {"", self.image} else ""

    def turned(self, at: datetime) -> "StackSpec":
        """As its life takes a turn: with the image that ran, whatever another one met."""
        image = self.ran or self.image
        return replace(self, image=image, untried=False, aimed_at=at, halted=False)

    @property
    def replicas(self) -> Scale:
        """How many web servers it has."""
        return self.scale or PLAN_SCALES[self.plan]


@dataclass(frozen=True, kw_only=True)
class AppliedInfrastructure:
    """What was built around a stack, and what that told."""

    digest: str
    module: str
    outputs: Mapping[str, Any]


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
    cluster: str | None = None
    """The name of the cluster that it runs on."""
    placement: Note | None = None
    """Why there."""
    spec: StackSpec = field(default_factory=StackSpec)
    infrastructure: AppliedInfrastructure | None = None

    @property
    def url(self) -> str | None:
        """Where shoppers reach it."""
        return self.spec.url or self.endpoint

    @property
    def wants_running(self) -> bool:
        """Whether something should answer at its endpoint."""
        closed = self.desired is StackDesired.CLOSED and not self.spec.halted
        return closed or self.desired is StackDesired.RUNNING

    @property
    def closing(self) -> bool:
        """Whether it was told to close and was not seen closed: nothing may hold that up."""
        told = self.desired is StackDesired.CLOSED and self.spec.aimed_at is not None
        return told and self.observed_generation != self.generation

    @property
    def settled(self) -> bool:
        """Whether the wanted generation was observed complete."""
        if self.observed_generation != self.generation:
            return False
        return ready(self.conditions, STACK_CONDITIONS) if self.wants_running else True


def stack_spec_to_json(spec: StackSpec) -> dict[str, Any]:
    """The form of the registry's column."""
    return {
        "plan": str(spec.plan),
        "scale": scale_to_json(spec.scale),
        "rescale": spec.rescale,
        "now": spec.now,
        "url": spec.url,
        "websites": dict(spec.websites),
        "image": spec.image,
        "untried": spec.untried,
        "ran": spec.ran,
        "aimedAt": iso(spec.aimed_at),
        "given": spec.given,
        "takingSince": iso(spec.taking_since),
        "halted": spec.halted,
        "installation": None if spec.installation is None else vars(spec.installation),
        "restore": None if spec.restore is None else vars(spec.restore),
        "backup": spec.backup,
    }


def stack_spec_from_json(data: Mapping[str, Any]) -> StackSpec:
    """The inverse; a stack from before there were plans says nothing."""
    installation, restore = data.get("installation"), data.get("restore")
    return StackSpec(
        plan=Plan(data.get("plan", Plan.STARTER)),
        scale=scale_from_json(data.get("scale")),
        rescale=data.get("rescale", False),
        now=data.get("now"),
        url=data.get("url"),
        websites=data.get("websites", {}),
        image=data.get("image", ""),
        untried=data.get("untried", False),
        ran=data.get("ran", ""),
        aimed_at=moment(data.get("aimedAt")),
        given=data.get("given"),
        taking_since=moment(data.get("takingSince")),
        halted=data.get("halted", False),
        installation=Installation(**installation) if installation else None,
        restore=Restore(**restore) if restore else None,
        backup=data.get("backup", ""),
    )
