"""The one machine: observe, next step, attempt, record, under a fenced lease.

`Reconciler.run(ref)` is called by threads of the embedded control plane and by Celery workers.
A look that finds nothing to do and nothing to write takes no lease and writes nothing.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum

from controller.domain.conditions import Condition, unmet
from controller.domain.errors.base import StoreControllerError, TransientError
from controller.domain.notes import Note
from controller.domain.operations import StepState
from controller.logging import log
from controller.reconciler import failpoints
from controller.reconciler.kinds import Observation, Subject, Subjects, restless
from controller.reconciler.outcome import Advanced, Failed, Outcome, Waiting, attempt, outcome_of
from controller.registry.leases import Kind, Lease, Leases, Ref
from controller.registry.progress import LeaseLostError, PassResult, Progress, StepResult
from provisioners.base import while_wanted

Holding = Callable[[], Callable[[float], None]]
"""Called before leases are renewed, and what it returns when they are, with how long they hold."""
_TRUSTED = 0.8
"""The part of a lease for which a program that works under it may go on without a renewal."""


_STOPS_ASKED_SECONDS = 2.0
"""How often it is asked, while a program works for a subject, whether that is to stop."""


class Ended(StrEnum):
    """How a pass ended."""

    QUIET = "quiet"
    SETTLED = "settled"
    WAITING = "waiting"
    FAILED = "failed"
    HELD = "held"
    """Another worker has the subject."""
    GONE = "gone"


@dataclass(frozen=True, kw_only=True)
class Timing:
    """When subjects are looked at again, in seconds."""

    resync: float = 5.0
    """A healthy subject: bounds how long a dead process stays unnoticed."""
    thorough: float = 0.2
    """Which share of the quiet looks at a stack asks the shop too, and not its driver alone."""
    first_retry: float = 0.2
    longest_retry: float = 60.0
    after_failure: float = 300.0


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a pass ended, and when the subject is due again where nothing was written."""

    ended: Ended
    due_in: float | None = None


