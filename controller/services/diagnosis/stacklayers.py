"""The layers of a store below its operation, each asked of the world: place, release, parts, shop.

`explaining` calls this. A place that does not answer is asked once and not again.
"""

import re
from collections.abc import Callable
from typing import TypeVar

from controller.domain.clusters import bare
from controller.domain.errors.base import StoreControllerError
from controller.domain.errors.shops import (
    ShopSilentError,
    ShopStartingError,
    ShopUnreachableError,
    ShopWayError,
)
from controller.domain.errors.stacks import DriverError
from controller.domain.notes import Note
from controller.domain.stack import EXTERNAL, Stack
from controller.reconciler import silence
from controller.reconciler.outcome import from_driver
from controller.reconciler.stack_steps import ApplyRelease, DeleteRelease, StopRelease
from controller.reconciler.stacks import DOWN, STANDING
from controller.reconciler.world import World
from controller.registry.registry import Registry
from controller.registry.session import utcnow
from controller.services.diagnosis.layers import BESIDE, Layer, LayerState, ok, problem, unknown
from provisioners.base import NAMESPACE_PREFIX, DriverFailure, Reason, ReleaseState, ReleaseStatus

T = TypeVar("T")
_UNFINISHED = re.compile(r"^\w+ (?:is at work|was interrupted): (\S+)$")
"""How a driver tells that its tool is, or was, in the middle of a change: the tool's own word."""
_CHANGING = {ApplyRelease.name, StopRelease.name, DeleteRelease.name}
_UNMADE = {"missing", "starting"}
"""What parts of a release are that its tool did not get to yet."""


def asked(ask: Callable[[], T]) -> T | StoreControllerError:
    """What a layer answers, or why it does not."""
    try:
        return ask()
    except DriverFailure as failure:
        return from_driver(failure)
    except StoreControllerError as error:
        return error


