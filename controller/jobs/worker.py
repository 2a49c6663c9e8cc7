"""Threads that reconcile what is due: in the embedded control plane and in Celery's processes.

A hint makes a subject's turn come at once; the sweep finds everything else in the database, so a
lost hint costs one interval and never a store.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from controller.domain.errors.base import StoreControllerError
from controller.jobs.periodic import PeriodicTasks
from controller.logging import log
from controller.metrics import DUE, PASS_SECONDS, PASSES, PASSES_SLOW
from controller.reconciler.kinds import Subject
from controller.reconciler.loop import Ended, Reconciler
from controller.registry.leases import Queue, Ref

_LONGEST_SWEEP = 60.0
"""Seconds after which a sweep that did not end counts as hung."""
_SLOW_PASS = 120.0
"""Seconds after which a pass is told of: a step of helm or Terraform may take as long, no look."""


@dataclass(frozen=True, kw_only=True)
class WorkerLimits:
    """How much at once and how often."""

    threads: int = 4
    sweep_every: float = 0.5
    batch: int = 200
    waited_on: bool | None = None
    """Whether the sweep takes only what somebody waits for, or only the rest; None takes both."""


class Worker:
    """A pool of threads, and a thread that looks for what is due."""

    def __init__(
        self,
        reconciler: Callable[[Callable[[Ref], None]], Reconciler],
        queue: Queue,
        periodic: PeriodicTasks,
        pace: WorkerLimits,
    ) -> None:
        self.reconciler = reconciler(self.hint)
        self._queue = queue
        self._periodic = periodic
        self._pace = pace
        self._pool = ThreadPoolExecutor(pace.threads, thread_name_prefix="reconcile")
        self._lock = threading.Lock()
        self._running: dict[Ref, float] = {}
        self._slow: set[Ref] = set()
        self._again: set[Ref] = set()
        self._quiet: list[tuple[Ref, float]] = []
        self._stop = threading.Event()
        self._bell = threading.Event()
        self._swept: list[Callable[[], None]] = []
        self._swept_at = time.monotonic()
        self._sweeper = threading.Thread(target=self._sweep_forever, name="sweep", daemon=True)

    def start(self) -> None:
        """Begin to sweep."""
        self._sweeper.start()

    def notify(self) -> None:
        """Sweep now instead of in a moment."""
        self._bell.set()

    def after_sweep(self, call: Callable[[], None]) -> None:
        """Have something called after each sweep that went through; before `start`."""
        self._swept.append(call)

    @property
    def alive(self) -> bool:
        """Whether it sweeps: one that hangs in the middle of a sweep does not."""
        longest = max(_LONGEST_SWEEP, 20 * self._pace.sweep_every)
        return self._sweeper.is_alive() and time.monotonic() - self._swept_at < longest

    def hint(self, ref: Ref) -> None:
        """Have a look at a subject now; many hints for one subject are one look."""
        self._submit(ref, None)

    def _submit(self, ref: Ref, known: Subject | None) -> None:
        with self._lock:
            if self._stop.is_set():
                return
            if ref in self._running:
                self._again.add(ref)
                return
            self._running[ref] = time.monotonic()
            # Inside the lock, which `stop` takes before it closes the pool.
            self._pool.submit(self._turn, ref, known)

    def run(self, ref: Ref) -> None:
        """Look at a subject in the caller's own thread (a Celery task)."""
        with self._lock:
            if ref in self._running:
                self._again.add(ref)
                return
            self._running[ref] = time.monotonic()
        self._turn(ref, None)

    def _turn(self, ref: Ref, known: Subject | None) -> None:
        began = time.perf_counter()
        with self._lock:
            self._running[ref] = time.monotonic()
        ended = Ended.WAITING
        try:
            result = self.reconciler.run(ref, known)
            ended = result.ended
            if result.due_in is not None:
                with self._lock:
                    self._quiet.append((ref, result.due_in))
        except StoreControllerError as error:
            # The database itself; the subject stays due and the sweep comes back.
            log.warning("pass_failed", subject=str(ref), reason=error.reason)
        except Exception:
            log.exception("pass_broke", subject=str(ref))
        finally:
            PASSES.labels(kind=ref.kind, ended=ended).inc()
            PASS_SECONDS.labels(kind=ref.kind).observe(time.perf_counter() - began)
            with self._lock:
                self._running.pop(ref, None)
                self._slow.discard(ref)
                again = ref in self._again
                self._again.discard(ref)
            if again:
                self.hint(ref)

    def _sweep_forever(self) -> None:
        while not self._stop.is_set():
            self._swept_at = time.monotonic()
            try:
                self.sweep()
                for call in self._swept:
                    call()
            except StoreControllerError as error:
                log.warning("sweep_failed", reason=error.reason)
            except Exception:
                log.exception("sweep_broke")
            self._bell.wait(self._pace.sweep_every)
            self._bell.clear()

    def sweep(self) -> None:
        """Write down quiet looks, hint what is due, do what is periodic."""
        with self._lock:
            quiet, self._quiet = self._quiet, []
            busy = len(self._running)
        self._note_slow()
        if quiet:
            self._queue.postpone(quiet)
        if busy < self._pace.batch:
            due = self._queue.due(self._pace.batch - busy, waited_on=self._pace.waited_on)
            DUE.set(len(due))
            with self._lock:
                due = [ref for ref in due if ref not in self._running]
            known = self.reconciler.load(due)
            for ref in due:
                self._submit(ref, known.get(ref))
        self._periodic.do_due(self.hint)

    def _note_slow(self) -> None:
        """Tell once of each pass that lasts longer than any usual one."""
        now = time.monotonic()
        with self._lock:
            lasting = {ref: now - began for ref, began in self._running.items()}
            slow = {ref for ref, seconds in lasting.items() if seconds > _SLOW_PASS}
            fresh, self._slow = slow - self._slow, slow
        PASSES_SLOW.set(len(slow))
        for ref in fresh:
            log.warning("pass_lasts", subject=str(ref), seconds=round(lasting[ref]))

    def leave(self) -> None:
        """Take no more, and let the running passes end after the step that they are at."""
        self._stop.set()
        self._bell.set()
        self.reconciler.stop()
        with self._lock:
            self._again.clear()

    def stop(self, seconds: float = 10.0) -> None:
        """Take no more, let the running passes end within so many seconds, give leases back."""
        self.leave()
        deadline = time.monotonic() + seconds
        self._pool.shutdown(wait=False, cancel_futures=True)
        for thread in [*getattr(self._pool, "_threads", ()), self._sweeper]:
            if thread.is_alive():
                thread.join(timeout=max(0.0, deadline - time.monotonic()))
        self._periodic.close()
        self.reconciler.close()

    def abandon(self) -> None:
        """Give back what a pass that did not end still holds: this process ends now."""
        self.reconciler.abandon()
