"""The steps that make a backup of a stack and load one."""

from dataclasses import replace

from controller.domain.errors.stacks import (
    BackupNotLoadedError,
    BackupNotMadeError,
    BackupUnderWayError,
    RestoreUnderWayError,
)
from controller.domain.notes import Note
from controller.domain.stack import Restore, Stack
from controller.reconciler.outcome import Advanced
from controller.reconciler.stack_observation import StackSeen
from controller.reconciler.world import World
from provisioners.base import DriverFailure, ReleaseState

BACKED_UP = "BackedUp"
"""The condition of a stack since somebody first wanted a backup of it."""


class MakeBackup:
    """Have a backup made; the shop goes on meanwhile."""

    name = "back-up"
    condition: str | None = BACKED_UP

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:  # noqa: ARG002
        """Raises BackupUnderWayError until it is made, BackupNotMadeError when that gave up."""
        run = stack.spec.backup
        try:
            made = world.driver(stack).back_up(stack.uid, run)
        except DriverFailure as failure:
            if failure.code == "backup_under_way":
                raise BackupUnderWayError from failure
            if not failure.transient:
                raise BackupNotMadeError(detail=failure.detail) from failure
            raise
        return Advanced(
            note=Note.of("BackupMade", backup=made.name),
            result={"backup": made.name},
            stack=lambda fresh: _backed_up(fresh, run),
        )


def _backed_up(fresh: Stack, run: str) -> Stack:
    """The stack without the wish, unless another backup is wanted meanwhile."""
    if fresh.spec.backup != run:
        return fresh
    return replace(fresh, spec=replace(fresh.spec, backup=""))


class LoadBackup:
    """Have the shop rest, load a backup, and let it wake again.

    What was done is seen in the cluster before the next part begins, so that it goes on wherever
    it was cut off. While a backup is loaded nobody else writes: whatever changes meanwhile has it
    begin anew, with everybody at rest.
    """

    name = "load-backup"
    condition: str | None = "Answering"

    def run(self, stack: Stack, seen: StackSeen, world: World) -> Advanced:
        """Raises RestoreUnderWayError until it is loaded, BackupNotLoadedError when that failed."""
        wanted = stack.spec.restore
        if wanted is None:
            raise AssertionError("nothing is to be restored")
        if wanted.load:
            return self._load(stack, wanted, seen, world)
        driver, goes_on = world.driver(stack), RestoreUnderWayError(backup=wanted.backup)
        if seen.release is not ReleaseState.CURRENT:
            driver.apply(world.release(stack))
            raise goes_on
        if driver.writers(stack.uid):
            raise goes_on
        load = replace(wanted, load=True)
        driver.apply(world.release(_restoring(stack, wanted, load)))
        return _advanced(wanted, load)

    def _load(self, stack: Stack, wanted: Restore, seen: StackSeen, world: World) -> Advanced:
        driver = world.driver(stack)
        if seen.release is ReleaseState.PENDING:
            raise RestoreUnderWayError(backup=wanted.backup)
        if seen.release is ReleaseState.CURRENT and driver.loaded(stack.uid):
            return Advanced(
                note=Note.of("BackupLoaded", backup=wanted.backup),
                stack=lambda fresh: _restoring(fresh, wanted, None),
            )
        if seen.release is ReleaseState.FAILED:
            reasons = driver.why(stack.uid)
            ended = next((reason for reason in reasons if reason.kind == "restore_failed"), None)
            if ended is not None:
                raise BackupNotLoadedError(detail=ended.message)
        return _advanced(wanted, replace(wanted, load=False))


def _advanced(known: Restore, wanted: Restore) -> Advanced:
    return Advanced(
        note=Note.of("RestRequired", backup=known.backup),
        stack=lambda fresh: _restoring(fresh, known, wanted),
    )


def _restoring(stack: Stack, known: Restore, wanted: Restore | None) -> Stack:
    """The stack with its wish carried on, unless somebody wishes otherwise by now."""
    if stack.spec.restore != known:
        return stack
    return replace(stack, spec=replace(stack.spec, restore=wanted))
