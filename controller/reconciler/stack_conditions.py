"""What is seen of a stack, as the conditions that everybody reads."""

from controller.domain.conditions import Condition, met, unmet
from controller.domain.stack import Stack, StackDesired
from controller.reconciler import silence
from controller.reconciler.backup_steps import BACKED_UP
from controller.reconciler.stack_observation import StackSeen
from controller.reconciler.world import World
from controller.registry.session import utcnow
from provisioners.base import ReleaseState

ROOMY = "VolumesRoomy"
AUTOSCALING = "Autoscaling"
_FULL_STEPS = (90, 95, 98)
"""Percent: it is told anew at each of them and not in between."""


def conditions(stack: Stack, seen: StackSeen, world: World) -> tuple[Condition, ...]:
    """What is seen, as conditions."""
    if stack.desired is StackDesired.PURGED:
        return tuple(unmet(kind, "ReleaseDeleted") for kind in ("Released", "Answering"))
    if not stack.wants_running:
        return tuple(unmet(kind, "ReleaseStopped") for kind in ("Released", "Answering"))
    return (
        *_surrounded(stack, seen, world),
        met("SecretsApplied", "SecretsApplied")
        if seen.secrets
        else unmet("SecretsApplied", "NotStarted"),
        _released(stack, seen, world),
        _answering(seen),
        *silence.steadiness(stack, utcnow(), restarting=seen.hangs),
        *_roomy(stack, seen),
        *_asked_for(stack),
        *_autoscaling(stack, seen),
    )


def _surrounded(stack: Stack, seen: StackSeen, world: World) -> tuple[Condition, ...]:
    """The condition of what is around it, for stacks that need anything there."""
    wanted = world.infrastructure(stack)
    if wanted is None:
        return ()
    if seen.infrastructure:
        return (met("InfrastructureReady", "InfrastructureBuilt", module=wanted.module),)
    return (unmet("InfrastructureReady", "InfrastructureMissing", module=wanted.module),)


def _released(stack: Stack, seen: StackSeen, world: World) -> Condition:
    if seen.release in {ReleaseState.CURRENT, ReleaseState.PENDING}:
        release = world.release(stack)
        params = {"chart": release.chart, "version": release.version}
        return met("Released", "ReleaseCurrent", **params)
    if seen.release is ReleaseState.FAILED:
        return unmet("Released", "Driver", detail=seen.detail)
    outdated = seen.release is ReleaseState.OUTDATED
    return unmet("Released", "ReleaseOutdated" if outdated else "ReleaseMissing")


def _roomy(stack: Stack, seen: StackSeen) -> tuple[Condition, ...]:
    """Whether its volumes have room: a condition since one was nearly full, told in steps."""
    if seen.filling:
        fullest = max(seen.filling, key=lambda item: item.percent)
        percent = max(step for step in _FULL_STEPS if step <= max(fullest.percent, _FULL_STEPS[0]))
        return (unmet(ROOMY, "VolumeFilling", volume=fullest.volume, percent=percent),)
    return (met(ROOMY, "VolumesRoomy"),) if ROOMY in stack.conditions else ()


def _asked_for(stack: Stack) -> tuple[Condition, ...]:
    """Whether every backup that was asked for is made: a condition since the first of them."""
    if stack.spec.backup:
        return (unmet(BACKED_UP, "BackupWanted"),)
    return (met(BACKED_UP, "BackupsAsAsked"),) if BACKED_UP in stack.conditions else ()


def _autoscaling(stack: Stack, seen: StackSeen) -> tuple[Condition, ...]:
    """Whether its autoscaler works: a condition since one did not."""
    if seen.blind:
        return (unmet(AUTOSCALING, "AutoscalerBlind", detail=seen.blind),)
    known = AUTOSCALING in stack.conditions
    return (met(AUTOSCALING, "AutoscalerSees"),) if known else ()


def _answering(seen: StackSeen) -> Condition:
    if seen.answering is None:
        return met("Answering", "Answering", endpoint=seen.endpoint or "-")
    return unmet("Answering", seen.answering.reason, **seen.answering.params)
