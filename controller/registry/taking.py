"""Who may take what was changed of a cluster or the platform: one store, then more and more.

As many at once as came to run well with it, and nobody more while one does not: what is wrong with
a value is met by one store, not by all. Each stack's row says what it has, so any worker goes on.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from controller.domain.stack import Stack, StackDesired
from controller.registry.rows import stack_columns, stack_of
from controller.registry.session import Database, utcnow
from controller.registry.tables import StackRow, StoreRow, table

_stacks = table(StackRow)
_stores = table(StoreRow)
_RUNNING = (str(StackDesired.RUNNING), str(StackDesired.CLOSED))
_LATE = timedelta(minutes=5)
"""After so long a store that took it and does not run well has failed."""
_FRESH_SECONDS = 2.0

Given = Mapping[str, Any]
"""What a release is made of beside its stack: `engines.values.given`."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a change of a cluster or the platform got, by the stores' names."""

    well: Sequence[str] = ()
    going: Sequence[str] = ()
    failed: Sequence[str] = ()
    """Of those that are at it, the ones that should be done by now."""
    behind: Sequence[str] = ()

    @property
    def open(self) -> bool:
        """Whether another one may take it."""
        return not self.failed and len(self.going) < max(1, len(self.well))


class Taking:
    """Letting stacks take what was changed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], tuple[float, Given, bool]] = {}

    def open(self, stack: Stack, given: Given) -> bool:
        """Whether it seems to be a stack's turn; asked at every look of one that is behind."""
        place = (stack.cluster or "", stack.engine)
        with self._lock:
            known = self._seen.get(place)
            if known and known[1] == given and time.monotonic() - known[0] < _FRESH_SECONDS:
                return known[2]
        found = self.standing(*place, given).open
        with self._lock:
            self._seen[place] = (time.monotonic(), given, found)
        return found

    def standing(self, cluster: str, engine: str, given: Given) -> Standing:
        """How far it got on a cluster."""
        with self._database.read() as connection:
            return _standing(connection, cluster, engine, given)

    def take(self, stack: Stack, given: Given) -> bool:
        """Let a stack take it now, unless somebody else's turn came first.

        The caller holds the stack's lease.
        """
        with self._database.write() as connection:
            self._database.in_order(connection)
            query = select(_stacks).where(_stacks.c.uid == stack.uid)
            fresh = stack_of(connection.execute(query).mappings().one())
            if not _standing(connection, stack.cluster or "", stack.engine, given).open:
                return False
            spec = replace(fresh.spec, given=dict(given), taking_since=utcnow())
            changed = stack_columns(replace(fresh, spec=spec))
            connection.execute(update(_stacks).where(_stacks.c.uid == stack.uid).values(changed))
            return True


def _standing(connection: Connection, cluster: str, engine: str, given: Given) -> Standing:
    query = (
        select(_stacks, _stores.c.slug)
        .join(_stores, _stores.c.stack_uid == _stacks.c.uid)
        .where(_stacks.c.cluster == cluster, _stacks.c.engine == engine)
        .where(_stacks.c.desired.in_(_RUNNING))
        .order_by(_stores.c.slug)
    )
    found: dict[str, list[str]] = {"well": [], "going": [], "failed": [], "behind": []}
    now = utcnow()
    for row in connection.execute(query).mappings():
        spec, name = stack_of(row).spec, row["slug"]
        if spec.given is None:
            continue
        if spec.given != given:
            found["behind"].append(name)
        elif spec.taking_since is None:
            found["well"].append(name)
        else:
            found["going"].append(name)
            if now - spec.taking_since > _LATE:
                found["failed"].append(name)
    return Standing(**found)
