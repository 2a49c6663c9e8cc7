"""Whose turn a subject is: which worker has it, until when, and when it is looked at next.

For explanations only; who may act is for `leases` to say.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from controller.registry.leases import Kind, Ref
from controller.registry.session import Database, epoch_now
from controller.registry.tables import LeaseRow, StackRow, StoreRow, table

_leases = table(LeaseRow)
_SUBJECTS = {Kind.STACK: table(StackRow), Kind.STORE: table(StoreRow)}


@dataclass(frozen=True, kw_only=True)
class LeaseStatus:
    """How it stands with one subject; every time is by the database's clock."""

    now: datetime
    holder: str | None = None
    """The worker that took it last and did not give it back."""
    until: datetime | None = None
    """When the holder's lease ends, or ended: a worker that lives renews it long before."""
    due: datetime | None = None
    """When the next look begins at the earliest; None for never."""

    @property
    def held(self) -> bool:
        """Whether nobody but the holder may act now."""
        return self.until is not None and self.until > self.now


class LeaseStatuses:
    """Reading turns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, ref: Ref) -> LeaseStatus:
        """The turn of a stack or a store."""
        subjects = _SUBJECTS[ref.kind]
        query = (
            select(subjects.c.due_at, _leases.c.holder, _leases.c.expires_at, epoch_now())
            .select_from(subjects)
            .outerjoin(_leases, _leases.c.subject == str(ref))
            .where(subjects.c.uid == ref.uid)
        )
        with self._database.read() as connection:
            due, holder, until, now = connection.execute(query).one()
        return LeaseStatus(now=_moment(now), holder=holder, until=_maybe(until), due=_maybe(due))


def _moment(epoch: float) -> datetime:
    return datetime.fromtimestamp(float(epoch), UTC)


def _maybe(epoch: float | None) -> datetime | None:
    return None if epoch is None else _moment(epoch)
