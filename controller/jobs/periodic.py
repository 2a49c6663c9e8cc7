"""What time itself brings: stores and tombstones that are over, deadlines, mails, rates.

Everything is read from the database, so it does not matter which worker does a task or when the
last one was done; doing one twice changes nothing.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from controller.domain.errors.base import ConflictError, StoreControllerError
from controller.domain.operations import OperationKind
from controller.domain.tenant import Scope
from controller.jobs.clockwatch import PURGE_AFTER, RETIRE_AFTER, ClockWatch
from controller.jobs.clusters import ClusterWatch
from controller.jobs.mailer import Mailer
from controller.jobs.rate_sync import RateSync
from controller.jobs.wakeup import Hint
from controller.logging import log
from controller.registry.clock import Bound
from controller.registry.idempotency import forget_old
from controller.registry.leases import Kind, Leases, Ref
from controller.registry.registry import Registry


@dataclass(kw_only=True)
class PeriodicTasks:
    """What one worker does periodically, each with its own pace in seconds."""

    registry: Registry
    leases: Leases
    mailer: Mailer | None
    grace: timedelta
    rates: RateSync | None = None
    clusters: ClusterWatch | None = None
    bounds: Sequence[Bound] = ()
    """How far ahead stored moments may be."""
    clock: ClockWatch | None = None
    """None believes the clock always."""
    _done: dict[str, float] = field(default_factory=dict)

    def do_due(self, hint: Hint) -> None:
        """Do what has not been done for its interval; one that fails does not stop the others."""
        for name, every, task in (
            ("clock", 5.0, self._clock),
            ("mails", 1.0, self._mails),
            ("expire", 2.0, self._expire),
            ("tombstones", 60.0, self._tombstones),
            ("deadlines", 5.0, self._deadlines),
            ("rollouts", 1.0, self._rollouts),
            ("forget", 3600.0, self._forget),
            ("rates", 2.0, self._rates),
            ("clusters", 1.0, self._clusters),
        ):
            now = time.monotonic()
            if now - self._done.get(name, -every) < every:
                continue
            self._done[name] = now
            try:
                task(hint)
            except StoreControllerError as error:
                log.warning("task_failed", task=name, reason=error.reason)

    def close(self) -> None:
        """End what goes on beside these tasks."""
        if self.rates is not None:
            self.rates.close()
        if self.clusters is not None:
            self.clusters.close()

    def _clusters(self, hint: Hint) -> None:  # noqa: ARG002
        if self.clusters is not None:
            self.clusters.tick()

    def _rates(self, hint: Hint) -> None:  # noqa: ARG002
        if self.rates is not None:
            self.rates.tick()

    def _mails(self, hint: Hint) -> None:  # noqa: ARG002
        if self.mailer is not None:
            self.mailer.send_due()

    def _clock(self, hint: Hint) -> None:  # noqa: ARG002
        if self.clock is not None:
            self.clock.tick()
        mended = self.registry.clock.mend(self.bounds)
        if mended:
            log.warning("moments_not_believed", **mended)

    def _steady(self, seconds: float) -> bool:
        return self.clock is None or self.clock.steady_for(seconds)

    def _expire(self, hint: Hint) -> None:
        if not self._steady(RETIRE_AFTER):
            return
        for uid in self.registry.stores.expired(self.registry.clock.now()):
            self._transition(uid, OperationKind.RETIRE, hint)

    def _tombstones(self, hint: Hint) -> None:
        if not self._steady(PURGE_AFTER):
            return
        over = self.registry.clock.now() - self.grace
        for uid in self.registry.stores.tombstones_over(over):
            self._transition(uid, OperationKind.PURGE, hint)

    def _transition(self, uid: str, kind: OperationKind, hint: Hint) -> None:
        try:
            self.registry.intents.transition(Scope.system(), uid, kind)
        except ConflictError as error:
            log.info("transition_put_off", store=uid, kind=str(kind), reason=error.reason)
            return
        found = self.registry.stores.with_stack(uid)
        if found is not None:
            hint(Ref(kind=Kind.STACK, uid=found[1].uid))

    def _deadlines(self, hint: Hint) -> None:  # noqa: ARG002
        for stack, operation in self.registry.operations.overdue():
            ref = Ref(kind=Kind.STORE, uid=operation.store)
            lease = self.leases.acquire(ref)
            if lease is None:
                continue
            try:
                found = self.registry.stores.stack(stack)
                store = self.registry.stores.get(Scope.system(), operation.store)
                known = {**(found.conditions if found else {}), **store.status.conditions}
                missing = [kind for kind, condition in known.items() if not condition.met]
                self.registry.progress.expire(operation, missing, lease)
            finally:
                self.leases.release(lease)

    def _rollouts(self, hint: Hint) -> None:
        for ref in self.registry.rollouts.advance():
            hint(ref)

    def _forget(self, hint: Hint) -> None:  # noqa: ARG002
        forget_old(self.registry.database)
        self.registry.codes.forget_old()
        self.registry.mails.forget_old()
        self.registry.rates.forget_old()
