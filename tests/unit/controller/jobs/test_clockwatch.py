"""A clock that jumps, and what waits until it can be believed again."""

from datetime import UTC, datetime, timedelta

from controller.jobs.clockwatch import PURGE_AFTER, RETIRE_AFTER, ClockWatch

BEGAN = datetime(2026, 11, 30, 12, tzinfo=UTC)


class World:
    """A clock and the time that passes, each moved by the test."""

    def __init__(self, sign: datetime | None = BEGAN) -> None:
        self.wall, self.passed = BEGAN, 0.0
        self.watch = ClockWatch(lambda: self.wall, lambda: sign, lambda: self.passed)

    def go(self, seconds: float, *, clock: float | None = None) -> None:
        """Let time pass; the clock with it, or otherwise. It is looked at at the end."""
        self.passed += seconds
        self.wall += timedelta(seconds=seconds if clock is None else clock)
        self.watch.tick()


def test_a_clock_that_runs_evenly_is_believed() -> None:
    world = World()
    assert not world.watch.steady_for(RETIRE_AFTER), "nobody looked yet"
    world.go(0)
    world.go(5)
    assert world.watch.steady_for(PURGE_AFTER)


def test_after_a_jump_ahead_stores_are_retired_later_and_destroyed_a_day_later() -> None:
    world = World()
    world.go(0)
    world.go(5, clock=86_400)
    assert not world.watch.steady_for(RETIRE_AFTER)
    world.go(RETIRE_AFTER)
    assert world.watch.steady_for(RETIRE_AFTER)
    assert not world.watch.steady_for(PURGE_AFTER)
    world.go(PURGE_AFTER)
    assert world.watch.steady_for(PURGE_AFTER)


def test_a_clock_that_is_set_right_again_is_believed_at_once() -> None:
    world = World()
    world.go(0)
    world.go(5, clock=86_400)
    world.go(5, clock=-86_395)
    assert world.watch.steady_for(PURGE_AFTER)


def test_a_machine_that_was_away_waits_too() -> None:
    world = World(sign=BEGAN - timedelta(days=400))
    world.go(0)
    assert not world.watch.steady_for(RETIRE_AFTER)
    fresh = World(sign=None)
    fresh.go(0)
    assert fresh.watch.steady_for(PURGE_AFTER)
