"""Conditions of stacks and stores, and the one place where `Ready` and the phase come from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from controller.domain.notes import Note


class ConditionStatus(StrEnum):
    """Kubernetes' three values."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Phase(StrEnum):
    """One word for a person, computed from conditions, the wanted state and the operation."""

    PENDING = "Pending"
    PROVISIONING = "Provisioning"
    READY = "Ready"
    CHANGING = "Changing"
    DEGRADED = "Degraded"
    SUSPENDING = "Suspending"
    SUSPENDED = "Suspended"
    RETIRING = "Retiring"
    RETIRED = "Retired"
    PURGING = "Purging"
    PURGED = "Purged"
    FAILED = "Failed"


class Desired(StrEnum):
    """What a store is meant to be."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETIRED = "retired"
    PURGED = "purged"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One fact about a subject, with the time since when it holds."""

    type: str
    status: ConditionStatus
    note: Note = field(default_factory=lambda: Note(reason="NotStarted"))
    since: datetime | None = None

    @property
    def met(self) -> bool:
        """Whether it is known to be true."""
        return self.status is ConditionStatus.TRUE


def met(kind: str, reason: str, **params: str | int) -> Condition:
    """A condition that holds."""
    return Condition(type=kind, status=ConditionStatus.TRUE, note=Note.of(reason, **params))


def unmet(kind: str, reason: str, **params: str | int) -> Condition:
    """A condition that does not hold."""
    return Condition(type=kind, status=ConditionStatus.FALSE, note=Note.of(reason, **params))


def merge(
    old: Mapping[str, Condition], new: Iterable[Condition], now: datetime
) -> dict[str, Condition]:
    """Conditions after a pass: `since` moves only when the status does."""
    merged = dict(old)
    for condition in new:
        before = merged.get(condition.type)
        kept = before.since if before and before.status is condition.status else None
        merged[condition.type] = replace(condition, since=kept or now)
    return merged


def ready(conditions: Mapping[str, Condition], wanted: Iterable[str]) -> bool:
    """Whether every wanted condition holds: conditions are ANDed, never assigned in turn."""
    return all(kind in conditions and conditions[kind].met for kind in wanted)


_WORKING = {
    Desired.SUSPENDED: (Phase.SUSPENDING, Phase.SUSPENDED),
    Desired.RETIRED: (Phase.RETIRING, Phase.RETIRED),
    Desired.PURGED: (Phase.PURGING, Phase.PURGED),
}


def summarize(
    *, desired: Desired, is_ready: bool, reached: bool, ever_ready: bool, failed: bool
) -> Phase:
    """One word: `reached` says that the wanted generation was observed complete at least once."""
    if desired is not Desired.ACTIVE:
        working, done = _WORKING[desired]
        return done if reached else Phase.FAILED if failed else working
    if is_ready and reached:
        return Phase.READY
    if failed and not ever_ready:
        return Phase.FAILED
    if ever_ready:
        return Phase.DEGRADED if reached or failed else Phase.CHANGING
    return Phase.PROVISIONING
