"""The steps of a stack, but for those of backups: one class each."""

import time
from dataclasses import replace
from typing import Protocol

from controller.domain.errors.stacks import DriverError, ImageUnpullableError, StackNotReadyError
from controller.domain.notes import Note
from controller.domain.stack import AppliedInfrastructure, Stack
from controller.reconciler.outcome import Advanced
from controller.reconciler.stack_observation import StackSeen, observe
from controller.reconciler.world import World
from provisioners.base import DriverFailure, ReleaseState, Replicas

_AWAIT_SECONDS = 3.0
"""How long a worker stays with a shop that is starting, before it lets others have its turn."""


class StackStep(Protocol):
    """One step of a stack."""

    name: str
    condition: str | None
    """The condition that stays unmet while the step does not succeed."""

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:
        """Take the step; repeatable. Raises StoreControllerError or DriverFailure."""


class ApplyInfrastructure:
    """Build what the stack needs around its release."""

    name = "apply-infrastructure"
    condition: str | None = "InfrastructureReady"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:  # noqa: ARG002
        """Plan and apply it; what that told is kept with the stack."""
        wanted = world.infrastructure(stack)
        if wanted is None:
            raise AssertionError("nothing is to be built")
        builder = world.builder(stack)
        built = builder.apply(wanted)
        applied = AppliedInfrastructure(
            digest=builder.digest(wanted), module=wanted.module, outputs=built.outputs
        )
        return Advanced(
            note=Note.of("InfrastructureApplied", module=wanted.module, changed=built.changed),
            stack=lambda fresh: replace(fresh, infrastructure=applied),
        )


class ApplyScale:
    """Have as many web servers as somebody asked for, before anything else is changed."""

    name = "scale"
    condition: str | None = "Released"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:  # noqa: ARG002
        """Tell the cluster directly; the release's values say the same from now on."""
        scale, now = stack.spec.replicas, stack.spec.now
        wanted = Replicas(min=scale.min, max=scale.max, now=now)
        are = world.driver(stack).scale(stack.uid, wanted)
        return Advanced(
            note=Note.of("Scaled", min=scale.min, max=scale.max, now=are),
            stack=lambda fresh: _rescaled(fresh, stack),
        )


def _rescaled(fresh: Stack, stack: Stack) -> Stack:
    """The stack without the wish, unless somebody wished otherwise meanwhile."""
    if fresh.spec != stack.spec:
        return fresh
    return replace(fresh, spec=replace(fresh.spec, rescale=False, now=None))


class TryImage:
    """See that the cluster can fetch a new image, before anything that runs is changed."""

    name = "try-image"
    condition: str | None = "Released"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:  # noqa: ARG002
        """Have it started once beside the shop; raises ImageUnpullableError."""
        image = world.image(stack)
        try:
            world.driver(stack).try_image(stack.uid, image)
        except DriverFailure as failure:
            if failure.code == "image_unpullable":
                raise ImageUnpullableError(detail=failure.detail) from failure
            raise
        return Advanced(
            note=Note.of("ImageTried", image=image),
            stack=lambda fresh: _tried(fresh, image),
        )


def _tried(fresh: Stack, image: str) -> Stack:
    """The stack without the doubt, unless another image is wanted meanwhile."""
    if fresh.spec.image != image:
        return fresh
    return replace(fresh, spec=replace(fresh.spec, untried=False))


class TakeValues:
    """Take what was changed of the cluster or the platform; the next step applies it."""

    name = "take-values"
    condition: str | None = None

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:  # noqa: ARG002
        """Claim it: of many stacks few come first."""
        given = world.given(stack)
        if given is None or world.taking is None or not world.taking.take(stack, given):
            raise StackNotReadyError
        return Advanced(note=Note.of("ValuesTaken"))


def with_image(stack: Stack, seen: StackSeen, image: str, world: World) -> Stack:
    """A stack that answers keeps what it runs, whatever is set for new ones later."""
    if not image or not stack.wants_running or seen.answering is not None:
        return stack
    given = stack.spec.given if stack.spec.given is not None else world.given(stack)
    kept = replace(
        stack.spec, image=stack.spec.image or image, ran=image, given=given, taking_since=None
    )
    return stack if kept == stack.spec else replace(stack, spec=kept)