class StackLayers:
    """The layers of one stack, asked from the outside in.

    `changing` is the step that a worker is at just now.
    """

    def __init__(
        self, registry: Registry, world: World, stack: Stack, *, changing: str | None = None
    ) -> None:
        self._registry = registry
        self._world = world
        self._stack = stack
        self._changing = changing in _CHANGING
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
            found.append(self._pods(status))
        return [*found, self._shop(status)]

    def strangers(self) -> tuple[str, ...]:
        """What is beside the release and nobody's; nothing while that cannot be asked."""
        if self._silent:
            return ()
        found = asked(lambda: self._world.driver(self._stack).strangers(self._stack.uid))
        return found if isinstance(found, tuple) else ()

    def _cluster(self) -> Layer:
        if self._stack.cluster is None:
            if self._stack.driver == EXTERNAL:
                return ok("cluster", Note.of("WhyElsewhere"))
            here = asked(self._world.driver(self._stack).ping)
            if isinstance(here, StoreControllerError):
                return problem("cluster", here)
            return ok("cluster", Note.of("WhyHere"))
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
        if isinstance(status, DriverError):
            return unknown("release", Note.of_error(status), status.code)
        if isinstance(status, StoreControllerError):
            return problem("release", status)
        if (word := _unfinished(status)) is not None:
            return self._between(word)
        wanted = self._stack.wants_running
        match status.state:
            case ReleaseState.CURRENT:
                known = {"chart": self._stack.engine, "version": self._stack.version}
                return ok("release", Note.of("ReleaseCurrent", **known))
            case ReleaseState.STOPPED | ReleaseState.ABSENT if not wanted:
                return ok("release", Note.of("WhyNothingRuns"))
            case ReleaseState.FAILED:
                ended = Note.of("WhyReleaseEnded")
                detail = status.detail
                note = Note.of("WhyReleaseFailed", detail=detail) if detail else ended
            case ReleaseState.PENDING:
                note = Note.of("WhyReleaseStarting")
            case ReleaseState.OUTDATED:
                note = Note.of("ReleaseOutdated")
            case _:
                note = Note.of("ReleaseMissing")
        code = f"release_{status.state}"
        return Layer(name="release", state=LayerState.PROBLEM, note=note, code=code)

    def _between(self, word: str) -> Layer:
        """A release whose change did not end: somebody is at it, or was."""
        release = f"{NAMESPACE_PREFIX}{self._stack.uid}"
        if self._changing:
            return ok("release", Note.of("WhyReleaseChanging", release=release, word=word))
        note = Note.of("WhyReleaseUnfinished", release=release, word=word)
        state = LayerState.PROBLEM
        return Layer(name="release", state=state, note=note, code="release_unfinished")

    def _pods(self, status: ReleaseStatus | StoreControllerError | None) -> Layer:
        if self._silent:
            return unknown("pods", Note.of("WhyUnasked"))
        reasons = asked(lambda: self._world.driver(self._stack).why(self._stack.uid))
        if isinstance(reasons, StoreControllerError):
            return unknown("pods", Note.of_error(reasons))
        unfinished = isinstance(status, ReleaseStatus) and _unfinished(status) is not None
        reasons = tuple(item for item in reasons if self._counts(item, unfinished=unfinished))
        if not reasons and not self._stack.wants_running:
            return ok("pods", Note.of("WhyNothingRuns"))
        if not reasons and unfinished:
            return unknown("pods", Note.of("WhyPartsUnmade"))
        if not reasons and isinstance(status, ReleaseStatus) and status.state in DOWN:
            return unknown("pods", Note.of("WhyNotAsked"))
        if not reasons:
            return ok("pods", Note.of("WhyPartsReady"))
        note = Note.of("WhyPartsUnready" if self._stack.wants_running else "WhyPartsEnding")
        if all(item.kind in BESIDE for item in reasons):
            note = Note.of("WhyPartsNoted")
        return Layer(name="pods", state=LayerState.PROBLEM, note=note, reasons=reasons)

    def _counts(self, reason: Reason, *, unfinished: bool) -> bool:
        """Whether a reason says more than that the release is not there, or not there yet."""
        if not self._stack.wants_running:
            return reason.kind in {"terminating", "pod_ending"}
        return not (unfinished and reason.kind in _UNMADE)

    def _shop(self, status: ReleaseStatus | StoreControllerError | None) -> Layer:
        if self._silent:
            return unknown("shop", Note.of("WhyUnasked"))
        if not self._stack.wants_running:
            return ok("shop", Note.of("WhyNothingRuns"))
        if (loading := self._stack.spec.restore) is not None:
            return unknown("shop", Note.of("WhyLoading", backup=loading.backup))
        endpoint = status.endpoint if isinstance(status, ReleaseStatus) else self._stack.endpoint
        if not endpoint or not _stands(status):
            return unknown("shop", Note.of("WhyNotAsked"))
        answer = asked(lambda: self._world.ask(self._stack, endpoint))
        if isinstance(answer, ShopWayError):
            return problem("shop", answer)
        met = str(answer.params.get("detail") or "") if answer is not None else ""
        runs = isinstance(status, ReleaseStatus) and status.state is ReleaseState.CURRENT
        if runs and isinstance(answer, StoreControllerError):
            answer = silence.meaning(self._stack, answer, utcnow())
        if isinstance(answer, ShopUnreachableError | ShopStartingError | ShopSilentError):
            note = Note.of("WhySilentAt", endpoint=endpoint)
            if met:
                note = Note.of("WhySilentBecause", endpoint=endpoint, detail=met)
            known = self._stack.conditions.get("Answering")
            since = known.since if known is not None and not known.met else None
            state = LayerState.PROBLEM
            return Layer(name="shop", state=state, note=note, code=answer.code, since=since)
        if isinstance(answer, StoreControllerError):
            return problem("shop", answer)
        return ok("shop", Note.of("WhyAnswers"))


def _stands(status: ReleaseStatus | StoreControllerError | None) -> bool:
    """Whether something of the release may answer."""
    if not isinstance(status, ReleaseStatus) or _unfinished(status) is not None:
        return False
    return status.state in STANDING


def _unfinished(status: ReleaseStatus) -> str | None:
    """The tool's word for a change that is not over; None when there is none."""
    if status.state not in {ReleaseState.PENDING, ReleaseState.FAILED}:
        return None
    found = _UNFINISHED.match(status.detail)
    return found[1] if found else None


def _silent(error: StoreControllerError) -> Layer:
    """A cluster that did not answer just now."""
    detail = bare(str(error.params.get("detail", "")))
    note = Note.of("ClusterLost", detail=detail)
    return Layer(name="cluster", state=LayerState.PROBLEM, note=note, code=error.code)
