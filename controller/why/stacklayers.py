"""The layers of a store below its operation, each asked of the world: place, release, parts, shop.

`explaining` calls this. A place that does not answer is asked once and not again.
"""

from collections.abc import Callable
from typing import TypeVar

from controller.domain.clusters import bare
from controller.domain.errors import (
    ShopStartingError,
    ShopUnreachableError,
    StoreControllerError,
)
from controller.domain.notes import Note
from controller.domain.stack import EXTERNAL, Stack
from controller.reconciler.outcome import from_driver
from controller.reconciler.world import World
from controller.registry.registry import Registry
from controller.why.layers import Layer, LayerState, ok, problem, unknown
from provisioners.base import DriverFailure, ReleaseState, ReleaseStatus

T = TypeVar("T")


def asked(ask: Callable[[], T]) -> T | StoreControllerError:
    """What a layer answers, or why it does not."""
    try:
        return ask()
    except DriverFailure as failure:
        return from_driver(failure)
    except StoreControllerError as error:
        return error


class StackLayers:
    """The layers of one stack, asked from the outside in."""

    def __init__(self, registry: Registry, world: World, stack: Stack) -> None:
        self._registry = registry
        self._world = world
        self._stack = stack
        self._silent = False
        """Whether the place did not answer: then it is asked nothing more."""

    def all(self) -> list[Layer]:
        """Cluster, infrastructure, release, pods, shop, as far as the stack has them."""
        place = self._cluster()
        status = None if self._silent else asked(self._status)
        if isinstance(status, StoreControllerError) and status.code == "cluster_unreachable":
            # The row may not know yet what was just met.
            self._silent, place = True, _silent(status)
        found = [place]
        if self._stack.cluster is not None:
            found.append(self._infrastructure())
        found.append(self._release(status))
        if self._stack.cluster is not None:
            found.append(self._pods())
        return [*found, self._shop(status)]

    def strangers(self) -> tuple[str, ...]:
        """What is beside the release and nobody's; nothing while that cannot be asked."""
        if self._silent:
            return ()
        found = asked(lambda: self._world.driver(self._stack).strangers(self._stack.uid))
        return found if isinstance(found, tuple) else ()

    def _cluster(self) -> Layer:
        if self._stack.cluster is None:
            elsewhere = self._stack.driver == EXTERNAL
            return ok("cluster", Note.of("WhyElsewhere" if elsewhere else "WhyHere"))
        known = self._stack.cluster
        cluster = asked(lambda: self._registry.clusters.get(known))
        if isinstance(cluster, StoreControllerError):
            self._silent = True
            return problem("cluster", cluster)
        if cluster.unreachable_since is not None:
            self._silent = True
            return Layer(
                name="cluster",
                state=LayerState.PROBLEM,
                note=Note.of("ClusterLost", detail=cluster.unreachable_detail),
                since=cluster.unreachable_since,
                code="cluster_unreachable",
            )
        note = Note.of("WhyClusterAnswers", cluster=known, version=cluster.version or "?")
        return ok("cluster", note)

    def _infrastructure(self) -> Layer:
        wanted = asked(lambda: self._world.infrastructure(self._stack))
        if isinstance(wanted, StoreControllerError):
            return problem("infrastructure", wanted)
        if wanted is None:
            return ok("infrastructure", Note.of("WhyNothingAround"))
        condition = self._stack.conditions.get("InfrastructureReady")
        if condition is None or not condition.met:
            note = Note.of("InfrastructureMissing", module=wanted.module)
            since = condition.since if condition else None
            return Layer(name="infrastructure", state=LayerState.PROBLEM, note=note, since=since)
        return ok("infrastructure", Note.of("InfrastructureBuilt", module=wanted.module))

    def _status(self) -> ReleaseStatus:
        release = self._world.release(self._stack)
        return self._world.driver(self._stack).status(release)

    def _release(self, status: ReleaseStatus | StoreControllerError | None) -> Layer:
        if status is None or self._silent:
            return unknown("release", Note.of("WhyUnasked"))
        if isinstance(status, StoreControllerError):
            return problem("release", status)
        wanted = self._stack.wants_running
        match status.state:
            case ReleaseState.CURRENT:
                known = {"chart": self._stack.engine, "version": self._stack.version}
                return ok("release", Note.of("ReleaseCurrent", **known))
            case ReleaseState.STOPPED | ReleaseState.ABSENT if not wanted:
                return ok("release", Note.of("WhyNothingRuns"))
            case ReleaseState.FAILED:
                note = Note.of("WhyReleaseFailed", detail=status.detail or "-")
            case ReleaseState.PENDING:
                note = Note.of("WhyReleaseStarting")
            case ReleaseState.OUTDATED:
                note = Note.of("ReleaseOutdated")
            case _:
                note = Note.of("ReleaseMissing")
        code = f"release_{status.state}"
        return Layer(name="release", state=LayerState.PROBLEM, note=note, code=code)

    def _pods(self) -> Layer:
        if self._silent:
            return unknown("pods", Note.of("WhyUnasked"))
        if not self._stack.wants_running:
            return ok("pods", Note.of("WhyNothingRuns"))
        reasons = asked(lambda: self._world.driver(self._stack).why(self._stack.uid))
        if isinstance(reasons, StoreControllerError):
            return unknown("pods", Note.of_error(reasons))
        if not reasons:
            return ok("pods", Note.of("WhyPartsReady"))
        note = Note.of("WhyPartsUnready")
        return Layer(name="pods", state=LayerState.PROBLEM, note=note, reasons=tuple(reasons))

    def _shop(self, status: ReleaseStatus | StoreControllerError | None) -> Layer:
        if self._silent:
            return unknown("shop", Note.of("WhyUnasked"))
        if not self._stack.wants_running:
            return ok("shop", Note.of("WhyNothingRuns"))
        endpoint = status.endpoint if isinstance(status, ReleaseStatus) else self._stack.endpoint
        runs = isinstance(status, ReleaseStatus) and status.state in {
            ReleaseState.CURRENT,
            ReleaseState.PENDING,
            ReleaseState.OUTDATED,
        }
        if not runs or not endpoint:
            return unknown("shop", Note.of("WhyNotAsked"))
        answer = asked(lambda: self._world.engine(self._stack).ready(endpoint))
        if isinstance(answer, ShopUnreachableError | ShopStartingError):
            note = Note.of("WhySilentAt", endpoint=endpoint)
            return Layer(name="shop", state=LayerState.PROBLEM, note=note, code=answer.code)
        if isinstance(answer, StoreControllerError):
            return problem("shop", answer)
        return ok("shop", Note.of("WhyAnswers"))


def _silent(error: StoreControllerError) -> Layer:
    """A cluster that did not answer just now."""
    detail = bare(str(error.params.get("detail", "")))
    note = Note.of("ClusterLost", detail=detail)
    return Layer(name="cluster", state=LayerState.PROBLEM, note=note, code=error.code)