class Reconciler:
    """Drives subjects to what is wanted, one step at a time."""

    def __init__(
        self,
        subjects: Subjects,
        progress: Progress,
        leases: Leases,
        timing: Timing,
        hint: Callable[[Ref], None],
        holding: Holding | None = None,
    ) -> None:
        """`holding` is told for how long what is worked on is held."""
        self._subjects = subjects
        self._progress = progress
        self._leases = leases
        self._timing = timing
        self._hint = hint
        self._heartbeat = Heartbeat(leases, holding)
        self._stopping = threading.Event()
        self._met: dict[Ref, Counter[str]] = {}
        """How often each subject met each cause since something last went through."""

    def load(self, refs: Iterable[Ref]) -> dict[Ref, Subject]:
        """Subjects for `run`, many at once."""
        return self._subjects.load(refs)

    def run(self, ref: Ref, known: Subject | None = None) -> Result:
        """One pass over a subject: as many steps as go through, one after another."""
        # Whoever hints has a reason: then the driver's word alone is not enough.
        thorough = known is None or random.random() < self._timing.thorough  # noqa: S311
        known = known or self._subjects.load([ref]).get(ref)
        # Where something is to be done, a look that may only find nothing is one look too many.
        if known is not None and not restless(known):
            look = self._quiet_look(ref, known, thorough=thorough)
            if look is not None and look.quiet:
                return Result(ended=Ended.QUIET, due_in=self._soon(self._timing.resync))
        with self._held(ref) as lease:
            if lease is None:
                return Result(ended=Ended.HELD)
            try:
                return self._drive(lease)
            except LeaseLostError:
                log.warning("lease_lost", subject=str(ref))
                return Result(ended=Ended.HELD)

    def _quiet_look(self, ref: Ref, known: Subject | None, *, thorough: bool) -> Observation | None:
        """A look without the lease; None when it could not be had."""
        try:
            look = self._subjects.look(ref, known, thorough=thorough)
        except StoreControllerError:
            return None
        if look is not None:
            look.close()
        return look

    def _drive(self, lease: Lease) -> Result:
        taken: set[str] = set()
        # What is left to do stays due.
        while not self._stopping.is_set():
            observed = self._observe(lease)
            if isinstance(observed, Result):
                return observed
            try:
                result = self._advance(lease, observed, taken)
            finally:
                observed.close()
            if result is not None:
                return result
        return Result(ended=Ended.WAITING)

    def _observe(self, lease: Lease) -> Observation | Result:
        try:
            look = self._subjects.look(lease.ref)
        except StoreControllerError as error:
            return self._blind(lease, error)
        except Exception as error:
            # A fault of ours: neither repeated at full speed nor kept from whoever waits.
            log.exception("observation_broke", subject=str(lease.ref))
            detail = f"{type(error).__name__}: {error}"[:300]
            return self._blind(lease, TransientError(detail=detail))
        return look or Result(ended=Ended.GONE)

    def _blind(self, lease: Lease, error: StoreControllerError) -> Result:
        """The world cannot even be looked at: say so where the subject is followed."""
        failures = self._meet(lease.ref, error.reason)
        log.warning("observation_failed", subject=str(lease.ref), reason=error.reason)
        outcome = outcome_of(error)
        ending = outcome.error if isinstance(outcome, Failed) else None
        asked = outcome.after if isinstance(outcome, Waiting) else 0.0
        due_in = self._backoff(failures) + asked
        self._progress.blind(lease, Note.of_error(error), ending, due_in, failures)
        return Result(ended=Ended.WAITING)

    def _advance(self, lease: Lease, look: Observation, taken: set[str]) -> Result | None:
        """Take the step of this look; None when there may be another one after it."""
        step = look.step
        if step is None:
            self._settle(lease, look)
            return Result(ended=Ended.SETTLED)
        failpoints.reach(step.name, "before")
        if step.condition is not None and step.name not in taken:
            self._progress.started(lease, step.name)
        failpoints.reach(step.name, "started")
        with while_wanted(Overtaken(self._progress, lease.ref, look.generation)):
            outcome = attempt(look.run)
        failpoints.reach(step.name, "done")
        if isinstance(outcome, Advanced) and step.name in taken:
            # It says it worked and yet it is wanted again: do not spin.
            outcome = Waiting(note=outcome.note)
        taken.add(step.name)
        result = self._record(lease, look, outcome)
        failpoints.reach(step.name, "recorded")
        return result

    def _settle(self, lease: Lease, look: Observation) -> None:
        self._met.pop(lease.ref, None)
        outcome = PassResult(
            generation=look.generation,
            conditions=look.conditions,
            settled=True,
            due_in=None if look.final else self._soon(self._timing.resync),
            waited_on=False,
            result=look.proof,
            fulfilled=look.fulfilled,
            event=look.event,
            alarm=True,
        )
        for woken in look.record(lease, outcome, None):
            self._hint(woken)

    def _record(self, lease: Lease, look: Observation, outcome: Outcome) -> Result | None:
        step = look.step
        if step is None:
            raise AssertionError("only steps have outcomes")
        known = PassResult(
            generation=look.generation,
            conditions=look.conditions,
            event=look.event,
            alarm=True,
            due_in=0.0,
        )
        if isinstance(outcome, Advanced):
            self._met.pop(lease.ref, None)
            done = StepResult(
                name=step.name, state=StepState.DONE, note=outcome.note, tell=outcome.tell
            )
            look.record(lease, replace(known, step=done, result=outcome.result or None), outcome)
            return None
        failures = self._meet(lease.ref, outcome.note.reason)
        known = replace(
            known,
            conditions=_with_cause(look.conditions, step.condition, outcome),
            failures=failures,
        )
        if isinstance(outcome, Failed):
            failed = StepResult(name=step.name, state=StepState.FAILED, note=outcome.note)
            after = self._soon(self._timing.after_failure)
            known = replace(known, step=failed, error=outcome.error, due_in=after, waited_on=False)
            look.record(lease, known, None)
            return Result(ended=Ended.FAILED)
        shown = step.condition is not None
        note = StepResult(name=step.name, state=StepState.RUNNING, note=outcome.note)
        # What it waits for wakes it; the look is for a wake-up that got lost.
        due_in = self._backoff(failures) if shown else self._soon(self._timing.resync)
        due_in += outcome.after
        known = replace(known, step=note if shown else None, due_in=due_in)
        for woken in look.record(lease, known, None):
            self._hint(woken)
        return Result(ended=Ended.WAITING)

    def _meet(self, ref: Ref, reason: str) -> int:
        """How often a cause was met by now: what waits for something new looks again soon."""
        met = self._met.setdefault(ref, Counter())
        met[reason] += 1
        return met[reason]

    def _backoff(self, failures: int) -> float:
        """Exponential with full jitter: many that failed together do not return together."""
        ceiling = min(self._timing.longest_retry, self._timing.first_retry * 2 ** min(failures, 16))
        return random.uniform(self._timing.first_retry, ceiling)  # noqa: S311 -- not a secret.

    def _soon(self, seconds: float) -> float:
        return seconds * random.uniform(0.9, 1.1)  # noqa: S311

    @contextmanager
    def _held(self, ref: Ref) -> Iterator[Lease | None]:
        lease = self._leases.acquire(ref)
        if lease is None:
            yield None
            return
        with self._heartbeat.beating(lease):
            try:
                yield lease
            finally:
                self._leases.release(lease)

    def stop(self) -> None:
        """Let passes end after the step that they are at."""
        self._stopping.set()

    def abandon(self) -> None:
        """Give back what is still held, right before this process ends under it."""
        self._heartbeat.abandon()

    def close(self) -> None:
        """Stop renewing leases."""
        self._heartbeat.close()


