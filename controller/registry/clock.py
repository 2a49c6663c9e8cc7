"""How far ahead a stored moment may lie; one beyond that was written by a clock that was wrong.

Every moment in the registry that makes somebody wait has its bound here and nowhere else.
`jobs.periodic` calls `mend` every few seconds, so that a clock that was set back delays nothing by
more than that.
A lifetime that a person chose (a store's, a token's) may be as long as it likes and is not here.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from controller.registry.session import Database, epoch_now, utcnow
from controller.registry.tables import (
    LeaseRow,
    LoginCodeRow,
    MailRow,
    OperationRow,
    RatePushRow,
    RateSourceRow,
    StackRow,
    StoreRow,
    UtcDateTime,
    table,
)

_HOUR = 3600.0
_LONGEST_LOOK = 1.5 * _HOUR
"""A shop may ask to be left alone for an hour; a failure's pause comes on top."""
_CALM_LOOK = 60.0
"""What nothing is wrong with is looked at every few seconds."""


@dataclass(frozen=True, kw_only=True)
class Bound:
    """One column of moments, how many seconds ahead they may be, and what they become else."""

    column: Any
    ahead: float
    back_to: float = 0.0
    """Seconds from now."""
    where: ColumnElement[bool] | None = None


def bounds(*, resync: float, lease: float, rates_every: float) -> Sequence[Bound]:
    """Every stored moment that is waited for; the arguments are the settings that lengthen one."""
    calm = max(_CALM_LOOK, 3 * resync)
    found = [
        Bound(column=table(LeaseRow).c.expires_at, ahead=max(60.0, 3 * lease), back_to=lease),
        Bound(column=table(MailRow).c.due_at, ahead=7 * _HOUR),
        Bound(column=table(RateSourceRow).c.due_at, ahead=max(2 * rates_every, _HOUR)),
        Bound(column=table(RatePushRow).c.due_at, ahead=2 * _HOUR),
        Bound(column=table(OperationRow).c.deadline, ahead=2 * _HOUR, back_to=900.0),
        Bound(column=table(LoginCodeRow).c.expires_at, ahead=_HOUR),
    ]
    for row in (StackRow, StoreRow):
        due, failures = table(row).c.due_at, table(row).c.failures
        found += [
            Bound(column=due, ahead=max(_LONGEST_LOOK, 3 * resync)),
            Bound(column=due, ahead=calm, where=failures == 0),
        ]
    return found


class Clock:
    """The database's clock, and the moments that it does not believe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self) -> datetime:
        """The earlier of the database's clock and our own: what ends by it has ended by both."""
        with self._database.read() as connection:
            theirs = datetime.fromtimestamp(float(self._database.now(connection)), UTC)
        return min(theirs, utcnow())

    def last_sign(self) -> datetime | None:
        """When something was written about any store last: our clock was there then."""
        with self._database.read() as connection:
            found = connection.execute(select(func.max(table(StoreRow).c.updated_at)))
            return found.scalar_one_or_none()

    def mend(self, bounds: Sequence[Bound]) -> Counter[str]:
        """Bring back the moments that are too far ahead; how many there were in which column."""
        beyond = [bound for bound in bounds if self._any(bound)]
        found: Counter[str] = Counter()
        for bound in beyond:
            statement = (
                update(bound.column.table)
                .where(*_beyond(bound))
                .values({bound.column.name: _ahead(bound, bound.back_to)})
            )
            with self._database.write() as connection:
                found[str(bound.column)] += connection.execute(statement).rowcount
        return found

    def _any(self, bound: Bound) -> bool:
        """Asked first: a task that finds nothing writes nothing."""
        with self._database.read() as connection:
            query = select(bound.column).where(*_beyond(bound)).limit(1)
            return connection.execute(query).first() is not None


def _beyond(bound: Bound) -> list[ColumnElement[bool]]:
    beyond = bound.column > _ahead(bound, bound.ahead)
    return [beyond] if bound.where is None else [beyond, bound.where]


def _ahead(bound: Bound, seconds: float) -> Any:
    """A moment so many seconds from now, as the column writes it."""
    if isinstance(bound.column.type, UtcDateTime):
        return utcnow() + timedelta(seconds=seconds)
    return epoch_now() + seconds