class ApplySecrets:
    """Put the access keys in place."""

    name = "apply-secrets"
    condition: str | None = "SecretsApplied"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:  # noqa: ARG002
        """Write them through the driver."""
        world.driver(stack).apply_secrets(stack.uid, world.secrets(stack))
        return Advanced(note=Note.of("SecretsApplied"))


class ApplyRelease:
    """Start the release, or make it current."""

    name = "apply-release"
    condition: str | None = "Released"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:
        """Hand it to the driver."""
        release = world.release(stack)
        try:
            status = world.driver(stack).apply(release)
        except DriverFailure as failure:
            if failure.transient or not stack.closing:
                raise
            return HaltRelease().run(stack, seen, world)
        endpoint = status.endpoint or "-"
        note = Note.of(
            "ReleaseApplied", chart=release.chart, version=release.version, endpoint=endpoint
        )
        return Advanced(note=note)


class AwaitEngine:
    """Stay until the shop answers, for a short while."""

    name = "await-engine"
    condition: str | None = "Answering"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:
        """Ask until it answers; raises why it does not when that takes long."""
        deadline = time.monotonic() + _AWAIT_SECONDS
        # Whoever tells by itself is not asked often: each look at a cluster is a few requests.
        pause = 0.25 if world.driver(stack).wakes else 0.005
        while True:
            if seen.answering is None:
                return Advanced(note=Note.of("Answering", endpoint=seen.endpoint or "-"))
            if seen.release not in {ReleaseState.CURRENT, ReleaseState.PENDING}:
                raise DriverError(detail=seen.detail or "it ended by itself")
            if time.monotonic() > deadline or self._woken(stack, seen, world):
                raise seen.answering
            time.sleep(pause)
            pause = min(pause * 1.3, max(pause, 0.1))
            seen = observe(stack, world)

    def _woken(self, stack: Stack, seen: StackSeen, world: World) -> bool:
        """Whether the driver tells when there is something new to see."""
        return seen.release is ReleaseState.PENDING and world.driver(stack).wakes


class RestartRelease:
    """End what hangs; the next step starts it on its data."""

    name = "restart-release"
    condition: str | None = "Answering"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:  # noqa: ARG002
        """Stop it through the driver, which does not wait for ever for what does not listen."""
        world.driver(stack).stop(stack.uid)
        return Advanced(note=Note.of("HungEnded"))


class StopRelease:
    """Stop what runs, keep the data."""

    name = "stop-release"
    condition: str | None = "Released"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:  # noqa: ARG002
        """Stop it through the driver."""
        world.driver(stack).stop(stack.uid)
        return Advanced(note=Note.of("ReleaseStopped"))


class HaltRelease:
    """Stop what was to show that it is closed and cannot: closed it is to be in any case."""

    name = "stop-release"
    condition: str | None = "Released"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:
        """Stop it through the driver; its next turn starts it again."""
        world.driver(stack).stop(stack.uid)
        detail = seen.detail or (str(seen.answering) if seen.answering else "-")
        return Advanced(
            note=Note.of("ClosedByStopping", detail=detail[:300]),
            stack=lambda fresh: _halted(fresh, stack),
        )


def _halted(fresh: Stack, stack: Stack) -> Stack:
    """The stack closed by being stopped, unless its life took another turn meanwhile."""
    if fresh.generation != stack.generation:
        return fresh
    return replace(fresh, spec=replace(fresh.spec, halted=True))


class DeleteRelease:
    """Destroy everything of the stack."""

    name = "delete-release"
    condition: str | None = "Released"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:
        """Delete through the driver; the next look asks what it still holds."""
        world.driver(stack).delete(stack.uid)
        result = {"removed": list(seen.held)}
        return Advanced(note=Note.of("Inventory", removed=len(seen.held)), result=result)


class DestroyInfrastructure:
    """Remove what was built around the stack, data included."""

    name = "destroy-infrastructure"
    condition: str | None = "InfrastructureReady"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:  # noqa: ARG002
        """Destroy it; the next look asks what is left."""
        wanted = world.infrastructure(stack)
        if wanted is None:
            raise AssertionError("nothing was built")
        module = stack.infrastructure.module if stack.infrastructure else wanted.module
        world.builder(stack).destroy(replace(wanted, module=module))
        return Advanced(note=Note.of("InfrastructureDestroyed", module=module))
