"""Who may act on a store or a stack, and which subjects are due.

A lease is a row with a token and an end by the database's clock. Results are written only while the
token is still there (`holds`), so a worker that was paused and overtaken writes nothing.
"""

import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, literal, select, update

from controller.registry.session import Database, epoch_now, upsert
from controller.registry.tables import LeaseRow, StackRow, StoreRow, table

_leases = table(LeaseRow)

_CLAIM_SECONDS = 10.0
"""For how long a quiet subject that a worker took is not offered to others."""

_PRESENT = "worker:"
_WORKERS = _leases.c.subject.startswith(_PRESENT)


class Kind(StrEnum):
    """What can be reconciled, and what one worker does for all."""

    STACK = "stack"
    STORE = "store"
    FLEET = "fleet"
    """Leased like a subject, but nothing of it is ever due."""
    ORDER = "order"
    """One order of a shop, leased while a shipment of it is recorded."""


_TABLES = {Kind.STACK: table(StackRow), Kind.STORE: table(StoreRow)}


@dataclass(frozen=True, kw_only=True)
class Ref:
    """A subject by its kind and uid: all that a hint or a task carries."""

    kind: Kind
    uid: str

    def __str__(self) -> str:
        """As the lease's key."""
        return f"{self.kind}:{self.uid}"


@dataclass(frozen=True, kw_only=True)
class Lease:
    """A subject held by one worker."""

    ref: Ref
    token: str


def holds(connection: Connection, lease: Lease) -> bool:
    """Whether the lease is still ours, asked inside the transaction that depends on it."""
    query = select(_leases.c.token).where(_leases.c.subject == str(lease.ref)).with_for_update()
    return connection.execute(query).scalar_one_or_none() == lease.token


class Leases:
    """Taking, renewing and giving back leases."""

    def __init__(self, database: Database, *, holder: str, seconds: float) -> None:
        self._database = database
        self._holder = holder
        self.seconds = seconds

    def acquire(self, ref: Ref) -> Lease | None:
        """Take the lease, or None while another worker holds it."""
        lease = Lease(ref=ref, token=secrets.token_hex(16))
        values = {
            "token": lease.token,
            "holder": self._holder,
            "expires_at": epoch_now() + self.seconds,
        }
        free = _leases.c.expires_at <= epoch_now()
        # Not by rowcount: PostgreSQL's driver does not tell it for an insertion.
        statement = _upsert(self._database, str(ref), values, where=free).returning(_leases.c.token)
        with self._database.write() as connection:
            taken = connection.execute(statement).scalar_one_or_none()
        return lease if taken == lease.token else None

    def renew(self, leases: Iterable[Lease]) -> None:
        """Push the end of leases that are still ours."""
        tokens = [lease.token for lease in leases]
        if not tokens:
            return
        statement = (
            update(_leases)
            .where(_leases.c.token.in_(tokens))
            .values(expires_at=epoch_now() + self.seconds)
        )
        with self._database.write() as connection:
            connection.execute(statement)

    def keep(self, lease: Lease) -> bool:
        """Renew one lease; False when it is another worker's by now."""
        statement = (
            update(_leases)
            .where(_leases.c.subject == str(lease.ref), _leases.c.token == lease.token)
            .values(expires_at=epoch_now() + self.seconds)
            .returning(_leases.c.token)
        )
        with self._database.write() as connection:
            return connection.execute(statement).first() is not None

    def release(self, lease: Lease) -> None:
        """Give the subject back."""
        ours = (_leases.c.subject == str(lease.ref)) & (_leases.c.token == lease.token)
        with self._database.write() as connection:
            connection.execute(delete(_leases).where(ours))

    def forget_all(self) -> None:
        """Drop every lease: for a home whose lock proves that no other worker is alive."""
        with self._database.write() as connection:
            connection.execute(delete(_leases))


class WorkerRegistry:
    """Which workers are there: a row among the leases that each renews as long as it sweeps."""

    def __init__(self, database: Database, *, seconds: float) -> None:
        self._database = database
        self._seconds = seconds
        self._renew_at = 0.0

    def announce(self, holder: str) -> None:
        """Be there for the next seconds; called after each sweep, written three times in a life."""
        if time.monotonic() < self._renew_at:
            return
        values = {"token": "", "holder": holder, "expires_at": epoch_now() + self._seconds}
        with self._database.write() as connection:
            connection.execute(delete(_leases).where(_WORKERS, _leases.c.expires_at < epoch_now()))
            connection.execute(_upsert(self._database, _PRESENT + holder, values))
        self._renew_at = time.monotonic() + self._seconds / 3

    def leave(self, holder: str) -> None:
        """Be gone at once."""
        with self._database.write() as connection:
            connection.execute(delete(_leases).where(_leases.c.subject == _PRESENT + holder))

    def anybody(self) -> bool:
        """Whether some worker is there."""
        here = select(_leases.c.subject).where(_WORKERS, _leases.c.expires_at > epoch_now())
        with self._database.read() as connection:
            return connection.execute(here.limit(1)).first() is not None


