"""The two kinds of subjects behind one face, so that the loop is written once.

`loop` calls this. A `Observation` is one observation with everything that follows from it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from controller.domain.conditions import Condition, Desired
from controller.domain.notes import Note
from controller.domain.stack import Stack, StackDesired
from controller.domain.store import Store, StoreStatus
from controller.reconciler import stack_conditions, stack_observation, stack_steps, stacks, stores
from controller.reconciler.outcome import Advanced
from controller.reconciler.world import World
from controller.registry.leases import Kind, Lease, Ref
from controller.registry.progress import PassResult, Progress, StepResult
from controller.registry.stores import Stores
from provisioners.base import ReleaseState

Subject = Stack | tuple[Store, Stack]


def restless(subject: Subject) -> bool:
    """Whether its wanted generation was not seen complete yet."""
    if isinstance(subject, Stack):
        return subject.observed_generation != subject.generation
    store = subject[0]
    return store.status.observed_generation != store.generation


class Step(Protocol):
    """A step with its subject bound."""

    name: str
    condition: str | None


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One observation: the next step, the conditions, how to take the step and write it down."""

    generation: int
    step: Step | None
    run: Callable[[], Advanced]
    conditions: tuple[Condition, ...]
    quiet: bool
    """Whether the registry already says exactly this: then nothing is written."""
    final: bool
    """Whether nothing will ever change here by itself again."""
    record: Callable[[Lease, PassResult, Advanced | None], tuple[Ref, ...]]
    """Write a pass down, with what a step gained; returns the subjects that it wakes."""
    close: Callable[[], None] = lambda: None
    event: Note | None = None
    """What is to be told of this look, whatever comes of the step."""
    fulfilled: StepResult | None = None
    """The step that came true by itself after a worker had left it."""
    proof: dict[str, Any] | None = None
    """What the operation's result gains when nothing is left to do."""


class Subjects:
    """Looking at subjects by reference."""

    def __init__(self, stores_: Stores, progress: Progress, world: World) -> None:
        self._stores = stores_
        self._progress = progress
        self._world = world

    def load(self, refs: Iterable[Ref]) -> dict[Ref, Subject]:
        """Many subjects as the registry knows them, for looks without a lease."""
        return self._stores.load(refs)

    def look(
        self, ref: Ref, known: Subject | None = None, *, thorough: bool = True
    ) -> Observation | None:
        """Observe a subject; None when there is none. Raises StoreControllerError.

        `known` is the subject as it was loaded a moment ago; it is loaded now unless given.
        """
        subject = known or self._stores.load([ref]).get(ref)
        if subject is None:
            return None
        if isinstance(subject, Stack):
            return self._stack(subject, thorough=thorough)
        return self._store(*subject)

    def _stack(self, stack: Stack, *, thorough: bool) -> Observation:
        seen = stack_observation.observe(stack, self._world, thorough=thorough)
        image = self._world.image(stack) if stack.wants_running else ""
        step = stacks.next_step(stack, seen)
        conditions = stack_conditions.conditions(stack, seen, self._world)

        def run() -> Advanced:
            return step.run(stack, seen, self._world) if step else _nothing()

        kept = stack_steps.with_image(stack, seen, image, self._world)

        def record(lease: Lease, outcome: PassResult, gained: Advanced | None) -> tuple[Ref, ...]:
            endpoint = None if stack.desired is StackDesired.PURGED else seen.endpoint
            if gained is None:
                return self._progress.stack(
                    lease,
                    outcome,
                    endpoint,
                    lambda fresh: stack_steps.with_image(fresh, seen, image, self._world),
                )
            return self._progress.stack(lease, outcome, endpoint, gained.stack)

        return Observation(
            generation=stack.generation,
            step=step,
            run=run,
            conditions=conditions,
            quiet=step is None
            and stack.observed_generation == stack.generation
            and stack.endpoint == seen.endpoint
            and kept is stack
            and _same(stack.conditions, conditions),
            final=stack.desired is StackDesired.PURGED,
            record=record,
            event=_lost(stack, seen)
            or _hung(stack, seen)
            or _altered(stack, seen)
            or _full(stack, conditions),
            fulfilled=stacks.fulfilled(stack, seen),
            # Asked of the driver in this very look, whoever did the removing.
            proof={"inventory": [*seen.held, *seen.around]}
            if stack.desired is StackDesired.PURGED
            else None,
        )

    def _store(self, store: Store, stack: Stack) -> Observation:
        seen = stores.observe(store, stack, self._world)
        step = stores.next_step(store, seen)
        conditions = stores.conditions(store, seen)

        def run() -> Advanced:
            return step.run(store, seen) if step else _nothing()

        def record(lease: Lease, outcome: PassResult, gained: Advanced | None) -> tuple[Ref, ...]:
            settle = stores.aftermath if outcome.settled else _unchanged

            def change(status: StoreStatus) -> StoreStatus:
                after = gained.change(status) if gained else status
                return settle(replace(store, status=after))

            self._progress.store(lease, outcome, change, gained.spec if gained else None)
            # Whether what it runs on hangs is for the stack's own look to find out.
            return (Ref(kind=Kind.STACK, uid=stack.uid),) if seen.unreachable else ()

        return Observation(
            generation=store.generation,
            step=step,
            run=run,
            conditions=conditions,
            quiet=step is None
            and store.status.observed_generation == store.generation
            and _same(store.status.conditions, conditions),
            final=store.desired is Desired.PURGED,
            record=record,
            event=_left(store, conditions),
            close=seen.shop.close if seen.shop else lambda: None,
        )


def _lost(stack: Stack, seen: stack_observation.StackSeen) -> Note | None:
    """That something which ran has ended by itself."""
    gone = stack.settled and stack.wants_running and seen.release is ReleaseState.FAILED
    return Note.of("ProcessLost") if gone else None


def _hung(stack: Stack, seen: stack_observation.StackSeen) -> Note | None:
    """That something which runs does not answer any more and is ended."""
    return Note.of("ShopHung") if seen.hangs and stack.wants_running else None


def _full(stack: Stack, seen: tuple[Condition, ...]) -> Note | None:
    """That a volume is nearly full, once at each step, or that an autoscaler knows no figures."""
    full = (item for item in seen if item.note.reason in {"VolumeFilling", "AutoscalerBlind"})
    return next((item.note for item in full if not _same(stack.conditions, (item,))), None)


def _altered(stack: Stack, seen: stack_observation.StackSeen) -> Note | None:
    """That somebody changed what the release made in its place, which is put back."""
    if not (stack.settled and stack.wants_running and seen.changed):
        return None
    things = [str(changed) for changed in seen.changed[:5]]
    return Note.of("ObjectsChanged", things=", ".join(things))


def _left(store: Store, seen: tuple[Condition, ...]) -> Note | None:
    """That settings were changed in the shop which are left as they are, once for each change."""
    left = (item for item in seen if item.note.reason == "DriftLeft")
    return next((item.note for item in left if not _same(store.status.conditions, (item,))), None)


def _unchanged(store: Store) -> StoreStatus:
    return store.status


def _nothing() -> Advanced:
    raise AssertionError("there is no step to run")


def _same(stored: Mapping[str, Condition], seen: tuple[Condition, ...]) -> bool:
    """Whether the registry says what was seen; since when does not matter."""
    return all(
        (before := stored.get(now.type)) is not None
        and before.status is now.status
        and before.note == now.note
        for now in seen
    )
