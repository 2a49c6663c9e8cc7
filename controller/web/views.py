"""What the owner's and the operator's pages both show of a store, read in one place."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from controller.domain.conditions import Condition, ConditionStatus, Desired, Phase
from controller.domain.errors.stores import StoreNotFoundError
from controller.domain.notes import Note
from controller.domain.operations import SOURCES, Operation, OperationKind, OperationState
from controller.domain.stack import STACK_CONDITIONS, STEADY, Stack
from controller.domain.store import SHORTFALLS, STORE_CONDITIONS, Store
from controller.domain.tenant import Scope
from controller.domain.watching import unwatched
from controller.registry.session import utcnow
from controller.services.services import Services

_NAME: Final = re.compile(r"[a-z0-9-]{1,63}")


@dataclass(frozen=True, kw_only=True)
class StoreView:
    """A store with everything that its page shows."""

    store: Store
    stack: Stack | None
    operation: Operation | None
    """The latest."""
    typical: float | None
    """Seconds that such an operation usually takes."""
    late: Condition | None
    """That nobody has looked at it for long."""
    until: datetime
    """The end of the grace period of a store that is closed, or would be closed now."""

    @property
    def busy(self) -> bool:
        """Whether something is in work that will end by itself."""
        return self.operation is not None and self.operation.open

    @property
    def moving(self) -> bool:
        """Whether its page changes by itself: something is in work, or is not well."""
        return self.busy or self.store.status.phase is Phase.DEGRADED

    @property
    def failed(self) -> Operation | None:
        """The latest operation when it failed and can be tried again."""
        found = self.operation
        return found if found and found.state is OperationState.FAILED else None

    @property
    def actions(self) -> frozenset[OperationKind]:
        """What can be asked for now: a retirement takes the place of whatever runs."""
        kinds = (kind for kind, sources in SOURCES.items() if self.store.desired in sources)
        return frozenset(k for k in kinds if k is OperationKind.RETIRE or not self.busy)

    @property
    def administrable(self) -> bool:
        """Whether a link to the shop's administration can be had."""
        wanted = self.store.desired in {Desired.ACTIVE, Desired.SUSPENDED}
        stack = self.stack
        return wanted and stack is not None and stack.settled and stack.endpoint is not None

    @property
    def store_conditions(self) -> Sequence[Condition]:
        """In the order in which they come true."""
        found = _ordered(self.store.status.conditions, STORE_CONDITIONS)
        known = self.store.status.conditions
        told = [known[kind] for kind in SHORTFALLS if kind in known and not known[kind].met]
        return [*found, *told, *([] if self.late is None else [self.late])]

    @property
    def stack_conditions(self) -> Sequence[Condition]:
        """The same of what the store runs on."""
        if self.stack is None:
            return ()
        known = self.stack.conditions
        steady = [known[STEADY]] if STEADY in known and not known[STEADY].met else []
        return [*_ordered(known, STACK_CONDITIONS), *steady]

    @property
    def silent(self) -> bool:
        """Whether the shop runs and gives no answer."""
        found = self.stack.conditions.get("Answering") if self.stack else None
        return found is not None and found.note.reason == "ShopSilent"

    @property
    def trouble(self) -> Condition | None:
        """What explains most of why a shop that was open is not well."""
        stack = self.stack.conditions.get("Answering") if self.stack else None
        if self.silent:
            return stack
        return next((item for item in self.store_conditions if not item.met), None)

    @property
    def error(self) -> Note | None:
        """Why the latest operation failed."""
        return self.failed.error if self.failed else None

    @property
    def done(self) -> int:
        """How many steps of the latest operation are done."""
        steps = self.operation.steps if self.operation else ()
        return sum(step.state == "done" for step in steps)


def _ordered(found: Mapping[str, Condition], kinds: tuple[str, ...]) -> Sequence[Condition]:
    unknown = (Condition(type=kind, status=ConditionStatus.UNKNOWN) for kind in kinds)
    return [found.get(condition.type, condition) for condition in unknown]


def find(services: Services, scope: Scope, name: str) -> Store:
    """A store in scope; raises StoreNotFoundError, also for what cannot be a name."""
    if not _NAME.fullmatch(name):
        raise StoreNotFoundError(store=name[:40])
    return services.registry.stores.get(scope, name)


def view(services: Services, scope: Scope, name: str) -> StoreView:
    """A store in scope with everything that its page shows."""
    store = find(services, scope, name)
    registry = services.registry
    operation = registry.operations.get(scope, store.operation) if store.operation else None
    # Both end in one transaction: a store read before it would be shown as being set up for good,
    # beside an operation that is done.
    store = registry.stores.get(scope, store.uid)
    typical = registry.operations.typical_seconds(operation.kind) if operation else None
    return StoreView(
        store=store,
        stack=registry.stores.stack(store.stack),
        operation=operation,
        typical=typical,
        late=unwatched(registry.stores.due_at(store.uid), time.time()),
        until=(store.retired_at or utcnow()) + services.settings.tombstone,
    )