def _upsert(database: Database, subject: str, values: dict[str, Any], **condition: Any) -> Any:
    return (
        upsert(database, _leases)
        .values(subject=subject, **values)
        .on_conflict_do_update(index_elements=["subject"], set_=values, **condition)
    )


class Queue:
    """Which subjects are due: people first, then one tenant's turn after another's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, limit: int, *, waited_on: bool | None = None) -> list[Ref]:
        """Due subjects that nobody holds, fairly among tenants.

        With `waited_on` only those that somebody waits for, or only the others.

        Where several processes share the database each is given others: what nobody waits for is
        put off by some seconds, which is what a worker that dies then costs.
        """
        with self._database.read() as connection:
            found = [
                (not row.waited_on, row.turn, row.due_at, Ref(kind=kind, uid=row.uid))
                for kind in _TABLES
                for row in connection.execute(self._query(kind, limit, waited_on))
            ]
        found.sort(key=lambda item: item[:3])
        chosen = found[:limit]
        quiet = {item[3] for item in chosen if item[0]}
        # SQLite serves one process, which knows what it is at.
        ours = self._claimed(quiet) if self._database.dialect == "postgresql" else quiet
        return [item[3] for item in chosen if not item[0] or item[3] in ours]

    def _claimed(self, refs: set[Ref]) -> set[Ref]:
        """Those of some quiet subjects that no other worker has just taken."""
        ours: set[Ref] = set()
        for kind, subjects in _TABLES.items():
            uids = [ref.uid for ref in refs if ref.kind is kind]
            if not uids:
                continue
            free = (
                select(subjects.c.uid)
                .where(subjects.c.uid.in_(uids), subjects.c.due_at <= epoch_now())
                .where(subjects.c.waited_on.is_(False))
                .with_for_update(skip_locked=True)
            )
            statement = (
                update(subjects)
                .where(subjects.c.uid.in_(free))
                .values(due_at=epoch_now() + _CLAIM_SECONDS)
                .returning(subjects.c.uid)
            )
            with self._database.write() as connection:
                taken = connection.execute(statement).scalars()
                ours.update(Ref(kind=kind, uid=uid) for uid in taken)
        return ours

    def _query(self, kind: Kind, limit: int, waited_on: bool | None) -> Any:
        subjects = _TABLES[kind].c
        turn = func.row_number().over(
            partition_by=(subjects.waited_on, subjects.tenant_uid), order_by=subjects.due_at
        )
        held = select(_leases.c.subject).where(
            _leases.c.subject == literal(f"{kind}:") + subjects.uid,
            _leases.c.expires_at > epoch_now(),
        )
        found = (
            select(subjects.uid, subjects.waited_on, subjects.due_at, turn.label("turn"))
            .where(subjects.due_at <= epoch_now(), ~held.exists())
            .order_by(subjects.waited_on.desc(), "turn", subjects.due_at)
            .limit(limit)
        )
        return found if waited_on is None else found.where(subjects.waited_on.is_(waited_on))

    def postpone(self, refs: Sequence[tuple[Ref, float]]) -> None:
        """Make subjects due again in so many seconds each: the only write of a quiet pass."""
        for kind, subjects in _TABLES.items():
            # In one order and one table at a time: two workers never wait for each other.
            due = sorted((ref.uid, seconds) for ref, seconds in refs if ref.kind is kind)
            if due:
                with self._database.write() as connection:
                    now = self._database.now(connection)
                    values = [{"subject": uid, "at": now + seconds} for uid, seconds in due]
                    _postpone(connection, subjects, values)

    def wake_all(self, driver: str) -> None:
        """Make every subject of a driver due: after its processes were stopped with us."""
        self._wake(_TABLES[Kind.STACK].c.driver == driver)

    def wake_cluster(self, name: str) -> None:
        """Make every subject on a cluster due: after it could not be reached."""
        self._wake(_TABLES[Kind.STACK].c.cluster == name)

    def _wake(self, which: ColumnElement[bool]) -> None:
        stacks, stores = _TABLES[Kind.STACK], _TABLES[Kind.STORE]
        of_driver = select(stacks.c.uid).where(which)
        with self._database.write() as connection:
            live = stacks.c.due_at.is_not(None) & which
            connection.execute(update(stacks).where(live).values(due_at=epoch_now()))
            mine = stores.c.due_at.is_not(None) & stores.c.stack_uid.in_(of_driver)
            connection.execute(update(stores).where(mine).values(due_at=epoch_now()))


def _postpone(connection: Connection, subjects: Any, due: list[dict[str, Any]]) -> None:
    statement = (
        update(subjects)
        .where(subjects.c.uid == bindparam("subject"))
        # A change that came in meanwhile asked for an earlier look: never push that away.
        .where(subjects.c.waited_on.is_(False))
        .values(due_at=bindparam("at"))
    )
    connection.execute(statement, due)
