"""Signs of life for the runs of this machine, so that others know a run that vanished with its own.

`provisioners.terraform.session` wakes it. While a run lives, a thread of some worker here counts up
what the run says of itself beside its state; any worker of the machine does so for all of its runs.
Each run has a guard (`guard`), a process of its own that stops it in time when nobody
could renew it.
"""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from provisioners import command
from provisioners.base import DriverFailure
from provisioners.leash import moment
from provisioners.terraform.run import Run
from provisioners.terraform.runs import Runs
from provisioners.terraform.states import States, renew

_BEATS = 6
"""How many signs of life there are in a lease."""
_PATIENCE = 2 / 3
"""The part of a lease after which a run is stopped; the rest is for whoever stops it."""


class Keeper:
    """Renews runs for as long as there are some."""

    def __init__(self, states: States, runs: Runs, *, lease: float) -> None:
        self._states = states
        self._runs = runs
        self._every = lease / _BEATS
        self._patience = lease * _PATIENCE
        self._lock = threading.Lock()
        self._awake = False
        self._guards: dict[str, subprocess.Popen[bytes]] = {}
        self._own: set[str] = set()

    @contextmanager
    def keeping(self, run: Run) -> Iterator[None]:
        """Hold a run to its lease, under guard; raises DriverFailure when there can be none."""
        run.lease(moment())
        self._guard(run)
        with self._lock:
            self._own.add(run.token)
        self.wake()
        try:
            yield
        finally:
            with self._lock:
                self._own.discard(run.token)
                guard = self._guards.pop(run.token, None)
            if guard is not None:
                guard.kill()
                guard.wait()

    def wake(self) -> None:
        """Begin to renew what lives here, unless that is being done already."""
        with self._lock:
            if self._awake or not self._runs.leased():
                return
            self._awake = True
        threading.Thread(target=self._keep, name="terraform-keeper", daemon=True).start()

    def _keep(self) -> None:
        pause = threading.Event()
        try:
            while self._alive():
                for run in self._runs.leased():
                    self._renew(run)
                pause.wait(self._every)
        except BaseException:
            self._awake = False
            raise

    def _alive(self) -> bool:
        """Whether there is something to renew, or a guard that has not left yet."""
        with self._lock:
            for token in [it for it, guard in self._guards.items() if guard.poll() is not None]:
                del self._guards[token]
            self._awake = bool(self._guards or self._runs.leased())
            return self._awake

    def _renew(self, run: Run) -> None:
        """Give a sign of life, unless another worker here just did."""
        began, last = moment(), run.renewal
        if last is None or began - last < self._every / 2:
            return
        # Another worker's run in which nothing happens may be taken for gone: he may sleep.
        if run.token not in self._own and not run.at_work:
            return
        try:
            if run.at_work and not run.guarded:
                self._guard(run)
            if renew(self._states, run.name, run.token, lambda it: replace(it, beat=it.beat + 1)):
                run.renewed(began)
            elif run.at_work:
                run.lose()
        except DriverFailure:
            # Without word from its state it is its guard who decides.
            return

    def _guard(self, run: Run) -> None:
        argv = [sys.executable, "-m", "provisioners.terraform.guard", str(run.path)]
        try:
            guard = command.start([*argv, str(self._patience)], log=run.path / "guard.log")
        except OSError as error:
            raise DriverFailure("terraform_busy", f"no guard: {error}") from error
        with self._lock:
            former, self._guards[run.token] = self._guards.get(run.token), guard
        if former is not None:
            former.kill()
            former.wait()