class Overtaken:
    """Whether a subject was told to stop while a step of it goes on; asked now and then."""

    def __init__(self, progress: Progress, ref: Ref, generation: int) -> None:
        self._progress, self._ref, self._generation = progress, ref, generation
        self._due = time.monotonic() + _STOPS_ASKED_SECONDS
        self._stopped = False

    def __call__(self) -> bool:
        """What the registry said last; a registry that does not answer stops nothing."""
        if self._ref.kind is Kind.STACK and not self._stopped and time.monotonic() > self._due:
            self._due = time.monotonic() + _STOPS_ASKED_SECONDS
            with suppress(StoreControllerError):
                self._stopped = self._progress.stopped_since(self._ref, self._generation)
        return self._stopped


class Heartbeat:
    """Renews the leases of this process, three times in a lease's life."""

    def __init__(self, leases: Leases, holding: Holding | None = None) -> None:
        self._leases = leases
        self._holding = holding
        self._held: set[Lease] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="leases", daemon=True)
        self._thread.start()

    @contextmanager
    def beating(self, lease: Lease) -> Iterator[None]:
        """Keep a lease alive inside the block."""
        with self._lock:
            self._held.add(lease)
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(lease)

    def _beat(self) -> None:
        pause = 0.0
        while not self._stop.wait(pause):
            pause = self._leases.seconds / 3
            with self._lock:
                held = list(self._held)
            held_for = self._holding() if self._holding else None
            try:
                self._leases.renew(held)
                if held_for is not None:
                    held_for(self._leases.seconds * _TRUSTED)
            except StoreControllerError as error:
                log.warning("leases_not_renewed", reason=error.reason)

    def abandon(self) -> None:
        """Give back every lease; what still works under one is about to end."""
        with self._lock:
            held = list(self._held)
        for lease in held:
            self._leases.release(lease)

    def close(self) -> None:
        """Stop the thread."""
        self._stop.set()
        self._thread.join(timeout=5)


def _with_cause(
    conditions: tuple[Condition, ...], kind: str | None, outcome: Waiting | Failed
) -> tuple[Condition, ...]:
    """The conditions with the cause at the one that the step could not bring about."""
    if kind is None:
        return conditions
    cause = unmet(kind, outcome.note.reason, **outcome.note.params)
    return (*(item for item in conditions if item.type != kind), cause)
