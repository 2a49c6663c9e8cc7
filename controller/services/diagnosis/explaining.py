"""Why a store is not well: one chain of causes, from what was asked for down to the shop itself.

The API and the operator's page ask. A layer that cannot be asked says so and is unknown; it stops
nobody from looking at the others.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from controller.domain.conditions import Phase
from controller.domain.errors.base import StoreControllerError
from controller.domain.notes import Note
from controller.domain.operations import Operation
from controller.domain.plans import Plan
from controller.domain.stack import Stack
from controller.domain.store import Store
from controller.domain.tenant import Scope
from controller.domain.watching import unwatched
from controller.reconciler.world import World
from controller.registry.journal import Event
from controller.registry.leases import Kind, Ref
from controller.registry.registry import Registry
from controller.services.diagnosis.layers import (
    Layer,
    LayerState,
    agreeing,
    for_owner,
    is_inner,
    of_operation,
    of_store,
)
from controller.services.diagnosis.probablecause import Cause, probable_cause
from controller.services.diagnosis.redaction import Redaction
from controller.services.diagnosis.stacklayers import StackLayers, asked
from controller.services.diagnosis.work import NOBODY, Work, busy
from provisioners.base import Happening


@dataclass(frozen=True, kw_only=True)
class Why:
    """The whole chain, with the probable cause and what to do."""

    store: Store
    layers: Sequence[Layer]
    cause: Cause
    strangers: tuple[str, ...] = ()
    """Objects beside the shop's own that nobody knows; they are left alone."""
    redaction: Redaction = field(default_factory=lambda: Redaction(()))

    @property
    def ready(self) -> bool:
        """Whether it takes orders, as the registry says and nothing of what was asked denies."""
        return self.store.status.ready and self.layers[0].state is LayerState.OK

    @property
    def phase(self) -> Phase:
        """The store's phase, which never says Ready above a layer that says why not."""
        known = self.store.status.phase
        return known if known is not Phase.READY or self.ready else Phase.DEGRADED


class Explainer:
    """Asking every layer of a store.

    `lease_seconds` and `anybody` are as `Work` wants them.
    """

    def __init__(
        self, registry: Registry, world: World, *, lease_seconds: float, anybody: Callable[[], bool]
    ) -> None:
        self._registry = registry
        self._world = world
        self._work = Work(
            turns=registry.lease_statuses, lease_seconds=lease_seconds, anybody=anybody
        )

    def why(self, scope: Scope, name: str) -> Why:
        """The chain of a store; raises StoreNotFoundError, never what a layer meets.

        Owners are told what is wrong and not what their shop is made of.
        """
        store = self._registry.stores.get(scope, name)
        stack = self._registry.stores.stack(store.stack)
        operation, last = self._operation(scope, store)
        # Both end in one transaction: a store read before it would be behind an operation that
        # is done, for no reason that anybody could tell.
        store = self._registry.stores.get(scope, store.uid)
        header = of_store(store, stack if scope.is_operator else None)
        at = of_operation(operation, last, righted=header.state is LayerState.OK)
        layers = [header, at]
        if layers[0].state is not LayerState.OK or (operation is not None and operation.open):
            layers.append(self._work.layer(store, stack, at))
        strangers: tuple[str, ...] = ()
        if stack is not None:
            changing = at.step if at.code is None and busy(layers[-1]) else None
            chain = StackLayers(self._registry, self._world, stack, changing=changing)
            layers += chain.all()
            strangers = chain.strangers()
        if (late := self._late(store)) is not None:
            layers.append(late)
        layers[0] = agreeing(header, layers[1:])
        params = _params(store, stack, operation)
        cause = probable_cause(store, operation, layers, params)
        if not scope.is_operator:
            layers, strangers = [*filter(None, map(for_owner, layers))], ()
            if is_inner(cause.code):
                cause = replace(cause, code="platform", params=params)
        return Why(
            store=store,
            layers=layers,
            cause=cause,
            strangers=strangers,
            redaction=self.redaction(store, stack),
        )

    def _late(self, store: Store) -> Layer | None:
        """That nobody has looked at the store for long: what is known of it is old."""
        turn = self._work.turns.of(Ref(kind=Kind.STORE, uid=store.uid))
        due = turn.due.timestamp() if turn.due else None
        found = unwatched(due, turn.now.timestamp())
        if found is None:
            return None
        code = None if self._work.anybody() else NOBODY
        state = LayerState.PROBLEM
        return Layer(name="watch", state=state, note=found.note, since=found.since, code=code)

    def _operation(self, scope: Scope, store: Store) -> tuple[Operation | None, Event | None]:
        """The latest operation of a store, and what was told last of the store."""
        if store.operation is None:
            return None, None
        operation = self._registry.operations.get(scope, store.operation)
        told = self._registry.journal.latest(scope, store=store.uid, limit=1)
        return operation, told[-1] if told else None

    def noticed(self, store: Store) -> "Noticed":
        """What the place of a store noticed, oldest first; only the operator may read it."""
        stack = self._registry.stores.stack(store.stack)
        if stack is None:
            return Noticed(happenings=())
        if (silent := self._silent(stack)) is not None:
            return Noticed(happenings=(), unasked=silent)
        found = asked(lambda: self._world.driver(stack).happened(stack.uid))
        if isinstance(found, StoreControllerError):
            return Noticed(happenings=(), unasked=Note.of_error(found))
        hide = self.redaction(store, stack).text
        return Noticed(happenings=[replace(one, message=hide(one.message)) for one in found])

    def _silent(self, stack: Stack) -> Note | None:
        """Why the cluster of a stack is not asked: it did not answer a moment ago."""
        name = stack.cluster
        if name is None:
            return None
        cluster = asked(lambda: self._registry.clusters.get(name))
        if isinstance(cluster, StoreControllerError):
            return Note.of_error(cluster)
        if cluster.unreachable_since is None:
            return None
        return Note.of("ClusterLost", detail=cluster.unreachable_detail)

    def redaction(self, store: Store, stack: Stack | None) -> Redaction:
        """What must never be read in what is told of a store."""
        known: list[str] = []
        for secrets in (
            lambda: self._world.vault(f"store:{store.uid}"),
            lambda: self._world.secrets(stack) if stack else {},
        ):
            found = asked(secrets)
            known += found.values() if isinstance(found, Mapping) else ()
        return Redaction(known)


def _params(store: Store, stack: Stack | None, operation: Operation | None) -> dict[str, str | int]:
    plans = list(Plan)
    larger = plans[min(plans.index(store.spec.plan) + 1, len(plans) - 1)]
    return {
        "store": store.spec.slug,
        "cluster": (stack.cluster if stack else None) or "-",
        "operation": operation.id if operation else "-",
        "larger": str(larger),
    }


@dataclass(frozen=True, kw_only=True)
class Noticed:
    """What the place where a store runs noticed itself."""

    happenings: Sequence[Happening]
    unasked: Note | None = None
    """Why the place could not be asked."""
