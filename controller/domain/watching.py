"""Whether somebody still looks at a store: what was true once is no promise for ever.

A store is looked at every few seconds, and each look says when the next one is due. One that has
been due for long was not looked at since: API, pages and `why` say so beside what is known of it.
"""

from datetime import UTC, datetime

from controller.domain.conditions import Condition, unmet
from controller.domain.store import iso

WATCHED = "Watched"
LATE_SECONDS = 60.0
"""For how long a look may be overdue until it is told of."""


def unwatched(due_at: float | None, now: float) -> Condition | None:
    """The condition of a store whose next look did not come; None where it did, or none is due."""
    if due_at is None or now - due_at <= LATE_SECONDS:
        return None
    since = datetime.fromtimestamp(due_at, UTC)
    minutes = max(1, round((now - due_at) / 60))
    told = unmet(WATCHED, "NotLookedAt", minutes=minutes, at=iso(since) or "")
    return Condition(type=told.type, status=told.status, note=told.note, since=since)
