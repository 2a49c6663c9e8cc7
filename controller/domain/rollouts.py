"""A rollout: one image on its way to many stores, in their order, a few at a time.

It stops at the first failures and says where it stands; whoever resumes it goes on from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from controller.domain.store import iso


class RolloutState(StrEnum):
    """Where a rollout is."""

    RUNNING = "running"
    STOPPED = "stopped"
    """Too many failed, or somebody ended it: no further store begins."""
    FINISHED = "finished"


class TurnState(StrEnum):
    """Where a store of a rollout is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    """It was not well, busy or gone when its turn came: it keeps its image."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One store of a rollout."""

    store: str
    slug: str
    state: TurnState = TurnState.WAITING
    operation: str | None = None
    detail: str = ""
    """Why it was skipped, or the code of what it failed with."""


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """One image for many stores."""

    id: str
    image: str
    state: RolloutState
    max_parallel: int
    max_failures: int
    actor: str
    created_at: datetime
    finished_at: datetime | None = None
    turns: Sequence[Turn] = ()

    def count(self, state: TurnState) -> int:
        """How many stores are there."""
        return sum(turn.state is state for turn in self.turns)

    @property
    def failed(self) -> bool:
        """Whether as many failed as it bears."""
        return self.count(TurnState.FAILED) >= self.max_failures


def rollout_to_json(rollout: Rollout) -> dict[str, Any]:
    """The form of the HTTP API, without its version."""
    return {
        "metadata": {"id": rollout.id, "createdAt": iso(rollout.created_at)},
        "spec": {
            "image": rollout.image,
            "maxParallel": rollout.max_parallel,
            "maxFailures": rollout.max_failures,
        },
        "status": {
            "state": str(rollout.state),
            "startedBy": rollout.actor,
            "finishedAt": iso(rollout.finished_at),
            "counts": {str(state): rollout.count(state) for state in TurnState},
            "stores": [
                {
                    "name": turn.slug,
                    "state": str(turn.state),
                    "operation": turn.operation,
                    "detail": turn.detail,
                }
                for turn in rollout.turns
            ],
        },
    }
